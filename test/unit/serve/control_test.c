/* The access server's pages: asked of control, or as if they were not there. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/control.h"
#include "serve/policy.h"
#include "servers.h"

static char dir[64];
static struct config *config;
static int roots[1];

static void
write_file(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int
make_files(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/control-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	write_file("index.html", "the site\n");
	write_file("404.html", "no such page\n");
	roots[0] = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int
remove_files(void **state)
{
	char command[128];

	(void)state;
	close(roots[0]);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static int64_t
no_time(void)
{
	return 1000000;
}

static void
routed(struct exchange *ex, void *owner)
{
	struct test *t = owner;

	(t->client.admin ? serve_admin : serve_secure)(&t->serve, ex);
}

static const struct http_host routing = {routed, on_over, on_output, host_date, on_now};

/* A server with these lines in its file; "%s" is where its files are. */
static void
serves(struct test *t, const char *lines)
{
	const struct config_defaults defaults = {.file = "/etc/test.conf"};
	struct buf text = buf_with_cap(8192), errors = buf_with_cap(8192);

	assert_true(buf_printf(&text, "state_dir /tmp\nlisten 8443\n"));
	assert_true(buf_printf(&text, lines, dir));
	session_free(t->h1);
	policies_free(t->serve.policies);
	serve_files_free(t->serve.files);
	config_free(config);
	config = config_read(buf_span(&text), &defaults, &errors);
	if (config == NULL)
		fail_msg("%.*s", (int)buf_len(&errors), (const char *)buf_span(&errors).p);
	t->serve.config = config;
	t->serve.policies = policies_new(config);
	t->serve.files = serve_files_new(8, 65536);
	t->serve.roots = roots;
	t->serve.acme_root = -1;
	t->serve.now_ms = no_time;
	t->client.secure = true;
	t->client.accepted_ms = 1234567;
	t->client.server_name = SPAN_OF("one.example");
	assert_true(address_parse(SPAN_OF("198.51.100.7:4711"), &t->client.peer));
	t->h1 = h1_new(&routing, t, &t->settings, &t->client);
	buf_free(&text);
	buf_free(&errors);
}

static int
teardown_all(void **state)
{
	struct test *t = *state;

	session_free(t->h1);
	t->h1 = NULL;
	policies_free(t->serve.policies);
	serve_files_free(t->serve.files);
	int status = teardown(state);
	config_free(config);
	config = NULL;
	return status;
}

#define FILES                                                                                      \
	"site one.example { certificate self-signed; access_server; root %s; error_page 404 "      \
	"/404.html; header X-Mine yes; header X-Frame-Options DENY }\nadmin { }\n"
#define ALONE "site one.example { certificate self-signed; access_server } # %s\n"
#define OTHER                                                                                      \
	"site one.example { certificate self-signed; access_server; route /x { respond 200 a }; "  \
	"route /* { method GET; respond 410 gone }; redirect /home; header X-Mine yes } # %s\n"
#define TRIES                                                                                      \
	"site one.example { certificate self-signed; access_server; try /index.html; root %s }\n"

#define ASK(what) what " HTTP/1.1\r\nHost: one.example\r\n\r\n"

static const char *
asked_field(const struct upstream_call *c, const char *name)
{
	static char text[256];
	size_t n = 0;

	snprintf(text, sizeof text, "-");
	for (size_t i = 0; i < c->request.field_count; i++)
		if (span_equal(c->request.fields[i].name, span_str(name)))
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", n > 0 ? "|" : "",
					      (int)c->request.fields[i].value.len,
					      c->request.fields[i].value.p);
	return text;
}

