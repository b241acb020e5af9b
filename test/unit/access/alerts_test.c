#include "access/alerts.h"

#include "access/server.h"
#include "access/world.h"
#include "base/encode.h"
#include "tls/digest.h"

#define HOOK_SECRET "correct horse battery"

static const char *const mailboxes[] = {"ops@example.org", "boss@example.org", NULL};

static struct alert_settings
all_on(void)
{
	struct alert_settings s = {0};

	for (size_t i = 0; i < ALERT_RULES; i++)
		s.rules[i].on = true;
	return s;
}

static void
set(struct world *w, const struct alert_settings *s)
{
	struct alert_settings before;
	int64_t version;

	assert_taken(alerts_settings(&w->a, &before, &version));
	assert_taken(alerts_set(&w->a, &world_machine, s, version));
}

static struct notice_list
notices(struct world *w)
{
	const struct page page = {.limit = STORE_PAGE_MAX};
	struct notice_list list;

	assert_int_equal(STORE_DONE, store_notices(w->a.store, &page, false, w->a.memory, &list));
	return list;
}

static struct notice
of_channel(struct world *w, const char *channel)
{
	struct notice_list list = notices(w);

	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.at[i].channel, channel) == 0)
			return list.at[i];
	fail_msg("no notice by %s", channel);
	return (struct notice){0};
}

static struct alert_settings
hook(struct world *w, const struct server *server)
{
	struct alert_settings s = all_on();

	s.webhook_url = arena_printf(w->a.memory, "http%s://localhost:%u/hook",
				     server->tls == SERVER_PLAIN ? "" : "s", server->port);
	s.webhook_internal = true;
	s.webhook_secret = HOOK_SECRET;
	return s;
}

static struct alert_settings
mail(struct world *w, const struct server *server)
{
	struct alert_settings s = all_on();

	s.smtp_url = arena_printf(w->a.memory, "%s://localhost:%u",
				  server->tls == SERVER_TLS ? "smtps" : "smtp", server->port);
	s.mail_from = "sallyport@example.org";
	s.mail_to = (const char **)(void *)mailboxes;
	return s;
}

static void
a_webhook_is_posted_with_a_signature(void **state)
{
	struct world *w = *state;
	char hex[HEX_SIZE(DIGEST_SIZE)];
	struct alert_settings s;
	struct server server;
	uint8_t mac[DIGEST_SIZE];

	server_begin(&server, SERVER_HTTP, SERVER_PLAIN);
	s = hook(w, &server);
	set(w, &s);
	alert_raise(&w->a, ALERT_FAILURES, "alice \"<b>\r\nX: y", "Seven \xF0\x9F\x98\x80 tries.");
	assert_true(world_was_told(w, EVENT_NOTICE));
	alerts_work(&w->a);
	server_end(&server);
	struct notice n = of_channel(w, "webhook");
	assert_true(n.done >= NOON && n.attempts == 1 && n.next_try == 0 && n.last_error == NULL);
	const char *body = strstr(server.got, "\r\n\r\n");
	assert_non_null(body);
	body += 4;
	assert_string_equal(body, n.body);
	assert_memory_equal(body, "{\"rule\":\"failures\",\"subject\":\"alice \\\"<b>  X: y\",",
			    40);
	assert_non_null(strstr(body, "\"time\":\"2026-09-21T"));
	const struct span signed_part = span_str(body);
	assert_true(digest_keyed(SPAN_OF(HOOK_SECRET), &signed_part, 1, mac));
	hex_write(span_of(mac, sizeof mac), hex);
	assert_memory_equal(server.got, "POST /hook HTTP/1.1\r\n", 21);
	assert_non_null(strstr(
	    server.got, arena_printf(w->a.memory, "X-Sallyport-Signature: sha256=%s\r\n", hex)));
	assert_non_null(strstr(server.got, "Content-Type: application/json\r\n"));
	assert_true(of_channel(w, "journal").done >= NOON);
}

static struct err
deliver(const struct alert_settings *s, const char *channel)
{
	const struct notice n = {.rule = "test",
				 .subject = "s",
				 .body = "{\"rule\":\"test\",\"subject\":\"s\",\"detail\":\"d\","
					 "\"server\":\"h\",\"time\":\"2026-11-21T16:52:30Z\"}",
				 .channel = channel};

	return alert_deliver(s, &n);
}

