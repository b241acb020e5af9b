#include <stdlib.h>

#include "base/mem.h"
#include "http/h2.h"
#include "os/sock.h"
#include "role/edge_http_inner.h"

#define ROUNDS_A_TURN 16    /* reads and writes before others get their turn */
#define IN_SLACK      16384 /* kept of what follows a head that is being read */
#define DISCARD_MS    2000  /* for a client to see that it is answered and to say no more */
#define REST_MS       2000  /* of idleness, then memory is given back */

/* What came of one step. */
enum step {
	STEP_DONE, /* there may be more to do */
	STEP_WAIT, /* for the peer, or for a handler */
	STEP_GONE, /* the connection is closed: `h` is no more */
};

static struct http *
http_of(struct conn *c)
{
	return c->stage;
}

/* Until FIN is seen, a read that gives less than asked has given all (epoll(7), EPOLLET). */
static ssize_t
receive(void *owner, void *to, size_t len)
{
	struct http *h = owner;
	ssize_t n = h->readable ? sock_read(h->conn->fd, to, len) : SOCK_AGAIN;

	if (n == SOCK_AGAIN || (n > 0 && (size_t)n < len && !h->fin))
		h->readable = false;
	return n;
}

static ssize_t
transmit(void *owner, const void *from, size_t len)
{
	struct http *h = owner;

	return h->last ? sock_write_more(h->conn->fd, from, len)
		       : sock_write(h->conn->fd, from, len);
}

_Static_assert(SOCK_AGAIN == TLS_IO_AGAIN && SOCK_DEAD == TLS_IO_DEAD,
	       "sockets and TLS say the same of a read");
static const struct tls_io io = {receive, transmit};

static enum tls_result
http_read(struct http *h, void *to, size_t len, size_t *got)
{
	if (h->tls != NULL)
		return tls_read(h->tls, to, len, got);
	return tls_received(receive(h, to, len), got);
}

static enum tls_result
http_write(struct http *h, struct span bytes, size_t *taken)
{
	if (h->tls != NULL)
		return (h->last ? tls_write_last : tls_write)(h->tls, bytes, taken);
	return tls_sent(transmit(h, bytes.p, bytes.len), taken);
}

static void
http_end(struct conn *c)
{
	struct http *h = http_of(c);

	h->pumping = true; /* a handler that is told `gone` must not start anything */
	if (h->http != NULL)
		worker_uncount(h->worker, h->open);
	session_free(h->http);
	tls_conn_free(h->tls);
	buf_free(&h->in);
	free(h);
}

/* The socket takes no more: wait until it does. */
static void
wait_for_room(struct http *h)
{
	struct worker *w = h->worker;

	if (!h->asks_out && failed(watch_change(w->loop, &h->conn->watch, CONN_EVENTS | READY_OUT)))
		return; /* the write timeout ends it */
	h->asks_out = true;
}

static uint64_t
time_for(const struct worker *w, enum session_state state)
{
	const struct limits *limits = &w->view->snapshot->config->limits;

	switch (state) {
	case SESSION_HEAD:
		return limits->header_timeout;
	case SESSION_BODY:
		return limits->body_timeout;
	case SESSION_DISCARDING:
		return DISCARD_MS;
	case SESSION_IDLE:
		return limits->idle_timeout;
	case SESSION_ANSWERING:
	case SESSION_CLOSING:
		break;
	}
	return limits->write_timeout;
}

static void timed_out(struct timer *t);

/* Idle for a while, and it may be for long. */
static void
rest(struct http *h)
{
	uint64_t most = time_for(h->worker, SESSION_IDLE);

	h->restless = false;
	session_rest(h->http);
	timer_set(h->worker->loop, &h->conn->timer, most > REST_MS ? most - REST_MS : 0, timed_out);
}

static void
timed_out(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);
	struct http *h = http_of(c);

	if (h->restless) {
		rest(h);
		return;
	}
	if (h->http == NULL || h->timed == SESSION_ANSWERING || h->timed == SESSION_CLOSING) {
		conn_close(c);
		return;
	}
	session_timed_out(h->http);
	h->timed = SESSION_CLOSING; /* what still waits gets another deadline */
	http_pump(h);
}

/* Whether what the last deadline was for has gone on: mere bytes do not count. */
static bool
has_progressed(struct http *h, bool sending)
{
	bool yes = h->progress != h->http->progress || (sending && h->moved);

	h->progress = h->http->progress;
	h->moved = false;
	return yes;
}

