/* Signing in, what people do for themselves, and tokens. */
#include "ops.h"

#include "api/trusted.h"
#include "tls/totp.h"

#define SIGN_IN(name, password) "{\"name\":\"" name "\",\"password\":\"" password "\"}"

/* Of the first thing in a list. */
static int
first_id(struct reply r)
{
	const char *at = strstr(r.body, "\"id\":");

	if (at == NULL)
		fail_msg("nothing in %s", r.body);
	return (int)strtol(at + strlen("\"id\":"), NULL, 10);
}

static void
who_signs_in_gets_a_cookie_and_the_guard_for_changes(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("Una", PASSWORD));

	assert_int_equal(200, r.status);
	assert_non_null(strstr(r.cookie, "__Host-sallyport="));
	assert_non_null(strstr(r.cookie, "; Secure; HttpOnly; SameSite=Lax"));
	assert_says(r, "\"name\":\"una\"");
	assert_says(r, "\"expires\":\"2026-09-2");
	assert_says_not(r, PASSWORD);
	r = ask(s, USER, METHOD_GET, "/session", NULL);
	assert_string_equal(s->as[USER].csrf, member_of(s, r.body, "csrf"));
	assert_says(r, "\"proved_until\":\"2026-");
	s->api.access.now += PROOF_MS;
	assert_says(ask(s, USER, METHOD_GET, "/session", NULL), "\"proved_until\":null");
	assert_status(
	    204, ask(s, USER, METHOD_POST, "/session/prove", "{\"password\":\"" PASSWORD "\"}"));
	assert_says(ask(s, USER, METHOD_GET, "/session", NULL), "\"proved_until\":\"2026-");
}

static const char *trust; /* what warden says; NULL: it does not answer */
static unsigned trust_asked;

static struct outcome
asked_for_trust(void *owner, enum call_kind what, struct span argument, struct span body,
		struct buf *answer)
{
	(void)owner, (void)body;
	trust_asked++;
	assert_int_equal(CALL_TRUSTED, what);
	assert_true(span_equal(SPAN_OF("vpn.example.org"), argument));
	if (trust == NULL)
		return outcome_new(OUTCOME_DOWN, "it does not answer");
	assert_true(buf_append(answer, span_str(trust)));
	return OUTCOME_OK;
}

static void
who_signed_in_is_told_whether_links_of_this_server_are_believed(void **state)
{
	static const struct {
		const char *warden, *told;
	} samples[] = {{"yes", "\"certificate_trusted\":true"},
		       {"no", "\"certificate_trusted\":false"},
		       {"", "\"certificate_trusted\":false"},
		       {NULL, "\"certificate_trusted\":false"}};
	struct server *s = *state;

	s->host.ask = asked_for_trust;
	for (size_t i = 0; i < COUNT(samples); i++) {
		trusted_forget();
		trust = samples[i].warden;
		assert_says(ask(s, USER, METHOD_GET, "/session", NULL), samples[i].told);
	}
	assert_says(ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)),
		    "\"server\":{\"certificate_trusted\":false,\"vpn\":false}");
	trust_asked = 0;
	for (int i = 0; i < 20; i++)
		assert_status(200, ask(s, USER, METHOD_GET, "/session", NULL));
	assert_true(trust_asked <= 1);
	trusted_forget();
}

static void
a_wrong_name_and_a_wrong_password_are_told_the_same(void **state)
{
	struct server *s = *state;
	struct reply a = ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", "wrong"));
	struct reply b = ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("nobody7", "wrong"));

	assert_int_equal(401, a.status);
	assert_int_equal(401, b.status);
	assert_string_equal(a.body, b.body);
	assert_null(a.cookie);
	assert_at_fault("password",
			ask(s, USER, METHOD_POST, "/session/prove", "{\"password\":\"wrong\"}"));
	assert_at_fault("password",
			ask(s, STRANGER, METHOD_POST, "/session", "{\"name\":\"una\"}"));
	assert_at_fault("name", ask(s, STRANGER, METHOD_POST, "/session", "{\"password\":\"x\"}"));
	assert_at_fault("code", ask(s, STRANGER, METHOD_POST, "/session",
				    "{\"name\":\"a\",\"password\":\"b\",\"code\":123456}"));
}

