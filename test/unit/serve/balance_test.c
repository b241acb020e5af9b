#include "serve/balance.h"

#include <stdio.h>

#include "unit.h"

#define KEYS 4000

static struct span
key_of(unsigned i, char text[16])
{
	snprintf(text, 16, "%u", i);
	return span_str(text);
}

static void
turns_go_round_and_pass_over_who_may_not(void **state)
{
	static const unsigned expected[] = {0, 2, 2, 3, 0, 2, 2, 3};

	(void)state;
	for (size_t turn = 0; turn < COUNT(expected); turn++)
		assert_int_equal(balance_turn(0xD, 4, turn), expected[turn]);
	assert_int_equal(balance_turn((uint64_t)1 << 63, 64, 5), 63);
	assert_int_equal(balance_turn(1, 1, 12345), 0);
}

static void
the_least_busy_is_asked_and_equals_in_turn(void **state)
{
	static const uint64_t active[] = {3, 1, 1, 0};

	(void)state;
	assert_int_equal(balance_least(0xF, 4, 0, active), 3);
	assert_int_equal(balance_least(0x7, 4, 0, active), 1);
	assert_int_equal(balance_least(0x7, 4, 1, active), 1);
	assert_int_equal(balance_least(0x7, 4, 2, active), 2);
	assert_int_equal(balance_least(0x1, 4, 2, active), 0);
}

static void
a_hash_is_even_enough(void **state)
{
	const uint64_t seeds[] = {
	    balance_seed(SPAN_OF("10.0.0.1:80")), balance_seed(SPAN_OF("10.0.0.2:80")),
	    balance_seed(SPAN_OF("10.0.0.3:80")), balance_seed(SPAN_OF("10.0.0.4:80"))};
	unsigned got[4] = {0};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < KEYS; i++)
		got[balance_hash(0xF, 4, seeds, key_of(i, text))]++;
	for (size_t i = 0; i < COUNT(got); i++)
		assert_in_range(got[i], KEYS / 4 * 8 / 10, KEYS / 4 * 12 / 10);
}

static void
a_server_that_goes_moves_only_its_own_keys(void **state)
{
	const uint64_t seeds[] = {balance_seed(SPAN_OF("a")), balance_seed(SPAN_OF("b")),
				  balance_seed(SPAN_OF("c")), balance_seed(SPAN_OF("d"))};
	const uint64_t without[] = {seeds[3], seeds[0], seeds[2]};
	static const unsigned new_places[] = {1, 99, 2, 0};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		struct span key = key_of(i, text);
		unsigned before = balance_hash(0xF, 4, seeds, key);

		if (before == 1)
			continue;
		assert_int_equal(balance_hash(0xD, 4, seeds, key), before);
		assert_int_equal(balance_hash(0x7, 3, without, key), new_places[before]);
	}
}

static void
a_hash_of_nothing_is_one_too(void **state)
{
	const uint64_t seeds[] = {0, 0};

	(void)state;
	assert_in_range(balance_hash(0x3, 2, seeds, SPAN_NONE), 0, 1);
	assert_int_equal(balance_hash(0x2, 2, seeds, SPAN_NONE), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(turns_go_round_and_pass_over_who_may_not),
	    cmocka_unit_test(the_least_busy_is_asked_and_equals_in_turn),
	    cmocka_unit_test(a_hash_is_even_enough),
	    cmocka_unit_test(a_server_that_goes_moves_only_its_own_keys),
	    cmocka_unit_test(a_hash_of_nothing_is_one_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