/* Where one deadline is for all of it, a head say; else there is a new one when it moves on. */
static void
set_deadline(struct http *h)
{
	bool sending = buf_len(session_output(h->http)) > 0;
	enum session_state state = sending ? SESSION_ANSWERING : session_state(h->http);
	uint64_t wait = time_for(h->worker, state);
	bool progressed = has_progressed(h, sending);

	if (state == h->timed && sending == h->timed_sending &&
	    (state == SESSION_HEAD || state == SESSION_DISCARDING || !progressed))
		return;
	if (state == SESSION_IDLE || state == SESSION_HEAD)
		conn_may_go(h->conn);
	else if (state == SESSION_BODY || state == SESSION_DISCARDING || sending)
		conn_may_go_last(h->conn);
	else
		conn_keep(h->conn);
	h->timed = state;
	h->timed_sending = sending;
	h->restless = state == SESSION_IDLE && wait > REST_MS && session_may_rest(h->http);
	/* Whoever answers late has a deadline of its own. */
	if (state == SESSION_ANSWERING && !sending)
		timer_stop(&h->conn->timer);
	else
		timer_set(h->worker->loop, &h->conn->timer, h->restless ? REST_MS : wait,
			  timed_out);
}

static enum step
gone(struct http *h)
{
	conn_close(h->conn);
	return STEP_GONE;
}

/* The last byte is written. What the client still says is not ours to answer. */
static enum step
finish(struct http *h)
{
	if (h->tls != NULL)
		(void)tls_close(h->tls); /* if it cannot be sent now, FIN says it too */
	conn_linger(h->conn);
	return STEP_GONE;
}

/* Sends what there is to send, then lets handlers go on. */
static enum step
flush(struct http *h)
{
	struct buf *out = session_output(h->http);
	size_t taken;

	if (!h->answered && h->tls != NULL && !session_will_close(h->http))
		tls_send_ticket(h->tls);
	h->answered = true;
	h->last = session_state(h->http) == SESSION_CLOSING;
	while (buf_len(out) > 0) {
		enum tls_result r = http_write(h, buf_span(out), &taken);

		if (r == TLS_WANT_SEND || r == TLS_WANT_RECV) {
			wait_for_room(h);
			return STEP_WAIT;
		}
		if (r != TLS_DONE)
			return gone(h);
		buf_taken(out, taken);
		worker_count(h->worker, COUNTER_HTTP_OUT, taken);
		h->moved |= taken > 0;
	}
	session_sent(h->http);
	return STEP_DONE;
}

/* Gives HTTP what was kept and what is new, and keeps what it does not use yet. */
static bool
feed(struct http *h, struct span fresh)
{
	if (buf_len(&h->in) == 0 && !h->undecided)
		return buf_append(&h->in, span_tail(fresh, session_receive(h->http, fresh)));
	if (!buf_append(&h->in, fresh))
		return false;
	if (h->undecided && !http_decide(h))
		return h->http != NULL;
	buf_taken(&h->in, session_receive(h->http, buf_span(&h->in)));
	if (buf_len(&h->in) == 0)
		buf_free(&h->in);
	return true;
}

/* A pipelined request may be here already. True when that moved something. */
static bool
feed_kept(struct http *h)
{
	size_t before = buf_len(&h->in);

	return before > 0 && session_wants_input(h->http) && feed(h, SPAN_NONE) &&
	       (buf_len(&h->in) < before || !session_wants_input(h->http));
}

/* Reads once. */
static enum step
fill(struct http *h)
{
	size_t room = h->in.cap - buf_len(&h->in), got = 0;
	uint8_t *scratch = h->worker->scratch;

	if (!session_wants_input(h->http) ||
	    (!h->readable && (h->tls == NULL || !tls_has_more(h->tls))))
		return STEP_WAIT;
	switch (http_read(h, scratch, room < SCRATCH_SIZE ? room : SCRATCH_SIZE, &got)) {
	case TLS_DONE:
		worker_count(h->worker, COUNTER_HTTP_IN, got);
		return feed(h, span_of(scratch, got)) ? STEP_DONE : gone(h);
	case TLS_CLOSED:
		h->readable = false;
		session_receive_end(h->http);
		return STEP_DONE;
	case TLS_FAILED:
		return gone(h);
	case TLS_WANT_RECV:
	case TLS_WANT_SEND:
		break;
	}
	return STEP_WAIT;
}

/* Both ways at once, where a handler bounds what is kept: a body, or another protocol. */
static bool
reads_beside(const struct http *h)
{
	enum session_state state = session_state(h->http);

	return state == SESSION_BODY || state == SESSION_ANSWERING || state == SESSION_DISCARDING;
}

/*
 * The order matters: no request is read while an answer cannot be sent, so a client
 * that does not read its answers cannot make us keep more of them.
 */
static enum step
advance(struct http *h)
{
	if (buf_len(session_output(h->http)) > 0) {
		enum step step = flush(h);

		if (step != STEP_WAIT || !reads_beside(h))
			return step;
	}
	if (session_state(h->http) == SESSION_CLOSING)
		return finish(h);
	return feed_kept(h) ? STEP_DONE : fill(h);
}

static void
go_on(struct timer *t)
{
	http_pump(http_of(container_of(t, struct conn, timer)));
}

