/*
 * Upstreams on a real loop, and servers on loopback that live in the same loop and do what
 * the test says.
 */
#ifndef TEST_SERVE_UPSTREAM_H
#define TEST_SERVE_UPSTREAM_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/h1.h"
#include "http/pool.h"
#include "os/loop.h"
#include "os/sock.h"
#include "serve/target.h"
#include "serve/upstream.h"
#include "tls/certificate.h"
#include "tls/client.h"
#include "unit.h"

#define SERVERS     2
#define CONNS       16
#define SCRATCH     65536
#define PATIENCE_MS 3000

enum manner {
	MANNER_ANSWER,   /* 200, with the connection's number as its body */
	MANNER_TWICE,    /* the same, and another answer, with "!", behind it */
	MANNER_CLOSE,    /* the first, and FIN right behind it, unannounced */
	MANNER_SILENT,   /* nothing, ever */
	MANNER_HEAD,     /* a head, and then nothing */
	MANNER_HANG_UP,  /* FIN instead of an answer */
	MANNER_NONSENSE, /* no HTTP */
};

struct server;

struct served {
	struct server *server;
	struct watch watch;
	int fd;
	struct tls_conn *tls;
	struct buf got;
	unsigned number, requests;
	bool closed; /* by the other side */
};

struct server {
	struct watch watch;
	struct loop *loop;
	int fd;
	struct address at;
	enum manner manner;
	struct tls_context *tls; /* NULL: in clear */
	struct served conns[CONNS];
	unsigned count;
};

struct test {
	struct loop *loop;
	struct timer patience;
	bool impatient;
	struct server servers[SERVERS];
	struct tls_library *tls;
	struct config config;
	struct proxy proxy, *proxies[1];
	struct backends to, *backends[1];
	struct backend members[SERVERS];
	struct target target[SERVERS], *targets[1];
	const char *authority_files[1];
	struct span authorities[1];
	struct upstreams *up;
	uint8_t scratch[SCRATCH];
	size_t scratch_size; /* of it, so much is read at once */
};

/* One request, and what was told of it. */
struct asked {
	struct test *test;
	struct upstream_call *call;
	struct span body; /* what is still to be sent; SPAN_NONE: no body */
	unsigned status;
	char got[256];
	size_t len;
	bool over, failed, reused, writable;
	enum call_failure how;
	char why[256];
};

/* The server's side. */

static inline ssize_t
served_recv(void *owner, void *to, size_t len)
{
	return sock_read(((struct served *)owner)->fd, to, len);
}

static inline ssize_t
served_send(void *owner, const void *from, size_t len)
{
	return sock_write(((struct served *)owner)->fd, from, len);
}

static const struct tls_io served_io = {served_recv, served_send};

static inline void
served_close(struct served *s)
{
	if (s->fd < 0)
		return;
	watch_close(s->server->loop, &s->watch);
	s->fd = -1;
}

static inline void
served_say(struct served *s, const char *text)
{
	size_t n;

	if (s->tls != NULL)
		assert_int_equal(tls_write(s->tls, span_str(text), &n), TLS_DONE);
	else
		assert_int_equal(sock_write(s->fd, text, strlen(text)), strlen(text));
}

static inline void
served_answer(struct served *s)
{
	char text[128];

	s->requests++;
	switch (s->server->manner) {
	case MANNER_ANSWER:
	case MANNER_CLOSE:
		snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%c",
			 '0' + (int)s->number);
		served_say(s, text);
		if (s->server->manner == MANNER_CLOSE)
			served_close(s);
		break;
	case MANNER_TWICE:
		snprintf(text, sizeof text,
			 "HTTP/1.1 200 OK\r\nX: yyyy\r\nContent-Length: 1\r\n\r\n%c"
			 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!",
			 '0' + (int)s->number);
		served_say(s, text);
		break;
	case MANNER_HEAD:
		served_say(s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123");
		break;
	case MANNER_NONSENSE:
		served_say(s, "SSH-2.0-nonsense\r\n");
		break;
	case MANNER_HANG_UP:
		served_close(s);
		break;
	case MANNER_SILENT:
		break;
	}
}

/* A request ends with its head, or where its body says "END". */
static inline bool
served_take_request(struct served *s)
{
	struct span got = buf_span(&s->got);
	uint8_t *end = got.len > 0 ? memmem(got.p, got.len, "\r\n\r\n", 4) : NULL;

	if (end == NULL)
		return false;
	size_t len = (size_t)(end + 4 - got.p);
	if (memmem(got.p, len, "content-length: ", 16) != NULL ||
	    memmem(got.p, len, "Content-Length: ", 16) != NULL) {
		uint8_t *last = memmem(got.p, got.len, "END", 3);

		if (last == NULL)
			return false;
		len = (size_t)(last + 3 - got.p);
	}
	(void)len;
	return true;
}

