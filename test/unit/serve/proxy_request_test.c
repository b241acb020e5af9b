#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/proxy_request.h"

#define FIELDS_MAX 12

struct asked {
	struct arena *memory;
	struct network trusted;
	struct config config;
	struct client client;
	struct backend server;
	struct backends to;
	struct proxy proxy;
	struct exchange ex;
	struct field in[FIELDS_MAX];
	struct call_request out;
};

static int
setup(void **state)
{
	struct asked *a = calloc(1, sizeof *a);
	struct request *r = &a->ex.request;

	a->memory = arena_new();
	assert_true(network_parse(SPAN_OF("192.0.2.0/24"), &a->trusted));
	assert_true(address_parse_ip(SPAN_OF("198.51.100.7"), &a->client.peer));
	a->config.trust_forwarded = &a->trusted;
	a->config.trust_forwarded_count = 1;
	a->server = (struct backend){.text = "app:9443", .authority = "app:9443"};
	a->to = (struct backends){.at = &a->server, .count = 1};
	a->proxy = (struct proxy){.to = &a->to, .scheme = SCHEME_HTTPS, .keep_host = true};
	a->ex.memory = a->memory;
	a->ex.client = &a->client;
	a->ex.who = &a->client.peer;
	*r = (struct request){.method = METHOD_GET,
			      .method_name = SPAN_OF("GET"),
			      .authority = SPAN_OF("example.org"),
			      .version = 11,
			      .fields = a->in,
			      .length = LENGTH_NONE};
	*state = a;
	return 0;
}

static int
teardown(void **state)
{
	struct asked *a = *state;

	arena_free(a->memory);
	free(a);
	return 0;
}

static void
with(struct asked *a, const char *name, const char *value)
{
	a->in[a->ex.request.field_count++] = (struct field){span_str(name), span_str(value)};
}

static void
make(struct asked *a)
{
	proxy_request(&a->config, &a->ex, &a->proxy, SPAN_OF("/x?y"), &a->out);
}

/* All values of that name, "|" between them; "-" when there is none. */
static const char *
passed(const struct asked *a, const char *name)
{
	static char text[256];
	size_t at = 0;

	snprintf(text, sizeof text, "-");
	for (size_t i = 0; i < a->out.field_count; i++)
		if (span_equal(a->out.fields[i].name, span_str(name)))
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s",
					       at > 0 ? "|" : "", (int)a->out.fields[i].value.len,
					       a->out.fields[i].value.p);
	return text;
}

static void
what_concerns_both_ends_is_passed_on(void **state)
{
	struct asked *a = *state;

	with(a, "accept", "*/*");
	with(a, "cookie", "a=1");
	with(a, "cookie", "b=2");
	with(a, "authorization", "Basic eA==");
	with(a, "trailer", "x-sum");
	make(a);
	assert_string_equal(passed(a, "accept"), "*/*");
	assert_string_equal(passed(a, "cookie"), "a=1|b=2");
	assert_string_equal(passed(a, "authorization"), "Basic eA==");
	assert_string_equal(passed(a, "trailer"), "x-sum");
	assert_string_equal(passed(a, "via"), "-");
	assert_true(span_equal(a->out.target, SPAN_OF("/x?y")));
	assert_true(a->out.secure && !a->out.wants_trailers && a->out.protocol.len == 0);
}

/* RFC 9110 §7.6.1. */
static void
what_concerns_one_connection_is_not(void **state)
{
	static const char *const names[] = {
	    "connection",     "keep-alive",     "proxy-connection",    "te",   "transfer-encoding",
	    "upgrade",        "http2-settings", "proxy-authorization", "host", "expect",
	    "content-length", "proxy",
	};
	struct asked *a = *state;

	for (size_t i = 0; i < COUNT(names); i++)
		with(a, names[i], "x");
	make(a);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(passed(a, names[i]), "-");
}