static void
control_is_told_who_asks(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	sends(t,
	      "GET /admin?x HTTP/1.1\r\nHost: one.example:943\r\nX-Sallyport-Client: 127.0.0.1\r\n"
	      "x-sallyport-door: admin\r\nX-Sallyport-Else: y\r\nX_Sallyport_Client: 127.0.0.1\r\n"
	      "Cookie: __Host-sallyport=secret; a=b\r\n\r\n");
	assert_int_equal(t->count, 1);
	const struct upstream_call *c = &t->asked[0];
	assert_string_equal(asked_field(c, "x-sallyport-client"), "198.51.100.7");
	assert_string_equal(asked_field(c, "x-sallyport-accepted"), "1234567");
	assert_string_equal(asked_field(c, "x-sallyport-door"), "site");
	assert_string_equal(asked_field(c, "x-sallyport-else"), "-");
	assert_string_equal(asked_field(c, "x_sallyport_client"), "-");
	assert_string_equal(asked_field(c, "cookie"), "__Host-sallyport=secret; a=b");
	assert_string_equal(asked_field(c, "x-forwarded-for"), "198.51.100.7");
	assert_true(span_equal(c->request.target, SPAN_OF("/admin?x")));
	assert_true(span_equal(c->request.authority, SPAN_OF("one.example:943")));
}

static void
a_mapped_address_is_told_as_ipv4(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	assert_true(address_parse(SPAN_OF("[::ffff:127.0.0.1]:5"), &t->client.peer));
	sends(t, ASK("GET /api/v1/me"));
	assert_string_equal(asked_field(&t->asked[0], "x-sallyport-client"), "127.0.0.1");
}

static void
its_paths_are_controls_and_others_are_not(void **state)
{
	static const struct {
		const char *target;
		bool asked;
	} paths[] = {
	    {"/admin", true},      {"/admin/", true},    {"/admin/x?y", true},
	    {"/portal", true},     {"/api/v1", true},    {"/api/v1/users", true},
	    {"/link/abc", true},   {"/setup/abc", true}, {"/%61dmin", true},
	    {"/x/../admin", true}, {"/", false},         {"/administrator", false},
	    {"/api", false},       {"/api/v2", false},   {"/link", false},
	    {"/Admin", false},     {"/portals", false},  {"/setup", false},
	};
	struct test *t = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		char head[128];
		size_t before = t->count;

		serves(t, FILES);
		snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: one.example\r\n\r\n",
			 paths[i].target);
		sends(t, head);
		if (t->count - before != paths[i].asked)
			fail_msg("%s", paths[i].target);
		if (paths[i].asked)
			fails(&t->asked[0], CALL_REFUSED);
		if (paths[i].asked)
			buf_free(&t->asked[0].call.got);
		t->count = 0;
	}
}

static void
where_nothing_else_answers_all_is_controls(void **state)
{
	struct test *t = *state;

	serves(t, ALONE);
	sends(t, ASK("GET /") ASK("GET /assets/x.js"));
	assert_int_equal(t->count, 1);
	answers(&t->asked[0], 200, 0, "x", "y");
	assert_int_equal(t->count, 2);
}

/* Its own policy of scripts and frames stands; the site's is for the site's pages. */
static void
its_answers_are_as_it_made_them(void **state)
{
	struct test *t = *state;

	serves(t, FILES "# compress all");
	sends(t, "GET /admin HTTP/1.1\r\nHost: one.example\r\nAccept-Encoding: br, gzip\r\n\r\n");
	connects(&t->asked[0]);
	answers(&t->asked[0], 200, 2, "x-frame-options", "SAMEORIGIN");
	says(&t->asked[0], "ok", true);
	assert_seen(t, "X-Frame-Options: SAMEORIGIN");
	assert_seen(t, "Strict-Transport-Security: ");
	assert_not_seen(t, "X-Mine");
	assert_not_seen(t, "Content-Encoding");
	assert_not_seen(t, "DENY");
}

static void
nothing_between_us_and_control_is_shown(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	sends(t, ASK("GET /admin"));
	answers(&t->asked[0], 200, 0, "x-sallyport-else", "inside");
	assert_seen(t, "200 OK");
	assert_not_seen(t, "allyport-");
	assert_not_seen(t, "inside");
}

