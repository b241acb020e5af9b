#include "unit.h"

#include "serve/relocate.h"

static const struct {
	const char *location, *strip, *sent;
} samples[] = {
    /* the server's own name and port */
    {"https://127.0.0.1:9443/login?x#y", NULL, "/login?x#y"},
    {"HTTPS://127.0.0.1:9443", NULL, "/"},
    {"https://127.0.0.1:9443?x", NULL, "/?x"},
    {"https://127.0.0.1:9443/login", "/app", "/app/login"},
    {"https://127.0.0.1:9443/login", "/app/", "/app/login"},
    {"https://127.0.0.1:9443", "/app", "/app/"},
    /* the client's name, the server's port */
    {"https://example.org:9443/login", NULL, "/login"},
    {"https://Example.ORG:9443/login", "/app", "/app/login"},
    /* elsewhere */
    {"https://example.org/login", NULL, NULL},
    {"https://example.org:8443/login", NULL, NULL},
    {"https://other.example:9443/", NULL, NULL},
    {"https://127.0.0.1/", NULL, NULL},
    {"https://127.0.0.1:94430/", NULL, NULL},
    {"https://user@127.0.0.1:9443/", NULL, NULL},
    {"http://127.0.0.1:9443/", NULL, NULL},
    {"/login", "/app", NULL},
    {"login", NULL, NULL},
    {"", NULL, NULL},
    {"https://", NULL, NULL},
    {"//127.0.0.1:9443/", NULL, NULL},
    /* what would then be another host */
    {"https://127.0.0.1:9443//evil.example/", NULL, NULL},
    {"https://127.0.0.1:9443/\\evil.example/", NULL, NULL},
    {"https://127.0.0.1:9443\\\\evil.example/", NULL, NULL},
    {"https://127.0.0.1:9443//evil.example/", "/", NULL},
    {"https://127.0.0.1:9443\\evil.example/", NULL, NULL},
    {"https://127.0.0.1:9443/\t/evil.example/", NULL, NULL},
};

static void
the_servers_own_address_leads_back_here(void **state)
{
	struct backend server = {.port = 9443, .authority = "127.0.0.1:9443"};
	struct backends to = {.at = &server, .count = 1};
	struct proxy proxy = {.to = &to, .scheme = SCHEME_HTTPS};
	struct exchange ex = {.memory = arena_new()};

	(void)state;
	ex.request.authority = SPAN_OF("example.org:8443");
	ex.request.host = SPAN_OF("example.org");
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct route route = {.proxy = &proxy, .strip_prefix = samples[i].strip};
		const char *sent = samples[i].sent != NULL ? samples[i].sent : samples[i].location;
		struct span got = relocate(&ex, &route, 0, span_str(samples[i].location));

		if (!span_equal(got, span_str(sent)))
			fail_msg("%s: %.*s", samples[i].location, (int)got.len,
				 (const char *)got.p);
	}
	arena_free(ex.memory);
}

/* There "/" leads to the plain port again, and round and round. */
static void
what_the_client_asked_for_stays(void **state)
{
	struct backend server = {.port = 443, .authority = "example.org"};
	struct backends to = {.at = &server, .count = 1};
	struct proxy proxy = {.to = &to, .scheme = SCHEME_HTTPS};
	struct route route = {.proxy = &proxy};
	struct exchange ex = {.memory = arena_new()};
	struct span location = SPAN_OF("https://example.org/");

	(void)state;
	ex.request.authority = ex.request.host = SPAN_OF("example.org");
	assert_true(span_equal(relocate(&ex, &route, 0, location), location));
	route.rewrite = "/x";
	ex.request.authority = ex.request.host = SPAN_OF("other.example");
	assert_true(span_equal(relocate(&ex, &route, 0, location), location));
	arena_free(ex.memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_servers_own_address_leads_back_here),
	    cmocka_unit_test(what_the_client_asked_for_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
