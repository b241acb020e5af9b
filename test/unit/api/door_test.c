#include "api/door.h"

#include "access/guard.h"
#include "raw.h"

#define GET(...)    ((struct raw){.method = METHOD_GET, .path = "/api/v1" __VA_ARGS__})
#define FIELDS(...) .fields = {__VA_ARGS__}

static const char narrow[] = "state_dir /tmp\n"
			     "listen 8443\n"
			     "site vpn.example.org {\n"
			     "    certificate self-signed\n"
			     "    access_server\n"
			     "}\n"
			     "admin {\n"
			     "    listen 9443\n"
			     "    allow loopback 10.0.0.0/8\n"
			     "    portal 192.0.2.0/24\n"
			     "}\n";

static void
nobody_is_told_to_sign_in(void **state)
{
	struct server *s = *state;
	struct api_answer a = raw_ask(s, GET("/users"));

	assert_raw(401, a);
	assert_string_equal("Bearer realm=\"sallyport\"", raw_field(s, &a, "www-authenticate"));
	assert_string_equal("application/problem+json", raw_field(s, &a, "content-type"));
	assert_non_null(strstr(raw_body(s, &a), "urn:sallyport:problem:unauthenticated"));
}

static void
a_session_and_a_token_are_somebody(void **state)
{
	struct server *s = *state;

	assert_raw(200, raw_ask(s, GET("/users", FIELDS({"cookie", cookie_of(s, ADMIN)}))));
	assert_raw(200, raw_ask(s, GET("/users", FIELDS({"authorization", bearer_of(s, READER)}))));
	assert_raw(200, raw_ask(s, GET("/users", FIELDS({"cookie", "x=y"},
							{"cookie", cookie_of(s, ADMIN)}))));
	assert_raw(200, raw_ask(s, GET("/users", .machine = true)));
}

/* One was planted by another host of the domain; nobody knows which. */
static void
two_cookies_of_the_name_are_none(void **state)
{
	struct server *s = *state;
	const char *mine = cookie_of(s, ADMIN), *other = "__Host-sallyport=x";

	assert_raw(401, raw_ask(s, GET("/users", FIELDS({"cookie", mine}, {"cookie", other}))));
	assert_raw(401, raw_ask(s, GET("/users", FIELDS({"cookie", other}, {"cookie", mine}))));
	assert_raw(401, raw_ask(s, GET("/users", FIELDS({"cookie", arena_printf(s->kept, "%s; %s",
										mine, mine)}))));
	assert_raw(200, raw_ask(s, GET("/users", FIELDS({"cookie", mine},
							{"cookie", "__Host-sallyportx=y"}))));
}

static void
what_does_not_hold_is_nobody(void **state)
{
	struct server *s = *state;
	static const char *const cookies[] = {
	    "__Host-sallyport=", "__Host-sallyport=x", "sallyport=x", "=", ";;;",
	    "__Host-sallyport",
	};
	static const char *const authorizations[] = {
	    "Bearer", "Bearer ", "Bearer sp_x", "Basic YTpi", "x", "Bearer  ,",
	};

	for (size_t i = 0; i < COUNT(cookies); i++)
		assert_raw(401, raw_ask(s, GET("/users", FIELDS({"cookie", cookies[i]}))));
	for (size_t i = 0; i < COUNT(authorizations); i++) {
		/* From ever other places: failures bring bans. */
		const char *from = arena_printf(s->kept, "198.51.%zu.7", 100 + i);

		assert_raw(401,
			   raw_ask(s, GET("/users", FIELDS({"authorization", authorizations[i]}),
					  .client = from)));
	}
}

/* A browser says only where a request comes from; the token a page of another site cannot know. */
static void
a_change_by_cookie_needs_the_token_and_the_origin(void **state)
{
	struct server *s = *state;
	const char *json = "application/json", *body = "{\"name\":\"new\"}";
	const char *cookie = cookie_of(s, ADMIN), *csrf = s->as[ADMIN].csrf;
	struct raw r = {.method = METHOD_POST, .path = "/api/v1/users", .body = body};

#define WITH(...)                                                                                  \
	((struct raw){.method = r.method, .path = r.path, .body = body, FIELDS(__VA_ARGS__)})
	assert_raw(403, raw_ask(s, WITH({"cookie", cookie}, {"content-type", json})));
	assert_raw(403, raw_ask(s, WITH({"cookie", cookie}, {"content-type", json},
					{"x-csrf-token", s->as[OPERATOR].csrf})));
	assert_raw(403, raw_ask(s, WITH({"cookie", cookie}, {"content-type", json},
					{"x-csrf-token", ""})));
	assert_raw(403, raw_ask(s, WITH({"cookie", cookie}, {"content-type", json},
					{"x-csrf-token", csrf}, {"sec-fetch-site", "cross-site"})));
	assert_raw(403, raw_ask(s, WITH({"cookie", cookie}, {"content-type", json},
					{"x-csrf-token", csrf}, {"sec-fetch-site", "same-site"})));
	assert_raw(415, raw_ask(s, WITH({"cookie", cookie}, {"content-type", "text/plain"},
					{"x-csrf-token", csrf})));
	assert_raw(415, raw_ask(s, WITH({"cookie", cookie}, {"x-csrf-token", csrf})));
	assert_raw(
	    201,
	    raw_ask(s, WITH({"cookie", cookie}, {"content-type", "Application/JSON; charset=utf-8"},
			    {"x-csrf-token", csrf}, {"sec-fetch-site", "same-origin"})));
#undef WITH
}

