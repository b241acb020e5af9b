#include "access/people.h"

#include <pthread.h>

#include "access/signin.h"
#include "access/world.h"

static void
names_that_can_be_taken(void **state)
{
	static const char *const good[] = {"alice", "a",         "a.b-c_d",  "alice@example.org",
					   "7of9",  "alice+vpn", "_service", "1.2.3",
					   "root",  "deadbeef"};
	static const char *const bad[] = {
	    "",
	    "Alice",
	    " alice",
	    "al ice",
	    "alice\n",
	    "-rf",
	    ".hidden",
	    "@all",
	    "192.0.2.1",
	    "<b>alice</b>",
	    "a'--",
	    "a\"b",
	    "a;b",
	    "a/b",
	    "a\\b",
	    "sallyport",
	    "nobody",
	    "me",
	    "#1",
	    "\xC3\xA9",
	    "2001:db8::1",
	    "a:b",
	    "a%b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (people_check_name(good[i]) != NULL)
			fail_msg("%s: %s", good[i], people_check_name(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (people_check_name(bad[i]) == NULL)
			fail_msg("\"%s\" was taken", bad[i]);
}

static struct outcome
add(struct world *w, const struct actor *who, const char *name, enum user_role role)
{
	struct user u = user_new();

	u.name = name;
	u.role = role;
	return user_add(&w->a, who, &u);
}

static void
users_are_found_by_name_in_any_case_or_by_number(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	static const char *const none[] = {"bob", "#99", "#", "#x", "", "#-1", "' OR 1=1 --"};

	assert_taken(add(w, &world_machine, "BOBBY", USER_ROLE_USER));
	assert_taken(user_find(&w->a, "bobby", &u));
	assert_taken(user_find(&w->a, "ALICE", &u));
	assert_int_equal(alice.id, u.id);
	assert_taken(user_find(&w->a, arena_printf(w->a.memory, "#%d", (int)alice.id), &u));
	assert_string_equal("alice", u.name);
	for (size_t i = 0; i < COUNT(none); i++)
		assert_outcome(OUTCOME_UNKNOWN, user_find(&w->a, none[i], &u));
}

static void
a_name_is_taken_once(void **state)
{
	struct world *w = *state;

	assert_taken(add(w, &world_machine, "alice", USER_ROLE_USER));
	struct outcome o = add(w, &world_machine, "Alice", USER_ROLE_USER);
	assert_int_equal(OUTCOME_TAKEN, o.kind);
	assert_string_equal("name", o.field);
	o = add(w, &world_machine, "a b", USER_ROLE_USER);
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("name", o.field);
	assert_outcome(OUTCOME_INVALID, add(w, &world_machine, NULL, USER_ROLE_USER));
}

static struct user
called(const char *name)
{
	struct user u = user_new();

	u.name = name;
	return u;
}

static void
many_are_added_at_once_each_with_its_row(void **state)
{
	struct world *w = *state;
	struct user users[] = {called("Alice"), called("bob"), called("carla")}, u;
	int64_t rows = world_rows(w);

	assert_taken(users_add(&w->a, &world_machine, users, 0));
	assert_int_equal(rows, world_rows(w));
	assert_taken(users_add(&w->a, &world_machine, users, COUNT(users)));
	assert_int_equal(rows + (int64_t)COUNT(users) + 1, world_rows(w));
	for (size_t i = 0; i < COUNT(users); i++) {
		assert_taken(user_find(&w->a, users[i].name, &u));
		assert_int_equal(users[i].id, u.id);
		assert_int_equal(NOON, u.created);
	}
	assert_true(world_was_told(w, EVENT_USER));
}

/* The last of them is at fault, so that all the others were there already. */
static void
of_many_one_cannot_be_added_and_nobody_is(void **state)
{
	struct world *w = *state;
	struct user nobody = called("no name"), twice = called("BOB"), stray = called("dora");
	struct user admin = called("eve"), clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct actor oscar = world_actor(&clerk), reader = world_machine;

	admin.role = USER_ROLE_ADMIN;
	stray.group_name = "none";
	reader.reads_only = true;
	const struct {
		struct user last;
		const struct actor *who;
		enum outcome_kind kind;
	} samples[] = {
	    {nobody, &world_machine, OUTCOME_INVALID}, {twice, &world_machine, OUTCOME_TAKEN},
	    {clerk, &world_machine, OUTCOME_TAKEN},    {stray, &world_machine, OUTCOME_INVALID},
	    {admin, &oscar, OUTCOME_FORBIDDEN},        {called("dora"), &reader, OUTCOME_FORBIDDEN},
	};
	int64_t rows = world_rows(w);

	w->told_count = 0;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct user users[] = {called("alice"), called("bob"), samples[i].last}, u;

		assert_outcome(samples[i].kind,
			       users_add(&w->a, samples[i].who, users, COUNT(users)));
		assert_outcome(OUTCOME_UNKNOWN, user_find(&w->a, "alice", &u));
		assert_outcome(OUTCOME_UNKNOWN, user_find(&w->a, "bob", &u));
	}
	assert_int_equal(rows, world_rows(w));
	assert_int_equal(0, w->told_count);
}

static void
who_may_touch_whom(void **state)
{
	struct world *w = *state;
	static const enum user_role roles[] = {USER_ROLE_USER, USER_ROLE_OPERATOR, USER_ROLE_ADMIN};
	static const enum outcome_kind expected[3][3] = {
	    /* actor a user */ {OUTCOME_FORBIDDEN, OUTCOME_FORBIDDEN, OUTCOME_FORBIDDEN},
	    /* an operator */ {OUTCOME_DONE, OUTCOME_FORBIDDEN, OUTCOME_FORBIDDEN},
	    /* an admin */ {OUTCOME_DONE, OUTCOME_DONE, OUTCOME_DONE},
	};

	(void)world_user(w, "last", USER_ROLE_ADMIN);
	for (size_t i = 0; i < COUNT(roles); i++) {
		const char *own = arena_printf(w->a.memory, "actor%d", (int)i);
		struct user u = world_user(w, own, roles[i]);
		struct actor who = world_actor(&u);

		for (size_t j = 0; j < COUNT(roles); j++) {
			const char *name = arena_printf(w->a.memory, "of%d.%d", (int)i, (int)j);
			struct user of, after;

			assert_outcome(expected[i][j], add(w, &who, name, roles[j]));
			if (expected[i][j] != OUTCOME_DONE)
				assert_taken(add(w, &world_machine, name, roles[j]));
			assert_taken(user_find(&w->a, name, &of));
			after = of;
			after.enabled = false;
			assert_outcome(expected[i][j], user_change(&w->a, &who, &of, &after));
			assert_taken(user_find(&w->a, name, &of));
			assert_outcome(expected[i][j], user_remove(&w->a, &who, &of));
		}
	}
}

static void
an_operator_makes_nobody_more_than_a_user(void **state)
{
	struct world *w = *state;
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice;
	struct actor oscar = world_actor(&clerk);

	after.role = USER_ROLE_ADMIN;
	assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &oscar, &alice, &after));
	struct user himself = clerk;
	himself.role = USER_ROLE_ADMIN;
	assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &oscar, &clerk, &himself));
}

