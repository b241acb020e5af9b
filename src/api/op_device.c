/* Devices and their profiles: of all users, for administrators, and one's own. */
#include "access/link.h"
#include "api/endpoint.h"
#include "api/op.h"

/* Which part of the path names the device: administrators name its user before. */
static const char *
device_word(const struct api_call *c)
{
	return call_parameter(c, c->op->flags & OP_PORTAL ? 0 : 1);
}

static struct outcome
find(struct api_call *c, struct user *u, struct device *d)
{
	struct outcome o = op_owner(c, u);

	return refused(o) ? o : device_find(c->access, u, device_word(c), d);
}

static const char *
path_of(struct api_call *c, const struct user *u, const struct device *d)
{
	const char *name = op_path_part(c, d->name);

	if (c->op->flags & OP_PORTAL)
		return arena_printf(c->access->memory, "/me/devices/%s", name);
	return arena_printf(c->access->memory, "/users/%s/devices/%s", op_path_part(c, u->name),
			    name);
}

static struct outcome
answer_list(struct api_call *c, int64_t user)
{
	struct device_list devices;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(o = access_stored(c->access,
				      store_devices(c->access->store, &page, user,
						    op_query_yes(c, "revoked"), c->access->memory,
						    &devices),
				      "devices")))
		return o;
	return call_answer_list(c, devices.at, devices.count, sizeof *devices.at, devices.next);
}

static struct outcome
list_all(struct api_call *c)
{
	struct outcome o;
	int64_t user;

	if (refused(o = op_query_user(c, &user)))
		return o;
	return answer_list(c, user);
}

static struct outcome
list_devices(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	return answer_list(c, u.id);
}

static uint32_t
host_of(const struct address *a)
{
	return (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 | (uint32_t)a->ip[2] << 8 |
	       a->ip[3];
}

/* One that a client can have: not the network's own, the server's, or the broadcast address. */
static struct outcome
check_address(struct api_call *c, const struct device *d)
{
	const struct network *n = &c->api->config->vpn.network;
	char text[NETWORK_TEXT_MAX];
	struct address a;

	if (d->address == NULL || !address_parse_ip(span_str(d->address), &a))
		return OUTCOME_OK;
	if (n->base.family == 0)
		return outcome_field(OUTCOME_INVALID, "address",
				     "address: there is no VPN here, as there is no `network` in "
				     "the `vpn` block");
	uint32_t last = UINT32_MAX >> n->bits, host = host_of(&a) & last;
	if (network_has(n, &a) && host > 1 && host < last)
		return OUTCOME_OK;
	return outcome_field(OUTCOME_INVALID, "address",
			     "address %s is none that a client of %s can have", d->address,
			     network_text(n, text));
}

static struct outcome
create_device(struct api_call *c)
{
	struct device d = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	d.user = u.id;
	if (refused(o = call_body(c, &d, NULL)) || refused(o = check_address(c, &d)) ||
	    refused(o = device_add(c->access, &c->actor, &u, &d)))
		return o;
	return call_answer(c, &d, d.version, path_of(c, &u, &d));
}

static struct outcome
show_device(struct api_call *c)
{
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = find(c, &u, &d)))
		return o;
	return call_answer(c, &d, d.version, NULL);
}

static struct outcome
change_device(struct api_call *c)
{
	struct device before, after;
	struct outcome o;
	struct user u;

	if (refused(o = find(c, &u, &before)) || refused(o = call_match(c, before.version)))
		return o;
	after = before;
	if (refused(o = call_body(c, &after, NULL)) || refused(o = check_address(c, &after)) ||
	    refused(o = device_change(c->access, &c->actor, &before, &after)))
		return o;
	return call_answer(c, &after, after.version, NULL);
}

static struct outcome
renew_device(struct api_call *c)
{
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = find(c, &u, &d)) || refused(o = device_renew(c->access, &c->actor, &u, &d)))
		return o;
	return call_answer(c, &d, d.version, NULL);
}

static struct outcome
revoke_device(struct api_call *c)
{
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = find(c, &u, &d)) || refused(o = device_revoke(c->access, &c->actor, &d)))
		return o;
	return call_answer_none(c);
}

static struct outcome
answer_profile(struct api_call *c, const struct actor *who, const struct user *u,
	       const struct device *d, const struct endpoints *to)
{
	struct buf *out = call_buf(c);
	struct outcome o;
	char name[160];

	if (refused(o = device_profile(c->access, who, u, d, to, out)))
		return o;
	profile_file_name(u->name, d->name, name);
	return call_answer_bytes(c, OP_PROFILE_MEDIA, buf_span(out), name);
}

struct outcome
op_answer_profile(struct api_call *c, const struct actor *who, const struct user *u,
		  const struct device *d)
{
	struct endpoints to = endpoints_of(c->api, c->request->host);

	return answer_profile(c, who, u, d, &to);
}

static struct outcome
get_profile(struct api_call *c)
{
	struct endpoints to;
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = find(c, &u, &d)))
		return o;
	if (!op_query_yes(c, "legacy"))
		return op_answer_profile(c, &c->actor, &u, &d);
	if (refused(o = endpoints_of_legacy(c->api, c->request->host, &to)))
		return o;
	return answer_profile(c, &c->actor, &u, &d, &to);
}

static struct outcome
link_device(struct api_call *c)
{
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = find(c, &u, &d)))
		return o;
	return op_new_link(c, LINK_PROFILE, u.id, d.id);
}

