#include "unit.h"

#include "base/clock.h"
#include "os/alarm.h"

static struct loop *loop;
static struct alarm one;
static int64_t rang_at;
static int rings;

static void
rang(struct alarm *a)
{
	(void)a;
	rang_at = clock_us();
	rings++;
}

static int
begin(void **state)
{
	(void)state;
	rings = 0;
	assert_ok(loop_new(&loop));
	assert_ok(alarm_begin(loop, &one, rang));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	alarm_end(&one);
	loop_free(loop);
	return 0;
}

static void
stop(struct timer *t)
{
	(void)t;
	loop_stop(loop);
}

static void
run_for(uint64_t ms)
{
	static struct timer over;

	timer_set(loop, &over, ms, stop);
	loop_run(loop);
}

static void
it_rings_once_and_not_before_its_time(void **state)
{
	int64_t at = clock_us() + 2345;

	(void)state;
	alarm_set(&one, at);
	run_for(200);
	assert_int_equal(rings, 1);
	assert_true(rang_at >= at);
}

static void
one_that_is_past_rings_at_once(void **state)
{
	(void)state;
	alarm_set(&one, clock_us() - 1);
	run_for(200);
	assert_int_equal(rings, 1);
}

static void
setting_it_again_moves_it(void **state)
{
	int64_t at = clock_us() + 10000;

	(void)state;
	alarm_set(&one, at - 9000);
	alarm_set(&one, at);
	run_for(200);
	assert_int_equal(rings, 1);
	assert_true(rang_at >= at);
}

static void
again(struct alarm *a)
{
	if (++rings < 3)
		alarm_set(a, clock_us() + 100);
}

static void
it_can_be_set_while_it_rings(void **state)
{
	(void)state;
	one.ring = again;
	alarm_set(&one, clock_us());
	run_for(200);
	assert_int_equal(rings, 3);
}

static void
ending_it_twice_does_no_harm_and_it_rings_no_more(void **state)
{
	(void)state;
	alarm_set(&one, clock_us() + 1000);
	alarm_end(&one);
	alarm_end(&one);
	run_for(10);
	assert_int_equal(rings, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_rings_once_and_not_before_its_time, begin, end),
	    cmocka_unit_test_setup_teardown(one_that_is_past_rings_at_once, begin, end),
	    cmocka_unit_test_setup_teardown(setting_it_again_moves_it, begin, end),
	    cmocka_unit_test_setup_teardown(it_can_be_set_while_it_rings, begin, end),
	    cmocka_unit_test_setup_teardown(ending_it_twice_does_no_harm_and_it_rings_no_more,
					    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
