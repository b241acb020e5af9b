/* What somebody gets, as the VPN engine is told it. */
#include "access/vpn.h"

static const char *
network_words(struct access *a, const struct network *n)
{
	char text[NETWORK_TEXT_MAX];

	return arena_copy(a->memory, span_str(network_text(n, text)));
}

/* RFC 5237 §1: IANA's numbers. */
static const int64_t protocol_numbers[] = {
    [RULE_ANY] = 0, [RULE_TCP] = 6, [RULE_UDP] = 17, [RULE_ICMP] = 1};

static struct admission_rule
rule_of(struct access *a, const struct flat_rule *r)
{
	return (struct admission_rule){.to = network_words(a, &r->to),
				       .allow = r->action == RULE_ALLOW,
				       .protocol = protocol_numbers[r->protocol],
				       .port_from = r->port_from,
				       .port_to = r->port_to,
				       .way = rule_ways[r->way],
				       .written = r->rule != 0};
}

void
vpn_admission(struct access *a, const struct vpn_admitted *of, struct admission *out)
{
	const struct grant *g = &of->grant;

	*out = (struct admission){
	    .user = g->user,
	    .device = g->device,
	    .user_name = of->user_name,
	    .device_name = of->device_name,
	    .token = of->token,
	    .known_since = of->known_since,
	    .address = of->address,
	    .everything = g->tunnel == TUNNEL_FULL,
	    .client_to_client = g->client_to_client,
	    .dns = g->dns,
	    .connections = g->connections_max,
	    .session_until = g->session_until,
	    .rules = arena_get(a->memory, g->count * sizeof *out->rules),
	    .rule_count = g->count,
	};
	for (size_t i = 0; i < g->count; i++)
		out->rules[i] = rule_of(a, &g->rules[i]);
}
