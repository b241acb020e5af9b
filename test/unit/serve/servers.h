/*
 * A client on a real h1 session, and servers that are made of what upstream.h says: the test
 * speaks for both.
 */
#ifndef TEST_SERVE_SERVERS_H
#define TEST_SERVE_SERVERS_H

#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "http/h1.h"
#include "http/pool.h"
#include "os/loop.h"
#include "serve/encode.h"
#include "serve/proxy.h"
#include "serve/upstream.h"

#define ASKED_MAX 8
#define ROOM      4096

struct call {
	uint8_t room[ROOM];
	size_t limit; /* bytes that it still takes */
	struct buf got;
	size_t taken;
	unsigned trailers;
	bool last;
};

struct upstream_call {
	struct call call;
	int member;
	bool fresh, reused, connected, live, patient, cancelled;
	struct call_request request;
	const struct call_ops *ops;
	void *owner;
};

struct test {
	struct upstream_call asked[ASKED_MAX];
	size_t count;
	int members; /* how many there are to choose from */
	struct loop *loop;
	struct log_limit log;
	struct config config;
	struct backend servers[3];
	struct backends to;
	struct proxy proxy;
	struct route route;
	struct site site;
	const char *names[2];
	struct serve serve;
	struct client client;
	struct http_settings settings;
	struct http_session *h1;
	struct buf in, out;
	bool slow;   /* the client reads nothing */
	bool breaks; /* its connection fails at the next write */
	bool pages;  /* the site's own pages for errors are large */
	unsigned over, status;
	const char *served_by;
	struct timer stop;
};

static struct test *now;

int
upstream_choose(struct upstreams *u, const struct proxy *p, struct span key, uint64_t tried)
{
	(void)u, (void)p, (void)key;
	for (int i = 0; i < now->members; i++)
		if ((tried & 1ull << i) == 0)
			return i;
	return -1;
}

struct upstream_call *
upstream_ask(struct upstreams *u, const struct proxy *p, int member, bool fresh,
	     const struct client *client, const struct call_request *request,
	     const struct call_ops *ops, void *owner)
{
	struct upstream_call *c = &now->asked[now->count++];

	(void)u, (void)p, (void)client;
	assert_true(now->count <= ASKED_MAX);
	c->member = member;
	c->fresh = fresh;
	c->live = true;
	c->request = *request;
	c->ops = ops;
	c->owner = owner;
	c->call.limit = SIZE_MAX;
	c->call.got = buf_with_cap(1u << 20);
	return c;
}

struct call *
upstream_call_of(struct upstream_call *c)
{
	assert_true(c->live);
	return c->connected ? &c->call : NULL;
}

bool
upstream_was_reused(const struct upstream_call *c)
{
	return c->reused;
}

void
upstream_has_time(struct upstream_call *c)
{
	assert_true(c->live);
	c->patient = true;
}

void
upstream_cancel(struct upstream_call *c)
{
	assert_true(c->live);
	c->live = false;
	c->cancelled = true;
}

uint8_t *
call_room(struct call *c, size_t *len)
{
	*len = c->limit < ROOM ? c->limit : ROOM;
	return *len > 0 && !c->last ? c->room : NULL;
}

void
call_sent(struct call *c, size_t n, bool last)
{
	assert_false(c->last);
	assert_true(n <= c->limit && buf_append(&c->got, span_of(c->room, n)));
	c->limit -= n;
	c->last = last;
}

void
call_trailers(struct call *c, const struct field *fields, size_t count)
{
	(void)fields;
	c->trailers += (unsigned)count;
	c->last = true;
}

void
call_taken(struct call *c, size_t n)
{
	c->taken += n;
}

/* What the server does. */

static inline void
connects(struct upstream_call *c)
{
	c->connected = true;
	c->ops->writable(c->owner);
}

static inline void
answers(struct upstream_call *c, unsigned status, int64_t length, const char *name,
	const char *value)
{
	struct field fields[] = {{SPAN_OF("server"), SPAN_OF("theirs")},
				 {SPAN_OF("date"), SPAN_OF("yesterday")},
				 {span_str(name), span_str(value)}};
	struct call_answer answer = {
	    .status = status, .fields = fields, .field_count = COUNT(fields), .length = length};

	c->ops->head(c->owner, &answer);
}

static inline void
says(struct upstream_call *c, const char *text, bool last)
{
	c->ops->body(c->owner, span_str(text), last, NULL, 0);
}

static inline void
is_over(struct upstream_call *c)
{
	c->live = false;
	c->ops->over(c->owner);
}

static inline void
fails(struct upstream_call *c, enum call_failure how)
{
	c->ops->failed(c->owner, how, "of a test");
	c->live = false;
}

