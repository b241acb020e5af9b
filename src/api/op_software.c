/* What people's devices connect with, as the configuration names it. */
#include <string.h>

#include "api/endpoint.h"
#include "api/op.h"

struct software {
	int platform;
	const char *name, *url, *sha256;
};
struct software_list {
	struct software *at;
	size_t count;
};

#define SOFTWARE(member) offsetof(struct software, member)
static const struct shape_member software_members[] = {
    {.name = "platform",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = SOFTWARE(platform),
     .choices = software_platforms,
     .doc = "What it runs on."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = SOFTWARE(name),
     .doc = "What the file is called, or where it is had: the end of its URL."},
    {.name = "url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = SOFTWARE(url),
     .format = "uri",
     .doc = "Where it is, by HTTPS."},
    {.name = "sha256",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = SOFTWARE(sha256),
     .doc = "What its bytes are told by, in hexadecimal; null: nobody said."},
};
static const struct shape shape_software = {
    .name = "Software",
    .doc = "Something to connect to the VPN with.",
    .size = sizeof(struct software),
    .members = software_members,
    .count = COUNT(software_members),
};

static const struct shape_member list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct software_list, at),
     .count = offsetof(struct software_list, count),
     .of = &shape_software,
     .doc = "All of it, in the order of the configuration."},
};
static const struct shape shape_software_list = {
    .name = "SoftwareList",
    .doc = "What to connect to the VPN with.",
    .size = sizeof(struct software_list),
    .members = list_members,
    .count = COUNT(list_members),
};

/* The last part of its path; of a path that ends with "/", the one before. */
static const char *
name_of(struct arena *memory, const char *url)
{
	struct span all = span_head(span_str(url), strcspn(url, "?#"));
	size_t begin;

	while (all.len > 0 && all.p[all.len - 1] == '/')
		all.len--;
	for (begin = all.len; begin > 0 && all.p[begin - 1] != '/'; begin--)
		;
	return arena_copy(memory, span_tail(all, begin));
}

static struct outcome
list_software(struct api_call *c)
{
	struct arena *memory = c->access->memory;
	const struct vpn *vpn = &c->api->config->vpn;
	const char *origin = endpoint_origin(memory, c->api->config, c->request->host);
	struct software_list list = {.count = 0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	for (size_t i = 0; i < vpn->software_count; i++) {
		const struct client_software *one = &vpn->software[i];

		*ARENA_PUSH(memory, list.at, list.count) = (struct software){
		    .platform = one->platform,
		    .name = name_of(memory, one->url),
		    .url = arena_printf(memory, "%s%s", one->url[0] == '/' ? origin : "", one->url),
		    .sha256 = one->sha256};
	}
	return call_answer(c, &list, 0, NULL);
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/software",
     .id = "listSoftware",
     .doc = "Lists what people's devices can connect with, as `client_software` in the "
	    "configuration says.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .answer = &shape_software_list,
     .run = list_software},
};

const struct operation_group operations_software = {"Software", operations, COUNT(operations)};
