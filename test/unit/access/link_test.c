#include "access/link.h"

#include <pthread.h>

#include "access/signin.h"
#include "access/world.h"
#include "store/device.h"

static const struct address somewhere = {.family = 4, .ip = {192, 0, 2, 1}};

static struct outcome
create(struct world *w, const struct actor *who, enum link_kind kind, int64_t user, int64_t device,
       char token[SECRET_TEXT])
{
	struct link l;

	return link_create(&w->a, who, kind, user, device, &l, token);
}

static struct outcome
look(struct world *w, const char *token, enum link_kind kind)
{
	struct link l;

	return link_look(&w->a, span_str(token), kind, &l);
}

static int64_t
add_device(struct world *w, const struct user *u, const char *name)
{
	struct device d = {.user = u->id, .name = name, .created = NOON};

	assert_int_equal(STORE_DONE, store_device_add(w->a.store, &d));
	return d.id;
}

static void
to_look_consumes_nothing(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	char token[SECRET_TEXT];

	assert_taken(create(w, &world_machine, LINK_INVITE, alice.id, 0, token));
	for (int n = 0; n < 5; n++)
		assert_taken(look(w, token, LINK_INVITE));
	assert_taken(link_set_password(&w->a, span_str(token), SPAN_OF(PASSWORD), &somewhere, &u));
	assert_outcome(OUTCOME_UNKNOWN, look(w, token, LINK_INVITE));
}

/* Whoever made it may not administer him any more. */
static void
a_link_is_void_once_its_user_may_do_more(void **state)
{
	static const enum link_kind kinds[] = {LINK_INVITE, LINK_RESET};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct user u = world_user(w, i == 0 ? "alice" : "bob", USER_ROLE_USER), after = u;
		char token[SECRET_TEXT];

		assert_taken(create(w, &world_machine, kinds[i], u.id, 0, token));
		after.full_name = "A. B.";
		assert_taken(user_change(&w->a, &world_machine, &u, &after));
		assert_taken(look(w, token, kinds[i]));
		assert_taken(user_find(&w->a, u.name, &u));
		after = u;
		after.role = USER_ROLE_OPERATOR;
		assert_taken(user_change(&w->a, &world_machine, &u, &after));
		assert_outcome(OUTCOME_UNKNOWN, look(w, token, kinds[i]));
	}
}

static void
a_link_is_for_one_thing_and_for_so_long(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	static const struct {
		enum link_kind kind;
		int64_t lifetime;
	} kinds[] = {
	    {LINK_SETUP, LINK_SETUP_MS},
	    {LINK_INVITE, LINK_INVITE_MS},
	    {LINK_RESET, LINK_RESET_MS},
	    {LINK_PROFILE, LINK_PROFILE_MS},
	};
	int64_t device = add_device(w, &alice, "laptop");

	for (size_t i = 0; i < COUNT(kinds); i++) {
		char token[SECRET_TEXT], other[SECRET_TEXT];

		w->a.now = NOON;
		assert_taken(create(w, &world_machine, kinds[i].kind, alice.id, device, token));
		for (size_t j = 0; j < COUNT(kinds); j++)
			assert_outcome(i == j ? OUTCOME_DONE : OUTCOME_UNKNOWN,
				       look(w, token, kinds[j].kind));
		memcpy(other, token, sizeof other);
		other[3] = other[3] == 'x' ? 'y' : 'x';
		assert_outcome(OUTCOME_UNKNOWN, look(w, other, kinds[i].kind));
		assert_outcome(OUTCOME_UNKNOWN, look(w, "", kinds[i].kind));
		assert_outcome(OUTCOME_UNKNOWN,
			       look(w, arena_printf(w->a.memory, "%s/", token), kinds[i].kind));
		w->a.now = NOON + kinds[i].lifetime - 1;
		assert_taken(look(w, token, kinds[i].kind));
		w->a.now = NOON + kinds[i].lifetime;
		assert_outcome(OUTCOME_UNKNOWN, look(w, token, kinds[i].kind));
	}
}

