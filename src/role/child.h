/* Warden's other roles: each a process of this same program, with a channel to it. */
#ifndef ROLE_CHILD_H
#define ROLE_CHILD_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "ipc/channel.h"
#include "os/loop.h"

/* Runs the program as `role`. On success *channel is the caller's; *pid is 0 otherwise. */
MUST_CHECK struct err child_start(struct loop *l, enum role role, const struct channel_ops *ops,
				  void *owner, pid_t *pid, struct channel **channel);

/* One that is started again when it ends. */
struct child {
	pid_t pid; /* 0: none */
	struct channel *channel;
	int64_t started_ms;
	unsigned crashes; /* in a row, each soon after its start */
	struct timer restart;
};

/* Says it, if there is anybody to say it to. */
void child_tell(const struct child *c, const struct message *m);

/* Gives two of them a line to each other, an earlier one is dead; nothing where either is not
 * there. */
void child_meet(const struct child *one, enum role first, const struct child *other,
		enum role second);

/* Its channel was closed: until it is reaped nothing more is said to it. It may be alive, but has
 * said nonsense; one that `stops` ends by itself. */
void child_lost(struct child *c, enum role role, const char *why, bool stops);

/* It is no more: lets go of its channel. */
void child_forget(struct child *c);

/* Fires after a while that grows with each end soon after a start. */
void child_restart_later(struct loop *l, struct child *c, void (*fire)(struct timer *t));

#endif