static void
guessing_is_slowed_down_then_banned(void **state)
{
	struct server *s = *state;
	unsigned status = 0;

	for (int i = 0; i < 40 && status != 429; i++)
		status = ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", "wrong")).status;
	assert_int_equal(429, status);
	assert_status(429, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)));
}

static void
who_signs_out_is_out(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, USER, METHOD_DELETE, "/session", NULL);

	assert_int_equal(204, r.status);
	assert_non_null(strstr(r.cookie, "Max-Age=0"));
	assert_status(401, ask(s, USER, METHOD_GET, "/session", NULL));
	assert_status(401, ask(s, USER, METHOD_GET, "/me", NULL));
}

static void
sessions_are_listed_and_ended(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/sessions", NULL);
	const char *path;

	assert_int_equal(3, items_of(r));
	assert_says(r, "\"address\":\"192.0.2.7\"");
	r = ask(s, READER, METHOD_GET, "/sessions?user=una", NULL);
	assert_int_equal(1, items_of(r));
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/sessions?limit=2", NULL)));
	assert_status(404, ask(s, READER, METHOD_GET, "/sessions?user=none", NULL));
	path = arena_printf(s->kept, "/sessions/%d", first_id(r));
	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_status(401, ask(s, USER, METHOD_GET, "/me", NULL));
	r = ask(s, READER, METHOD_GET, "/sessions?user=anna", NULL);
	path = arena_printf(s->kept, "/sessions/%d", first_id(r));
	assert_status(403, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, "/sessions/99999999999999999999", NULL));
}

static void
people_see_and_end_their_own_sessions_alone(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, ADMIN, METHOD_GET, "/me/sessions", NULL);
	const char *others = arena_printf(s->kept, "/me/sessions/%d", first_id(r));

	assert_says(r, "\"current\":true");
	assert_status(404, ask(s, USER, METHOD_DELETE, others, NULL));
	assert_status(200, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)));
	r = ask(s, USER, METHOD_GET, "/me/sessions", NULL);
	assert_int_equal(2, items_of(r));
	assert_int_equal(1, number_of(ask(s, USER, METHOD_DELETE, "/me/sessions", NULL), "ended"));
	r = ask(s, USER, METHOD_GET, "/me/sessions", NULL);
	assert_int_equal(1, items_of(r));
	r = ask(s, USER, METHOD_DELETE, arena_printf(s->kept, "/me/sessions/%d", first_id(r)),
		NULL);
	assert_int_equal(204, r.status);
	assert_non_null(strstr(r.cookie, "Max-Age=0"));
	assert_status(401, ask(s, USER, METHOD_GET, "/me", NULL));
}

static void
people_change_of_themselves_what_is_theirs(void **state)
{
	static const char *const not_theirs[] = {"role",   "enabled", "group",  "comment",
						 "policy", "name",    "expires"};
	struct server *s = *state;
	struct reply r = ask(s, USER, METHOD_GET, "/me", NULL);

	assert_says(r, "\"name\":\"una\"");
	assert_status(428, ask(s, USER, METHOD_PATCH, "/me", "{\"full_name\":\"Una\"}"));
	assert_says(ask_with(s, USER, METHOD_PATCH, "/me", "{\"full_name\":\"Una\"}", r.etag),
		    "\"full_name\":\"Una\"");
	assert_status(412, ask_with(s, USER, METHOD_PATCH, "/me", "{\"email\":null}", r.etag));
	assert_says(ask_with(s, USER, METHOD_PATCH, "/me", "{\"email\":\"u@example.org\"}", "*"),
		    "\"full_name\":\"Una\"");
	for (size_t i = 0; i < COUNT(not_theirs); i++)
		assert_at_fault(not_theirs[i],
				ask_with(s, USER, METHOD_PATCH, "/me",
					 arena_printf(s->kept, "{\"%s\":null}", not_theirs[i]),
					 "*"));
	assert_at_fault("email", ask_with(s, USER, METHOD_PATCH, "/me", "{\"email\":\"x\"}", "*"));
	assert_at_fault("full_name",
			ask_with(s, USER, METHOD_PATCH, "/me", "{\"full_name\":\"a\\nb\"}", "*"));
	assert_status(200, ask(s, USER, METHOD_GET, "/me/policy", NULL));
}

