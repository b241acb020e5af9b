/* Rules and what they let reach; bans and refusals; the audit log; alerts. */
#include "ops.h"

#include "access/alerts.h"
#include "access/guard.h"

#define ALLOW_NET                                                                                  \
	"{\"scope\":\"user\",\"of\":\"una\",\"action\":\"deny\",\"destination\":\"10.0.0.0/8\"}"

static const char *
path_to(struct server *s, const char *kind, struct reply r)
{
	return arena_printf(s->kept, "/%s/%s", kind, made(r));
}

static void
a_rule_is_added_shown_changed_and_removed(void **state)
{
	struct server *s = *state;
	const char *path = path_to(s, "rules", ask(s, ADMIN, METHOD_POST, "/rules", ALLOW_NET));
	struct reply r = ask(s, READER, METHOD_GET, path, NULL);

	assert_says(r, "\"of\":\"una\"");
	assert_says(r, "\"destination\":\"10.0.0.0/8\"");
	assert_status(428, ask(s, ADMIN, METHOD_PATCH, path, "{\"comment\":\"x\"}"));
	assert_status(200, ask_with(s, ADMIN, METHOD_PATCH, path, "{\"comment\":\"x\"}", r.etag));
	assert_status(412, ask_with(s, ADMIN, METHOD_PATCH, path, "{\"comment\":\"y\"}", r.etag));
	assert_status(412, ask_with(s, ADMIN, METHOD_DELETE, path, NULL, r.etag));
	assert_status(403, ask_with(s, OPERATOR, METHOD_DELETE, path, NULL, "*"));
	assert_status(204, ask_with(s, ADMIN, METHOD_DELETE, path, NULL, "*"));
	assert_status(404, ask(s, READER, METHOD_GET, path, NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/rules/x", NULL));
}

static void
what_cannot_be_taken_of_a_rule_names_its_field(void **state)
{
	static const struct {
		const char *body, *field;
	} bad[] = {
	    {"{}", NULL},
	    {"{\"scope\":\"user\",\"action\":\"allow\",\"destination\":\"10.0.0.0/8\"}", "of"},
	    {"{\"scope\":\"all\",\"action\":\"allow\",\"destination\":\"10.0.0.0/8\"}", "scope"},
	    {"{\"scope\":\"global\",\"action\":\"maybe\",\"destination\":\"10.0.0.0/8\"}",
	     "action"},
	    {"{\"scope\":\"global\",\"action\":\"allow\",\"destination\":\"10.0.0.1/8\"}",
	     "destination"},
	    {"{\"scope\":\"global\",\"action\":\"allow\",\"destination\":\"'; --\"}",
	     "destination"},
	    {"{\"scope\":\"global\",\"action\":\"allow\",\"destination\":\"10.0.0.0/8\","
	     "\"protocol\":\"tcp\",\"port_from\":70000}",
	     "port_from"},
	    {"{\"scope\":\"group\",\"of\":\"none\",\"action\":\"allow\","
	     "\"destination\":\"10.0.0.0/8\"}",
	     "of"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct reply r = ask(s, ADMIN, METHOD_POST, "/rules", bad[i].body);

		if (r.status != 400 || r.field == NULL ||
		    (bad[i].field != NULL && strcmp(r.field, bad[i].field) != 0))
			fail_msg("%s: %u %s", bad[i].body, r.status, r.body);
	}
}

static void
rules_are_narrowed_by_whom_they_are_for(void **state)
{
	struct server *s = *state;

	made(ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"staff\"}"));
	made(ask(s, ADMIN, METHOD_POST, "/rules", ALLOW_NET));
	made(ask(s, ADMIN, METHOD_POST, "/rules",
		 "{\"scope\":\"group\",\"of\":\"staff\",\"action\":\"allow\","
		 "\"destination\":\"10.1.0.0/16\"}"));
	made(ask(s, ADMIN, METHOD_POST, "/rules",
		 "{\"scope\":\"global\",\"action\":\"allow\",\"destination\":\"10.2.0.0/16\"}"));
	assert_int_equal(3, items_of(ask(s, READER, METHOD_GET, "/rules", NULL)));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/rules?scope=global", NULL)));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/rules?scope=user&of=una", NULL)));
	assert_int_equal(0,
			 items_of(ask(s, READER, METHOD_GET, "/rules?scope=user&of=otto", NULL)));
	assert_int_equal(1,
			 items_of(ask(s, READER, METHOD_GET, "/rules?scope=group&of=staff", NULL)));
	assert_at_fault("of", ask(s, READER, METHOD_GET, "/rules?of=una", NULL));
	assert_at_fault("of", ask(s, READER, METHOD_GET, "/rules?scope=global&of=una", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/rules?scope=user&of=none", NULL));
	assert_non_null(ask(s, READER, METHOD_GET, "/rules?limit=2", NULL).next);
}

static void
what_a_user_may_reach_is_told_with_the_rule_that_decides(void **state)
{
	static const char rule[] = "{\"scope\":\"user\",\"of\":\"una\",\"action\":\"deny\","
				   "\"destination\":\"10.0.0.0/8\",\"protocol\":\"tcp\","
				   "\"port_from\":22,\"port_to\":22}";
	struct server *s = *state;
	struct reply r, of_rule = ask(s, ADMIN, METHOD_POST, "/rules", rule);

	r = ask(s, READER, METHOD_GET, "/reach?user=una&to=10.1.2.3&protocol=tcp&port=22", NULL);
	assert_says(r, "\"reached\":false");
	assert_int_equal(strtol(made(of_rule), NULL, 10), number_of(r, "rule"));
	r = ask(s, READER, METHOD_GET, "/reach?user=una&to=10.1.2.3&protocol=tcp&port=23", NULL);
	assert_says(r, "\"reached\":true");
	assert_says(r, "\"rule\":null");
	assert_says(ask(s, READER, METHOD_GET, "/reach?user=otto&to=2001:db8::1", NULL),
		    "\"reached\":true");
	r = ask(s, READER, METHOD_GET, "/users/una/grant", NULL);
	assert_says(r, "{\"to\":\"10.0.0.0/8\",\"action\":\"deny\",\"protocol\":\"tcp\","
		       "\"port_from\":22,\"port_to\":22,");
	assert_says(r, "\"tunnel\":\"full\"");
}

static void
a_question_that_makes_no_sense_names_its_part(void **state)
{
	struct server *s = *state;

	assert_at_fault("user", ask(s, READER, METHOD_GET, "/reach?to=10.1.2.3", NULL));
	assert_at_fault("to", ask(s, READER, METHOD_GET, "/reach?user=una", NULL));
	assert_at_fault("to", ask(s, READER, METHOD_GET, "/reach?user=una&to=example.org", NULL));
	assert_at_fault("port", ask(s, READER, METHOD_GET,
				    "/reach?user=una&to=10.1.2.3&protocol=tcp&port=65536", NULL));
	assert_at_fault("port",
			ask(s, READER, METHOD_GET, "/reach?user=una&to=10.1.2.3&port=22", NULL));
	assert_at_fault("protocol",
			ask(s, READER, METHOD_GET, "/reach?user=una&to=10.1.2.3&protocol=x", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/reach?user=none&to=10.1.2.3", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/users/none/grant", NULL));
}

static void
a_ban_is_honoured_shown_and_lifted(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, OPERATOR, METHOD_POST, "/bans",
			     "{\"subject\":\"192.0.2.99\",\"reason\":\"scans\"}");
	const char *path = path_to(s, "bans", r);

	assert_says(r, "\"kind\":\"address\"");
	assert_says(r, "\"by\":\"otto\"");
	assert_says(r, "\"until\":null");
	s->from.ip[3] = 99;
	assert_status(429, ask(s, USER, METHOD_GET, "/me", NULL));
	s->from.ip[3] = 7;
	r = ask(s, READER, METHOD_GET, "/why?of=192.0.2.99", NULL);
	assert_says(r, "\"admitted\":false");
	assert_says(r, "sallyport ban lift 192.0.2.99");
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/bans", NULL)));
	assert_status(200, ask(s, READER, METHOD_GET, path, NULL));
	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/bans", NULL)));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/bans?all=true", NULL)));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, "/bans/999", NULL));
	s->from.ip[3] = 99;
	assert_status(200, ask(s, USER, METHOD_GET, "/me", NULL));
}

