#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/address.h"

/* What each text reads as, written back; NULL: it is refused. */
struct reading {
	const char *text;
	const char *means;
};

static const struct reading ips[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"2001:db8::1", "2001:db8::1"},
    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
    {"::", "::"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::ffff:c000:201", "192.0.2.1"},
    {"::192.0.2.1", "::192.0.2.1"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"", NULL},
    {"192.0.2", NULL},
    {"192.0.2.1.", NULL},
    {"192.0.2.256", NULL},
    {"192.0.2.01", NULL},
    {"0x7f.0.0.1", NULL},
    {"2130706433", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1 ", NULL},
    {"192.0.2.1:443", NULL},
    {"[2001:db8::1]", NULL},
    {"fe80::1%eth0", NULL},
    {"fe80::1%1", NULL},
    {":::", NULL},
    {"1::2::3", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"localhost", NULL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.255", NULL},
};

static const struct reading with_ports[] = {
    {"192.0.2.1:443", "192.0.2.1:443"},
    {"192.0.2.1:0", "192.0.2.1:0"},
    {"192.0.2.1:65535", "192.0.2.1:65535"},
    {"[2001:db8::1]:443", "[2001:db8::1]:443"},
    {"[::]:1", "[::]:1"},
    {"[::ffff:192.0.2.1]:443", "192.0.2.1:443"},
    {"", NULL},
    {":", NULL},
    {":443", NULL},
    {"[]:443", NULL},
    {"192.0.2.1", NULL},
    {"192.0.2.1:", NULL},
    {"192.0.2.1:65536", NULL},
    {"192.0.2.1:-1", NULL},
    {"192.0.2.1: 443", NULL},
    {"192.0.2.1:443x", NULL},
    {"[192.0.2.1]:443", NULL},
    {"2001:db8::1:443", NULL},
    {"[2001:db8::1]", NULL},
    {"[2001:db8::1]443", NULL},
    {"[2001:db8::1:443", NULL},
    {"[[2001:db8::1]]:443", NULL},
    {"example.org:443", NULL},
};

static const struct reading networks[] = {
    {"10.0.0.0/8", "10.0.0.0 8"},
    {"0.0.0.0/0", "0.0.0.0 0"},
    {"192.0.2.1", "192.0.2.1 32"},
    {"192.0.2.1/32", "192.0.2.1 32"},
    {"192.0.2.128/25", "192.0.2.128 25"},
    {"2001:db8::/32", "2001:db8:: 32"},
    {"::/0", ":: 0"},
    {"::1", "::1 128"},
    {"2001:db8::8000:0/97", "2001:db8::8000:0 97"},
    {"::ffff:10.0.0.0/104", "10.0.0.0 8"},
    {"::ffff:0.0.0.0/96", "0.0.0.0 0"},
    {"::ffff:10.0.0.1", "10.0.0.1 32"},
    {"::ffff:10.0.0.0/8", NULL},
    {"10.0.0.1/8", NULL},
    {"192.0.2.64/25", NULL},
    {"2001:db8::1/32", NULL},
    {"10.0.0.0/33", NULL},
    {"2001:db8::/129", NULL},
    {"10.0.0.0/", NULL},
    {"10.0.0.0/-1", NULL},
    {"10.0.0.0/8/8", NULL},
    {"10.0.0.0/255.0.0.0", NULL},
    {"/8", NULL},
    {"", NULL},
};

static void
check_reading(const struct reading *r, bool read, const char *means)
{
	if (read != (r->means != NULL))
		fail_msg("\"%s\" was %s", r->text, read ? "read" : "refused");
	if (read && strcmp(means, r->means) != 0)
		fail_msg("\"%s\" became \"%s\"", r->text, means);
}

static void
an_ip_reads_in_one_form_only(void **state)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(ips); i++) {
		bool read = address_parse_ip(span_str(ips[i].text), &a);

		check_reading(&ips[i], read, address_ip_text(&a, text));
		assert_int_equal(a.port, 0);
	}
}