static void
a_sign_in_from_another_sites_page_is_refused(void **state)
{
	struct server *s = *state;

	assert_raw(403, raw_ask(s, (struct raw){.method = METHOD_POST,
						.path = "/api/v1/session",
						.body = "{\"name\":\"anna\",\"password\":\"x\"}",
						FIELDS({"content-type", "application/json"},
						       {"sec-fetch-site", "cross-site"})}));
}

/* One who is not in the list finds nothing, whether it is there or not, and whoever he is. */
static void
a_refused_console_looks_like_any_unknown_page(void **state)
{
	struct server *s = *state;
	const char *cookie = cookie_of(s, ADMIN);

	raw_configure(s, narrow);
	assert_unknown(raw_ask(s, GET("/users")));
	assert_unknown(raw_ask(s, GET("/users", FIELDS({"cookie", cookie}))));
	assert_unknown(raw_ask(s, GET("/nothing")));
	assert_unknown(raw_ask(s, (struct raw){.method = METHOD_PUT, .path = "/api/v1/users"}));
	assert_unknown(raw_ask(s, (struct raw){.method = METHOD_GET, .path = "/admin"}));
	assert_unknown(raw_ask(s, (struct raw){.method = METHOD_GET, .path = "/admin/users"}));
	assert_unknown(raw_ask(s, (struct raw){.method = METHOD_GET, .path = "/metrics"}));
	assert_unknown(raw_ask(s, (struct raw){.method = METHOD_GET, .path = "/nothing"}));
	assert_raw(200,
		   raw_ask(s, GET("/users", FIELDS({"cookie", cookie}), .client = "10.1.2.3")));
	assert_raw(200, raw_ask(s, (struct raw){.path = "/admin", .client = "127.0.0.1"}));
}

static void
the_portal_has_a_list_of_its_own(void **state)
{
	struct server *s = *state;

	raw_configure(s, narrow);
	assert_raw(401, raw_ask(s, GET("/me")));
	assert_raw(200, raw_ask(s, (struct raw){.path = "/portal"}));
	assert_unknown(raw_ask(s, GET("/me", .client = "198.51.100.1")));
	assert_unknown(raw_ask(s, (struct raw){.path = "/portal", .client = "198.51.100.1"}));
	assert_unknown(raw_ask(s, (struct raw){.path = "/", .client = "198.51.100.1"}));
	/* Who may reach the console has to sign in for it. */
	assert_raw(401, raw_ask(s, GET("/me", .client = "10.1.2.3")));
}

static void
an_ipv4_mapped_address_is_judged_as_ipv4(void **state)
{
	struct server *s = *state;

	raw_configure(s, narrow);
	assert_raw(401, raw_ask(s, GET("/users", .client = "::ffff:10.1.2.3")));
	assert_raw(401, raw_ask(s, GET("/users", .client = "::ffff:127.0.0.1")));
	assert_unknown(raw_ask(s, GET("/users", .client = "::ffff:11.1.2.3")));
}

static void
this_machine_is_in_every_list_and_no_page_looks_unknown_to_it(void **state)
{
	struct server *s = *state;

	raw_configure(s, narrow);
	assert_raw(200, raw_ask(s, GET("/users", .machine = true)));
	assert_raw(404, raw_ask(s, GET("/nothing", .machine = true)));
	assert_raw(404, raw_ask(s, (struct raw){.path = "/nothing", .machine = true}));
}

/* After set-up the console is that browser's for an hour, from where it is. */
static void
a_free_session_reaches_the_console(void **state)
{
	struct server *s = *state;
	struct signin in = {.where = "web", .from = s->from};
	char cookie[SECRET_TEXT];
	struct session e;

	raw_configure(s, narrow);
	assert_taken(session_grant(&s->api.access, &itself, &s->as[ADMIN].user, &in, NOW + 1000, &e,
				   cookie));
	const char *field = arena_printf(s->kept, "__Host-sallyport=%s", cookie);
	assert_raw(200, raw_ask(s, GET("/users", FIELDS({"cookie", field}))));
	s->api.access.now = NOW + 2000;
	assert_unknown(raw_ask(s, GET("/users", FIELDS({"cookie", field}))));
}

static void
what_is_for_the_machine_is_nothing_to_others(void **state)
{
	struct server *s = *state;
	struct raw r = {.method = METHOD_POST, .path = "/api/v1/setup-link"};

	r.fields[0][0] = "cookie";
	r.fields[0][1] = cookie_of(s, ADMIN);
	r.fields[1][0] = "x-csrf-token";
	r.fields[1][1] = s->as[ADMIN].csrf;
	assert_raw(404, raw_ask(s, r));
	r.machine = true;
	assert_raw(409, raw_ask(s, r));
}

