#include "access/alerts.h"

#include "access/world.h"

static const char *const mailboxes[] = {"ops@example.org", NULL};
static const struct alert_settings whole = {
    .rules = {[ALERT_FAILURES] = {true}},
    .smtp_url = "smtps://mail.example.org",
    .smtp_user = "alerts",
    .smtp_password = "a secret of mails",
    .mail_from = "sallyport@example.org",
    .mail_to = (const char **)(void *)mailboxes,
    .webhook_url = "https://example.org/services/T0/B0/capability",
    .webhook_secret = "a secret of webhooks",
};

static void
settings_come_back_as_they_were_set(void **state)
{
	struct world *w = *state;
	struct alert_settings s;
	int64_t version, first;

	assert_taken(alerts_settings(&w->a, &s, &first));
	assert_true(s.rules[ALERT_FAILURES].on && s.rules[ALERT_AUDIT_BROKEN].on);
	assert_null(s.webhook_url);
	assert_taken(alerts_set(&w->a, &world_machine, &whole, first));
	assert_true(world_was_told(w, EVENT_SETTINGS));
	assert_taken(alerts_settings(&w->a, &s, &version));
	assert_true(s.rules[ALERT_FAILURES].on && !s.rules[ALERT_AUDIT_BROKEN].on);
	assert_string_equal(s.smtp_password, whole.smtp_password);
	assert_string_equal(s.webhook_secret, whole.webhook_secret);
	assert_string_equal(s.webhook_url, whole.webhook_url);
	assert_string_equal(s.mail_to[0], "ops@example.org");
	assert_outcome(OUTCOME_CHANGED, alerts_set(&w->a, &world_machine, &whole, first));
	s = whole;
	s.webhook_secret = NULL;
	assert_taken(alerts_set(&w->a, &world_machine, &s, version));
	assert_taken(alerts_settings(&w->a, &s, &version));
	assert_null(s.webhook_secret);
	assert_string_equal(s.smtp_password, whole.smtp_password);
}

static bool
has_secret(struct span line)
{
	static const char *const secrets[] = {"a secret of", "capability"};

	for (size_t i = 0; i < COUNT(secrets); i++)
		if (memmem(line.p, line.len, secrets[i], strlen(secrets[i])) != NULL)
			return true;
	return false;
}

static bool
look(void *owner, struct span line)
{
	size_t *found = owner;

	/* Where a webhook is, is kept as it is: only the log must not tell it. */
	*found += has_secret(line) && memmem(line.p, line.len, "webhook_internal", 16) == NULL;
	*found += memmem(line.p, line.len, "a secret of", 11) != NULL;
	return true;
}

static void
no_secret_is_in_the_database_in_clear_nor_in_the_log(void **state)
{
	struct world *w = *state;
	struct buf out = buf_with_cap(16384);
	struct alert_settings s;
	int64_t version;
	size_t found = 0;

	assert_taken(alerts_settings(&w->a, &s, &version));
	assert_taken(alerts_set(&w->a, &world_machine, &whole, version));
	assert_ok(store_dump(w->a.store, look, &found));
	assert_int_equal(found, 0);
	assert_true(shape_write_change(&shape_alert_settings, &whole, &s, &out));
	assert_false(has_secret(buf_span(&out)));
	buf_free(&out);
	assert_true(shape_write(&shape_alert_settings, &whole, &out));
	assert_null(memmem(buf_span(&out).p, buf_len(&out), "a secret of", 11));
	buf_free(&out);
}

static void
another_vaults_secrets_are_not_believed(void **state)
{
	static const uint8_t other[32] = {8};
	struct world *w = *state;
	struct vault *vault, *own = w->vault;
	struct alert_settings s;
	int64_t version;

	assert_taken(alerts_settings(&w->a, &s, &version));
	assert_taken(alerts_set(&w->a, &world_machine, &whole, version));
	assert_ok(vault_of(other, &vault));
	w->a.vault = vault;
	assert_outcome(OUTCOME_DOWN, alerts_settings(&w->a, &s, &version));
	alert_raise(&w->a, ALERT_TEST, "x", "");
	assert_true(alerts_work(&w->a) > 0);
	w->a.vault = own;
	vault_free(vault);
}

