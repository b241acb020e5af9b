#include "unit.h"

#include "base/clock.h"
#include "role/tunnel_noted.h"

static struct address
at(unsigned port, uint8_t last)
{
	struct address a = {.family = 4, .ip = {192, 0, 2, last}};

	a.port = (uint16_t)port;
	return a;
}

static bool
anew(struct noted *n, uint64_t device, const struct address *from, enum gate_verdict verdict,
     int64_t now_ms)
{
	struct gate_first first = {.key = {.device = device}};

	return noted_anew(n, &first, from, verdict, now_ms);
}

static void
the_same_is_told_once_a_minute(void **state)
{
	struct address a = at(1000, 1), b = at(2000, 1);
	struct noted n = {.count = 0};

	(void)state;
	assert_true(anew(&n, 7, &a, GATE_REPLAYED, 5000));
	assert_false(anew(&n, 7, &a, GATE_REPLAYED, 5000));
	assert_false(anew(&n, 7, &b, GATE_REPLAYED, 5000 + NOTED_MS - 1));
	assert_true(anew(&n, 7, &b, GATE_REPLAYED, 5000 + NOTED_MS));
}

static void
another_device_address_or_reason_is_another_thing(void **state)
{
	struct address a = at(1000, 1), b = at(1000, 2);
	struct noted n = {.count = 0};

	(void)state;
	assert_true(anew(&n, 7, &a, GATE_REPLAYED, 0));
	assert_true(anew(&n, 8, &a, GATE_REPLAYED, 0));
	assert_true(anew(&n, 7, &b, GATE_REPLAYED, 0));
	assert_true(anew(&n, 7, &a, GATE_STALE, 0));
	assert_false(anew(&n, 8, &a, GATE_REPLAYED, 1));
}

/* Its packet has grown older, or somebody has set its clock: another cause, maybe. */
static void
another_clock_is_another_thing(void **state)
{
	struct gate_first first = {.key = {.device = 7}, .late_ms = 200};
	struct address a = at(1000, 1);
	struct noted n = {.count = 0};

	(void)state;
	assert_true(noted_anew(&n, &first, &a, GATE_STALE, 0));
	first.late_ms = 30000;
	assert_false(noted_anew(&n, &first, &a, GATE_STALE, 0));
	first.late_ms = 3 * HOUR_MS;
	assert_true(noted_anew(&n, &first, &a, GATE_STALE, 0));
}

static void
a_flood_of_different_ones_is_bounded(void **state)
{
	struct address a = at(1000, 1);
	struct noted n = {.count = 0};
	size_t told = 0;

	(void)state;
	for (uint64_t device = 0; device < 10000; device++)
		told += anew(&n, device, &a, GATE_STALE, (int64_t)device);
	assert_int_equal(told, NOTED_MAX);
	assert_true(anew(&n, 1, &a, GATE_STALE, 2 * NOTED_MS));
}

/* Round and round: what is forgotten makes room for as many, and no more. */
static void
each_minute_has_as_many(void **state)
{
	struct address a = at(1000, 1);
	struct noted n = {.count = 0};

	(void)state;
	for (int64_t minute = 0; minute < 5; minute++) {
		size_t told = 0;

		for (uint64_t device = 0; device < 100; device++)
			told +=
			    anew(&n, device, &a, GATE_STALE, minute * NOTED_MS + (int64_t)device);
		assert_in_range(told, NOTED_MAX - 1, NOTED_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_is_told_once_a_minute),
	    cmocka_unit_test(another_device_address_or_reason_is_another_thing),
	    cmocka_unit_test(another_clock_is_another_thing),
	    cmocka_unit_test(a_flood_of_different_ones_is_bounded),
	    cmocka_unit_test(each_minute_has_as_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
