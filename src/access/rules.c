#include "access/rules.h"

#include <inttypes.h>

#include "access/change.h"
#include "access/people.h"

#define COMMENT_MAX  200
#define POSITION_MAX 1000000
#define RULES_MAX    STORE_PAGE_MAX /* of one user, one group, or everybody */

const char *const rule_scopes[] = {"global", "group", "user", NULL};
const char *const rule_actions[] = {"allow", "deny", NULL};
const char *const rule_protocols[] = {"any", "tcp", "udp", "icmp", NULL};
const char *const rule_ways[] = {"nat", "route", NULL};

static const char *
check_network(const char *text)
{
	struct network net;

	return network_parse(span_str(text), &net)
		   ? NULL
		   : "is no network like 192.168.10.0/24 (bits past its prefix have to be zero)";
}

static const struct shape_member rule_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct rule, id),
     .doc = "Never another rule's."},
    {.name = "scope",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_REQUIRED | SHAPE_FIXED,
     .offset = offsetof(struct rule, scope),
     .choices = rule_scopes,
     .doc = "Whom it is for. A user's own rules are looked at first, then his group's, then those "
	    "for everybody."},
    {.name = "of",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL | SHAPE_FIXED,
     .offset = offsetof(struct rule, of_name),
     .max = 64,
     .doc = "The name of that user or group."},
    {.name = "position",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct rule, position),
     .max = POSITION_MAX,
     .doc =
	 "Its place among those of the same user, of the same group or for everybody, the lowest "
	 "first. Whoever stands there moves on; 0: the last."},
    {.name = "action",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_REQUIRED,
     .offset = offsetof(struct rule, action),
     .choices = rule_actions,
     .doc = "Whether it may be reached. The first rule that fits decides."},
    {.name = "destination",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = offsetof(struct rule, destination),
     .min = 1,
     .max = ADDRESS_TEXT_MAX + 4,
     .check = check_network,
     .format = "cidr",
     .doc = "A network, or an address."},
    {.name = "protocol",
     .kind = SHAPE_CHOICE,
     .offset = offsetof(struct rule, protocol),
     .choices = rule_protocols,
     .doc = "Which packets it is about."},
    {.name = "port_from",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct rule, port_from),
     .max = UINT16_MAX,
     .doc = "The first port, of TCP or UDP; 0: any."},
    {.name = "port_to",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct rule, port_to),
     .max = UINT16_MAX,
     .doc = "The last port; 0: the first is the only one."},
    {.name = "way",
     .kind = SHAPE_CHOICE,
     .offset = offsetof(struct rule, way),
     .choices = rule_ways,
     .doc = "Whether what is reached sees this server's address, or the client's own, to which it "
	    "then needs a route: for connections that a client begins from then on."},
    {.name = "comment",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct rule, comment),
     .max = COMMENT_MAX,
     .check = shape_check_line,
     .doc = "For administrators."},
};
const struct shape shape_rule = {
    .name = "Rule",
    .doc = "What may be reached through the VPN.",
    .size = sizeof(struct rule),
    .members = rule_members,
    .count = COUNT(rule_members),
};

static const char *
object_of(const struct access *a, const struct rule *r)
{
	return arena_printf(a->memory, "rule %" PRId64, r->id);
}

static struct outcome
may_rule(const struct actor *who)
{
	return who->level >= LEVEL_ADMIN
		   ? OUTCOME_OK
		   : outcome_new(OUTCOME_FORBIDDEN, "only administrators may change rules");
}

static struct outcome
check_ports(struct rule *r)
{
	if (r->port_to == 0)
		r->port_to = r->port_from;
	if (r->port_from < 0 || r->port_to > UINT16_MAX)
		return outcome_field(OUTCOME_INVALID, "port_from", "ports go from 1 to 65535");
	if (r->port_from > r->port_to)
		return outcome_field(OUTCOME_INVALID, "port_to",
				     "port_to is below port_from: swap them");
	if (r->port_from == 0 && r->port_to > 0)
		return outcome_field(OUTCOME_INVALID, "port_from",
				     "port_from is missing: give the first port as well");
	if (r->port_to > 0 && r->protocol != RULE_TCP && r->protocol != RULE_UDP)
		return outcome_field(OUTCOME_INVALID, "protocol",
				     "only \"tcp\" and \"udp\" have ports: choose one of them");
	return OUTCOME_OK;
}

static struct outcome
check_rule(const struct access *a, struct rule *r)
{
	const char *why = r->destination != NULL ? check_network(r->destination) : "is missing";
	char text[NETWORK_TEXT_MAX];
	struct network net;

	if (why != NULL || !network_parse(span_str(r->destination), &net))
		return outcome_field(OUTCOME_INVALID, "destination", "destination %s",
				     why != NULL ? why : "is no network");
	/* One network is written in one way. */
	r->destination = arena_copy(a->memory, span_str(network_text(&net, text)));
	return check_ports(r);
}

