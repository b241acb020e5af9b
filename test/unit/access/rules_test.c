#include "access/rules.h"

#include "access/world.h"

static const struct implied nothing;

static struct network
net(const char *text)
{
	struct network n;

	if (!network_parse(span_str(text), &n))
		fail_msg("%s", text);
	return n;
}

/* What each packet comes to, and by which rule. */
static void
the_first_rule_that_fits_decides(void **state)
{
	struct flat_rule rules[] = {
	    {.to = net("10.0.0.5/32"),
	     .action = RULE_DENY,
	     .protocol = RULE_TCP,
	     .port_from = 22,
	     .port_to = 22,
	     .rule = 1},
	    {.to = net("10.0.0.0/24"),
	     .protocol = RULE_TCP,
	     .port_from = 20,
	     .port_to = 443,
	     .rule = 2},
	    {.to = net("10.0.0.0/24"), .protocol = RULE_ICMP, .rule = 3},
	    {.to = net("10.1.0.0/16"), .rule = 4},
	    {.to = net("10.0.0.0/8"), .action = RULE_DENY, .rule = 5},
	    {.to = net("2001:db8::/32"),
	     .protocol = RULE_UDP,
	     .port_from = 53,
	     .port_to = 53,
	     .rule = 6},
	    {.to = net("0.0.0.0/0"), .rule = 7},
	};
	const struct grant g = {.rules = rules, .count = COUNT(rules)};
	static const struct packet {
		const char *to;
		int protocol;
		uint16_t port;
		int64_t rule; /* 0: none */
	} packets[] = {
	    {"10.0.0.5", RULE_TCP, 22, 1},        {"10.0.0.5", RULE_TCP, 23, 2},
	    {"10.0.0.5", RULE_UDP, 22, 5},        {"10.0.0.6", RULE_TCP, 22, 2},
	    {"10.0.0.6", RULE_TCP, 19, 5},        {"10.0.0.6", RULE_TCP, 20, 2},
	    {"10.0.0.6", RULE_TCP, 443, 2},       {"10.0.0.6", RULE_TCP, 444, 5},
	    {"10.0.0.6", RULE_ICMP, 0, 3},        {"10.0.0.6", RULE_ANY, 0, 5},
	    {"10.1.2.3", RULE_ANY, 0, 4},         {"10.1.2.3", RULE_UDP, 65535, 4},
	    {"10.2.0.1", RULE_TCP, 80, 5},        {"11.0.0.1", RULE_TCP, 80, 7},
	    {"2001:db8::1", RULE_UDP, 53, 6},     {"2001:db8::1", RULE_UDP, 54, 0},
	    {"2001:db8::1", RULE_TCP, 53, 0},     {"2001:db9::1", RULE_UDP, 53, 0},
	    {"::ffff:10.0.0.5", RULE_TCP, 22, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(packets); i++) {
		const struct packet *p = &packets[i];
		struct address to = world_address(p->to);
		const struct flat_rule *r = grant_reaches(&g, &to, p->protocol, p->port);

		if ((r != NULL ? r->rule : 0) != p->rule)
			fail_msg("%s %d %u: rule %lld", p->to, p->protocol, p->port,
				 r != NULL ? (long long)r->rule : 0);
	}
	assert_null(grant_reaches(&(struct grant){0}, &rules[0].to.base, RULE_ANY, 0));
	assert_null(grant_reaches(&g, &(struct address){0}, RULE_ANY, 0));
}

static struct rule
add(struct world *w, int scope, const char *of, int action, const char *destination)
{
	struct rule r = {
	    .scope = scope, .of_name = of, .action = action, .destination = destination};

	assert_taken(rule_add(&w->a, &world_machine, &r));
	return r;
}

static struct user
member(struct world *w, const char *name)
{
	struct group g = group_new();
	struct user u, after;

	g.name = "staff";
	assert_taken(group_add(&w->a, &world_machine, &g));
	u = world_user(w, name, USER_ROLE_USER);
	after = u;
	after.group_name = "staff";
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_taken(user_find(&w->a, name, &u));
	return u;
}

static void
a_grant_has_the_users_rules_then_his_groups_then_everybodys_then_the_configurations(void **state)
{
	struct world *w = *state;
	const struct implied_route routes[] = {{net("192.168.10.0/24"), RULE_ROUTE}};
	const struct implied implied = {.routes = routes, .count = 1};
	struct user u = member(w, "alice");
	struct grant g;

	world_user(w, "bob", USER_ROLE_USER);
	add(w, RULE_GLOBAL, NULL, RULE_ALLOW, "10.3.0.0/16");
	add(w, RULE_GROUP, "staff", RULE_ALLOW, "10.2.0.0/16");
	add(w, RULE_USER, "bob", RULE_ALLOW, "10.9.0.0/16");
	add(w, RULE_USER, "alice", RULE_DENY, "10.1.0.0/16");
	struct rule r = {.scope = RULE_USER,
			 .of_name = "ALICE",
			 .position = 1,
			 .destination = "10.0.0.7",
			 .protocol = RULE_TCP,
			 .port_from = 22,
			 .way = RULE_ROUTE};
	assert_taken(rule_add(&w->a, &world_machine, &r));
	static const char *const order[] = {"10.0.0.7", "10.1.0.0", "10.2.0.0", "10.3.0.0",
					    "192.168.10.0"};
	assert_taken(grant_of(&w->a, &u, 5, &implied, &g));
	assert_int_equal(g.count, COUNT(order));
	for (size_t i = 0; i < g.count; i++) {
		char text[ADDRESS_TEXT_MAX];

		assert_string_equal(address_ip_text(&g.rules[i].to.base, text), order[i]);
	}
	assert_true(g.rules[0].port_from == 22 && g.rules[0].port_to == 22);
	assert_int_equal(g.rules[0].way, RULE_ROUTE);
	assert_true(g.rules[4].rule == 0 && g.rules[3].rule > 0);
	assert_int_equal(g.rules[4].way, RULE_ROUTE);
	assert_true(g.user == u.id && g.device == 5 && g.tunnel == TUNNEL_SPLIT);
	assert_false(g.client_to_client);
}

static void
a_full_tunnel_leads_everywhere_but_where_a_rule_denies(void **state)
{
	struct world *w = *state;
	struct user u = world_user(w, "alice", USER_ROLE_USER), after = u;
	const struct implied full = {.everything = true};
	struct address there = world_address("1.1.1.1"), v6 = world_address("2606:4700::1"),
		       here = world_address("10.0.0.1");
	struct grant g;

	add(w, RULE_GLOBAL, NULL, RULE_DENY, "10.0.0.0/8");
	assert_taken(grant_of(&w->a, &u, 0, &nothing, &g));
	assert_null(grant_reaches(&g, &there, RULE_TCP, 80));
	assert_taken(grant_of(&w->a, &u, 0, &full, &g));
	assert_int_equal(g.tunnel, TUNNEL_FULL);
	assert_int_equal(grant_reaches(&g, &there, RULE_TCP, 80)->action, RULE_ALLOW);
	assert_int_equal(grant_reaches(&g, &v6, RULE_TCP, 80)->action, RULE_ALLOW);
	assert_int_equal(grant_reaches(&g, &here, RULE_TCP, 80)->action, RULE_DENY);
	after.policy.tunnel = TUNNEL_FULL;
	after.policy.connections_max = 2;
	after.policy.session_minutes = 30;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_taken(grant_of(&w->a, &after, 0, &nothing, &g));
	assert_true(g.tunnel == TUNNEL_FULL && g.connections_max == 2);
	assert_true(g.session_until == NOON + 30 * MINUTE);
	assert_int_equal(grant_reaches(&g, &there, RULE_TCP, 80)->action, RULE_ALLOW);
}

static void
a_policy_overrules_what_the_configuration_implies(void **state)
{
	struct world *w = *state;
	const struct implied_route routes[] = {{net("192.168.10.0/24"), RULE_NAT}};
	const struct implied implied[] = {{.everything = true}, {routes, 1, false, false}};
	static const struct {
		int policy, expected[2]; /* where all is implied, where routes are */
	} samples[] = {
	    {POLICY_UNSET, {TUNNEL_FULL, TUNNEL_SPLIT}},
	    {TUNNEL_SPLIT, {TUNNEL_SPLIT, TUNNEL_SPLIT}},
	    {TUNNEL_FULL, {TUNNEL_FULL, TUNNEL_FULL}},
	};
	struct address there = world_address("1.1.1.1"), here = world_address("192.168.10.7");
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	struct grant g;

	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t j = 0; j < COUNT(implied); j++) {
			int expected = samples[i].expected[j];

			u.policy.tunnel = samples[i].policy;
			assert_taken(grant_of(&w->a, &u, 0, &implied[j], &g));
			assert_int_equal(expected, g.tunnel);
			assert_int_equal(expected == TUNNEL_FULL,
					 grant_reaches(&g, &there, RULE_TCP, 80) != NULL);
			if (j == 1) /* its routes are everybody's in any case */
				assert_non_null(grant_reaches(&g, &here, RULE_TCP, 80));
		}
}

