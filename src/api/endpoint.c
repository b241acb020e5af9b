#include "api/endpoint.h"

#include <string.h>

/* The first name that stands for one host. */
static const char *
name_of(const struct site *site)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (site->names[i][0] != '*')
			return site->names[i];
	return NULL;
}

static const struct site *
control_site(const struct config *config)
{
	for (size_t i = 0; i < config->site_count; i++)
		for (size_t j = 0; j < config->sites[i].route_count; j++)
			if (config->sites[i].routes[j].handler == ROUTE_CONTROL &&
			    name_of(&config->sites[i]) != NULL)
				return &config->sites[i];
	return NULL;
}

/* host[:port] without its port; brackets stay. */
static struct span
without_port(struct span host)
{
	size_t end = host.len;

	while (end > 0 && host.p[end - 1] >= '0' && host.p[end - 1] <= '9')
		end--;
	return end > 0 && end < host.len && host.p[end - 1] == ':' ? span_head(host, end - 1)
								   : host;
}

/* What a tunnel by ssh, or the machine itself, asks for: nobody else could follow such a link. */
static bool
is_this_machine(struct span host)
{
	struct span name = without_port(host);

	return name.len == 0 || span_equal_nocase(name, SPAN_OF("localhost")) ||
	       span_starts_with(name, SPAN_OF("127.")) || span_equal(name, SPAN_OF("[::1]"));
}

const char *
endpoint_name(struct arena *memory, const struct config *config, struct span host)
{
	const struct site *site = control_site(config);
	const char *name = config->vpn.endpoint;

	if (name == NULL && site != NULL)
		name = name_of(site);
	for (size_t i = 0; name == NULL && i < config->site_count; i++)
		name = name_of(&config->sites[i]);
	if (name != NULL)
		return name;
	return is_this_machine(host) ? "localhost" : arena_copy(memory, without_port(host));
}

static const char *
origin(struct arena *memory, const char *name, unsigned port)
{
	if (port == 443)
		return arena_printf(memory, "https://%s", name);
	return arena_printf(memory, "https://%s:%u", name, port);
}

static unsigned
port_of(const struct endpoint *listen, size_t count)
{
	return count > 0 ? listen[0].at.port : 443;
}

const char *
endpoint_origin(struct arena *memory, const struct config *config, struct span host)
{
	const struct site *site = control_site(config);

	if (site != NULL)
		return origin(memory, name_of(site), port_of(config->listen, config->listen_count));
	if (!is_this_machine(host))
		return arena_printf(memory, "https://%s", arena_copy(memory, host));
	return origin(memory, endpoint_name(memory, config, host),
		      port_of(config->admin.listen, config->admin.listen_count));
}

const char *
endpoint_origin_name(struct arena *memory, const struct config *config, struct span host)
{
	const struct site *site = control_site(config);

	if (site != NULL)
		return name_of(site);
	return is_this_machine(host) ? endpoint_name(memory, config, host)
				     : arena_copy(memory, without_port(host));
}

const char *
endpoint_import_url(struct arena *memory, const struct config *config, struct span host,
		    struct span token)
{
	return arena_printf(memory, "openvpn://import-profile/%s/api/v1/import/%s",
			    endpoint_origin(memory, config, host), arena_copy(memory, token));
}

struct remotes {
	struct arena *memory;
	const char *host;
	struct profile_remote *at;
	size_t count;
};

/* A port at several addresses is one: which of them is the client's, the name says. */
static void
add_remote(struct remotes *r, unsigned port, bool tcp)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].port == port && r->at[i].tcp == tcp)
			return;
	*ARENA_PUSH(r->memory, r->at, r->count) =
	    (struct profile_remote){.host = r->host, .port = port, .tcp = tcp};
}

static void
add_udp(struct remotes *r, const struct vpn *vpn)
{
	if (vpn->network.base.family != 0)
		for (size_t i = 0; i < vpn->listen_count; i++)
			add_remote(r, vpn->listen[i].at.port, false);
}

static void
add_tcp(struct remotes *r, const struct config *config)
{
	for (size_t i = 0; i < config->listen_count; i++)
		add_remote(r, config->listen[i].at.port, true);
}

/* UDP first: TCP in TCP is slow, and there for networks that let nothing else through. What each
 * leads to is the VPN, but where there is none yet: then all that can be said is the shared port.
 */
struct endpoints
endpoints_of(struct api *api, struct span host)
{
	struct arena *memory = api->access.memory;
	const struct config *config = api->config;
	const struct vpn *vpn = &config->vpn;
	struct remotes r = {.memory = memory, .host = endpoint_name(memory, config, host)};

	add_udp(&r, vpn);
	if (vpn->network.base.family == 0 || config->share.openvpn.kind == DOOR_TUNNEL)
		add_tcp(&r, config);
	return (struct endpoints){.name = r.host, .remotes = r.at, .count = r.count};
}

struct outcome
endpoints_of_legacy(struct api *api, struct span host, struct endpoints *out)
{
	struct arena *memory = api->access.memory;
	const struct vpn *vpn = &api->config->vpn;
	struct remotes r = {.memory = memory, .host = endpoint_name(memory, api->config, host)};

	if (!vpn->legacy)
		return outcome_field(OUTCOME_INVALID, "legacy",
				     "clients of such a profile are not answered: write \"legacy "
				     "on\" in the vpn block of the configuration first");
	add_udp(&r, vpn);
	if (vpn->legacy_tcp)
		add_tcp(&r, api->config);
	if (r.count == 0)
		return outcome_field(OUTCOME_INVALID, "legacy",
				     "clients of such a profile are answered by UDP alone, and the "
				     "VPN does not listen there: write \"legacy_tcp on\" too");
	*out =
	    (struct endpoints){.name = r.host, .remotes = r.at, .count = r.count, .legacy = true};
	return OUTCOME_OK;
}

struct implied
endpoint_implied(struct arena *memory, const struct config *config)
{
	static const int ways[] = {[VPN_NAT] = RULE_NAT, [VPN_ROUTE] = RULE_ROUTE};
	const struct vpn *vpn = &config->vpn;
	struct implied_route *routes = arena_get(memory, vpn->route_count * sizeof *routes);

	for (size_t i = 0; i < vpn->route_count; i++)
		routes[i] = (struct implied_route){vpn->routes[i].to, ways[vpn->routes[i].way]};
	return (struct implied){.routes = routes,
				.count = vpn->route_count,
				.everything = vpn->route_count == 0,
				.client_to_client = vpn->client_to_client};
}