/* Whose rule it is: `of_name` is a name, or # and an id. Inside the transaction. */
static struct outcome
resolve(struct access *a, struct rule *r)
{
	struct outcome o;
	struct group g;
	struct user u;

	r->of = 0;
	if (r->scope == RULE_GLOBAL)
		return r->of_name == NULL
			   ? OUTCOME_OK
			   : outcome_field(OUTCOME_INVALID, "of",
					   "a global rule is nobody's: leave \"of\" out");
	if (r->of_name == NULL)
		return outcome_field(OUTCOME_INVALID, "of", "of is missing: name the %s",
				     rule_scopes[r->scope]);
	o = r->scope == RULE_USER ? user_find(a, r->of_name, &u) : group_find(a, r->of_name, &g);
	if (o.kind == OUTCOME_UNKNOWN)
		return outcome_field(OUTCOME_INVALID, "of", "%s", o.text);
	if (refused(o))
		return o;
	r->of = r->scope == RULE_USER ? u.id : g.id;
	r->of_name = r->scope == RULE_USER ? u.name : g.name;
	return OUTCOME_OK;
}

/* Whoever stands where the rule goes moves on by one, and so do those whom this pushes. */
static struct outcome
make_room(struct access *a, const struct rule *r, const struct rule_list *others)
{
	int64_t taken = r->position;
	struct outcome o = OUTCOME_OK;

	for (size_t i = 0; i < others->count && !refused(o); i++) {
		struct rule *other = &others->at[i];

		if (other->id == r->id || other->position < r->position)
			continue;
		if (other->position > taken)
			break;
		if (taken == POSITION_MAX)
			return outcome_field(OUTCOME_INVALID, "position",
					     "there is no room behind that position: take a lower");
		other->position = ++taken;
		o = access_stored(a, store_rule_change(a->store, other), "rule");
	}
	return o;
}

/* Its place among the others, and not without end; `was`: where it stood, 0: nowhere. */
static struct outcome
take_place(struct access *a, struct rule *r, int64_t was)
{
	const struct page page = {.limit = RULES_MAX};
	struct rule_list others;
	struct outcome o = access_stored(
	    a, store_rules(a->store, &page, r->scope, r->of, a->memory, &others), "rules");

	if (refused(o))
		return o;
	if (others.count >= RULES_MAX && r->id == 0)
		return outcome_new(OUTCOME_TAKEN,
				   "there are %d rules already, as many as may be: remove some",
				   RULES_MAX);
	if (r->position > 0)
		return r->position != was ? make_room(a, r, &others) : OUTCOME_OK;
	for (size_t i = 0; i < others.count; i++)
		if (others.at[i].id != r->id && others.at[i].position >= r->position)
			r->position = others.at[i].position + 1;
	if (r->position == 0)
		r->position = 1;
	return OUTCOME_OK;
}

/* As it is stored now. */
static struct outcome
read_again(struct access *a, struct rule *r)
{
	return access_stored(a, store_rule(a->store, r->id, a->memory, r), "rule");
}

struct outcome
rule_add(struct access *a, const struct actor *who, struct rule *r)
{
	struct outcome o;

	if (refused(o = may_rule(who)) || refused(o = check_rule(a, r)) ||
	    refused(o = change_begin(a)))
		return o;
	if (!refused(o = resolve(a, r)) && !refused(o = take_place(a, r, 0)))
		o = access_stored(a, store_rule_add(a->store, r), "rule");
	if (!refused(o))
		o = read_again(a, r);
	return change_end(a, who, o,
			  &(struct change){.action = "rule.add",
					   .object = object_of(a, r),
					   .shape = &shape_rule,
					   .after = r,
					   .event = EVENT_RULE,
					   .id = r->id});
}

struct outcome
rule_change(struct access *a, const struct actor *who, const struct rule *before,
	    struct rule *after)
{
	struct outcome o;

	if (refused(o = may_rule(who)) || refused(o = check_rule(a, after)) ||
	    refused(o = change_begin(a)))
		return o;
	/* Whose it is, it stays. */
	after->scope = before->scope;
	after->of = before->of;
	if (!refused(o = take_place(a, after, before->position)))
		o = access_stored(a, store_rule_change(a->store, after), object_of(a, before));
	if (!refused(o))
		o = read_again(a, after);
	return change_end(a, who, o,
			  &(struct change){.action = "rule.change",
					   .object = object_of(a, before),
					   .shape = &shape_rule,
					   .before = before,
					   .after = after,
					   .event = EVENT_RULE,
					   .id = before->id});
}

struct outcome
rule_remove(struct access *a, const struct actor *who, const struct rule *r)
{
	struct outcome o;

	if (refused(o = may_rule(who)) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_rule_remove(a->store, r->id, r->version), object_of(a, r));
	return change_end(a, who, o,
			  &(struct change){.action = "rule.remove",
					   .object = object_of(a, r),
					   .shape = &shape_rule,
					   .before = r,
					   .event = EVENT_RULE,
					   .id = r->id});
}
