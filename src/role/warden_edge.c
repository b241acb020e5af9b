#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "os/fs.h"
#include "role/child.h"
#include "role/warden_private.h"

#define SOON_MS     1000 /* an edge that ends sooner after its start has a lasting trouble */
#define RESTART_MS  200  /* times the number of crashes in a row */
#define RESTART_MAX 25

void
edge_tell(struct warden *w, const struct message *m)
{
	if (w->edge.channel == NULL)
		return;
	struct err e = channel_send(w->edge.channel, m);
	if (failed(e))
		log_error("%s", e.text);
}

static void
tell_listeners(struct warden *w)
{
	for (size_t i = 0; i < w->listeners.count; i++) {
		const struct listen_socket *s = &w->listeners.sockets[i];
		struct message m = {.type = MESSAGE_LISTENER,
				    .kind = s->kind,
				    .worker = s->worker,
				    .addresses = {s->at},
				    .address_count = 1,
				    .fds = {s->fd, -1},
				    .fd_count = 1};

		/* One that is on its way out is not passed on; before the first answer all are new.
		 */
		if (s->wanted || (w->coming == NULL && s->used))
			edge_tell(w, &m);
	}
}

static void
tell_fd(struct warden *w, enum message_type type, size_t index, int fd)
{
	struct message m = {.type = type, .index = (uint32_t)index, .fds = {fd, -1}, .fd_count = 1};

	if (fd >= 0)
		edge_tell(w, &m);
}

static void
tell_pairs(struct warden *w, const struct provision *p)
{
	for (size_t i = 0; i < p->config->site_count; i++)
		for (size_t k = 0; k < p->config->sites[i].certificate_count; k++) {
			struct message m = {.type = MESSAGE_PAIR,
					    .index = (uint32_t)i,
					    .member = (uint32_t)k,
					    .fds = {p->pairs[i][k][0], p->pairs[i][k][1]},
					    .fd_count = 2};

			edge_tell(w, &m);
		}
}

static void
tell_target(struct warden *w, const struct provision *p, const struct backends *b, size_t member)
{
	const struct backend *to = &b->at[member];
	struct message m = {.index = (uint32_t)b->index, .member = (uint32_t)member};

	if (to->unix_path != NULL) {
		const char *slash = strrchr(to->unix_path, '/');

		m.type = MESSAGE_SOCKET;
		m.fds[0] = p->sockets[b->index][member];
		m.fd_count = 1;
		snprintf(m.text, sizeof m.text, "%s", slash + 1);
		if (m.fds[0] >= 0)
			edge_tell(w, &m);
		return;
	}
	m.type = MESSAGE_ADDRESSES;
	m.address_count = hosts_addresses(w->hosts, to->host, to->port, m.addresses);
	edge_tell(w, &m);
}

static void
tell_targets(struct warden *w, const struct provision *p)
{
	for (size_t i = 0; i < p->config->backends_count; i++)
		for (size_t k = 0; k < p->config->backends[i]->count; k++)
			tell_target(w, p, p->config->backends[i], k);
}

void
edge_tell_snapshot(struct warden *w, const struct provision *p, uint64_t generation)
{
	struct message begin = {.type = MESSAGE_SNAPSHOT,
				.generation = generation,
				.worker = w->listeners.workers,
				.kind = p->root,
				.fd_count = 1};
	struct message end = {.type = MESSAGE_APPLY, .generation = generation};

	snprintf(begin.text, sizeof begin.text, "%s", p->file);
	struct err e = fs_sealed("sallyport.conf", p->config->text, &begin.fds[0]);
	if (failed(e)) {
		warden_refused(w, generation, e.text);
		return;
	}
	edge_tell(w, &begin);
	close(begin.fds[0]);
	tell_listeners(w);
	for (size_t i = 0; i < p->config->root_count; i++)
		tell_fd(w, MESSAGE_ROOT, i, p->roots[i]);
	tell_fd(w, MESSAGE_ACME_ROOT, 0, p->acme_root);
	tell_pairs(w, p);
	for (size_t i = 0; i < p->config->authority_count; i++)
		tell_fd(w, MESSAGE_AUTHORITY, i, p->authorities[i]);
	tell_targets(w, p);
	edge_tell(w, &end);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct warden *w = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_APPLIED:
		if (m->generation == w->generation && w->coming == NULL)
			break; /* a restarted edge runs what ran before */
		warden_applied(w, m->generation);
		warden_reopen_log(w);
		break;
	case MESSAGE_REFUSED:
		warden_refused(w, m->generation, m->text);
		break;
	case MESSAGE_INETD:
		inetd_run(w, m->fds[0], &m->addresses[0]);
		break;
	case MESSAGE_SERVER:
	case MESSAGE_STATUS:
		status_add(w, m);
		break;
	default:
		break;
	}
}

/* The process is reaped when SIGCHLD says so; until then nothing more is said to it. */
static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct warden *w = owner;

	log_debug("edge: %s", why);
	channel_free(ch);
	w->edge.channel = NULL;
	if (w->edge.pid > 0 && !w->stopping)
		kill(w->edge.pid, SIGKILL); /* it may be alive, but has said nonsense */
}

static void
restart(struct timer *t)
{
	edge_start(container_of(t, struct warden, edge.restart));
}

static void
restart_later(struct warden *w)
{
	struct edge_child *edge = &w->edge;
	bool soon = loop_now(w->loop) - edge->started_ms < SOON_MS;

	edge->crashes = soon ? edge->crashes + 1 : 0;
	if (edge->crashes > RESTART_MAX)
		edge->crashes = RESTART_MAX;
	timer_set(w->loop, &edge->restart, edge->crashes * RESTART_MS, restart);
}

void
edge_ended(struct warden *w, const char *why)
{
	bool first = w->running == NULL;

	channel_free(w->edge.channel);
	w->edge.channel = NULL;
	w->edge.pid = 0;
	if (w->stopping || first) {
		if (!w->stopping)
			log_error("edge ended before it could serve: %s", why);
		loop_stop(w->loop);
		return;
	}
	log_error("edge ended: %s; starting another on the same listening sockets", why);
	if (w->coming != NULL)
		warden_refused(w, w->generation, "edge ended while it was taking it");
	restart_later(w);
}

void
edge_start(struct warden *w)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct edge_child *edge = &w->edge;

	edge->started_ms = loop_now(w->loop);
	struct err e = child_start(w->loop, ROLE_EDGE, &ops, w, &edge->pid, &edge->channel);
	if (failed(e)) {
		log_error("edge: %s", e.text);
		restart_later(w);
		return;
	}
	/* On a restart, what runs; a change that was under way has been refused. */
	const struct provision *p = w->coming != NULL ? w->coming : w->running;
	warden_tell_log(w, p->config->log.access_file); /* in time for the first request */
	edge_tell_snapshot(w, p, w->generation);
}
