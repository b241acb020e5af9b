#include "api/idempotency.h"
#include "raw.h"
#include "store/audit.h"

#define RUNNING                                                                                    \
	"state_dir /tmp\nlisten 8443\nstore postgresql://u:S3CRET@db/x\nsite vpn.example.org {\n " \
	"   certificate "                                                                          \
	"self-signed\n    root /srv/www\n}\nadmin {\n    listen 9443\n    allow any\n}\n"
#define SHA256_DIGITS 64

static int
begin(void **state)
{
	int status = raw_begin(state);

	warden.answers[CALL_CONFIG] = warden.answers[CALL_CONFIG_RUNNING] = RUNNING;
	warden.answers[CALL_CONFIG_CHECK] = "";
	warden.answers[CALL_CONFIG_APPLY] = "applied";
	warden.answers[CALL_CONFIG_CONFIRM] = warden.answers[CALL_CONFIG_ROLLBACK] = "";
	warden.answers[CALL_CONFIG_HISTORY] =
	    "20260101-000000 1790000000000 812\nbroken line\n20251231-000000 1780000000000 700\n";
	warden.answers[CALL_CONFIG_VERSION] = RUNNING;
	raw_configure(*state, RUNNING);
	return status;
}

#define config_test(name) cmocka_unit_test_setup_teardown(name, begin, raw_end)

/* The text as GET /config shows it, which is what is edited. */
static const char *
shown(struct server *s)
{
	struct reply r = ask(s, MACHINE, METHOD_GET, "/config", NULL);

	assert_int_equal(200, r.status);
	return member_of(s, r.body, "text");
}

static const char *
sha256(struct server *s)
{
	return member_of(s, ask(s, MACHINE, METHOD_GET, "/config", NULL).body, "sha256");
}

static const char *
body_of(struct server *s, const char *text, const char *base)
{
	json_t *json = json_object();

	json_object_set_new(json, "text", json_string(text));
	if (base != NULL)
		json_object_set_new(json, "base", json_string(base));
	if (base != NULL)
		json_object_set_new(json, "confirm_seconds", json_integer(60));
	char *dumped = json_dumps(json, 0);
	const char *body = arena_copy(s->kept, span_str(dumped));
	free(dumped);
	json_decref(json);
	return body;
}

static void
the_file_is_shown_without_its_secrets(void **state)
{
	static const char *const paths[] = {"/config", "/config/running", "/config/history/x"};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct reply r = ask(s, MACHINE, METHOD_GET, paths[i], NULL);

		assert_int_equal(200, r.status);
		assert_says_not(r, "S3CRET");
		assert_says(r, "store ***");
		assert_int_equal(SHA256_DIGITS, strlen(member_of(s, r.body, "sha256")));
	}
}

static void
a_file_that_is_not_what_runs_is_told(void **state)
{
	struct server *s = *state;

	warden.answers[CALL_CONFIG] = RUNNING "# more\n";
	struct reply r = ask(s, MACHINE, METHOD_GET, "/config", NULL);
	assert_says(r, "\"differs\":true");
	assert_says(r, "+# more");
	assert_says_not(r, "S3CRET");
}

static void
a_change_gets_its_secrets_back(void **state)
{
	struct server *s = *state;
	const char *text = arena_printf(s->kept, "%s# new\n", shown(s));

	assert_status(200,
		      ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, text, sha256(s))));
	assert_int_equal(CALL_CONFIG_APPLY, warden.asked);
	assert_string_equal(RUNNING "# new\n", warden.body);
	assert_memory_equal("60 ", warden.argument, 3);
	assert_int_equal(3 + SHA256_DIGITS, strlen(warden.argument));
}

static void
what_was_made_from_another_file_is_refused(void **state)
{
	struct server *s = *state;
	const char *old = sha256(s), *text = shown(s);

	warden.answers[CALL_CONFIG] = RUNNING "# somebody was first\n";
	warden.asked = CALL_KINDS;
	assert_status(412, ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, text, old)));
	assert_int_not_equal(CALL_CONFIG_APPLY, warden.asked);
	assert_at_fault("base", ask(s, MACHINE, METHOD_POST, "/config/apply",
				    body_of(s, text,
					    "zz34567890123456789012345678901234567890123456"
					    "789012345678901234")));
	assert_at_fault("base",
			ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, text, "short")));
}

/* Else who may edit a site could read any file as root. */
static void
a_change_names_no_new_files_but_trusted_ones(void **state)
{
	struct server *s = *state;
	const char *base = sha256(s);
	static const char good[] =
	    "state_dir /tmp\nlisten 8443\nstore postgresql://u:S3CRET@db/x\n"
	    "site vpn.example.org {\n    certificate self-signed\n"
	    "    root /srv/other\n}\nadmin {\n    listen 9443\n    allow any\n}\n";
	static const char bad[] = "state_dir /tmp\nlisten 8443\nstore postgresql://u:S3CRET@db/x\n"
				  "site vpn.example.org {\n    certificate self-signed\n"
				  "    root /etc\n}\nadmin {\n    listen 9443\n    allow any\n}\n";

	assert_status(200, ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, good, base)));
	assert_at_fault("text",
			ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, bad, base)));
	struct reply r = ask(s, MACHINE, METHOD_POST, "/config/check", body_of(s, bad, NULL));
	assert_says(r, "\"valid\":false");
}

