#include "api/ways.h"

#include <string.h>

#include "api/door.h"
#include "api/endpoint.h"

#define PRIVILEGED   1024
#define UNPRIVILEGED 8000 /* added to a port that only root may listen on */

/* Where an endpoint listens, as seen from the machine itself. */
static const char *
own_address(struct arena *memory, const struct endpoint *e)
{
	static const uint8_t everywhere[sizeof e->at.ip];
	char text[ADDRESS_TEXT_MAX];

	if (e->any || memcmp(e->at.ip, everywhere, sizeof everywhere) == 0)
		return arena_printf(memory, "localhost:%u", e->at.port);
	return arena_copy(memory, span_str(address_text(&e->at, text)));
}

/* sshd connects from the machine itself: it is let in where the list has what is always here. */
static bool
is_local_admitted(const struct admin *admin)
{
	static const uint8_t local[4] = {127, 0, 0, 1};
	struct address at = address_v4(local, 0);

	return allow_list_has(&admin->allow, &at);
}

static void
find_ssh(struct api *api, const struct api_request *r, struct ways_back *out)
{
	struct arena *memory = api->access.memory;
	const struct admin *admin = &api->config->admin;

	if (admin->listen_count == 0 || !is_local_admitted(admin))
		return;
	unsigned port = admin->listen[0].at.port;
	unsigned near = port < PRIVILEGED ? port + UNPRIVILEGED : port;
	out->ssh = arena_printf(memory, "ssh -N -L %u:%s root@%s", near,
				own_address(memory, &admin->listen[0]),
				endpoint_name(memory, api->config, r->host));
	out->local_url = arena_printf(memory, "https://localhost:%u/admin", near);
}

struct ways_back
ways_back(struct api *api, const struct api_request *r)
{
	const struct config *config = api->config;
	char address[ADDRESS_TEXT_MAX];
	struct ways_back out = {
	    .address =
		arena_copy(api->access.memory, span_str(address_ip_text(&r->client, address))),
	    .admitted = door_admits_address(config, r, DOOR_CONSOLE),
	    .vpn = config->admin.allow.vpn && config->vpn.network.base.family != 0,
	};

	find_ssh(api, r, &out);
	return out;
}
