#include "access/signin.h"

#include <pthread.h>

#include "access/alerts.h"
#include "access/guard.h"
#include "access/world.h"
#include "tls/totp.h"

static struct signin
from_web(const char *name, const char *password, const char *code)
{
	return (struct signin){.where = "web",
			       .name = span_str(name),
			       .password = span_str(password),
			       .code = code != NULL ? span_str(code) : SPAN_NONE,
			       .from = world_address("192.0.2.1"),
			       .agent = "Lynx"};
}

static struct outcome
sign_in(struct world *w, const char *name, const char *password, const char *code)
{
	struct signin s = from_web(name, password, code);
	struct user u;

	return signin_check(&w->a, &s, &u);
}

/* The secret that his phone has now. */
static void
set_up_codes(struct world *w, const struct user *u, uint8_t secret[TOTP_SECRET])
{
	struct buf sealed = buf_with_cap(256);

	memset(secret, 42, TOTP_SECRET);
	assert_true(vault_seal(w->vault, arena_printf(w->a.memory, "totp of user %d", (int)u->id),
			       span_of(secret, TOTP_SECRET), &sealed));
	assert_int_equal(STORE_DONE,
			 store_user_set_totp(w->a.store, u->id, buf_span(&sealed), SPAN_NONE));
	buf_free(&sealed);
}

static void
who_knows_the_password_comes_in(void **state)
{
	struct world *w = *state;
	struct user u;
	struct signin s = from_web("ALICE", PASSWORD, NULL);

	(void)world_user(w, "alice", USER_ROLE_USER);
	int64_t rows = world_rows(w);
	assert_taken(signin_check(&w->a, &s, &u));
	assert_string_equal("alice", u.name);
	assert_int_equal(rows, world_rows(w)); /* who asked notes what for */
	assert_taken(user_find(&w->a, "alice", &u));
	assert_int_equal(NOON, u.last_seen);
}

/* All who cannot come in, each for a reason of his own. */
static void
add_all_sorts(struct world *w)
{
	struct user u = user_new(), before;

	u.name = "nopass";
	assert_taken(user_add(&w->a, &world_machine, &u));
	(void)world_user(w, "alice", USER_ROLE_USER);
	before = u = world_user(w, "disabled", USER_ROLE_USER);
	u.enabled = false;
	assert_taken(user_change(&w->a, &world_machine, &before, &u));
	before = u = world_user(w, "expired", USER_ROLE_USER);
	u.expires = NOON;
	assert_taken(user_change(&w->a, &world_machine, &before, &u));
}

static void
whatever_is_wrong_is_told_in_the_same_words(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *name, *password, *reason;
	} samples[] = {
	    {"alice", "wrong password", "The password was wrong"},
	    {"nobody.knows", PASSWORD, "There is no user of that name"},
	    {"nopass", PASSWORD, "The user has no password yet"},
	    {"disabled", PASSWORD, "The user is disabled"},
	    {"expired", PASSWORD, "The user has expired"},
	    {"alice", "", "The password was wrong"},
	    {"my s3cret, in the wrong field", "x", "There is no user of that name"},
	};
	const struct page page = {.limit = 1};
	struct refusal_list refusals;

	add_all_sorts(w);
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct outcome o = sign_in(w, samples[i].name, samples[i].password, NULL);

		assert_int_equal(OUTCOME_STRANGER, o.kind);
		assert_string_equal("name, password or one-time code is wrong", o.text);
		assert_string_equal("sign_in_failed", o.type);
		assert_string_equal("", o.field);
		assert_int_equal(0, o.wait_ms);
		/* Only the administrator learns which it was; nobody what was typed. */
		struct audit_row row = world_last_row(w);
		assert_string_equal("signin.fail", row.action);
		assert_string_equal("nobody", row.who);
		assert_non_null(strstr(row.after, samples[i].reason));
		assert_null(strstr(row.object, "s3cret"));
		assert_int_equal(STORE_DONE,
				 store_refusals(w->a.store, &page, NULL, w->a.memory, &refusals));
		assert_string_equal(samples[i].reason, refusals.at[0].reason);
		w->a.now += HOUR;
	}
}