static void
one_may_change_what_he_himself_is_called(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice;
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct actor who = world_actor(&alice);

	after.full_name = "Alice";
	after.email = "alice@example.org";
	assert_taken(user_change(&w->a, &who, &alice, &after));
	assert_taken(user_find(&w->a, "alice", &alice));
	after = alice;
	after.policy.devices_max = 100;
	assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &who, &alice, &after));
	after = alice;
	after.expires = NOON + HOUR;
	assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &who, &alice, &after));
	after = bob;
	after.full_name = "Bob";
	assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &who, &bob, &after));
	after = alice;
	after.name = "mallory";
	assert_outcome(OUTCOME_INVALID, user_change(&w->a, &who, &alice, &after));
}

static void
who_comes_second_looks_again(void **state)
{
	struct world *w = *state;
	struct user before = world_user(w, "alice", USER_ROLE_USER);
	struct user one = before, two = before;

	one.comment = "one";
	two.comment = "two";
	assert_taken(user_change(&w->a, &world_machine, &before, &one));
	assert_outcome(OUTCOME_CHANGED, user_change(&w->a, &world_machine, &before, &two));
	assert_outcome(OUTCOME_CHANGED, user_remove(&w->a, &world_machine, &before));
	assert_taken(user_find(&w->a, "alice", &before));
	assert_string_equal("one", before.comment);
	assert_taken(user_remove(&w->a, &world_machine, &before));
	assert_outcome(OUTCOME_UNKNOWN, user_remove(&w->a, &world_machine, &before));
}

