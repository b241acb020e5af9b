#include "role/child.h"

#include <signal.h>
#include <unistd.h>

#include "os/spawn.h"

struct err
child_start(struct loop *l, enum role role, const struct channel_ops *ops, void *owner, pid_t *pid,
	    struct channel **channel)
{
	int pair[2];

	*pid = 0;
	*channel = NULL;
	struct err e = spawn_pair(pair);
	if (failed(e))
		return e;
	e = spawn_role(role_name(role), pair[1], pid);
	close(pair[1]);
	if (failed(e)) {
		close(pair[0]);
		*pid = 0;
		return e;
	}
	e = channel_new(l, pair[0], role, ops, owner, channel);
	if (failed(e)) {
		kill(*pid, SIGKILL); /* it is reaped as a stranger */
		*pid = 0;
	}
	return e;
}
