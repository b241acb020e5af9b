/* From where the console may be used. */
#include "api/op.h"
#include "api/ways.h"

#define WAY(member) offsetof(struct ways_back, member)
static const struct shape_member ways_members[] = {
    {.name = "address",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = WAY(address),
     .doc = "The address that this request comes from."},
    {.name = "admitted",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = WAY(admitted),
     .doc = "Whether `allow` has that address: then the console answers there."},
    {.name = "vpn",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = WAY(vpn),
     .doc = "Whether it answers who comes through the VPN."},
    {.name = "ssh",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = WAY(ssh),
     .doc = "The command that brings it to another machine's own address; null: `allow` has no "
	    "loopback, or nothing listens for it."},
    {.name = "local_url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = WAY(local_url),
     .doc = "What to open there while that command runs."},
};
static const struct shape shape_ways = {
    .name = "WaysBack",
    .doc = "By which ways one comes to the console.",
    .size = sizeof(struct ways_back),
    .members = ways_members,
    .count = COUNT(ways_members),
};

static struct outcome
show_ways(struct api_call *c)
{
	struct ways_back ways = ways_back(c->api, c->request);

	return call_answer(c, &ways, 0, NULL);
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/console",
     .id = "getWaysBack",
     .doc = "Shows from where the console may be used, as seen from who asks.",
     .level = LEVEL_READ,
     .answer = &shape_ways,
     .run = show_ways},
};

const struct operation_group operations_console = {"Console", operations, COUNT(operations)};
