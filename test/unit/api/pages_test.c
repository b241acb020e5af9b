#include "api/pages.h"

#include "access/devices.h"
#include "access/link.h"
#include "api/trusted.h"
#include "base/encode.h"
#include "raw.h"
#include "tls/digest.h"

#define FIELDS(...) .fields = {__VA_ARGS__}
#define OWN_FORM    FIELDS({"origin", "https://vpn.example.org:8443"})

static const char *
page_of(struct server *s, const char *folder, enum link_kind kind, int64_t user, int64_t device)
{
	char token[SECRET_TEXT];
	struct link l;

	assert_taken(link_create(&s->api.access, &itself, kind, user, device, &l, token));
	return arena_printf(s->kept, "/%s/%s", folder, token);
}

static void
pages_say_that_they_are_missing(void **state)
{
	static const char *const paths[] = {"/admin", "/admin/users", "/portal", "/portal/x"};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct api_answer a = raw_ask(s, (struct raw){.path = paths[i]});

		assert_raw(200, a);
		assert_string_equal("text/html; charset=utf-8", raw_field(s, &a, "content-type"));
		assert_non_null(strstr(raw_body(s, &a), "install nodejs and npm"));
		assert_null(strstr(raw_body(s, &a), "<script"));
		assert_raw(405, raw_ask(s, (struct raw){.method = METHOD_POST, .path = paths[i]}));
	}
	assert_unknown(raw_ask(s, (struct raw){.path = "/administrator"}));
	assert_unknown(raw_ask(s, (struct raw){.path = "/favicon.ico"}));
	assert_unknown(raw_ask(s, (struct raw){.path = "/portal/assets/x.js"}));
}

static void
the_first_administrator_is_made_by_a_form(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);
	struct raw form = {.method = METHOD_POST,
			   .path = path,
			   .body = "name=Root&password=correct+horse+battery+%2B",
			   OWN_FORM};

	/* Looking consumes nothing. */
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	struct api_answer a = raw_ask(s, form);
	assert_raw(200, a);
	const char *cookie = raw_field(s, &a, "set-cookie");
	assert_non_null(cookie);
	assert_non_null(strstr(cookie, "; Path=/; "));
	assert_non_null(strstr(cookie, "; Secure; HttpOnly; SameSite=Lax"));
	cookie = arena_copy(s->kept, span_head(span_str(cookie), span_find(span_str(cookie), ';')));
	assert_raw(200,
		   raw_ask(s, (struct raw){.path = "/api/v1/users", FIELDS({"cookie", cookie})}));
	/* Now there is one: the link is as unknown as any other path, but for who pressed twice. */
	assert_unknown(raw_ask(s, (struct raw){.path = path}));
	a = raw_ask(s, form);
	assert_raw(200, a);
	assert_non_null(raw_field(s, &a, "set-cookie"));
	form.body = "name=Root&password=another+battery+%2B";
	assert_unknown(raw_ask(s, form));
	form.body = "name=other&password=correct+horse+battery+%2B";
	assert_unknown(raw_ask(s, form));
}

static const char nobody_admitted[] = "state_dir /tmp\n"
				      "listen 8443\n"
				      "site vpn.example.org {\n"
				      "    certificate self-signed\n"
				      "    access_server\n"
				      "}\n"
				      "admin {\n"
				      "    listen 9443\n"
				      "    allow loopback\n"
				      "    portal loopback\n"
				      "}\n";

/* It answers from any address, but only who holds it. */
static void
the_set_up_link_is_a_key_of_its_own(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);
	const char *json = "{\"name\":\"root\",\"password\":\"correct horse battery\"}";
	struct raw r = {.method = METHOD_POST,
			.path = "/api/v1/setup/AAAA",
			.body = json,
			FIELDS({"content-type", "application/json"})};

	raw_configure(s, nobody_admitted);
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	assert_unknown(raw_ask(s, (struct raw){.path = "/setup/AAAA"}));
	assert_unknown(raw_ask(s, r));
	r.path = arena_printf(s->kept, "/api/v1%s", path);
	assert_raw(200, raw_ask(s, r));
	assert_unknown(raw_ask(s, r));
}

