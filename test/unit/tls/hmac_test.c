#include "unit.h"

#include <string.h>

#include "tls/hmac.h"

static void
the_same_parts_give_the_same_and_no_others(void **state)
{
	static const struct {
		struct span parts[2];
		size_t count;
	} samples[] = {
	    {{SPAN_INIT("ab"), SPAN_INIT("c")}, 2},
	    {{SPAN_INIT("a"), SPAN_INIT("bc")}, 2},
	    {{SPAN_INIT("abc"), SPAN_INIT("")}, 2},
	    {{SPAN_INIT(""), SPAN_INIT("abc")}, 2},
	    {{SPAN_INIT("abc")}, 1},
	    {{SPAN_INIT("")}, 1},
	    {{SPAN_INIT("")}, 0},
	};
	uint8_t digests[COUNT(samples)][HMAC_SIZE], again[HMAC_SIZE];
	struct hmac *h = hmac_new();

	(void)state;
	assert_non_null(h);
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_true(hmac_of(h, samples[i].parts, samples[i].count, digests[i]));
		assert_true(hmac_of(h, samples[i].parts, samples[i].count, again));
		assert_memory_equal(digests[i], again, HMAC_SIZE);
		for (size_t k = 0; k < i; k++)
			assert_false(hmac_equal(digests[i], digests[k], HMAC_SIZE));
	}
	hmac_free(h);
}

static void
each_key_is_another(void **state)
{
	struct hmac *a = hmac_new(), *b = hmac_new();
	const struct span part = SPAN_INIT("secret");
	uint8_t of_a[HMAC_SIZE], of_b[HMAC_SIZE];

	(void)state;
	assert_true(hmac_of(a, &part, 1, of_a));
	assert_true(hmac_of(b, &part, 1, of_b));
	assert_memory_not_equal(of_a, of_b, HMAC_SIZE);
	hmac_free(a);
	hmac_free(b);
	hmac_free(NULL);
}

static void
equal_is_equal_in_every_byte(void **state)
{
	uint8_t a[HMAC_SIZE] = {0}, b[HMAC_SIZE] = {0};

	(void)state;
	assert_true(hmac_equal(a, b, sizeof a));
	for (size_t i = 0; i < sizeof a; i++) {
		b[i] = 0x80;
		assert_false(hmac_equal(a, b, sizeof a));
		b[i] = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_parts_give_the_same_and_no_others),
	    cmocka_unit_test(each_key_is_another),
	    cmocka_unit_test(equal_is_equal_in_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
