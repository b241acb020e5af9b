/* Access rules: what may be reached through the VPN. */
#include "access/people.h"
#include "access/rules.h"
#include "api/op.h"

/* The id of whom the query's `of` names, in its scope. */
static struct outcome
find_subject(struct api_call *c, int scope, int64_t *out)
{
	const char *word = call_query(c, "of");
	struct outcome o;
	struct group g;
	struct user u;

	*out = 0;
	if (word == NULL)
		return OUTCOME_OK;
	switch (scope) {
	case RULE_USER:
		if (!refused(o = user_find(c->access, word, &u)))
			*out = u.id;
		return o;
	case RULE_GROUP:
		if (!refused(o = group_find(c->access, word, &g)))
			*out = g.id;
		return o;
	default:
		return outcome_field(OUTCOME_INVALID, "of", "of goes with the scope user or group");
	}
}

static struct outcome
list_rules(struct api_call *c)
{
	int scope = op_choice(call_query(c, "scope"), rule_scopes);
	struct rule_list rules;
	struct page page;
	struct outcome o;
	int64_t of;

	if (refused(o = call_page(c, &page)) || refused(o = find_subject(c, scope, &of)) ||
	    refused(o = access_stored(
			c->access,
			store_rules(c->access->store, &page, scope, of, c->access->memory, &rules),
			"rules")))
		return o;
	return call_answer_list(c, rules.at, rules.count, sizeof *rules.at, rules.next);
}

static struct outcome
find_rule(struct api_call *c, int64_t id, struct rule *out)
{
	return access_stored(c->access, store_rule(c->access->store, id, c->access->memory, out),
			     "rule");
}

static struct outcome
find_named(struct api_call *c, struct rule *out)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "rule", &id)))
		return o;
	return find_rule(c, id, out);
}

static struct outcome
create_rule(struct api_call *c)
{
	struct rule r = {0};
	struct outcome o;

	if (refused(o = call_body(c, &r, NULL)) || refused(o = rule_add(c->access, &c->actor, &r)))
		return o;
	return call_answer(c, &r, r.version,
			   arena_printf(c->access->memory, "/rules/%lld", (long long)r.id));
}

static struct outcome
show_rule(struct api_call *c)
{
	struct outcome o;
	struct rule r = {0};

	if (refused(o = find_named(c, &r)))
		return o;
	return call_answer(c, &r, r.version, NULL);
}

static struct outcome
change_rule(struct api_call *c)
{
	struct rule before = {0}, after;
	struct outcome o;

	if (refused(o = find_named(c, &before)) || refused(o = call_match(c, before.version)))
		return o;
	after = before;
	if (refused(o = call_body(c, &after, NULL)) ||
	    refused(o = rule_change(c->access, &c->actor, &before, &after)))
		return o;
	return call_answer(c, &after, after.version, NULL);
}

static struct outcome
remove_rule(struct api_call *c)
{
	struct outcome o;
	struct rule r = {0};

	if (refused(o = find_named(c, &r)) || refused(o = call_match(c, r.version)) ||
	    refused(o = rule_remove(c->access, &c->actor, &r)))
		return o;
	return call_answer_none(c);
}

static const struct parameter narrowed[] = {
    {"scope", "string", "Only rules for everybody, for groups, or for users.", rule_scopes},
    {"of", "string", "Only those of this group or user, as the scope says: a name, or # and an id.",
     NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/rules",
     .id = "listRules",
     .doc = "Lists access rules in the order in which they are looked at.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_rule,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_rules},
    {.method = METHOD_POST,
     .path = "/rules",
     .id = "createRule",
     .doc = "Adds an access rule. Of a connection's rules, its user's are looked at first, then "
	    "his group's, then everybody's; the first that fits decides.",
     .level = LEVEL_ADMIN,
     .flags = OP_CREATES,
     .body = &shape_rule,
     .use = SHAPE_CREATE,
     .answer = &shape_rule,
     .run = create_rule},
    {.method = METHOD_GET,
     .path = "/rules/{id}",
     .id = "getRule",
     .doc = "Shows an access rule.",
     .level = LEVEL_READ,
     .answer = &shape_rule,
     .run = show_rule},
    {.method = METHOD_PATCH,
     .path = "/rules/{id}",
     .id = "changeRule",
     .doc = "Changes what is given and leaves the rest; connections follow at once.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES,
     .body = &shape_rule,
     .use = SHAPE_CHANGE,
     .answer = &shape_rule,
     .run = change_rule},
    {.method = METHOD_DELETE,
     .path = "/rules/{id}",
     .id = "removeRule",
     .doc = "Removes an access rule; connections follow at once.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES,
     .run = remove_rule},
};

const struct operation_group operations_rules = {"Rules", operations, COUNT(operations)};
