#include "unit.h"

#include "os/loop.h"
#include "serve/crypter.h"
#include "serve/limiter.h"
#include "serve/passwords.h"
#include "serve/policy.h"
#include "site.h"

/* Of "open sesame", at the least cost there is. */
#define SESAME "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"

static const char conf[] =
    "state_dir /tmp\n"
    "site one.example {\n"
    "	certificate self-signed\n"
    "	plain_http on\n"
    "	header X-Site yes\n"
    "	header ?X-Soft site\n"
    "	header -X-Gone\n"
    "	header +X-Many site\n"
    "	route /fields { header X-Site route; header ?X-Soft route; header +X-Many route\n"
    "		header X-Frame-Options DENY; header -Referrer-Policy; respond 200 ok }\n"
    "	route /gone { header -X-Site; respond 200 }\n"
    "	route /only-get { method GET; respond 200 get }\n"
    "	route /only-get { method POST PUT; respond 200 put }\n"
    "	route /near { from 192.0.2.0/24; respond 200 near }\n"
    "	route /near { respond 403 far }\n"
    "	route /version { match X-Version 2; match X-Other; respond 200 two }\n"
    "	route /version { match X-Version; respond 200 any }\n"
    "	route /moved/* { strip_prefix /moved; redirect 301 https://new.example{uri} }\n"
    "	route /flat/* { redirect {path} }\n"
    "	route /host { redirect 307 https://{host}/ }\n"
    "	route /quiet { respond 204 }\n"
    "	route /reset { respond 205 }\n"
    "	route /page { respond 503 }\n"
    "	route /files/* { strip_prefix /files; root %s }\n"
    "	route /fixed/* { rewrite /only; root %s }\n"
    "	route /tree/* { strip_prefix /tree; rewrite {path}/x?{query}; root %s }\n"
    "	route /rate { limit_rate 1/s burst 2; respond 200 }\n"
    "	route /rate-shared { limit_rate 2/s; respond 200 }\n"
    "	route /admin/* { respond 200 admin }\n"
    "	route /open/* { respond 200 open }\n"
    "	route /upload { limit_body 10; respond 200 }\n"
    "}\n"
    "site two.example {\n"
    "	certificate self-signed\n"
    "	hsts 730d subdomains preload\n"
    "	security_headers off\n"
    "	limit_rate 2/s\n"
    "	limit_connections 1\n"
    "	route /a { respond 200 }\n"
    "	route /b { respond 200 }\n"
    "	route /c { limit_rate off; limit_connections off; respond 200 }\n"
    "}\n"
    "site three.example {\n"
    "	certificate self-signed\n"
    "	hsts off\n"
    "	basic_auth \"a \\\"staff\\\"\" { user alice " SESAME "; user bob " SESAME " }\n"
    "	route /open { basic_auth off; respond 200 open }\n"
    "	route /own { basic_auth own { user carol " SESAME " }; respond 200 own }\n"
    "	route /upload { limit_body 100; respond 200 taken }\n"
    "	route /* { respond 200 in }\n"
    "}\n";

static struct crypter *crypter;
static struct loop *loop;

static void
renew(struct site_test *t)
{
	passwords_free(t->serve.passwords);
	limiter_free(t->serve.limiter);
	t->serve.limiter = limiter_new(1000);
	t->serve.passwords = passwords_new(crypter, loop, t->serve.limiter);
	site_now = loop_now(loop);
}

static int
setup(void **state)
{
	const struct config_defaults defaults = {.file = "/etc/test.conf"};
	struct buf text = buf_with_cap(1 << 16), errors = buf_with_cap(1 << 16);
	struct site_test *t = calloc(1, sizeof *t);

	site_start(t);
	site_write(t, "only", SPAN_OF("only"), 1);
	mkdir(site_path(t, "sub"), 0755);
	site_write(t, "sub/x", SPAN_OF("sub"), 1);
	policies_free(t->serve.policies);
	config_free(t->config);
	if (!buf_printf(&text, conf, t->dir, t->dir, t->dir))
		return 1;
	t->config = config_read(buf_span(&text), &defaults, &errors);
	if (t->config == NULL)
		fprintf(stderr, "%.*s", (int)buf_len(&errors), (const char *)errors.data);
	buf_free(&text);
	buf_free(&errors);
	if (t->config == NULL || failed(loop_new(&loop)) || failed(crypter_new(&crypter)))
		return 1;
	t->serve.config = t->config;
	t->serve.policies = policies_new(t->config);
	renew(t);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct site_test *t = *state;

	session_free(t->h1);
	t->h1 = NULL;
	crypter_free(crypter);
	passwords_free(t->serve.passwords);
	limiter_free(t->serve.limiter);
	loop_free(loop);
	site_end(t);
	free(t);
	return 0;
}

