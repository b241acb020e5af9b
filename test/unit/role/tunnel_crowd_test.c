#include "unit.h"

#include "role/tunnel_private.h"

#define OF_NETWORK_MAX 256
#define OF_DEVICE_MAX  16
#define OF_STATIC_MAX  256
#define UNPROVEN_MAX   128

static struct address
at(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static int
begin(void **state)
{
	*state = crowd_new();
	return 0;
}

static int
end(void **state)
{
	crowd_free(*state);
	return 0;
}

/* How many of `most` get in, each from the next address and with the next device. */
static unsigned
enter(struct crowd *c, struct beginner b, unsigned of_address, unsigned of_device, unsigned most)
{
	unsigned n = 0;

	for (unsigned i = 0; i < most; i++) {
		n += crowd_enter(c, &b);
		b.from.ip[1] = (uint8_t)(b.from.ip[1] + of_address);
		b.device += of_device;
	}
	return n;
}

static void
a_device_has_few_places_wherever_it_comes_from(void **state)
{
	struct beginner b = {at("192.0.2.1"), 7, true};

	assert_int_equal(enter(*state, b, 1, 0, 1000), OF_DEVICE_MAX);
	b.device = 8;
	assert_true(crowd_enter(*state, &b));
}

/* All who have the static key count as one that many have. */
static void
those_without_a_key_of_their_own_have_more_together(void **state)
{
	struct beginner b = {at("192.0.2.1"), 0, true};

	assert_int_equal(enter(*state, b, 1, 0, 1000), OF_STATIC_MAX);
	b.device = 7;
	assert_true(crowd_enter(*state, &b));
}

static void
a_network_has_more(void **state)
{
	struct beginner b = {at("192.0.2.1"), 1, true};

	assert_int_equal(enter(*state, b, 0, 1, 1000), OF_NETWORK_MAX);
	b.device = 5000;
	b.from = at("192.0.2.200");
	assert_false(crowd_enter(*state, &b));
	b.from = at("192.0.3.1");
	assert_true(crowd_enter(*state, &b));
}

static void
of_ipv6_a_network_is_what_one_customer_has(void **state)
{
	struct beginner b = {at("2001:db8:0:1::1"), 1, true};

	assert_int_equal(enter(*state, b, 0, 1, 1000), OF_NETWORK_MAX);
	b.device = 5000;
	b.from = at("2001:db8:0:1:ffff::1");
	assert_false(crowd_enter(*state, &b));
	b.from = at("2001:db8:0:2::1");
	assert_true(crowd_enter(*state, &b));
}

static void
whose_address_may_be_made_up_have_a_share_that_leaves_room(void **state)
{
	struct beginner b = {at("192.0.2.1"), 1, false};

	assert_int_equal(enter(*state, b, 1, 1, 1000), UNPROVEN_MAX);
	b.device = 5000;
	assert_false(crowd_enter(*state, &b));
	b.proven = true;
	assert_true(crowd_enter(*state, &b));
}

static void
what_is_given_back_can_be_had_again(void **state)
{
	struct beginner b = {at("192.0.2.1"), 7, false}, other = {at("192.0.2.1"), 8, false};

	for (unsigned i = 0; i < 10 * OF_NETWORK_MAX; i++) {
		assert_true(crowd_enter(*state, &b));
		crowd_leave(*state, &b);
	}
	assert_int_equal(enter(*state, b, 0, 0, 100), OF_DEVICE_MAX);
	/* Whoever was refused has taken nothing. */
	for (unsigned i = 0; i < 10 * OF_NETWORK_MAX; i++)
		assert_false(crowd_enter(*state, &b));
	assert_int_equal(enter(*state, other, 0, 1, 1000), UNPROVEN_MAX - OF_DEVICE_MAX);
	crowd_leave(*state, &b);
	assert_int_equal(enter(*state, b, 0, 0, 100), 1);
}

/* Many networks at once, as of addresses that are made up, do not free places. */
static void
places_are_not_forgotten_for_those_who_only_ask(void **state)
{
	struct beginner b = {at("192.0.2.1"), 7, true};
	struct address from = at("10.0.0.1");

	assert_int_equal(enter(*state, b, 0, 0, 100), OF_DEVICE_MAX);
	for (unsigned i = 0; i < 100000; i++) {
		from.ip[1] = (uint8_t)(i >> 8);
		from.ip[2] = (uint8_t)i;
		assert_true(crowd_may_begin(*state, &from));
	}
	assert_false(crowd_enter(*state, &b));
}

static void
a_network_that_begins_without_end_is_not_answered(void **state)
{
	struct address one = at("192.0.2.1"), same = at("192.0.2.77"), other = at("192.0.3.1");
	unsigned n = 0;

	for (unsigned i = 0; i < 100000; i++)
		n += crowd_may_begin(*state, i % 2 == 0 ? &one : &same);
	assert_in_range(n, 2000, 20000);
	assert_true(crowd_may_begin(*state, &other));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_CROWD(test) cmocka_unit_test_setup_teardown(test, begin, end)
	    WITH_CROWD(a_device_has_few_places_wherever_it_comes_from),
	    WITH_CROWD(those_without_a_key_of_their_own_have_more_together),
	    WITH_CROWD(a_network_has_more),
	    WITH_CROWD(of_ipv6_a_network_is_what_one_customer_has),
	    WITH_CROWD(whose_address_may_be_made_up_have_a_share_that_leaves_room),
	    WITH_CROWD(what_is_given_back_can_be_had_again),
	    WITH_CROWD(places_are_not_forgotten_for_those_who_only_ask),
	    WITH_CROWD(a_network_that_begins_without_end_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
