#include "role/edge_conn.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/sock.h"
#include "role/edge.h"
#include "role/edge_http.h"
#include "role/edge_relay.h"
#include "role/edge_worker.h"
#include "share/proxy_header.h"

#define LINGER_MS 2000

static void classify_more(struct conn *c, bool last);

static const struct config *
config_of(const struct conn *c)
{
	return c->view->snapshot->config;
}

/* Lets go of everything but the socket, where that was not closed before. */
static void
forget(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->end != NULL)
		c->end(c);
	watch_stop(w->loop, &c->watch);
	timer_stop(&c->timer);
	list_remove(&c->link);
	list_remove(&c->evictable);
	view_release(c->view);
	free(c);
	worker_ended(w);
}

void
conn_close(struct conn *c)
{
	struct worker *w = c->worker;
	int fd = c->fd;

	if (c->watch.fd < 0)
		close(fd);
	else
		watch_close(w->loop, &c->watch);
	forget(c);
}

int
conn_give_up(struct conn *c)
{
	int fd = c->fd;

	forget(c);
	return fd;
}

void
conn_keep(struct conn *c)
{
	list_remove(&c->evictable);
}

/* As the last of those in `queue`. */
static void
queue_up(struct conn *c, struct list *queue)
{
	conn_keep(c);
	list_append(queue, &c->evictable);
}

void
conn_may_go(struct conn *c)
{
	queue_up(c, &c->worker->evictable);
}

void
conn_may_go_last(struct conn *c)
{
	queue_up(c, &c->worker->stalled);
}

static void
linger_over(struct timer *t)
{
	conn_close(container_of(t, struct conn, timer));
}

static void
linger_ready(struct watch *watch, uint32_t events)
{
	struct conn *c = container_of(watch, struct conn, watch);
	ssize_t n;

	(void)events;
	do
		n = sock_read(c->fd, c->worker->scratch, SCRATCH_SIZE);
	while (n > 0);
	if (n != SOCK_AGAIN)
		conn_close(c);
}

void
conn_linger(struct conn *c)
{
	if (c->end != NULL)
		c->end(c);
	c->end = NULL;
	c->stage = NULL;
	c->lingering = true;
	conn_may_go(c);
	sock_half_close(c->fd);
	c->watch.ready = linger_ready;
	timer_set(c->worker->loop, &c->timer, LINGER_MS, linger_over);
	linger_ready(&c->watch, READY_IN);
}

static void
hand_to_inetd(struct conn *c)
{
	struct worker *w = c->worker;
	struct edge *edge = w->edge;
	struct address peer = c->peer;

	worker_count(w, COUNTER_HANDED, 1);
	edge_hand_over(edge, conn_give_up(c), &peer);
}

static void
follow(struct conn *c, const struct direction *d, bool is_http, const struct hello *hello)
{
	switch (d->kind) {
	case DIRECTION_TERMINATE:
		http_begin_tls(c, d->site, hello);
		break;
	case DIRECTION_RELAY:
		edge_relay_begin(c, d);
		break;
	case DIRECTION_INETD:
		hand_to_inetd(c);
		break;
	case DIRECTION_REFUSE:
		worker_count(c->worker, COUNTER_REFUSED, 1);
		http_refuse(c, is_http);
		break;
	}
}

/* The hello says which door; one that is not well-formed gets our own TLS's alert. */
static void
follow_tls(struct conn *c, struct span seen, bool last)
{
	struct hello hello;
	enum verdict verdict = hello_parse(seen, &hello);

	if (verdict == VERDICT_MORE && !last)
		return;
	const struct hello *known = verdict == VERDICT_YES ? &hello : NULL;
	struct direction d = direct(config_of(c), PROTOCOL_TLS, known);
	follow(c, &d, false, known);
}

/* What is behind a PROXY header is classified anew, for the client that it names. */
static void
follow_proxy(struct conn *c, struct span seen, bool last)
{
	struct proxied proxied;
	enum verdict verdict = proxy_header_parse(seen, &proxied);

	if (verdict == VERDICT_MORE && !last)
		return;
	if (verdict != VERDICT_YES ||
	    sock_read(c->fd, c->worker->scratch, proxied.len) != (ssize_t)proxied.len) {
		conn_close(c);
		return;
	}
	c->proxied = true;
	c->spoke = false;
	if (proxied.client.family != 0) {
		c->peer = proxied.client;
		c->local = proxied.server;
	}
	if (c->plain)
		http_begin_plain(c);
	else
		classify_more(c, last);
}

