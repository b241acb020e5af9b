#include "unit.h"

#include <stdio.h>

#include "asked.h"
#include "serve/proxy_request.h"

/* Where it is to go, and what is asked there. */
static struct backend server = {.text = "app:9443", .authority = "app:9443"};
static struct backends to = {.at = &server, .count = 1};
static struct proxy proxy;
static struct call_request out;

static int
setup(void **state)
{
	struct asked *a = asked_new();

	asked_from(a, "198.51.100.7", "example.org");
	a->client.secure = false;
	proxy = (struct proxy){.to = &to, .scheme = SCHEME_HTTPS, .keep_host = true};
	*state = a;
	return 0;
}

static int
teardown(void **state)
{
	asked_free(*state);
	return 0;
}

static void
make(struct asked *a)
{
	proxy_request(&a->config, &a->ex, &proxy, SPAN_OF("/x?y"), &out);
}

/* All values of that name, "|" between them; "-" when there is none. */
static const char *
passed(const char *name)
{
	static char text[256];
	size_t at = 0;

	snprintf(text, sizeof text, "-");
	for (size_t i = 0; i < out.field_count; i++)
		if (span_equal(out.fields[i].name, span_str(name)))
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s",
					       at > 0 ? "|" : "", (int)out.fields[i].value.len,
					       out.fields[i].value.p);
	return text;
}

static void
what_concerns_both_ends_is_passed_on(void **state)
{
	struct asked *a = *state;

	asked_with(a, "accept", "*/*");
	asked_with(a, "cookie", "a=1");
	asked_with(a, "cookie", "b=2");
	asked_with(a, "authorization", "Basic eA==");
	asked_with(a, "trailer", "x-sum");
	make(a);
	assert_string_equal(passed("accept"), "*/*");
	assert_string_equal(passed("cookie"), "a=1|b=2");
	assert_string_equal(passed("authorization"), "Basic eA==");
	assert_string_equal(passed("trailer"), "x-sum");
	assert_string_equal(passed("via"), "-");
	assert_true(span_equal(out.target, SPAN_OF("/x?y")));
	assert_true(out.secure && !out.wants_trailers && out.protocol.len == 0);
}

/* Whoever is signed in at our console must not be impersonated by an application beside it. */
static void
our_session_is_for_no_server_but_control(void **state)
{
	struct asked *a = *state;

	asked_with(a, "cookie", "a=1; __Host-sallyport=secret; b=2");
	asked_with(a, "cookie", "__Host-sallyport=secret");
	asked_with(a, "cookie", "");
	make(a);
	assert_string_equal(passed("cookie"), "a=1; b=2|");
	a->config.control = &proxy;
	make(a);
	assert_string_equal(passed("cookie"),
			    "a=1; __Host-sallyport=secret; b=2|__Host-sallyport=secret|");
}

static void
nobody_says_what_is_between_us_and_control(void **state)
{
	struct asked *a = *state;

	asked_with(a, "x-sallyport-client", "127.0.0.1");
	asked_with(a, "x-sallyport-accepted", "1");
	asked_with(a, "x-sallyport-", "1");
	a->ex.request.trailers = a->in;
	a->ex.request.trailer_count = 3;
	make(a);
	assert_string_equal(passed("x-sallyport-client"), "-");
	assert_string_equal(passed("x-sallyport-accepted"), "-");
	assert_string_equal(passed("x-sallyport-"), "-");
	assert_int_equal(proxy_request_trailers(&a->config, &a->ex), 0);
	a->config.control = &proxy;
	make(a);
	assert_string_equal(passed("x-sallyport-client"), "198.51.100.7");
	assert_string_equal(passed("x-sallyport-accepted"), "0");
	assert_string_equal(passed("x-sallyport-door"), "site");
	assert_string_equal(passed("x-sallyport-"), "-");
}

/* Even of a proxy that is believed otherwise. */
static void
nor_does_a_proxy_in_front_of_us(void **state)
{
	struct asked *a = *state;

	asked_from(a, "192.0.2.1", "example.org");
	asked_with(a, "x-sallyport-client", "127.0.0.1");
	asked_with(a, "x-sallyport-door", "admin");
	a->config.control = &proxy;
	make(a);
	assert_string_equal(passed("x-sallyport-client"), "192.0.2.1");
	assert_string_equal(passed("x-sallyport-door"), "site");
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
		asked_with(a, names[i], "x");
	make(a);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(passed(names[i]), "-");
}