void
http_pump(struct http *h)
{
	enum step step = STEP_DONE;

	h->pumping = true;
	for (int round = 0; step == STEP_DONE && round < ROUNDS_A_TURN; round++)
		step = advance(h);
	if (step == STEP_GONE)
		return;
	h->pumping = false;
	if (step == STEP_WAIT) {
		set_deadline(h);
	} else {
		conn_keep(h->conn);
		h->restless = false;
		h->timed = SESSION_CLOSING; /* whatever runs next sets the deadline anew */
		timer_set(h->worker->loop, &h->conn->timer, 0, go_on);
	}
}

static void
begin_http(struct http *h, bool is_http2)
{
	h->in = buf_with_cap(h->worker->http.header_bytes + IN_SLACK);
	if (http_make_session(h, is_http2))
		http_pump(h);
	else
		conn_close(h->conn);
}

static void
secured(struct http *h)
{
	struct worker *w = h->worker;

	h->client.tls_version = tls_version(h->tls);
	h->client.tls_cipher = tls_cipher(h->tls);
	worker_count(w, COUNTER_TLS, 1);
	worker_count(w, tls_is_13(h->tls) ? COUNTER_TLS13 : COUNTER_TLS12, 1);
	if (tls_resumed(h->tls))
		worker_count(w, COUNTER_TLS_RESUMED, 1);
	begin_http(h, span_equal(tls_alpn(h->tls), SPAN_OF(H2_ALPN)));
}

static void
handshake(struct http *h)
{
	struct worker *w = h->worker;
	char peer[ADDRESS_TEXT_MAX];

	switch (tls_handshake(h->tls)) {
	case TLS_DONE:
		secured(h);
		break;
	case TLS_WANT_SEND:
		wait_for_room(h);
		break;
	case TLS_WANT_RECV:
		break;
	case TLS_CLOSED:
	case TLS_FAILED:
		worker_count(w, COUNTER_TLS_FAILED, 1);
		log_peer(&w->limit, "TLS with %s failed: %s", address_text(&h->conn->peer, peer),
			 tls_why(h->tls));
		conn_linger(h->conn);
		break;
	}
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct http *h = http_of(container_of(watch, struct conn, watch));

	if (events & (READY_ERR | READY_HUP)) {
		conn_close(h->conn);
		return;
	}
	if (events & (READY_IN | READY_RDHUP))
		h->readable = true;
	if (events & READY_RDHUP)
		h->fin = true;
	if (h->http == NULL)
		handshake(h);
	else
		http_pump(h);
}

static struct http *
http_new(struct conn *c, bool secure)
{
	struct http *h = MEM_NEW(struct http);

	*h = (struct http){.conn = c,
			   .worker = c->worker,
			   .client = {.peer = c->peer,
				      .local = c->local,
				      .secure = secure,
				      .admin = c->kind == LISTENER_ADMIN,
				      .accepted_ms = c->accepted_ms},
			   .readable = true,
			   .fin = c->fin};
	c->stage = h;
	c->end = http_end;
	c->watch.ready = ready;
	return h;
}

/* What is left of it: it runs from the hello's first byte, and telling it apart took a while. */
static uint64_t
handshake_time(const struct conn *c)
{
	uint64_t most = c->view->snapshot->config->limits.handshake_timeout;
	uint64_t gone = (uint64_t)(loop_now(c->worker->loop) - c->spoke_ms);

	return gone < most ? most - gone : 0;
}

/* The first site answers for names that are nobody's; one that is implied does so on the admin port
 * alone. */
static bool
has_default_site(const struct conn *c, const struct config *config)
{
	return config->site_count > 0 && (!config->sites[0].implied || c->kind == LISTENER_ADMIN);
}

void
http_begin_tls(struct conn *c, const struct site *site, const struct hello *hello)
{
	const struct config *config = c->view->snapshot->config;
	struct http *h = http_new(c, true);

	if (site == NULL && has_default_site(c, config))
		site = &config->sites[0];
	if (site != NULL)
		h->tls = tls_conn_new(c->view->contexts[site - config->sites], &io, h);
	if (h->tls == NULL) {
		conn_close(c);
		return;
	}
	if (hello != NULL)
		memcpy(h->name, hello->name, sizeof h->name);
	h->client.server_name = span_str(h->name);
	timer_set(c->worker->loop, &c->timer, handshake_time(c), timed_out);
	handshake(h);
}

void
http_begin_plain(struct conn *c)
{
	struct http *h = http_new(c, false);

	h->undecided = http_may_be_http2(c);
	begin_http(h, false);
}

bool
conn_is_http(const struct conn *c)
{
	return c->end == http_end;
}

void
http_drain(struct conn *c)
{
	struct http *h = http_of(c);

	if (h->http == NULL) {
		conn_close(c);
		return;
	}
	session_drain(h->http);
	http_pump(h);
}
