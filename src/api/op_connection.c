/* What is relayed to servers behind us: edge knows, and is asked in parts. */
#include <inttypes.h>
#include <string.h>

#include "access/change.h"
#include "api/op.h"
#include "api/relays.h"
#include "store/list_place.h"

#define PARTS_MAX 64 /* that are looked through for one answer; the rest is the next one's */

static bool
is_found(const struct live_relay *r, const char *search)
{
	return search == NULL || op_text_has(r->rule, search) || op_text_has(r->from, search) ||
	       op_text_has(r->at, search) || op_text_has(r->to, search);
}

static int64_t
id_of(const void *row)
{
	return ((const struct live_relay *)row)->id;
}

static const char *
from_of(const void *row, struct arena *memory)
{
	return live_address(((const struct live_relay *)row)->from, memory);
}

static const char *
at_of(const void *row, struct arena *memory)
{
	return live_address(((const struct live_relay *)row)->at, memory);
}

static const char *
rule_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct live_relay *)row)->rule;
}

static const char *
to_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct live_relay *)row)->to;
}

static int64_t
bytes_of(const void *row)
{
	const struct live_relay *r = row;

	return live_bytes(r->bytes_in, r->bytes_out);
}

/* Who came later has the higher id. */
static const struct live_sort relay_sorts[] = {
    {.name = "since", .number = id_of},
    {.name = "from", .text = from_of},
    {.name = "at", .text = at_of},
    {.name = "rule", .text = rule_of},
    {.name = "to", .text = to_of},
    {.name = "bytes", .number = bytes_of},
    {.name = NULL},
};
static const struct live_list relay_rows = {sizeof(struct live_relay), id_of, relay_sorts};

/* Adds up to `most` of what is looked for; *after is where it left off. */
static void
take(const struct live_relay_list *part, const char *search, size_t most, struct arena *memory,
     struct live_relay_list *to, int64_t *after)
{
	for (size_t i = 0; i < part->count && to->count < most; i++) {
		*after = part->at[i].id;
		if (is_found(&part->at[i], search))
			*ARENA_PUSH(memory, to->at, to->count) = part->at[i];
	}
	to->more = part->more || (part->count > 0 && *after != part->at[part->count - 1].id);
}

static struct outcome
gather(struct api_call *c, const char *search, size_t most, int64_t *after,
       struct live_relay_list *out)
{
	*out = (struct live_relay_list){.more = true};
	for (int i = 0; i < PARTS_MAX && out->more && out->count < most; i++) {
		struct live_relay_list part;
		struct outcome o = relays_after(c->api, *after, &part);

		if (refused(o))
			return o;
		take(&part, search, most, c->access->memory, out, after);
	}
	return OUTCOME_OK;
}

/* As edge tells of them: of many no more are asked for than a page shows. */
static struct outcome
list_by_id(struct api_call *c, const struct page *page)
{
	struct arena *memory = c->access->memory;
	struct list_place place = {.id = 0};
	struct live_relay_list list;
	const char *next = NULL;
	struct outcome o;

	if (page->after != NULL &&
	    (!list_place_read(page->after, true, memory, &place) || place.id < 0))
		return outcome_field(OUTCOME_INVALID, "after", "after is no `next` of this list");
	if (refused(o = gather(c, page->search, page->limit, &place.id, &list)))
		return o;
	place.number = place.id;
	if (list.more)
		next = list_place_write(&place, memory);
	return call_answer_list(c, list.at, list.count, sizeof *list.at, next);
}

/* Which of them come first, only all of them tell. */
static struct outcome
list_sorted(struct api_call *c, const struct page *page)
{
	struct live_relay_list list;
	struct outcome o;
	int64_t after = 0;

	if (refused(o = gather(c, page->search, SIZE_MAX, &after, &list)))
		return o;
	if (list.more)
		return outcome_field(OUTCOME_INVALID, "sort",
				     "there are too many connections now to sort them by this");
	return op_answer_live(c, &relay_rows, page, list.at, list.count);
}

static struct outcome
list_connections(struct api_call *c)
{
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)))
		return o;
	return !page.descending && (page.sort == NULL || strcmp(page.sort, "since") == 0)
		   ? list_by_id(c, &page)
		   : list_sorted(c, &page);
}

static struct outcome
find_connection(struct api_call *c, struct live_relay *out)
{
	struct live_relay_list part;
	struct outcome o;
	int64_t id;

	*out = (struct live_relay){.id = 0};
	if (refused(o = op_id(c, 0, "connection", &id)) ||
	    refused(o = relays_after(c->api, id - 1, &part)))
		return o;
	if (part.count == 0 || part.at[0].id != id)
		return outcome_new(OUTCOME_UNKNOWN,
				   "there is no connection of that number, or it has ended");
	*out = part.at[0];
	return OUTCOME_OK;
}

static struct outcome
end_connection(struct api_call *c)
{
	struct access *a = c->access;
	struct buf nothing = buf_with_cap(64);
	struct live_relay r;
	struct outcome o;

	if (refused(o = find_connection(c, &r)))
		return o;
	o = c->api->host->ask_edge(c->api->owner, CALL_END_RELAY,
				   span_str(arena_printf(a->memory, "%" PRId64, r.id)), &nothing);
	buf_free(&nothing);
	if (o.kind == OUTCOME_INVALID)
		o = outcome_new(OUTCOME_UNKNOWN, "it has just ended");
	if (!refused(o))
		o = change_note(
		    a, &c->actor,
		    &(struct change){
			.action = "connection.end",
			.object = arena_printf(a->memory, "connection %s by %s", r.from, r.rule),
			.event = EVENT_STATUS,
		    });
	return refused(o) ? o : call_answer_none(c);
}

static const char *const sorts[] = {"since", "from", "at", "rule", "to", "bytes", NULL};
static const struct parameter sorted[] = {
    {"sort", "string", "By what the list is sorted; bytes: what was carried both ways.", sorts},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/connections",
     .id = "listConnections",
     .doc = "Lists the connections that are relayed to servers behind this one (ssh, TLS passed "
	    "on, and whatever else a `share` block sends there), who came last at the end unless "
	    "sorted otherwise. "
	    "Requests that a proxy answers are none of these.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_live_relay,
     .query = sorted,
     .query_count = COUNT(sorted),
     .run = list_connections},
    {.method = METHOD_DELETE,
     .path = "/connections/{id}",
     .id = "endConnection",
     .doc = "Ends a relayed connection at once. Its client may connect again.",
     .level = LEVEL_OPERATE,
     .run = end_connection},
};

const struct operation_group operations_connections = {"Connections", operations,
						       COUNT(operations)};