static void
what_cannot_be_is_refused_by_its_field(void **state)
{
	static const struct {
		const char *json, *field;
	} bad[] = {
	    {"{\"smtp_url\":\"mail.example.org\"}", "smtp_url"},
	    {"{\"smtp_url\":\"http://mail.example.org\"}", "smtp_url"},
	    {"{\"smtp_url\":\"smtp://u:p@mail.example.org\"}", "smtp_url"},
	    {"{\"smtp_url\":\"smtp://mail.example.org/helo\"}", "smtp_url"},
	    {"{\"smtp_url\":\"smtp://mail.example.org\\r\\nQUIT\"}", "smtp_url"},
	    {"{\"smtp_url\":\"smtp://\"}", "smtp_url"},
	    {"{\"smtp_url\":\"\"}", "smtp_url"},
	    {"{\"smtp_user\":\"a\\nb\"}", "smtp_user"},
	    {"{\"mail_from\":\"a@b@c\"}", "mail_from"},
	    {"{\"mail_from\":\"a\"}", "mail_from"},
	    {"{\"mail_from\":\"a@\"}", "mail_from"},
	    {"{\"mail_from\":\"a@b\\r\\nBcc: c@d\"}", "mail_from"},
	    {"{\"mail_from\":\"Alice <a@b>\"}", "mail_from"},
	    {"{\"mail_to\":[\"a@b\",\"c@d> SIZE=1\"]}", "mail_to[1]"},
	    {"{\"mail_to\":[\"a@b\",\"\"]}", "mail_to[1]"},
	    {"{\"mail_to\":[\"\\u00e4@b\"]}", "mail_to[0]"},
	    {"{\"webhook_url\":\"ftp://example.org\"}", "webhook_url"},
	    {"{\"webhook_url\":\"https://u@example.org\"}", "webhook_url"},
	    {"{\"webhook_url\":\"https://example.org/a b\"}", "webhook_url"},
	    {"{\"webhook_url\":\"https://example.org/#x\"}", "webhook_url"},
	    {"{\"webhook_secret\":\"short\"}", "webhook_secret"},
	    {"{\"authorities\":\"/etc/ssl/ca.pem\"}", "authorities"},
	    {"{\"rules\":{\"tset\":true}}", "rules.tset"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct alert_settings s = {0};
		struct outcome o = shape_read(&shape_alert_settings, SHAPE_CHANGE,
					      span_str(bad[i].json), w->a.memory, &s, NULL);

		if (o.kind != OUTCOME_INVALID || strcmp(o.field, bad[i].field) != 0)
			fail_msg("%s: \"%s\": %s", bad[i].json, o.field, o.text);
	}
}

static void
what_belongs_together_is_set_together(void **state)
{
	struct world *w = *state;
	struct user olga = world_user(w, "olga", USER_ROLE_OPERATOR);
	struct actor operator= world_actor(&olga);
	struct alert_settings s = whole;
	int64_t version;

	s.smtp_url = NULL;
	assert_string_equal(alerts_set(&w->a, &world_machine, &s, 0).field, "smtp_url");
	s = whole;
	s.mail_to = NULL;
	assert_string_equal(alerts_set(&w->a, &world_machine, &s, 0).field, "mail_to");
	s = whole;
	s.mail_from = NULL;
	assert_string_equal(alerts_set(&w->a, &world_machine, &s, 0).field, "mail_from");
	s = whole;
	s.smtp_password = NULL;
	assert_string_equal(alerts_set(&w->a, &world_machine, &s, 0).field, "smtp_password");
	s = whole;
	s.webhook_url = "http://10.0.0.5/";
	assert_string_equal(alerts_set(&w->a, &world_machine, &s, 0).field, "webhook_url");
	s.webhook_internal = true;
	assert_outcome(OUTCOME_FORBIDDEN, alerts_set(&w->a, &operator, & s, 0));
	assert_taken(alerts_set(&w->a, &world_machine, &s, 0));
	assert_taken(alerts_settings(&w->a, &s, &version));
	assert_true(s.webhook_internal);
}

static void
every_rule_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (enum alert_rule i = 0; i < ALERT_RULES; i++) {
		assert_non_null(alert_rule_name(i));
		for (enum alert_rule j = 0; j < i; j++)
			assert_string_not_equal(alert_rule_name(i), alert_rule_name(j));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(settings_come_back_as_they_were_set),
	    world_test(no_secret_is_in_the_database_in_clear_nor_in_the_log),
	    world_test(another_vaults_secrets_are_not_believed),
	    world_test(what_cannot_be_is_refused_by_its_field),
	    world_test(what_belongs_together_is_set_together),
	    cmocka_unit_test(every_rule_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
