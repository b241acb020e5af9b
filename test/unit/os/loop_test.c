#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/loop.h"

static struct loop *loop;

static int
make_loop(void **state)
{
	(void)state;
	assert_ok(loop_new(&loop));
	return 0;
}

static int
free_loop(void **state)
{
	(void)state;
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
	static struct timer end;

	timer_set(loop, &end, ms, stop);
	loop_run(loop);
}

struct ear {
	struct watch watch;
	int pair[2];
	int told;
	struct ear *silences;
};

static void
open_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			 0);
}

static void
hears(struct watch *w, uint32_t events)
{
	struct ear *ear = container_of(w, struct ear, watch);
	char byte;

	assert_true(events & READY_IN);
	assert_int_equal(read(w->fd, &byte, 1), 1);
	ear->told++;
	if (ear->silences != NULL)
		watch_stop(loop, &ear->silences->watch);
}

static void
a_watch_is_told_until_it_is_stopped(void **state)
{
	struct ear ear = {0};

	(void)state;
	open_pair(ear.pair);
	assert_ok(watch_start(loop, &ear.watch, ear.pair[0], READY_IN, hears));
	assert_int_equal(write(ear.pair[1], "ab", 2), 2);
	run_for(10);
	assert_int_equal(ear.told, 2);
	watch_stop(loop, &ear.watch);
	assert_int_equal(ear.watch.fd, -1);
	assert_int_equal(write(ear.pair[1], "c", 1), 1);
	run_for(10);
	assert_int_equal(ear.told, 2);
	watch_stop(loop, &ear.watch);
	close(ear.pair[0]);
	close(ear.pair[1]);
}

static void
a_watch_stopped_by_another_of_the_same_turn_is_not_told(void **state)
{
	struct ear *a = MEM_NEW(struct ear), *b = MEM_NEW(struct ear);

	(void)state;
	open_pair(a->pair);
	open_pair(b->pair);
	a->silences = b;
	b->silences = a;
	assert_ok(watch_start(loop, &a->watch, a->pair[0], READY_IN, hears));
	assert_ok(watch_start(loop, &b->watch, b->pair[0], READY_IN, hears));
	assert_int_equal(write(a->pair[1], "a", 1), 1);
	assert_int_equal(write(b->pair[1], "b", 1), 1);
	run_for(10);
	assert_int_equal(a->told + b->told, 1);
	for (int i = 0; i < 2; i++) {
		watch_stop(loop, &a->watch);
		watch_stop(loop, &b->watch);
		close(a->pair[i]);
		close(b->pair[i]);
	}
	free(a);
	free(b);
}

static void
closes_itself(struct watch *w, uint32_t events)
{
	struct ear *ear = container_of(w, struct ear, watch);

	(void)events;
	ear->told++;
	watch_close(loop, w);
}

static void
a_watch_may_close_its_descriptor(void **state)
{
	struct ear ear = {0};

	(void)state;
	open_pair(ear.pair);
	assert_ok(watch_start(loop, &ear.watch, ear.pair[0], READY_IN, closes_itself));
	close(ear.pair[1]);
	run_for(10);
	assert_int_equal(ear.told, 1);
	assert_true(write(ear.pair[0], "x", 1) < 0);
}

static void
what_cannot_be_watched_is_an_error(void **state)
{
	struct watch w, never = {0};

	(void)state;
	assert_fails(watch_start(loop, &w, -1, READY_IN, hears));
	watch_stop(loop, &w);
	watch_stop(loop, &never);
	watch_close(loop, &never);
}

static char fired[256];
static size_t fired_count;

struct mark {
	struct timer timer;
	char name;
};

static void
fires(struct timer *t)
{
	fired[fired_count++] = container_of(t, struct mark, timer)->name;
	fired[fired_count] = '\0';
}

static void
timers_fire_in_the_order_of_their_deadlines(void **state)
{
	struct mark a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};

	(void)state;
	fired_count = 0;
	timer_set(loop, &c.timer, 15, fires);
	timer_set(loop, &a.timer, 5, fires);
	timer_set(loop, &b.timer, 10, fires);
	timer_set(loop, &d.timer, 1, fires);
	timer_set(loop, &d.timer, 20, fires); /* moved */
	run_for(40);
	assert_string_equal(fired, "abcd");
}

static void
more_durations_than_queues_still_fire_in_order(void **state)
{
	static struct mark marks[150];

	(void)state;
	fired_count = 0;
	for (size_t i = 0; i < COUNT(marks); i++) {
		size_t ms = i * 67 % COUNT(marks);

		marks[ms].name = (char)(ms + 1);
		timer_set(loop, &marks[ms].timer, ms, fires);
	}
	timer_stop(&marks[100].timer);
	run_for(250);
	assert_int_equal(fired_count, COUNT(marks) - 1);
	/* By their deadlines: a busy machine may have counted some of them from a later moment. */
	for (size_t i = 1; i < fired_count; i++)
		assert_true(marks[(uint8_t)fired[i] - 1].timer.due_ms >=
			    marks[(uint8_t)fired[i - 1] - 1].timer.due_ms);
}

