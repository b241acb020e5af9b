#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "access/guard.h"
#include "access/signin.h"
#include "access/world.h"

static const struct address nowhere;

static struct session
begin(struct world *w, const char *name, char token[SECRET_TEXT])
{
	const struct signin s = {.where = "web",
				 .name = span_str(name),
				 .password = SPAN_OF(PASSWORD),
				 .from = world_address("192.0.2.1"),
				 .agent = "Lynx \xFF\n\"2\""};
	struct session e;
	struct user u;

	assert_taken(session_begin(&w->a, &s, &e, &u, token));
	assert_string_equal(name, u.name);
	return e;
}

static struct outcome
look(struct world *w, const char *token, struct actor *who)
{
	struct address from = world_address("192.0.2.1");
	struct session e;

	return session_actor(&w->a, span_str(token), &from, who, &e);
}

static void
a_session_is_known_by_its_token_alone(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_OPERATOR);
	char token[SECRET_TEXT], other[SECRET_TEXT];
	struct actor who;

	begin(w, "alice", token);
	assert_taken(look(w, token, &who));
	assert_int_equal(ACTOR_USER, who.kind);
	assert_int_equal(LEVEL_OPERATE, who.level);
	assert_int_equal(alice.id, who.user);
	assert_string_equal("alice", who.name);
	assert_int_equal(NOON, who.proved);
	assert_true(who.session > 0);
	memcpy(other, token, sizeof other);
	other[7] = other[7] == 'A' ? 'B' : 'A';
	assert_outcome(OUTCOME_STRANGER, look(w, other, &who));
	assert_outcome(OUTCOME_STRANGER, look(w, "", &who));
	assert_outcome(OUTCOME_STRANGER, look(w, arena_printf(w->a.memory, "%sA", token), &who));
	/* What the store has is of no use for it. */
	const struct page page = {.limit = 1};
	struct session_list list;
	assert_taken(sessions_list(&w->a, &page, 0, &list));
	assert_string_equal("Lynx \\xFF\\x0A\\x222\\x22", list.at[0].agent);
	assert_memory_not_equal(token, list.at[0].hash, SECRET_HASH);
}

static void
a_session_ends_when_it_is_idle(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT];
	struct actor who;

	(void)world_user(w, "alice", USER_ROLE_USER);
	begin(w, "alice", token);
	for (int n = 0; n < 5; n++) {
		w->a.now += SESSION_IDLE_MS;
		assert_taken(look(w, token, &who));
	}
	w->a.now += SESSION_IDLE_MS + 1;
	assert_outcome(OUTCOME_STRANGER, look(w, token, &who));
}

struct late {
	struct world *w;
	atomic_bool begun;
	struct outcome o;
};

static void *
sign_in_slowly(void *arg)
{
	struct late *late = arg;
	struct access a = world_access(late->w);
	const struct signin s = {.where = "web",
				 .name = SPAN_OF("alice"),
				 .password = SPAN_OF(PASSWORD),
				 .from = world_address("192.0.2.1")};
	char token[SECRET_TEXT];
	struct session e;
	struct user u;

	atomic_store(&late->begun, true);
	late->o = session_begin(&a, &s, &e, &u, token);
	world_access_end(&a);
	return NULL;
}

/* Whoever has stolen a password is thrown out when it is changed, also from where he just comes in.
 */
static void
no_session_begins_with_a_password_that_was_changed_meanwhile(void **state)
{
	static const struct password_cost slow = {.memory_kib = 65536, .rounds = 8, .lanes = 1};
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	const struct page page = {.limit = 10};
	char encoded[PASSWORD_ENCODED_MAX];
	struct late late = {.w = w};
	struct session_list list;
	pthread_t thread;

	assert_true(password_hash(SPAN_OF(PASSWORD), &slow, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, alice.id, encoded, NOON));
	assert_int_equal(0, pthread_create(&thread, NULL, sign_in_slowly, &late));
	while (!atomic_load(&late.begun))
		sched_yield();
	usleep(20000); /* to compare takes longer; who begins later is refused in any case */
	w->a.now++;
	assert_taken(
	    password_set(&w->a, &world_machine, &alice, SPAN_NONE, SPAN_OF("another river, at 5")));
	pthread_join(thread, NULL);
	assert_outcome(OUTCOME_STRANGER, late.o);
	assert_taken(sessions_list(&w->a, &page, 0, &list));
	assert_int_equal(0, list.count);
}

