/* A connection that is there: calls on it, and between them. */
#include <stdlib.h>
#include <unistd.h>

#include "os/sock.h"
#include "serve/upstream_inner.h"

#define ROUNDS_A_TURN 16   /* reads before others get their turn */
#define SMALL_PIECE   4096 /* bytes: a sender may hold back what follows so few */

static const struct caller_limits limits = {UPSTREAM_HEADER_BYTES, UPSTREAM_HEADER_FIELDS};

void
up_enter(struct upstream_conn *c)
{
	c->depth++;
}

void
up_leave(struct upstream_conn *c)
{
	if (--c->depth > 0)
		return;
	if (c->stage == CONN_CLOSED)
		free(c);
	else
		up_settle(c);
}

/* The end. */

static void
forget_idle(struct upstream_conn *c)
{
	if (!c->idle)
		return;
	c->idle = false;
	c->pool->idle_count--;
	timer_stop(&c->timer);
}

/* Whoever still waits for it is told why. */
static void
fail_calls(struct upstream_conn *c, enum call_failure how, const char *why)
{
	if (c->caller != NULL)
		caller_fail(c->caller, how, why);
	while (!list_empty(&c->calls)) {
		struct upstream_call *call =
		    container_of(c->calls.next, struct upstream_call, link);

		if (call->call != NULL)
			call_cancel(call->call);
		up_fail_call(call, how, why);
	}
}

void
up_fail(struct upstream_conn *c, enum call_failure how, const char *why)
{
	up_enter(c);
	list_remove(&c->link); /* those who are told may ask again, but not this one */
	fail_calls(c, how, why);
	up_close(c);
	up_leave(c);
}

void
up_close(struct upstream_conn *c)
{
	if (c->stage == CONN_CLOSED)
		return;
	forget_idle(c);
	c->stage = CONN_CLOSED;
	c->pool->all->open--;
	list_remove(&c->link);
	timer_stop(&c->timer);
	if (c->tls != NULL && !c->half_ended)
		(void)tls_close(c->tls);
	tls_conn_free(c->tls);
	if (c->watch.fd >= 0)
		watch_close(loop_of(c), &c->watch);
	else if (c->fd >= 0)
		close(c->fd);
	caller_free(c->caller);
	c->caller = NULL;
	if (c->depth == 0)
		free(c);
}

/* Between calls. */

static void
idle_for_too_long(struct timer *t)
{
	up_close(container_of(t, struct upstream_conn, timer));
}

/* A connection that began with a PROXY header is one client's; one that is at its end nobody's. */
static bool
may_be_kept(const struct upstream_conn *c)
{
	const struct pool *p = c->pool;

	return c->stage == CONN_OPEN && !c->fin && !p->all->retired &&
	       caller_vacancies(c->caller) > 0 && p->proxy->idle_connections > 0 &&
	       pool_to(p)->proxy_protocol == PROXY_HEADER_OFF;
}

static void
rest(struct upstream_conn *c)
{
	struct pool *p = c->pool;

	list_remove(&c->link);
	list_append(&p->idle, &c->link);
	c->idle = true;
	timer_set(loop_of(c), &c->timer, pool_to(p)->idle_timeout, idle_for_too_long);
	if (++p->idle_count > p->proxy->idle_connections)
		up_close(container_of(p->idle.next, struct upstream_conn, link));
}

static void go_on(struct upstream_conn *c);

/* Whether it may have said what was not read yet. */
static bool
has_more(const struct upstream_conn *c)
{
	return c->readable || (c->tls != NULL && tls_has_more(c->tls));
}

/* What it may have said that nobody asked for must be known before it is asked again. */
void
up_settle(struct upstream_conn *c)
{
	if (c->stage == CONN_CLOSED || !list_empty(&c->calls))
		return;
	if (!may_be_kept(c)) {
		if (c->depth == 0)
			up_close(c);
	} else if (has_more(c)) {
		go_on(c);
	} else if (!c->idle) {
		rest(c);
	}
}

/* Under way. */

static void
on_turn(struct timer *t)
{
	up_pump(container_of(t, struct upstream_conn, timer));
}

/* The same from the loop, soon. */
static void
go_on(struct upstream_conn *c)
{
	if (c->stage == CONN_OPEN && !c->idle)
		timer_set(loop_of(c), &c->timer, 0, on_turn);
}

/* Sends what there is. */
static enum tls_result
send_some(struct upstream_conn *c)
{
	struct buf *out = caller_output(c->caller);
	enum tls_result r = TLS_DONE;
	size_t taken;

	while (r == TLS_DONE && buf_len(out) > 0) {
		r = up_write(c, buf_span(out), &taken);
		if (r == TLS_DONE) {
			buf_taken(out, taken);
			c->sent_ms = loop_now(loop_of(c));
		} else if (r == TLS_WANT_SEND) {
			up_wait_for_room(c);
		}
	}
	return r;
}

/* Our direction of another protocol is over. */
static void
end_output(struct upstream_conn *c)
{
	if (c->half_ended || !caller_output_ended(c->caller))
		return;
	c->half_ended = true;
	if (c->tls != NULL)
		(void)tls_close(c->tls);
	sock_half_close(c->fd);
}