static void
the_newest_link_is_the_one_that_counts(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	char first[SECRET_TEXT], second[SECRET_TEXT], bobs[SECRET_TEXT];

	assert_taken(create(w, &world_machine, LINK_RESET, alice.id, 0, first));
	assert_taken(create(w, &world_machine, LINK_RESET, bob.id, 0, bobs));
	assert_taken(create(w, &world_machine, LINK_RESET, alice.id, 0, second));
	assert_outcome(OUTCOME_UNKNOWN, look(w, first, LINK_RESET));
	assert_taken(look(w, second, LINK_RESET));
	assert_taken(look(w, bobs, LINK_RESET));
}

static void
who_may_make_which_link(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user admin = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor of_alice = world_actor(&alice), of_bob = world_actor(&bob),
		     oscar = world_actor(&clerk), carol = world_actor(&admin);
	int64_t laptop = add_device(w, &alice, "laptop"), phone = add_device(w, &admin, "phone");
	char token[SECRET_TEXT];

	assert_outcome(OUTCOME_FORBIDDEN, create(w, &of_alice, LINK_RESET, alice.id, 0, token));
	assert_outcome(OUTCOME_FORBIDDEN, create(w, &oscar, LINK_RESET, admin.id, 0, token));
	assert_outcome(OUTCOME_FORBIDDEN, create(w, &oscar, LINK_INVITE, clerk.id, 0, token));
	assert_taken(create(w, &oscar, LINK_RESET, alice.id, 0, token));
	assert_taken(create(w, &of_alice, LINK_PROFILE, alice.id, laptop, token));
	assert_taken(create(w, &oscar, LINK_PROFILE, alice.id, laptop, token));
	assert_outcome(OUTCOME_FORBIDDEN,
		       create(w, &of_bob, LINK_PROFILE, alice.id, laptop, token));
	assert_outcome(OUTCOME_UNKNOWN, create(w, &of_alice, LINK_PROFILE, alice.id, phone, token));
	assert_outcome(OUTCOME_FORBIDDEN, create(w, &oscar, LINK_PROFILE, admin.id, phone, token));
	assert_int_equal(STORE_DONE, store_device_revoke(w->a.store, laptop, NOON));
	assert_outcome(OUTCOME_UNKNOWN,
		       create(w, &of_alice, LINK_PROFILE, alice.id, laptop, token));
	assert_outcome(OUTCOME_UNKNOWN, create(w, &carol, LINK_RESET, 99, 0, token));
	/* There is an administrator: nobody needs to set up anything. */
	assert_outcome(OUTCOME_FORBIDDEN, create(w, &carol, LINK_SETUP, 0, 0, token));
	assert_outcome(OUTCOME_TAKEN, create(w, &world_machine, LINK_SETUP, 0, 0, token));
}

static void
a_profile_may_be_fetched_once_more_within_a_minute(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	int64_t device = add_device(w, &alice, "laptop");
	char token[SECRET_TEXT];
	struct link l;

	for (int late = 0; late < 2; late++) {
		w->a.now = NOON;
		assert_taken(create(w, &world_machine, LINK_PROFILE, alice.id, device, token));
		assert_taken(link_look(&w->a, span_str(token), LINK_PROFILE, &l));
		assert_taken(link_use(&w->a, &l));
		w->a.now += LINK_RETRY_MS + late;
		struct outcome o = link_look(&w->a, span_str(token), LINK_PROFILE, &l);
		if (late) {
			assert_int_equal(OUTCOME_UNKNOWN, o.kind);
			continue;
		}
		assert_taken(o);
		assert_taken(link_use(&w->a, &l));
		assert_outcome(OUTCOME_UNKNOWN, link_use(&w->a, &l)); /* and that is all */
		assert_outcome(OUTCOME_UNKNOWN, look(w, token, LINK_PROFILE));
	}
	assert_true(world_was_told(w, EVENT_LINK));
}

