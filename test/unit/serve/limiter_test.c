#include "unit.h"

#include <pthread.h>

#include "serve/limiter.h"

static const struct rate ten_a_second = {.count = 10, .per_ms = 1000, .burst = 3};

static struct address
address_of(const char *text)
{
	struct address a;

	if (!address_parse_ip(span_str(text), &a))
		fail_msg("%s", text);
	return a;
}

static uint64_t
ask(struct limiter *l, const char *who, int64_t now)
{
	struct address a = address_of(who);

	return limiter_ask(l, 1, &ten_a_second, &a, now);
}

static void
a_burst_may_come_at_once_and_then_one_each_interval(void **state)
{
	struct limiter *l = limiter_new(100);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(l, "192.0.2.1", 1000), 0);
	assert_int_equal(ask(l, "192.0.2.1", 1000), 100);
	assert_int_equal(ask(l, "192.0.2.1", 1050), 50);
	assert_int_equal(ask(l, "192.0.2.1", 1100), 0);
	assert_int_equal(ask(l, "192.0.2.1", 1100), 100);
	limiter_free(l);
}

static void
who_was_refused_has_not_lost_anything(void **state)
{
	struct limiter *l = limiter_new(100);

	(void)state;
	for (int i = 0; i < 1000; i++)
		(void)ask(l, "192.0.2.1", 0);
	assert_int_equal(ask(l, "192.0.2.1", 100), 0);
	limiter_free(l);
}

static void
who_was_still_gets_a_burst_again_and_no_more(void **state)
{
	struct limiter *l = limiter_new(100);

	(void)state;
	assert_int_equal(ask(l, "192.0.2.1", 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(l, "192.0.2.1", 3600000), 0);
	assert_int_not_equal(ask(l, "192.0.2.1", 3600000), 0);
	limiter_free(l);
}

static void
without_a_burst_a_period_may_come_at_once(void **state)
{
	const struct rate rate = {.count = 5, .per_ms = 3600000};
	struct limiter *l = limiter_new(100);
	struct address a = address_of("192.0.2.1");

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(limiter_ask(l, 1, &rate, &a, 0), 0);
	assert_int_equal(limiter_ask(l, 1, &rate, &a, 0), 720000);
	limiter_free(l);
}

static void
no_rate_is_no_limit(void **state)
{
	const struct rate none = {0};
	struct limiter *l = limiter_new(10);
	struct address a = address_of("192.0.2.1");

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(limiter_ask(l, 1, &none, &a, 0), 0);
		assert_int_equal(limiter_wait(l, 1, &none, &a, 0), 0);
	}
	limiter_free(l);
}

static void
the_largest_numbers_stay_in_bounds(void **state)
{
	const struct rate rates[] = {
	    {UINT32_MAX, 1000, UINT32_MAX}, {1, 86400000, UINT64_MAX}, {1, 86400000, 1}};
	struct limiter *l = limiter_new(10);
	struct address a = address_of("192.0.2.1");

	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++)
		assert_int_equal(limiter_ask(l, i, &rates[i], &a, INT32_MAX), 0);
	assert_int_equal(limiter_ask(l, 2, &rates[2], &a, INT32_MAX), 86400000);
	limiter_free(l);
}

static void
each_address_and_each_limit_is_counted_alone(void **state)
{
	struct limiter *l = limiter_new(100);
	struct address a = address_of("192.0.2.1");

	(void)state;
	for (int i = 0; i < 4; i++)
		(void)ask(l, "192.0.2.1", 0);
	assert_int_not_equal(ask(l, "192.0.2.1", 0), 0);
	assert_int_equal(ask(l, "192.0.2.2", 0), 0);
	assert_int_equal(limiter_ask(l, 2, &ten_a_second, &a, 0), 0);
	limiter_free(l);
}

static void
an_ipv6_client_is_its_64(void **state)
{
	struct limiter *l = limiter_new(100);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(l, "2001:db8:0:1::1", 0), 0);
	assert_int_not_equal(ask(l, "2001:db8:0:1:ffff::2", 0), 0);
	assert_int_equal(ask(l, "2001:db8:0:2::1", 0), 0);
	limiter_free(l);
}

