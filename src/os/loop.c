#include "os/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define BATCH      256
#define QUEUES     64
#define EACH_TURN  4
#define MS_FOREVER ((uint64_t)INT64_MAX / 4)

#define THE_KERNELS(ours, theirs) _Static_assert((uint32_t)(ours) == (uint32_t)(theirs), #theirs)
THE_KERNELS(READY_IN, EPOLLIN);
THE_KERNELS(READY_URGENT, EPOLLPRI);
THE_KERNELS(READY_OUT, EPOLLOUT);
THE_KERNELS(READY_ERR, EPOLLERR);
THE_KERNELS(READY_HUP, EPOLLHUP);
THE_KERNELS(READY_RDHUP, EPOLLRDHUP);
THE_KERNELS(READY_EDGE, EPOLLET);

/* Timers of one duration: set in order, so due in order. */
struct queue {
	uint64_t ms;
	struct list timers;
};

struct post {
	struct post *next;
	void (*fn)(void *arg);
	void *arg; /* `copy`, where there is one */
	_Alignas(max_align_t) uint8_t copy[];
};

struct loop {
	int epoll;
	bool running, stopped;
	int64_t now_ms;

	struct epoll_event batch[BATCH]; /* of this turn; told are those before `at` */
	int at, ready;

	struct queue queues[QUEUES]; /* an empty one may be given another duration */
	size_t queues_used;
	struct list odd; /* more durations than queues: sorted by due time */
	struct list due; /* of this turn, not yet fired */

	struct {
		void (*fn)(void *arg);
		void *arg;
	} each_turn[EACH_TURN];
	size_t each_turn_count;

	struct watch wake;
	pthread_mutex_t lock; /* guards what follows */
	struct post *posts, **posts_end;
};

/* Watches. */

static void
neutralise(struct loop *l, const struct watch *w)
{
	for (int i = l->at; i < l->ready; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

struct err
watch_start(struct loop *l, struct watch *w, int fd, uint32_t events,
	    void (*ready)(struct watch *w, uint32_t events))
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	*w = (struct watch){.fd = -1};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return err_sys("cannot watch a descriptor");
	*w = (struct watch){.fd = fd, .ready = ready};
	return ERR_NONE;
}

struct err
watch_change(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &event) < 0)
		return err_sys("cannot change what a descriptor is watched for");
	return ERR_NONE;
}

static bool
watched(const struct watch *w)
{
	return w->fd >= 0 && w->ready != NULL;
}

void
watch_stop(struct loop *l, struct watch *w)
{
	if (!watched(w))
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	neutralise(l, w);
	*w = (struct watch){.fd = -1};
}

void
watch_close(struct loop *l, struct watch *w)
{
	if (!watched(w))
		return;
	close(w->fd);
	neutralise(l, w);
	*w = (struct watch){.fd = -1};
}

static void
tell_ready(struct loop *l)
{
	for (l->at = 0; l->at < l->ready;) {
		const struct epoll_event *event = &l->batch[l->at++];
		struct watch *w = event->data.ptr;

		if (w != NULL)
			w->ready(w, event->events);
	}
	l->at = l->ready = 0;
}

/* Timers. */

int64_t
loop_now(const struct loop *l)
{
	return l->running ? l->now_ms : clock_ms();
}

static struct timer *
first_of(const struct list *timers)
{
	return list_empty(timers) ? NULL : container_of(timers->next, struct timer, link);
}

static struct list *
queue_for(struct loop *l, uint64_t ms)
{
	struct queue *empty = NULL;

	for (size_t i = 0; i < l->queues_used; i++) {
		struct queue *q = &l->queues[i];

		if (q->ms == ms)
			return &q->timers;
		if (empty == NULL && list_empty(&q->timers))
			empty = q;
	}
	if (empty == NULL && l->queues_used < QUEUES) {
		empty = &l->queues[l->queues_used++];
		list_init(&empty->timers);
	}
	if (empty == NULL)
		return NULL;
	empty->ms = ms;
	return &empty->timers;
}

static void
insert_odd(struct loop *l, struct timer *t)
{
	struct list *after = l->odd.next;

	while (after != &l->odd && container_of(after, struct timer, link)->due_ms <= t->due_ms)
		after = after->next;
	list_append(after, &t->link);
}

void
timer_set(struct loop *l, struct timer *t, uint64_t ms, void (*fire)(struct timer *t))
{
	struct list *queue;

	timer_stop(t);
	if (ms > MS_FOREVER)
		ms = MS_FOREVER;
	t->due_ms = loop_now(l) + (int64_t)ms;
	t->fire = fire;
	queue = queue_for(l, ms);
	if (queue != NULL)
		list_append(queue, &t->link);
	else
		insert_odd(l, t);
}

