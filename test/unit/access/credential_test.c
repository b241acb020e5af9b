#include "access/credential.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "access/guard.h"
#include "access/link.h"
#include "access/signin.h"
#include "access/world.h"
#include "tls/totp.h"

static void
weak_passwords(void **state)
{
	static const char *const weak[] = {
	    "",
	    "short",
	    "ninechars",
	    "aaaaaaaaaaaaaaaa",
	    "ababababababab",
	    "1234567890",
	    "Password123",
	    "QWERTYUIOP",
	    "alice",
	    "alice12345",
	    "Alice!!!!!!!",
	    "12345alice67890",
	    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
	    "correcthorsebatterystaple",
	};
	static const char *const good[] = {
	    PASSWORD,           "tractor-alice-moon",
	    "9 lives of 1 cat", "\xC3\xA9t\xC3\xA9 \xC3\xA0 la mer 3",
	    "malice and pride", "alicealicia",
	};
	char long_one[1100];

	(void)state;
	for (size_t i = 0; i < COUNT(weak); i++)
		if (password_weakness(span_str(weak[i]), "alice") == NULL)
			fail_msg("\"%s\" was taken", weak[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		if (password_weakness(span_str(good[i]), "alice") != NULL)
			fail_msg("\"%s\": %s", good[i],
				 password_weakness(span_str(good[i]), "alice"));
	for (size_t i = 0; i < sizeof long_one; i++)
		long_one[i] = (char)('a' + i % 20);
	assert_null(password_weakness(span_of(long_one, PASSWORD_MAX), "alice"));
	assert_non_null(password_weakness(span_of(long_one, PASSWORD_MAX + 1), "alice"));
	assert_null(password_weakness(SPAN_OF("alice12345"), NULL));
}

static struct outcome
sign_in(struct world *w, const char *password, const char *code)
{
	const struct signin s = {.where = "web",
				 .name = SPAN_OF("alice"),
				 .password = span_str(password),
				 .code = span_str(code),
				 .from = world_address("127.0.0.1")};
	struct user u;

	return signin_check(&w->a, &s, &u);
}

#define NEW_PASSWORD "another river, at 5"

static void
one_changes_his_own_password_by_the_old_one(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);

	struct outcome o = password_set(&w->a, &who, &alice, SPAN_NONE, SPAN_OF(NEW_PASSWORD));
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("old", o.field);
	o = password_set(&w->a, &who, &alice, SPAN_OF("wrong password"), SPAN_OF(NEW_PASSWORD));
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("old", o.field);
	o = password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF("alice12345"));
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("password", o.field);
	assert_outcome(OUTCOME_INVALID,
		       password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF(PASSWORD)));
	assert_taken(sign_in(w, PASSWORD, ""));
	assert_taken(password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF(NEW_PASSWORD)));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, PASSWORD, ""));
	assert_taken(sign_in(w, NEW_PASSWORD, ""));
}

struct late {
	struct world *w;
	const struct user *alice;
	atomic_bool begun;
	struct outcome o;
};

static void *
change_slowly(void *arg)
{
	struct late *late = arg;
	const struct actor who = world_actor(late->alice);
	struct access a = world_access(late->w);

	atomic_store(&late->begun, true);
	late->o = password_set(&a, &who, late->alice, SPAN_OF(PASSWORD),
			       SPAN_OF("what a thief would like"));
	world_access_end(&a);
	return NULL;
}

/* Of two who change it by the same old one, the second does not know what it is now. */
static void
the_old_password_is_good_for_one_change(void **state)
{
	static const struct password_cost slow = {.memory_kib = 65536, .rounds = 8, .lanes = 1};
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	struct late late = {.w = w, .alice = &alice};
	char encoded[PASSWORD_ENCODED_MAX];
	struct signin s = {.where = "web",
			   .name = SPAN_OF("alice"),
			   .password = SPAN_OF(NEW_PASSWORD),
			   .from = world_address("192.0.2.1")};
	pthread_t thread;

	assert_true(password_hash(SPAN_OF(PASSWORD), &slow, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, alice.id, encoded, NOON));
	assert_int_equal(0, pthread_create(&thread, NULL, change_slowly, &late));
	while (!atomic_load(&late.begun))
		sched_yield();
	usleep(20000); /* to compare takes longer; who begins later is refused in any case */
	w->a.now++;
	assert_taken(password_set(&w->a, &world_machine, &alice, SPAN_NONE, SPAN_OF(NEW_PASSWORD)));
	pthread_join(thread, NULL);
	assert_outcome(OUTCOME_INVALID, late.o);
	assert_string_equal("old", late.o.field);
	assert_taken(signin_check(&w->a, &s, &u));
}

