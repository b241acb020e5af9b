/* What a client gets: read from control's answer, completed from the configuration. */
#include <stdlib.h>
#include <string.h>

#include "role/tunnel_private.h"

#define DNS_PORT 53
#define ICMP     1
#define ICMPV6   58

void
pass_free(struct pass *p)
{
	if (p != NULL)
		arena_free(p->memory);
}

struct pass *
pass_read(struct span text)
{
	struct arena *memory = arena_new();
	struct pass *p = ARENA_NEW(memory, struct pass);

	p->memory = memory;
	if (!refused(shape_read(&shape_admission, SHAPE_CREATE, text, memory, &p->who, NULL)))
		return p;
	arena_free(memory);
	return NULL;
}

static uint8_t
protocol_of(const struct admission_rule *r, const struct network *to)
{
	return r->protocol == ICMP && to->base.family == 6 ? ICMPV6 : (uint8_t)r->protocol;
}

/* Rows that cannot be read reach nothing; control has checked them. */
static void
add_reach(struct pass *p, const struct admission_rule *r)
{
	struct network to;

	if (!network_parse(span_str(r->to), &to))
		return;
	*ARENA_PUSH(p->memory, p->reach, p->reach_count) =
	    (struct reach){.to = to,
			   .allow = r->allow,
			   .protocol = protocol_of(r, &to),
			   .port_from = (uint16_t)r->port_from,
			   .port_to = r->port_to > 0 ? (uint16_t)r->port_to : UINT16_MAX,
			   .written = r->written,
			   .route = strcmp(r->way, "route") == 0};
}

/* A resolver that is pushed can be asked, whatever else may be reached. */
static void
add_resolver(struct pass *p, struct address **list, struct address a)
{
	a.port = 0;
	*ARENA_PUSH(p->memory, *list, p->terms.dns_count) = a;
	*ARENA_PUSH(p->memory, p->reach, p->reach_count) =
	    (struct reach){.to = {.base = a, .bits = a.family == 4 ? 32 : 128},
			   .allow = true,
			   .port_from = DNS_PORT,
			   .port_to = DNS_PORT};
}

static void
add_resolvers(struct pass *p, const struct tunnel *t)
{
	const struct vpn *vpn = &t->config->vpn;
	struct address *list = NULL, a;

	for (const char **dns = p->who.dns; dns != NULL && *dns != NULL; dns++)
		if (address_parse_ip(span_str(*dns), &a))
			add_resolver(p, &list, a);
	if (p->who.dns == NULL || p->who.dns[0] == NULL) {
		for (size_t i = 0; i < vpn->dns_count; i++)
			add_resolver(p, &list, vpn->dns[i]);
		for (size_t i = 0; vpn->dns_system && i < t->resolver_count; i++)
			add_resolver(p, &list, t->resolvers[i]);
	}
	p->terms.dns = list;
}

static bool
has_resolver(const struct push_terms *t, const struct address *a)
{
	for (size_t i = 0; i < t->dns_count; i++)
		if (address_equal(&t->dns[i], a))
			return true;
	return false;
}

void
pass_keep_resolvers(struct pass *p, const struct pass *before)
{
	const struct push_terms *told = &before->terms, now = p->terms;
	const struct reach *rows = p->reach;
	struct address *list = NULL;
	size_t count = p->reach_count;

	p->reach = NULL;
	p->reach_count = p->terms.dns_count = 0;
	for (size_t i = 0; i < told->dns_count; i++)
		if (!has_resolver(&now, &told->dns[i]))
			add_resolver(p, &list, told->dns[i]);
	for (size_t i = 0; i < now.dns_count; i++)
		*ARENA_PUSH(p->memory, list, p->terms.dns_count) = now.dns[i];
	for (size_t i = 0; i < count; i++)
		*ARENA_PUSH(p->memory, p->reach, p->reach_count) = rows[i];
	p->terms.dns = list;
}

static bool
is_among(const struct network *n, const struct network *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (network_equal(n, &list[i]))
			return true;
	return false;
}

/* Without a full tunnel: what may be reached goes through it, and nothing else. There may be
 * several rows for one place, of other ports; the route there is one. */
static void
add_routes(struct pass *p)
{
	struct network *routes = NULL;

	for (size_t i = 0; i < p->reach_count; i++)
		if (p->reach[i].allow && p->reach[i].to.bits > 0 &&
		    !is_among(&p->reach[i].to, routes, p->terms.route_count))
			*ARENA_PUSH(p->memory, routes, p->terms.route_count) = p->reach[i].to;
	p->terms.routes = routes;
}

/* The server itself, where no rule has it otherwise. */
static void
add_gateway(struct pass *p, struct address gateway)
{
	if (gateway.family != 0)
		*ARENA_PUSH(p->memory, p->reach, p->reach_count) =
		    (struct reach){.to = {.base = gateway, .bits = gateway.family == 4 ? 32 : 128},
				   .allow = true,
				   .port_to = UINT16_MAX};
}

void
pass_complete(struct pass *p, const struct tunnel *t, uint32_t lease)
{
	const struct vpn *vpn = &t->config->vpn;

	p->lease = lease;
	p->terms = (struct push_terms){.ip4 = lease_v4(t->leases, lease),
				       .gateway4 = lease_v4(t->leases, 0),
				       .bits4 = vpn->network.bits,
				       .ip6 = lease_v6(t->leases, lease),
				       .gateway6 = lease_v6(t->leases, 0),
				       .bits6 = vpn->network6.bits,
				       .everything = p->who.everything,
				       .domain = vpn->domain,
				       .token = p->who.token,
				       .token_user = p->who.token != NULL ? p->who.user_name : NULL,
				       .ping_s = (unsigned)(vpn->ping / 1000),
				       .ping_restart_s = (unsigned)(vpn->silence / 1000)};
	p->terms.block_ipv6 = p->terms.everything && p->terms.ip6.family == 0;
	add_resolvers(p, t); /* first, so that no rule stands before them */
	for (size_t i = 0; i < p->who.rule_count; i++)
		add_reach(p, &p->who.rules[i]);
	if (!p->terms.everything)
		add_routes(p);
	add_gateway(p, p->terms.gateway4); /* which needs no route */
	add_gateway(p, p->terms.gateway6);
}
