#include "unit.h"

#include <string.h>

#include "vpn/lease.h"

static struct network
network_of(const char *text)
{
	struct network net;

	assert_true(network_parse(span_str(text), &net));
	return net;
}

static struct leases *
made(const char *v4, const char *v6)
{
	struct network four = network_of(v4), six = {.bits = 0};

	if (v6 != NULL)
		six = network_of(v6);
	struct leases *l = leases_new(&four, &six);
	assert_non_null(l);
	return l;
}

static void
assert_is(struct address a, const char *text)
{
	char is[ADDRESS_TEXT_MAX];

	assert_string_equal(address_ip_text(&a, is), text);
}

static uint32_t
number_of(const struct leases *l, const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	a.port = 4711; /* of no matter */
	return lease_number(l, &a);
}

static void
a_number_stands_for_both_addresses(void **state)
{
	struct leases *l = made("10.86.0.0/20", "fd12:3456:789a::/64");

	(void)state;
	assert_is(lease_v4(l, 0), "10.86.0.1");
	assert_is(lease_v6(l, 0), "fd12:3456:789a::1");
	assert_is(lease_v4(l, 1), "10.86.0.2");
	assert_is(lease_v6(l, 1), "fd12:3456:789a::2");
	assert_is(lease_v4(l, 255), "10.86.1.0");
	assert_is(lease_v6(l, 255), "fd12:3456:789a::100");
	assert_int_equal(leases_count(l), 4093);
	assert_is(lease_v4(l, 4093), "10.86.15.254");
	assert_is(lease_v6(l, 4093), "fd12:3456:789a::ffe");
	leases_free(l);
}

static void
there_are_as_many_as_both_networks_have(void **state)
{
	static const struct sample {
		const char *v4, *v6;
		uint32_t count;
	} samples[] = {
	    {"10.0.0.0/8", NULL, 16777213},
	    {"10.0.0.0/8", "fd00::/96", 16777213},
	    {"10.0.0.0/8", "fd00::/112", 65534},
	    {"10.1.0.0/16", "fd00::/112", 65533},
	    {"10.1.0.0/16", "fd00::/64", 65533},
	    {"192.168.7.0/24", NULL, 253},
	    {"192.168.7.8/29", "fd00::/48", 5},
	    {"128.0.0.0/8", "fd00::ab:0/112", 65534},
	    {"10.0.0.0/8", "fd00::f000:0/104", 16777213},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct leases *l = made(samples[i].v4, samples[i].v6);

		assert_int_equal(leases_count(l), samples[i].count);
		leases_free(l);
	}
	leases_free(NULL);
}

static void
without_ipv6_there_is_none(void **state)
{
	struct leases *l = made("10.86.0.0/24", NULL);

	(void)state;
	assert_int_equal(lease_v6(l, 0).family, 0);
	assert_int_equal(lease_v6(l, 7).family, 0);
	assert_int_equal(number_of(l, "::7"), 0);
	leases_free(l);
}

