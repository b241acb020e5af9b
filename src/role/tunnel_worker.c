/*
 * A thread of the tunnel, with a loop, clients, sockets and a queue of the interface of its own.
 * Nothing here is locked: what comes from elsewhere is posted to its loop.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/datagram.h"
#include "os/sock.h"
#include "os/thread.h"
#include "os/tun.h"
#include "role/tunnel_private.h"
#include "vpn/segment.h"

#define A_TURN        64
#define A_TURN_BYTES  (256 << 10)
#define NAP_US        150
#define NAP_FROM      8    /* packets in a millisecond */
#define HALF_OPEN_MAX 1024 /* clients that are not let in yet, of one worker */
#define HAND_WINDOW   (60 * SECOND_MS)
#define TRANSITION    HOUR_MS
#define OPTIONS                                                                                    \
	"V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto UDPv4,cipher AES-256-GCM,auth "          \
	"[null-digest],keysize 256,key-method 2,tls-server"

struct socket {
	struct watch watch;
	struct list link;
	struct tunnel_worker *worker;
};

/* --- what sessions are made with */

struct era *
era_share(struct era *e)
{
	e->refs++;
	return e;
}

void
era_release(struct era *e)
{
	if (e == NULL || --e->refs > 0)
		return;
	engine_context_free(e->settings.engine);
	free(e);
}

struct err
worker_begin_era(struct tunnel_worker *w, const struct vpn *vpn, const struct admission_material *m)
{
	const struct engine_material material = {.authorities = span_str(m->authorities),
						 .certificate = span_str(m->certificate),
						 .key = span_str(m->key)};
	struct engine_context *engine;
	struct err e = engine_context_new(w->tls, &material, true, &engine);

	if (failed(e))
		return e;
	struct era *era = MEM_NEW(struct era);
	*era = (struct era){
	    .refs = 1,
	    .settings = {.engine = engine,
			 .ciphers = {AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305, AEAD_AES_128_GCM},
			 .cipher_count = AEAD_KINDS,
			 .hand_window_ms = HAND_WINDOW,
			 .transition_ms = TRANSITION,
			 .rekey_ms = vpn->rekey,
			 .ping_ms = vpn->ping,
			 .silence_ms = vpn->silence,
			 .mtu = (unsigned)vpn->mtu,
			 .options = OPTIONS}};
	era_release(w->era);
	w->era = era;
	return ERR_NONE;
}

/* --- the interface */

void
worker_deliver(struct tunnel_worker *w, uint8_t *bytes, size_t len, const struct offload *how)
{
	struct inner packet;

	if (!inner_read(span_of(bytes, len), &packet))
		return;
	struct address to = packet.to;
	to.port = 0;
	struct client *c = places_find(&w->inside, &to);
	if (c == NULL)
		return;
	if (how->kind != OFFLOAD_NONE)
		client_deliver_super(c, span_of(bytes, len), how);
	else if (segment_finish(bytes, len, how))
		client_deliver(c, &packet, span_of(bytes, len));
}

static void
from_queue(struct tunnel_worker *w, uint8_t *bytes, size_t len, const struct offload *how)
{
	struct tunnel_worker *other = NULL;
	struct inner packet;

	if (w->tunnel->worker_count > 1 && inner_read(span_of(bytes, len), &packet))
		other = strays_owner(w, &packet.to);
	if (other != NULL)
		strays_take(w, other, span_of(bytes, len), how);
	else
		worker_deliver(w, bytes, len, how);
}

static void
queue_ready(struct watch *watch, uint32_t events)
{
	struct tunnel_worker *w = container_of(watch, struct tunnel_worker, queue);
	struct offload how = {.kind = OFFLOAD_NONE};
	size_t taken = 0;

	if (events & READY_ERR) {
		watch_stop(w->loop, watch);
		tunnel_fail(w->tunnel, "the VPN's interface was removed");
		return;
	}
	for (unsigned i = 0; i < A_TURN && taken < A_TURN_BYTES; i++) {
		ssize_t n = w->offloads
				? tun_read_super(w->queue.fd, w->scratch, TUNNEL_SCRATCH, &how)
				: tun_read(w->queue.fd, w->scratch, TUNNEL_SCRATCH);

		if (n < 0)
			return;
		from_queue(w, w->scratch, (size_t)n, &how);
		taken += (size_t)n;
	}
}

static void
replace_watch(struct tunnel_worker *w, struct watch *watch, int fd,
	      void (*ready)(struct watch *watch, uint32_t events))
{
	int old = watch->fd;

	watch_stop(w->loop, watch);
	if (old >= 0)
		close(old);
	struct err e = watch_start(w->loop, watch, fd, READY_IN, ready);
	if (failed(e)) {
		log_error("%s", e.text);
		close(fd);
	}
}

void
worker_take_queue(struct tunnel_worker *w, int fd, bool offloads)
{
	w->offloads = offloads;
	replace_watch(w, &w->queue, fd, queue_ready);
}

