#include "unit.h"

#include "serve/range.h"

#define MANY "0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30"

static const struct sample {
	const char *value;
	uint64_t size;
	enum range_verdict verdict;
	size_t count;
	struct range ranges[3];
} samples[] = {
    {"bytes=0-0", 100, RANGE_SOME, 1, {{0, 1}}},
    {"bytes=0-99", 100, RANGE_SOME, 1, {{0, 100}}},
    {"bytes=0-1000", 100, RANGE_SOME, 1, {{0, 100}}},
    {"bytes=10-", 100, RANGE_SOME, 1, {{10, 90}}},
    {"bytes=99-", 100, RANGE_SOME, 1, {{99, 1}}},
    {"bytes=-1", 100, RANGE_SOME, 1, {{99, 1}}},
    {"bytes=-1000", 100, RANGE_SOME, 1, {{0, 100}}},
    {"BYTES=0-0", 100, RANGE_SOME, 1, {{0, 1}}},
    {"bytes=0-9223372036854775807", 100, RANGE_SOME, 1, {{0, 100}}},
    {"bytes=0-0,-1", 100, RANGE_SOME, 2, {{0, 1}, {99, 1}}},
    {"bytes= 0-0 , 5-6 ,, 3-4", 100, RANGE_SOME, 3, {{0, 1}, {5, 2}, {3, 2}}},
    {"bytes=0-0,200-300", 100, RANGE_SOME, 1, {{0, 1}}},
    {"bytes=" MANY, 100, RANGE_SOME, 16, {{0, 1}, {2, 1}, {4, 1}}},

    {"bytes=100-", 100, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=100-200", 100, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=-0", 100, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=0-0", 0, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=-5", 0, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=0-", 0, RANGE_NOWHERE, 0, {{0, 0}}},
    {"bytes=200-,300-", 100, RANGE_NOWHERE, 0, {{0, 0}}},

    {"", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=,", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=-", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=5", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=6-5", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=a-b", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=1-2-3", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=--1", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=+1-2", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=0 - 1", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes =0-1", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"lines=0-1", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=0-18446744073709551615", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=18446744073709551616-", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=0-5,3-9", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=0-,0-,0-", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=0-9,-95", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=" MANY ",32-32", 100, RANGE_WHOLE, 0, {{0, 0}}},
    {"bytes=" MANY ",200-", 100, RANGE_WHOLE, 0, {{0, 0}}},
};

static void
ranges_are_read_as_rfc_9110_section_14_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		struct range got[RANGES_MAX];
		size_t count;
		enum range_verdict verdict = range_parse(span_str(s->value), s->size, got, &count);

		if (verdict != s->verdict)
			fail_msg("%s: verdict %d", s->value, verdict);
		if (verdict != RANGE_SOME)
			continue;
		assert_int_equal(count, s->count);
		for (size_t k = 0; k < count && k < 3; k++)
			if (got[k].first != s->ranges[k].first ||
			    got[k].length != s->ranges[k].length)
				fail_msg("%s: range %zu is another", s->value, k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_are_read_as_rfc_9110_section_14_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