static inline ssize_t
served_read(struct served *s, uint8_t *to, size_t len)
{
	size_t got;

	if (s->tls == NULL)
		return sock_read(s->fd, to, len);
	enum tls_result r = tls_handshake(s->tls);
	if (r == TLS_DONE)
		r = tls_read(s->tls, to, len, &got);
	return r == TLS_DONE ? (ssize_t)got : r == TLS_WANT_RECV ? SOCK_AGAIN : 0;
}

static inline void
served_ready(struct watch *w, uint32_t events)
{
	struct served *s = container_of(w, struct served, watch);
	uint8_t bytes[4096];
	ssize_t n;

	(void)events;
	while (s->fd >= 0 && (n = served_read(s, bytes, sizeof bytes)) > 0)
		assert_true(buf_append(&s->got, span_of(bytes, (size_t)n)));
	if (s->fd < 0 || n == SOCK_AGAIN) {
		unsigned asked = 0;
		struct span got = buf_span(&s->got);

		if (!served_take_request(s))
			return;
		for (size_t i = 0; i + 5 < got.len; i++)
			asked += memcmp(got.p + i, " HTTP/", 6) == 0;
		while (s->fd >= 0 && s->requests < asked)
			served_answer(s);
		return;
	}
	s->closed = true;
	served_close(s);
}

static inline void
server_ready(struct watch *w, uint32_t events)
{
	struct server *server = container_of(w, struct server, watch);
	struct address peer;
	int fd;

	(void)events;
	while ((fd = sock_accept(server->fd, &peer)) >= 0) {
		struct served *s = &server->conns[server->count];

		assert_in_range(server->count, 0, CONNS - 1);
		*s = (struct served){.server = server,
				     .fd = fd,
				     .number = ++server->count,
				     .got = buf_with_cap(1 << 20)};
		if (server->tls != NULL)
			s->tls = tls_conn_new(server->tls, &served_io, s);
		assert_ok(watch_start(server->loop, &s->watch, fd, READY_IN, served_ready));
	}
}

static inline void
server_start(struct server *s, struct loop *l)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};

	s->loop = l;
	s->at = address_v4(loopback, 0);
	assert_ok(sock_listen_tcp(&s->at, &s->fd));
	sock_local(s->fd, &s->at);
	assert_ok(watch_start(l, &s->watch, s->fd, READY_IN, server_ready));
}

/* From here on nobody listens there. */
static inline void
server_stop(struct server *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		served_close(&s->conns[i]);
		tls_conn_free(s->conns[i].tls);
		s->conns[i].tls = NULL;
		buf_free(&s->conns[i].got);
	}
	s->count = 0;
	if (s->fd >= 0)
		watch_close(s->loop, &s->watch);
	s->fd = -1;
}

static inline unsigned
server_open(const struct server *s)
{
	unsigned open = 0;

	for (unsigned i = 0; i < s->count; i++)
		open += s->conns[i].fd >= 0;
	return open;
}

/* Ours. */

static inline void
test_impatient(struct timer *t)
{
	struct test *test = container_of(t, struct test, patience);

	test->impatient = true;
	loop_stop(test->loop);
}

/* For so long, or until something is told. */
static inline void
test_run(struct test *t, uint64_t ms)
{
	t->impatient = false;
	timer_set(t->loop, &t->patience, ms, test_impatient);
	loop_run(t->loop);
	timer_stop(&t->patience);
}

static inline void
asked_interim(void *owner, unsigned status, const struct field *fields, size_t count)
{
	(void)owner, (void)status, (void)fields, (void)count;
}

static inline void
asked_head(void *owner, const struct call_answer *answer)
{
	((struct asked *)owner)->status = answer->status;
}

static inline void
asked_body(void *owner, struct span bytes, bool last, const struct field *trailers, size_t count)
{
	struct asked *a = owner;

	(void)last, (void)trailers, (void)count;
	assert_in_range(a->len + bytes.len, 0, sizeof a->got - 1);
	if (bytes.len > 0)
		memcpy(a->got + a->len, bytes.p, bytes.len);
	a->len += bytes.len;
	call_taken(upstream_call_of(a->call), bytes.len);
}

static inline void
asked_send_body(struct asked *a)
{
	struct call *call = upstream_call_of(a->call);
	size_t room;
	uint8_t *to;

	while (a->body.len > 0 && (to = call_room(call, &room)) != NULL) {
		size_t n = room < a->body.len ? room : a->body.len;

		memcpy(to, a->body.p, n);
		a->body = span_tail(a->body, n);
		call_sent(call, n, a->body.len == 0);
	}
}

static inline void
asked_writable(void *owner)
{
	struct asked *a = owner;

	a->writable = true;
	asked_send_body(a);
}