/* What the client does. */

static inline void
collect(struct test *t)
{
	struct buf *out = session_output(t->h1);

	while (!t->slow && buf_len(out) > 0) {
		assert_true(buf_append(&t->out, buf_span(out)));
		buf_taken(out, buf_len(out));
		session_sent(t->h1);
	}
}

static inline void
feed(struct test *t)
{
	while (buf_len(&t->in) > 0 && session_wants_input(t->h1)) {
		size_t n = session_receive(t->h1, buf_span(&t->in));

		buf_taken(&t->in, n);
		if (n == 0)
			break;
	}
	collect(t);
}

static inline void
sends(struct test *t, const char *text)
{
	assert_true(buf_append(&t->in, span_str(text)));
	feed(t);
}

static inline void
leaves(struct test *t)
{
	struct http_session *h1 = t->h1;

	t->h1 = NULL;
	session_free(h1);
}

static inline const char *
seen(struct test *t)
{
	uint8_t *end;

	collect(t);
	assert_non_null(end = buf_room(&t->out, 1));
	*end = '\0';
	return buf_len(&t->out) > 0 ? (const char *)buf_span(&t->out).p : "";
}

static inline void
assert_seen(struct test *t, const char *text)
{
	if (strstr(seen(t), text) == NULL)
		fail_msg("no %s in:\n%s", text, seen(t));
}

static inline void
assert_not_seen(struct test *t, const char *text)
{
	if (strstr(seen(t), text) != NULL)
		fail_msg("%s in:\n%s", text, seen(t));
}

static inline bool
large_page(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	static const uint8_t page[256 * 1024];

	exchange_respond(ex, status, fields, count, span_of(page, sizeof page));
	return true;
}

static inline void
on_request(struct exchange *ex, void *owner)
{
	struct test *t = owner;

	ex->error_page = t->pages ? large_page : NULL;
	proxy_serve(&t->serve, ex, &t->site, &t->route, ex->request.target);
}

static inline void
on_over(struct exchange *ex, void *owner)
{
	struct test *t = owner;

	t->over++;
	t->status = ex->status;
	t->served_by = ex->served_by;
}

static inline void
on_output(void *owner)
{
	struct test *t = owner;

	if (t->breaks && t->h1 != NULL)
		leaves(t);
	else if (t->h1 != NULL)
		feed(t);
}

static inline int64_t
on_now(void *owner)
{
	(void)owner;
	return 1;
}

static const struct http_host host = {on_request, on_over, on_output, host_date, on_now};

static inline void
stop(struct timer *timer)
{
	(void)timer;
	loop_stop(now->loop);
}

static inline void
passes_time(struct test *t, uint64_t ms)
{
	timer_set(t->loop, &t->stop, ms, stop);
	loop_run(t->loop);
}

static inline int
setup(void **state)
{
	struct test *t = now = calloc(1, sizeof *t);

	assert_ok(loop_new(&t->loop));
	t->members = 1;
	for (size_t i = 0; i < COUNT(t->servers); i++)
		t->servers[i] = (struct backend){.text = "app", .authority = "app.example"};
	t->to = (struct backends){.at = t->servers, .count = COUNT(t->servers)};
	t->proxy = (struct proxy){.to = &t->to, .keep_host = true, .retries = 1};
	t->route = (struct route){.path = "/*", .handler = ROUTE_PROXY, .proxy = &t->proxy};
	t->names[0] = "example.org";
	t->site = (struct site){.names = t->names, .name_count = 1};
	t->serve = (struct serve){.config = &t->config, .loop = t->loop, .log = &t->log};
	t->log.burst = 1;
	t->settings = (struct http_settings){.header_bytes = 8192,
					     .header_fields = 50,
					     .body_bytes = 1 << 20,
					     .server_name = "ours"};
	t->in = buf_with_cap(1u << 20);
	t->out = buf_with_cap(1u << 20);
	t->h1 = h1_new(&host, t, &t->settings, &t->client);
	*state = t;
	return 0;
}

static inline int
teardown(void **state)
{
	struct test *t = *state;

	session_free(t->h1);
	for (size_t i = 0; i < t->count; i++) {
		/* As when the upstreams themselves go. */
		if (t->asked[i].live)
			fails(&t->asked[i], CALL_CUT);
		buf_free(&t->asked[i].call.got);
	}
	loop_free(t->loop);
	buf_free(&t->in);
	buf_free(&t->out);
	pool_thread_end();
	encode_thread_end();
	free(t);
	return 0;
}

#define GET  "GET /x?y HTTP/1.1\r\nHost: example.org\r\n\r\n"
#define HEAD "HEAD /x HTTP/1.1\r\nHost: example.org\r\n\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: example.org\r\n"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
