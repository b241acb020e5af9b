/* Who is connected to the VPN: the engine knows, and is asked. */
#include <inttypes.h>

#include "access/change.h"
#include "access/people.h"
#include "api/op.h"
#include "api/tunnels.h"

static bool
is_found(const struct live_tunnel *t, const char *search)
{
	if (search == NULL || op_text_has(t->user_name, search) ||
	    op_text_has(t->device_name, search) || op_text_has(t->from, search))
		return true;
	for (const char **at = t->inside; at != NULL && *at != NULL; at++)
		if (op_text_has(*at, search))
			return true;
	return false;
}

static int64_t
id_of(const void *row)
{
	return ((const struct live_tunnel *)row)->id;
}

static const char *
user_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct live_tunnel *)row)->user_name;
}

static const char *
device_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct live_tunnel *)row)->device_name;
}

static const char *
from_of(const void *row, struct arena *memory)
{
	return live_address(((const struct live_tunnel *)row)->from, memory);
}

static const char *
inside_of(const void *row, struct arena *memory)
{
	const char **inside = ((const struct live_tunnel *)row)->inside;

	return inside != NULL ? live_address(inside[0], memory) : NULL;
}

static const char *
client_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct live_tunnel *)row)->client;
}

static int64_t
bytes_of(const void *row)
{
	const struct live_tunnel *t = row;

	return live_bytes(t->bytes_in, t->bytes_out);
}

/* Who came later has the higher id. */
static const struct live_sort tunnel_sorts[] = {
    {.name = "since", .number = id_of},    {.name = "user", .text = user_of},
    {.name = "device", .text = device_of}, {.name = "from", .text = from_of},
    {.name = "inside", .text = inside_of}, {.name = "client", .text = client_of},
    {.name = "bytes", .number = bytes_of}, {.name = NULL},
};
static const struct live_list tunnel_rows = {sizeof(struct live_tunnel), id_of, tunnel_sorts};

/* Keeps those that are wanted. */
static void
narrow(struct live_tunnel_list *list, int64_t user, const char *search)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if ((user == 0 || list->at[i].user == user) && is_found(&list->at[i], search))
			list->at[kept++] = list->at[i];
	list->count = kept;
}

static struct outcome
answer_tunnels(struct api_call *c, int64_t user)
{
	struct live_tunnel_list list;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) || refused(o = tunnels_live(c->api, &list)))
		return o;
	narrow(&list, user, page.search);
	return op_answer_live(c, &tunnel_rows, &page, list.at, list.count);
}

/* With `user` not 0, of his alone. */
static struct outcome
find_tunnel(struct api_call *c, int64_t user, struct live_tunnel *out)
{
	struct live_tunnel_list list;
	struct outcome o;
	int64_t id;

	*out = (struct live_tunnel){.id = 0};
	if (refused(o = op_id(c, 0, "tunnel", &id)) || refused(o = tunnels_live(c->api, &list)))
		return o;
	for (size_t i = 0; i < list.count; i++)
		if (list.at[i].id == id && (user == 0 || list.at[i].user == user)) {
			*out = list.at[i];
			return OUTCOME_OK;
		}
	return outcome_new(OUTCOME_UNKNOWN, "there is no tunnel of that number, or it has ended");
}

/* Of one whose user was removed this moment nobody is left who could not be managed. */
static struct outcome
check_owner(struct api_call *c, const struct live_tunnel *t)
{
	struct user u;
	enum store_result r = store_user(c->access->store, t->user, c->access->memory, &u);

	if (r == STORE_NONE)
		return OUTCOME_OK;
	return r == STORE_DONE ? actor_is_or_manages(&c->actor, &u)
			       : access_stored(c->access, r, "user");
}

static struct outcome
end_it(struct api_call *c, const struct live_tunnel *t, const char *reason)
{
	struct access *a = c->access;
	struct buf nothing = buf_with_cap(64);
	const char *argument = arena_printf(a->memory, "%" PRId64 " %s", t->id, reason);
	struct outcome o =
	    c->api->host->ask_engine(c->api->owner, CALL_END, span_str(argument), &nothing);

	buf_free(&nothing);
	if (o.kind == OUTCOME_INVALID)
		o = outcome_new(OUTCOME_UNKNOWN, "it has just ended");
	if (!refused(o))
		o = change_note(a, &c->actor,
				&(struct change){
				    .action = "vpn.end",
				    .object = arena_printf(a->memory, "device %s/%s", t->user_name,
							   t->device_name),
				    .event = EVENT_TUNNEL,
				    .id = t->device,
				});
	return refused(o) ? o : call_answer_none(c);
}

static struct outcome
list_tunnels(struct api_call *c)
{
	struct outcome o;
	int64_t user;

	return refused(o = op_query_user(c, &user)) ? o : answer_tunnels(c, user);
}

static struct outcome
show_tunnel(struct api_call *c)
{
	struct live_tunnel t;
	struct outcome o;

	return refused(o = find_tunnel(c, 0, &t)) ? o : call_answer(c, &t, 0, NULL);
}

static struct outcome
end_tunnel(struct api_call *c)
{
	struct live_tunnel t;
	struct outcome o;

	if (refused(o = find_tunnel(c, 0, &t)) || refused(o = check_owner(c, &t)))
		return o;
	return end_it(c, &t, "an administrator has ended this connection");
}

static struct outcome
list_my_tunnels(struct api_call *c)
{
	struct outcome o;
	struct user u;

	return refused(o = op_owner(c, &u)) ? o : answer_tunnels(c, u.id);
}

static struct outcome
end_my_tunnel(struct api_call *c)
{
	struct live_tunnel t;
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = find_tunnel(c, u.id, &t)))
		return o;
	return end_it(c, &t, "you have ended this connection in the portal");
}

static const char *const sorts[] = {"since",  "user",   "device", "from",
				    "inside", "client", "bytes",  NULL};
#define SORTED                                                                                     \
	{                                                                                          \
		"sort", "string",                                                                  \
		    "By what the list is sorted; bytes: what was carried both ways.", sorts        \
	}
static const struct parameter sorted[] = {SORTED};
static const struct parameter narrowed[] = {
    SORTED,
    {"user", "string", "Only those of this user: his name, or # and his id.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/tunnels",
     .id = "listTunnels",
     .doc = "Lists who is connected to the VPN, who came last at the end unless sorted otherwise.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_live_tunnel,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_tunnels},
    {.method = METHOD_GET,
     .path = "/tunnels/{id}",
     .id = "showTunnel",
     .doc = "Shows a connection to the VPN, as long as it lasts.",
     .level = LEVEL_READ,
     .answer = &shape_live_tunnel,
     .run = show_tunnel},
    {.method = METHOD_DELETE,
     .path = "/tunnels/{id}",
     .id = "endTunnel",
     .doc = "Ends a connection at once. Its client is told, and may connect again: revoke its "
	    "device, or disable its user, and it cannot.",
     .level = LEVEL_OPERATE,
     .run = end_tunnel},
    {.method = METHOD_GET,
     .path = "/me/tunnels",
     .id = "listMyTunnels",
     .doc = "Lists one's own connections to the VPN.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_LIST,
     .answer = &shape_live_tunnel,
     .query = sorted,
     .query_count = COUNT(sorted),
     .run = list_my_tunnels},
    {.method = METHOD_DELETE,
     .path = "/me/tunnels/{id}",
     .id = "endMyTunnel",
     .doc = "Ends one of one's own connections to the VPN.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .run = end_my_tunnel},
};

const struct operation_group operations_tunnels = {"Tunnels", operations, COUNT(operations)};
