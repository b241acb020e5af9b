#include "role/child.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "os/spawn.h"

#define SOON_MS     1000 /* one that ends sooner after its start has a lasting trouble */
#define RESTART_MS  200  /* times the number of crashes in a row */
#define RESTART_MAX 25

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

void
child_tell(const struct child *c, const struct message *m)
{
	struct err e = c->channel != NULL ? channel_send(c->channel, m) : ERR_NONE;

	if (failed(e))
		log_error("%s", e.text);
}

static void
send_end(const struct child *to, enum role who, int fd)
{
	const struct message m = {
	    .type = MESSAGE_PEER, .kind = who, .fds = {fd, -1}, .fd_count = 1};

	child_tell(to, &m);
}

void
child_meet(const struct child *one, enum role first, const struct child *other, enum role second)
{
	int pair[2];

	if (one->channel == NULL || other->channel == NULL)
		return;
	struct err e = spawn_pair(pair);
	if (failed(e)) {
		log_error("%s and %s cannot speak: %s", role_name(first), role_name(second),
			  e.text);
		return;
	}
	send_end(one, second, pair[0]);
	send_end(other, first, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

void
child_lost(struct child *c, enum role role, const char *why, bool stops)
{
	log_debug("%s: %s", role_name(role), why);
	channel_free(c->channel);
	c->channel = NULL;
	if (c->pid > 0 && !stops)
		kill(c->pid, SIGKILL);
}

void
child_forget(struct child *c)
{
	channel_free(c->channel);
	c->channel = NULL;
	c->pid = 0;
}

void
child_restart_later(struct loop *l, struct child *c, void (*fire)(struct timer *t))
{
	bool soon = loop_now(l) - c->started_ms < SOON_MS;

	c->crashes = soon ? c->crashes + 1 : 0;
	if (c->crashes > RESTART_MAX)
		c->crashes = RESTART_MAX;
	timer_set(l, &c->restart, c->crashes * RESTART_MS, fire);
}
