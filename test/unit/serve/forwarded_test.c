#include "unit.h"

#include <stdio.h>

#include "asked.h"
#include "serve/forwarded.h"

static int
setup(void **state)
{
	*state = asked_new();
	return 0;
}

static int
teardown(void **state)
{
	asked_free(*state);
	return 0;
}

/* The value of ours by that name; "-" when there is none. */
static const char *
said(struct asked *a, const char *name)
{
	struct field ours[FORWARDED_FIELDS];
	static char text[512];

	forwarded_tell(&a->config, &a->ex);
	size_t count = forwarded_fields(&a->config, &a->ex, ours);
	snprintf(text, sizeof text, "-");
	for (size_t i = 0; i < count; i++)
		if (span_equal(ours[i].name, span_str(name)))
			snprintf(text, sizeof text, "%.*s", (int)ours[i].value.len,
				 ours[i].value.p);
	return text;
}

static void
a_stranger_is_told_of_as_he_is_seen(void **state)
{
	struct asked *a = *state;

	asked_from(a, "198.51.100.7", "example.org");
	assert_string_equal(said(a, "x-forwarded-for"), "198.51.100.7");
	assert_string_equal(said(a, "x-real-ip"), "198.51.100.7");
	assert_string_equal(said(a, "x-forwarded-proto"), "https");
	assert_string_equal(said(a, "x-forwarded-host"), "example.org");
	assert_string_equal(said(a, "forwarded"), "for=198.51.100.7;host=example.org;proto=https");
	a->client.secure = false;
	assert_string_equal(said(a, "x-forwarded-proto"), "http");
	assert_string_equal(said(a, "forwarded"), "for=198.51.100.7;host=example.org;proto=http");
}

static void
what_a_stranger_says_is_not_carried_on(void **state)
{
	struct asked *a = *state;

	asked_from(a, "198.51.100.7", "example.org");
	asked_with(a, "x-forwarded-for", "10.0.0.1");
	asked_with(a, "x-forwarded-proto", "gopher");
	asked_with(a, "x-forwarded-host", "evil.example");
	asked_with(a, "x-real-ip", "10.0.0.1");
	asked_with(a, "forwarded", "for=10.0.0.1");
	assert_string_equal(said(a, "x-forwarded-for"), "198.51.100.7");
	assert_string_equal(said(a, "x-real-ip"), "198.51.100.7");
	assert_string_equal(said(a, "x-forwarded-proto"), "https");
	assert_string_equal(said(a, "x-forwarded-host"), "example.org");
	assert_string_equal(said(a, "forwarded"), "for=198.51.100.7;host=example.org;proto=https");
}

/* RFC 7239 §6.3 and §4: what is no token is quoted. */
static void
ipv6_and_ports_are_quoted(void **state)
{
	struct asked *a = *state;

	asked_from(a, "2001:db8:1::7", "example.org:8443");
	assert_string_equal(said(a, "x-forwarded-for"), "2001:db8:1::7");
	assert_string_equal(said(a, "forwarded"),
			    "for=\"[2001:db8:1::7]\";host=\"example.org:8443\";proto=https");
	asked_from(a, "2001:db8:1::7", "[2001:db8::1]:8443");
	assert_string_equal(said(a, "forwarded"),
			    "for=\"[2001:db8:1::7]\";host=\"[2001:db8::1]:8443\";proto=https");
}

static void
a_proxy_of_ours_is_added_to_what_it_says(void **state)
{
	struct asked *a = *state;

	asked_from(a, "192.0.2.1", "inner.example");
	asked_with(a, "x-forwarded-for", "203.0.113.9");
	asked_with(a, "x-forwarded-for", "198.51.100.7, 192.0.2.2");
	asked_with(a, "x-forwarded-proto", "http");
	asked_with(a, "x-forwarded-host", "outer.example");
	asked_with(a, "forwarded", "for=198.51.100.7;proto=http");
	assert_string_equal(said(a, "x-forwarded-for"),
			    "203.0.113.9, 198.51.100.7, 192.0.2.2, 192.0.2.1");
	assert_string_equal(said(a, "x-forwarded-proto"), "http");
	assert_string_equal(said(a, "x-forwarded-host"), "outer.example");
	assert_string_equal(said(a, "x-real-ip"), "198.51.100.7");
	assert_string_equal(
	    said(a, "forwarded"),
	    "for=198.51.100.7;proto=http, for=192.0.2.1;host=inner.example;proto=https");
}

static void
a_proxy_of_ours_may_name_the_client_in_one_field_alone(void **state)
{
	struct asked *a = *state;

	asked_from(a, "192.0.2.1", "example.org");
	asked_with(a, "x-real-ip", "198.51.100.8");
	assert_string_equal(said(a, "x-real-ip"), "198.51.100.8");
	asked_with(a, "x-forwarded-for", "198.51.100.7");
	assert_string_equal(said(a, "x-real-ip"), "198.51.100.7");
}

