/* Rules as one flat list. */
#include <inttypes.h>

#include "access/people.h"
#include "access/rules.h"
#include "base/clock.h"
#include "base/log.h"

static const struct implied_route everywhere[] = {
    {{.base = {.family = 4}, .bits = 0}, RULE_NAT},
    {{.base = {.family = 6}, .bits = 0}, RULE_NAT},
};

/* A rule that cannot be understood might be one that denies: nobody gets in by it. */
static bool
flatten(const struct rule *r, struct flat_rule *out)
{
	*out = (struct flat_rule){.action = r->action,
				  .protocol = r->protocol,
				  .way = r->way,
				  .port_from = (uint16_t)r->port_from,
				  .port_to = (uint16_t)r->port_to,
				  .rule = r->id};
	return r->destination != NULL && network_parse(span_str(r->destination), &out->to) &&
	       r->port_from >= 0 && r->port_from <= r->port_to && r->port_to <= UINT16_MAX;
}

static struct outcome
add_written(struct access *a, const struct user *u, struct grant *g)
{
	struct rule_list rules;
	struct outcome o = access_stored(
	    a, store_rules_for(a->store, u->id, u->group, a->memory, &rules), "rules");

	for (size_t i = 0; !refused(o) && i < rules.count; i++) {
		if (flatten(&rules.at[i], ARENA_PUSH(a->memory, g->rules, g->count)))
			continue;
		log_error("rule %" PRId64 " cannot be understood: whom it concerns is refused",
			  rules.at[i].id);
		o = outcome_new(OUTCOME_DOWN,
				"an access rule is broken: ask your administrator to look at rule "
				"%" PRId64,
				rules.at[i].id);
	}
	return o;
}

static void
add_implied(struct access *a, const struct implied_route *routes, size_t count, struct grant *g)
{
	for (size_t i = 0; i < count; i++)
		*ARENA_PUSH(a->memory, g->rules, g->count) =
		    (struct flat_rule){.to = routes[i].to, .way = routes[i].way};
}

struct outcome
grant_of(struct access *a, const struct user *u, int64_t device, const struct implied *implied,
	 struct grant *out)
{
	struct user_policy p;
	struct outcome o = policy_of_user(a, u, &p);

	*out = (struct grant){.user = u->id, .device = device};
	if (refused(o))
		return o;
	/* Through a full tunnel goes everything, so that everything is to be reached. */
	bool full = p.tunnel == POLICY_UNSET ? implied->everything : p.tunnel == TUNNEL_FULL;
	out->tunnel = full ? TUNNEL_FULL : TUNNEL_SPLIT;
	out->client_to_client =
	    p.client_to_client == POLICY_UNSET ? implied->client_to_client : p.client_to_client > 0;
	out->dns = p.dns;
	out->connections_max = p.connections_max > 0 ? p.connections_max : 0;
	if (p.session_minutes > 0)
		out->session_until = a->now + p.session_minutes * MINUTE_MS;
	if (refused(o = add_written(a, u, out)))
		return o;
	add_implied(a, implied->routes, implied->count, out);
	if (full)
		add_implied(a, everywhere, COUNT(everywhere), out);
	return OUTCOME_OK;
}

static bool
fits(const struct flat_rule *r, const struct address *to, int protocol, uint16_t port)
{
	if (!network_has(&r->to, to) || (r->protocol != RULE_ANY && r->protocol != protocol))
		return false;
	return r->port_to == 0 || (port >= r->port_from && port <= r->port_to);
}

const struct flat_rule *
grant_reaches(const struct grant *g, const struct address *to, int protocol, uint16_t port)
{
	for (size_t i = 0; i < g->count; i++)
		if (fits(&g->rules[i], to, protocol, port))
			return &g->rules[i];
	return NULL;
}