static int64_t
spent_ms(struct world *w, const char *name, const char *password)
{
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_outcome(OUTCOME_STRANGER, sign_in(w, name, password, NULL));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	w->a.now += HOUR;
	return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

static void
whatever_is_wrong_takes_as_long(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"nobody.knows", "nopass", "disabled", "expired",
					    "not a name"};
	char encoded[PASSWORD_ENCODED_MAX];
	struct user alice;

	add_all_sorts(w);
	assert_taken(user_find(&w->a, "alice", &alice));
	assert_true(password_hash(SPAN_OF(PASSWORD), &password_usual, encoded));
	for (size_t i = 0; i < COUNT(names); i++) { /* theirs are of the usual cost too */
		struct user u;
		if (!refused(user_find(&w->a, names[i], &u)) && u.has_password)
			assert_int_equal(STORE_DONE,
					 store_user_set_password(w->a.store, u.id, encoded, NOON));
	}
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, alice.id, encoded, NOON));
	(void)spent_ms(w, "alice", "wrong password"); /* the memory has been touched once */
	int64_t usual = spent_ms(w, "alice", "wrong password");
	for (size_t i = 0; i < COUNT(names); i++) {
		int64_t spent = spent_ms(w, names[i], PASSWORD);
		if (spent * 2 < usual || spent > usual * 2 + 20)
			fail_msg("%s: %d ms instead of %d", names[i], (int)spent, (int)usual);
	}
}

static void
guesses_wait_and_are_banned_and_the_right_one_too(void **state)
{
	struct world *w = *state;

	(void)world_user(w, "alice", USER_ROLE_USER);
	for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++) {
		assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", "wrong password", NULL));
		w->a.now += GUARD_DELAY_MAX;
	}
	struct outcome o = sign_in(w, "alice", PASSWORD, NULL);
	assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
	assert_true(o.wait_ms > 0 && o.wait_ms <= GUARD_BAN_MS);
	w->a.now += GUARD_BAN_MS;
	assert_taken(sign_in(w, "alice", PASSWORD, NULL));
	assert_taken(sign_in(w, "alice", PASSWORD, NULL)); /* the failures are forgotten */
}

static void
accounts_that_nobody_has_are_banned_alike(void **state)
{
	struct world *w = *state;

	for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++) {
		struct address from = world_address(arena_printf(w->a.memory, "10.%d.0.1", n));
		assert_taken(guard_failed(&w->a, "vpn", "ghost", &from));
	}
	assert_outcome(OUTCOME_TOO_OFTEN, sign_in(w, "ghost", PASSWORD, NULL));
}

static void
a_store_that_is_down_lets_nobody_in(void **state)
{
	struct world *w = *state;
	struct access other = world_access(w);

	(void)world_user(w, "alice", USER_ROLE_USER);
	assert_int_equal(STORE_DONE, store_begin(other.store)); /* and does not end */
	assert_outcome(OUTCOME_DOWN, sign_in(w, "alice", PASSWORD, NULL));
	assert_outcome(OUTCOME_DOWN, sign_in(w, "alice", "wrong password", NULL));
	world_access_end(&other);
	assert_taken(sign_in(w, "alice", PASSWORD, NULL));
}

static void
a_password_of_an_old_cost_is_kept_at_todays(void **state)
{
	struct world *w = *state;
	static const struct password_cost more = {.memory_kib = 128, .rounds = 2, .lanes = 1};
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	struct user_secret secret;

	w->a.cost = &more;
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", "wrong password", NULL));
	assert_int_equal(STORE_DONE, store_user_secret(w->a.store, u.id, w->a.memory, &secret));
	assert_true(password_is_weak_form(secret.password, &more));
	w->a.now += HOUR;
	assert_taken(sign_in(w, "alice", PASSWORD, NULL));
	assert_int_equal(STORE_DONE, store_user_secret(w->a.store, u.id, w->a.memory, &secret));
	assert_false(password_is_weak_form(secret.password, &more));
	assert_int_equal(NOON, secret.password_changed);
	assert_taken(sign_in(w, "alice", PASSWORD, NULL));
}

/* --- one-time codes */

