#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "role/child.h"
#include "role/told_config.h"
#include "role/warden_private.h"

void
edge_tell(struct warden *w, const struct message *m)
{
	child_tell(&w->edge, m);
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
		if (s->kind != LISTENER_VPN && (s->wanted || (w->coming == NULL && s->used)))
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
	struct message begin, end = {.type = MESSAGE_APPLY, .generation = generation};
	struct err e = told_config_message(p, generation, w->listeners.workers, &begin);

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

/* It was said that nothing has changed. */
static void
go_back(struct warden *w)
{
	log_warn("edge took the configuration after all, too late: it is told to go back");
	w->given_up = 0;
	warden_reapply(w);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct warden *w = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_APPLIED:
		if (m->generation == w->given_up) {
			go_back(w);
			break;
		}
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
		status_add(w, m);
		break;
	case MESSAGE_STATUS:
		status_add(w, m);
		control_tell_status(w, m);
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
	child_lost(&w->edge, ROLE_EDGE, why, w->stopping);
}

static void
restart(struct timer *t)
{
	edge_start(container_of(t, struct warden, edge.restart));
}

void
edge_ended(struct warden *w, const char *why)
{
	bool first = w->running == NULL;

	child_forget(&w->edge);
	w->given_up = 0;
	if (w->stopping) {
		warden_child_ended(w);
		return;
	}
	if (first) {
		log_error("edge ended before it could serve: %s", why);
		loop_stop(w->loop);
		return;
	}
	log_error("edge ended: %s; starting another on the same listening sockets", why);
	if (w->coming != NULL)
		warden_refused(w, w->generation, "edge ended while it was taking it");
	child_restart_later(w->loop, &w->edge, restart);
}

void
edge_start(struct warden *w)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct child *edge = &w->edge;

	edge->started_ms = loop_now(w->loop);
	struct err e = child_start(w->loop, ROLE_EDGE, &ops, w, &edge->pid, &edge->channel);
	if (failed(e)) {
		log_error("edge: %s", e.text);
		child_restart_later(w->loop, &w->edge, restart);
		return;
	}
	/* On a restart, what runs; a change that was under way has been refused. */
	const struct provision *p = w->coming != NULL ? w->coming : w->running;
	warden_tell_log(w, p->config); /* in time for the first request */
	edge_tell_snapshot(w, p, w->generation);
	tunnel_meet(w, ROLE_EDGE);
	control_meet_edge(w);
}
