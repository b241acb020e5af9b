/*
 * Bytes both ways between two sockets until both have said FIN: half-close is
 * passed on, a slow reader slows the writer, nothing is held for an idle pair.
 */
#ifndef OS_RELAY_H
#define OS_RELAY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/loop.h"

struct relay;

enum relay_end {
	RELAY_FINISHED,
	RELAY_CLIENT_RESET,
	RELAY_BACKEND_RESET,
	RELAY_IDLE,
	RELAY_STOPPED
};

struct relay_result {
	enum relay_end end;
	uint64_t from_client, from_backend; /* bytes */
};

/* One per worker: the buffer that all its relays copy through. SIGPIPE is ignored from then on. */
struct relay_shared;
struct relay_shared *relay_shared_new(void);
void relay_shared_free(struct relay_shared *s);

/*
 * Takes over both sockets, which must not be watched by anyone, and closes
 * them at the end (on an error they stay the caller's). Nobody may hold a
 * duplicate of either. After `idle_ms` without a byte either way it ends; 0: never.
 * `first` is sent to the back end before anything that the
 * client says (a PROXY header; may be empty). `done` is called exactly once,
 * from the loop; the relay is gone when it returns.
 */
MUST_CHECK struct err relay_start(struct loop *l, struct relay_shared *shared, int client,
				  int backend, struct span first, uint64_t idle_ms,
				  void (*done)(void *owner, const struct relay_result *result),
				  void *owner, struct relay **out);

/* So far, by all of them, those that are open too: from clients, and from back ends. */
void relay_shared_bytes(const struct relay_shared *s, uint64_t *from_clients,
			uint64_t *from_backends);

/* So far, from client and back end. */
void relay_bytes(const struct relay *r, uint64_t *from_client, uint64_t *from_backend);

/* Ends it now; `done` is called with RELAY_STOPPED. */
void relay_stop(struct relay *r);

#endif