static void
a_rule_that_makes_no_sense_is_refused_by_its_field(void **state)
{
	static const struct {
		struct rule rule;
		const char *field;
	} rules[] = {
	    {{.destination = NULL}, "destination"},
	    {{.destination = "example.org"}, "destination"},
	    {{.destination = "10.0.0.1/8"}, "destination"},
	    {{.destination = "10.0.0.0/33"}, "destination"},
	    {{.destination = "10.0.0.0/8", .port_from = 80}, "protocol"},
	    {{.destination = "10.0.0.0/8", .protocol = RULE_ICMP, .port_from = 80}, "protocol"},
	    {{.destination = "10.0.0.0/8", .protocol = RULE_TCP, .port_from = 80, .port_to = 79},
	     "port_to"},
	    {{.destination = "10.0.0.0/8", .protocol = RULE_TCP, .port_to = 79}, "port_from"},
	    {{.destination = "10.0.0.0/8", .protocol = RULE_UDP, .port_from = 1, .port_to = 65536},
	     "port_from"},
	    {{.destination = "10.0.0.0/8", .of_name = "alice"}, "of"},
	    {{.destination = "10.0.0.0/8", .scope = RULE_USER}, "of"},
	    {{.destination = "10.0.0.0/8", .scope = RULE_USER, .of_name = "nobody-here"}, "of"},
	    {{.destination = "10.0.0.0/8", .scope = RULE_GROUP, .of_name = "alice"}, "of"},
	};
	struct world *w = *state;

	world_user(w, "alice", USER_ROLE_USER);
	int64_t rows = world_rows(w);
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct rule r = rules[i].rule;
		struct outcome o = rule_add(&w->a, &world_machine, &r);

		if (o.kind != OUTCOME_INVALID || strcmp(o.field, rules[i].field) != 0)
			fail_msg("rule %zu: %s: %s", i, o.field, o.text);
	}
	assert_int_equal(world_rows(w), rows);
}

