/* Warden's other roles: each a process of this same program, with a channel to it. */
#ifndef ROLE_CHILD_H
#define ROLE_CHILD_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "ipc/channel.h"

struct loop;

/* Runs the program as `role`. On success *channel is the caller's; *pid is 0 otherwise. */
MUST_CHECK struct err child_start(struct loop *l, enum role role, const struct channel_ops *ops,
				  void *owner, pid_t *pid, struct channel **channel);

#endif