static void
every_address_is_its_numbers(void **state)
{
	static const char *const nets[][2] = {
	    {"10.86.0.0/20", "fd12:3456:789a::/64"},
	    {"192.168.7.8/29", "fd00::ab:0/112"},
	    {"172.16.0.0/12", "fd00::/112"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(nets); i++) {
		struct leases *l = made(nets[i][0], nets[i][1]);

		for (uint32_t n = 0; n <= leases_count(l); n++) {
			struct address four = lease_v4(l, n), six = lease_v6(l, n);

			assert_int_equal(lease_number(l, &four), n);
			assert_int_equal(lease_number(l, &six), n);
		}
		leases_free(l);
	}
}

static void
addresses_that_are_nobodys_have_no_number(void **state)
{
	static const char *const nobodys[] = {
	    "192.168.7.8",   "192.168.7.15", "192.168.7.7", "192.168.7.16", "192.168.8.10",
	    "10.0.0.10",     "fd00::",       "fd00::7",     "fd00::ffff",   "fd00::1:2",
	    "fd00:0:0:1::2", "fd01::2",      "fd00::1:0:2", "fe80::2",
	};
	struct leases *l = made("192.168.7.8/29", "fd00::/48");
	struct address none = {.family = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(nobodys); i++)
		if (number_of(l, nobodys[i]) != 0)
			fail_msg("%s", nobodys[i]);
	assert_int_equal(lease_number(l, &none), 0);
	assert_int_equal(number_of(l, "192.168.7.9"), 0); /* the server */
	assert_int_equal(number_of(l, "fd00::1"), 0);
	assert_int_equal(number_of(l, "192.168.7.10"), 1);
	assert_int_equal(number_of(l, "::ffff:192.168.7.10"), 1);
	assert_int_equal(number_of(l, "192.168.7.14"), 5);
	assert_int_equal(number_of(l, "fd00::6"), 5);
	leases_free(l);
}

/* Nothing is remembered between the two, as after a restart. */
static void
a_device_gets_the_same_address_after_a_restart(void **state)
{
	static const int64_t devices[] = {1,      2,         17, 4093, 4094,
					  100000, INT64_MAX, 0,  -1,   INT64_MIN};

	(void)state;
	for (size_t i = 0; i < COUNT(devices); i++) {
		struct leases *l = made("10.86.0.0/20", NULL), *after = made("10.86.0.0/20", NULL);
		uint32_t number = lease_take(l, devices[i], 0);

		assert_in_range(number, 1, leases_count(l));
		assert_int_equal(lease_take(after, devices[i], 0), number);
		lease_give_back(l, number);
		assert_int_equal(lease_take(l, devices[i], 0), number);
		leases_free(l);
		leases_free(after);
	}
}

static void
devices_in_their_order_get_numbers_in_theirs(void **state)
{
	struct leases *l = made("10.86.0.0/24", NULL);

	(void)state;
	for (int64_t device = 1; device <= 100; device++)
		assert_int_equal(lease_take(l, device, 0), device);
	leases_free(l);
}

static void
who_finds_his_number_taken_gets_the_next(void **state)
{
	struct leases *l = made("192.168.7.0/29", NULL); /* of 5 */

	(void)state;
	assert_int_equal(lease_take(l, 4, 0), 4);
	assert_int_equal(lease_take(l, 9, 0), 5); /* 4, too */
	assert_int_equal(lease_take(l, 14, 0), 1);
	lease_give_back(l, 4);
	assert_int_equal(lease_take(l, 19, 0), 4);
	leases_free(l);
}

static void
a_wish_is_granted_when_it_can_be(void **state)
{
	struct leases *l = made("192.168.7.0/29", NULL);

	(void)state;
	assert_int_equal(lease_take(l, 1, 3), 3);
	assert_int_equal(lease_take(l, 2, 3), 2); /* taken */
	assert_int_equal(lease_take(l, 4, 6), 4); /* there is no such number */
	assert_int_equal(lease_take(l, 5, UINT32_MAX), 5);
	assert_int_equal(lease_take(l, 2, 0), 1);
	lease_give_back(l, 3);
	assert_int_equal(lease_take(l, 1, 3), 3);
	leases_free(l);
}

static void
nobody_gets_what_another_has_and_all_are_given(void **state)
{
	static const char *const nets[] = {"192.168.7.0/29", "10.0.0.0/26", "10.0.0.0/25",
					   "10.0.0.0/20", "10.0.0.0/15"};

	(void)state;
	for (size_t i = 0; i < COUNT(nets); i++) {
		static bool taken[1 << 17];
		struct leases *l = made(nets[i], NULL);

		memset(taken, 0, sizeof taken);
		for (uint32_t n = 1; n <= leases_count(l); n++) {
			uint32_t number = lease_take(l, (int64_t)(n * 2654435761u), n % 3);

			assert_in_range(number, 1, leases_count(l));
			assert_false(taken[number]);
			taken[number] = true;
		}
		for (int64_t device = 0; device < 5; device++)
			assert_int_equal(lease_take(l, device, (uint32_t)device), 0);
		lease_give_back(l, 5);
		assert_int_equal(lease_take(l, 1234567, 0), 5);
		assert_int_equal(lease_take(l, 5, 5), 0);
		leases_free(l);
	}
}

static void
giving_back_nothing_is_fine(void **state)
{
	struct leases *l = made("192.168.7.0/29", NULL);

	(void)state;
	lease_give_back(l, 0);
	for (int64_t device = 1; device <= 5; device++)
		assert_int_equal(lease_take(l, device, 0), device);
	assert_int_equal(lease_take(l, 6, 0), 0);
	leases_free(l);
}

static void
what_is_kept_is_for_who_claims_it_alone(void **state)
{
	struct leases *l = made("10.86.0.0/29", NULL); /* 1 to 5 */
	const uint32_t kept[] = {2, 4, 0, 6, UINT32_MAX};

	(void)state;
	leases_keep(l, kept, COUNT(kept));
	assert_int_equal(lease_take(l, 1, 2), 1); /* no wish of anybody's */
	assert_int_equal(lease_take(l, 2, 0), 3);
	assert_int_equal(lease_take(l, 3, 0), 5);
	assert_int_equal(lease_take(l, 4, 0), 0);
	assert_true(lease_claim(l, 4));
	assert_false(lease_claim(l, 4));
	assert_false(lease_claim(l, 5));
	assert_false(lease_claim(l, 0));
	assert_false(lease_claim(l, 6));
	lease_give_back(l, 4);
	assert_int_equal(lease_take(l, 4, 0), 0);
	assert_true(lease_claim(l, 4));
	leases_free(l);
}

static void
what_is_kept_no_more_is_anybodys(void **state)
{
	struct leases *l = made("10.86.0.0/29", NULL);
	const uint32_t first[] = {2, 4}, then[] = {4};

	(void)state;
	leases_keep(l, first, COUNT(first));
	leases_keep(l, then, COUNT(then));
	assert_int_equal(lease_take(l, 2, 0), 2);
	assert_int_equal(lease_take(l, 4, 0), 5);
	leases_keep(l, NULL, 0);
	assert_int_equal(lease_take(l, 4, 4), 4);
	leases_free(l);
}

/* Who has it keeps it until he leaves. */
static void
what_is_taken_can_be_kept_from_its_return_on(void **state)
{
	struct leases *l = made("10.86.0.0/29", NULL);
	const uint32_t kept[] = {3};

	(void)state;
	assert_int_equal(lease_take(l, 3, 0), 3);
	leases_keep(l, kept, COUNT(kept));
	assert_false(lease_claim(l, 3));
	lease_give_back(l, 3);
	assert_int_equal(lease_take(l, 3, 3), 4);
	assert_true(lease_claim(l, 3));
	leases_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_number_stands_for_both_addresses),
	    cmocka_unit_test(there_are_as_many_as_both_networks_have),
	    cmocka_unit_test(without_ipv6_there_is_none),
	    cmocka_unit_test(every_address_is_its_numbers),
	    cmocka_unit_test(addresses_that_are_nobodys_have_no_number),
	    cmocka_unit_test(a_device_gets_the_same_address_after_a_restart),
	    cmocka_unit_test(devices_in_their_order_get_numbers_in_theirs),
	    cmocka_unit_test(who_finds_his_number_taken_gets_the_next),
	    cmocka_unit_test(a_wish_is_granted_when_it_can_be),
	    cmocka_unit_test(nobody_gets_what_another_has_and_all_are_given),
	    cmocka_unit_test(giving_back_nothing_is_fine),
	    cmocka_unit_test(what_is_kept_is_for_who_claims_it_alone),
	    cmocka_unit_test(what_is_kept_no_more_is_anybodys),
	    cmocka_unit_test(what_is_taken_can_be_kept_from_its_return_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