static void
a_network_and_an_account_can_be_banned_too(void **state)
{
	struct server *s = *state;

	made(ask(s, ADMIN, METHOD_POST, "/bans", "{\"subject\":\"198.51.100.0/24\"}"));
	assert_says(ask(s, READER, METHOD_GET, "/why?of=198.51.100.7", NULL), "198.51.100.0/24");
	made(ask(s, ADMIN, METHOD_POST, "/bans",
		 "{\"subject\":\"una\",\"until\":\"2026-12-01T00:00:00Z\"}"));
	assert_says(ask(s, READER, METHOD_GET, "/why?of=una", NULL),
		    "\"again\":\"2026-12-01T00:00:00Z\"");
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/bans", "{\"subject\":\"anna\"}"));
	assert_at_fault("until", ask(s, ADMIN, METHOD_POST, "/bans",
				     "{\"subject\":\"una\",\"until\":\"2020-12-01T00:00:00Z\"}"));
	assert_at_fault("subject", ask(s, ADMIN, METHOD_POST, "/bans", "{}"));
	assert_int_equal(
	    4, ask(s, ADMIN, METHOD_POST, "/bans", "{\"subject\":\"0.0.0.0/0\"}").status / 100);
}

static void
who_is_locked_out_is_listed_and_let_try_again(void **state)
{
	static const char wrong[] = "{\"name\":\"una\",\"password\":\"wrong\"}";
	struct server *s = *state;
	struct reply r;

	for (int i = 0; i < 4; i++)
		assert_status(401, ask(s, STRANGER, METHOD_POST, "/session", wrong));
	assert_status(429, ask(s, STRANGER, METHOD_POST, "/session", wrong));
	r = ask(s, READER, METHOD_GET, "/lock-outs", NULL);
	assert_int_equal(1, items_of(r)); /* of the address one more is free */
	assert_says(r, "\"kind\":\"account\",\"subject\":\"una\",\"failures\":4,");
	assert_says(r, "\"ban_at\":10,\"banned\":false,\"until\":\"20");
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/lock-outs?search=x", NULL)));
	assert_says(ask(s, READER, METHOD_GET, "/why?of=UNA", NULL),
		    "\"kind\":\"account\",\"subject\":\"una\",\"failures\":4,");
	assert_says(ask(s, READER, METHOD_GET, "/why?of=un", NULL), "\"lock_outs\":[]");
	const char *path =
	    arena_printf(s->kept, "/lock-outs/%lld",
			 (long long)strtoll(strstr(r.body, "\"id\":") + 5, NULL, 10));
	assert_status(200, ask(s, READER, METHOD_GET, path, NULL));
	assert_status(401, ask(s, STRANGER, METHOD_GET, "/lock-outs", NULL));
	assert_status(403, ask(s, USER, METHOD_GET, "/lock-outs", NULL));
	assert_status(403, ask(s, READER, METHOD_DELETE, path, NULL));
	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/lock-outs", NULL)));
	assert_says(ask(s, READER, METHOD_GET, "/why?of=una", NULL), "\"lock_outs\":[]");
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, path, NULL));
	assert_status(401, ask(s, STRANGER, METHOD_POST, "/session", wrong));
}