static void
the_last_administrator_stays_but_for_the_command_line(void **state)
{
	struct world *w = *state;
	struct user carol = world_user(w, "carol", USER_ROLE_ADMIN), after;
	struct actor who = world_actor(&carol);
	struct user disabled = world_user(w, "dora", USER_ROLE_ADMIN);

	after = disabled;
	after.enabled = false;
	assert_taken(user_change(&w->a, &who, &disabled, &after));
	for (int i = 0; i < 3; i++) {
		after = carol;
		if (i == 0)
			after.enabled = false;
		else if (i == 1)
			after.role = USER_ROLE_OPERATOR;
		else
			after.expires = NOON + HOUR; /* none would be left then */
		assert_outcome(OUTCOME_FORBIDDEN, user_change(&w->a, &who, &carol, &after));
	}
	assert_outcome(OUTCOME_FORBIDDEN, user_remove(&w->a, &who, &carol));
	assert_taken(user_find(&w->a, "carol", &after));
	assert_true(after.enabled);
	(void)world_user(w, "eve", USER_ROLE_ADMIN);
	carol = after;
	after.expires = NOON + HOUR;
	assert_taken(user_change(&w->a, &who, &carol, &after));
	assert_taken(user_find(&w->a, "eve", &after));
	assert_outcome(OUTCOME_DONE, user_remove(&w->a, &who, &after)); /* carol is left for now */
	assert_taken(user_find(&w->a, "carol", &carol));
	assert_taken(user_remove(&w->a, &world_machine, &carol));
}

struct demotion {
	struct world *w;
	const char *who, *whom;
	enum outcome_kind came_to;
};

static void *
demote(void *arg)
{
	struct demotion *d = arg;
	struct access a = world_access(d->w);
	struct user actor = {0}, before = {0}, after;

	if (refused(user_find(&a, d->who, &actor)) || refused(user_find(&a, d->whom, &before)))
		fail_msg("%s, %s", d->who, d->whom);
	struct actor who = world_actor(&actor);
	after = before;
	after.role = USER_ROLE_USER;
	d->came_to = user_change(&a, &who, &before, &after).kind;
	world_access_end(&a);
	return NULL;
}

static void
of_two_who_demote_each_other_one_stays(void **state)
{
	struct world *w = *state;
	struct demotion d[] = {{w, "carol", "dora", OUTCOME_DONE},
			       {w, "dora", "carol", OUTCOME_DONE}};
	pthread_t threads[2];
	int64_t left;

	(void)world_user(w, "carol", USER_ROLE_ADMIN);
	(void)world_user(w, "dora", USER_ROLE_ADMIN);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, demote, &d[i]));
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(STORE_DONE, store_user_count(w->a.store, USER_ROLE_ADMIN, NOON, &left));
	assert_int_equal(1, left);
	assert_true((d[0].came_to == OUTCOME_DONE) != (d[1].came_to == OUTCOME_DONE));
}

static void
who_is_disabled_is_signed_out(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice;
	struct session s = {
	    .user = alice.id, .created = NOON, .seen = NOON, .expires = NOON + HOUR};
	const struct page page = {.limit = 10};
	struct session_list list;

	assert_int_equal(STORE_DONE, store_session_add(w->a.store, &s));
	assert_taken(sessions_list(&w->a, &page, alice.id, &list));
	assert_int_equal(1, list.count);
	after.enabled = false;
	w->told_count = 0;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_taken(sessions_list(&w->a, &page, alice.id, &list));
	assert_int_equal(0, list.count);
	assert_true(world_was_told(w, EVENT_SESSION));
}

