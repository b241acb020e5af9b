/*
 * Connections to the servers behind proxies: made, kept for the next request, given up.
 * One set for each worker and configuration.
 */
#ifndef SERVE_UPSTREAM_H
#define SERVE_UPSTREAM_H

#include "config/config.h"
#include "http/call.h"

struct loop;
struct target;
struct tls_library;
struct upstreams;

struct upstreams_needs {
	struct loop *loop;
	struct tls_library *tls;
	const struct config *config;
	struct target **targets;        /* [config.backends index][member] */
	const struct span *authorities; /* PEM, by config.authorities; empty: not to be had */
	uint8_t *scratch; /* nobody else's: what it holds is passed on while others run */
	size_t scratch_size;
};

/* All that `needs` points to must outlive it. Never fails: where a proxy's TLS cannot be set up,
 * each request fails with CALL_TLS and says why. */
struct upstreams *upstreams_new(const struct upstreams_needs *needs);

/* Keeps no connection from now on; those with calls under way go on. */
void upstreams_retire(struct upstreams *u);
/* Calls under way fail. Not from within `ops`: it is one of their callers. NULL is fine. */
void upstreams_free(struct upstreams *u);

/*
 * The member to ask: those that are down last, then by the proxy's balance; `key` is what
 * BALANCE_HASH goes by. `tried`, a bit for each member (64 at most), are passed over. -1: none
 * left.
 */
int upstream_choose(struct upstreams *u, const struct proxy *p, struct span key, uint64_t tried);

/* A call that waits for a connection, or has one. */
struct upstream_call;

/*
 * Asks one member: on a connection kept, or a new one. `fresh`: only on a new one, where one
 * kept has just proved dead. What happens is told by `ops`, CALL_REFUSED, CALL_TLS and
 * CALL_TIMEOUT among it, never before this returns. The request is copied. `client` is for whom
 * it is, where a PROXY header says so; NULL: for ourselves.
 */
struct upstream_call *upstream_ask(struct upstreams *u, const struct proxy *p, int member,
				   bool fresh, const struct client *client,
				   const struct call_request *request, const struct call_ops *ops,
				   void *owner);

/* The call once it has a connection, for call_room() and its like; NULL until then: `writable`
 * is told when it has. */
struct call *upstream_call_of(struct upstream_call *c);
bool upstream_was_reused(const struct upstream_call *c); /* its connection had answered before;
							  * may still be asked in `failed` */

/* From now on it may be silent for as long as it likes: an event stream, another protocol.
 * Whoever asked watches the clock. */
void upstream_has_time(struct upstream_call *c);

void upstream_cancel(struct upstream_call *c);

#endif
