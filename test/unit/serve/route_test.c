#include "unit.h"

#include "serve/route.h"
#include "site.h"

static int
setup(void **state)
{
	struct site_test *t = calloc(1, sizeof *t);

	site_start(t);
	site_write(t, "index.html", SPAN_OF("home"), 1);
	site_write(t, "only", SPAN_OF("only"), 1);
	mkdir(site_path(t, "sub"), 0755);
	site_write(t, "sub/x", SPAN_OF("sub"), 1);
	mkdir(site_path(t, "acme"), 0755);
	site_write(t, "acme/token_-1", SPAN_OF("token_-1.thumb"), 1);
	site_write(t, "secret", SPAN_OF("secret"), 1);
	t->serve.acme_root = open(site_path(t, "acme"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct site_test *t = *state;

	close(t->serve.acme_root);
	site_end(t);
	free(t);
	return 0;
}

static void
the_first_route_that_fits_answers(void **state)
{
	struct site_test *t = *state;
	const struct site *two = &t->config->sites[1];
	const struct exchange ex = {.client = &t->client};

	assert_ptr_equal(route_for(two, &ex, SPAN_OF("/only")), &two->routes[0]);
	assert_ptr_equal(route_for(two, &ex, SPAN_OF("/sub/")), &two->routes[1]);
	assert_ptr_equal(route_for(two, &ex, SPAN_OF("/sub/x/y")), &two->routes[1]);
	assert_null(route_for(two, &ex, SPAN_OF("/sub")));
	assert_null(route_for(two, &ex, SPAN_OF("/only/")));
	assert_null(route_for(two, &ex, SPAN_OF("/")));
	assert_null(route_for(two, &ex, SPAN_OF("*")));
}

static const struct {
	const char *tls, *host; /* NULL: HTTP/1.0 without one */
	const char *path;
	unsigned status;
} seconds[] = {
    {"one.example", "one.example", "/", 200},
    {"one.example", "ONE.example", "/", 200},
    {"one.example", "one.example.", "/", 200},
    {"one.example", "one.example:8443", "/", 200},
    {"one.example", "www.one.example", "/", 200}, /* the same site by another name */
    {"one.example", "two.example", "/only", 421},
    {"two.example", "one.example", "/", 421},
    {"two.example", "two.example", "/only", 200},
    {"two.example", "two.example", "/sub/x", 200},
    {"two.example", "two.example", "/", 404},
    {"two.example", NULL, "/only", 200},
    {"two.example", "unknown.example", "/only", 421},
    {"", NULL, "/", 200},
    {"", "unknown.example", "/", 200},
    {"", "192.0.2.1", "/", 200},
    {"", "two.example", "/only", 200},
    {"unknown.example", NULL, "/", 200},
    {"unknown.example", "unknown.example", "/", 200},
    {"unknown.example", "other.example", "/", 200},
    {"unknown.example", "one.example", "/", 200},
    {"unknown.example", "two.example", "/only", 421},
};

static void
a_connection_is_for_the_site_it_was_made_to(void **state)
{
	struct site_test *t = *state;
	char head[256];

	t->plain = false;
	for (size_t i = 0; i < COUNT(seconds); i++) {
		t->client.server_name = span_str(seconds[i].tls);
		if (seconds[i].host != NULL)
			snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
				 seconds[i].path, seconds[i].host);
		else
			snprintf(head, sizeof head, "GET %s HTTP/1.0\r\n\r\n", seconds[i].path);
		unsigned status = site_status(site_ask(t, head));
		if (status != seconds[i].status)
			fail_msg("TLS for \"%s\", Host \"%s\": %u", seconds[i].tls,
				 seconds[i].host != NULL ? seconds[i].host : "", status);
	}
}

static void
without_sites_there_is_nothing(void **state)
{
	struct site_test *t = *state;

	struct config none = {.site_count = 0};

	t->serve.config = &none;
	assert_int_equal(site_status(site_get(t, "GET /", "")), 404);
	t->serve.config = t->config;
}

#define CHALLENGE "/.well-known/acme-challenge/"

static const struct {
	const char *head;
	uint16_t port;
	unsigned status;
	const char *location, *body; /* NULL: not looked at */
} plains[] = {
    {"GET /a?b=c HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301, "https://one.example/a?b=c",
     NULL},
    {"HEAD /a HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301, "https://one.example/a", ""},
    {"POST /a HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 308, "https://one.example/a", NULL},
    {"GET / HTTP/1.1\r\nHost: one.example:80\r\n\r\n", 443, 301, "https://one.example/", NULL},
    {"GET / HTTP/1.1\r\nHost: one.example\r\n\r\n", 8443, 301, "https://one.example:8443/", NULL},
    {"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 8443, 301, "https://[::1]:8443/", NULL},
    {"GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n", 443, 301, "https://unknown.example/", NULL},
    {"GET //evil.example HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301,
     "https://one.example//evil.example", NULL},
    {"GET /%0d%0aX: HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301,
     "https://one.example/%0d%0aX:", NULL},
    {"GET http://one.example/a?b HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301,
     "https://one.example/a?b", NULL},
    {"GET http://one.example HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301,
     "https://one.example/", NULL},
    {"GET http://one.example?b HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 301,
     "https://one.example/?b", NULL},
    {"OPTIONS * HTTP/1.1\r\nHost: one.example\r\n\r\n", 443, 308, "https://one.example/", NULL},
    {"GET / HTTP/1.0\r\n\r\n", 443, 400, "", NULL},
    {"GET / HTTP/1.1\r\n\r\n", 443, 400, "", NULL},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 443, 400, "", NULL},
    {"GET / HTTP/1.1\r\nHost: open.example\r\n\r\n", 443, 200, "", "home"},
    {"GET /only HTTP/1.1\r\nHost: open.example\r\n\r\n", 443, 200, "", "only"},

    {"GET " CHALLENGE "token_-1 HTTP/1.1\r\nHost: any.example\r\n\r\n", 443, 200, "",
     "token_-1.thumb"},
    {"GET " CHALLENGE "token_-1 HTTP/1.0\r\n\r\n", 443, 200, "", "token_-1.thumb"},
    {"HEAD " CHALLENGE "token_-1 HTTP/1.0\r\n\r\n", 443, 200, "", ""},
    {"GET " CHALLENGE "other HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE " HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE "a/b HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE ".hidden HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE "token_-1%20 HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE "..%2fsecret HTTP/1.1\r\nHost: a\r\n\r\n", 443, 404, "", NULL},
    {"GET " CHALLENGE "../secret HTTP/1.1\r\nHost: a\r\n\r\n", 443, 301, NULL, NULL},
    {"POST " CHALLENGE "token_-1 HTTP/1.1\r\nHost: a\r\n\r\n", 443, 405, "", NULL},
};

static void
the_plain_port_redirects_and_answers_challenges(void **state)
{
	struct site_test *t = *state;

	t->plain = true;
	for (size_t i = 0; i < COUNT(plains); i++) {
		t->serve.redirect_port = plains[i].port;
		const char *answer = site_ask(t, plains[i].head);

		if (site_status(answer) != plains[i].status)
			fail_msg("%s: %u", plains[i].head, site_status(answer));
		if (plains[i].location != NULL)
			assert_string_equal(site_field(answer, "Location"), plains[i].location);
		if (plains[i].body != NULL)
			assert_string_equal(site_body(answer), plains[i].body);
	}
	t->plain = false;
}

static void
a_challenge_is_text_of_sensible_size(void **state)
{
	struct site_test *t = *state;
	static uint8_t much[2000];

	t->plain = true;
	site_write(t, "acme/much", span_of(much, sizeof much), 1);
	mkdir(site_path(t, "acme/directory"), 0755);
	mkfifo(site_path(t, "acme/fifo"), 0644);
	assert_int_equal(symlink("../secret", site_path(t, "acme/link")), 0);
	assert_string_equal(
	    site_field(site_get(t, "GET " CHALLENGE "token_-1", ""), "Content-Type"), "text/plain");
	assert_int_equal(site_status(site_get(t, "GET " CHALLENGE "much", "")), 404);
	assert_int_equal(site_status(site_get(t, "GET " CHALLENGE "directory", "")), 404);
	assert_int_equal(site_status(site_get(t, "GET " CHALLENGE "fifo", "")), 404);
	assert_int_equal(site_status(site_get(t, "GET " CHALLENGE "link", "")), 404);
	t->plain = false;
}

static void
without_a_challenge_directory_there_is_none(void **state)
{
	struct site_test *t = *state;
	int root = t->serve.acme_root;

	t->plain = true;
	t->serve.acme_root = -1;
	assert_int_equal(site_status(site_get(t, "GET " CHALLENGE "token_-1", "")), 404);
	t->serve.acme_root = root;
	t->plain = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_route_that_fits_answers),
	    cmocka_unit_test(a_connection_is_for_the_site_it_was_made_to),
	    cmocka_unit_test(without_sites_there_is_nothing),
	    cmocka_unit_test(the_plain_port_redirects_and_answers_challenges),
	    cmocka_unit_test(a_challenge_is_text_of_sensible_size),
	    cmocka_unit_test(without_a_challenge_directory_there_is_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