static void
a_code_is_asked_for_when_the_password_is_right(void **state)
{
	struct world *w = *state;
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	uint8_t secret[TOTP_SECRET];
	char code[7];

	set_up_codes(w, &u, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	int64_t rows = world_rows(w);
	for (int n = 0; n < 20; n++) {
		struct outcome o = sign_in(w, "alice", PASSWORD, NULL);
		assert_int_equal(OUTCOME_STRANGER, o.kind);
		assert_string_equal("code_needed", o.type);
	}
	assert_int_equal(rows, world_rows(w)); /* no failure */
	/* Without the password nobody learns that there is a code. */
	assert_string_equal("sign_in_failed", sign_in(w, "alice", "wrong password", NULL).type);
	assert_string_equal("sign_in_failed", sign_in(w, "alice", "wrong password", code).type);
	assert_string_equal("sign_in_failed", sign_in(w, "alice", PASSWORD, "000000").type);
	w->a.now += GUARD_DELAY_MS;
	assert_true(totp_code(span_of(secret, sizeof secret), w->a.now, code));
	assert_taken(sign_in(w, "alice", PASSWORD, code));
}

static void
a_code_is_good_once(void **state)
{
	struct world *w = *state;
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	uint8_t secret[TOTP_SECRET];
	char code[7], before[7];

	set_up_codes(w, &u, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_true(totp_code(span_of(secret, sizeof secret), NOON - 30000, before));
	assert_taken(sign_in(w, "alice", PASSWORD, code));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", PASSWORD, code));
	assert_non_null(strstr(world_last_row(w).after, "used already"));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", PASSWORD, before)); /* nor older */
	/* A clock that was set back makes no code good again. */
	w->a.now -= HOUR;
	assert_true(totp_code(span_of(secret, sizeof secret), w->a.now, code));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", PASSWORD, code));
}

struct racer {
	struct world *w;
	const char *code;
	bool is_in;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct access a = world_access(r->w);
	struct signin s = from_web("alice", PASSWORD, r->code);
	struct user u;

	r->is_in = !refused(signin_check(&a, &s, &u));
	world_access_end(&a);
	return NULL;
}

static size_t
race_in(struct world *w, const char *code)
{
	struct racer racers[4];
	pthread_t threads[4];
	size_t in = 0;

	for (size_t i = 0; i < COUNT(threads); i++) {
		racers[i] = (struct racer){w, code, false};
		assert_int_equal(0, pthread_create(&threads[i], NULL, race, &racers[i]));
	}
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		in += racers[i].is_in;
	}
	return in;
}

static void
of_many_with_the_same_code_one_comes_in(void **state)
{
	struct world *w = *state;
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	char codes[RECOVERY_CODES][RECOVERY_TEXT];
	uint8_t secret[TOTP_SECRET];
	char code[7];

	set_up_codes(w, &u, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_int_equal(1, race_in(w, code));
	assert_taken(recovery_renew(&w->a, &world_machine, &u, codes));
	/* Those who came too late have failed, and would have to wait. */
	const struct guard_subject alice = {GUARD_ACCOUNT, "alice"};
	assert_int_equal(STORE_DONE, store_failures_forget(w->a.store, &alice));
	assert_int_equal(1, race_in(w, codes[0]));
}

static void
a_recovery_code_is_good_once_however_it_is_typed(void **state)
{
	struct world *w = *state;
	struct user u = world_user(w, "alice", USER_ROLE_USER);
	char codes[RECOVERY_CODES][RECOVERY_TEXT], typed[32];
	uint8_t secret[TOTP_SECRET];

	set_up_codes(w, &u, secret);
	assert_taken(recovery_renew(&w->a, &world_machine, &u, codes));
	for (size_t i = 0; i < RECOVERY_TEXT; i++)
		typed[i] = (char)(codes[0][i] >= 'a' ? codes[0][i] - 0x20 : codes[0][i]);
	assert_taken(sign_in(w, "alice", PASSWORD, typed));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", PASSWORD, codes[0]));
	snprintf(typed, sizeof typed, "%.5s %s", codes[1], codes[1] + 6);
	assert_taken(sign_in(w, "alice", PASSWORD, typed));
	static const char *const wrong[] = {"aaaaa-aaaaa", "-", "----------", "aaaaa-aaaaaa",
					    "0000000000000000000000000000000000"};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_outcome(OUTCOME_STRANGER, sign_in(w, "alice", PASSWORD, wrong[i]));
		w->a.now += GUARD_DELAY_MAX;
	}
	/* Another user's codes are not his. */
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	set_up_codes(w, &bob, secret);
	assert_outcome(OUTCOME_STRANGER, sign_in(w, "bob", PASSWORD, codes[2]));
}

static void
codes_that_policy_asks_for_are_set_up_on_the_web_first(void **state)
{
	struct world *w = *state;
	struct user_policy policy = user_new().policy;
	struct signin s = from_web("alice", PASSWORD, NULL);
	struct user u;

	(void)world_user(w, "alice", USER_ROLE_USER);
	policy.totp_required = 1;
	assert_taken(policy_set_global(&w->a, &world_machine, &policy, 0));
	assert_taken(signin_check(&w->a, &s, &u));
	s.where = "vpn";
	struct outcome o = signin_check(&w->a, &s, &u);
	assert_int_equal(OUTCOME_FORBIDDEN, o.kind);
	assert_string_equal("totp_setup_needed", o.type);
}

/* --- who is told */

static int64_t
notices(struct world *w)
{
	int64_t n;

	assert_int_equal(STORE_DONE, store_notice_count(w->a.store, &n));
	return n;
}

static void
an_administrators_new_network_is_told_of(void **state)
{
	struct world *w = *state;
	struct signin s = from_web("carol", PASSWORD, NULL);
	struct user u;

	(void)world_user(w, "carol", USER_ROLE_ADMIN);
	(void)world_user(w, "alice", USER_ROLE_USER);
	assert_taken(signin_check(&w->a, &s, &u));
	int64_t told = notices(w);
	assert_true(told > 0);
	assert_taken(signin_check(&w->a, &s, &u));
	s.from = world_address("192.0.2.99"); /* the same network */
	assert_taken(signin_check(&w->a, &s, &u));
	s.from = world_address("127.0.0.1");
	assert_taken(signin_check(&w->a, &s, &u));
	s.from = world_address("203.0.113.1");
	s.name = SPAN_OF("alice"); /* no administrator */
	assert_taken(signin_check(&w->a, &s, &u));
	assert_int_equal(told, notices(w));
	s.name = SPAN_OF("carol");
	assert_taken(signin_check(&w->a, &s, &u));
	assert_true(notices(w) > told);
}

static void
a_burst_of_failures_is_told_of_once(void **state)
{
	struct world *w = *state;
	struct address from = world_address("192.0.2.1");

	for (int n = 0; n < guard_limits[GUARD_ADDRESS].ban - 1; n++)
		assert_taken(guard_failed(&w->a, "web", NULL, &from));
	assert_int_equal(0, notices(w));
	assert_taken(guard_failed(&w->a, "web", NULL, &from));
	int64_t told = notices(w);
	assert_true(told > 0);
	assert_taken(guard_failed(&w->a, "web", NULL, &from));
	assert_int_equal(told, notices(w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(who_knows_the_password_comes_in),
	    world_test(whatever_is_wrong_is_told_in_the_same_words),
	    world_test(whatever_is_wrong_takes_as_long),
	    world_test(guesses_wait_and_are_banned_and_the_right_one_too),
	    world_test(accounts_that_nobody_has_are_banned_alike),
	    world_test(a_store_that_is_down_lets_nobody_in),
	    world_test(a_password_of_an_old_cost_is_kept_at_todays),
	    world_test(a_code_is_asked_for_when_the_password_is_right),
	    world_test(a_code_is_good_once),
	    world_test(of_many_with_the_same_code_one_comes_in),
	    world_test(a_recovery_code_is_good_once_however_it_is_typed),
	    world_test(codes_that_policy_asks_for_are_set_up_on_the_web_first),
	    world_test(an_administrators_new_network_is_told_of),
	    world_test(a_burst_of_failures_is_told_of_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