static void
assert_why(struct err e, const char *says)
{
	if (strstr(e.text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, says);
}

static void
a_webhook_leads_nowhere_inside_unless_that_is_allowed(void **state)
{
	static const char *const hosts[] = {
	    "localhost",  "127.0.0.1",          "[::1]",          "0", "127.1",
	    "0x7f000001", "[::ffff:127.0.0.1]", "169.254.169.254"};
	struct world *w = *state;
	struct alert_settings s = all_on();
	struct server server;

	server_begin(&server, SERVER_HTTP, SERVER_TLS);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		s.webhook_url = arena_printf(w->a.memory, "https://%s:%u/x", hosts[i], server.port);
		assert_why(deliver(&s, "webhook"), "address of this machine or its networks");
	}
	/* Nor by another scheme, whoever wrote that into the database. */
	s.webhook_url = "http://1.1.1.1/";
	assert_fails(deliver(&s, "webhook"));
	s.webhook_internal = true;
	s.webhook_url = "file:///etc/passwd";
	assert_fails(deliver(&s, "webhook"));
	server_end(&server);
	assert_int_equal(server.connections, 0);
}

static void
a_webhook_is_believed_by_its_certificate_alone(void **state)
{
	struct world *w = *state;
	struct alert_settings s;
	struct server server;

	server_begin(&server, SERVER_HTTP, SERVER_TLS);
	s = hook(w, &server);
	assert_why(deliver(&s, "webhook"), "certificate");
	s.authorities = server.authority;
	assert_ok(deliver(&s, "webhook"));
	s.webhook_url = arena_printf(w->a.memory, "https://127.0.0.1:%u/", server.port);
	assert_fails(deliver(&s, "webhook"));
	server_end(&server);
	assert_non_null(strstr(server.got, "POST /hook"));
}

static void
a_redirect_is_a_failure(void **state)
{
	struct world *w = *state;
	struct server server, other;
	struct alert_settings s;

	server_begin(&server, SERVER_HTTP, SERVER_PLAIN);
	server_begin(&other, SERVER_HTTP, SERVER_PLAIN);
	server.status = 307;
	server.fields = arena_printf(w->a.memory, "Location: http://localhost:%u/\r\n", other.port);
	s = hook(w, &server);
	assert_why(deliver(&s, "webhook"), "it answered 307");
	server.status = 404;
	assert_why(deliver(&s, "webhook"), "it answered 404");
	server_end(&server);
	server_end(&other);
	assert_int_equal(other.connections, 0);
	assert_why(deliver(&s, "webhook"), "connect");
	assert_why(deliver(&s, "mail"), "no mail");
	assert_why(deliver(&s, "pigeon"), "no such channel");
}

static void
a_mail_reaches_each_mailbox(void **state)
{
	struct world *w = *state;
	struct server server;
	struct alert_settings s;

	server_begin(&server, SERVER_SMTP, SERVER_PLAIN);
	s = mail(w, &server);
	set(w, &s);
	alert_raise(&w->a, ALERT_CERTIFICATE, "vpn.example.org expires", "In 3 days.\nRenew it.");
	alerts_work(&w->a);
	server_end(&server);
	struct notice n = of_channel(w, "mail");
	assert_true(n.done >= NOON && n.attempts == 1);
	assert_non_null(strstr(server.got, "MAIL FROM:<sallyport@example.org>"));
	assert_non_null(strstr(server.got, "RCPT TO:<ops@example.org>\r\n"));
	assert_non_null(strstr(server.got, "RCPT TO:<boss@example.org>\r\n"));
	assert_non_null(strstr(server.got, "Subject: vpn.example.org expires\r\n"));
	const char *text = strstr(server.got, "base64\r\n\r\n");
	assert_non_null(text);
	struct buf words = buf_with_cap(4096);
	size_t len = (size_t)(strstr(text, "\r\n.\r\n") - text);
	assert_true(base64_read(span_tail(span_of(text, len), 10), &words));
	assert_true(buf_byte(&words, '\0'));
	assert_non_null(strstr((const char *)buf_span(&words).p, "In 3 days.\nRenew it.\r\n"));
	buf_free(&words);
}

static void
a_password_is_said_in_private_alone(void **state)
{
	struct world *w = *state;
	struct server server;
	struct alert_settings s;

	server_begin(&server, SERVER_SMTP, SERVER_STARTTLS);
	s = mail(w, &server);
	s.smtp_user = "u";
	s.smtp_password = "p";
	s.authorities = server.authority;
	assert_ok(deliver(&s, "mail"));
	server.tls = SERVER_PLAIN; /* somebody on the way takes the offer out */
	assert_why(deliver(&s, "mail"), "the mail server");
	server_end(&server);
	assert_int_equal(server.connections, 2);
	assert_non_null(strstr(server.got, "AUTH PLAIN"));
	assert_int_equal(server.plain_auths, 0);
	server_begin(&server, SERVER_SMTP, SERVER_TLS);
	s = mail(w, &server);
	assert_fails(deliver(&s, "mail")); /* nobody has signed its certificate */
	s.authorities = server.authority;
	assert_ok(deliver(&s, "mail"));
	server_end(&server);
}

