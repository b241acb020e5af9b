/*
 * A peer and an owner for h1, in memory: feeds bytes as they are cut, sends on what
 * comes out, and writes down which requests were seen. Shared with the fuzz target.
 */
#ifndef TEST_HTTP_TALK_H
#define TEST_HTTP_TALK_H

#include <stdlib.h>

#include "http/h1.h"
#include "http/pool.h"

#define TALK_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define TALK_BIG  300000
#define TALK_MAX  (4u << 20)

struct talk {
	struct http_session *h1;
	struct http_settings settings;
	struct client client;
	struct buf in;          /* not used yet */
	struct buf out;         /* all that was sent */
	struct buf log;         /* "METHOD host path?query\n" and, once complete, " body\n" */
	struct exchange *later; /* of "/later" or "/hold", which nobody answers by itself */
	size_t held;            /* of "/hold": bytes given and not taken */
	bool held_all;
	uint64_t body_max; /* not 0: what requests are allowed */
	unsigned switches;
	unsigned requests, overs, gones, outputs;
	unsigned last_status; /* as `over` saw it */
	uint64_t last_sent;
	bool deaf; /* the peer reads nothing: output stays */
};

/* How a handler of this table goes on. */
struct talk_answer {
	struct talk *t;
	struct buf body;
	uint64_t left;
	unsigned pieces;
};

static inline uint8_t
talk_byte(uint64_t at)
{
	return (uint8_t)('a' + at % 26);
}

static inline void
talk_note(struct buf *to, struct span bytes)
{
	if (!buf_append(to, bytes))
		abort();
}

static inline void
talk_gone(struct exchange *ex)
{
	struct talk_answer *a = ex->handling;

	a->t->gones++;
	buf_free(&a->body);
}

static inline void
talk_echo_body(struct exchange *ex, struct span bytes, bool last)
{
	struct talk_answer *a = ex->handling;

	talk_note(&a->body, bytes);
	exchange_taken(ex, bytes.len);
	if (!last)
		return;
	talk_note(&a->t->log, SPAN_OF(" "));
	talk_note(&a->t->log, buf_span(&a->body));
	talk_note(&a->t->log, SPAN_OF("\n"));
	for (size_t i = 0; i < ex->request.trailer_count; i++) {
		talk_note(&a->t->log, SPAN_OF(" +"));
		talk_note(&a->t->log, ex->request.trailers[i].name);
		talk_note(&a->t->log, SPAN_OF("="));
		talk_note(&a->t->log, ex->request.trailers[i].value);
		talk_note(&a->t->log, SPAN_OF("\n"));
	}
	exchange_respond(ex, 200, NULL, 0, buf_span(&a->body));
}

static inline void
talk_big_writable(struct exchange *ex)
{
	struct talk_answer *a = ex->handling;
	uint8_t *room;
	size_t len;

	while ((room = exchange_room(ex, &len)) != NULL) {
		if (len > a->left)
			len = (size_t)a->left;
		for (size_t i = 0; i < len; i++)
			room[i] = talk_byte(TALK_BIG - a->left + i);
		a->left -= len;
		exchange_sent(ex, len, a->left == 0);
	}
}

/* Keeps it, and does not say so. */
static inline void
talk_hold_body(struct exchange *ex, struct span bytes, bool last)
{
	struct talk_answer *a = ex->handling;

	a->t->held += bytes.len;
	a->t->held_all |= last;
	talk_note(&a->body, bytes);
}

/* Says back what the other protocol's bytes were, with "." at their end. */
static inline void
talk_raw_writable(struct exchange *ex)
{
	struct talk_answer *a = ex->handling;
	uint8_t *room;
	size_t len;

	while (buf_len(&a->body) > 0 && (room = exchange_room(ex, &len)) != NULL) {
		struct span piece = span_head(buf_span(&a->body), len);
		bool last = a->t->held_all && piece.len == buf_len(&a->body);

		memcpy(room, piece.p, piece.len);
		len = piece.len;
		buf_taken(&a->body, len);
		exchange_taken(ex, last ? len - 1 : len);
		exchange_sent(ex, len, last);
		if (last)
			return;
	}
}