static void
a_port_is_never_guessed(void **state)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(with_ports); i++) {
		bool read = address_parse(span_str(with_ports[i].text), &a);

		check_reading(&with_ports[i], read, address_text(&a, text));
	}
}

static void
a_network_has_no_bits_past_its_prefix(void **state)
{
	char text[ADDRESS_TEXT_MAX], means[ADDRESS_TEXT_MAX + 8];
	struct network net = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		bool read = network_parse(span_str(networks[i].text), &net);

		snprintf(means, sizeof means, "%s %u", address_ip_text(&net.base, text), net.bits);
		check_reading(&networks[i], read, means);
	}
}

static void
a_refused_text_changes_nothing(void **state)
{
	struct address a = {.family = 4, .ip = {192, 0, 2, 1}, .port = 443}, before = a;
	struct network net = {.base = a, .bits = 32};

	(void)state;
	assert_false(address_parse_ip(SPAN_OF("2001:db8::g"), &a));
	assert_false(address_parse(SPAN_OF("[2001:db8::1]:70000"), &a));
	assert_false(network_parse(SPAN_OF("2001:db8::1/64"), &net));
	assert_true(address_equal(&a, &before));
	assert_true(address_equal(&net.base, &before));
	assert_int_equal(net.bits, 32);
}

static void
a_nul_byte_ends_no_address(void **state)
{
	struct address a;

	(void)state;
	assert_false(address_parse_ip(SPAN_OF("192.0.2.1\0"), &a));
	assert_false(address_parse_ip(SPAN_OF("\0"), &a));
	assert_false(address_parse(SPAN_OF("192.0.2.1\0:443"), &a));
}

