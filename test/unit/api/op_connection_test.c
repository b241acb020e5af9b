/* What is relayed, as edge tells of it in parts. */
#include "raw.h"

#include <inttypes.h>

#include "api/relays.h"

/* What edge says, and what it was asked last. */
static struct {
	struct live_relay relays[16];
	size_t count;
	size_t part;        /* of so many at once */
	const char *broken; /* instead */
	bool is_down, has_just_ended, endless;
	unsigned asked;
	enum edge_call what;
	char argument[64];
} edge;

static void
put_part(int64_t after, struct buf *answer)
{
	struct live_relay_list list = {.at = edge.relays};
	struct live_relay another = edge.relays[0];
	size_t before = 0;

	if (edge.endless) {
		another.id = after + 1;
		list = (struct live_relay_list){&another, 1, true};
		assert_true(shape_write(&shape_live_relay_list, &list, answer));
		return;
	}
	while (before < edge.count && edge.relays[before].id <= after)
		before++;
	list.at += before;
	list.count = edge.count - before;
	list.more = list.count > edge.part;
	if (list.more)
		list.count = edge.part;
	assert_true(shape_write(&shape_live_relay_list, &list, answer));
}

static struct outcome
edge_ask(void *owner, enum edge_call what, struct span argument, struct buf *answer)
{
	uint64_t id;

	(void)owner;
	edge.asked++;
	edge.what = what;
	snprintf(edge.argument, sizeof edge.argument, "%.*s", (int)argument.len,
		 (const char *)argument.p);
	assert_true(text_to_u64(argument, INT64_MAX, &id));
	if (edge.is_down)
		return outcome_new(OUTCOME_DOWN, "it does not answer");
	if (what == CALL_END_RELAY)
		return edge.has_just_ended ? outcome_new(OUTCOME_INVALID, "there is none")
					   : OUTCOME_OK;
	if (edge.broken != NULL)
		assert_true(buf_append(answer, span_str(edge.broken)));
	else
		put_part((int64_t)id, answer);
	return OUTCOME_OK;
}

/* Ten, of which every third is of ssh; the last has reached no server yet. */
static int
relays_begin(void **state)
{
	int status = raw_begin(state);
	struct server *s = *state;

	memset(&edge, 0, sizeof edge);
	edge.part = 4;
	for (int64_t i = 1; i <= 10; i++)
		edge.relays[edge.count++] =
		    (struct live_relay){.id = i * 100,
					.rule = i % 3 == 0 ? "ssh" : "sni imap.example.org",
					.from = arena_printf(s->kept, "203.0.113.%d:40000", (int)i),
					.at = "192.0.2.1:443",
					.to = i == 10 ? NULL : "127.0.0.1:22",
					.since = NOW,
					.bytes_in = i,
					.bytes_out = 10 * i};
	s->host.ask_edge = edge_ask;
	return status;
}

#define relay_test(name) cmocka_unit_test_setup_teardown(name, relays_begin, raw_end)

static void
relayed_connections_are_listed_in_the_order_in_which_they_came(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/connections", NULL);

	assert_int_equal(10, items_of(r));
	assert_says(r, "{\"id\":100,\"rule\":\"sni imap.example.org\","
		       "\"from\":\"203.0.113.1:40000\",\"at\":\"192.0.2.1:443\","
		       "\"to\":\"127.0.0.1:22\",\"since\":\"2026-");
	assert_says(r, "\"bytes_in\":1,\"bytes_out\":10}");
	assert_says(r, "\"to\":null");
	assert_says(r, "\"next\":null");
	assert_status(403, ask(s, USER, METHOD_GET, "/connections", NULL));
	assert_status(401, ask(s, STRANGER, METHOD_GET, "/connections", NULL));
}

static void
what_is_looked_for_is_found_in_all_of_its_words(void **state)
{
	static const struct {
		const char *search;
		size_t found;
	} samples[] = {{"SSH", 3},          {"imap", 7},       {"203.0.113.10", 1},
		       {"127.0.0.1:22", 9}, {"192.0.2.1", 10}, {"nothing", 0}};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(samples); i++)
		assert_int_equal(
		    samples[i].found,
		    items_of(ask(s, READER, METHOD_GET,
				 arena_printf(s->kept, "/connections?search=%s", samples[i].search),
				 NULL)));
}

/* Whatever the size of a page and of edge's parts, each is there once. */
static void
all_pages_together_have_each_of_them_once(void **state)
{
	struct server *s = *state;

	for (int limit = 1; limit <= 11; limit++)
		for (edge.part = 1; edge.part <= 11; edge.part++) {
			const char *after = "";
			size_t count = 0, found = 0;

			for (int pages = 0; after != NULL && pages < 20; pages++) {
				struct reply r =
				    ask(s, READER, METHOD_GET,
					arena_printf(s->kept, "/connections?search=ssh&limit=%d%s",
						     limit, after),
					NULL);

				count = items_of(r);
				found += count;
				assert_true(count <= (size_t)limit);
				after = r.next == NULL ? NULL
						       : arena_printf(s->kept, "&after=%s", r.next);
			}
			assert_null(after);
			assert_int_equal(3, found);
		}
	assert_at_fault("after", ask(s, READER, METHOD_GET, "/connections?after=bm8", NULL));
}

