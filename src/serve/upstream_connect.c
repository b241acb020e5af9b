/* From an address to a connection that can be asked: TCP or a Unix socket, PROXY header, TLS. */
#include <string.h>
#include <unistd.h>

#include "os/sock.h"
#include "serve/upstream_inner.h"
#include "share/proxy_header.h"

#define EVENTS (READY_IN | READY_RDHUP | READY_EDGE)

/* TLS. */

static enum tls_trust
trust_of(const struct proxy *p)
{
	switch (p->verify) {
	case VERIFY_PIN:
		return TLS_TRUST_PIN;
	case VERIFY_OFF:
		return TLS_TRUST_ANY;
	case VERIFY_SYSTEM:
	case VERIFY_CA:
		break;
	}
	return TLS_TRUST_CA;
}

/* What connections to this member share; made for the first. */
static struct err
pool_tls(struct pool *pool)
{
	static const char *http1[] = {"http/1.1", NULL}, *http2[] = {"h2", NULL};
	const struct proxy *p = pool->proxy;
	struct tls_client_settings settings = {
	    .trust = trust_of(p),
	    .pins = (const uint8_t(*)[32])p->pins,
	    .pin_count = p->pin_count,
	    .name = p->sni != NULL ? p->sni : p->to->at[pool->member].host,
	    .protocols = p->http2 ? http2 : http1,
	};

	if (pool->tls != NULL)
		return ERR_NONE;
	if (settings.trust == TLS_TRUST_CA)
		settings.authorities = pool->all->needs.authorities[p->ca_index];
	struct err e = pool->all->needs.tls != NULL
			   ? tls_client_new(pool->all->needs.tls, &settings, &pool->tls)
			   : err_new("TLS cannot be set up");
	if (failed(e) && settings.trust == TLS_TRUST_CA)
		e = err_in(e, "%s", pool->all->needs.config->authorities[p->ca_index]);
	return e;
}

static ssize_t
receive(void *owner, void *to, size_t len)
{
	struct upstream_conn *c = owner;
	ssize_t n = c->readable ? sock_read(c->fd, to, len) : SOCK_AGAIN;

	/* Until FIN is seen, a read that gives less than asked has given all (epoll(7)). */
	if (n == SOCK_AGAIN || (n > 0 && (size_t)n < len && !c->fin))
		c->readable = false;
	return n;
}

/* Where it takes no more, what it said before is heard first: mostly that is why. */
static ssize_t
transmit(void *owner, const void *from, size_t len)
{
	struct upstream_conn *c = owner;
	ssize_t n = sock_write(c->fd, from, len);

	if (n != SOCK_DEAD || c->stage != CONN_OPEN)
		return n;
	if (!c->fin)
		c->fin = c->readable = true;
	return c->readable ? SOCK_AGAIN : SOCK_DEAD;
}

_Static_assert(SOCK_AGAIN == TLS_IO_AGAIN && SOCK_DEAD == TLS_IO_DEAD,
	       "sockets and TLS say the same of a read");
static const struct tls_io io = {receive, transmit};

enum tls_result
up_read(struct upstream_conn *c, void *to, size_t len, size_t *got)
{
	if (c->tls != NULL)
		return tls_read(c->tls, to, len, got);
	return tls_received(receive(c, to, len), got);
}

enum tls_result
up_write(struct upstream_conn *c, struct span bytes, size_t *taken)
{
	if (c->tls != NULL)
		return tls_write(c->tls, bytes, taken);
	return tls_sent(transmit(c, bytes.p, bytes.len), taken);
}

/* Its timer ends it, if that fails. */
void
up_wait_for_room(struct upstream_conn *c)
{
	if (!c->asks_out && !failed(watch_change(loop_of(c), &c->watch, EVENTS | READY_OUT)))
		c->asks_out = true;
}

/* Connecting. */

static void next_address(struct upstream_conn *c, enum call_failure how, const char *why);

static void
mark_down(struct pool *p)
{
	int64_t until = loop_now(p->all->needs.loop) + (int64_t)pool_to(p)->retry_after;

	target_set_down(p->target, until);
}

/* A server that is tested may take connections and be down all the same: the test knows. */
static void
mark_up(struct pool *p)
{
	if (pool_to(p)->check == 0)
		target_set_down(p->target, 0);
}

static void
cannot_secure(struct upstream_conn *c, const char *why)
{
	mark_down(c->pool);
	up_fail(c, CALL_TLS, why);
}

static void
handshake(struct upstream_conn *c)
{
	switch (tls_handshake(c->tls)) {
	case TLS_DONE:
		if (c->pool->proxy->http2 && !span_equal(tls_alpn(c->tls), SPAN_OF("h2")))
			cannot_secure(c, "it does not speak HTTP/2 (h2 by ALPN)");
		else
			up_opened(c);
		break;
	case TLS_WANT_SEND:
		up_wait_for_room(c);
		break;
	case TLS_WANT_RECV:
		break;
	case TLS_CLOSED:
	case TLS_FAILED:
		cannot_secure(c, tls_why(c->tls));
		break;
	}
}

static void
handshake_too_late(struct timer *t)
{
	cannot_secure(container_of(t, struct upstream_conn, timer), "no TLS handshake in time");
}