static void
nor_is_what_connection_names(void **state)
{
	struct asked *a = *state;

	with(a, "x-hop", "1");
	with(a, "connection", "keep-alive, X-Hop ,");
	with(a, "x-end", "2");
	with(a, "connection", "X-Other,X-Forwarded-For");
	with(a, "x-other", "3");
	make(a);
	assert_string_equal(passed(a, "x-hop"), "-");
	assert_string_equal(passed(a, "x-other"), "-");
	assert_string_equal(passed(a, "x-end"), "2");
	assert_string_equal(passed(a, "x-forwarded-for"), "198.51.100.7");
}

static void
names_that_cgi_takes_for_others_are_dropped(void **state)
{
	struct asked *a = *state;

	with(a, "x_forwarded_for", "10.0.0.1");
	with(a, "x-forwarded_for", "10.0.0.1");
	with(a, "content_length", "5");
	make(a);
	assert_string_equal(passed(a, "x_forwarded_for"), "-");
	assert_string_equal(passed(a, "x-forwarded_for"), "-");
	assert_string_equal(passed(a, "content_length"), "-");
	assert_string_equal(passed(a, "x-forwarded-for"), "198.51.100.7");
}

static void
a_strangers_word_is_dropped_and_a_proxys_is_kept(void **state)
{
	struct asked *a = *state;

	with(a, "x-forwarded-user", "admin");
	with(a, "x-forwarded-for", "10.0.0.1");
	make(a);
	assert_string_equal(passed(a, "x-forwarded-user"), "-");
	assert_string_equal(passed(a, "x-forwarded-for"), "198.51.100.7");
	assert_true(address_parse_ip(SPAN_OF("192.0.2.9"), &a->client.peer));
	make(a);
	assert_string_equal(passed(a, "x-forwarded-user"), "admin");
	assert_string_equal(passed(a, "x-forwarded-for"), "10.0.0.1, 192.0.2.9");
}

static void
host_is_the_clients_or_the_servers(void **state)
{
	struct asked *a = *state;

	assert_true(span_equal(proxy_authority(&a->ex, &a->proxy, 0), SPAN_OF("example.org")));
	a->proxy.keep_host = false;
	assert_true(span_equal(proxy_authority(&a->ex, &a->proxy, 0), SPAN_OF("app:9443")));
	a->proxy.keep_host = true;
	a->ex.request.authority = SPAN_NONE; /* HTTP/1.0 */
	assert_true(span_equal(proxy_authority(&a->ex, &a->proxy, 0), SPAN_OF("app:9443")));
}

static void
settings_have_the_last_word(void **state)
{
	static const struct field_setting settings_const[] = {
	    {FIELD_SETTING_SET, "x-set", "ours"},
	    {FIELD_SETTING_ADD, "x-add", "ours"},
	    {FIELD_SETTING_REMOVE, "x-remove", NULL},
	    {FIELD_SETTING_DEFAULT, "x-there", "ours"},
	    {FIELD_SETTING_DEFAULT, "x-missing", "ours"},
	    {FIELD_SETTING_REMOVE, "forwarded", NULL},
	    {FIELD_SETTING_SET, "x-forwarded-proto", "wss"},
	};
	struct field_setting settings[COUNT(settings_const)];
	struct asked *a = *state;

	memcpy(settings, settings_const, sizeof settings);
	a->proxy.request.fields = settings;
	a->proxy.request.field_count = COUNT(settings);
	with(a, "x-set", "1");
	with(a, "x-set", "2");
	with(a, "x-add", "theirs");
	with(a, "x-remove", "3");
	with(a, "x-there", "theirs");
	make(a);
	assert_string_equal(passed(a, "x-set"), "ours");
	assert_string_equal(passed(a, "x-add"), "theirs|ours");
	assert_string_equal(passed(a, "x-remove"), "-");
	assert_string_equal(passed(a, "x-there"), "theirs");
	assert_string_equal(passed(a, "x-missing"), "ours");
	assert_string_equal(passed(a, "forwarded"), "-");
	assert_string_equal(passed(a, "x-forwarded-proto"), "wss");
}