static void
guesses_at_the_old_password_are_counted(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);

	for (int n = 0; n <= guard_limits[GUARD_ACCOUNT].free; n++)
		assert_outcome(OUTCOME_INVALID,
			       password_set(&w->a, &who, &alice, SPAN_OF("wrong password"),
					    SPAN_OF(NEW_PASSWORD)));
	assert_outcome(OUTCOME_TOO_OFTEN,
		       password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF(NEW_PASSWORD)));
}

static void
who_may_set_whose_password(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user admin = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor of_alice = world_actor(&alice), oscar = world_actor(&clerk);
	struct span new = SPAN_OF(NEW_PASSWORD);

	assert_outcome(OUTCOME_FORBIDDEN, password_set(&w->a, &of_alice, &clerk, SPAN_NONE, new));
	assert_outcome(OUTCOME_FORBIDDEN,
		       password_set(&w->a, &of_alice, &clerk, SPAN_OF(PASSWORD), new));
	assert_outcome(OUTCOME_FORBIDDEN, password_set(&w->a, &oscar, &admin, SPAN_NONE, new));
	assert_taken(password_set(&w->a, &oscar, &alice, SPAN_NONE, new));
	assert_taken(password_set(&w->a, &world_machine, &admin, SPAN_NONE, new));
}

static void
a_new_password_ends_other_sessions_and_links(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER), u;
	char one[SECRET_TEXT], two[SECRET_TEXT], link[SECRET_TEXT];
	const struct signin s = {
	    .where = "web", .name = SPAN_OF("alice"), .password = SPAN_OF(PASSWORD)};
	struct session e;
	struct link l;
	struct actor who;

	assert_taken(session_begin(&w->a, &s, &e, &u, one));
	assert_taken(session_begin(&w->a, &s, &e, &u, two));
	assert_taken(link_create(&w->a, &world_machine, LINK_RESET, alice.id, 0, &l, link));
	assert_taken(session_actor(&w->a, span_str(two), &s.from, &who, &e));
	assert_taken(password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF(NEW_PASSWORD)));
	assert_taken(session_actor(&w->a, span_str(two), &s.from, &who, &e));
	assert_outcome(OUTCOME_STRANGER, session_actor(&w->a, span_str(one), &s.from, &who, &e));
	assert_outcome(OUTCOME_UNKNOWN, link_look(&w->a, span_str(link), LINK_RESET, &l));
}

/* --- one-time codes */

/* What an app makes of the URI. */
static void
secret_of(const struct buf *uri, uint8_t secret[TOTP_SECRET])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const char *at = strstr((const char *)buf_span(uri).p, "secret=");
	uint64_t bits = 0;
	unsigned held = 0;

	assert_non_null(at);
	at += sizeof "secret=" - 1;
	for (size_t n = 0; n < TOTP_SECRET; at++) {
		const char *letter = strchr(letters, *at);

		assert_non_null(letter);
		bits = bits << 5 | (uint64_t)(letter - letters);
		held += 5;
		if (held >= 8)
			secret[n++] = (uint8_t)(bits >> (held -= 8));
	}
}

static void
begin_codes(struct world *w, const struct actor *who, const struct user *u,
	    uint8_t secret[TOTP_SECRET])
{
	struct buf uri = buf_with_cap(1024), text = buf_with_cap(1024);

	assert_taken(totp_begin(&w->a, who, u, &uri, &text));
	assert_true(buf_byte(&uri, '\0'));
	secret_of(&uri, secret);
	assert_true(buf_len(&text) >= 32);
	buf_free(&uri);
	buf_free(&text);
}

