/* What a user may reach through the VPN, and why: his rules as one flat list. */
#include "access/people.h"
#include "access/rules.h"
#include "api/endpoint.h"
#include "api/op.h"
#include "base/text.h"

#define DNS_PORT 53

struct flat_view {
	const char *to;
	int action, protocol, way;
	int64_t port_from, port_to, rule;
};

#define FLAT(member) offsetof(struct flat_view, member)
static const struct shape_member flat_members[] = {
    {.name = "to",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(to),
     .format = "cidr",
     .doc = "The network."},
    {.name = "action",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(action),
     .choices = rule_actions,
     .doc = "Whether it may be reached."},
    {.name = "protocol",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(protocol),
     .choices = rule_protocols,
     .doc = "By which protocol."},
    {.name = "port_from",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(port_from),
     .max = 65535,
     .doc = "From which port on; 0: any."},
    {.name = "port_to",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(port_to),
     .max = 65535,
     .doc = "To which port; 0: any."},
    {.name = "way",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(way),
     .choices = rule_ways,
     .doc = "With this server's address, or routed with the device's own."},
    {.name = "rule",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = FLAT(rule),
     .max = INT64_MAX,
     .doc = "The rule that it comes from; 0: the configuration."},
};
static const struct shape shape_flat = {
    .name = "GrantedRule",
    .doc = "A line of the list that a connection is held to.",
    .size = sizeof(struct flat_view),
    .members = flat_members,
    .count = COUNT(flat_members),
};

struct grant_view {
	int tunnel;
	bool client_to_client;
	const char **dns;
	int64_t connections_max, session_until;
	struct flat_view *rules;
	size_t count;
};

#define GRANT(member) offsetof(struct grant_view, member)
static const struct shape_member grant_members[] = {
    {.name = "tunnel",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = GRANT(tunnel),
     .choices = tunnel_modes,
     .doc = "Whether all of a device's traffic goes through the VPN."},
    {.name = "client_to_client",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = GRANT(client_to_client),
     .doc = "Whether it reaches other devices of the VPN."},
    {.name = "dns",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_READ_ONLY,
     .offset = GRANT(dns),
     .doc = "The DNS servers that it is told; none: as the configuration says."},
    {.name = "connections_max",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = GRANT(connections_max),
     .max = INT64_MAX,
     .doc = "How many connections at once; 0: any number."},
    {.name = "session_until",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = GRANT(session_until),
     .doc = "When one that began now would end; null: never."},
    {.name = "rules",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = GRANT(rules),
     .count = GRANT(count),
     .of = &shape_flat,
     .doc = "The first that fits decides; what fits none is denied."},
};
static const struct shape shape_grant = {
    .name = "Grant",
    .doc = "What a connection of a user would be held to now.",
    .size = sizeof(struct grant_view),
    .members = grant_members,
    .count = COUNT(grant_members),
};

static struct outcome
find_grant(struct api_call *c, const struct user *u, struct grant *out)
{
	const struct implied implied = endpoint_implied(c->access->memory, c->api->config);

	return grant_of(c->access, u, 0, &implied, out);
}

static const char *
text_of(struct api_call *c, const struct network *n)
{
	char text[NETWORK_TEXT_MAX];

	return arena_copy(c->access->memory, span_str(network_text(n, text)));
}

static struct flat_view
flat_of(struct api_call *c, const struct flat_rule *r)
{
	return (struct flat_view){text_of(c, &r->to), r->action,  r->protocol, r->way,
				  r->port_from,       r->port_to, r->rule};
}

static struct outcome
show_grant(struct api_call *c)
{
	struct grant_view view;
	struct grant g;
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = find_grant(c, &u, &g)))
		return o;
	view = (struct grant_view){
	    .tunnel = g.tunnel,
	    .client_to_client = g.client_to_client,
	    .dns = g.dns,
	    .connections_max = g.connections_max,
	    .session_until = g.session_until,
	    .rules = arena_get(c->access->memory, g.count * sizeof *view.rules),
	    .count = g.count,
	};
	for (size_t i = 0; i < g.count; i++)
		view.rules[i] = flat_of(c, &g.rules[i]);
	return call_answer(c, &view, 0, NULL);
}

struct reach_view {
	bool reached;
	const char *why;
	int64_t rule;
};

static const struct shape_member reach_members[] = {
    {.name = "reached",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct reach_view, reached),
     .doc = "Whether he may."},
    {.name = "why",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct reach_view, why),
     .doc = "What decides it, in a sentence."},
    {.name = "rule",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = offsetof(struct reach_view, rule),
     .max = INT64_MAX,
     .doc = "The rule that decides; null: none does, or the configuration."},
};
static const struct shape shape_reach = {
    .name = "Reach",
    .doc = "Whether a user may reach something through the VPN.",
    .size = sizeof(struct reach_view),
    .members = reach_members,
    .count = COUNT(reach_members),
};

struct question {
	struct user user;
	struct address to;
	int protocol;
	int64_t port;
};

static struct outcome
read_question(struct api_call *c, struct question *q)
{
	const char *user = call_query(c, "user"), *to = call_query(c, "to");
	struct outcome o;

	if (user == NULL)
		return outcome_field(OUTCOME_INVALID, "user",
				     "user is missing: say a name, or # and an id");
	if (to == NULL || !address_parse_ip(span_str(to), &q->to))
		return outcome_field(OUTCOME_INVALID, "to", "to is missing or no IP address");
	if (refused(o = op_query_number(c, "port", 65535, &q->port)))
		return o;
	q->protocol = op_choice(call_query(c, "protocol"), rule_protocols);
	if (q->protocol < 0)
		q->protocol = RULE_ANY;
	if (q->port != 0 && q->protocol != RULE_TCP && q->protocol != RULE_UDP)
		return outcome_field(OUTCOME_INVALID, "port",
				     "port goes with the protocol tcp or udp");
	return user_find(c->access, user, &q->user);
}