static inline void
talk_raw_body(struct exchange *ex, struct span bytes, bool last)
{
	struct talk_answer *a = ex->handling;

	talk_note(&a->body, bytes);
	if (last)
		talk_note(&a->body, SPAN_OF("."));
	a->t->held_all = last;
	talk_raw_writable(ex);
}

static const struct handler_ops talk_raw = {
    .body = talk_raw_body, .writable = talk_raw_writable, .gone = talk_gone};
static const struct handler_ops talk_hold = {.body = talk_hold_body, .gone = talk_gone};
static const struct handler_ops talk_echo = {.body = talk_echo_body, .gone = talk_gone};
static const struct handler_ops talk_big = {.writable = talk_big_writable, .gone = talk_gone};
static const struct handler_ops talk_later = {.gone = talk_gone};

static inline void
talk_start_big(struct exchange *ex, int64_t length)
{
	exchange_start(ex, 200, NULL, 0, length);
	if (!ex->answered)
		talk_big_writable(ex);
}

/* Text of unknown length, then trailers, of which one is not for them. */
static inline void
talk_trail(struct exchange *ex)
{
	static const struct field fields[] = {{SPAN_INIT("grpc-status"), SPAN_INIT("0")},
					      {SPAN_INIT("content-length"), SPAN_INIT("9")}};
	uint8_t *room;
	size_t len;

	exchange_start(ex, 200, NULL, 0, LENGTH_UNKNOWN);
	if ((room = exchange_room(ex, &len)) != NULL) {
		memcpy(room, "abc", 3);
		exchange_sent(ex, 3, false);
	}
	exchange_trailers(ex, fields, COUNT(fields));
}

static inline void
talk_switch(struct exchange *ex)
{
	static const struct field field = {SPAN_INIT("sec-websocket-accept"), SPAN_INIT("x")};

	ex->handler = &talk_raw;
	if (ex->request.protocol.len > 0)
		exchange_switch(ex, &field, 1);
	else
		exchange_respond_status(ex, 426, SPAN_NONE);
}

static inline void
talk_hint(struct exchange *ex)
{
	static const struct field link = {SPAN_INIT("link"), SPAN_INIT("</a>; rel=preload")};

	exchange_interim(ex, 103, &link, 1);
	exchange_respond(ex, 200, NULL, 0, SPAN_OF("hello"));
}

/* Promises ten bytes and has five. */
static inline void
talk_short(struct exchange *ex)
{
	size_t len;

	exchange_start(ex, 200, NULL, 0, 10);
	uint8_t *room = exchange_room(ex, &len);
	if (room == NULL)
		return;
	memcpy(room, "short", 5);
	exchange_sent(ex, 5, true);
}

static inline bool
talk_path_is(const struct exchange *ex, const char *path)
{
	return span_equal(ex->request.path, span_str(path));
}

static inline void
talk_answer(struct exchange *ex, struct talk *t)
{
	if (talk_path_is(ex, "/echo")) {
		ex->handler = &talk_echo;
		if (ex->request.length == LENGTH_NONE || ex->request.length == 0)
			talk_echo_body(ex, SPAN_NONE, true);
	} else if (ex->request.length == LENGTH_NONE &&
		   (talk_path_is(ex, "/big") || talk_path_is(ex, "/unknown"))) {
		/* Not beside a body: how much was sent when that turns out bad is a matter of time.
		 */
		ex->handler = &talk_big;
		talk_start_big(ex, talk_path_is(ex, "/big") ? TALK_BIG : LENGTH_UNKNOWN);
	} else if (talk_path_is(ex, "/later")) {
		ex->handler = &talk_later;
		t->later = ex;
	} else if (talk_path_is(ex, "/hold")) {
		ex->handler = &talk_hold;
		t->later = ex;
	} else if (talk_path_is(ex, "/switch")) {
		talk_switch(ex);
	} else if (talk_path_is(ex, "/hint")) {
		talk_hint(ex);
	} else if (talk_path_is(ex, "/trail")) {
		talk_trail(ex);
	} else if (talk_path_is(ex, "/unasked")) {
		ex->request.expects_continue = false;
		ex->handler = &talk_hold;
		t->later = ex;
	} else if (talk_path_is(ex, "/short")) {
		talk_short(ex);
	} else if (talk_path_is(ex, "/304")) {
		exchange_respond_bare(ex, 304, NULL, 0);
	} else if (talk_path_is(ex, "/abort")) {
		exchange_abort(ex);
	} else {
		ex->wants_close = talk_path_is(ex, "/close");
		exchange_respond(ex, 200, NULL, 0, SPAN_OF("hello"));
	}
}