static void
faults_are_told_with_their_place(void **state)
{
	struct server *s = *state;
	struct reply r =
	    ask(s, MACHINE, METHOD_POST, "/config/check", body_of(s, "listne 443\n", NULL));

	assert_int_equal(200, r.status);
	assert_says(r, "\"valid\":false");
	assert_says(r, "sallyport.conf:1:1");
	assert_at_fault("text", ask(s, MACHINE, METHOD_POST, "/config/apply",
				    body_of(s, "listne 443\n", sha256(s))));
	warden.refusals[CALL_CONFIG_CHECK] = "the chain is not there";
	r = ask(s, MACHINE, METHOD_POST, "/config/check", body_of(s, shown(s), NULL));
	assert_says(r, "\"valid\":false");
	assert_says(r, "the chain is not there");
}

static void
a_mark_of_no_secret_of_ours_is_refused(void **state)
{
	assert_at_fault("text", ask(*state, MACHINE, METHOD_POST, "/config/check",
				    body_of(*state, "listen 443\nstore ***0123456789ab\n", NULL)));
}

static void
a_diff_shows_what_would_change_and_no_secret(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, MACHINE, METHOD_POST, "/config/diff",
			     body_of(s, "store postgresql://u:0THER@db/x\n", NULL));

	assert_int_equal(200, r.status);
	assert_says(r, "-listen 8443");
	assert_says_not(r, "S3CRET");
	assert_says_not(r, "0THER");
	assert_says(ask(s, MACHINE, METHOD_POST, "/config/diff", body_of(s, shown(s), NULL)),
		    "\"changed\":false");
}

static void
a_read_only_configuration_is_not_changed(void **state)
{
	struct server *s = *state;
	const char *text = shown(s), *base = sha256(s);

	raw_configure(s, RUNNING "config read_only\n");
	assert_status(403, ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, text, base)));
	assert_status(403, ask(s, MACHINE, METHOD_POST, "/config/rollback", NULL));
}

static void
confirming_says_when_the_connection_was_made(void **state)
{
	struct server *s = *state;
	struct raw r = {.method = METHOD_POST, .path = "/api/v1/config/confirm", .machine = true};

	assert_raw(204, raw_ask(s, r));
	assert_string_equal("77", warden.argument);
	warden.refusals[CALL_CONFIG_CONFIRM] = "this connection is older than the change";
	struct api_answer refused = raw_ask(s, r);
	assert_raw(400, refused);
	assert_string_equal("1", raw_field(s, &refused, "x-sallyport-last"));
}

static void
versions_are_listed(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, MACHINE, METHOD_GET, "/config/history", NULL);

	assert_int_equal(2, items_of(r));
	warden.refusals[CALL_CONFIG_VERSION] = "there is no such version";
	assert_status(404, ask(s, MACHINE, METHOD_GET, "/config/history/nothing", NULL));
}

static void
changes_and_refusals_are_in_the_audit_log(void **state)
{
	struct server *s = *state;
	const struct page page = {.limit = 10};
	const struct audit_filter filter = {.object = "configuration"};
	struct audit_row_list rows;

	warden.refusals[CALL_CONFIG_ROLLBACK] = "there is nothing to go back to";
	assert_status(400, ask(s, MACHINE, METHOD_POST, "/config/rollback", NULL));
	assert_status(
	    200, ask(s, MACHINE, METHOD_POST, "/config/apply", body_of(s, shown(s), sha256(s))));
	assert_int_equal(STORE_DONE, store_audit(s->store, &page, &filter, s->memory, &rows));
	assert_int_equal(3, rows.count);
	assert_string_equal("config.apply", rows.at[0].action);
	assert_string_equal("config.refused", rows.at[1].action);
	assert_string_equal("config.rollback", rows.at[2].action);
	assert_null(strstr(rows.at[0].after, "S3CRET"));
}

static void
without_warden_it_is_said_so(void **state)
{
	struct server *s = *state;

	warden.answers[CALL_CONFIG] = NULL;
	assert_status(503, ask(s, MACHINE, METHOD_GET, "/config", NULL));
}

/* A stolen cookie is not enough to change it. */
static void
a_change_wants_the_password_of_late(void **state)
{
	struct server *s = *state;

	assert_status(204, ask(s, ADMIN, METHOD_POST, "/config/rollback", NULL));
	s->api.access.now += PROOF_MS + 1000;
	struct reply r = ask(s, ADMIN, METHOD_POST, "/config/rollback", NULL);
	assert_int_equal(403, r.status);
	assert_string_equal("urn:sallyport:problem:proof_needed", r.type);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    config_test(the_file_is_shown_without_its_secrets),
	    config_test(a_file_that_is_not_what_runs_is_told),
	    config_test(a_change_gets_its_secrets_back),
	    config_test(what_was_made_from_another_file_is_refused),
	    config_test(a_change_names_no_new_files_but_trusted_ones),
	    config_test(faults_are_told_with_their_place),
	    config_test(a_mark_of_no_secret_of_ours_is_refused),
	    config_test(a_diff_shows_what_would_change_and_no_secret),
	    config_test(a_read_only_configuration_is_not_changed),
	    config_test(confirming_says_when_the_connection_was_made),
	    config_test(versions_are_listed),
	    config_test(changes_and_refusals_are_in_the_audit_log),
	    config_test(without_warden_it_is_said_so),
	    config_test(a_change_wants_the_password_of_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