/* What came since the last call. */
static char *
answer_of(struct test *t, size_t *from)
{
	char *text = strdup(seen(t) + *from);

	assert_non_null(text);
	*from += strlen(text);
	return text;
}

/* The requests of a kind, for a page that is there for nobody and for one that is refused. */
static void
assert_alike(const char *lines, const char *nowhere, const char *refused, int64_t length)
{
	void *state[] = {NULL};
	size_t from = 0;

	(void)setup(state);
	struct test *t = *state;
	serves(t, lines);
	sends(t, nowhere);
	assert_int_equal(t->count, 0);
	char *expected = answer_of(t, &from);
	serves(t, lines); /* a connection of its own */
	sends(t, refused);
	assert_int_equal(t->count, 1);
	connects(&t->asked[0]);
	answers(&t->asked[0], 404, length, "x-sallyport-unknown", "1");
	if (!t->asked[0].cancelled) {
		says(&t->asked[0], "", true);
		is_over(&t->asked[0]);
	}
	char *got = answer_of(t, &from);
	if (strcmp(expected, got) != 0)
		fail_msg("%s\ngets\n%s\nbut elsewhere\n%s", refused, got, expected);
	assert_true(strlen(got) > 0);
	free(expected);
	free(got);
	(void)teardown_all(state);
}

#define WITH_BODY(what) what " HTTP/1.1\r\nHost: one.example\r\nContent-Length: 3\r\n\r\nabc"
#define CHUNKED(what)                                                                              \
	what " HTTP/1.1\r\nHost: one.example\r\nTransfer-Encoding: "                               \
	     "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

static void
a_refused_page_is_an_unknown_one_to_the_byte(void **state)
{
	static const char *const sites[] = {FILES, OTHER, TRIES};
	static const struct {
		const char *nowhere, *refused;
	} pairs[] = {
	    {ASK("GET /nothing"), ASK("GET /admin")},
	    {ASK("GET /nothing/at?all"), ASK("GET /admin/at?all")},
	    {ASK("HEAD /nothing"), ASK("HEAD /portal")},
	    {ASK("DELETE /nothing/1"), ASK("DELETE /api/v1")},
	    {ASK("OPTIONS /nothing/1"), ASK("OPTIONS /api/v1/users")},
	    {ASK("GET /nothing/%2Fx"), ASK("GET /admin/%2Fx")},
	    {ASK("GET /nothing/x;y"), ASK("GET /admin/x;y")},
	    {ASK("GET /nothing/..;/x"), ASK("GET /setup/..;/x")},
	    {WITH_BODY("POST /nothing"), WITH_BODY("POST /api/v1/session")},
	    {WITH_BODY("PUT /nothing/x"), WITH_BODY("PUT /setup/x")},
	    {CHUNKED("POST /nothing"), CHUNKED("POST /link/x")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sites); i++)
		for (size_t k = 0; k < COUNT(pairs); k++) {
			assert_alike(sites[i], pairs[k].nowhere, pairs[k].refused, 0);
			assert_alike(sites[i], pairs[k].nowhere, pairs[k].refused, 5);
			assert_alike(sites[i], pairs[k].nowhere, pairs[k].refused, LENGTH_UNKNOWN);
		}
}

static void
its_connection_goes_on_after_it(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	sends(t, WITH_BODY("POST /admin"));
	connects(&t->asked[0]);
	assert_true(span_equal(buf_span(&t->asked[0].call.got), SPAN_OF("abc")));
	answers(&t->asked[0], 404, 5, "x-sallyport-unknown", "");
	assert_true(t->asked[0].cancelled);
	assert_null(t->served_by);
	sends(t, ASK("GET /"));
	assert_seen(t, "the site\n");
	assert_int_equal(t->over, 2);
}