static void
a_password_is_changed_by_who_knows_the_old_one(void **state)
{
	struct server *s = *state;

	assert_status(200, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)));
	assert_at_fault("old", ask(s, USER, METHOD_POST, "/me/password",
				   "{\"old\":\"wrong\",\"password\":\"something of mine\"}"));
	assert_at_fault("password", ask(s, USER, METHOD_POST, "/me/password",
					"{\"old\":\"" PASSWORD "\",\"password\":\"una\"}"));
	assert_status(204, ask(s, USER, METHOD_POST, "/me/password",
			       "{\"old\":\"" PASSWORD "\",\"password\":\"something of mine\"}"));
	assert_int_equal(1, items_of(ask(s, USER, METHOD_GET, "/me/sessions", NULL)));
	assert_status(401, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)));
	assert_status(
	    200, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", "something of mine")));
}

/* "JBSW Y3DP …" (RFC 4648 §6) back to its bytes. */
static struct span
secret_of(struct server *s, const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t *bytes = arena_get(s->kept, 64);
	unsigned held = 0, bits = 0;
	size_t n = 0;

	for (; *text != '\0'; text++) {
		const char *at = strchr(letters, *text);

		if (at == NULL)
			continue;
		held = held << 5 | (unsigned)(at - letters);
		if ((bits += 5) >= 8)
			bytes[n++] = (uint8_t)(held >> (bits -= 8));
	}
	return span_of(bytes, n);
}

static const char *
code_body(struct server *s, struct span secret)
{
	char code[7];

	assert_true(totp_code(secret, s->api.access.now, code));
	return arena_printf(s->kept, "{\"code\":\"%s\"}", code);
}

static void
one_time_codes_count_once_a_code_was_given(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, USER, METHOD_POST, "/me/totp", NULL);
	struct span secret;

	assert_int_equal(200, r.status);
	assert_says(r, "\"uri\":\"otpauth://totp/");
	assert_says(r, "\"qr\":\"<svg ");
	secret = secret_of(s, member_of(s, r.body, "secret"));
	assert_int_equal(TOTP_SECRET, secret.len);
	assert_says(ask(s, USER, METHOD_GET, "/me", NULL), "\"has_totp\":false");
	assert_status(400, ask(s, USER, METHOD_POST, "/me/totp/confirm", "{\"code\":\"000000x\"}"));
	r = ask(s, USER, METHOD_POST, "/me/totp/confirm", code_body(s, secret));
	assert_int_equal(200, r.status);
	assert_says(r, "\"codes\":[\"");
	assert_says(ask(s, USER, METHOD_GET, "/me", NULL), "\"has_totp\":true");
	r = ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD));
	assert_int_equal(401, r.status);
	assert_string_equal("urn:sallyport:problem:code_needed", r.type);
	assert_status(200, ask(s, USER, METHOD_POST, "/me/recovery-codes", NULL));
	assert_status(204, ask(s, USER, METHOD_DELETE, "/me/totp", NULL));
	assert_status(200, ask(s, STRANGER, METHOD_POST, "/session", SIGN_IN("una", PASSWORD)));
	assert_says_not(ask(s, ADMIN, METHOD_GET, "/audit/export", NULL), "otpauth");
}

