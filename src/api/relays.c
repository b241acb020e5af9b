#include "api/relays.h"

#include <inttypes.h>

#define JSON_MAX      (4 << 20)
#define ADDRESS_BYTES 64

#define TEXT(field, flag, longest, words)                                                          \
	{                                                                                          \
		.name = #field, .kind = SHAPE_TEXT, .flags = (flag),                               \
		.offset = offsetof(struct live_relay, field), .max = (longest), .doc = words       \
	}
#define NUMBER(field, words)                                                                       \
	{                                                                                          \
		.name = #field, .kind = SHAPE_NUMBER,                                              \
		.offset = offsetof(struct live_relay, field), .max = INT64_MAX, .doc = words       \
	}
static const struct shape_member relay_members[] = {
    NUMBER(id, "Its number, by which it can be ended."),
    TEXT(
	rule, SHAPE_REQUIRED, 0,
	"The rule of the configuration by which it is relayed: \"ssh\", \"sni imap.example.org\"."),
    TEXT(from, SHAPE_REQUIRED, ADDRESS_BYTES, "The client's address and port."),
    TEXT(at, SHAPE_OPTIONAL, ADDRESS_BYTES, "The address and port of ours that it came to."),
    TEXT(to, SHAPE_OPTIONAL, 0,
	 "The server behind us, as the configuration names it; null: none is reached yet."),
    {.name = "since",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct live_relay, since),
     .doc = "When it began."},
    NUMBER(bytes_in, "Bytes that came from the client."),
    NUMBER(bytes_out, "Bytes that came from the server."),
};
const struct shape shape_live_relay = {
    .name = "Connection",
    .doc = "A connection that is passed on to a server behind us, byte by byte.",
    .size = sizeof(struct live_relay),
    .members = relay_members,
    .count = COUNT(relay_members),
};

static const struct shape_member list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct live_relay_list, at),
     .count = offsetof(struct live_relay_list, count),
     .max = RELAYS_PART,
     .of = &shape_live_relay,
     .doc = "Some of them, in the order of their numbers."},
    {.name = "more",
     .kind = SHAPE_BOOL,
     .offset = offsetof(struct live_relay_list, more),
     .doc = "Whether there are others, with higher numbers."},
};
const struct shape shape_live_relay_list = {
    .name = "ConnectionPart",
    .doc = "Some of the connections that are relayed.",
    .size = sizeof(struct live_relay_list),
    .members = list_members,
    .count = COUNT(list_members),
};

/* Edge is not believed that it keeps to the order: who goes on after the last would never end. */
static bool
is_in_order(const struct live_relay_list *list, int64_t after)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].id <= after)
			return false;
		after = list->at[i].id;
	}
	return list->count > 0 || !list->more;
}

struct outcome
relays_after(struct api *api, int64_t after, struct live_relay_list *out)
{
	struct arena *memory = api->access.memory;
	const char *argument = arena_printf(memory, "%" PRId64, after);
	struct buf json = buf_with_cap(JSON_MAX);
	struct outcome o = api->host->ask_edge(api->owner, CALL_RELAYS, span_str(argument), &json);

	*out = (struct live_relay_list){.count = 0};
	if (!refused(o))
		o = shape_read(&shape_live_relay_list, SHAPE_CREATE, buf_span(&json), memory, out,
			       NULL);
	buf_free(&json);
	if (!refused(o) && is_in_order(out, after))
		return o;
	*out = (struct live_relay_list){.count = 0};
	return outcome_new(OUTCOME_DOWN, "the process that relays does not answer");
}