static void
levels_are_told_from_each_other(void **state)
{
	struct server *s = *state;

	assert_raw(403, raw_ask(s, GET("/users", FIELDS({"cookie", cookie_of(s, USER)}))));
	assert_raw(200, raw_ask(s, GET("/me", FIELDS({"cookie", cookie_of(s, USER)}))));
	assert_raw(403, raw_ask(s, GET("/config", FIELDS({"cookie", cookie_of(s, OPERATOR)}))));
}

static void
a_banned_address_gets_no_further_than_pages(void **state)
{
	struct server *s = *state;
	struct ban ban = {.until = NOW + 60000, .reason = "tried", .created = NOW};
	const char *cookie = cookie_of(s, ADMIN);

	assert_taken(ban_subject(&s->api.access, "192.0.2.7", &ban.of));
	assert_taken(ban_add(&s->api.access, &itself, &ban));
	struct api_answer a = raw_ask(s, GET("/users", FIELDS({"cookie", cookie})));
	assert_raw(429, a);
	assert_non_null(raw_field(s, &a, "retry-after"));
	assert_non_null(strstr(raw_body(s, &a), "\"retry_after\":"));
	assert_raw(200, raw_ask(s, (struct raw){.path = "/portal"}));
	assert_raw(200, raw_ask(s, GET("/users", .machine = true)));
	assert_raw(200,
		   raw_ask(s, GET("/users", FIELDS({"cookie", cookie}), .client = "198.51.100.1")));
}

static void
every_answer_is_kept_by_nobody_and_framed_by_nobody(void **state)
{
	static const char *const paths[] = {"/api/v1/users", "/api/v1/me", "/portal", "/nothing"};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct api_answer a = raw_ask(s, (struct raw){.path = paths[i]});

		assert_string_equal("no-store", raw_field(s, &a, "cache-control"));
		assert_string_equal("nosniff", raw_field(s, &a, "x-content-type-options"));
		assert_string_equal("DENY", raw_field(s, &a, "x-frame-options"));
		assert_non_null(
		    strstr(raw_field(s, &a, "content-security-policy"), "frame-ancestors 'none'"));
		assert_string_equal("no-referrer", raw_field(s, &a, "referrer-policy"));
	}
}

static void
a_refused_console_is_noted_with_what_would_allow_it(void **state)
{
	struct server *s = *state;
	struct page page = {.limit = 10};
	struct refusal_list list;

	raw_configure(s, narrow);
	assert_unknown(raw_ask(s, GET("/users")));
	assert_unknown(raw_ask(s, GET("/nothing")));
	assert_int_equal(STORE_DONE, store_refusals(s->store, &page, NULL, s->memory, &list));
	assert_int_equal(1, list.count);
	assert_string_equal("console", list.at[0].where);
	assert_non_null(strstr(list.at[0].remedy, "192.0.2.7"));
}

/* Whom the portal refuses asked for no console, and to let him into that would be too much. */
static void
a_refused_portal_is_no_refused_console(void **state)
{
	struct server *s = *state;
	struct page page = {.limit = 10};
	struct refusal_list list;

	raw_configure(s, narrow);
	assert_unknown(raw_ask(s, GET("/me", .client = "198.51.100.1")));
	assert_unknown(raw_ask(s, GET("/import/a", .client = "198.51.100.1")));
	assert_unknown(raw_ask(s, (struct raw){.path = "/portal", .client = "198.51.100.1"}));
	assert_int_equal(STORE_DONE, store_refusals(s->store, &page, NULL, s->memory, &list));
	assert_int_equal(0, list.count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    raw_test(nobody_is_told_to_sign_in),
	    raw_test(a_session_and_a_token_are_somebody),
	    raw_test(two_cookies_of_the_name_are_none),
	    raw_test(what_does_not_hold_is_nobody),
	    raw_test(a_change_by_cookie_needs_the_token_and_the_origin),
	    raw_test(a_sign_in_from_another_sites_page_is_refused),
	    raw_test(a_refused_console_looks_like_any_unknown_page),
	    raw_test(the_portal_has_a_list_of_its_own),
	    raw_test(an_ipv4_mapped_address_is_judged_as_ipv4),
	    raw_test(this_machine_is_in_every_list_and_no_page_looks_unknown_to_it),
	    raw_test(a_free_session_reaches_the_console),
	    raw_test(what_is_for_the_machine_is_nothing_to_others),
	    raw_test(levels_are_told_from_each_other),
	    raw_test(a_banned_address_gets_no_further_than_pages),
	    raw_test(every_answer_is_kept_by_nobody_and_framed_by_nobody),
	    raw_test(a_refused_console_is_noted_with_what_would_allow_it),
	    raw_test(a_refused_portal_is_no_refused_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
