/*
 * A worker: one thread of edge with a loop, listeners, TLS and caches of its own.
 * Nothing here is locked: what comes from elsewhere is posted to its loop.
 */
#ifndef ROLE_EDGE_WORKER_H
#define ROLE_EDGE_WORKER_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/log.h"
#include "http/date.h"
#include "http/session.h"
#include "ipc/message.h"
#include "os/alarm.h"
#include "os/loop.h"
#include "os/relay.h"
#include "role/edge_log.h"
#include "role/edge_snapshot.h"
#include "serve/serve.h"
#include "tls/context.h"

#define SCRATCH_SIZE 65536

/* A snapshot as one worker uses it. Counted without atomics: it is the worker's alone. */
struct view {
	unsigned refs;
	struct worker *worker;
	struct list link; /* of those that nobody has any more */
	struct snapshot *snapshot;
	struct tls_context **contexts; /* by site */
	struct serve serve;
	unsigned among; /* what classify() is asked on the shared port */
	size_t *turns;  /* by back end: whose turn it is */
};

struct view *view_share(struct view *v);
void view_release(struct view *v); /* NULL is fine */

struct edge;

struct worker {
	unsigned number;
	struct loop *loop;
	struct edge *edge;
	struct tls_library *tls;
	struct relay_shared *relays;
	struct serve_files *files;
	struct limiter *limiter; /* all workers' */
	struct passwords *passwords;
	struct access_log *log;
	uint8_t *scratch; /* SCRATCH_SIZE bytes, for the callback that runs */
	uint8_t *answers; /* as much, for what upstreams receive */

	struct view *view, *next_view; /* the next one is built, but not in use yet */
	struct list left_views;
	struct timer sweep;
	struct http_settings http; /* of `view`; its address never changes */
	struct list listeners;
	bool paused; /* listeners are not watched: too many connections, or no descriptors */
	struct timer resume;

	struct list conns;              /* every struct conn */
	struct list evictable, stalled; /* who goes first to make room, and who then */
	struct list asking;             /* those that the tunnel is asked about, as they are due */
	struct alarm asked;             /* rings for the first of them */
	uint64_t questions;             /* so far */
	struct list jobs;               /* relays, connecting or under way, by their ids */
	int64_t last_relay;             /* what its id was made of */
	uint64_t open;
	bool draining, drained;
	struct timer drain_over;

	int64_t date_second;
	char date[DATE_LENGTH + 1];
	struct log_limit limit;
	_Atomic uint64_t counters[COUNTER_COUNT];
};

/* Made by the main thread; worker_run() is the thread's whole life. */
MUST_CHECK struct err worker_new(unsigned number, struct edge *edge, struct worker **out);
void worker_run(struct worker *w);
void worker_free(struct worker *w); /* NULL is fine */

/*
 * A new snapshot in two steps, so that all workers change or none: prepare builds the
 * view, then commit begins to use it, or forget drops it. In the worker's own thread.
 */
MUST_CHECK struct err worker_prepare(struct worker *w, struct snapshot *s);
void worker_commit(struct worker *w);
void worker_forget(struct worker *w);

/* Accepts nothing more; the thread ends when its last connection does, or after `ms`. */
void worker_drain(struct worker *w, uint64_t ms);

/* A connection or relay began (or ended): limits and the end of a drain depend on it. */
void worker_opened(struct worker *w);
void worker_ended(struct worker *w);

/* Only the worker's own thread adds; any thread may read. */
static inline void
worker_count(struct worker *w, enum counter which, uint64_t n)
{
	uint64_t old = atomic_load_explicit(&w->counters[which], memory_order_relaxed);

	atomic_store_explicit(&w->counters[which], old + n, memory_order_relaxed);
}

/* One thing less of what is counted as open. */
static inline void
worker_uncount(struct worker *w, enum counter which)
{
	worker_count(w, which, UINT64_MAX);
}

static inline uint64_t
worker_counted(const struct worker *w, enum counter which)
{
	return atomic_load_explicit(&w->counters[which], memory_order_relaxed);
}

/* A request is over. */
void worker_count_request(struct worker *w, const struct exchange *ex);

/* Now, for a Date: field. */
struct span worker_date(struct worker *w);

#endif