static void
why_somebody_is_refused_is_told_to_administrators(void **state)
{
	struct server *s = *state;
	struct reply r;

	assert_status(401, ask(s, STRANGER, METHOD_POST, "/session",
			       "{\"name\":\"una\",\"password\":\"wrong\"}"));
	r = ask(s, READER, METHOD_GET, "/refusals?of=una", NULL);
	assert_int_equal(1, items_of(r));
	assert_says(r, "\"where\":\"web\"");
	assert_says(r, "\"address\":\"192.0.2.7\"");
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/refusals?of=otto", NULL)));
	assert_int_equal(
	    1, items_of(ask(s, READER, METHOD_GET, "/refusals?sort=address&of=una", NULL)));
	assert_at_fault("sort", ask(s, READER, METHOD_GET, "/refusals?sort=remedy", NULL));
	r = ask(s, READER, METHOD_GET, "/why?of=una", NULL);
	assert_says(r, "\"admitted\":true");
	assert_int_equal(1, number_of(r, "failures"));
	assert_says(r, "\"refusals\":[{");
	assert_says(r, "\"account\":null");
	assert_says(ask(s, READER, METHOD_GET, "/why?of=nemo", NULL), "There is no user");
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"enabled\":false}", "*"));
	r = ask(s, READER, METHOD_GET, "/why?of=una", NULL);
	assert_says(r, "\"admitted\":false");
	assert_says(r, "The user is disabled");
	assert_says(r, "sallyport user enable una");
	assert_at_fault("of", ask(s, READER, METHOD_GET, "/why", NULL));
	assert_int_equal(4, ask(s, READER, METHOD_GET, "/why?of=%3Cscript%3E", NULL).status / 100);
}