/* --- groups and policies */

static struct group
add_group(struct world *w, const char *name)
{
	struct group g = group_new();

	g.name = name;
	assert_taken(group_add(&w->a, &world_machine, &g));
	return g;
}

static void
a_group_is_joined_by_name_and_goes_only_when_it_is_empty(void **state)
{
	struct world *w = *state;
	struct group staff = add_group(w, "Staff");
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice;

	after.group_name = "STAFF";
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_taken(user_find(&w->a, "alice", &alice));
	assert_int_equal(staff.id, alice.group);
	assert_string_equal("staff", alice.group_name);
	after = alice;
	after.group_name = "others";
	struct outcome o = user_change(&w->a, &world_machine, &alice, &after);
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("group", o.field);
	assert_taken(group_find(&w->a, "staff", &staff));
	assert_outcome(OUTCOME_TAKEN, group_remove(&w->a, &world_machine, &staff));
	after.group_name = NULL;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_taken(group_remove(&w->a, &world_machine, &staff));
	assert_outcome(OUTCOME_UNKNOWN, group_find(&w->a, "staff", &staff));
}

static void
groups_are_for_administrators_alone(void **state)
{
	struct world *w = *state;
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct actor oscar = world_actor(&clerk);
	struct group g = add_group(w, "staff"), after = g, other = group_new();

	other.name = "others";
	after.comment = "ours";
	assert_outcome(OUTCOME_FORBIDDEN, group_add(&w->a, &oscar, &other));
	assert_outcome(OUTCOME_FORBIDDEN, group_change(&w->a, &oscar, &g, &after));
	assert_outcome(OUTCOME_FORBIDDEN, group_remove(&w->a, &oscar, &g));
	assert_outcome(OUTCOME_FORBIDDEN, policy_set_global(&w->a, &oscar, &g.policy, 0));
	assert_taken(group_change(&w->a, &world_machine, &g, &after));
	assert_outcome(OUTCOME_CHANGED, group_change(&w->a, &world_machine, &g, &after));
	assert_taken(group_add(&w->a, &world_machine, &other));
	assert_taken(group_find(&w->a, "others", &g));
	after = g;
	after.name = "staff";
	assert_outcome(OUTCOME_TAKEN, group_change(&w->a, &world_machine, &g, &after));
}

static void
a_policy_is_the_narrowest_that_says_something(void **state)
{
	struct world *w = *state;
	static const char *dns[] = {"192.0.2.53", NULL};
	struct group g = group_new();
	struct user u = user_new();
	struct everybodys_policy everybody;
	struct user_policy p;
	int64_t version;

	g.name = "staff";
	g.policy.devices_max = 3;
	g.policy.totp_required = 1;
	g.policy.dns = dns;
	assert_taken(group_add(&w->a, &world_machine, &g));
	u.name = "alice";
	u.group_name = "staff";
	u.policy.totp_required = 0;
	assert_taken(user_add(&w->a, &world_machine, &u));
	assert_taken(user_find(&w->a, "alice", &u));
	assert_taken(policy_of_user(&w->a, &u, &p));
	assert_int_equal(0, p.totp_required);     /* his own */
	assert_int_equal(3, p.devices_max);       /* his group's */
	assert_int_equal(720, p.session_minutes); /* everybody's */
	assert_string_equal("192.0.2.53", p.dns[0]);

	assert_taken(policy_global(&w->a, &everybody, &version));
	assert_int_equal(0, version);
	assert_int_equal(POLICY_UNSET, everybody.set.session_minutes);
	assert_int_equal(720, everybody.usual.session_minutes);
	p = user_new().policy;
	p.session_minutes = 60;
	p.devices_max = 1;
	assert_taken(policy_set_global(&w->a, &world_machine, &p, version));
	assert_outcome(OUTCOME_CHANGED, policy_set_global(&w->a, &world_machine, &p, version));
	assert_taken(policy_global(&w->a, &everybody, &version));
	assert_int_equal(1, version);
	assert_int_equal(60, everybody.set.session_minutes);
	assert_int_equal(POLICY_UNSET, everybody.set.totp_required);
	assert_int_equal(720, everybody.usual.session_minutes);
	assert_taken(policy_of_user(&w->a, &u, &p));
	assert_int_equal(60, p.session_minutes);
	assert_int_equal(3, p.devices_max);
	/* Nothing is left unset but what the configuration implies. */
	assert_true(p.totp_required >= 0 && p.connections_max >= 0);
	assert_int_equal(POLICY_UNSET, p.tunnel);
	assert_int_equal(POLICY_UNSET, p.client_to_client);
}

