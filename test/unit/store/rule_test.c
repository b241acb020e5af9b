#include "store/rule.h"

#include "store/scene.h"

static struct rule
a_rule(int scope, int64_t of, int64_t position)
{
	return (struct rule){.scope = scope,
			     .of = of,
			     .position = position,
			     .action = RULE_DENY,
			     .destination = "192.168.10.0/24",
			     .protocol = RULE_TCP,
			     .port_from = 80,
			     .port_to = 443,
			     .way = RULE_ROUTE,
			     .comment = "the office"};
}

static int64_t
add(struct scene *t, int scope, int64_t of, int64_t position)
{
	struct rule r = a_rule(scope, of, position);

	assert_done(t->s, store_rule_add(t->s, &r));
	return r.id;
}

static int64_t
add_group(struct scene *t, const char *name)
{
	struct group g = {.name = name, .created = NOW};

	assert_done(t->s, store_group_add(t->s, &g));
	return g.id;
}

static void
a_rule_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	int64_t group = add_group(t, "staff");
	const struct {
		int scope;
		int64_t of;
		const char *name;
	} cases[] = {
	    {RULE_GLOBAL, 0, NULL}, {RULE_GROUP, group, "staff"}, {RULE_USER, t->bob, "bob"}};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct rule r = a_rule(cases[i].scope, cases[i].of, 7), out;

		assert_done(t->s, store_rule_add(t->s, &r));
		assert_int_equal(r.version, 1);
		assert_done(t->s, store_rule(t->s, r.id, t->a, &out));
		assert_int_equal(out.id, r.id);
		assert_int_equal(out.version, 1);
		assert_int_equal(out.scope, cases[i].scope);
		assert_int_equal(out.of, cases[i].of);
		if (cases[i].name == NULL)
			assert_null(out.of_name);
		else
			assert_string_equal(out.of_name, cases[i].name);
		assert_int_equal(out.position, 7);
		assert_int_equal(out.action, RULE_DENY);
		assert_string_equal(out.destination, "192.168.10.0/24");
		assert_int_equal(out.protocol, RULE_TCP);
		assert_int_equal(out.port_from, 80);
		assert_int_equal(out.port_to, 443);
		assert_int_equal(out.way, RULE_ROUTE);
		assert_string_equal(out.comment, "the office");
	}
}

static void
a_rule_of_an_unknown_user_or_group_is_not_added(void **state)
{
	struct scene *t = *state;
	struct rule user = a_rule(RULE_USER, 4711, 1), group = a_rule(RULE_GROUP, 4711, 1);

	assert_store(t->s, STORE_NONE, store_rule_add(t->s, &user));
	assert_store(t->s, STORE_NONE, store_rule_add(t->s, &group));
}

static void
who_changes_or_removes_second_is_told(void **state)
{
	struct scene *t = *state;
	struct rule one = a_rule(RULE_USER, t->alice, 1), other, out;

	assert_done(t->s, store_rule_add(t->s, &one));
	other = one;
	one.destination = "10.0.0.0/8";
	one.position = 2;
	assert_done(t->s, store_rule_change(t->s, &one));
	assert_int_equal(one.version, 2);
	assert_store(t->s, STORE_CHANGED, store_rule_change(t->s, &other));
	assert_store(t->s, STORE_CHANGED, store_rule_remove(t->s, one.id, 1));
	assert_done(t->s, store_rule(t->s, one.id, t->a, &out));
	assert_string_equal(out.destination, "10.0.0.0/8");
	assert_done(t->s, store_rule_remove(t->s, one.id, 2));
	assert_store(t->s, STORE_NONE, store_rule_remove(t->s, one.id, 2));
	assert_store(t->s, STORE_NONE, store_rule_change(t->s, &one));
	assert_store(t->s, STORE_NONE, store_rule(t->s, one.id, t->a, &out));
}

static void
a_rule_can_become_anothers(void **state)
{
	struct scene *t = *state;
	int64_t group = add_group(t, "staff");
	struct rule r = a_rule(RULE_USER, t->alice, 1), out;

	assert_done(t->s, store_rule_add(t->s, &r));
	r.scope = RULE_GROUP;
	r.of = group;
	assert_done(t->s, store_rule_change(t->s, &r));
	assert_done(t->s, store_user_remove(t->s, t->alice, scene_version(t, t->alice)));
	assert_done(t->s, store_rule(t->s, r.id, t->a, &out));
	assert_int_equal(out.of, group);
	assert_string_equal(out.of_name, "staff");
}

static void
rules_for_a_user_are_his_his_groups_and_everybodys(void **state)
{
	struct scene *t = *state;
	int64_t group = add_group(t, "staff"), other = add_group(t, "guests");
	const int64_t global_second = add(t, RULE_GLOBAL, 0, 2),
		      in_group = add(t, RULE_GROUP, group, 1),
		      own_second = add(t, RULE_USER, t->alice, 5),
		      own_first = add(t, RULE_USER, t->alice, -5),
		      global_first = add(t, RULE_GLOBAL, 0, 1);
	const int64_t expected[] = {own_first, own_second, in_group, global_first, global_second};
	struct rule_list list;

	add(t, RULE_USER, t->bob, 1);
	add(t, RULE_GROUP, other, 1);
	assert_done(t->s, store_rules_for(t->s, t->alice, group, t->a, &list));
	assert_int_equal(list.count, COUNT(expected));
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.at[i].id, expected[i]);
	assert_null(list.next);
	assert_done(t->s, store_rules_for(t->s, t->alice, 0, t->a, &list));
	assert_int_equal(list.count, 4);
	assert_done(t->s, store_rules_for(t->s, 0, 0, t->a, &list));
	assert_int_equal(list.count, 2);
}

