/*
 * A server to send to, as it can be reached now. Shared by all threads of a
 * process, and never changed once they know it, but for its health.
 */
#ifndef SERVE_TARGET_H
#define SERVE_TARGET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ipc/message.h"

/* Of one without addresses and without a directory. */
#define TARGET_NOWHERE "its name has no address, or its socket no directory"

struct target {
	struct address at[MESSAGE_ADDRESSES_MAX];
	size_t count;
	int directory;                     /* of a Unix socket; -1: none */
	const char *name;                  /* of the socket in that directory */
	_Atomic int64_t down_until;        /* ms on the loop's clock; passed over until then */
	_Atomic uint64_t active;           /* requests and relays under way, of all workers */
	_Atomic uint64_t served, failures; /* since the snapshot */
};

/* None of these orders anything else: each is a fact of its own. */

static inline bool
target_is_down(const struct target *t, int64_t now_ms)
{
	return atomic_load_explicit(&t->down_until, memory_order_relaxed) > now_ms;
}

/* Passed over until then; 0: up. Written only where it differs, as all threads read it. */
static inline void
target_set_down(struct target *t, int64_t until_ms)
{
	if (atomic_load_explicit(&t->down_until, memory_order_relaxed) != until_ms)
		atomic_store_explicit(&t->down_until, until_ms, memory_order_relaxed);
}

static inline void
target_count(_Atomic uint64_t *which, int64_t n)
{
	atomic_fetch_add_explicit(which, (uint64_t)n, memory_order_relaxed);
}

static inline uint64_t
target_counted(const _Atomic uint64_t *which)
{
	return atomic_load_explicit(which, memory_order_relaxed);
}

#endif