static void
what_was_done_is_listed_by_who_what_and_when(void **state)
{
	struct server *s = *state;
	struct reply r;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users", "{\"name\":\"bob\"}"));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/bob", "{\"comment\":\"x\"}", "*"));
	r = ask(s, READER, METHOD_GET, "/audit?who=anna&action=user.change", NULL);
	assert_int_equal(1, items_of(r));
	assert_says(r, "\"object\":\"user bob\"");
	assert_says(r, "\"before\":{\"comment\":null}");
	assert_says(r, "\"after\":{\"comment\":\"x\"}");
	assert_says(r, "\"address\":\"192.0.2.7\"");
	assert_int_equal(
	    2, items_of(ask(s, READER, METHOD_GET, "/audit?who=anna&action=user.", NULL)));
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/audit?object=user%20bob", NULL)));
	assert_int_equal(
	    0, items_of(ask(s, READER, METHOD_GET, "/audit?since=2030-01-01T00:00:00Z", NULL)));
	assert_int_equal(
	    0, items_of(ask(s, READER, METHOD_GET, "/audit?until=2020-01-01T00:00:00Z", NULL)));
	assert_at_fault("since", ask(s, READER, METHOD_GET, "/audit?since=yesterday", NULL));
	assert_int_equal(0,
			 items_of(ask(s, READER, METHOD_GET, "/audit?who=%27%20OR%20%271", NULL)));
	assert_non_null(ask(s, READER, METHOD_GET, "/audit?limit=1", NULL).next);
}

static size_t
lines_of(struct reply r)
{
	size_t count = 0;

	for (const char *c = r.body; *c != '\0'; c++)
		count += *c == '\n';
	return count;
}

static void
the_audit_log_is_taken_away_in_parts(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/audit/export", NULL), part;
	size_t all = lines_of(r);

	assert_string_equal("application/jsonl", r.media);
	assert_true(strncmp(r.body, "{\"id\":1,", 8) == 0);
	assert_true(all > 3);
	part = ask(s, READER, METHOD_GET, "/audit/export?rows=2", NULL);
	assert_int_equal(2, lines_of(part));
	assert_true(strncmp(part.body, r.body, strlen(part.body)) == 0);
	assert_int_equal(all - 2,
			 lines_of(ask(s, READER, METHOD_GET, "/audit/export?from=3", NULL)));
	assert_int_equal(0, lines_of(ask(s, READER, METHOD_GET, "/audit/export?from=99999", NULL)));
	assert_at_fault("rows", ask(s, READER, METHOD_GET, "/audit/export?rows=50001", NULL));
	r = ask(s, READER, METHOD_GET, "/audit/verify", NULL);
	assert_says(r, "\"whole\":true");
	assert_int_equal(all, number_of(r, "rows"));
}