static void
what_people_are_said_to_be_is_checked(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *json, *field;
	} samples[] = {
	    {"{\"name\":\"alice\",\"full_name\":\"'; DROP TABLE users; --\"}", NULL},
	    {"{\"name\":\"alice\",\"comment\":\"<script>alert(1)</script>\"}", NULL},
	    {"{\"name\":\"Alice\",\"email\":null,\"group\":null,\"expires\":null}", NULL},
	    {"{\"name\":\"alice\",\"policy\":{\"totp_required\":true,\"dns\":[\"::1\"]}}", NULL},
	    {"{}", "name"},
	    {"{\"name\":\"a b\"}", "name"},
	    {"{\"name\":\"alice\",\"full_name\":\"a\\nb\"}", "full_name"},
	    {"{\"name\":\"alice\",\"email\":\"alice\"}", "email"},
	    {"{\"name\":\"alice\",\"email\":\"a@b@c\"}", "email"},
	    {"{\"name\":\"alice\",\"email\":\"a@b\\r\\nBcc: c@d\"}", "email"},
	    {"{\"name\":\"alice\",\"role\":\"root\"}", "role"},
	    {"{\"name\":\"alice\",\"id\":7}", "id"},
	    {"{\"name\":\"alice\",\"has_password\":true}", "has_password"},
	    {"{\"name\":\"alice\",\"policy\":{\"devices_max\":-1}}", "policy.devices_max"},
	    {"{\"name\":\"alice\",\"policy\":{\"dns\":[\"example.org\"]}}", "policy.dns"},
	    {"{\"name\":\"alice\",\"policy\":{\"session_minutes\":1e9}}", "policy.session_minutes"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct user u = user_new();
		struct outcome o = shape_read(&shape_user, SHAPE_CREATE, span_str(samples[i].json),
					      w->a.memory, &u, NULL);

		if (samples[i].field == NULL && refused(o))
			fail_msg("%s: %s", samples[i].json, o.text);
		if (samples[i].field != NULL &&
		    (!refused(o) ||
		     strncmp(o.field, samples[i].field, strlen(samples[i].field)) != 0))
			fail_msg("%s: \"%s\" instead of \"%s\"", samples[i].json, o.field,
				 samples[i].field);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_that_can_be_taken),
	    world_test(users_are_found_by_name_in_any_case_or_by_number),
	    world_test(a_name_is_taken_once),
	    world_test(many_are_added_at_once_each_with_its_row),
	    world_test(of_many_one_cannot_be_added_and_nobody_is),
	    world_test(who_may_touch_whom),
	    world_test(an_operator_makes_nobody_more_than_a_user),
	    world_test(one_may_change_what_he_himself_is_called),
	    world_test(who_comes_second_looks_again),
	    world_test(the_last_administrator_stays_but_for_the_command_line),
	    world_test(of_two_who_demote_each_other_one_stays),
	    world_test(who_is_disabled_is_signed_out),
	    world_test(a_group_is_joined_by_name_and_goes_only_when_it_is_empty),
	    world_test(groups_are_for_administrators_alone),
	    world_test(a_policy_is_the_narrowest_that_says_something),
	    world_test(what_people_are_said_to_be_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