static inline void
talk_request(struct exchange *ex, void *owner)
{
	struct talk *t = owner;
	struct request *r = &ex->request;
	struct talk_answer *a = ARENA_NEW(ex->memory, struct talk_answer);
	const struct span parts[] = {r->method_name, SPAN_OF(" "), r->authority, SPAN_OF(" "),
				     r->path,        SPAN_OF("?"), r->query,     SPAN_OF("\n")};

	t->requests++;
	for (size_t i = 0; i < COUNT(parts); i++)
		talk_note(&t->log, parts[i]);
	*a = (struct talk_answer){.t = t, .body = buf_with_cap(TALK_MAX), .left = TALK_BIG};
	ex->handling = a;
	if (t->body_max != 0)
		ex->body_max = t->body_max;
	talk_answer(ex, t);
}

static inline void
talk_over(struct exchange *ex, void *owner)
{
	struct talk *t = owner;

	t->overs++;
	t->last_status = ex->status;
	t->last_sent = ex->body_sent;
	if (t->later == ex)
		t->later = NULL;
}

static inline void
talk_output(void *owner)
{
	struct talk *t = owner;

	t->outputs++;
}

static inline struct span
talk_date(void *owner)
{
	(void)owner;
	return SPAN_OF(TALK_DATE);
}

static inline int64_t
talk_now(void *owner)
{
	(void)owner;
	return 1000;
}

static inline void
talk_switched(struct exchange *ex, void *owner)
{
	struct talk *t = owner;

	(void)ex;
	t->switches++;
}

static const struct http_host talk_host = {talk_request, talk_over, talk_output,
					   talk_date,    talk_now,  talk_switched};

static inline void
talk_start(struct talk *t)
{
	*t = (struct talk){
	    .settings = {.header_bytes = 1024, .header_fields = 16, .body_bytes = 100000},
	    .client = {.secure = true},
	    .in = buf_with_cap(TALK_MAX),
	    .out = buf_with_cap(TALK_MAX),
	    .log = buf_with_cap(TALK_MAX),
	};
	t->h1 = h1_new(&talk_host, t, &t->settings, &t->client);
}

static inline void
talk_end(struct talk *t)
{
	session_free(t->h1);
	t->h1 = NULL;
	buf_free(&t->in);
	buf_free(&t->out);
	buf_free(&t->log);
	pool_thread_end();
}

/* Sends all there is, in pieces of at most `piece`; then what was kept may go on. */
static inline bool
talk_flush(struct talk *t, size_t piece)
{
	struct buf *out = session_output(t->h1);
	bool moved = false;

	while (!t->deaf && buf_len(out) > 0) {
		struct span sent = span_head(buf_span(out), piece);

		talk_note(&t->out, sent);
		buf_taken(out, sent.len);
		session_sent(t->h1);
		moved = true;
	}
	return moved;
}

static inline void
talk_say(struct talk *t, struct span bytes)
{
	size_t used;

	talk_note(&t->in, bytes);
	do {
		enum session_state before = session_state(t->h1);

		used = session_receive(t->h1, buf_span(&t->in));
		if (used > buf_len(&t->in))
			abort();
		buf_taken(&t->in, used);
		if (!talk_flush(t, SIZE_MAX) && used == 0 && before == session_state(t->h1))
			break;
	} while (buf_len(&t->in) > 0);
}

#endif