static void
a_form_of_another_page_makes_nobody(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);
	static const char *const origins[][2] = {
	    {"origin", "https://evil.example"},
	    {"origin", "http://vpn.example.org:8443"},
	    {"origin", "null"},
	    {"sec-fetch-site", "cross-site"},
	    {"sec-fetch-site", "none"},
	    {"x-other", "none"},
	};

	for (size_t i = 0; i < COUNT(origins); i++)
		assert_raw(403,
			   raw_ask(s, (struct raw){.method = METHOD_POST,
						   .path = path,
						   .body = "name=root&password=correct+horse+9",
						   FIELDS({origins[i][0], origins[i][1]})}));
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
}

static void
a_form_with_faults_is_shown_again(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);
	static const char *const bodies[] = {
	    "",
	    "name=root",
	    "name=root&password=short",
	    "name=<b>&password=correct+horse+9",
	    "password=correct+horse+9",
	    "name=%ZZ&password=x",
	    "name=a&name=b",
	    "name=%00",
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct api_answer a = raw_ask(
		    s,
		    (struct raw){.method = METHOD_POST, .path = path, .body = bodies[i], OWN_FORM});
		if (a.status / 100 != 4 || a.unknown)
			fail_msg("\"%s\": %u", bodies[i], a.status);
		assert_null(strstr(raw_body(s, &a), "<b>"));
		assert_non_null(strstr(raw_body(s, &a), "role=\"alert\""));
	}
}

/* A password in an answer would be in caches and over shoulders. */
static void
what_was_typed_is_kept_but_for_the_password(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);
	static const char *const bodies[] = {
	    "name=mara&password=shortone",
	    "name=mara&password=correct+horse+battery&again=correct+horse+batterx",
	    "name=%22mara%22%3E&password=correct+horse+battery",
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct api_answer a = raw_ask(
		    s,
		    (struct raw){.method = METHOD_POST, .path = path, .body = bodies[i], OWN_FORM});
		const char *page = raw_body(s, &a);

		assert_raw(400, a);
		assert_non_null(strstr(page, "mara"));
		assert_non_null(strstr(page, " aria-invalid=true"));
		assert_null(strstr(page, "\"mara\">"));
		assert_null(strstr(page, "shortone"));
		assert_null(strstr(page, "correct"));
	}
	/* Nobody was made, and the link is good still. */
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
}

/* By its hash in the policy: a browser would not apply it otherwise, nor anything put in. */
static void
the_policy_lets_in_our_style_alone(void **state)
{
	struct server *s = *state;
	struct api_answer a = raw_ask(s, (struct raw){.path = "/portal"});
	const char *policy = raw_field(s, &a, "content-security-policy");
	const char *page = raw_body(s, &a);
	const char *from = strstr(page, "<style>") + strlen("<style>");
	struct span style = span_of(from, (size_t)(strstr(from, "</style>") - from));
	struct buf hash = buf_with_cap(64);
	uint8_t digest[DIGEST_SIZE];

	assert_true(digest_of(style, digest));
	assert_true(base64_put(&hash, span_of(digest, sizeof digest), 0));
	assert_string_equal(policy,
			    arena_printf(s->kept,
					 "default-src 'none'; style-src 'sha256-%.*s'; "
					 "form-action 'self'; frame-ancestors 'none'; "
					 "base-uri 'none'",
					 (int)buf_len(&hash), (const char *)buf_span(&hash).p));
	buf_free(&hash);
	assert_null(strstr(page, " style="));
}

static void
the_first_administrator_is_told_how_to_come_back(void **state)
{
	struct server *s = *state;
	const char *path = page_of(s, "setup", LINK_SETUP, 0, 0);

	raw_configure(s, nobody_admitted);
	struct api_answer a =
	    raw_ask(s, (struct raw){.method = METHOD_POST,
				    .path = path,
				    .body = "name=root&password=correct+horse+battery+9",
				    OWN_FORM});
	const char *page = raw_body(s, &a);
	assert_raw(200, a);
	assert_non_null(strstr(page, "allow loopback vpn 192.0.2.7"));
	assert_non_null(strstr(page, "ssh -N -L 9443:localhost:9443 root@vpn.example.org"));
	assert_null(strstr(page, "correct"));
}

static void
links_that_lead_nowhere_are_unknown_pages(void **state)
{
	static const char *const paths[] = {
	    "/setup/",
	    "/setup/x",
	    "/link/",
	    "/link/x",
	    "/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "/setup/a/b",
	    "/link/\xFF",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_unknown(raw_ask(s, (struct raw){.path = paths[i]}));
		assert_unknown(
		    raw_ask(s, (struct raw){.method = METHOD_POST, .path = paths[i], OWN_FORM}));
	}
}