static void
what_is_over_is_no_session_to_anybody(void **state)
{
	struct world *w = *state;
	const struct page page = {.limit = 9};
	struct session_list list;
	char token[SECRET_TEXT];
	struct session e;
	int64_t count;

	(void)world_user(w, "alice", USER_ROLE_USER);
	int64_t id = begin(w, "alice", token).id;
	w->a.now += SESSION_IDLE_MS;
	assert_taken(sessions_sweep(&w->a));
	assert_taken(session_find(&w->a, 0, id, &e));
	assert_taken(sessions_count(&w->a, &count));
	assert_int_equal(1, count);
	w->a.now += 1;
	assert_taken(sessions_list(&w->a, &page, 0, &list));
	assert_int_equal(0, list.count);
	assert_taken(sessions_count(&w->a, &count));
	assert_int_equal(0, count);
	assert_outcome(OUTCOME_UNKNOWN, session_find(&w->a, 0, id, &e));
	assert_int_equal(STORE_DONE, store_session(w->a.store, id, w->a.memory, &e));
	assert_taken(sessions_sweep(&w->a));
	assert_int_equal(STORE_NONE, store_session(w->a.store, id, w->a.memory, &e));
}

static void
a_session_ends_when_policy_says_so(void **state)
{
	struct world *w = *state;
	struct user_policy policy = user_new().policy;
	char token[SECRET_TEXT];
	struct actor who;

	policy.session_minutes = 60;
	assert_taken(policy_set_global(&w->a, &world_machine, &policy, 0));
	(void)world_user(w, "alice", USER_ROLE_USER);
	struct session e = begin(w, "alice", token);
	assert_int_equal(NOON + HOUR, e.expires);
	for (int n = 0; n < 5; n++) {
		w->a.now += 10 * MINUTE;
		assert_taken(look(w, token, &who));
	}
	w->a.now = NOON + HOUR - 1;
	assert_taken(look(w, token, &who));
	w->a.now = NOON + HOUR;
	assert_outcome(OUTCOME_STRANGER, look(w, token, &who));
}

static int64_t
seen_of(struct world *w, const char *token)
{
	uint8_t hash[SECRET_HASH];
	struct session e;

	assert_true(secret_hash(span_str(token), hash));
	assert_int_equal(STORE_DONE, store_session_by_hash(w->a.store, hash, w->a.memory, &e));
	return e.seen;
}

static void
that_it_was_seen_is_written_once_a_minute(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT];
	struct actor who;

	(void)world_user(w, "alice", USER_ROLE_USER);
	begin(w, "alice", token);
	w->a.now += MINUTE - 1;
	assert_taken(look(w, token, &who));
	assert_int_equal(NOON, seen_of(w, token));
	w->a.now += 1;
	assert_taken(look(w, token, &who));
	assert_int_equal(NOON + MINUTE, seen_of(w, token));
	w->a.now -= HOUR; /* the clock was set back: no reason to throw him out */
	assert_taken(look(w, token, &who));
	assert_int_equal(NOON + MINUTE - HOUR, seen_of(w, token));
}

static void
who_may_no_more_is_out_at_once(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_OPERATOR), after = alice;
	char token[SECRET_TEXT];
	struct actor who;
	struct ban b = {.reason = "because"};

	begin(w, "alice", token);
	assert_taken(user_find(&w->a, "alice", &alice));
	after = alice;
	after.role = USER_ROLE_USER;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_taken(look(w, token, &who));
	assert_int_equal(LEVEL_SELF, who.level);
	assert_taken(ban_subject(&w->a, "192.0.2.0/24", &b.of));
	assert_taken(ban_add(&w->a, &world_machine, &b));
	assert_outcome(OUTCOME_TOO_OFTEN, look(w, token, &who));
	assert_taken(ban_lift(&w->a, &world_machine, &b));
	assert_taken(look(w, token, &who));
	assert_taken(user_find(&w->a, "alice", &alice));
	after = alice;
	after.expires = NOON + HOUR;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	for (int n = 0; n < 2; n++) {
		w->a.now += 29 * MINUTE;
		assert_taken(look(w, token, &who));
	}
	w->a.now = NOON + HOUR;
	assert_outcome(OUTCOME_STRANGER, look(w, token, &who));
}

