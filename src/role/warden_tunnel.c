/*
 * The tunnel role as warden sees it: its interface, which stays when the role restarts, its
 * sockets, and the lines by which it speaks to edge and control. Both of whom are there or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/resolvers.h"
#include "os/spawn.h"
#include "os/tun.h"
#include "role/told_config.h"
#include "role/warden_private.h"
#include "role/warden_ways.h"

#define DEVICE    "sally%d"
#define FOLLOW_MS 5 /* what is told in so short a time takes effect together */

/* There from the first configuration with a VPN on. */
struct tunnel_device {
	char name[TUN_NAME];
	int queues[TUNNEL_WORKERS_MAX]; /* one for each worker */
	size_t count;
	bool offloads;
	struct network network, network6; /* as it was given them */
	uint64_t mtu;                     /* likewise; 0: not up yet */
};

static const struct vpn *
wanted(const struct warden *w)
{
	const struct vpn *v = w->running != NULL ? &w->running->config->vpn : NULL;

	return v != NULL && v->network.base.family != 0 ? v : NULL;
}

/* --- the interface */

static void
close_device(struct warden *w)
{
	struct tunnel_device *d = w->device;

	for (size_t i = 0; d != NULL && i < d->count; i++)
		if (d->queues[i] >= 0)
			close(d->queues[i]);
	free(d);
	w->device = NULL;
}

static bool
has_networks(const struct tunnel_device *d, const struct vpn *v)
{
	return network_equal(&d->network, &v->network) && network_equal(&d->network6, &v->network6);
}

/* The server's own address is the one after the network's. */
static struct err
give_address(const char *name, const struct network *n)
{
	struct address at = n->base;

	if (at.family == 0)
		return ERR_NONE;
	at.ip[at.family == 4 ? 3 : 15] |= 1;
	return tun_address(name, &at, n->bits);
}

static struct err
set_up(struct tunnel_device *d, const struct vpn *v)
{
	if (d->mtu == v->mtu)
		return ERR_NONE;
	struct err e = tun_up(d->name, (unsigned)v->mtu);
	if (!failed(e))
		d->mtu = v->mtu;
	return e;
}

static struct err
open_device(struct warden *w, const struct vpn *v)
{
	if (w->device != NULL && has_networks(w->device, v) && tun_is_there(w->device->queues[0]))
		return set_up(w->device, v);
	close_device(w);
	struct tunnel_device *d = w->device = MEM_NEW(struct tunnel_device);
	d->count = w->listeners.tunnels;
	d->network = v->network;
	d->network6 = v->network6;
	struct err e = v->offload
			   ? tun_make_super(DEVICE, d->count, d->queues, d->name, &d->offloads)
			   : tun_make(DEVICE, d->count, d->queues, d->name);
	if (!failed(e))
		e = give_address(d->name, &d->network);
	if (!failed(e))
		e = give_address(d->name, &d->network6);
	if (!failed(e))
		e = set_up(d, v);
	if (failed(e))
		close_device(w);
	return e;
}

/* --- what it is told */

static void
tell(struct warden *w, const struct message *m)
{
	child_tell(&w->tunnel, m);
}

static void
tell_resolvers(struct warden *w)
{
	struct message m = {.type = MESSAGE_ADDRESSES};

	m.address_count = resolvers_list(m.addresses, COUNT(m.addresses));
	if (m.address_count == 0 && wanted(w)->dns_system)
		log_warn("vpn: `dns system`: no resolver of this machine is found that clients "
			 "could ask; name one: `dns 192.0.2.53`");
	tell(w, &m);
}

static void
tell_queues(struct warden *w)
{
	for (size_t i = 0; i < w->device->count; i++) {
		const struct message m = {.type = MESSAGE_TUN,
					  .worker = (uint32_t)i,
					  .kind = w->device->offloads,
					  .fds = {w->device->queues[i], -1},
					  .fd_count = 1};

		tell(w, &m);
	}
}

/* Each once: it keeps what it was given. */
static void
tell_listeners(struct warden *w)
{
	for (size_t i = 0; i < w->listeners.count; i++) {
		struct listen_socket *s = &w->listeners.sockets[i];
		const struct message m = {.type = MESSAGE_LISTENER,
					  .kind = s->kind,
					  .worker = s->worker,
					  .addresses = {s->at},
					  .address_count = 1,
					  .fds = {s->fd, -1},
					  .fd_count = 1};

		if (s->kind != LISTENER_VPN || s->told || !s->used)
			continue;
		s->told = true;
		tell(w, &m);
	}
}

/* `fresh`: nobody has told it anything yet. */
static void
tell_snapshot(struct warden *w, bool fresh)
{
	const struct message end = {.type = MESSAGE_APPLY, .generation = w->generation};
	struct message begin;
	struct err e = told_config_message(w->running, w->generation, w->listeners.tunnels, &begin);

	if (failed(e)) {
		log_error("the tunnel is not told of the configuration: %s", e.text);
		return;
	}
	tell(w, &begin);
	close(begin.fds[0]);
	tell_resolvers(w);
	if (fresh)
		tell_queues(w);
	tell_listeners(w);
	tell(w, &end);
}

/* --- its lines to others */

void
tunnel_meet(struct warden *w, enum role other)
{
	child_meet(&w->tunnel, ROLE_TUNNEL, other == ROLE_EDGE ? &w->edge : &w->control, other);
}

/* --- the ways of its clients */

/* They are there whether or not all could be done: clients wait for it. */
static void
follow(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, follow);
	const struct message done = {.type = MESSAGE_ROUTED, .value = w->ways_told};

	forward_follow(w);
	tell(w, &done);
}