static void
a_token_is_shown_once_and_does_what_its_scope_says(void **state)
{
	struct server *s = *state;
	struct reply r =
	    ask(s, ADMIN, METHOD_POST, "/tokens",
		"{\"name\":\"ci\",\"scope\":\"read\",\"expires\":\"2027-01-01T00:00:00Z\"}");
	const char *path = arena_printf(s->kept, "/tokens/%s", made(r));
	const char *text = member_of(s, r.body, "token");

	assert_true(strncmp(text, "sp_", 3) == 0);
	snprintf(s->as[READER].bearer, sizeof s->as[READER].bearer, "%s", text);
	assert_status(200, ask(s, READER, METHOD_GET, "/users", NULL));
	assert_status(403, ask(s, READER, METHOD_POST, "/users", "{\"name\":\"bob\"}"));
	r = ask(s, ADMIN, METHOD_GET, path, NULL);
	assert_says(r, "\"scope\":\"read\"");
	assert_says_not(r, text);
	assert_says_not(ask(s, ADMIN, METHOD_GET, "/tokens", NULL), text);
	assert_status(204, ask(s, ADMIN, METHOD_DELETE, path, NULL));
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, path, NULL));
	assert_status(401, ask(s, READER, METHOD_GET, "/users", NULL));
}

static void
nobody_makes_or_sees_a_token_beyond_himself(void **state)
{
	struct server *s = *state;
	const char *path;

	assert_int_equal(
	    4, ask(s, OPERATOR, METHOD_POST, "/tokens", "{\"name\":\"x\",\"scope\":\"admin\"}")
		       .status /
		   100);
	path = arena_printf(
	    s->kept, "/tokens/%s",
	    made(ask(s, ADMIN, METHOD_POST, "/tokens", "{\"name\":\"mine\",\"scope\":\"read\"}")));
	assert_status(404, ask(s, OPERATOR, METHOD_GET, path, NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_int_equal(0, items_of(ask(s, OPERATOR, METHOD_GET, "/tokens", NULL)));
	assert_int_equal(0, items_of(ask(s, OPERATOR, METHOD_GET, "/tokens?user=anna", NULL)));
	assert_int_equal(2, items_of(ask(s, ADMIN, METHOD_GET, "/tokens", NULL)));
	assert_int_equal(1, items_of(ask(s, ADMIN, METHOD_GET, "/tokens?user=anna", NULL)));
	made(ask(s, OPERATOR, METHOD_POST, "/tokens", "{\"name\":\"his\",\"scope\":\"operate\"}"));
	assert_int_equal(1, items_of(ask(s, OPERATOR, METHOD_GET, "/tokens", NULL)));
}

static void
what_cannot_be_taken_of_a_token_names_its_field(void **state)
{
	static const struct {
		const char *body, *field;
	} bad[] = {
	    {"{\"scope\":\"read\"}", "name"},
	    {"{\"name\":\"x\"}", "scope"},
	    {"{\"name\":\"x\",\"scope\":\"all\"}", "scope"},
	    {"{\"name\":\"a b\",\"scope\":\"read\"}", "name"},
	    {"{\"name\":\"x\",\"scope\":\"read\",\"expires\":\"2020-01-01T00:00:00Z\"}", "expires"},
	    {"{\"name\":\"x\",\"scope\":\"read\",\"user\":\"una\"}", "user"},
	    {"{\"name\":\"x\",\"scope\":\"read\",\"hint\":\"sp\"}", "hint"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_at_fault(bad[i].field, ask(s, ADMIN, METHOD_POST, "/tokens", bad[i].body));
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_sessions);
	assert_all_asked_well(&operations_me);
	assert_all_asked_well(&operations_tokens);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(who_signs_in_gets_a_cookie_and_the_guard_for_changes),
	    server_test(who_signed_in_is_told_whether_links_of_this_server_are_believed),
	    server_test(a_wrong_name_and_a_wrong_password_are_told_the_same),
	    server_test(guessing_is_slowed_down_then_banned),
	    server_test(who_signs_out_is_out),
	    server_test(sessions_are_listed_and_ended),
	    server_test(people_see_and_end_their_own_sessions_alone),
	    server_test(people_change_of_themselves_what_is_theirs),
	    server_test(a_password_is_changed_by_who_knows_the_old_one),
	    server_test(one_time_codes_count_once_a_code_was_given),
	    server_test(a_token_is_shown_once_and_does_what_its_scope_says),
	    server_test(nobody_makes_or_sees_a_token_beyond_himself),
	    server_test(what_cannot_be_taken_of_a_token_names_its_field),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