static void
rules_are_changed_and_removed_by_administrators_alone(void **state)
{
	struct world *w = *state;
	struct user operator= world_user(w, "olga", USER_ROLE_OPERATOR);
	struct actor olga = world_actor(&operator);
	struct rule r = add(w, RULE_GLOBAL, NULL, RULE_ALLOW, "2001:DB8:0::/32"), after = r;

	assert_string_equal(r.destination, "2001:db8::/32");
	assert_true(r.position == 1);
	assert_outcome(OUTCOME_FORBIDDEN,
		       rule_add(&w->a, &olga, &(struct rule){.destination = "10.0.0.0/8"}));
	assert_outcome(OUTCOME_FORBIDDEN, rule_change(&w->a, &olga, &r, &after));
	assert_outcome(OUTCOME_FORBIDDEN, rule_remove(&w->a, &olga, &r));
	after.destination = "10.0.0.1";
	after.scope = RULE_USER;
	assert_taken(rule_change(&w->a, &world_machine, &r, &after));
	assert_string_equal(after.destination, "10.0.0.1/32");
	assert_int_equal(after.scope, RULE_GLOBAL);
	assert_outcome(OUTCOME_CHANGED, rule_remove(&w->a, &world_machine, &r));
	assert_taken(rule_remove(&w->a, &world_machine, &after));
	assert_outcome(OUTCOME_UNKNOWN, rule_remove(&w->a, &world_machine, &after));
	assert_true(world_was_told(w, EVENT_RULE));
}

