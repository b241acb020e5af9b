#include "os/thread.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "unit.h"

static void *
note_signals(void *arg)
{
	pthread_sigmask(SIG_SETMASK, NULL, arg);
	return NULL;
}

static void
signals_are_left_to_who_started_it(void **state)
{
	static const int some[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE};
	sigset_t theirs, ours;
	pthread_t thread;

	(void)state;
	assert_ok(thread_start(&thread, note_signals, &theirs));
	assert_int_equal(0, pthread_join(thread, NULL));
	pthread_sigmask(SIG_SETMASK, NULL, &ours);
	for (size_t i = 0; i < COUNT(some); i++) {
		assert_true(sigismember(&theirs, some[i]));
		assert_false(sigismember(&ours, some[i]));
	}
}

static void *
note_priority(void *arg)
{
	*(int *)arg = getpriority(PRIO_PROCESS, 0);
	return NULL;
}

static void
only_a_thread_that_is_behind_gives_way(void **state)
{
	int ours = getpriority(PRIO_PROCESS, 0), theirs = -100, others = -100;
	pthread_t thread;

	(void)state;
	assert_ok(thread_start_behind(&thread, note_priority, &theirs));
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_ok(thread_start(&thread, note_priority, &others));
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_int_equal(ours, getpriority(PRIO_PROCESS, 0));
	assert_int_equal(ours, others);
	assert_true(theirs > ours || ours >= 10);
}

static void
a_condition_is_waited_for_as_long_as_said(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t condition;
	int64_t began = clock_ms();

	(void)state;
	thread_condition(&condition);
	for (uint64_t ms = 1; ms < 100; ms += 49) {
		const struct timespec until = thread_deadline(ms);

		assert_in_range(until.tv_nsec, 0, 999999999);
		pthread_mutex_lock(&lock);
		while (pthread_cond_timedwait(&condition, &lock, &until) == 0)
			continue;
		pthread_mutex_unlock(&lock);
	}
	assert_true(clock_ms() - began >= 1 + 50 + 99 - 3);
	pthread_cond_destroy(&condition);
}

static void
a_deadline_carries_over_to_the_next_second(void **state)
{
	struct timespec now, at;

	(void)state;
	for (uint64_t ms = 0; ms < 3000; ms += 250) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		at = thread_deadline(ms);
		int64_t ns = (at.tv_sec - now.tv_sec) * 1000000000ll + at.tv_nsec - now.tv_nsec;
		assert_true(at.tv_nsec >= 0 && at.tv_nsec < 1000000000);
		assert_true(ns >= (int64_t)ms * 1000000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signals_are_left_to_who_started_it),
	    cmocka_unit_test(only_a_thread_that_is_behind_gives_way),
	    cmocka_unit_test(a_condition_is_waited_for_as_long_as_said),
	    cmocka_unit_test(a_deadline_carries_over_to_the_next_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