static void
a_link_sets_a_password_once_and_only_a_good_one(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	struct signin s = {.where = "web",
			   .name = SPAN_OF("alice"),
			   .password = SPAN_OF("another river, at 5"),
			   .from = somewhere};
	char token[SECRET_TEXT], profile[SECRET_TEXT];

	assert_taken(create(w, &world_machine, LINK_RESET, alice.id, 0, token));
	struct outcome o =
	    link_set_password(&w->a, span_str(token), SPAN_OF("alice12345"), &somewhere, &u);
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("password", o.field);
	assert_taken(look(w, token, LINK_RESET)); /* it is good still */
	assert_taken(link_set_password(&w->a, span_str(token), s.password, &somewhere, &u));
	assert_string_equal("alice", u.name);
	assert_outcome(OUTCOME_UNKNOWN,
		       link_set_password(&w->a, span_str(token), s.password, &somewhere, &u));
	assert_taken(signin_check(&w->a, &s, &u));
	/* A link for something else sets none. */
	assert_taken(create(w, &world_machine, LINK_PROFILE, alice.id,
			    add_device(w, &alice, "laptop"), profile));
	assert_outcome(OUTCOME_UNKNOWN,
		       link_set_password(&w->a, span_str(profile), s.password, &somewhere, &u));
}

/* An invitation that somebody else has got hold of would take the account over. */
static void
whoever_has_a_password_is_invited_no_more(void **state)
{
	static const enum link_kind kinds[] = {LINK_INVITE, LINK_RESET};
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	char tokens[COUNT(kinds)][SECRET_TEXT];

	for (size_t used = 0; used < COUNT(kinds); used++) {
		for (size_t i = 0; i < COUNT(kinds); i++)
			assert_taken(create(w, &world_machine, kinds[i], alice.id, 0, tokens[i]));
		assert_taken(link_set_password(&w->a, span_str(tokens[used]), SPAN_OF(PASSWORD),
					       &somewhere, &u));
		for (size_t i = 0; i < COUNT(kinds); i++)
			assert_outcome(OUTCOME_UNKNOWN, look(w, tokens[i], kinds[i]));
	}
	assert_taken(create(w, &world_machine, LINK_INVITE, alice.id, 0, tokens[0]));
	assert_taken(
	    password_set(&w->a, &world_machine, &alice, SPAN_NONE, SPAN_OF("a wide river, at 5")));
	assert_outcome(OUTCOME_UNKNOWN, look(w, tokens[0], LINK_INVITE));
}

static void
links_of_who_may_no_more_are_over(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice, u;
	char token[SECRET_TEXT];

	assert_taken(create(w, &world_machine, LINK_INVITE, alice.id, 0, token));
	after.enabled = false;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_outcome(OUTCOME_UNKNOWN, look(w, token, LINK_INVITE));
	assert_outcome(OUTCOME_UNKNOWN, link_set_password(&w->a, span_str(token), SPAN_OF(PASSWORD),
							  &somewhere, &u));
	assert_outcome(OUTCOME_FORBIDDEN,
		       create(w, &world_machine, LINK_INVITE, alice.id, 0, token));
}

static void
a_link_that_was_revoked_is_over(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct actor of_bob = world_actor(&bob);
	char token[SECRET_TEXT];
	struct link l;

	assert_taken(link_create(&w->a, &world_machine, LINK_INVITE, alice.id, 0, &l, token));
	assert_outcome(OUTCOME_FORBIDDEN, link_revoke(&w->a, &of_bob, &l));
	assert_taken(link_revoke(&w->a, &world_machine, &l));
	assert_outcome(OUTCOME_UNKNOWN, look(w, token, LINK_INVITE));
	assert_outcome(OUTCOME_UNKNOWN, link_revoke(&w->a, &world_machine, &l));
	assert_outcome(OUTCOME_UNKNOWN, link_use(&w->a, &l));
}

/* --- the first administrator */

static struct outcome
finish(struct access *a, const char *token, const char *name, const char *password,
       struct session *e, char cookie[SECRET_TEXT])
{
	struct user u = user_new();

	u.name = name;
	return setup_finish(a, span_str(token), &u, span_str(password), &somewhere, "Lynx", e,
			    cookie);
}