static const char *
ask(struct site_test *t, const char *what, const char *host, const char *fields)
{
	char head[2048];

	t->client.server_name = SPAN_NONE;
	snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", what, host, fields);
	return site_ask(t, head);
}

static const char *
one(struct site_test *t, const char *what)
{
	return ask(t, what, "one.example", "");
}

static void
assert_field(const char *answer, const char *name, const char *value)
{
	if (strcmp(site_field(answer, name), value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", name, site_field(answer, name), value);
}

#define CORP "strict-origin-when-cross-origin"

static void
every_answer_carries_what_its_site_says(void **state)
{
	static const char *const targets[] = {"GET /gone", "GET /nothing", "GET /page",
					      "GET /moved/"};
	struct site_test *t = *state;

	for (size_t i = 0; i < COUNT(targets); i++) {
		const char *answer = one(t, targets[i]);

		assert_field(answer, "X-Content-Type-Options", "nosniff");
		assert_field(answer, "X-Frame-Options", "SAMEORIGIN");
		assert_field(answer, "Referrer-Policy", CORP);
		assert_field(answer, "Strict-Transport-Security", "max-age=31536000");
		assert_field(answer, "X-Site", i == 0 ? "" : "yes");
	}
}

static void
a_routes_word_on_a_field_stands_in_for_the_sites(void **state)
{
	const char *answer = one(*state, "GET /fields");

	assert_field(answer, "X-Site", "route");
	assert_field(answer, "X-Soft", "route");
	assert_field(answer, "X-Frame-Options", "DENY");
	assert_field(answer, "Referrer-Policy", "");
	assert_non_null(strstr(answer, "X-Many: site\r\n"));
	assert_non_null(strstr(answer, "X-Many: route\r\n"));
}

static void
a_site_may_say_otherwise_of_what_is_said_by_default(void **state)
{
	struct site_test *t = *state;
	const char *answer = ask(t, "GET /c", "two.example", "");

	assert_field(answer, "Strict-Transport-Security",
		     "max-age=63072000; includeSubDomains; preload");
	assert_field(answer, "X-Frame-Options", "");
	answer = ask(t, "GET /open", "three.example", "");
	assert_field(answer, "Strict-Transport-Security", "");
	assert_field(answer, "X-Frame-Options", "SAMEORIGIN");
}

/* RFC 6797 §7.2. */
static void
in_clear_nothing_is_said_of_tls(void **state)
{
	struct site_test *t = *state;

	t->plain = true;
	t->client.secure = false;
	const char *answer = one(t, "GET /gone");
	t->plain = false;
	t->client.secure = true;
	assert_int_equal(site_status(answer), 200);
	assert_field(answer, "Strict-Transport-Security", "");
	assert_field(answer, "X-Content-Type-Options", "nosniff");
}

static void
the_wrong_site_answers_with_the_fields_of_the_right_one(void **state)
{
	struct site_test *t = *state;

	t->client.server_name = SPAN_OF("two.example");
	const char *answer = site_ask(t, "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
	assert_int_equal(site_status(answer), 421);
	assert_field(answer, "Strict-Transport-Security",
		     "max-age=63072000; includeSubDomains; preload");
}

static const struct {
	const char *what, *fields;
	unsigned status;
	const char *body, *location; /* NULL: not looked at */
} routes[] = {
    {"GET /only-get", "", 200, "get", ""},
    {"HEAD /only-get", "", 200, "", ""},
    {"PUT /only-get", "Content-Length: 0\r\n", 200, "put", ""},
    {"DELETE /only-get", "", 404, NULL, ""},
    {"GET /near", "", 200, "near", ""},
    {"GET /version", "X-Version: 2\r\nX-Other: 1\r\n", 200, "two", ""},
    {"GET /version", "X-Version: 1\r\nX-Other: 1\r\n", 200, "any", ""},
    {"GET /version", "X-Version: 2\r\n", 200, "any", ""},
    {"GET /version", "X-Version: 1\r\nX-Version: 2\r\nX-Other:\r\n", 200, "two", ""},
    {"GET /version", "", 404, NULL, ""},
    {"GET /moved/a%20b?c=%26", "", 301, NULL, "https://new.example/a%20b?c=%26"},
    {"POST /moved/", "", 301, NULL, "https://new.example/"},
    {"GET /moved/a%2Fb", "", 301, NULL, "https://new.example/a%2Fb"},
    {"GET /moved/%0d%0aSet-Cookie:x", "", 301, NULL, "https://new.example/%0D%0ASet-Cookie:x"},
    {"GET /flat//evil.example", "", 302, NULL, "/flat/evil.example"},
    {"GET //flat/x", "", 302, NULL, "/flat/x"},
    {"GET /flat/\\evil.example", "", 302, NULL, "/flat/%5Cevil.example"},
    {"GET /host", "", 307, NULL, "https://one.example/"},
    {"GET /quiet", "", 204, "", ""},
    {"GET /reset", "", 205, "", ""},
    {"GET /page", "", 503, NULL, ""},
    {"GET /files/only", "", 200, "only", ""},
    {"GET /files/sub/x", "", 200, "sub", ""},
    {"GET /filesonly", "", 404, NULL, ""},
    {"GET /fixed/whatever", "", 200, "only", ""},
    {"GET /tree/sub?q", "", 200, "sub", ""},
    {"GET /tree/sub/../sub", "", 200, "sub", ""},
    {"GET /files/sub%2Fx", "", 400, NULL, ""},
    {"GET /admin/x", "", 200, "admin", ""},
    {"GET /open/a%2Fb", "", 200, "open", ""},
    {"GET /open%2Fb", "", 404, NULL, ""},
    {"GET /open/..%2Fadmin/x", "", 400, NULL, ""},
    {"GET /open/%2e%2e%2Fadmin/x", "", 400, NULL, ""},
    {"GET /open/..%2F..%2F..%2Fx", "", 400, NULL, ""},
    {"GET /open/..%252Fadmin/x", "", 400, NULL, ""},
    {"GET /upload", "Content-Length: 11\r\n", 413, NULL, ""},
    {"OPTIONS *", "", 204, "", ""},
};

static void
the_first_route_whose_conditions_hold_answers(void **state)
{
	static const uint8_t near[4] = {192, 0, 2, 1};
	struct site_test *t = *state;

	t->client.peer = address_v4(near, 1);
	for (size_t i = 0; i < COUNT(routes); i++) {
		const char *answer = ask(t, routes[i].what, "one.example", routes[i].fields);

		if (site_status(answer) != routes[i].status)
			fail_msg("%s: %u", routes[i].what, site_status(answer));
		if (routes[i].body != NULL && strcmp(site_body(answer), routes[i].body) != 0)
			fail_msg("%s: %s", routes[i].what, site_body(answer));
		assert_field(answer, "Location", routes[i].location);
	}
	static const uint8_t far[4] = {198, 51, 100, 1};
	t->client.peer = address_v4(far, 1);
	assert_string_equal(site_body(one(t, "GET /near")), "far");
	t->client.peer = (struct address){0};
	assert_string_equal(site_body(one(t, "GET /near")), "far");
}

static void
who_asks_too_often_is_told_when_to_come_back(void **state)
{
	struct site_test *t = *state;

	renew(t);
	assert_int_equal(site_status(one(t, "GET /rate")), 200);
	assert_int_equal(site_status(one(t, "GET /rate")), 200);
	const char *answer = one(t, "GET /rate");
	assert_int_equal(site_status(answer), 429);
	assert_field(answer, "Retry-After", "1");
	assert_field(answer, "X-Site", "yes");
	assert_int_equal(site_status(one(t, "GET /rate-shared")), 200);
	site_now += 1000;
	assert_int_equal(site_status(one(t, "GET /rate")), 200);
	assert_int_equal(site_status(one(t, "GET /rate")), 429);
}

static void
routes_with_the_sites_limit_count_together(void **state)
{
	struct site_test *t = *state;

	renew(t);
	assert_int_equal(site_status(ask(t, "GET /a", "two.example", "")), 200);
	assert_int_equal(site_status(ask(t, "GET /b", "two.example", "")), 200);
	assert_int_equal(site_status(ask(t, "GET /a", "two.example", "")), 429);
	assert_int_equal(site_status(ask(t, "GET /nothing", "two.example", "")), 429);
	for (int i = 0; i < 10; i++)
		assert_int_equal(site_status(ask(t, "GET /c", "two.example", "")), 200);
}

static const char *
with(const char *base64)
{
	static char field[512];

	snprintf(field, sizeof field, "Authorization: Basic %s\r\n", base64);
	return field;
}

struct watchdog {
	struct timer timer;
	struct site_test *t;
	int turns;
};

static void
look(struct timer *timer)
{
	struct watchdog *w = container_of(timer, struct watchdog, timer);

	if (buf_len(session_output(w->t->h1)) > 0 || w->turns++ > 2000)
		loop_stop(loop);
	else
		timer_set(loop, timer, 2, look);
}

/* Lets the thread compare, and what it found arrive. */
static const char *
wait_for(struct site_test *t)
{
	struct watchdog w = {.t = t};

	timer_set(loop, &w.timer, 2, look);
	loop_run(loop);
	return site_collect(t);
}

#define ALICE "YWxpY2U6b3BlbiBzZXNhbWU="
#define CAROL "Y2Fyb2w6b3BlbiBzZXNhbWU="
#define WRONG "YWxpY2U6b3BlbiBiYXJsZXk="
#define EVE   "ZXZlOm9wZW4gc2VzYW1l"

static void
who_says_nothing_is_asked(void **state)
{
	static const char *const wrong[] = {"", "Authorization: Bearer x\r\n",
					    "Authorization: Basic ?\r\n", "Authorization:\r\n"};
	struct site_test *t = *state;

	renew(t);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *answer = ask(t, "GET /", "three.example", wrong[i]);

		assert_int_equal(site_status(answer), 401);
		assert_field(answer, "Www-Authenticate",
			     "Basic realm=\"a \\\"staff\\\"\", charset=\"UTF-8\"");
		assert_field(answer, "X-Frame-Options", "SAMEORIGIN");
	}
	assert_string_equal(site_body(ask(t, "GET /open", "three.example", "")), "open");
}

static void
a_right_password_opens_and_is_remembered(void **state)
{
	struct site_test *t = *state;

	renew(t);
	assert_string_equal(ask(t, "GET /", "three.example", with(ALICE)), "");
	assert_string_equal(site_body(wait_for(t)), "in");
	assert_string_equal(site_body(ask(t, "GET /", "three.example", with(ALICE))), "in");
	assert_string_equal(ask(t, "GET /", "three.example", with(WRONG)), "");
	assert_int_equal(site_status(wait_for(t)), 401);
	renew(t);
	assert_string_equal(ask(t, "GET /", "three.example", with(ALICE)), "");
	assert_string_equal(site_body(wait_for(t)), "in");
}

static void
wrong_passwords_and_unknown_users_look_the_same(void **state)
{
	static const char *const tries[] = {WRONG, EVE, CAROL};
	struct site_test *t = *state;

	for (size_t i = 0; i < COUNT(tries); i++) {
		renew(t);
		assert_string_equal(ask(t, "GET /", "three.example", with(tries[i])), "");
		const char *answer = wait_for(t);
		assert_int_equal(site_status(answer), 401);
		assert_field(answer, "Www-Authenticate",
			     "Basic realm=\"a \\\"staff\\\"\", charset=\"UTF-8\"");
	}
}

static void
a_route_with_users_of_its_own_takes_these_alone(void **state)
{
	struct site_test *t = *state;

	renew(t);
	assert_string_equal(ask(t, "GET /own", "three.example", with(ALICE)), "");
	assert_int_equal(site_status(wait_for(t)), 401);
	assert_string_equal(ask(t, "GET /own", "three.example", with(CAROL)), "");
	assert_string_equal(site_body(wait_for(t)), "own");
}

static void
too_many_wrong_passwords_lock_their_address_out_for_a_while(void **state)
{
	struct site_test *t = *state;
	char field[128];

	renew(t);
	for (int i = 0; i < 10; i++) {
		snprintf(field, sizeof field, "Authorization: Basic YWxpY2U6b3BlbiBiYXJsZXk%c\r\n",
			 "wxyz012345"[i]);
		site_now = loop_now(loop);
		assert_string_equal(ask(t, "GET /", "three.example", field), "");
		assert_int_equal(site_status(wait_for(t)), 401);
	}
	const char *answer = ask(t, "GET /", "three.example", with(ALICE));
	assert_int_equal(site_status(answer), 429);
	assert_true(atoi(site_field(answer, "Retry-After")) > 0);
	site_now += 10000;
	assert_string_equal(ask(t, "GET /", "three.example", with(ALICE)), "");
	assert_string_equal(site_body(wait_for(t)), "in");
}

static void
who_leaves_meanwhile_is_forgotten(void **state)
{
	struct site_test *t = *state;

	renew(t);
	assert_string_equal(ask(t, "GET /", "three.example", with(ALICE)), "");
	assert_string_equal(ask(t, "GET /", "three.example", with(ALICE)), "");
	assert_string_equal(site_body(wait_for(t)), "in");
	assert_string_equal(ask(t, "GET /", "three.example", with(WRONG)), "");
	assert_string_equal(ask(t, "GET /", "three.example", with(CAROL)), "");
	assert_int_equal(site_status(wait_for(t)), 401);
}

static void
a_body_waits_for_the_password(void **state)
{
	struct site_test *t = *state;
	char head[512];

	renew(t);
	snprintf(head, sizeof head,
		 "POST /upload HTTP/1.1\r\nHost: three.example\r\n%sContent-Length: 5\r\n"
		 "Expect: 100-continue\r\n\r\n",
		 with(ALICE));
	assert_string_equal(site_ask(t, head), "");
	(void)session_receive(t->h1, SPAN_OF("hello"));
	assert_string_equal(site_body(wait_for(t)), "taken");
	snprintf(head, sizeof head,
		 "POST /upload HTTP/1.1\r\nHost: three.example\r\n%sContent-Length: 101\r\n\r\n",
		 with(WRONG));
	assert_int_equal(site_status(site_ask(t, head)), 413);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_carries_what_its_site_says),
	    cmocka_unit_test(a_routes_word_on_a_field_stands_in_for_the_sites),
	    cmocka_unit_test(a_site_may_say_otherwise_of_what_is_said_by_default),
	    cmocka_unit_test(in_clear_nothing_is_said_of_tls),
	    cmocka_unit_test(the_wrong_site_answers_with_the_fields_of_the_right_one),
	    cmocka_unit_test(the_first_route_whose_conditions_hold_answers),
	    cmocka_unit_test(who_asks_too_often_is_told_when_to_come_back),
	    cmocka_unit_test(routes_with_the_sites_limit_count_together),
	    cmocka_unit_test(who_says_nothing_is_asked),
	    cmocka_unit_test(a_right_password_opens_and_is_remembered),
	    cmocka_unit_test(wrong_passwords_and_unknown_users_look_the_same),
	    cmocka_unit_test(a_route_with_users_of_its_own_takes_these_alone),
	    cmocka_unit_test(too_many_wrong_passwords_lock_their_address_out_for_a_while),
	    cmocka_unit_test(who_leaves_meanwhile_is_forgotten),
	    cmocka_unit_test(a_body_waits_for_the_password),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