static void
secure(struct upstream_conn *c)
{
	struct err e = pool_tls(c->pool);

	if (!failed(e) && (c->tls = tls_client_conn_new(c->pool->tls, &io, c)) == NULL)
		e = err_new("no memory for TLS");
	if (failed(e)) {
		cannot_secure(c, e.text);
		return;
	}
	c->stage = CONN_SECURING;
	timer_set(loop_of(c), &c->timer, pool_to(c->pool)->connect_timeout, handshake_too_late);
	handshake(c);
}

/* In one packet with what follows it. A new socket takes it whole. */
static bool
send_proxy_header(struct upstream_conn *c)
{
	const struct upstream_call *call = container_of(c->calls.next, struct upstream_call, link);
	struct buf header = buf_with_cap(PROXY_HEADER_MAX);
	enum proxy_header kind = pool_to(c->pool)->proxy_protocol;
	bool sent;

	if (kind == PROXY_HEADER_OFF)
		return true;
	sent = (kind == PROXY_HEADER_V1 ? proxy_header_v1 : proxy_header_v2)(&header, &call->peer,
									     &call->local) &&
	       sock_write_more(c->fd, buf_span(&header).p, buf_len(&header)) ==
		   (ssize_t)buf_len(&header);
	buf_free(&header);
	return sent;
}

static void
connected(struct upstream_conn *c)
{
	timer_stop(&c->timer);
	if (!send_proxy_header(c)) {
		next_address(c, CALL_REFUSED, "it takes no PROXY header");
		return;
	}
	mark_up(c->pool);
	if (c->pool->proxy->scheme == SCHEME_HTTPS)
		secure(c);
	else
		up_opened(c);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct upstream_conn *c = container_of(watch, struct upstream_conn, watch);

	if (events & (READY_IN | READY_RDHUP))
		c->readable = true;
	if (events & (READY_RDHUP | READY_HUP | READY_ERR))
		c->fin = c->readable = true;
	if (c->stage == CONN_CONNECTING) {
		int why = events & (READY_ERR | READY_HUP) ? sock_connected(c->fd) : 0;

		if (why != 0)
			next_address(c, CALL_REFUSED, strerror(why));
		else
			connected(c);
	} else if (c->stage == CONN_SECURING) {
		handshake(c);
	} else if (c->idle && c->tls == NULL && !c->pool->proxy->http2) {
		up_close(c); /* there is nothing it could have to say but farewell */
	} else {
		up_pump(c);
	}
}

static void
connect_too_late(struct timer *t)
{
	next_address(container_of(t, struct upstream_conn, timer), CALL_TIMEOUT,
		     "no connection in time");
}

static void
connected_at_once(struct timer *t)
{
	connected(container_of(t, struct upstream_conn, timer));
}

static void
attempt_failed(struct timer *t)
{
	struct upstream_conn *c = container_of(t, struct upstream_conn, timer);

	next_address(c, CALL_REFUSED, c->why.text);
}

/* A Unix socket is connected at once, or not at all. */
static void
connect_unix(struct upstream_conn *c)
{
	const struct target *t = c->pool->target;

	c->address = t->count + 1;
	c->why = sock_connect_unix(t->directory, t->name, &c->fd);
	if (!failed(c->why))
		c->why = watch_start(loop_of(c), &c->watch, c->fd, EVENTS, ready);
	timer_set(loop_of(c), &c->timer, 0, failed(c->why) ? attempt_failed : connected_at_once);
}

/* Each address has its part of the time. */
static void
connect_tcp(struct upstream_conn *c)
{
	const struct target *t = c->pool->target;
	uint64_t part = t->count > 0 ? pool_to(c->pool)->connect_timeout / t->count : 0;

	c->why = c->address < t->count ? sock_connect_tcp(&t->at[c->address++], &c->fd)
				       : err_new(TARGET_NOWHERE);
	if (!failed(c->why))
		c->why = watch_start(loop_of(c), &c->watch, c->fd, EVENTS | READY_OUT, ready);
	c->asks_out = true;
	if (failed(c->why))
		timer_set(loop_of(c), &c->timer, 0, attempt_failed);
	else
		timer_set(loop_of(c), &c->timer, part, connect_too_late);
}

static void
try_address(struct upstream_conn *c)
{
	if (c->pool->target->directory >= 0)
		connect_unix(c);
	else
		connect_tcp(c);
}

/* This one failed so. */
static void
next_address(struct upstream_conn *c, enum call_failure how, const char *why)
{
	watch_stop(loop_of(c), &c->watch);
	timer_stop(&c->timer);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->readable = c->fin = false;
	if (c->address < c->pool->target->count) {
		try_address(c);
		return;
	}
	mark_down(c->pool);
	up_fail(c, how, why);
}

/* Requests of one client over HTTP/2 may ask for more than its own connection is worth. */
static void
no_room(struct timer *t)
{
	up_fail(container_of(t, struct upstream_conn, timer), CALL_REFUSED,
		"no room for another connection to a server: see `limits { connections }`");
}

void
up_new(struct pool *p, struct upstream_call *first)
{
	struct upstream_conn *c = MEM_NEW(struct upstream_conn);

	*c = (struct upstream_conn){.pool = p, .watch = {.fd = -1}, .fd = -1};
	list_init(&c->calls);
	list_append(&p->busy, &c->link);
	first->conn = c;
	list_append(&c->calls, &first->link);
	if (p->all->open++ < p->all->needs.config->limits.connections)
		try_address(c);
	else
		timer_set(loop_of(c), &c->timer, 0, no_room);
}
