/*
 * How often, and how much at once, one address may ask. One for all workers: a limit holds for
 * the server, over however many connections the client spreads. An IPv6 client is its /64.
 * Memory is bounded: who has been still for longest is forgotten.
 *
 * A rate is a bucket that leaks evenly (GCRA): `burst` requests at once, or one period's worth
 * where that is 0, then one each per_ms / count.
 */
#ifndef SERVE_LIMITER_H
#define SERVE_LIMITER_H

#include "base/address.h"
#include "config/config.h"

/* All may be called from any thread. */
struct limiter;

struct limiter *limiter_new(size_t most_addresses);
void limiter_free(struct limiter *l); /* NULL is fine */

/*
 * One more request of `who` under `rate`, of the limit `id` (a route's or site's own number).
 * 0: it may. Otherwise how many ms until it may.
 */
uint64_t limiter_ask(struct limiter *l, uint64_t id, const struct rate *rate,
		     const struct address *who, int64_t now_ms);

/* The same without counting it: whether one would be let in, and when. */
uint64_t limiter_wait(struct limiter *l, uint64_t id, const struct rate *rate,
		      const struct address *who, int64_t now_ms);

/* Whether one more at once is within `most`; then limiter_leave() when it is over. */
bool limiter_enter(struct limiter *l, uint64_t id, uint64_t most, const struct address *who);
void limiter_leave(struct limiter *l, uint64_t id, const struct address *who);

#endif