static void
one_who_is_invited_chooses_his_password(void **state)
{
	struct server *s = *state;
	struct user u = server_add(s, "ines", USER_ROLE_USER);
	const char *path = page_of(s, "link", LINK_INVITE, u.id, 0);
	struct raw form = {.method = METHOD_POST,
			   .path = path,
			   .body = "password=correct+horse+battery",
			   OWN_FORM};

	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	assert_raw(200, raw_ask(s, form));
	assert_unknown(raw_ask(s, (struct raw){.path = path}));
	assert_raw(200, raw_ask(s, form)); /* who pressed twice */
	form.body = "password=another+horse+battery";
	assert_unknown(raw_ask(s, form));
	assert_status(200, ask(s, STRANGER, METHOD_POST, "/session",
			       "{\"name\":\"ines\",\"password\":\"correct horse battery\"}"));
	for (int n = 0; n < 12; n++) /* until one has to wait */
		assert_unknown(raw_ask(s, form));
}

static const char *
profile_link(struct server *s)
{
	struct device d = {.name = "laptop"};
	const struct user *u = &s->as[USER].user;

	assert_taken(device_add(&s->api.access, &itself, u, &d));
	return page_of(s, "link", LINK_PROFILE, u->id, d.id);
}

/* Mail programs open what they are sent. */
static void
a_profile_is_downloaded_by_a_submit_alone(void **state)
{
	struct server *s = *state;
	const char *path = profile_link(s);
	struct raw form = {.method = METHOD_POST, .path = path, OWN_FORM};

	for (int i = 0; i < 3; i++)
		assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	assert_raw(200, raw_ask(s, (struct raw){.method = METHOD_HEAD, .path = path}));
	struct api_answer a = raw_ask(s, form);
	assert_raw(200, a);
	assert_string_equal("application/x-openvpn-profile", raw_field(s, &a, "content-type"));
	assert_non_null(strstr(raw_field(s, &a, "content-disposition"), "una-laptop.ovpn"));
	assert_non_null(strstr(raw_body(s, &a), "<tls-crypt-v2>"));
	s->api.access.now += LINK_RETRY_MS + 1000;
	assert_unknown(raw_ask(s, (struct raw){.path = path}));
	assert_unknown(raw_ask(s, form));
}

/* Where it would not believe our certificate, it is not offered. */
static void
a_page_opens_the_app_where_that_can_import(void **state)
{
	struct server *s = *state;
	const char *path = profile_link(s);
	struct raw look = {.path = path};
	struct api_answer a;

	trusted_forget();
	a = raw_ask(s, look);
	assert_null(strstr(raw_body(s, &a), "openvpn://"));
	trusted_forget();
	s->host.ask = says_trusted;
	a = raw_ask(s, look);
	assert_non_null(strstr(
	    raw_body(s, &a), arena_printf(s->kept, "openvpn://import-profile/https://%s/import/%s",
					  "vpn.example.org:8443/api/v1", strrchr(path, '/') + 1)));
	trusted_forget();
}

static void
openvpn_imports_by_a_get_and_may_look_before(void **state)
{
	struct server *s = *state;
	const char *path =
	    arena_printf(s->kept, "/api/v1/import/%s", strrchr(profile_link(s), '/') + 1);

	assert_raw(200, raw_ask(s, (struct raw){.method = METHOD_HEAD, .path = path}));
	assert_raw(200, raw_ask(s, (struct raw){.method = METHOD_HEAD, .path = path}));
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	s->api.access.now += 1000;
	assert_raw(200, raw_ask(s, (struct raw){.path = path}));
	s->api.access.now += LINK_RETRY_MS + 1000;
	assert_raw(404, raw_ask(s, (struct raw){.path = path}));
}

static void
who_sends_a_form_when_there_is_no_room_gets_a_page(void **state)
{
	struct server *s = *state;
	struct outcome busy = outcome_new(OUTCOME_BUSY, "too much is <asked>");
	struct api_request r = {.method = METHOD_POST,
				.path = SPAN_OF("/setup/x"),
				.client = {.family = 4, .ip = {127, 0, 0, 1}}};
	struct api_answer a = {0};

	busy.wait_ms = 2000;
	api_refuse_request(s->kept, s->api.config, &r, busy, &a);
	assert_raw(503, a);
	assert_string_equal("text/html; charset=utf-8", raw_field(s, &a, "content-type"));
	assert_string_equal("2", raw_field(s, &a, "retry-after"));
	assert_non_null(strstr(raw_field(s, &a, "content-security-policy"), "style-src"));
	assert_non_null(strstr(raw_body(s, &a), "too much is &#60;asked&#62;"));
	r.path = SPAN_OF("/api/v1/users");
	r.door = API_MACHINE;
	api_refuse_request(s->kept, s->api.config, &r, busy, &a);
	assert_string_equal("application/problem+json", raw_field(s, &a, "content-type"));
}

