#include "unit.h"

#include <string.h>

#include "vpn/cookie.h"

#define NOW 1700000000000 /* 20 s into its slot */
#define IN  20000

static const uint8_t key[COOKIE_KEY] = "a key that everybody knows here";
static const uint8_t client[SESSION_ID] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct address
from(const char *text)
{
	struct address a;

	assert_true(address_parse(span_str(text), &a));
	return a;
}

static void
one_is_good_for_its_slot_and_two_more(void **state)
{
	struct address a = from("192.0.2.7:1194");
	uint8_t id[SESSION_ID];

	(void)state;
	assert_true(cookie_make(key, &a, client, NOW, id));
	assert_true(cookie_is_good(key, &a, client, NOW, id));
	assert_true(cookie_is_good(key, &a, client, NOW - IN, id));
	assert_true(cookie_is_good(key, &a, client, NOW - IN + 3 * COOKIE_SLOT_MS - 1, id));
	assert_false(cookie_is_good(key, &a, client, NOW - IN + 3 * COOKIE_SLOT_MS, id));
	assert_false(cookie_is_good(key, &a, client, NOW + 86400000, id));
	assert_false(cookie_is_good(key, &a, client, NOW - IN - 1, id)); /* it is yet to be made */
}

static void
it_is_of_one_address_with_its_port(void **state)
{
	static const char *const others[] = {
	    "192.0.2.7:1195",    "192.0.2.8:1194",    "193.0.2.7:1194",
	    "[c000:207::]:1194", "[::c000:207]:1194", "[2001:db8::7]:1194",
	};
	struct address a = from("192.0.2.7:1194"), none = {.family = 0};
	uint8_t id[SESSION_ID];

	(void)state;
	assert_true(cookie_make(key, &a, client, NOW, id));
	for (size_t i = 0; i < COUNT(others); i++) {
		struct address b = from(others[i]);

		assert_false(cookie_is_good(key, &b, client, NOW, id));
	}
	assert_false(cookie_is_good(key, &none, client, NOW, id));
	a.ip[15] = 9; /* of no meaning in IPv4 */
	assert_true(cookie_is_good(key, &a, client, NOW, id));
}

static void
every_bit_of_an_ipv6_address_counts(void **state)
{
	struct address a = from("[2001:db8::7]:1194");
	uint8_t id[SESSION_ID];

	(void)state;
	assert_true(cookie_make(key, &a, client, NOW, id));
	for (unsigned bit = 0; bit < 128; bit++) {
		a.ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cookie_is_good(key, &a, client, NOW, id));
		a.ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(cookie_is_good(key, &a, client, NOW, id));
}

/* Each slot's comparison is one of three that may say yes: none of them may do so for a wrong one
 * (CVE-2025-13086 was such a comparison, inverted). */
static void
any_bit_changed_and_it_is_bad(void **state)
{
	struct address a = from("192.0.2.7:1194");
	uint8_t id[SESSION_ID], theirs[SESSION_ID], other_key[COOKIE_KEY];

	(void)state;
	span_put(theirs, span_of(client, sizeof client));
	span_put(other_key, span_of(key, sizeof key));
	assert_true(cookie_make(key, &a, client, NOW, id));
	for (unsigned bit = 0; bit < SESSION_ID * 8; bit++) {
		id[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cookie_is_good(key, &a, client, NOW, id));
		assert_false(cookie_is_good(key, &a, client, NOW + COOKIE_SLOT_MS, id));
		id[bit / 8] ^= (uint8_t)(1 << bit % 8);
		theirs[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cookie_is_good(key, &a, theirs, NOW, id));
		theirs[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (unsigned bit = 0; bit < COOKIE_KEY * 8; bit++) {
		other_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cookie_is_good(other_key, &a, client, NOW, id));
		other_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(cookie_is_good(key, &a, client, NOW, id));
}

static void
what_is_simple_to_guess_is_bad(void **state)
{
	struct address a = from("192.0.2.7:1194");
	uint8_t zeros[SESSION_ID] = {0}, ones[SESSION_ID];

	(void)state;
	memset(ones, 0xff, sizeof ones);
	assert_false(cookie_is_good(key, &a, client, NOW, zeros));
	assert_false(cookie_is_good(key, &a, client, NOW, ones));
	assert_false(cookie_is_good(key, &a, client, NOW, client));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_is_good_for_its_slot_and_two_more),
	    cmocka_unit_test(it_is_of_one_address_with_its_port),
	    cmocka_unit_test(every_bit_of_an_ipv6_address_counts),
	    cmocka_unit_test(any_bit_changed_and_it_is_bad),
	    cmocka_unit_test(what_is_simple_to_guess_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
