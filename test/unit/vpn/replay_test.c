#include "unit.h"

#include <string.h>

#include "vpn/replay.h"

#define KEPT (REPLAY_WINDOW - 64)

static struct replay
begun(void)
{
	struct replay r;

	memset(&r, 0xff, sizeof r);
	replay_begin(&r);
	return r;
}

static void
each_number_is_taken_once(void **state)
{
	struct replay r = begun();

	(void)state;
	for (uint64_t n = 1; n < 3 * REPLAY_WINDOW; n++) {
		assert_true(replay_would_take(&r, n));
		assert_true(replay_take(&r, n));
		assert_false(replay_would_take(&r, n));
		assert_false(replay_take(&r, n));
	}
	assert_int_equal(r.highest, 3 * REPLAY_WINDOW - 1);
}

static void
zero_is_never_taken(void **state)
{
	struct replay r = begun();

	(void)state;
	assert_false(replay_would_take(&r, 0));
	assert_false(replay_take(&r, 0));
	assert_true(replay_take(&r, 1));
	assert_false(replay_take(&r, 0));
}

static void
asking_takes_nothing(void **state)
{
	struct replay r = begun(), before = r;

	(void)state;
	assert_true(replay_would_take(&r, 100000));
	assert_memory_equal(&r, &before, sizeof r);
	assert_true(replay_take(&r, 5));
}

/* From wherever in a word the highest number is. */
static void
what_is_late_is_taken_within_the_window_only(void **state)
{
	(void)state;
	for (uint64_t highest = 10 * REPLAY_WINDOW; highest < 10 * REPLAY_WINDOW + 130; highest++) {
		struct replay r = begun();

		assert_true(replay_take(&r, highest));
		assert_false(replay_take(&r, highest - KEPT));
		assert_false(replay_take(&r, highest - REPLAY_WINDOW));
		assert_false(replay_take(&r, 1));
		for (uint64_t behind = KEPT - 1; behind > 0; behind--) {
			assert_true(replay_take(&r, highest - behind));
			assert_false(replay_take(&r, highest - behind));
		}
		assert_false(replay_take(&r, highest));
	}
}

static void
a_step_clears_just_what_it_passes(void **state)
{
	static const uint64_t steps[] = {1,
					 2,
					 63,
					 64,
					 65,
					 127,
					 128,
					 KEPT - 1,
					 KEPT,
					 KEPT + 1,
					 REPLAY_WINDOW - 1,
					 REPLAY_WINDOW,
					 REPLAY_WINDOW + 1,
					 UINT32_MAX,
					 UINT64_MAX / 2};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++)
		for (uint64_t from = 9000; from < 9064; from++) {
			struct replay r = begun();
			uint64_t to = from + steps[i];

			assert_true(replay_take(&r, from));
			assert_true(replay_take(&r, to));
			assert_false(replay_take(&r, to));
			assert_false(replay_take(&r, from));
			if (steps[i] > 1)
				assert_true(replay_take(&r, to - 1));
		}
}

static void
the_last_number_of_all_is_the_end(void **state)
{
	struct replay r = begun();

	(void)state;
	assert_true(replay_take(&r, UINT64_MAX - 1));
	assert_true(replay_take(&r, UINT64_MAX));
	assert_false(replay_take(&r, UINT64_MAX));
	assert_false(replay_take(&r, 1));
	assert_true(replay_take(&r, UINT64_MAX - KEPT + 1));
	assert_false(replay_take(&r, UINT64_MAX - KEPT));
}

/* Against a plain list of what was taken, in an order that is mixed up anew each time. */
static void
in_any_order_it_is_as_a_list_would_have_it(void **state)
{
	static bool taken[1 << 16];
	struct replay r = begun();
	uint64_t base = 1, seed = 7;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		uint64_t n;
		bool right;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		n = base + (seed >> 33) % (2 * REPLAY_WINDOW);
		if (n >= COUNT(taken))
			break;
		right = !taken[n] && (n > r.highest || r.highest - n < KEPT);
		assert_int_equal(replay_take(&r, n), right);
		taken[n] |= right;
		base += i % 4 == 0;
	}
	assert_true(r.highest > 40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_number_is_taken_once),
	    cmocka_unit_test(zero_is_never_taken),
	    cmocka_unit_test(asking_takes_nothing),
	    cmocka_unit_test(what_is_late_is_taken_within_the_window_only),
	    cmocka_unit_test(a_step_clears_just_what_it_passes),
	    cmocka_unit_test(the_last_number_of_all_is_the_end),
	    cmocka_unit_test(in_any_order_it_is_as_a_list_would_have_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