static void
before_codes_are_set_up_that_are_asked_for_one_may_do_nothing_else(void **state)
{
	struct world *w = *state;
	struct user_policy policy = user_new().policy;
	char token[SECRET_TEXT];
	struct actor who;

	(void)world_user(w, "carol", USER_ROLE_ADMIN);
	begin(w, "carol", token);
	assert_taken(look(w, token, &who));
	assert_int_equal(LEVEL_ADMIN, who.level);
	policy.totp_required = 1;
	assert_taken(policy_set_global(&w->a, &world_machine, &policy, 0));
	assert_taken(look(w, token, &who));
	assert_int_equal(LEVEL_SELF, who.level);
}

static void
the_guard_against_forged_requests_is_of_one_session(void **state)
{
	char one[SECRET_TEXT], again[SECRET_TEXT], other[SECRET_TEXT];

	(void)state;
	assert_true(session_csrf(SPAN_OF("token"), one));
	assert_true(session_csrf(SPAN_OF("token"), again));
	assert_true(session_csrf(SPAN_OF("tokem"), other));
	assert_int_equal(SECRET_TEXT - 1, strlen(one));
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
}

static void
the_password_once_more_is_counted_like_a_sign_in(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT];
	struct actor who;

	(void)world_user(w, "alice", USER_ROLE_USER);
	begin(w, "alice", token);
	w->a.now += PROOF_MS;
	assert_taken(look(w, token, &who));
	assert_taken(session_prove(&w->a, &who, SPAN_OF(PASSWORD)));
	assert_taken(look(w, token, &who));
	assert_int_equal(NOON + PROOF_MS, who.proved);
	for (int n = 0; n <= guard_limits[GUARD_ACCOUNT].free; n++) {
		struct outcome o = session_prove(&w->a, &who, SPAN_OF("wrong password"));
		assert_int_equal(OUTCOME_INVALID, o.kind);
		assert_string_equal("password", o.field);
	}
	assert_outcome(OUTCOME_TOO_OFTEN, session_prove(&w->a, &who, SPAN_OF(PASSWORD)));
	struct actor machine = world_machine;
	assert_outcome(OUTCOME_FORBIDDEN, session_prove(&w->a, &machine, SPAN_OF(PASSWORD)));
}

static void
sessions_are_ended_by_their_user_and_who_manages_him(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user carol = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor who, of_bob = world_actor(&bob), oscar = world_actor(&clerk);
	char one[SECRET_TEXT], two[SECRET_TEXT], three[SECRET_TEXT], hers[SECRET_TEXT];
	struct session first = begin(w, "alice", one), admins = begin(w, "carol", hers);
	int64_t count;

	begin(w, "alice", two);
	begin(w, "alice", three);
	assert_outcome(OUTCOME_FORBIDDEN, session_end(&w->a, &of_bob, &first));
	assert_outcome(OUTCOME_FORBIDDEN, sessions_end(&w->a, &of_bob, &alice, &count));
	assert_outcome(OUTCOME_FORBIDDEN, session_end(&w->a, &oscar, &admins));
	assert_outcome(OUTCOME_FORBIDDEN, sessions_end(&w->a, &oscar, &carol, &count));
	assert_taken(session_end(&w->a, &oscar, &first));
	assert_outcome(OUTCOME_UNKNOWN, session_end(&w->a, &oscar, &first));
	assert_outcome(OUTCOME_STRANGER, look(w, one, &who));
	assert_taken(look(w, two, &who));
	assert_taken(sessions_end(&w->a, &who, &alice, &count)); /* all but this one */
	assert_int_equal(1, count);
	assert_taken(look(w, two, &who));
	assert_outcome(OUTCOME_STRANGER, look(w, three, &who));
	assert_taken(sessions_end(&w->a, &world_machine, &alice, &count));
	assert_outcome(OUTCOME_STRANGER, look(w, two, &who));
	assert_taken(look(w, hers, &who));
}

/* --- API tokens */