static inline void
asked_failed(void *owner, enum call_failure how, const char *why)
{
	struct asked *a = owner;

	assert_false(a->over || a->failed);
	a->failed = true;
	a->how = how;
	a->reused = upstream_was_reused(a->call);
	snprintf(a->why, sizeof a->why, "%s", why);
	loop_stop(a->test->loop);
}

static inline void
asked_over(void *owner)
{
	struct asked *a = owner;

	assert_false(a->over || a->failed);
	a->over = true;
	loop_stop(a->test->loop);
}

static const struct call_ops asked_ops = {asked_interim,  asked_head,   asked_body,
					  asked_writable, asked_failed, asked_over};

static inline void
ask_with(struct test *t, struct asked *a, int member, bool fresh, struct span body)
{
	static const uint8_t ip[] = {192, 0, 2, 1}, our_ip[] = {192, 0, 2, 2};
	const struct client client = {.peer = address_v4(ip, 1234),
				      .local = address_v4(our_ip, 443)};
	const struct field fields[] = {{SPAN_INIT("accept"), SPAN_INIT("*/*")}};
	const struct call_request request = {
	    .method = body.len > 0 ? METHOD_POST : METHOD_GET,
	    .method_name = body.len > 0 ? SPAN_OF("POST") : SPAN_OF("GET"),
	    .authority = SPAN_OF("a.example"),
	    .target = SPAN_OF("/x"),
	    .fields = fields,
	    .field_count = COUNT(fields),
	    .length = body.len > 0 ? (int64_t)body.len : LENGTH_NONE,
	};

	*a = (struct asked){.test = t, .body = body};
	a->call = upstream_ask(t->up, &t->proxy, member, fresh, &client, &request, &asked_ops, a);
	assert_non_null(a->call);
	assert_false(a->over || a->failed || a->writable || a->status != 0);
}

/* A GET of member 0, until it is over. */
static inline void
ask(struct test *t, struct asked *a)
{
	ask_with(t, a, 0, false, SPAN_NONE);
	test_run(t, PATIENCE_MS);
}

static inline void
assert_answered_by(const struct asked *a, const char *body)
{
	if (a->failed)
		fail_msg("failed: %s", a->why);
	assert_true(a->over);
	assert_int_equal(a->status, 200);
	assert_string_equal(a->got, body);
}

static inline void
assert_failed(const struct asked *a, enum call_failure how, const char *why)
{
	assert_true(a->failed);
	assert_false(a->over);
	assert_int_equal(a->how, how);
	if (strstr(a->why, why) == NULL)
		fail_msg("\"%s\", not \"%s\"", a->why, why);
}

static inline void
test_begin(struct test *t)
{
	t->up = upstreams_new(&(struct upstreams_needs){.loop = t->loop,
							.tls = t->tls,
							.config = &t->config,
							.targets = t->targets,
							.authorities = t->authorities,
							.scratch = t->scratch,
							.scratch_size = t->scratch_size});
}

static inline int
test_setup(void **state)
{
	struct test *t = calloc(1, sizeof *t);

	assert_ok(loop_new(&t->loop));
	t->tls = tls_library_new();
	for (size_t i = 0; i < SERVERS; i++) {
		server_start(&t->servers[i], t->loop);
		t->members[i] =
		    (struct backend){.text = i == 0 ? "first" : "second", .host = "localhost"};
		t->target[i] =
		    (struct target){.at = {t->servers[i].at}, .count = 1, .directory = -1};
	}
	t->to = (struct backends){.name = "a.example /*",
				  .at = t->members,
				  .count = SERVERS,
				  .connect_timeout = 1000,
				  .idle_timeout = 5000,
				  .retry_after = 10000};
	t->proxy = (struct proxy){
	    .to = &t->to, .answer_timeout = 2000, .idle_connections = 4, .retries = 1};
	t->proxies[0] = &t->proxy;
	t->backends[0] = &t->to;
	t->targets[0] = t->target;
	t->authority_files[0] = "/etc/ca.pem";
	t->config = (struct config){.proxies = t->proxies,
				    .proxy_count = 1,
				    .backends = t->backends,
				    .backends_count = 1,
				    .authorities = t->authority_files,
				    .authority_count = 1,
				    .limits = {.connections = 12}};
	t->scratch_size = sizeof t->scratch;
	test_begin(t);
	*state = t;
	return 0;
}

static inline int
test_teardown(void **state)
{
	struct test *t = *state;

	upstreams_free(t->up);
	for (size_t i = 0; i < SERVERS; i++) {
		assert_int_equal(atomic_load(&t->target[i].active), 0);
		server_stop(&t->servers[i]);
		tls_context_free(t->servers[i].tls);
	}
	tls_library_free(t->tls);
	loop_free(t->loop);
	pool_thread_end();
	free(t);
	return 0;
}

#endif