static struct address
ip(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static void
the_same_ip_is_so_at_any_port(void **state)
{
	struct address a = ip("192.0.2.1"), b = ip("192.0.2.1"), other = ip("192.0.2.2");
	struct address longer = ip("2001:db8::1");

	(void)state;
	b.port = 443;
	assert_true(address_same_ip(&a, &b));
	assert_false(address_equal(&a, &b));
	assert_false(address_same_ip(&a, &other));
	memcpy(longer.ip, a.ip, 4);
	assert_false(address_same_ip(&a, &longer)); /* though they begin alike */
}

static void
networks_are_equal_by_base_and_prefix(void **state)
{
	struct network a, b, c, d;

	(void)state;
	assert_true(network_parse(SPAN_OF("10.0.0.0/8"), &a));
	assert_true(network_parse(SPAN_OF("10.0.0.0/8"), &b));
	assert_true(network_parse(SPAN_OF("10.0.0.0/9"), &c));
	assert_true(network_parse(SPAN_OF("11.0.0.0/8"), &d));
	assert_true(network_equal(&a, &b));
	assert_false(network_equal(&a, &c));
	assert_false(network_equal(&a, &d));
}

static void
a_network_has_its_own_addresses_only(void **state)
{
	static const struct {
		const char *net, *address;
		bool has;
	} cases[] = {
	    {"10.0.0.0/8", "10.255.255.255", true},  {"10.0.0.0/8", "11.0.0.0", false},
	    {"192.0.2.128/25", "192.0.2.128", true}, {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.1", "192.0.2.1", true},        {"192.0.2.1", "192.0.2.0", false},
	    {"0.0.0.0/0", "203.0.113.9", true},      {"0.0.0.0/0", "::1", false},
	    {"::/0", "203.0.113.9", false},          {"::/0", "2001:db8::1", true},
	    {"10.0.0.0/8", "::ffff:10.1.2.3", true}, {"2001:db8::/31", "2001:db9:ffff::", true},
	    {"2001:db8::/32", "2001:db9::", false},  {"2001:db8::1", "2001:db8::2", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address a = ip(cases[i].address);
		struct network net;

		assert_true(network_parse(span_str(cases[i].net), &net));
		if (network_has(&net, &a) != cases[i].has)
			fail_msg("%s in %s: should be %d", cases[i].address, cases[i].net,
				 cases[i].has);
	}
}

static void
the_unknown_address_is_in_no_network(void **state)
{
	struct address unknown = {0};
	struct network all, nothing = {0};
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	assert_true(network_parse(SPAN_OF("0.0.0.0/0"), &all));
	assert_false(network_has(&all, &unknown));
	assert_false(network_has(&nothing, &unknown));
	assert_string_equal(address_text(&unknown, text), "-");
	assert_string_equal(address_ip_text(&unknown, text), "-");
}

static void
one_network_of_a_list_is_enough(void **state)
{
	struct address in = ip("192.0.2.9"), v6 = ip("2001:db8::9"), out = ip("198.51.100.9");
	struct network list[2];

	(void)state;
	assert_true(network_parse(SPAN_OF("192.0.2.0/24"), &list[0]));
	assert_true(network_parse(SPAN_OF("2001:db8::/64"), &list[1]));
	assert_true(network_any_has(list, 2, &in));
	assert_true(network_any_has(list, 2, &v6));
	assert_false(network_any_has(list, 1, &v6));
	assert_false(network_any_has(list, 2, &out));
	assert_false(network_any_has(NULL, 0, &in));
}

static void
addresses_are_equal_with_their_port(void **state)
{
	struct address a = ip("192.0.2.1"), b = ip("::ffff:192.0.2.1"), c = ip("192.0.2.2"),
		       d = ip("c000:201::");

	(void)state;
	assert_true(address_equal(&a, &b));
	assert_false(address_equal(&a, &c));
	assert_false(address_equal(&a, &d)); /* the same first four bytes */
	b.port = 1;
	assert_false(address_equal(&a, &b));
}

static void
an_address_is_in_its_own_network_which_reads_back(void **state)
{
	static const struct {
		const char *ip;
		unsigned bits;
		const char *text;
	} cases[] = {
	    {"192.0.2.77", 24, "192.0.2.0/24"},           {"192.0.2.77", 30, "192.0.2.76/30"},
	    {"192.0.2.77", 32, "192.0.2.77/32"},          {"192.0.2.77", 0, "0.0.0.0/0"},
	    {"2001:db8:1:2::3", 64, "2001:db8:1:2::/64"}, {"2001:db8::ff", 127, "2001:db8::fe/127"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address a = ip(cases[i].ip);
		struct network net = address_network(&a, cases[i].bits), again;
		char text[NETWORK_TEXT_MAX];

		assert_string_equal(cases[i].text, network_text(&net, text));
		assert_true(network_has(&net, &a));
		assert_true(network_parse(span_str(text), &again));
		assert_int_equal(net.bits, again.bits);
		assert_true(address_equal(&net.base, &again.base));
	}
}

static void
what_is_on_a_cable_is_known(void **state)
{
	static const struct {
		const char *text;
		bool yes;
	} samples[] = {
	    {"169.254.0.1", true},     {"169.253.0.1", false}, {"224.0.0.1", true},
	    {"255.255.255.255", true}, {"223.255.0.1", false}, {"fe80::1", true},
	    {"febf::1", true},         {"fec0::1", false},     {"ff02::1", true},
	    {"fd00::1", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct address a;

		assert_true(address_parse_ip(span_str(samples[i].text), &a));
		if (address_is_on_a_cable(&a) != samples[i].yes)
			fail_msg("%s", samples[i].text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_on_a_cable_is_known),
	    cmocka_unit_test(an_ip_reads_in_one_form_only),
	    cmocka_unit_test(a_port_is_never_guessed),
	    cmocka_unit_test(a_network_has_no_bits_past_its_prefix),
	    cmocka_unit_test(a_refused_text_changes_nothing),
	    cmocka_unit_test(a_nul_byte_ends_no_address),
	    cmocka_unit_test(the_same_ip_is_so_at_any_port),
	    cmocka_unit_test(networks_are_equal_by_base_and_prefix),
	    cmocka_unit_test(a_network_has_its_own_addresses_only),
	    cmocka_unit_test(the_unknown_address_is_in_no_network),
	    cmocka_unit_test(one_network_of_a_list_is_enough),
	    cmocka_unit_test(addresses_are_equal_with_their_port),
	    cmocka_unit_test(an_address_is_in_its_own_network_which_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