static struct mark victim = {.name = 'v'};

static void
stops_the_other(struct timer *t)
{
	(void)t;
	timer_stop(&victim.timer);
}

static void
a_timer_stopped_in_the_turn_it_is_due_does_not_fire(void **state)
{
	struct timer killer = {0};

	(void)state;
	fired_count = 0;
	timer_set(loop, &killer, 5, stops_the_other);
	timer_set(loop, &victim.timer, 5, fires);
	run_for(20);
	assert_int_equal(fired_count, 0);
	timer_stop(&victim.timer);
}

static int again;

static void
sets_itself(struct timer *t)
{
	again++;
	timer_set(loop, t, 0, sets_itself);
}

static void
a_timer_of_no_time_lets_others_have_their_turn(void **state)
{
	struct timer greedy = {0};
	struct ear ear = {0};

	(void)state;
	again = 0;
	open_pair(ear.pair);
	assert_ok(watch_start(loop, &ear.watch, ear.pair[0], READY_IN, hears));
	assert_int_equal(write(ear.pair[1], "a", 1), 1);
	timer_set(loop, &greedy, 0, sets_itself);
	run_for(10);
	assert_true(again > 2);
	assert_int_equal(ear.told, 1);
	timer_stop(&greedy);
	watch_close(loop, &ear.watch);
	close(ear.pair[1]);
}

static void
a_timer_never_fires_early(void **state)
{
	int64_t before = clock_ms();

	(void)state;
	run_for(30);
	assert_in_range(clock_ms() - before, 30, 10000);
	assert_true(loop_now(loop) >= before + 30);
}

static void
a_deadline_beyond_all_time_is_harmless(void **state)
{
	struct timer never = {0};

	(void)state;
	timer_set(loop, &never, UINT64_MAX, stop);
	run_for(5);
	timer_stop(&never);
	timer_stop(&never);
}

#define POSTS 5000
static int posted[2], wrong_order;

static void
counts(void *arg)
{
	int thread = (int)((uintptr_t)arg >> 16), number = (int)((uintptr_t)arg & 0xffff);

	wrong_order += number != posted[thread]++;
	if (posted[0] + posted[1] == 2 * POSTS)
		loop_stop(loop);
}

static void *
posts_many(void *arg)
{
	for (uintptr_t i = 0; i < POSTS; i++)
		loop_post(loop, counts, (void *)((uintptr_t)arg << 16 | i));
	return NULL;
}

static void
calls_from_other_threads_arrive_in_order(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (uintptr_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, posts_many, (void *)i);
	loop_run(loop);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(posted[0], POSTS);
	assert_int_equal(posted[1], POSTS);
	assert_int_equal(wrong_order, 0);
}

struct parcel {
	uint64_t number;
	char text[20];
};

static void
unpack(void *arg)
{
	struct parcel *p = arg;

	assert_string_equal(p->text, p->number == 1 ? "first" : "second");
	memset(p, 0, sizeof *p); /* it is the callback's alone */
	if (++posted[0] == 2)
		loop_stop(loop);
}

static void
what_is_posted_as_a_copy_stays_as_it_was(void **state)
{
	struct parcel p = {1, "first"};

	(void)state;
	posted[0] = 0;
	loop_post_copy(loop, unpack, &p, sizeof p);
	p = (struct parcel){2, "second"};
	loop_post_copy(loop, unpack, &p, sizeof p);
	p = (struct parcel){3, "neither"};
	loop_run(loop);
	assert_int_equal(posted[0], 2);
	loop_post_copy(loop, unpack, &p, sizeof p); /* never run: freed with the loop */
}

static void
count_turn(void *arg)
{
	++*(int *)arg;
}

static void
the_end_of_every_turn_is_told(void **state)
{
	int turns = 0;

	(void)state;
	loop_each_turn(loop, count_turn, &turns);
	run_for(5);
	assert_in_range(turns, 1, 20);
	loop_post(loop, count_turn, &turns); /* never run: freed with the loop */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_loop, free_loop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_watch_is_told_until_it_is_stopped),
	    TEST(a_watch_stopped_by_another_of_the_same_turn_is_not_told),
	    TEST(a_watch_may_close_its_descriptor),
	    TEST(what_cannot_be_watched_is_an_error),
	    TEST(timers_fire_in_the_order_of_their_deadlines),
	    TEST(more_durations_than_queues_still_fire_in_order),
	    TEST(a_timer_stopped_in_the_turn_it_is_due_does_not_fire),
	    TEST(a_timer_of_no_time_lets_others_have_their_turn),
	    TEST(a_timer_never_fires_early),
	    TEST(a_deadline_beyond_all_time_is_harmless),
	    TEST(calls_from_other_threads_arrive_in_order),
	    TEST(what_is_posted_as_a_copy_stays_as_it_was),
	    TEST(the_end_of_every_turn_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