static void
looking_costs_nothing(void **state)
{
	struct limiter *l = limiter_new(100);
	struct address a = address_of("192.0.2.1");

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(limiter_wait(l, 1, &ten_a_second, &a, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(l, "192.0.2.1", 0), 0);
	assert_int_equal(limiter_wait(l, 1, &ten_a_second, &a, 0), 100);
	limiter_free(l);
}

static void
so_many_at_once_and_one_more_for_each_that_leaves(void **state)
{
	struct limiter *l = limiter_new(100);
	struct address a = address_of("192.0.2.1"), b = address_of("192.0.2.2");

	(void)state;
	assert_true(limiter_enter(l, 1, 2, &a));
	assert_true(limiter_enter(l, 1, 2, &a));
	assert_false(limiter_enter(l, 1, 2, &a));
	assert_true(limiter_enter(l, 1, 2, &b));
	assert_true(limiter_enter(l, 2, 2, &a));
	limiter_leave(l, 1, &a);
	assert_true(limiter_enter(l, 1, 2, &a));
	assert_false(limiter_enter(l, 1, 2, &a));
	limiter_free(l);
}

static void
who_left_too_often_gets_no_more_for_it(void **state)
{
	struct limiter *l = limiter_new(100);
	struct address a = address_of("192.0.2.1");

	(void)state;
	limiter_leave(l, 1, &a);
	assert_true(limiter_enter(l, 1, 1, &a));
	limiter_leave(l, 1, &a);
	limiter_leave(l, 1, &a);
	assert_true(limiter_enter(l, 1, 1, &a));
	assert_false(limiter_enter(l, 1, 1, &a));
	limiter_free(l);
}

/* However many there are: the last one is known, memory has an end. */
static void
who_was_still_for_longest_is_forgotten(void **state)
{
	struct limiter *l = limiter_new(64);
	uint8_t ip[4] = {10};
	struct address a = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		ip[1] = (uint8_t)(i >> 16);
		ip[2] = (uint8_t)(i >> 8);
		ip[3] = (uint8_t)i;
		a = address_v4(ip, 0);
		for (int k = 0; k < 3; k++)
			assert_int_equal(limiter_ask(l, 1, &ten_a_second, &a, 0), 0);
		assert_int_not_equal(limiter_ask(l, 1, &ten_a_second, &a, 0), 0);
	}
	assert_int_not_equal(limiter_ask(l, 1, &ten_a_second, &a, 0), 0);
	assert_int_equal(ask(l, "10.0.0.0", 0), 0);
	limiter_free(l);
}

#define THREADS 4
#define ASKS    20000

static void *
ask_often(void *arg)
{
	struct limiter *l = arg;
	const struct rate rate = {.count = 1, .per_ms = 86400000, .burst = ASKS};
	struct address a = address_of("192.0.2.1");
	uintptr_t granted = 0;

	for (int i = 0; i < ASKS; i++)
		granted += limiter_ask(l, 1, &rate, &a, 0) == 0;
	return (void *)granted;
}

static void
threads_share_one_limit_exactly(void **state)
{
	struct limiter *l = limiter_new(100);
	pthread_t threads[THREADS];
	uintptr_t granted = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, l), 0);
	for (int i = 0; i < THREADS; i++) {
		void *one;

		pthread_join(threads[i], &one);
		granted += (uintptr_t)one;
	}
	assert_int_equal(granted, ASKS);
	limiter_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_burst_may_come_at_once_and_then_one_each_interval),
	    cmocka_unit_test(who_was_refused_has_not_lost_anything),
	    cmocka_unit_test(who_was_still_gets_a_burst_again_and_no_more),
	    cmocka_unit_test(without_a_burst_a_period_may_come_at_once),
	    cmocka_unit_test(no_rate_is_no_limit),
	    cmocka_unit_test(the_largest_numbers_stay_in_bounds),
	    cmocka_unit_test(each_address_and_each_limit_is_counted_alone),
	    cmocka_unit_test(an_ipv6_client_is_its_64),
	    cmocka_unit_test(looking_costs_nothing),
	    cmocka_unit_test(so_many_at_once_and_one_more_for_each_that_leaves),
	    cmocka_unit_test(who_left_too_often_gets_no_more_for_it),
	    cmocka_unit_test(who_was_still_for_longest_is_forgotten),
	    cmocka_unit_test(threads_share_one_limit_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