/* However busy it is, and whatever does not work: what is not for him is an unknown page. */
static void
who_is_in_no_list_is_not_told_even_that_there_is_no_room(void **state)
{
	static const struct {
		const char *path;
		uint8_t ip[4];
		bool unknown;
	} cases[] = {
	    {"/admin", {203, 0, 113, 1}, true},        {"/admin", {127, 0, 0, 1}, false},
	    {"/api/v1/users", {203, 0, 113, 1}, true}, {"/api/v1/users", {127, 0, 0, 1}, false},
	    {"/api/v1/me", {203, 0, 113, 1}, false},   {"/portal", {203, 0, 113, 1}, false},
	    {"/nothing", {127, 0, 0, 1}, true},
	};
	struct server *s = *state;
	struct config *usual = config_of("state_dir /tmp\nadmin { listen 9443 }\n");

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct api_request r = {.path = span_str(cases[i].path),
					.client = address_v4(cases[i].ip, 0)};
		struct api_answer a;

		api_refuse_request(s->kept, usual, &r, outcome_new(OUTCOME_DOWN, "not now"), &a);
		if (a.unknown != cases[i].unknown)
			fail_msg("%s from %u.…", cases[i].path, cases[i].ip[0]);
	}
	config_free(usual);
}

/* It is kept before it is known whose it is. */
static void
a_large_body_is_for_who_administers_from_where_he_is(void **state)
{
	static const struct {
		const char *path;
		uint8_t ip[4];
		size_t most;
	} cases[] = {
	    {"/api/v1/config/apply", {127, 0, 0, 1}, API_BODY_LARGE},
	    {"/api/v1/config/apply", {203, 0, 113, 1}, API_BODY_SMALL},
	    {"/api/v1/users", {127, 0, 0, 1}, API_BODY_SMALL},
	    {"/api/v1/session", {203, 0, 113, 1}, API_BODY_SMALL},
	    {"/setup/x", {203, 0, 113, 1}, API_BODY_SMALL},
	};
	struct config *usual = config_of("state_dir /tmp\nadmin { listen 9443 }\n");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct api_request r = {.method = METHOD_POST,
					.path = span_str(cases[i].path),
					.client = address_v4(cases[i].ip, 0)};

		assert_int_equal(cases[i].most, api_body_max(usual, &r));
	}
	config_free(usual);
}

static void
what_hashes_a_password_waits_with_its_like(void **state)
{
	(void)state;
	struct api_request r = {.method = METHOD_POST, .path = SPAN_OF("/setup/x")};

	assert_true(api_is_slow(&r));
	r.path = SPAN_OF("/api/v1/session");
	assert_true(api_is_slow(&r));
	r.method = METHOD_GET;
	assert_false(api_is_slow(&r));
	r.path = SPAN_OF("/setup/x");
	assert_false(api_is_slow(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    raw_test(pages_say_that_they_are_missing),
	    raw_test_empty(the_first_administrator_is_made_by_a_form),
	    raw_test_empty(the_set_up_link_is_a_key_of_its_own),
	    raw_test_empty(a_form_of_another_page_makes_nobody),
	    raw_test_empty(a_form_with_faults_is_shown_again),
	    raw_test_empty(what_was_typed_is_kept_but_for_the_password),
	    raw_test(the_policy_lets_in_our_style_alone),
	    raw_test_empty(the_first_administrator_is_told_how_to_come_back),
	    raw_test(links_that_lead_nowhere_are_unknown_pages),
	    raw_test(one_who_is_invited_chooses_his_password),
	    raw_test(a_profile_is_downloaded_by_a_submit_alone),
	    raw_test(a_page_opens_the_app_where_that_can_import),
	    raw_test(openvpn_imports_by_a_get_and_may_look_before),
	    raw_test(who_sends_a_form_when_there_is_no_room_gets_a_page),
	    raw_test(who_is_in_no_list_is_not_told_even_that_there_is_no_room),
	    cmocka_unit_test(a_large_body_is_for_who_administers_from_where_he_is),
	    cmocka_unit_test(what_hashes_a_password_waits_with_its_like),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