/* It refuses before all of the body is there. */
static void
the_rest_of_its_body_is_read_for_nobody(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	sends(t, "POST /admin HTTP/1.1\r\nHost: one.example\r\nContent-Length: 9\r\n\r\nabc");
	connects(&t->asked[0]);
	answers(&t->asked[0], 404, 0, "x-sallyport-unknown", "");
	assert_true(t->asked[0].cancelled);
	sends(t, "defghi" ASK("GET /"));
	assert_seen(t, "the site\n");
}

static void
a_client_that_leaves_takes_its_question_with_it(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	sends(t, ASK("GET /admin"));
	connects(&t->asked[0]);
	leaves(t);
	assert_true(t->asked[0].cancelled);
}

/* What guards a path guards the console there, too, so that it differs in nothing. */
static void
limits_are_those_of_the_page_that_would_be_there(void **state)
{
	struct test *t = *state;

	serves(t,
	       "site one.example { certificate self-signed; access_server; route /* { limit_body "
	       "2; root %s } }\n");
	sends(t, WITH_BODY("POST /api/v1/session"));
	assert_int_equal(t->count, 0);
	assert_seen(t, "413 ");
}

static void
the_admin_port_asks_control_whatever_the_name_and_path(void **state)
{
	static const char *const requests[] = {
	    ASK("GET /"),
	    ASK("GET /anything%2F..;/x"),
	    "GET /metrics HTTP/1.1\r\nHost: other.example\r\n\r\n",
	    "GET / HTTP/1.0\r\n\r\n",
	};
	struct test *t = *state;

	for (size_t i = 0; i < COUNT(requests); i++) {
		serves(t, FILES);
		t->client.admin = true;
		sends(t, requests[i]);
		if (t->count != 1)
			fail_msg("%s\n%s", requests[i], seen(t));
		assert_string_equal(asked_field(&t->asked[0], "x-sallyport-door"), "admin");
		fails(&t->asked[0], CALL_REFUSED);
		buf_free(&t->asked[0].call.got);
		t->count = 0;
	}
}

static void
there_an_unknown_page_is_a_plain_404(void **state)
{
	struct test *t = *state;

	serves(t, FILES);
	t->client.admin = true;
	sends(t, ASK("GET /admin"));
	answers(&t->asked[0], 404, 0, "x-sallyport-unknown", "1");
	assert_seen(t, "HTTP/1.1 404 Not Found\r\n");
	assert_seen(t, "<h1>404 Not Found</h1>");
	assert_not_seen(t, "no such page");
	assert_not_seen(t, "X-Mine");
	assert_not_seen(t, "Strict-Transport-Security");
	sends(t, ASK("OPTIONS *"));
	assert_seen(t, "204 No Content");
	assert_int_equal(t->count, 1);
}

static void
an_admin_port_that_went_has_nothing(void **state)
{
	struct test *t = *state;

	serves(t, ALONE);
	t->client.admin = true;
	sends(t, ASK("GET /admin"));
	assert_int_equal(t->count, 0);
	assert_seen(t, "404 Not Found");
}

static void
a_control_that_is_down_is_said_with_when_to_come_back(void **state)
{
	static const enum call_failure hows[] = {CALL_UNSENT, CALL_CUT, CALL_BAD, CALL_TIMEOUT,
						 CALL_REFUSED};

	for (size_t i = 0; i < COUNT(hows); i++) {
		struct test *t = *state;

		serves(t, FILES);
		sends(t, WITH_BODY("POST /api/v1/session"));
		fails(&t->asked[0], hows[i]);
		for (size_t k = 1; k < t->count; k++)
			fails(&t->asked[k], hows[i]);
		assert_seen(t, "HTTP/1.1 503 Service Unavailable\r\n");
		assert_seen(t, "Retry-After: ");
		assert_seen(t, "<h1>503 ");
		for (size_t k = 0; k < t->count; k++)
			buf_free(&t->asked[k].call.got);
		t->count = 0;
		buf_taken(&t->out, buf_len(&t->out));
	}
}