static bool
is_client(const struct warden *w, const struct address *a)
{
	return w->device != NULL &&
	       network_has(a->family == 4 ? &w->device->network : &w->device->network6, a);
}

static struct err
set_ways(struct warden *w, const struct message *m, struct span bytes)
{
	struct way *list = mem_new(WAYS_MAX * sizeof *list);
	struct err e = ERR_NONE;
	size_t count;

	if (!ways_decode(bytes, list, &count))
		e = err_new("the tunnel tells of ways that are none");
	for (size_t i = 0; i < m->address_count && !failed(e); i++)
		e = is_client(w, &m->addresses[i])
			? ways_set(w->ways, &m->addresses[i], list, count)
			: err_new("the tunnel tells of ways of somebody who is no client");
	free(list);
	return e;
}

static void
take_ways(struct warden *w, const struct message *m)
{
	struct buf bytes = buf_with_cap(WAYS_BYTES_MAX);
	struct err e = fs_read_fd(m->fds[0], &bytes);

	if (!failed(e))
		e = set_ways(w, m, buf_span(&bytes));
	buf_free(&bytes);
	if (failed(e))
		log_error("vpn: %s", e.text);
	w->ways_told = m->value;
	if (!list_linked(&w->follow.link))
		timer_set(w->loop, &w->follow, FOLLOW_MS, follow);
}

/* Its clients are gone with it. */
static void
end_ways(struct warden *w)
{
	timer_stop(&w->follow);
	if (w->ways == NULL)
		return;
	ways_clear(w->ways);
	forward_follow(w);
}

/* --- its life */

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	(void)ch;
	if (m->type == MESSAGE_REFUSED)
		log_error("the tunnel does not take the configuration: %s", m->text);
	else if (m->type == MESSAGE_WAYS)
		take_ways(owner, m);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct warden *w = owner;

	(void)ch;
	child_lost(&w->tunnel, ROLE_TUNNEL, why, w->stopping);
}

static void start(struct warden *w);

static void
restart(struct timer *t)
{
	start(container_of(t, struct warden, tunnel.restart));
}

static void
start_role(struct warden *w)
{
	static const struct channel_ops ops = {on_message, on_closed};

	w->tunnel.started_ms = loop_now(w->loop);
	struct err e =
	    child_start(w->loop, ROLE_TUNNEL, &ops, w, &w->tunnel.pid, &w->tunnel.channel);
	if (failed(e)) {
		log_error("tunnel: %s", e.text);
		child_restart_later(w->loop, &w->tunnel, restart);
		return;
	}
	tell_snapshot(w, true);
	tunnel_meet(w, ROLE_CONTROL);
	tunnel_meet(w, ROLE_EDGE);
}

/* Where there is no interface to be had, the rest of the server goes on without a VPN. */
static void
start(struct warden *w)
{
	const struct vpn *v = wanted(w);

	if (v == NULL)
		return;
	struct err e = open_device(w, v);
	snprintf(w->tunnel_problem, sizeof w->tunnel_problem, "%s", e.text);
	if (failed(e)) {
		log_error("there is no VPN: %s", e.text);
		return;
	}
	forward_begin(w, w->device->name, &w->device->network, &w->device->network6);
	start_role(w);
}

/* Another network is one of the next start: clients have addresses of this one. */
static void
reload(struct warden *w, const struct vpn *v)
{
	if (w->device == NULL || !has_networks(w->device, v))
		return;
	struct err e = set_up(w->device, v);
	if (failed(e))
		log_error("vpn: %s", e.text);
	tell_snapshot(w, false);
	forward_begin(w, w->device->name, &w->device->network, &w->device->network6);
}

void
tunnel_follow(struct warden *w)
{
	const struct vpn *v = wanted(w);

	if (v != NULL && w->tunnel.pid != 0)
		reload(w, v);
	else if (v != NULL && !list_linked(&w->tunnel.restart.link))
		start(w);
	else if (v == NULL) {
		tunnel_stop(w, 0);
		forward_end(w);
		w->tunnel_problem[0] = '\0';
		if (w->tunnel.pid == 0)
			close_device(w);
	}
}

void
tunnel_stop(struct warden *w, uint64_t ms)
{
	const struct message drain = {.type = MESSAGE_DRAIN, .value = ms};

	timer_stop(&w->tunnel.restart);
	tell(w, &drain);
}

bool
tunnel_ended(struct warden *w, pid_t pid, const char *why)
{
	if (pid != w->tunnel.pid || pid == 0)
		return false;
	child_forget(&w->tunnel);
	listen_untold(&w->listeners);
	end_ways(w);
	if (w->stopping) {
		control_stop(w);
		warden_child_ended(w);
		return true;
	}
	if (wanted(w) == NULL) {
		close_device(w);
		return true;
	}
	log_error("tunnel ended: %s; starting another", why);
	child_restart_later(w->loop, &w->tunnel, restart);
	return true;
}

bool
tunnel_waits(const struct warden *w, const struct vpn *next)
{
	return w->device != NULL && next->network.base.family != 0 &&
	       !has_networks(w->device, next);
}

void
tunnel_describe(const struct warden *w, struct tunnel_state *out)
{
	const char *problem = w->tunnel_problem[0] != '\0' ? w->tunnel_problem : NULL;

	*out = (struct tunnel_state){
	    .wanted = wanted(w) != NULL,
	    .device = w->device != NULL ? w->device->name : NULL,
	    .pid = w->tunnel.pid,
	    .problem = problem != NULL ? problem : forward_problem(w),
	};
}
