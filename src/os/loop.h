/*
 * One thread's event loop: descriptors, timers, calls from other threads.
 *
 * Nothing here is thread-safe but loop_post() and loop_post_copy(). Callbacks may stop, change and
 * free any watch or timer, their own too: once stopped it is never called,
 * even if it was ready in the same turn.
 */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"

/* EPOLLIN and so on, without <sys/epoll.h>. */
enum {
	READY_IN = 0x001,
	READY_URGENT = 0x002, /* EPOLLPRI */
	READY_OUT = 0x004,
	READY_ERR = 0x008,
	READY_HUP = 0x010,
	READY_RDHUP = 0x2000,
};
#define READY_EDGE (1u << 31) /* told once per change, not for as long as it holds */

struct loop;

struct watch {
	int fd; /* -1: not watched */
	void (*ready)(struct watch *w, uint32_t events);
};

struct timer {
	struct list link;
	int64_t due_ms;
	void (*fire)(struct timer *t);
};

MUST_CHECK struct err loop_new(struct loop **out);
void loop_free(struct loop *l); /* NULL is fine */

/* Serves until loop_stop() is called from a callback. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Milliseconds on the clock that never jumps, as of this turn of the loop. */
int64_t loop_now(const struct loop *l);

/*
 * Watches `fd`, which stays the caller's to close, after watch_stop(). `ready`
 * is told what happened; errors and hang-ups are told whether asked for or not.
 */
MUST_CHECK struct err watch_start(struct loop *l, struct watch *w, int fd, uint32_t events,
				  void (*ready)(struct watch *w, uint32_t events));
MUST_CHECK struct err watch_change(struct loop *l, struct watch *w, uint32_t events);
void watch_stop(struct loop *l, struct watch *w); /* harmless for one not watched */

/*
 * Both at once, with one system call less. Only for a descriptor of which nobody holds a
 * duplicate, no other process either: the kernel would go on telling of it.
 */
void watch_close(struct loop *l, struct watch *w);

/*
 * Fires once, `ms` from now; setting it again moves it. Cheap when few different
 * `ms` are in use, as with timeouts: each value has a queue of its own.
 */
void timer_set(struct loop *l, struct timer *t, uint64_t ms, void (*fire)(struct timer *t));
void timer_stop(struct timer *t); /* harmless for one not set */

/* Called once at the end of every turn, before the loop sleeps again. At most 4 of these. */
void loop_each_turn(struct loop *l, void (*fn)(void *arg), void *arg);

/* From any thread: `fn(arg)` runs in the loop's own thread, in the order of posting. */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);
/* The same with a copy of the `size` bytes at `what`, which goes when `fn` returns, or with the
 * loop. Secrets in it are for `fn` to wipe. */
void loop_post_copy(struct loop *l, void (*fn)(void *what), const void *what, size_t size);

#endif