/* Control alone may say so. */
static void
another_servers_word_of_unknown_is_nothing(void **state)
{
	struct test *t = *state;

	serves(t, "site one.example { certificate self-signed; proxy http://app } # %s\n");
	sends(t, ASK("GET /admin"));
	answers(&t->asked[0], 200, 0, "x-sallyport-unknown", "1");
	assert_seen(t, "HTTP/1.1 200 OK\r\n");
	assert_not_seen(t, "nknown");
}

/* Again, control alone. */
static void
a_connection_ends_where_control_says_so(void **state)
{
	struct test *t = *state;

	serves(t, ALONE);
	sends(t, ASK("GET /admin"));
	answers(&t->asked[0], 200, 0, "x-sallyport-last", "1");
	assert_seen(t, "Connection: close");
	assert_not_seen(t, "-last");
}

static void
no_connection_ends_for_the_word_of_another_server(void **state)
{
	struct test *t = *state;

	serves(t, "site one.example { certificate self-signed; proxy http://app } # %s\n");
	sends(t, ASK("GET /admin"));
	answers(&t->asked[0], 200, 0, "x-sallyport-last", "1");
	assert_seen(t, "HTTP/1.1 200 OK\r\n");
	assert_not_seen(t, "Connection: close");
}

static void
our_cookie_is_taken_from_among_others(void **state)
{
	static const struct {
		const char *value, *left;
	} cookies[] = {
	    {"a=b", "a=b"},
	    {"a=b;c=d ; ", "a=b;c=d ; "},
	    {"", ""},
	    {"__Host-sallyport=x", ""},
	    {"a=b; __Host-sallyport=x", "a=b"},
	    {"__Host-sallyport=x; a=b", "a=b"},
	    {"a=b;\t__Host-sallyport=x;c=d;e", "a=b; c=d; e"},
	    {"__Host-sallyport=x; __Host-sallyport=y", ""},
	    {"__host-SALLYPORT=x; a=b", "a=b"},
	    {"__Host-sallyport-csrf=x; a=b", "a=b"},
	    {"__Host-sallyport", ""},
	    {"__Host-sally=x", "__Host-sally=x"},
	    {"a=__Host-sallyport", "a=__Host-sallyport"},
	    {"a=\"b; __Host-sallyport=x\"; c", "a=\"b; c"},
	    {";;__Host-sallyport=x;;", ""},
	};
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cookies); i++) {
		struct span left = control_strip_cookie(memory, span_str(cookies[i].value));

		if (!span_equal(left, span_str(cookies[i].left)))
			fail_msg("%s: %.*s", cookies[i].value, (int)left.len, left.p);
	}
	arena_free(memory);
}

#define OWN(name) cmocka_unit_test_setup_teardown(name, setup, teardown_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    OWN(control_is_told_who_asks),
	    OWN(a_mapped_address_is_told_as_ipv4),
	    OWN(its_paths_are_controls_and_others_are_not),
	    OWN(where_nothing_else_answers_all_is_controls),
	    OWN(its_answers_are_as_it_made_them),
	    OWN(nothing_between_us_and_control_is_shown),
	    cmocka_unit_test(a_refused_page_is_an_unknown_one_to_the_byte),
	    OWN(its_connection_goes_on_after_it),
	    OWN(the_rest_of_its_body_is_read_for_nobody),
	    OWN(a_client_that_leaves_takes_its_question_with_it),
	    OWN(limits_are_those_of_the_page_that_would_be_there),
	    OWN(the_admin_port_asks_control_whatever_the_name_and_path),
	    OWN(there_an_unknown_page_is_a_plain_404),
	    OWN(an_admin_port_that_went_has_nothing),
	    OWN(a_control_that_is_down_is_said_with_when_to_come_back),
	    OWN(another_servers_word_of_unknown_is_nothing),
	    OWN(a_connection_ends_where_control_says_so),
	    OWN(no_connection_ends_for_the_word_of_another_server),
	    cmocka_unit_test(our_cookie_is_taken_from_among_others),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