static void
codes_count_once_one_was_given(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);
	char codes[RECOVERY_CODES][RECOVERY_TEXT], code[7];
	uint8_t secret[TOTP_SECRET];

	assert_outcome(OUTCOME_UNKNOWN,
		       totp_confirm(&w->a, &who, &alice, SPAN_OF("000000"), codes));
	begin_codes(w, &who, &alice, secret);
	assert_taken(sign_in(w, PASSWORD, "")); /* not yet */
	struct outcome o = totp_confirm(&w->a, &who, &alice, SPAN_OF("00000x"), codes);
	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("code", o.field);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	assert_taken(user_find(&w->a, "alice", &alice));
	assert_true(alice.has_totp);
	assert_outcome(OUTCOME_STRANGER, sign_in(w, PASSWORD, ""));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, PASSWORD, code)); /* it was used to confirm */
	assert_taken(sign_in(w, PASSWORD, codes[0]));
	w->a.now += 30000;
	assert_true(totp_code(span_of(secret, sizeof secret), w->a.now, code));
	assert_taken(sign_in(w, PASSWORD, code));
	assert_outcome(OUTCOME_UNKNOWN, totp_confirm(&w->a, &who, &alice, span_str(code), codes));
}

static void
the_old_secret_is_good_until_the_new_one_is_confirmed(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);
	char codes[RECOVERY_CODES][RECOVERY_TEXT], code[7];
	uint8_t old[TOTP_SECRET], new[TOTP_SECRET];

	begin_codes(w, &who, &alice, old);
	assert_true(totp_code(span_of(old, sizeof old), NOON, code));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	begin_codes(w, &who, &alice, new);
	w->a.now += MINUTE;
	assert_true(totp_code(span_of(old, sizeof old), w->a.now, code));
	assert_taken(sign_in(w, PASSWORD, code));
	assert_true(totp_code(span_of(new, sizeof new), w->a.now, code));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	w->a.now += MINUTE;
	assert_true(totp_code(span_of(old, sizeof old), w->a.now, code));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, PASSWORD, code));
	assert_true(totp_code(span_of(new, sizeof new), w->a.now, code));
	assert_taken(sign_in(w, PASSWORD, code));
}

static void
recovery_codes_are_all_different_and_the_old_ones_end(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);
	char codes[RECOVERY_CODES][RECOVERY_TEXT], others[RECOVERY_CODES][RECOVERY_TEXT], code[7];
	uint8_t secret[TOTP_SECRET];

	assert_outcome(OUTCOME_UNKNOWN, recovery_renew(&w->a, &who, &alice, codes));
	begin_codes(w, &who, &alice, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		assert_int_equal(RECOVERY_TEXT - 1, strlen(codes[i]));
		assert_int_equal('-', codes[i][5]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(codes[i], codes[j]);
	}
	assert_taken(recovery_renew(&w->a, &who, &alice, others));
	assert_outcome(OUTCOME_STRANGER, sign_in(w, PASSWORD, codes[0]));
	assert_taken(sign_in(w, PASSWORD, others[9]));
}