static struct outcome
make(struct world *w, const struct actor *who, int64_t user, int scope, char text[TOKEN_TEXT])
{
	/* Of one owner names are different. */
	bool is_second = who->kind == ACTOR_MACHINE && scope == SCOPE_OPERATE;
	struct token t = {.user = user, .name = is_second ? "ops" : "ci", .scope = scope};
	struct outcome o = token_create(&w->a, who, &t, text);

	if (!refused(o)) {
		assert_true(t.id > 0);
		assert_int_equal(0, strncmp(t.hint, text, strlen(t.hint)));
		assert_true(strlen(t.hint) < 10);
	}
	return o;
}

static void
a_token_may_do_what_its_scope_and_its_owner_may(void **state)
{
	struct world *w = *state;
	static const struct {
		enum user_role role;
		int scope;
		enum outcome_kind made;
		enum access_level level;
	} samples[] = {
	    {USER_ROLE_USER, SCOPE_READ, OUTCOME_DONE, LEVEL_SELF},
	    {USER_ROLE_USER, SCOPE_OPERATE, OUTCOME_INVALID, LEVEL_NOBODY},
	    {USER_ROLE_USER, SCOPE_ADMIN, OUTCOME_INVALID, LEVEL_NOBODY},
	    {USER_ROLE_OPERATOR, SCOPE_READ, OUTCOME_DONE, LEVEL_READ},
	    {USER_ROLE_OPERATOR, SCOPE_OPERATE, OUTCOME_DONE, LEVEL_OPERATE},
	    {USER_ROLE_OPERATOR, SCOPE_ADMIN, OUTCOME_INVALID, LEVEL_NOBODY},
	    {USER_ROLE_ADMIN, SCOPE_READ, OUTCOME_DONE, LEVEL_READ},
	    {USER_ROLE_ADMIN, SCOPE_OPERATE, OUTCOME_DONE, LEVEL_OPERATE},
	    {USER_ROLE_ADMIN, SCOPE_ADMIN, OUTCOME_DONE, LEVEL_ADMIN},
	    {USER_ROLE_ADMIN, 7, OUTCOME_INVALID, LEVEL_NOBODY},
	    {USER_ROLE_ADMIN, -1, OUTCOME_INVALID, LEVEL_NOBODY},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		const char *name = arena_printf(w->a.memory, "user%d", (int)i);
		struct user u = world_user(w, name, samples[i].role);
		struct actor owner = world_actor(&u), who;
		char text[TOKEN_TEXT];

		assert_outcome(samples[i].made, make(w, &owner, u.id, samples[i].scope, text));
		if (samples[i].made != OUTCOME_DONE)
			continue;
		assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
		assert_int_equal(samples[i].level, who.level);
		assert_int_equal(samples[i].scope == SCOPE_READ, who.reads_only);
		assert_int_equal(ACTOR_TOKEN, who.kind);
		assert_string_equal(arena_printf(w->a.memory, "token %s/ci", name),
				    actor_text(&w->a, &who));
	}
}

static void
nobody_makes_a_token_for_who_is_more_than_he(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user admin = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor of_alice = world_actor(&alice), oscar = world_actor(&clerk),
		     carol = world_actor(&admin), who;
	char text[TOKEN_TEXT], other[TOKEN_TEXT];

	assert_outcome(OUTCOME_FORBIDDEN, make(w, &of_alice, bob.id, SCOPE_READ, text));
	assert_outcome(OUTCOME_FORBIDDEN, make(w, &oscar, admin.id, SCOPE_READ, text));
	assert_outcome(OUTCOME_FORBIDDEN, make(w, &carol, 0, SCOPE_READ, text));
	assert_outcome(OUTCOME_UNKNOWN, make(w, &carol, 99, SCOPE_READ, text));
	assert_taken(make(w, &oscar, alice.id, SCOPE_READ, text));
	assert_taken(make(w, &world_machine, 0, SCOPE_ADMIN, text));
	struct outcome o = make(w, &world_machine, 0, SCOPE_READ, other);
	assert_int_equal(OUTCOME_TAKEN, o.kind);
	assert_string_equal("name", o.field);
	assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
	assert_int_equal(LEVEL_ADMIN, who.level);
	assert_string_equal("token ci", actor_text(&w->a, &who));
	/* One that is for less makes none for more. */
	assert_taken(make(w, &world_machine, 0, SCOPE_OPERATE, text));
	assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
	assert_outcome(OUTCOME_FORBIDDEN, make(w, &who, admin.id, SCOPE_ADMIN, text));
}