static void
socket_ready(struct watch *watch, uint32_t events)
{
	struct socket *s = container_of(watch, struct socket, watch);

	(void)events;
	datagrams_take(s->worker, watch->fd);
}

void
worker_take_socket(struct tunnel_worker *w, int fd)
{
	struct socket *s = MEM_NEW(struct socket);

	s->worker = w;
	s->watch.fd = -1;
	if (w->offloads)
		datagram_join(fd);
	list_append(&w->sockets, &s->link);
	replace_watch(w, &s->watch, fd, socket_ready);
}

/* --- its life */

/*
 * Under load, a moment's wait lets more packets come for the next turn: to be woken for each
 * costs more than all that is done with it. Who is idle, or has as many as it can take, does not
 * wait.
 */
static void
nap(struct tunnel_worker *w)
{
	struct pace *p = &w->pace;
	int64_t now = loop_now(w->loop);

	if (now != p->ms) {
		p->before = now == p->ms + 1 ? p->so_far : 0;
		p->so_far = 0;
		p->ms = now;
	}
	p->so_far += p->turn;
	bool naps = p->turn > 0 && p->turn < DATAGRAMS && p->before >= NAP_FROM;
	p->turn = 0;
	if (naps)
		thread_nap(NAP_US);
}

/* All that was made in this turn leaves together. */
static void
flush(void *arg)
{
	struct tunnel_worker *w = arg;

	burst_leave(w->burst);
	strays_leave(w);
	while (!list_empty(&w->unsent)) {
		struct client *c = container_of(w->unsent.next, struct client, unsent);

		stream_flush(c);
		if (c->over)
			client_settle(c);
	}
	nap(w);
}

struct client *
worker_client(const struct tunnel_worker *w, uint64_t number)
{
	size_t slot = (number & PEER_ID_NONE) / w->tunnel->worker_count;
	struct client *c = slot < w->peer_count ? w->peers[slot] : NULL;

	return c != NULL && c->number == number ? c : NULL;
}

static void
drained(struct tunnel_worker *w)
{
	timer_stop(&w->drain_over);
	while (!list_empty(&w->clients))
		client_free(container_of(w->clients.next, struct client, link));
	tunnel_worker_done(w->tunnel);
}

static void
drain_over(struct timer *t)
{
	drained(container_of(t, struct tunnel_worker, drain_over));
}

void
worker_client_gone(struct tunnel_worker *w)
{
	if (w->draining && list_linked(&w->drain_over.link) && list_empty(&w->clients))
		timer_set(w->loop, &w->drain_over, 0, drain_over);
}

void
worker_drain_tunnel(struct tunnel_worker *w, uint64_t ms)
{
	struct list *next;

	w->draining = true;
	timer_set(w->loop, &w->drain_over, ms, drain_over);
	for (struct list *l = w->clients.next; l != &w->clients; l = next) {
		next = l->next;
		client_kill(container_of(l, struct client, link), true, "the server stops");
	}
	worker_client_gone(w);
}

struct err
tunnel_worker_new(unsigned number, struct tunnel *t, struct tunnel_worker **out)
{
	struct tunnel_worker *w = MEM_NEW(struct tunnel_worker);

	*w = (struct tunnel_worker){.number = number,
				    .tunnel = t,
				    .queue = {.fd = -1},
				    .half_open_max = HALF_OPEN_MAX,
				    .scratch = mem_new(TUNNEL_SCRATCH),
				    .datagrams = datagrams_new(),
				    .burst = burst_new(),
				    .flows = flows_new(),
				    .strays = strays_new(t),
				    .tls = tls_library_new()};
	list_init(&w->clients);
	list_init(&w->sockets);
	list_init(&w->unsent);
	places_init(&w->outside);
	places_init(&w->inside);
	*out = w;
	if (w->tls == NULL)
		return err_new("OpenSSL cannot be set up");
	struct err e = loop_new(&w->loop);
	if (!failed(e))
		loop_each_turn(w->loop, flush, w);
	return e;
}

void
tunnel_worker_run(struct tunnel_worker *w)
{
	loop_run(w->loop);
}

void
tunnel_worker_free(struct tunnel_worker *w)
{
	while (!list_empty(&w->clients))
		client_free(container_of(w->clients.next, struct client, link));
	while (!list_empty(&w->sockets)) {
		struct socket *s = container_of(w->sockets.next, struct socket, link);

		watch_close(w->loop, &s->watch);
		list_remove(&s->link);
		free(s);
	}
	if (w->queue.fd >= 0)
		watch_close(w->loop, &w->queue);
	era_release(w->era);
	tls_library_free(w->tls);
	loop_free(w->loop);
	free(w->peers);
	free(w->vacant);
	free(w->scratch);
	datagrams_free(w->datagrams);
	burst_free(w->burst);
	flows_free(w->flows);
	strays_free(w->strays);
	free(w);
}