static void
who_may_take_codes_away(void **state)
{
	struct world *w = *state;
	struct user_policy policy = user_new().policy;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user carol = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor who = world_actor(&alice), of_bob = world_actor(&bob),
		     oscar = world_actor(&clerk);
	char codes[RECOVERY_CODES][RECOVERY_TEXT], code[7];
	uint8_t secret[TOTP_SECRET];

	begin_codes(w, &who, &alice, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_outcome(OUTCOME_FORBIDDEN,
		       totp_confirm(&w->a, &of_bob, &alice, span_str(code), codes));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	policy.totp_required = 1;
	assert_taken(policy_set_global(&w->a, &world_machine, &policy, 0));
	assert_outcome(OUTCOME_FORBIDDEN, totp_remove(&w->a, &who, &alice));
	assert_outcome(OUTCOME_FORBIDDEN, totp_remove(&w->a, &of_bob, &alice));
	assert_outcome(OUTCOME_FORBIDDEN, totp_remove(&w->a, &oscar, &carol));
	assert_outcome(OUTCOME_FORBIDDEN, recovery_renew(&w->a, &of_bob, &alice, codes));
	assert_taken(totp_remove(&w->a, &oscar, &alice)); /* his phone is lost */
	assert_taken(user_find(&w->a, "alice", &alice));
	assert_false(alice.has_totp);
	int64_t left = -1;
	assert_int_equal(STORE_DONE, store_recovery_left(w->a.store, alice.id, &left));
	assert_int_equal(0, left);
}

/* A log that could be read by others holds nothing that somebody could sign in with. */
static void
no_secret_is_in_the_log(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct actor who = world_actor(&alice);
	const struct audit_filter any = {0};
	const struct page page = {.limit = 100};
	struct audit_row_list rows;
	char codes[RECOVERY_CODES][RECOVERY_TEXT], code[7], link[SECRET_TEXT];
	uint8_t secret[TOTP_SECRET];
	struct link l;

	begin_codes(w, &who, &alice, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_taken(totp_confirm(&w->a, &who, &alice, span_str(code), codes));
	assert_taken(password_set(&w->a, &who, &alice, SPAN_OF(PASSWORD), SPAN_OF(NEW_PASSWORD)));
	assert_taken(link_create(&w->a, &world_machine, LINK_RESET, alice.id, 0, &l, link));
	assert_int_equal(STORE_DONE, store_audit(w->a.store, &page, &any, w->a.memory, &rows));
	assert_true(rows.count >= 5);
	for (size_t i = 0; i < rows.count; i++) {
		const char *text = arena_printf(w->a.memory, "%s %s %s %s", rows.at[i].object,
						rows.at[i].before != NULL ? rows.at[i].before : "",
						rows.at[i].after != NULL ? rows.at[i].after : "",
						rows.at[i].action);
		const char *const secrets[] = {PASSWORD, NEW_PASSWORD, codes[3], link, "argon2"};

		for (size_t j = 0; j < COUNT(secrets); j++)
			if (strstr(text, secrets[j]) != NULL)
				fail_msg("%s", text);
	}
}

/* A form that is sent twice gives what it gave, but opens nothing that a code keeps shut. */
static void
codes_count_for_a_set_up_that_is_sent_again_too(void **state)
{
	struct world *w = *state;
	char token[SECRET_TEXT], cookie[SECRET_TEXT], codes[RECOVERY_CODES][RECOVERY_TEXT], code[7];
	struct address from = world_address("192.0.2.1");
	const struct span chosen = SPAN_OF(PASSWORD);
	struct user root = user_new();
	uint8_t secret[TOTP_SECRET];
	struct session e;
	struct link l;

	assert_taken(link_create(&w->a, &world_machine, LINK_SETUP, 0, 0, &l, token));
	root.name = "root";
	struct span link = span_str(token);
	assert_taken(setup_finish(&w->a, link, &root, chosen, &from, NULL, &e, cookie));
	assert_taken(setup_again(&w->a, link, &root, chosen, &from, NULL, &e, cookie));
	struct actor who = world_actor(&root);
	begin_codes(w, &who, &root, secret);
	assert_true(totp_code(span_of(secret, sizeof secret), NOON, code));
	assert_taken(totp_confirm(&w->a, &who, &root, span_str(code), codes));
	assert_outcome(OUTCOME_UNKNOWN,
		       setup_again(&w->a, link, &root, chosen, &from, NULL, &e, cookie));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(weak_passwords),
	    world_test(one_changes_his_own_password_by_the_old_one),
	    world_test(the_old_password_is_good_for_one_change),
	    world_test(guesses_at_the_old_password_are_counted),
	    world_test(who_may_set_whose_password),
	    world_test(a_new_password_ends_other_sessions_and_links),
	    world_test(codes_count_once_one_was_given),
	    world_test(codes_count_for_a_set_up_that_is_sent_again_too),
	    world_test(the_old_secret_is_good_until_the_new_one_is_confirmed),
	    world_test(recovery_codes_are_all_different_and_the_old_ones_end),
	    world_test(who_may_take_codes_away),
	    world_test(no_secret_is_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
