/*
 * A line to another role, in the event loop. Messages go out in order and are
 * queued while the other end is busy.
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include "base/attr.h"
#include "base/err.h"
#include "ipc/message.h"

struct loop;
struct channel;

/*
 * `message` is given each message; it owns the descriptors in it from then on (set
 * those kept to -1: the rest are closed when it returns). `closed` is called once, when
 * the other end is gone or said what it may not: channel_free() may be called in both.
 */
struct channel_ops {
	void (*message)(struct channel *ch, struct message *m, void *owner);
	void (*closed)(struct channel *ch, const char *why, void *owner);
};

/* Takes `fd` over. `peer` is who sits at the other end. */
MUST_CHECK struct err channel_new(struct loop *l, int fd, enum role peer,
				  const struct channel_ops *ops, void *owner, struct channel **out);
void channel_free(struct channel *ch); /* NULL is fine; what is queued is dropped */

/*
 * Sends a message. Its descriptors are duplicated, so they stay the caller's. The error is
 * of a message that could not even be queued; a lost peer is told through `closed` alone.
 */
MUST_CHECK struct err channel_send(struct channel *ch, const struct message *m);

#endif