/* The ids of all pages of three, in hundreds. */
static const char *
order_of(struct server *s, const char *query)
{
	char found[128] = "";
	const char *after = "";

	while (after != NULL) {
		struct reply r =
		    ask(s, READER, METHOD_GET,
			arena_printf(s->kept, "/connections?limit=3&%s%s", query, after), NULL);
		json_t *json = json_loads(r.body, 0, NULL), *one;
		size_t i;

		json_array_foreach(json_object_get(json, "items"), i, one)
		    snprintf(found + strlen(found), sizeof found - strlen(found), "%d ",
			     (int)json_integer_value(json_object_get(one, "id")) / 100);
		json_decref(json);
		after = r.next == NULL ? NULL : arena_printf(s->kept, "&after=%s", r.next);
	}
	return arena_printf(s->kept, "%s", found);
}

static void
they_are_sorted_by_any_column(void **state)
{
	static const struct {
		const char *query, *ids;
	} samples[] = {
	    {"sort=since", "1 2 3 4 5 6 7 8 9 10 "},
	    {"sort=since&descending=true", "10 9 8 7 6 5 4 3 2 1 "},
	    {"descending=true", "10 9 8 7 6 5 4 3 2 1 "},
	    {"sort=bytes&descending=true", "4 10 9 8 7 6 5 3 2 1 "},
	    {"sort=from", "1 2 3 4 5 6 7 8 9 10 "},
	    {"sort=at&search=ssh", "6 3 9 "},
	    {"sort=rule", "1 2 4 5 7 8 10 3 6 9 "},
	    {"sort=to", "10 1 2 3 4 5 6 7 8 9 "},
	};
	struct server *s = *state;

	edge.relays[3].bytes_out = INT64_MAX;
	edge.relays[5].at = NULL;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const char *ids = order_of(s, samples[i].query);

		if (strcmp(samples[i].ids, ids) != 0)
			fail_msg("%s: %s", samples[i].query, ids);
	}
	assert_at_fault("sort", ask(s, READER, METHOD_GET, "/connections?sort=id", NULL));
	assert_at_fault("after",
			ask(s, READER, METHOD_GET, "/connections?sort=bytes&after=bm8", NULL));
}

/* Edge tells of no end: what can be said without knowing all of them still is. */
static void
too_many_to_sort_are_said_to_be(void **state)
{
	struct server *s = *state;

	edge.endless = true;
	assert_at_fault("sort", ask(s, READER, METHOD_GET, "/connections?sort=bytes", NULL));
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/connections?limit=2", NULL)));
}

static void
an_operator_ends_one(void **state)
{
	struct server *s = *state;

	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, "/connections/300", NULL));
	assert_int_equal(CALL_END_RELAY, edge.what);
	assert_string_equal("300", edge.argument);
	assert_says(ask(s, ADMIN, METHOD_GET, "/audit?action=connection.end", NULL),
		    "\"object\":\"connection 203.0.113.3:40000 by ssh\"");
	edge.asked = 0;
	assert_status(403, ask(s, READER, METHOD_DELETE, "/connections/300", NULL));
	assert_status(403, ask(s, USER, METHOD_DELETE, "/connections/300", NULL));
	assert_int_equal(0, edge.asked);
	for (size_t i = 0; i < 4; i++) {
		static const char *const unknown[] = {"301", "0", "x", "9999999999999999999"};

		assert_status(404, ask(s, ADMIN, METHOD_DELETE,
				       arena_printf(s->kept, "/connections/%s", unknown[i]), NULL));
		assert_int_equal(CALL_RELAYS, edge.what);
	}
	edge.has_just_ended = true;
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/connections/300", NULL));
	assert_int_equal(1,
			 items_of(ask(s, ADMIN, METHOD_GET, "/audit?action=connection.end", NULL)));
}

#define RELAY(id)                                                                                  \
	"{\"id\":" id ",\"rule\":\"ssh\",\"from\":\"192.0.2.1:1\",\"at\":null,\"to\":null,"        \
	"\"since\":null,\"bytes_in\":0,\"bytes_out\":0}"

/* Who speaks to edge may have made it his: a list that goes in circles would never end. */
static void
what_edge_cannot_mean_is_no_fault_of_who_asks(void **state)
{
	static const char *const broken[] = {
	    "",
	    "{",
	    "[]",
	    "{\"items\":[],\"more\":true}",
	    "{\"items\":[" RELAY("0") "],\"more\":false}",
	    "{\"items\":[" RELAY("7") "," RELAY("7") "],\"more\":false}",
	    "{\"items\":[" RELAY("7") "," RELAY("3") "],\"more\":false}",
	    "{\"items\":[" RELAY("7") "],\"more\":true}",
	    "{\"items\":[{\"id\":7}],\"more\":false}",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(broken); i++) {
		edge.broken = broken[i];
		assert_status(503, ask(s, READER, METHOD_GET, "/connections", NULL));
	}
	edge.is_down = true;
	assert_status(503, ask(s, READER, METHOD_GET, "/connections", NULL));
	assert_status(503, ask(s, ADMIN, METHOD_DELETE, "/connections/300", NULL));
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_connections);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    relay_test(relayed_connections_are_listed_in_the_order_in_which_they_came),
	    relay_test(what_is_looked_for_is_found_in_all_of_its_words),
	    relay_test(all_pages_together_have_each_of_them_once),
	    relay_test(they_are_sorted_by_any_column),
	    relay_test(too_many_to_sort_are_said_to_be),
	    relay_test(an_operator_ends_one),
	    relay_test(what_edge_cannot_mean_is_no_fault_of_who_asks),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
