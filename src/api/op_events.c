#include <inttypes.h>

#include "api/events.h"
#include "api/operation.h"

bool
events_put(enum access_event event, int64_t id, struct buf *out)
{
	const char *name = access_event_name(event);

	if (id == 0)
		return buf_printf(out, "event: %s\ndata: {}\n\n", name);
	return buf_printf(out, "event: %s\ndata: {\"id\":%" PRId64 "}\n\n", name, id);
}

/* The stream itself is the process's: what is answered here is that there may be one. */
static struct outcome
watch(struct api_call *c)
{
	c->answer->status = 200;
	c->answer->events = true;
	c->answer->level = c->actor.level;
	call_field(c, "content-type", "text/event-stream");
	/* nginx and its like would keep the events until they have enough of them. */
	call_field(c, "x-accel-buffering", "no");
	return OUTCOME_OK;
}

static const struct operation operations[] = {
    {
	.method = METHOD_GET,
	.path = "/events",
	.id = "watchEvents",
	.doc =
	    "Tells of changes as they happen, as Server-Sent Events. An event is named after "
	    "what changed (user, group, device, tunnel, session, token, link, ban, rule, settings, "
	    "certificate, audit, refusal, status, config, notice) and says its id; what it is "
	    "like now is to be asked for. After \"resync\" something was missed: ask for all.",
	.level = LEVEL_READ,
	.media = "text/event-stream",
	.run = watch,
    },
};

const struct operation_group operations_events = {"Events", operations, COUNT(operations)};