/* All that there is to send, and what is made when there is room. False: it is stuck, or gone. */
static bool
flush(struct upstream_conn *c)
{
	do {
		enum tls_result r = send_some(c);

		if (r == TLS_CLOSED || r == TLS_FAILED) {
			caller_fail(c->caller, CALL_CUT, "the connection was lost");
			return false;
		}
		if (r != TLS_DONE)
			return true;
		end_output(c);
		caller_output_sent(c->caller);
	} while (c->stage == CONN_OPEN && buf_len(caller_output(c->caller)) > 0);
	return c->stage == CONN_OPEN;
}

/* Many write a head and what follows it with two calls, and without TCP_NODELAY. */
static void
heed_pieces(const struct upstream_conn *c, size_t got)
{
	if (c->stage == CONN_OPEN && !c->readable && got < SMALL_PIECE && !list_empty(&c->calls))
		sock_ack_now(c->fd);
}

/* Reads once; whether there may be more. */
static bool
fill(struct upstream_conn *c)
{
	const struct upstreams_needs *needs = &c->pool->all->needs;
	size_t got;

	if (!caller_wants_input(c->caller) || !has_more(c))
		return false;
	switch (up_read(c, needs->scratch, needs->scratch_size, &got)) {
	case TLS_DONE:
		(void)caller_receive(c->caller, span_of(needs->scratch, got));
		heed_pieces(c, got);
		return true;
	case TLS_CLOSED:
		c->fin = true;
		c->readable = false;
		caller_receive_end(c->caller);
		return true;
	case TLS_FAILED:
		c->fin = true;
		caller_fail(c->caller, CALL_CUT,
			    c->tls != NULL ? tls_why(c->tls) : "the connection was lost");
		return false;
	case TLS_WANT_RECV:
	case TLS_WANT_SEND:
		break;
	}
	return false;
}

/* Whether it is over for good: no call will come of it, and none is under way. */
static bool
is_over(const struct upstream_conn *c)
{
	return c->stage == CONN_OPEN && caller_is_dead(c->caller) &&
	       buf_len(caller_output(c->caller)) == 0;
}

/* Who has ended may have said why, which a failing write would hide. */
static bool
advance(struct upstream_conn *c)
{
	if (c->fin && c->readable && fill(c))
		return true;
	return c->stage == CONN_OPEN && flush(c) && c->stage == CONN_OPEN && fill(c);
}

void
up_pump(struct upstream_conn *c)
{
	bool more = true;
	int round;

	if (c->depth > 0)
		return;
	up_enter(c);
	for (round = 0; more && round < ROUNDS_A_TURN && c->stage == CONN_OPEN; round++)
		more = advance(c);
	if (more)
		go_on(c);
	if (is_over(c))
		up_fail(c, CALL_CUT, "the connection was lost");
	up_leave(c);
}

/*
 * There is output, or room for input, outside of what we do here. A connection that several
 * clients share goes on from the loop only, never in the middle of what is done for one of them.
 */
static void
on_output(void *owner)
{
	struct upstream_conn *c = owner;

	if (c->depth > 0)
		return;
	up_enter(c);
	if (c->pool->proxy->http2 || (flush(c) && c->readable))
		go_on(c);
	up_leave(c);
}

static const struct caller_host host = {on_output};

/*
 * A request that is whole leaves at once. One with a body leaves with the first piece of that,
 * which mostly follows in the same turn, or at the turn's end. What fails is told later.
 */
void
up_engage(struct upstream_conn *c, bool whole)
{
	if (c->idle) {
		forget_idle(c);
		list_remove(&c->link);
		list_append(&c->pool->busy, &c->link);
	}
	if (c->pool->proxy->http2 || !whole || caller_is_dead(c->caller) ||
	    send_some(c) != TLS_DONE)
		go_on(c);
}

void
up_send(struct upstream_conn *c)
{
	if (c->stage == CONN_OPEN)
		(void)send_some(c);
}

static struct upstream_call *
next_waiting(const struct upstream_conn *c)
{
	for (struct list *i = c->calls.next; i != &c->calls; i = i->next) {
		struct upstream_call *call = container_of(i, struct upstream_call, link);

		if (call->call == NULL)
			return call;
	}
	return NULL;
}

/* More waited than it takes. */
static void
find_another(struct upstream_call *call)
{
	list_remove(&call->link);
	up_new(call->pool, call);
}

void
up_opened(struct upstream_conn *c)
{
	struct upstream_call *call;

	c->stage = CONN_OPEN;
	timer_stop(&c->timer);
	c->caller = (c->pool->proxy->http2 ? h2_caller_new : h1_caller_new)(&host, c, &limits);
	up_enter(c);
	while (c->stage == CONN_OPEN && (call = next_waiting(c)) != NULL) {
		if (!up_begin_call(call, c, &call->request)) {
			find_another(call);
			continue;
		}
		arena_free(call->memory);
		call->memory = NULL;
		call->ops->writable(call->owner);
	}
	c->depth--;
	up_pump(c);
}