static void
what_fails_is_tried_again_for_a_day_and_then_given_up(void **state)
{
	static const int64_t waits[] = {MINUTE,   5 * MINUTE, 30 * MINUTE,
					2 * HOUR, 6 * HOUR,   24 * HOUR};
	struct world *w = *state;
	struct server server;
	struct alert_settings s;

	server_begin(&server, SERVER_HTTP, SERVER_PLAIN);
	server.status = 500;
	s = hook(w, &server);
	set(w, &s);
	alert_raise(&w->a, ALERT_NEW_LISTENER, "port 8080", "By nginx.");
	for (size_t i = 0; i < COUNT(waits); i++) {
		uint64_t wait = alerts_work(&w->a);
		struct notice n = of_channel(w, "webhook");

		assert_true(wait > 0 && wait <= 60000);
		assert_true(n.done == 0 && n.attempts == (int64_t)i + 1);
		assert_string_equal(n.last_error, "the webhook: it answered 500");
		/* A try takes a moment. */
		assert_true(n.next_try - w->a.now <= waits[i] &&
			    n.next_try - w->a.now > waits[i] - 5000);
		w->a.now = n.next_try - 1;
		alerts_work(&w->a);
		assert_int_equal(of_channel(w, "webhook").attempts, i + 1);
		w->a.now = n.next_try;
	}
	alerts_work(&w->a);
	struct notice n = of_channel(w, "webhook");
	assert_true(n.done == -1 && n.attempts == 7);
	w->a.now += 48 * HOUR;
	assert_true(alerts_work(&w->a) == 60000);
	server_end(&server);
	assert_int_equal(server.connections, 7);
}

static void
what_is_down_for_a_while_is_delivered_then(void **state)
{
	struct world *w = *state;
	struct server server;
	struct alert_settings s;

	server_begin(&server, SERVER_SMTP, SERVER_PLAIN);
	server.status = 451;
	s = mail(w, &server);
	set(w, &s);
	alert_raise(&w->a, ALERT_TEST, "test", "");
	alerts_work(&w->a);
	struct notice n = of_channel(w, "mail");
	assert_true(n.done == 0 && strstr(n.last_error, "451") != NULL);
	server.status = 250;
	w->a.now = n.next_try;
	alerts_work(&w->a);
	assert_true(of_channel(w, "mail").done >= NOON);
	server_end(&server);
}

static size_t
count_of(struct world *w)
{
	return notices(w).count;
}

static void
the_same_is_said_once_an_hour_and_a_rule_speaks_twenty_times(void **state)
{
	struct world *w = *state;

	alert_raise(&w->a, ALERT_FAILURES, "alice", "");
	alert_raise(&w->a, ALERT_FAILURES, "alice", "more");
	assert_int_equal(count_of(w), 1);
	alert_raise(&w->a, ALERT_CERTIFICATE, "alice", "");
	assert_int_equal(count_of(w), 2);
	alert_raise(&w->a, ALERT_TEST, "t", "");
	alert_raise(&w->a, ALERT_TEST, "t", "");
	assert_int_equal(count_of(w), 4);
	for (int i = 0; i < 50; i++)
		alert_raise(&w->a, ALERT_FAILURES, arena_printf(w->a.memory, "from 10.0.0.%d", i),
			    "");
	assert_int_equal(count_of(w), 4 + 19);
	w->a.now += HOUR;
	alert_raise(&w->a, ALERT_FAILURES, "alice", "");
	assert_int_equal(count_of(w), 4 + 19 + 1);
}

static void
a_rule_that_is_off_is_silent_but_a_test_is_not(void **state)
{
	struct world *w = *state;
	struct alert_settings s = {0};

	set(w, &s);
	alert_raise(&w->a, ALERT_AUDIT_BROKEN, "x", "");
	assert_int_equal(count_of(w), 0);
	alert_raise(&w->a, ALERT_TEST, "x", "");
	assert_int_equal(count_of(w), 1);
}

static void
a_long_story_is_cut(void **state)
{
	struct world *w = *state;
	char text[5001];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	memcpy(text + 199, "\xC3\xA4", 2);
	alert_raise(&w->a, ALERT_TEST, text, text);
	struct notice n = of_channel(w, "journal");
	assert_int_equal(strlen(n.subject), 199);
	assert_true(strlen(n.body) < 2500);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(a_webhook_is_posted_with_a_signature),
	    world_test(a_webhook_leads_nowhere_inside_unless_that_is_allowed),
	    world_test(a_webhook_is_believed_by_its_certificate_alone),
	    world_test(a_redirect_is_a_failure),
	    world_test(a_mail_reaches_each_mailbox),
	    world_test(a_password_is_said_in_private_alone),
	    world_test(what_fails_is_tried_again_for_a_day_and_then_given_up),
	    world_test(what_is_down_for_a_while_is_delivered_then),
	    world_test(the_same_is_said_once_an_hour_and_a_rule_speaks_twenty_times),
	    world_test(a_rule_that_is_off_is_silent_but_a_test_is_not),
	    world_test(a_long_story_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
