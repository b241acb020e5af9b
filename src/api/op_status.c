/* How the server is: now, and in the last hour. */
#include "access/signin.h"
#include "api/history.h"
#include "api/op.h"
#include "api/system.h"
#include "api/tunnels.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/guard.h"

struct control_view {
	int64_t started, requests, refused_busy, queued, queued_slow, listeners_of_events;
};

#define CONTROL(member, words)                                                                     \
	{                                                                                          \
		.name = #member, .kind = SHAPE_NUMBER,                                             \
		.offset = offsetof(struct control_view, member), .doc = words                      \
	}
static const struct shape_member control_members[] = {
    {.name = "started",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct control_view, started),
     .doc = "Since when the API answers."},
    CONTROL(requests, "Requests to the API."),
    CONTROL(refused_busy, "Requests that there was no room for."),
    CONTROL(queued, "Requests that wait now."),
    CONTROL(queued_slow, "Requests that wait now for a password to be hashed."),
    CONTROL(listeners_of_events, "Who is told of events now."),
};
static const struct shape shape_control = {.name = "ControlStatus",
					   .doc = "What the API counts of itself.",
					   .size = sizeof(struct control_view),
					   .members = control_members,
					   .count = COUNT(control_members)};

struct people_view {
	int64_t users, operators, administrators, devices, tunnels, sessions, bans, notices_waiting;
};

#define PEOPLE(member, words)                                                                      \
	{                                                                                          \
		.name = #member, .kind = SHAPE_NUMBER,                                             \
		.offset = offsetof(struct people_view, member), .doc = words                       \
	}
static const struct shape_member people_members[] = {
    PEOPLE(users, "Users who may sign in and are neither of the next two."),
    PEOPLE(operators, "Operators who may sign in."),
    PEOPLE(administrators, "Administrators who may sign in."),
    PEOPLE(devices, "Devices that are not revoked."),
    PEOPLE(tunnels, "Devices that are connected to the VPN."),
    PEOPLE(sessions, "Sessions of people who are signed in with a browser."),
    PEOPLE(bans, "Bans that stand."),
    PEOPLE(notices_waiting, "Notices that wait to be delivered."),
};
static const struct shape shape_people = {.name = "PeopleStatus",
					  .doc = "How many of each there are.",
					  .size = sizeof(struct people_view),
					  .members = people_members,
					  .count = COUNT(people_members)};

struct status_view {
	const char *version, *server;
	struct control_view control;
	struct people_view people;
};
static const struct shape_member status_members[] = {
    {.name = "version",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct status_view, version),
     .doc = "Which version of the program runs."},
    {.name = "server",
     .kind = SHAPE_RAW,
     .offset = offsetof(struct status_view, server),
     .doc = "What \"sallyport status --json\" says: configuration, uptime, connections, TLS, "
	    "requests, relays, the servers of back ends, and the VPN: its interface, where it "
	    "listens, and why it leads nowhere."},
    {.name = "control",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct status_view, control),
     .of = &shape_control,
     .doc = "What the API counts of itself."},
    {.name = "people",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct status_view, people),
     .of = &shape_people,
     .doc = "How many of each there are."},
};
static const struct shape shape_status = {.name = "Status",
					  .doc = "How the server is.",
					  .size = sizeof(struct status_view),
					  .members = status_members,
					  .count = COUNT(status_members)};

static struct control_view
count_control(const struct api *api)
{
	struct api_numbers n = {0};

	api->host->numbers(api->owner, &n);
	return (struct control_view){.started = n.started,
				     .requests = (int64_t)n.requests,
				     .refused_busy = (int64_t)n.refused_busy,
				     .queued = (int64_t)n.queued,
				     .queued_slow = (int64_t)n.queued_slow,
				     .listeners_of_events = (int64_t)n.listeners_of_events};
}

/* An engine that does not answer has nobody connected. */
static int64_t
count_tunnels(struct api *api)
{
	struct live_tunnel_list list;

	return refused(tunnels_live(api, &list)) ? 0 : (int64_t)list.count;
}

static struct outcome
count_people(struct access *a, struct people_view *out)
{
	struct store *s = a->store;
	enum store_result r = store_user_count(s, USER_ROLE_USER, a->now, &out->users);

	if (r == STORE_DONE)
		r = store_user_count(s, USER_ROLE_OPERATOR, a->now, &out->operators);
	if (r == STORE_DONE)
		r = store_user_count(s, USER_ROLE_ADMIN, a->now, &out->administrators);
	if (r == STORE_DONE)
		r = store_device_count(s, 0, &out->devices);
	if (r == STORE_DONE)
		r = store_ban_count(s, a->now, &out->bans);
	if (r == STORE_DONE)
		r = store_notice_count(s, &out->notices_waiting);
	return r == STORE_DONE ? sessions_count(a, &out->sessions) : access_stored(a, r, "count");
}

static struct outcome
show(struct api_call *c)
{
	struct status_view view = {.version = SALLYPORT_VERSION,
				   .control = count_control(c->api),
				   .people = {.tunnels = count_tunnels(c->api)}};
	struct span server;
	struct outcome o = count_people(c->access, &view.people);

	if (refused(o) || refused(o = call_ask(c, CALL_STATUS, "", SPAN_NONE, &server)))
		return o;
	view.server = arena_copy(c->access->memory, server);
	return call_answer(c, &view, 0, NULL);
}

static struct outcome
show_history(struct api_call *c)
{
	struct buf *b = call_buf(c);
	struct outcome o;
	int64_t since;

	if (refused(o = op_query_time(c, "since", &since)))
		return o;
	if (!c->api->host->history(c->api->owner, since, b))
		return call_broken(c, "history");
	return call_answer_json(c, buf_span(b));
}

static struct outcome
list_listeners(struct api_call *c)
{
	struct span json;
	struct outcome o = call_ask(c, CALL_LISTENERS, "", SPAN_NONE, &json);

	return refused(o) ? o : call_answer_json(c, json);
}

static const struct parameter history_query[] = {
    {"since", "string",
     "The time of a sample: only those that came after it. Where there is none of that time, only "
     "later ones (RFC 3339).",
     NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/status",
     .id = "getStatus",
     .doc = "How the server is now.",
     .level = LEVEL_READ,
     .answer = &shape_status,
     .run = show},
    {.method = METHOD_GET,
     .path = "/status/history",
     .id = "getHistory",
     .doc = "The counters of the last hour, a sample every ten seconds: `times` and, for each "
	    "counter by its name, as many numbers.",
     .level = LEVEL_READ,
     .media = "application/json",
     .schema = history_write_schema,
     .query = history_query,
     .query_count = COUNT(history_query),
     .run = show_history},
    {.method = METHOD_GET,
     .path = "/listeners",
     .id = "listListeners",
     .doc = "Lists what listens on this machine, with process and reason.",
     .level = LEVEL_READ,
     .answer = &shape_listener_list,
     .run = list_listeners},
};

const struct operation_group operations_status = {"Status", operations, COUNT(operations)};