static const char *const sorts[] = {"name", "created", "last_seen", "expires", NULL};
#define NARROWED                                                                                   \
	OP_SORT(sorts),                                                                            \
	{                                                                                          \
		"revoked", "boolean", "With those that were revoked.", NULL                        \
	}
static const struct parameter narrowed[] = {
    NARROWED,
    {"user", "string", "Only those of this user: his name, or # and his id.", NULL},
};
static const struct parameter narrowed_own[] = {NARROWED};

static const struct parameter which_profile[] = {
    {"legacy", "boolean", "For OpenVPN 2.4, which has no key of its own for its first packet.",
     NULL},
};

/* The same for both lists: only where they are, and who may, differs. */
#define DEVICE_OPERATIONS(base, device, Of, read, write, door, own)                                \
	{.method = METHOD_GET,                                                                     \
	 .path = base,                                                                             \
	 .id = "list" Of "Devices",                                                                \
	 .doc = "Lists " own " devices.",                                                          \
	 .level = (read),                                                                          \
	 .flags = OP_LIST | (door),                                                                \
	 .answer = &shape_device,                                                                  \
	 .query = narrowed_own,                                                                    \
	 .query_count = COUNT(narrowed_own),                                                       \
	 .run = list_devices},                                                                     \
	    {.method = METHOD_POST,                                                                \
	     .path = base,                                                                         \
	     .id = "create" Of "Device",                                                           \
	     .doc = "Adds a device, with a certificate and keys of its own, if the policy leaves " \
		    "room for another.",                                                           \
	     .level = (write),                                                                     \
	     .flags = OP_CREATES | (door),                                                         \
	     .body = &shape_device,                                                                \
	     .use = SHAPE_CREATE,                                                                  \
	     .answer = &shape_device,                                                              \
	     .run = create_device},                                                                \
	    {.method = METHOD_GET,                                                                 \
	     .path = device,                                                                       \
	     .id = "get" Of "Device",                                                              \
	     .doc = "Shows one of " own " devices, by name or by # and id.",                       \
	     .level = (read),                                                                      \
	     .flags = (door),                                                                      \
	     .answer = &shape_device,                                                              \
	     .run = show_device},                                                                  \
	    {.method = METHOD_PATCH,                                                               \
	     .path = device,                                                                       \
	     .id = "change" Of "Device",                                                           \
	     .doc = "Changes what is given of a device and leaves the rest.",                      \
	     .level = (write),                                                                     \
	     .flags = OP_CHANGES | (door),                                                         \
	     .also = ALSO_TAKEN,                                                                   \
	     .body = &shape_device,                                                                \
	     .use = SHAPE_CHANGE,                                                                  \
	     .answer = &shape_device,                                                              \
	     .run = change_device},                                                                \
	    {.method = METHOD_POST,                                                                \
	     .path = device "/renew",                                                              \
	     .id = "renew" Of "Device",                                                            \
	     .doc = "Gives a device a new certificate, for a new profile. The old one stays good " \
		    "until it expires.",                                                           \
	     .level = (write),                                                                     \
	     .flags = (door),                                                                      \
	     .also = ALSO_TAKEN,                                                                   \
	     .answer = &shape_device,                                                              \
	     .run = renew_device},                                                                 \
	    {.method = METHOD_POST,                                                                \
	     .path = device "/revoke",                                                             \
	     .id = "revoke" Of "Device",                                                           \
	     .doc = "Revokes a device for good: its certificates and profiles are void, and it "   \
		    "is cut off at once. Its name is free again.",                                 \
	     .level = (write),                                                                     \
	     .flags = (door),                                                                      \
	     .also = ALSO_TAKEN,                                                                   \
	     .run = revoke_device},                                                                \
	    {.method = METHOD_GET,                                                                 \
	     .path = device "/profile",                                                            \
	     .id = "get" Of "DeviceProfile",                                                       \
	     .doc = "Downloads the OpenVPN profile of a device, which has its private key: one "   \
		    "file with all that a client needs.",                                          \
	     .level = (write),                                                                     \
	     .flags = (door),                                                                      \
	     .media = OP_PROFILE_MEDIA,                                                            \
	     .query = which_profile,                                                               \
	     .query_count = COUNT(which_profile),                                                  \
	     .run = get_profile},                                                                  \
	{                                                                                          \
		.method = METHOD_POST, .path = device "/link", .id = "link" Of "Device",           \
		.doc = "Makes a link, good for an hour and one download, to bring the profile "    \
		       "onto the device itself. It is shown this once.",                           \
		.level = (write), .flags = OP_CREATES | (door), .answer = &shape_new_link,         \
		.run = link_device                                                                 \
	}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/devices",
     .id = "listDevices",
     .doc = "Lists the devices of all users, by name unless sorted by created, last_seen or "
	    "expires.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_device,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_all},
    DEVICE_OPERATIONS("/users/{user}/devices", "/users/{user}/devices/{device}", "User", LEVEL_READ,
		      LEVEL_OPERATE, 0, "a user's"),
};

static const struct operation own_operations[] = {
    DEVICE_OPERATIONS("/me/devices", "/me/devices/{device}", "My", LEVEL_SELF, LEVEL_SELF,
		      OP_PORTAL, "one's own"),
};

const struct operation_group operations_devices = {"Devices", operations, COUNT(operations)};
const struct operation_group operations_my_devices = {"My devices", own_operations,
						      COUNT(own_operations)};