void
timer_stop(struct timer *t)
{
	list_remove(&t->link);
}

static struct timer *
next_timer(struct loop *l)
{
	struct timer *next = first_of(&l->odd);

	for (size_t i = 0; i < l->queues_used; i++) {
		struct timer *t = first_of(&l->queues[i].timers);

		if (t != NULL && (next == NULL || t->due_ms < next->due_ms))
			next = t;
	}
	return next;
}

/* Collected before any is fired: one set anew with 0 ms waits for the next turn. */
static void
fire_due(struct loop *l)
{
	struct timer *t;

	while ((t = next_timer(l)) != NULL && t->due_ms <= l->now_ms) {
		list_remove(&t->link);
		list_append(&l->due, &t->link);
	}
	while ((t = first_of(&l->due)) != NULL) {
		list_remove(&t->link);
		t->fire(t);
	}
}

static int
sleep_ms(struct loop *l)
{
	const struct timer *t = next_timer(l);
	int64_t left;

	if (t == NULL)
		return -1;
	left = t->due_ms - l->now_ms;
	return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/* Calls from other threads. */

static void
add_post(struct loop *l, struct post *post)
{
	bool first;

	pthread_mutex_lock(&l->lock);
	first = l->posts == NULL;
	*l->posts_end = post;
	l->posts_end = &post->next;
	pthread_mutex_unlock(&l->lock);
	if (first && eventfd_write(l->wake.fd, 1) < 0)
		return; /* only if 2^64 - 2 wakes are pending: then it is awake */
}

void
loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct post *post = MEM_NEW(struct post);

	post->fn = fn;
	post->arg = arg;
	add_post(l, post);
}

void
loop_post_copy(struct loop *l, void (*fn)(void *what), const void *what, size_t size)
{
	struct post *post = mem_new(sizeof *post + size);

	post->fn = fn;
	post->arg = post->copy;
	memcpy(post->copy, what, size);
	add_post(l, post);
}

static struct post *
take_posts(struct loop *l)
{
	struct post *posts;

	pthread_mutex_lock(&l->lock);
	posts = l->posts;
	l->posts = NULL;
	l->posts_end = &l->posts;
	pthread_mutex_unlock(&l->lock);
	return posts;
}

static void
posts_ready(struct watch *w, uint32_t events)
{
	struct loop *l = container_of(w, struct loop, wake);
	struct post *post, *next;
	eventfd_t count;

	(void)events;
	if (eventfd_read(w->fd, &count) < 0)
		return;
	for (post = take_posts(l); post != NULL; post = next) {
		next = post->next;
		post->fn(post->arg);
		free(post);
	}
}

/* The loop. */

struct err
loop_new(struct loop **out)
{
	struct loop *l = MEM_NEW(struct loop);
	struct err e = ERR_NONE;
	int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	*out = NULL;
	list_init(&l->odd);
	list_init(&l->due);
	l->posts_end = &l->posts;
	l->wake.fd = -1;
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0 || wake < 0)
		e = err_sys("cannot make an event loop");
	else
		e = watch_start(l, &l->wake, wake, READY_IN, posts_ready);
	if (failed(e)) {
		if (wake >= 0)
			close(wake);
		loop_free(l);
		return e;
	}
	*out = l;
	return ERR_NONE;
}

void
loop_free(struct loop *l)
{
	struct post *post, *next;
	struct timer *t;

	if (l == NULL)
		return;
	while ((t = next_timer(l)) != NULL)
		timer_stop(t); /* its owner may do so once more, later */
	for (post = take_posts(l); post != NULL; post = next) {
		next = post->next;
		free(post);
	}
	watch_close(l, &l->wake);
	if (l->epoll >= 0)
		close(l->epoll);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void
loop_each_turn(struct loop *l, void (*fn)(void *arg), void *arg)
{
	assert(l->each_turn_count < EACH_TURN);
	l->each_turn[l->each_turn_count].fn = fn;
	l->each_turn[l->each_turn_count++].arg = arg;
}

void
loop_run(struct loop *l)
{
	l->now_ms = clock_ms();
	l->running = true;
	while (!l->stopped) {
		int n = epoll_wait(l->epoll, l->batch, BATCH, sleep_ms(l));

		l->now_ms = clock_ms();
		l->ready = n > 0 ? n : 0;
		tell_ready(l);
		fire_due(l);
		for (size_t i = 0; i < l->each_turn_count; i++)
			l->each_turn[i].fn(l->each_turn[i].arg);
	}
	l->running = l->stopped = false;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}
