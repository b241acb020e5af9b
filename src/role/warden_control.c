/*
 * The control role as warden sees it: its two sockets, which warden makes for the right users, its
 * directory, and what it is told. It may come and go without anybody's connection being lost.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/local.h"
#include "os/spawn.h"
#include "role/told_config.h"
#include "role/warden_announce.h"
#include "role/warden_private.h"

#define CONTROL_USER "_sallyport-control"
#define EDGE_USER    "_sallyport-edge"
#define ADMINS_GROUP "sallyport-admin"
#define PATH_SIZE    4096
#define SAMPLE_MS    10000 /* between looks at the counters: an hour is 360 of them */

/* Open for the program's life, so that who connects while control restarts only waits. */
struct control_sockets {
	int directory, edge, machine;
};

static struct err
open_directory(const char *state, int *fd)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/control", state);
	struct err e = fs_make_directory(path, 0700);
	if (!failed(e))
		e = local_give_directory(path, CONTROL_USER, 0700);
	if (failed(e))
		return e;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 ? ERR_NONE : err_sys("cannot open %s", path);
}

/* Edge is given the directory of its socket alone: it must hold nothing else. */
static struct err
open_sockets(const char *state, struct control_sockets *s)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/sockets", state);
	struct err e = fs_make_directory(path, 0755);
	snprintf(path, sizeof path, "%s/sockets/edge.sock", state);
	if (!failed(e))
		e = local_listen_for(path, EDGE_USER, NULL, &s->edge);
	snprintf(path, sizeof path, "%s/admin.sock", state);
	if (!failed(e))
		e = local_listen_for(path, NULL, ADMINS_GROUP, &s->machine);
	return e;
}

static struct err
open_all(struct warden *w)
{
	const char *state = w->running->config->state_dir;

	if (w->sockets != NULL)
		return ERR_NONE;
	struct control_sockets *s = MEM_NEW(struct control_sockets);
	*s = (struct control_sockets){-1, -1, -1};
	struct err e = open_directory(state, &s->directory);
	if (!failed(e))
		e = open_sockets(state, s);
	if (failed(e)) {
		if (s->directory >= 0)
			close(s->directory);
		if (s->edge >= 0)
			close(s->edge);
		free(s);
		return e;
	}
	w->sockets = s;
	return ERR_NONE;
}

static void
tell(struct warden *w, const struct message *m)
{
	child_tell(&w->control, m);
}

static void
tell_fd(struct warden *w, enum message_type type, enum listener_kind kind, int fd)
{
	const struct message m = {.type = type, .kind = kind, .fds = {fd, -1}, .fd_count = 1};

	tell(w, &m);
}

static void
tell_snapshot(struct warden *w)
{
	const struct message end = {.type = MESSAGE_APPLY, .generation = w->generation};
	struct message begin;
	struct err e = told_config_message(w->running, w->generation, 0, &begin);

	if (failed(e)) {
		log_error("control is not told of the configuration: %s", e.text);
		return;
	}
	tell(w, &begin);
	close(begin.fds[0]);
	tell(w, &end);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct warden *w = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_CALL:
		call_begin(w, m);
		break;
	case MESSAGE_SETUP:
		announce_setup(w->running->config, w->file, m->text);
		break;
	case MESSAGE_REFUSED:
		log_error("control does not take the configuration: %s", m->text);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct warden *w = owner;

	(void)ch;
	child_lost(&w->control, ROLE_CONTROL, why, w->stopping);
}

static void
sample(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, sample);
	const struct message ask = {.type = MESSAGE_ASK};

	w->sampling = true;
	edge_tell(w, &ask);
	timer_set(w->loop, t, SAMPLE_MS, sample);
}

static void start(struct warden *w);

static void
restart(struct timer *t)
{
	start(container_of(t, struct warden, control.restart));
}

static void
start(struct warden *w)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct err e = open_all(w);

	w->control.started_ms = loop_now(w->loop);
	if (!failed(e))
		e = child_start(w->loop, ROLE_CONTROL, &ops, w, &w->control.pid,
				&w->control.channel);
	if (failed(e)) {
		log_error("control: %s", e.text);
		child_restart_later(w->loop, &w->control, restart);
		return;
	}
	tell_fd(w, MESSAGE_STATE, 0, w->sockets->directory);
	tell_snapshot(w);
	tell_fd(w, MESSAGE_LISTENER, LISTENER_EDGE, w->sockets->edge);
	tell_fd(w, MESSAGE_LISTENER, LISTENER_MACHINE, w->sockets->machine);
	timer_set(w->loop, &w->sample, SAMPLE_MS, sample);
	tunnel_meet(w, ROLE_CONTROL);
	control_meet_edge(w);
}

void
control_follow(struct warden *w)
{
	bool wanted = w->running->config->control != NULL;

	if (wanted && w->control.pid == 0 && !list_linked(&w->control.restart.link))
		start(w);
	else if (wanted)
		tell_snapshot(w);
	else
		control_stop(w);
}

void
control_stop(struct warden *w)
{
	const struct message drain = {.type = MESSAGE_DRAIN};

	timer_stop(&w->sample);
	timer_stop(&w->control.restart);
	tell(w, &drain);
}

bool
control_ended(struct warden *w, pid_t pid, const char *why)
{
	if (pid != w->control.pid || pid == 0)
		return false;
	child_forget(&w->control);
	if (w->stopping)
		warden_child_ended(w);
	if (w->stopping || w->running == NULL || w->running->config->control == NULL)
		return true;
	log_error("control ended: %s; starting another", why);
	child_restart_later(w->loop, &w->control, restart);
	return true;
}

void
control_meet_edge(struct warden *w)
{
	child_meet(&w->control, ROLE_CONTROL, &w->edge, ROLE_EDGE);
}

void
control_tell_status(struct warden *w, const struct message *status)
{
	struct message m = {.type = MESSAGE_STATUS, .kind = w->sampling};

	memcpy(m.counters, status->counters, sizeof m.counters);
	w->sampling = false;
	tell(w, &m);
}