/* Begun by us, the other kind of list would name the proxy as the client. */
static void
only_the_list_that_a_proxy_of_ours_keeps_is_kept_up(void **state)
{
	struct asked *a = *state;

	asked_from(a, "192.0.2.1", "example.org");
	asked_with(a, "x-forwarded-for", "198.51.100.7");
	assert_string_equal(said(a, "forwarded"), "-");
	assert_string_equal(said(a, "x-forwarded-for"), "198.51.100.7, 192.0.2.1");
	asked_from(a, "192.0.2.1", "example.org");
	asked_with(a, "forwarded", "for=_hidden");
	assert_string_equal(said(a, "x-forwarded-for"), "-");
	assert_string_equal(said(a, "x-real-ip"), "-");
	assert_string_equal(said(a, "forwarded"),
			    "for=_hidden, for=192.0.2.1;host=example.org;proto=https");
	asked_from(a, "192.0.2.1", "example.org");
	assert_string_equal(said(a, "x-forwarded-for"), "192.0.2.1");
	assert_string_equal(said(a, "forwarded"), "for=192.0.2.1;host=example.org;proto=https");
}

static void
who_has_no_address_and_names_no_host_is_unknown(void **state)
{
	struct asked *a = *state;

	asked_from(a, "", "");
	assert_string_equal(said(a, "x-forwarded-for"), "-");
	assert_string_equal(said(a, "x-forwarded-host"), "-");
	assert_string_equal(said(a, "forwarded"), "for=unknown;proto=https");
}

static const struct {
	const char *peer, *list, *client;
} chains[] = {
    {"198.51.100.7", "", "198.51.100.7"},
    {"198.51.100.7", "203.0.113.9", "198.51.100.7"},
    {"192.0.2.1", "", "192.0.2.1"},
    {"192.0.2.1", "203.0.113.9", "203.0.113.9"},
    {"192.0.2.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
    {"192.0.2.1", "203.0.113.9, 192.0.2.2, 2001:db8::5", "203.0.113.9"},
    {"192.0.2.1", "203.0.113.9:1234", "203.0.113.9"},
    {"192.0.2.1", "[2001:db8:7::1]:1234", "2001:db8:7::1"},
    {"192.0.2.1", "192.0.2.3", "192.0.2.3"},
    {"192.0.2.1", "203.0.113.9, nonsense", "0.0.0.0"},
    {"192.0.2.1", "unknown", "0.0.0.0"},
    {"192.0.2.1", "203.0.113.9, fe80::1%eth0", "fe80::1"},
    {"192.0.2.1", "127.0.0.1%lo", "0.0.0.0"},
    {"192.0.2.1", "203.0.113.9, , ,", "203.0.113.9"},
    {"192.0.2.1", ",", "192.0.2.1"},
    {"2001:db8::1", "203.0.113.9", "203.0.113.9"},
    {"2001:db8:0:1::1", "203.0.113.9", "2001:db8:0:1::1"},
};

static void
the_client_is_the_last_that_no_proxy_of_ours_is(void **state)
{
	struct asked *a = *state;
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < COUNT(chains); i++) {
		asked_from(a, chains[i].peer, "example.org");
		asked_with(a, "x-forwarded-for", chains[i].list);
		forwarded_tell(&a->config, &a->ex);
		if (strcmp(address_ip_text(a->ex.who, text), chains[i].client) != 0)
			fail_msg("%s by %s: %s", chains[i].list, chains[i].peer, text);
	}
}

static void
names_that_applications_believe_are_dropped_from_strangers(void **state)
{
	static const char *const always[] = {"x-forwarded-for", "x-forwarded-proto",
					     "x-forwarded-host", "x-real-ip", "forwarded"};
	static const char *const strangers[] = {"x-forwarded-user", "x-forwarded-port",
						"true-client-ip", "x-client-ip",
						"cf-connecting-ip"};
	static const char *const never[] = {"x-forward", "accept", "x-forwarded", "cookie"};

	(void)state;
	for (size_t i = 0; i < COUNT(always); i++) {
		assert_true(forwarded_drops(span_str(always[i]), false));
		assert_true(forwarded_drops(span_str(always[i]), true));
	}
	for (size_t i = 0; i < COUNT(strangers); i++) {
		assert_true(forwarded_drops(span_str(strangers[i]), false));
		assert_false(forwarded_drops(span_str(strangers[i]), true));
	}
	for (size_t i = 0; i < COUNT(never); i++)
		assert_false(forwarded_drops(span_str(never[i]), false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_stranger_is_told_of_as_he_is_seen, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_a_stranger_says_is_not_carried_on, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(ipv6_and_ports_are_quoted, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_proxy_of_ours_is_added_to_what_it_says, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_proxy_of_ours_may_name_the_client_in_one_field_alone,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(only_the_list_that_a_proxy_of_ours_keeps_is_kept_up,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(who_has_no_address_and_names_no_host_is_unknown, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(the_client_is_the_last_that_no_proxy_of_ours_is, setup,
					    teardown),
	    cmocka_unit_test(names_that_applications_believe_are_dropped_from_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