static bool
may_send_proxy(const struct conn *c)
{
	const struct config *config = config_of(c);

	return !c->proxied &&
	       network_any_has(config->trust_proxy, config->trust_proxy_count, &c->peer);
}

static void
follow_protocol(struct conn *c, enum protocol protocol, struct span seen, bool last)
{
	if (protocol == PROTOCOL_PROXY) {
		follow_proxy(c, seen, last);
	} else if (protocol == PROTOCOL_TLS) {
		follow_tls(c, seen, last);
	} else {
		struct direction d = direct(config_of(c), protocol, NULL);

		follow(c, &d, protocol == PROTOCOL_HTTP1 || protocol == PROTOCOL_HTTP2, NULL);
	}
}

static void
silence(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);
	struct direction d = direct_silent(config_of(c));

	if (d.kind == DIRECTION_REFUSE)
		conn_close(c);
	else
		follow(c, &d, false, NULL);
}

static void
too_slow(struct timer *t)
{
	classify_more(container_of(t, struct conn, timer), true);
}

/* The clock that runs: until the first byte, and from there to a verdict. */
static void
first_byte_came(struct conn *c)
{
	if (c->spoke)
		return;
	c->spoke = true;
	c->spoke_ms = loop_now(c->worker->loop);
	timer_set(c->worker->loop, &c->timer, config_of(c)->share.classify_timeout, too_slow);
}

/* Looks at all that came so far. With `last`, decides. */
static void
classify_more(struct conn *c, bool last)
{
	enum protocol protocol = PROTOCOL_NONE;
	unsigned among = c->plain ? 0 : c->view->among;
	ssize_t n = sock_peek(c->fd, c->worker->scratch, CLASSIFY_MAX);

	if (n == SOCK_AGAIN && !last)
		return;
	if (n <= 0) {
		conn_close(c); /* nothing was said, so nothing is owed */
		return;
	}
	first_byte_came(c);
	struct span seen = span_of(c->worker->scratch, (size_t)n);
	if (may_send_proxy(c))
		among |= PROTOCOL_BIT(PROTOCOL_PROXY);
	switch (classify(seen, among, last || seen.len == CLASSIFY_MAX, &protocol)) {
	case VERDICT_MORE:
		break;
	case VERDICT_YES:
		follow_protocol(c, protocol, seen, last || seen.len == CLASSIFY_MAX);
		break;
	case VERDICT_NO:
		if (c->plain)
			http_begin_plain(c);
		else
			follow_protocol(c, PROTOCOL_NONE, seen, last);
		break;
	}
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct conn *c = container_of(watch, struct conn, watch);

	if (events & READY_RDHUP)
		c->fin = true;
	if (events & (READY_ERR | READY_HUP))
		conn_close(c);
	else
		classify_more(c, c->fin);
}

static struct conn *
conn_new(struct worker *w, int fd, const struct address *peer, bool plain)
{
	struct conn *c = MEM_NEW(struct conn);

	*c = (struct conn){.watch = {.fd = -1},
			   .worker = w,
			   .view = view_share(w->view),
			   .fd = fd,
			   .plain = plain,
			   .peer = *peer};
	list_append(&w->conns, &c->link);
	conn_may_go(c);
	worker_opened(w);
	return c;
}

void
conn_begin(struct worker *w, int fd, const struct address *peer, bool plain)
{
	struct conn *c = conn_new(w, fd, peer, plain);
	const struct share *share = &config_of(c)->share;
	bool waits = share->silent_after > 0 && !plain;

	sock_local(fd, &c->local);
	if (failed(watch_start(w->loop, &c->watch, fd, CONN_EVENTS, ready))) {
		conn_close(c);
		return;
	}
	if (plain && !may_send_proxy(c))
		http_begin_plain(c);
	else
		timer_set(w->loop, &c->timer,
			  waits ? share->silent_after : share->first_byte_timeout, silence);
}