static void
the_first_administrator_is_made_by_the_link(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT], cookie[SECRET_TEXT];
	struct session e;
	struct actor who;
	struct user u;
	bool is_open;

	assert_taken(setup_is_open(&w->a, &is_open));
	assert_true(is_open);
	assert_taken(create(w, &world_machine, LINK_SETUP, 0, 0, token));
	assert_outcome(OUTCOME_INVALID, finish(&w->a, token, "a b", PASSWORD, &e, cookie));
	assert_outcome(OUTCOME_INVALID, finish(&w->a, token, NULL, PASSWORD, &e, cookie));
	assert_outcome(OUTCOME_INVALID, finish(&w->a, token, "carol", "short", &e, cookie));
	assert_outcome(OUTCOME_UNKNOWN, finish(&w->a, "x", "carol", PASSWORD, &e, cookie));
	assert_taken(finish(&w->a, token, "Carol", PASSWORD, &e, cookie));
	assert_int_equal(NOON + CONSOLE_FREE_MS, e.free_until);
	assert_taken(session_actor(&w->a, span_str(cookie), &somewhere, &who, &e));
	assert_int_equal(LEVEL_ADMIN, who.level);
	assert_int_equal(NOON + CONSOLE_FREE_MS, e.free_until);
	assert_taken(user_find(&w->a, "carol", &u));
	assert_int_equal(USER_ROLE_ADMIN, u.role);
	assert_int_equal(NOON, u.last_seen);
	assert_taken(setup_is_open(&w->a, &is_open));
	assert_false(is_open);
	assert_outcome(OUTCOME_UNKNOWN, finish(&w->a, token, "mallory", PASSWORD, &e, cookie));
}

static void
a_link_from_before_is_of_no_use_once_there_is_an_administrator(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT], cookie[SECRET_TEXT];
	struct session e;

	assert_taken(create(w, &world_machine, LINK_SETUP, 0, 0, token));
	(void)world_user(w, "carol", USER_ROLE_ADMIN); /* on the command line meanwhile */
	assert_outcome(OUTCOME_TAKEN, finish(&w->a, token, "mallory", PASSWORD, &e, cookie));
	struct user u;
	assert_outcome(OUTCOME_UNKNOWN, user_find(&w->a, "mallory", &u));
}

static void
a_name_that_is_taken_does_not_use_up_the_link(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT], cookie[SECRET_TEXT];
	struct session e;

	(void)world_user(w, "alice", USER_ROLE_USER);
	assert_taken(create(w, &world_machine, LINK_SETUP, 0, 0, token));
	assert_outcome(OUTCOME_TAKEN, finish(&w->a, token, "alice", PASSWORD, &e, cookie));
	assert_taken(finish(&w->a, token, "carol", PASSWORD, &e, cookie));
}

struct racer {
	struct world *w;
	const char *token, *name;
	bool is_first;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct access a = world_access(r->w);
	char cookie[SECRET_TEXT];
	struct session e;

	r->is_first = !refused(finish(&a, r->token, r->name, PASSWORD, &e, cookie));
	world_access_end(&a);
	return NULL;
}

static void
of_many_with_the_same_link_one_is_the_first_administrator(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"one", "two", "three", "four"};
	struct racer racers[COUNT(names)];
	pthread_t threads[COUNT(names)];
	char token[SECRET_TEXT];
	int64_t admins;
	int first = 0;

	assert_taken(create(w, &world_machine, LINK_SETUP, 0, 0, token));
	for (size_t i = 0; i < COUNT(names); i++) {
		racers[i] = (struct racer){w, token, names[i], false};
		assert_int_equal(0, pthread_create(&threads[i], NULL, race, &racers[i]));
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		pthread_join(threads[i], NULL);
		first += racers[i].is_first;
	}
	assert_int_equal(1, first);
	assert_int_equal(STORE_DONE, store_user_count(w->a.store, USER_ROLE_ADMIN, NOON, &admins));
	assert_int_equal(1, admins);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(to_look_consumes_nothing),
	    world_test(a_link_is_void_once_its_user_may_do_more),
	    world_test(a_link_is_for_one_thing_and_for_so_long),
	    world_test(the_newest_link_is_the_one_that_counts),
	    world_test(who_may_make_which_link),
	    world_test(a_profile_may_be_fetched_once_more_within_a_minute),
	    world_test(a_link_sets_a_password_once_and_only_a_good_one),
	    world_test(whoever_has_a_password_is_invited_no_more),
	    world_test(links_of_who_may_no_more_are_over),
	    world_test(a_link_that_was_revoked_is_over),
	    world_test(the_first_administrator_is_made_by_the_link),
	    world_test(a_link_from_before_is_of_no_use_once_there_is_an_administrator),
	    world_test(a_name_that_is_taken_does_not_use_up_the_link),
	    world_test(of_many_with_the_same_link_one_is_the_first_administrator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
