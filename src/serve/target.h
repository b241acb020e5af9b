/*
 * A server to send to, as it can be reached now. Shared by all threads of a
 * process, and never changed once they know it, but for its health.
 */
#ifndef SERVE_TARGET_H
#define SERVE_TARGET_H

#include <stdatomic.h>

#include "ipc/message.h"

struct target {
	struct address at[MESSAGE_ADDRESSES_MAX];
	size_t count;
	int directory;                     /* of a Unix socket; -1: none */
	const char *name;                  /* of the socket in that directory */
	_Atomic int64_t down_until;        /* ms on the loop's clock; passed over until then */
	_Atomic uint64_t active;           /* requests and relays under way, of all workers */
	_Atomic uint64_t served, failures; /* since the snapshot */
};

#endif