static bool
in_order(const struct rule *a, const struct rule *b)
{
	if (a->scope != b->scope)
		return a->scope > b->scope;
	if (a->of != b->of)
		return a->of < b->of;
	return a->position < b->position || (a->position == b->position && a->id < b->id);
}

static void
pages_stand_in_the_order_in_which_rules_are_looked_at(void **state)
{
	struct scene *t = *state;
	int64_t groups[] = {add_group(t, "staff"), add_group(t, "guests")};
	const int64_t positions[] = {3, -1, 0, 3, INT64_MAX, INT64_MIN, 1000000};

	for (unsigned i = 0; i < 3 * COUNT(positions); i++) {
		int scope = (int)i % 3;

		add(t, scope,
		    scope == RULE_GLOBAL  ? 0
		    : scope == RULE_GROUP ? groups[i % 2]
		    : i % 2 == 0          ? t->alice
					  : t->bob,
		    positions[i * 5 % COUNT(positions)]);
	}
	for (unsigned limit = 1; limit < 23; limit++) {
		struct page page = {.limit = limit};
		struct rule_list list;
		struct rule before;
		size_t seen = 0;

		do {
			assert_done(t->s, store_rules(t->s, &page, -1, 0, t->a, &list));
			for (size_t i = 0; i < list.count; i++) {
				if (seen++ > 0)
					assert_true(in_order(&before, &list.at[i]));
				before = list.at[i];
			}
		} while ((page.after = list.next) != NULL);
		assert_int_equal(seen, 3 * COUNT(positions));
	}
}

static void
lists_are_narrowed_by_scope_and_whose(void **state)
{
	struct scene *t = *state;
	int64_t group = add_group(t, "staff");
	const struct {
		int scope;
		int64_t of;
		size_t expected;
	} cases[] = {
	    {-1, 0, 5},
	    {RULE_GLOBAL, 0, 1},
	    {RULE_USER, 0, 3},
	    {RULE_USER, t->alice, 2},
	    {RULE_GROUP, group, 1},
	    {RULE_GROUP, 4711, 0},
	    {RULE_USER, 4711, 0},
	    {-1, t->bob, 1},
	};
	struct rule_list list;

	while (group <= t->bob) /* so that no group has a user's number */
		group = add_group(t, arena_printf(t->a, "staff%d", (int)group));
	add(t, RULE_GLOBAL, 0, 1);
	add(t, RULE_GROUP, group, 1);
	add(t, RULE_USER, t->alice, 1);
	add(t, RULE_USER, t->alice, 2);
	add(t, RULE_USER, t->bob, 1);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		int64_t of =
		    cases[i].scope == RULE_GROUP && cases[i].expected == 1 ? group : cases[i].of;

		assert_done(t->s, store_rules(t->s, &(struct page){.limit = 9}, cases[i].scope, of,
					      t->a, &list));
		if (list.count != cases[i].expected)
			fail_msg("case %u: %zu instead of %zu", i, list.count, cases[i].expected);
	}
}

static void
rules_go_with_whose_they_are(void **state)
{
	struct scene *t = *state;
	int64_t group = add_group(t, "staff");
	const int64_t ids[] = {add(t, RULE_USER, t->alice, 1), add(t, RULE_GROUP, group, 1)};
	struct rule out;

	assert_done(t->s, store_user_remove(t->s, t->alice, scene_version(t, t->alice)));
	assert_done(t->s, store_group_remove(t->s, group, 1));
	for (unsigned i = 0; i < COUNT(ids); i++)
		assert_store(t->s, STORE_NONE, store_rule(t->s, ids[i], t->a, &out));
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		struct rule r = a_rule(RULE_GLOBAL, 0, 1), out;

		r.destination = r.comment = scene_hostile[i];
		assert_done(t->s, store_rule_add(t->s, &r));
		assert_done(t->s, store_rule(t->s, r.id, t->a, &out));
		assert_string_equal(out.destination, scene_hostile[i]);
		assert_string_equal(out.comment, scene_hostile[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_rule_comes_back_as_it_was),
	    scene_test(a_rule_of_an_unknown_user_or_group_is_not_added),
	    scene_test(who_changes_or_removes_second_is_told),
	    scene_test(a_rule_can_become_anothers),
	    scene_test(rules_for_a_user_are_his_his_groups_and_everybodys),
	    scene_test(pages_stand_in_the_order_in_which_rules_are_looked_at),
	    scene_test(lists_are_narrowed_by_scope_and_whose),
	    scene_test(rules_go_with_whose_they_are),
	    scene_test(hostile_texts_are_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