static void
te_trailers_is_heard_and_said_anew(void **state)
{
	struct asked *a = *state;

	with(a, "te", "gzip;q=0.5, Trailers");
	make(a);
	assert_true(a->out.wants_trailers);
	assert_string_equal(passed(a, "te"), "-");
}

/* RFC 9110 §7.6.2. */
static void
max_forwards_counts_down_where_it_has_a_meaning(void **state)
{
	struct asked *a = *state;

	with(a, "max-forwards", "3");
	make(a);
	assert_string_equal(passed(a, "max-forwards"), "-");
	assert_false(proxy_ends_here(&a->ex.request));
	a->ex.request.method = METHOD_OPTIONS;
	make(a);
	assert_string_equal(passed(a, "max-forwards"), "2");
	a->in[0].value = SPAN_OF("0");
	assert_true(proxy_ends_here(&a->ex.request));
	a->in[0].value = SPAN_OF("99999999999999999999");
	assert_false(proxy_ends_here(&a->ex.request));
	a->in[0].value = SPAN_OF("-1");
	assert_false(proxy_ends_here(&a->ex.request));
}

/* RFC 8441 §5: what CONNECT asks for there is what GET and Upgrade ask for here. */
static void
an_extended_connect_is_a_get(void **state)
{
	struct asked *a = *state;
	struct request *r = &a->ex.request;

	r->method = METHOD_CONNECT;
	r->method_name = SPAN_OF("CONNECT");
	r->protocol = SPAN_OF("websocket");
	r->version = 20;
	r->length = LENGTH_UNKNOWN;
	make(a);
	assert_int_equal(a->out.method, METHOD_GET);
	assert_true(span_equal(a->out.method_name, SPAN_OF("GET")));
	assert_true(span_equal(a->out.protocol, SPAN_OF("websocket")));
	assert_int_equal(a->out.length, LENGTH_NONE);
}

static void
an_upgrade_is_not_asked_of_http2(void **state)
{
	struct asked *a = *state;

	a->ex.request.protocol = SPAN_OF("websocket");
	with(a, "sec-websocket-key", "x");
	make(a);
	assert_true(span_equal(a->out.protocol, SPAN_OF("websocket")));
	assert_string_equal(passed(a, "sec-websocket-key"), "x");
	a->proxy.http2 = true;
	make(a);
	assert_int_equal(a->out.protocol.len, 0);
	assert_string_equal(passed(a, "sec-websocket-key"), "-");
}

static void
trailers_are_sieved_as_fields_are(void **state)
{
	struct asked *a = *state;
	struct field trailers[] = {
	    {SPAN_OF("x-sum"), SPAN_OF("1")},
	    {SPAN_OF("x-forwarded-for"), SPAN_OF("10.0.0.1")},
	    {SPAN_OF("content-length"), SPAN_OF("5")},
	    {SPAN_OF("x-last"), SPAN_OF("2")},
	};

	a->ex.request.trailers = trailers;
	a->ex.request.trailer_count = COUNT(trailers);
	assert_int_equal(proxy_request_trailers(&a->config, &a->ex), 2);
	assert_true(span_equal(trailers[0].name, SPAN_OF("x-sum")));
	assert_true(span_equal(trailers[1].name, SPAN_OF("x-last")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_concerns_both_ends_is_passed_on),
	    TEST(what_concerns_one_connection_is_not),
	    TEST(nor_is_what_connection_names),
	    TEST(names_that_cgi_takes_for_others_are_dropped),
	    TEST(a_strangers_word_is_dropped_and_a_proxys_is_kept),
	    TEST(host_is_the_clients_or_the_servers),
	    TEST(settings_have_the_last_word),
	    TEST(te_trailers_is_heard_and_said_anew),
	    TEST(max_forwards_counts_down_where_it_has_a_meaning),
	    TEST(an_extended_connect_is_a_get),
	    TEST(an_upgrade_is_not_asked_of_http2),
	    TEST(trailers_are_sieved_as_fields_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