/* --- what the VPN engine does whatever rules say; in order */

static const struct network *
inside_of(const struct vpn *vpn, int family)
{
	return family == 4 ? &vpn->network : &vpn->network6;
}

/* The first address of the network is the server's own. */
static bool
is_gateway(const struct vpn *vpn, const struct address *to)
{
	struct address own = inside_of(vpn, to->family)->base;

	own.ip[to->family == 4 ? 3 : 15] |= 1;
	return address_same_ip(&own, to);
}

static bool
is_on_a_cable(const struct vpn *vpn, const struct grant *g, const struct question *q)
{
	(void)vpn;
	(void)g;
	return address_is_on_a_cable(&q->to);
}

static bool
is_not_carried(const struct vpn *vpn, const struct grant *g, const struct question *q)
{
	(void)g;
	return inside_of(vpn, q->to.family)->base.family == 0;
}

static bool
is_a_device(const struct vpn *vpn, const struct question *q)
{
	return !is_gateway(vpn, &q->to) && network_has(inside_of(vpn, q->to.family), &q->to);
}

static bool
is_of_another(const struct vpn *vpn, const struct grant *g, const struct question *q)
{
	return !g->client_to_client && is_a_device(vpn, q);
}

static bool
is_of_a_friend(const struct vpn *vpn, const struct grant *g, const struct question *q)
{
	return g->client_to_client && is_a_device(vpn, q);
}

/* Those of the machine itself, where the configuration says so, only the engine knows. */
static bool
is_resolver(const struct vpn *vpn, const struct grant *g, const struct question *q)
{
	bool own = g->dns != NULL && g->dns[0] != NULL, found = false;
	struct address a;

	for (const char **dns = g->dns; own && *dns != NULL; dns++)
		found =
		    found || (address_parse_ip(span_str(*dns), &a) && address_same_ip(&a, &q->to));
	for (size_t i = 0; !own && i < vpn->dns_count; i++)
		found = found || address_same_ip(&vpn->dns[i], &q->to);
	return found && q->port == DNS_PORT;
}

static const struct certainty {
	bool (*fits)(const struct vpn *vpn, const struct grant *g, const struct question *q);
	bool reached;
	const char *why;
} certainties[] = {
    {is_on_a_cable, false, "It is of no network that anybody routes to."},
    {is_not_carried, false, "The VPN does not carry that version of IP."},
    {is_of_another, false,
     "It is another device's of the VPN, and devices do not reach each other."},
    {is_of_a_friend, true, "It is another device's of the VPN, if one is connected there."},
    {is_resolver, true, "It is a resolver that he is told, whatever rules say."},
};

/* --- what rules say */

static struct reach_view
judge(struct api_call *c, const struct grant *g, const struct question *q)
{
	const struct vpn *vpn = &c->api->config->vpn;
	const struct flat_rule *by = grant_reaches(g, &q->to, q->protocol, (uint16_t)q->port);
	struct arena *memory = c->access->memory;
	struct reach_view r = {.rule = SHAPE_UNSET};

	for (size_t i = 0; vpn->network.base.family != 0 && i < COUNT(certainties); i++)
		if (certainties[i].fits(vpn, g, q))
			return (struct reach_view){certainties[i].reached, certainties[i].why,
						   SHAPE_UNSET};
	if (by == NULL) {
		r.reached = is_gateway(vpn, &q->to);
		r.why = r.reached ? "It is this server, and no rule says otherwise."
				  : "No rule names it, so it is denied.";
		return r;
	}
	r.reached = by->action == RULE_ALLOW;
	if (by->rule == 0) {
		r.why = "The configuration routes it for everybody, and no rule says otherwise.";
		return r;
	}
	r.rule = by->rule;
	r.why = arena_printf(memory, "Rule %lld %s %s%s%s.", (long long)by->rule,
			     r.reached ? "allows" : "denies", text_of(c, &by->to),
			     r.reached ? ", by " : "", r.reached ? rule_ways[by->way] : "");
	return r;
}

static struct outcome
show_reach(struct api_call *c)
{
	struct question q = {0};
	struct reach_view reach;
	struct grant g;
	struct outcome o;

	if (refused(o = read_question(c, &q)) || refused(o = find_grant(c, &q.user, &g)))
		return o;
	reach = judge(c, &g, &q);
	return call_answer(c, &reach, 0, NULL);
}

static const struct parameter question[] = {
    {"user", "string", "Who: a name, or # and an id.", NULL},
    {"to", "string", "Which address.", NULL},
    {"protocol", "string", "By which protocol; absent: whatever has no ports.", rule_protocols},
    {"port", "integer", "Which port, of tcp and udp.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/users/{user}/grant",
     .id = "getUserGrant",
     .doc = "Shows what a connection of a user would be held to now, as one flat list.",
     .level = LEVEL_READ,
     .answer = &shape_grant,
     .run = show_grant},
    {.method = METHOD_GET,
     .path = "/reach",
     .id = "reach",
     .doc = "Says whether a user may reach an address through the VPN, and which rule decides.",
     .level = LEVEL_READ,
     .also = ALSO_UNKNOWN,
     .answer = &shape_reach,
     .query = question,
     .query_count = COUNT(question),
     .run = show_reach},
};

const struct operation_group operations_reach = {"Reach", operations, COUNT(operations)};