static void
nor_is_what_connection_names(void **state)
{
	struct asked *a = *state;

	asked_with(a, "x-hop", "1");
	asked_with(a, "connection", "keep-alive, X-Hop ,");
	asked_with(a, "x-end", "2");
	asked_with(a, "connection", "X-Other,X-Forwarded-For");
	asked_with(a, "x-other", "3");
	make(a);
	assert_string_equal(passed("x-hop"), "-");
	assert_string_equal(passed("x-other"), "-");
	assert_string_equal(passed("x-end"), "2");
	assert_string_equal(passed("x-forwarded-for"), "198.51.100.7");
}

static void
names_that_cgi_takes_for_others_are_dropped(void **state)
{
	struct asked *a = *state;

	asked_with(a, "x_forwarded_for", "10.0.0.1");
	asked_with(a, "x-forwarded_for", "10.0.0.1");
	asked_with(a, "content_length", "5");
	make(a);
	assert_string_equal(passed("x_forwarded_for"), "-");
	assert_string_equal(passed("x-forwarded_for"), "-");
	assert_string_equal(passed("content_length"), "-");
	assert_string_equal(passed("x-forwarded-for"), "198.51.100.7");
}

static void
a_strangers_word_is_dropped_and_a_proxys_is_kept(void **state)
{
	struct asked *a = *state;

	asked_with(a, "x-forwarded-user", "admin");
	asked_with(a, "x-forwarded-for", "10.0.0.1");
	make(a);
	assert_string_equal(passed("x-forwarded-user"), "-");
	assert_string_equal(passed("x-forwarded-for"), "198.51.100.7");
	assert_true(address_parse_ip(SPAN_OF("192.0.2.9"), &a->client.peer));
	make(a);
	assert_string_equal(passed("x-forwarded-user"), "admin");
	assert_string_equal(passed("x-forwarded-for"), "10.0.0.1, 192.0.2.9");
}

static void
host_is_the_clients_or_the_servers(void **state)
{
	struct asked *a = *state;

	assert_true(span_equal(proxy_authority(&a->ex, &proxy, 0), SPAN_OF("example.org")));
	proxy.keep_host = false;
	assert_true(span_equal(proxy_authority(&a->ex, &proxy, 0), SPAN_OF("app:9443")));
	proxy.keep_host = true;
	a->ex.request.authority = SPAN_NONE; /* HTTP/1.0 */
	assert_true(span_equal(proxy_authority(&a->ex, &proxy, 0), SPAN_OF("app:9443")));
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
	proxy.request.fields = settings;
	proxy.request.field_count = COUNT(settings);
	asked_with(a, "x-set", "1");
	asked_with(a, "x-set", "2");
	asked_with(a, "x-add", "theirs");
	asked_with(a, "x-remove", "3");
	asked_with(a, "x-there", "theirs");
	make(a);
	assert_string_equal(passed("x-set"), "ours");
	assert_string_equal(passed("x-add"), "theirs|ours");
	assert_string_equal(passed("x-remove"), "-");
	assert_string_equal(passed("x-there"), "theirs");
	assert_string_equal(passed("x-missing"), "ours");
	assert_string_equal(passed("forwarded"), "-");
	assert_string_equal(passed("x-forwarded-proto"), "wss");
}

static void
te_trailers_is_heard_and_said_anew(void **state)
{
	struct asked *a = *state;

	asked_with(a, "te", "gzip;q=0.5, Trailers");
	make(a);
	assert_true(out.wants_trailers);
	assert_string_equal(passed("te"), "-");
}

/* RFC 9110 §7.6.2. */
static void
max_forwards_counts_down_where_it_has_a_meaning(void **state)
{
	struct asked *a = *state;

	asked_with(a, "max-forwards", "3");
	make(a);
	assert_string_equal(passed("max-forwards"), "-");
	assert_false(proxy_ends_here(&a->ex.request));
	a->ex.request.method = METHOD_OPTIONS;
	make(a);
	assert_string_equal(passed("max-forwards"), "2");
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
	assert_int_equal(out.method, METHOD_GET);
	assert_true(span_equal(out.method_name, SPAN_OF("GET")));
	assert_true(span_equal(out.protocol, SPAN_OF("websocket")));
	assert_int_equal(out.length, LENGTH_NONE);
}

static void
an_upgrade_is_not_asked_of_http2(void **state)
{
	struct asked *a = *state;

	a->ex.request.protocol = SPAN_OF("websocket");
	asked_with(a, "sec-websocket-key", "x");
	make(a);
	assert_true(span_equal(out.protocol, SPAN_OF("websocket")));
	assert_string_equal(passed("sec-websocket-key"), "x");
	proxy.http2 = true;
	make(a);
	assert_int_equal(out.protocol.len, 0);
	assert_string_equal(passed("sec-websocket-key"), "-");
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
	    TEST(our_session_is_for_no_server_but_control),
	    TEST(nobody_says_what_is_between_us_and_control),
	    TEST(nor_does_a_proxy_in_front_of_us),
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