static void
alerts_are_set_by_version_and_keep_their_secrets(void **state)
{
	static const char mail[] =
	    "{\"smtp_url\":\"smtps://mail.example.org:465\","
	    "\"smtp_user\":\"u\",\"smtp_password\":\"a mail secret\","
	    "\"mail_from\":\"s@example.org\",\"mail_to\":[\"a@example.org\"]}";
	static const char same[] = "{\"smtp_url\":\"smtps://mail.example.org:465\","
				   "\"smtp_user\":\"u\",\"mail_from\":\"s@example.org\","
				   "\"mail_to\":[\"b@example.org\"]}";
	static const char other[] = "{\"smtp_url\":\"smtps://evil.example.org:465\","
				    "\"smtp_user\":\"u\",\"mail_from\":\"s@example.org\","
				    "\"mail_to\":[\"b@example.org\"]}";
	struct server *s = *state;
	struct alert_settings settings;
	struct reply r = ask(s, READER, METHOD_GET, "/alerts", NULL);
	int64_t version;

	assert_int_equal(200, r.status);
	assert_status(428, ask(s, ADMIN, METHOD_PUT, "/alerts", mail));
	assert_status(200, ask_with(s, ADMIN, METHOD_PUT, "/alerts", mail, r.etag));
	assert_status(412, ask_with(s, ADMIN, METHOD_PUT, "/alerts", mail, r.etag));
	assert_says(r, "\"has_smtp_password\":false,\"has_webhook_secret\":false");
	r = ask(s, READER, METHOD_GET, "/alerts", NULL);
	assert_says_not(r, "a mail secret");
	assert_says(r, "\"has_smtp_password\":true,\"has_webhook_secret\":false");
	assert_says_not(ask(s, READER, METHOD_GET, "/audit/export", NULL), "a mail secret");
	assert_status(200, ask_with(s, ADMIN, METHOD_PUT, "/alerts", same, "*"));
	assert_taken(alerts_settings(&s->api.access, &settings, &version));
	assert_string_equal("a mail secret", settings.smtp_password);
	assert_at_fault("smtp_password", ask_with(s, ADMIN, METHOD_PUT, "/alerts", other, "*"));
	assert_at_fault("smtp_url",
			ask_with(s, ADMIN, METHOD_PUT, "/alerts", "{\"smtp_url\":7}", "*"));
	assert_at_fault("has_smtp_password", ask_with(s, ADMIN, METHOD_PUT, "/alerts",
						      "{\"has_smtp_password\":true}", "*"));
}

static void
a_test_message_goes_out_by_every_way(void **state)
{
	struct server *s = *state;

	assert_status(204, ask(s, ADMIN, METHOD_POST, "/alerts/test", NULL));
	assert_true(items_of(ask(s, READER, METHOD_GET, "/notices", NULL)) >= 1);
	assert_status(200, ask(s, READER, METHOD_GET, "/notices?waiting=true", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/alerts/test", NULL));
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_rules);
	assert_all_asked_well(&operations_reach);
	assert_all_asked_well(&operations_bans);
	assert_all_asked_well(&operations_lockouts);
	assert_all_asked_well(&operations_refusals);
	assert_all_asked_well(&operations_audit);
	assert_all_asked_well(&operations_alerts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(a_rule_is_added_shown_changed_and_removed),
	    server_test(what_cannot_be_taken_of_a_rule_names_its_field),
	    server_test(rules_are_narrowed_by_whom_they_are_for),
	    server_test(what_a_user_may_reach_is_told_with_the_rule_that_decides),
	    server_test(a_question_that_makes_no_sense_names_its_part),
	    server_test(a_ban_is_honoured_shown_and_lifted),
	    server_test(a_network_and_an_account_can_be_banned_too),
	    server_test(who_is_locked_out_is_listed_and_let_try_again),
	    server_test(why_somebody_is_refused_is_told_to_administrators),
	    server_test(what_was_done_is_listed_by_who_what_and_when),
	    server_test(the_audit_log_is_taken_away_in_parts),
	    server_test(alerts_are_set_by_version_and_keep_their_secrets),
	    server_test(a_test_message_goes_out_by_every_way),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
