/* Who is asked for a one-time code after his password, and comes again with it. */
#include "access/device_world.h"
#include "access/proof.h"
#include "access/vpn.h"
#include "access/vpn_token.h"
#include "base/clock.h"
#include "store/guard.h"
#include "tls/totp.h"

#define SECRET 20

static const struct implied nothing;

/* Alice, who has codes, and a locked device of hers. */
struct alice {
	struct user user;
	struct device device, other;
	uint8_t secret[SECRET];
	char code[7]; /* of now */
};

static struct alice
begin(struct world *w)
{
	struct buf sealed = buf_with_cap(256);
	struct alice c = {.secret = "a secret of twenty."};

	c.user = world_owner(w);
	assert_true(vault_seal(w->vault, proof_totp_about(&w->a, c.user.id),
			       span_of(c.secret, SECRET), &sealed));
	assert_int_equal(STORE_DONE,
			 store_user_set_totp(w->a.store, c.user.id, buf_span(&sealed), SPAN_NONE));
	buf_free(&sealed);
	assert_true(totp_code(span_of(c.secret, SECRET), w->a.now, c.code));
	c.device = world_device(w, &c.user, "laptop", DEVICE_LOCKED);
	c.other = world_device(w, &c.user, "phone", DEVICE_LOCKED);
	return c;
}

static struct vpn_request
request(const struct device *d, const char *password, const char *code)
{
	return (struct vpn_request){.serial = d->serial,
				    .name = SPAN_OF("alice"),
				    .password = span_str(password),
				    .code = span_str(code),
				    .from = world_address("203.0.113.9"),
				    .client = "OpenVPN"};
}

/* What he gets for his password alone. */
static const char *
challenge(struct world *w, const struct device *d)
{
	struct vpn_request r = request(d, PASSWORD, "");
	struct vpn_admitted g;

	assert_outcome(OUTCOME_STRANGER, vpn_admit(&w->a, &r, &nothing, &g));
	assert_non_null(g.challenge);
	assert_string_equal(g.user_name, "alice");
	assert_true(g.token == NULL && g.grant.user == 0 && g.grant.count == 0);
	return g.challenge;
}

static struct outcome
answer(struct world *w, const struct device *d, const char *state, const char *code)
{
	struct vpn_request r = request(d, state, code);
	struct vpn_admitted g;
	struct outcome o = vpn_admit(&w->a, &r, &nothing, &g);

	assert_true(refused(o) == (g.token == NULL));
	assert_null(g.challenge);
	return o;
}

static int64_t
failures(struct world *w)
{
	const struct guard_subject alice = {GUARD_ACCOUNT, "alice"};
	struct failures f;

	assert_int_equal(STORE_DONE, store_failures(w->a.store, &alice, &f));
	return f.count;
}

static void
the_code_may_come_after_the_password(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	int64_t rows = world_rows(w);
	const char *text = challenge(w, &c.device);

	assert_true(vpn_token_is(VPN_TOKEN_CODE, span_str(text)));
	assert_false(vpn_token_is(VPN_TOKEN_SESSION, span_str(text)));
	assert_null(strchr(text, ':'));
	assert_int_equal(rows, world_rows(w)); /* he is neither in nor refused */
	assert_int_equal(failures(w), 0);
	w->a.now += 4 * MINUTE_MS;
	assert_true(totp_code(span_of(c.secret, SECRET), w->a.now, c.code));
	/* The engine has no name for who answers on the same connection. */
	struct vpn_request r = request(&c.device, text, c.code);
	struct vpn_admitted g;
	r.name = SPAN_NONE;
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_true(g.grant.user == c.user.id && g.token != NULL);
	/* The same code is good once, whatever it comes with. */
	assert_outcome(OUTCOME_STRANGER, answer(w, &c.device, text, c.code));
}

static void
a_wrong_code_counts_as_a_failure(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	const char *text = challenge(w, &c.device);

	assert_outcome(OUTCOME_STRANGER, answer(w, &c.device, text, "000000"));
	assert_int_equal(failures(w), 1);
	/* To say nothing is no guess, and no way in. */
	assert_outcome(OUTCOME_STRANGER, answer(w, &c.device, text, ""));
	assert_int_equal(failures(w), 1);
	for (int i = 0; i < 4; i++)
		w->a.now += 1, (void)answer(w, &c.device, text, "000000");
	assert_outcome(OUTCOME_TOO_OFTEN, answer(w, &c.device, text, c.code));
}

static void
a_challenge_is_one_users_one_devices_and_soon_over(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct device bobs = world_device(w, &bob, "laptop", DEVICE_LOCKED);
	const char *text = challenge(w, &c.device);
	char *bad = arena_copy(w->a.memory, span_str(text));

	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &c.other, text, c.code));
	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &bobs, text, c.code));
	bad[strlen(bad) - 2] ^= 1;
	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &c.device, bad, c.code));
	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &c.device, "SIGN_IN_AT_", c.code));
	w->a.now += 5 * MINUTE_MS;
	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &c.device, text, c.code));
	assert_int_equal(failures(w), 0);
	w->a.now = NOON;
	assert_taken(answer(w, &c.device, text, c.code));
}

/* By changing what is before it. */
static void
a_challenge_is_no_token_and_a_token_no_challenge(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	const char *text = challenge(w, &c.device), *token;
	const char *mac = text + strlen("SIGN_IN_AT_");
	struct vpn_request r = request(&c.device, PASSWORD, c.code);
	struct vpn_admitted g;

	assert_outcome(OUTCOME_FORBIDDEN,
		       answer(w, &c.device, arena_printf(w->a.memory, "SESS_ID_AT_%s", mac), ""));
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	token = g.token + strlen("SESS_ID_AT_");
	w->a.now += 30000;
	assert_true(totp_code(span_of(c.secret, SECRET), w->a.now, c.code));
	assert_outcome(
	    OUTCOME_FORBIDDEN,
	    answer(w, &c.device, arena_printf(w->a.memory, "SIGN_IN_AT_%s", token), c.code));
}

static void
a_new_password_ends_what_the_old_one_began(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	const char *text = challenge(w, &c.device);
	char encoded[PASSWORD_ENCODED_MAX];

	assert_true(password_hash(SPAN_OF("another one, longer"), &world_cost, encoded));
	assert_int_equal(STORE_DONE,
			 store_user_set_password(w->a.store, c.user.id, encoded, NOON + 1));
	assert_outcome(OUTCOME_FORBIDDEN, answer(w, &c.device, text, c.code));
}

static void
nobody_is_asked_for_anothers_code(void **state)
{
	struct world *w = *state;
	struct alice c = begin(w);
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	struct device bobs = world_device(w, &bob, "laptop", DEVICE_LOCKED);
	struct vpn_request r = request(&bobs, PASSWORD, "");
	struct vpn_admitted g;

	(void)c;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	assert_null(g.challenge);
	r = request(&c.device, "wrong", "");
	assert_outcome(OUTCOME_STRANGER, vpn_admit(&w->a, &r, &nothing, &g));
	assert_null(g.challenge);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(the_code_may_come_after_the_password),
	    world_test(a_wrong_code_counts_as_a_failure),
	    world_test(a_challenge_is_one_users_one_devices_and_soon_over),
	    world_test(a_challenge_is_no_token_and_a_token_no_challenge),
	    world_test(a_new_password_ends_what_the_old_one_began),
	    world_test(nobody_is_asked_for_anothers_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