static void
tokens_end(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), after = alice;
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct actor of_bob = world_actor(&bob), of_alice = world_actor(&alice), who;
	struct token t = {.user = alice.id, .name = "CI", .expires = NOON + HOUR};
	char text[TOKEN_TEXT];

	assert_taken(token_create(&w->a, &of_alice, &t, text));
	assert_string_equal("ci", t.name);
	assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
	w->a.now = NOON + HOUR;
	assert_outcome(OUTCOME_STRANGER, token_actor(&w->a, span_str(text), &nowhere, &who));
	w->a.now = NOON;
	assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
	after.enabled = false;
	assert_taken(user_change(&w->a, &world_machine, &alice, &after));
	assert_outcome(OUTCOME_STRANGER, token_actor(&w->a, span_str(text), &nowhere, &who));
	assert_outcome(OUTCOME_FORBIDDEN, token_revoke(&w->a, &of_bob, &t));
	assert_taken(token_revoke(&w->a, &of_alice, &t));
	assert_outcome(OUTCOME_UNKNOWN, token_revoke(&w->a, &of_alice, &t));
	t.expires = NOON;
	assert_outcome(OUTCOME_INVALID, token_create(&w->a, &of_alice, &t, text));
	t.expires = 0;
	t.name = "<b>";
	assert_outcome(OUTCOME_INVALID, token_create(&w->a, &of_alice, &t, text));
}

static void
a_token_that_is_over_is_no_guess(void **state)
{
	struct world *w = *state;
	struct address from = world_address("192.0.2.1");
	struct token t = {.name = "ci", .expires = NOON + HOUR}, again = {.name = "ci"};
	char text[TOKEN_TEXT], other[TOKEN_TEXT];
	struct actor who;

	assert_taken(token_create(&w->a, &world_machine, &t, text));
	assert_outcome(OUTCOME_TAKEN, token_create(&w->a, &world_machine, &again, other));
	w->a.now = NOON + 3 * HOUR;
	assert_taken(tokens_sweep(&w->a));
	for (int n = 0; n < 2 * guard_limits[GUARD_ADDRESS].ban; n++)
		assert_outcome(OUTCOME_STRANGER, token_actor(&w->a, span_str(text), &from, &who));
	again.name = "ci";
	assert_taken(token_create(&w->a, &world_machine, &again, other));
	assert_taken(token_actor(&w->a, span_str(other), &from, &who));
}

static void
guesses_at_tokens_are_failures_of_the_address(void **state)
{
	struct world *w = *state;
	struct address from = world_address("192.0.2.1");
	char text[TOKEN_TEXT];
	struct actor who;

	assert_taken(make(w, &world_machine, 0, SCOPE_READ, text));
	for (int n = 0; n < guard_limits[GUARD_ADDRESS].ban; n++) {
		assert_taken(token_actor(&w->a, span_str(text), &from, &who));
		assert_outcome(OUTCOME_STRANGER,
			       token_actor(&w->a, SPAN_OF("sp_guess"), &from, &who));
	}
	assert_outcome(OUTCOME_TOO_OFTEN, token_actor(&w->a, span_str(text), &from, &who));
	assert_taken(token_actor(&w->a, span_str(text), &nowhere, &who));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(a_session_is_known_by_its_token_alone),
	    world_test(a_session_ends_when_it_is_idle),
	    world_test(no_session_begins_with_a_password_that_was_changed_meanwhile),
	    world_test(what_is_over_is_no_session_to_anybody),
	    world_test(a_session_ends_when_policy_says_so),
	    world_test(that_it_was_seen_is_written_once_a_minute),
	    world_test(who_may_no_more_is_out_at_once),
	    world_test(before_codes_are_set_up_that_are_asked_for_one_may_do_nothing_else),
	    world_test(the_guard_against_forged_requests_is_of_one_session),
	    world_test(the_password_once_more_is_counted_like_a_sign_in),
	    world_test(sessions_are_ended_by_their_user_and_who_manages_him),
	    world_test(a_token_may_do_what_its_scope_and_its_owner_may),
	    world_test(nobody_makes_a_token_for_who_is_more_than_he),
	    world_test(tokens_end),
	    world_test(a_token_that_is_over_is_no_guess),
	    world_test(guesses_at_tokens_are_failures_of_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