static void
a_rule_without_a_place_comes_last(void **state)
{
	struct world *w = *state;
	struct rule r = {.destination = "10.0.0.0/8", .position = 70};

	assert_taken(rule_add(&w->a, &world_machine, &r));
	assert_true(add(w, RULE_GLOBAL, NULL, RULE_DENY, "10.0.0.0/8").position == 71);
	world_user(w, "alice", USER_ROLE_USER);
	assert_true(add(w, RULE_USER, "alice", RULE_DENY, "10.0.0.0/8").position == 1);
}

/* As text, of the last part of their addresses: "3 1 2". */
static const char *
order_of(struct world *w, int scope)
{
	const struct page page = {.limit = 10};
	struct rule_list rules;
	const char *text = "";

	assert_int_equal(store_rules(w->a.store, &page, scope, 0, w->a.memory, &rules), STORE_DONE);
	for (size_t i = 0; i < rules.count; i++)
		text = arena_printf(w->a.memory, "%s%s%c", text, i > 0 ? " " : "",
				    rules.at[i].destination[strlen("10.0.0.")]);
	return text;
}

static struct outcome
move(struct world *w, const struct rule *r, int64_t position)
{
	struct rule before, after;

	assert_int_equal(store_rule(w->a.store, r->id, w->a.memory, &before), STORE_DONE);
	after = before;
	after.position = position;
	return rule_change(&w->a, &world_machine, &before, &after);
}

static void
whoever_stands_where_a_rule_goes_moves_on(void **state)
{
	struct world *w = *state;
	struct rule one = add(w, RULE_GLOBAL, NULL, RULE_ALLOW, "10.0.0.1");
	struct rule two = add(w, RULE_GLOBAL, NULL, RULE_ALLOW, "10.0.0.2");
	struct rule three = add(w, RULE_GLOBAL, NULL, RULE_ALLOW, "10.0.0.3"), again;

	world_user(w, "alice", USER_ROLE_USER);
	add(w, RULE_USER, "alice", RULE_DENY, "10.0.0.9");
	assert_taken(move(w, &three, one.position));
	assert_string_equal(order_of(w, RULE_GLOBAL), "3 1 2");
	assert_taken(move(w, &three, 2));
	assert_string_equal(order_of(w, RULE_GLOBAL), "3 1 2"); /* 1 had moved on, to 2 */
	assert_taken(move(w, &three, 5));
	assert_string_equal(order_of(w, RULE_GLOBAL), "1 2 3");
	again = two;
	again.comment = "as it was";
	assert_outcome(OUTCOME_CHANGED, rule_change(&w->a, &world_machine, &two, &again));
	assert_taken(move(w, &one, 1000000));
	assert_taken(move(w, &one, 1000000));
	assert_outcome(OUTCOME_INVALID, move(w, &two, 1000000));
	assert_string_equal(order_of(w, RULE_GLOBAL), "2 3 1");
	assert_string_equal(order_of(w, RULE_USER), "9");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_rule_that_fits_decides),
	    world_test(
		a_grant_has_the_users_rules_then_his_groups_then_everybodys_then_the_configurations),
	    world_test(a_full_tunnel_leads_everywhere_but_where_a_rule_denies),
	    world_test(a_policy_overrules_what_the_configuration_implies),
	    world_test(a_rule_that_makes_no_sense_is_refused_by_its_field),
	    world_test(rules_are_changed_and_removed_by_administrators_alone),
	    world_test(a_rule_without_a_place_comes_last),
	    world_test(whoever_stands_where_a_rule_goes_moves_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
