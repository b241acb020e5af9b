/*
 * An owner of calls and of their connection, in memory: asks, feeds a server's bytes as they
 * are cut, and writes down all it is told. Shared with the fuzz targets.
 */
#ifndef TEST_HTTP_ASK_H
#define TEST_HTTP_ASK_H

#include <stdlib.h>

#include "http/call.h"

#define ASK_MAX (8u << 20)

struct ask;

/* What an owner does when it is told something. */
enum ask_habit {
	ASK_TAKES = 0,   /* takes all it is given at once */
	ASK_HOLDS = 1,   /* takes nothing by itself */
	ASK_CANCELS = 2, /* cancels when it is told `when` */
	ASK_FREES = 4,   /* frees the whole caller then */
	ASK_AGAIN = 8,   /* begins the next call in `over` */
};

struct ask_call {
	struct ask *a;
	struct call *call; /* NULL once it is forgotten */
	struct buf log;    /* "H 200 5 name=value", "B <bytes>", "L name=value", "F how", "O" */
	struct buf body;
	size_t held; /* given and not taken */
	unsigned heads, lasts, failures, overs, writables;
	unsigned status;
	int64_t length;
	enum call_failure how;
	char why[96];
	bool switched, cancelled;
};

struct ask {
	struct caller *caller;
	struct caller_limits limits;
	struct ask_call calls[8];
	size_t count;
	struct buf sent;  /* all that was sent */
	unsigned outputs; /* times the host was told */
	unsigned habit;
	char when; /* the letter of the event that the habit waits for */
	bool deaf; /* the server reads nothing: output stays */
	bool freed;
};

static inline void
ask_put(struct buf *to, struct span bytes)
{
	if (!buf_append(to, bytes))
		abort();
}

static inline void
ask_put_fields(struct buf *to, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ask_put(to, SPAN_OF(" "));
		ask_put(to, fields[i].name);
		ask_put(to, SPAN_OF("="));
		ask_put(to, fields[i].value);
	}
	ask_put(to, SPAN_OF("\n"));
}

static inline void
ask_note(struct ask_call *c, const char *what, int64_t a, int64_t b)
{
	if (!buf_printf(&c->log, "%s %lld %lld", what, (long long)a, (long long)b))
		abort();
}

static inline void
ask_act(struct ask_call *c, char event)
{
	struct ask *a = c->a;

	if (a->when != event)
		return;
	if ((a->habit & ASK_CANCELS) != 0 && c->call != NULL) {
		c->cancelled = true;
		struct call *call = c->call;
		c->call = NULL;
		call_cancel(call);
	}
	if ((a->habit & ASK_FREES) != 0 && !a->freed) {
		a->freed = true;
		caller_free(a->caller);
	}
}

/* Told of a call that is no more. */
static inline void
ask_check_alive(const struct ask_call *c)
{
	if (c->cancelled || c->failures + c->overs > 0)
		abort();
}

static inline void
ask_interim(void *owner, unsigned status, const struct field *fields, size_t count)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	ask_note(c, "I", status, 0);
	ask_put_fields(&c->log, fields, count);
	ask_act(c, 'I');
}

static inline void
ask_head(void *owner, const struct call_answer *answer)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	c->heads++;
	c->status = answer->status;
	c->length = answer->length;
	c->switched = answer->switched;
	ask_note(c, answer->switched ? "S" : "H", answer->status, answer->length);
	ask_put_fields(&c->log, answer->fields, answer->field_count);
	ask_act(c, 'H');
}

static inline void
ask_body(void *owner, struct span bytes, bool last, const struct field *trailers,
	 size_t trailer_count)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	if (c->heads != 1 || c->lasts > 0)
		abort();
	ask_put(&c->body, bytes);
	c->held += bytes.len;
	if (c->held > EXCHANGE_WINDOW)
		abort();
	if (last) {
		c->lasts++;
		ask_put(&c->log, SPAN_OF("L"));
		ask_put_fields(&c->log, trailers, trailer_count);
	}
	if ((c->a->habit & ASK_HOLDS) == 0) {
		size_t n = c->held;
		c->held = 0;
		call_taken(c->call, n);
	}
	ask_act(c, last ? 'L' : 'B');
}

static inline void
ask_writable(void *owner)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	c->writables++;
	ask_act(c, 'W');
}

static inline void
ask_failed(void *owner, enum call_failure how, const char *why)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	c->failures++;
	c->how = how;
	c->call = NULL;
	for (size_t i = 0; i + 1 < sizeof c->why && why[i] != '\0'; i++)
		c->why[i] = why[i];
	ask_note(c, "F", how, 0);
	ask_act(c, 'F');
}

static inline void ask_one(struct ask *a, const struct call_request *r);

static inline void
ask_over(void *owner)
{
	struct ask_call *c = owner;

	ask_check_alive(c);
	if (c->lasts != 1)
		abort();
	c->overs++;
	c->call = NULL;
	ask_note(c, "O", 0, 0);
	ask_act(c, 'O');
	if ((c->a->habit & ASK_AGAIN) != 0 && !c->a->freed && c->a->count < COUNT(c->a->calls))
		ask_one(c->a, NULL);
}

static const struct call_ops ask_ops = {ask_interim,  ask_head,   ask_body,
					ask_writable, ask_failed, ask_over};

static inline void
ask_output(void *owner)
{
	struct ask *a = owner;

	a->outputs++;
}

static const struct caller_host ask_host = {ask_output};

static inline void
ask_start(struct ask *a, struct caller *(*make)(const struct caller_host *host, void *owner,
						const struct caller_limits *limits))
{
	*a = (struct ask){.limits = {.header_bytes = 2048, .header_fields = 16}};
	a->sent = buf_with_cap(ASK_MAX);
	a->caller = make(&ask_host, a, &a->limits);
}

/* What a GET is, where a test does not care. */
static inline struct call_request
ask_get(void)
{
	return (struct call_request){.method = METHOD_GET,
				     .method_name = SPAN_OF("GET"),
				     .authority = SPAN_OF("a"),
				     .target = SPAN_OF("/"),
				     .length = LENGTH_NONE};
}

static inline struct call_request
ask_post(int64_t length)
{
	struct call_request r = ask_get();

	r.method = METHOD_POST;
	r.method_name = SPAN_OF("POST");
	r.length = length;
	return r;
}

static inline struct call_request
ask_upgrade(const struct field *fields, size_t count)
{
	struct call_request r = ask_get();

	r.protocol = SPAN_OF("websocket");
	r.fields = fields;
	r.field_count = count;
	return r;
}

static inline void
ask_one(struct ask *a, const struct call_request *r)
{
	struct call_request get = ask_get();
	struct ask_call *c = &a->calls[a->count];

	*c = (struct ask_call){.a = a};
	c->log = buf_with_cap(ASK_MAX);
	c->body = buf_with_cap(ASK_MAX);
	c->call = caller_begin(a->caller, r != NULL ? r : &get, &ask_ops, c);
	if (c->call != NULL)
		a->count++;
}

/* Sends what there is, and says so. */
static inline void
ask_flush(struct ask *a)
{
	if (a->freed || a->deaf)
		return;
	struct buf *out = caller_output(a->caller);
	if (buf_len(&a->sent) + buf_len(out) < ASK_MAX)
		ask_put(&a->sent, buf_span(out));
	buf_taken(out, buf_len(out));
	caller_output_sent(a->caller);
}

/* A server's bytes, exactly as long as they are: reading past their end is found. */
static inline void
ask_hear(struct ask *a, struct span bytes)
{
	uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);

	ask_flush(a);
	if (copy == NULL)
		abort();
	for (size_t i = 0; i < bytes.len; i++)
		copy[i] = bytes.p[i];
	if (!a->freed && caller_receive(a->caller, span_of(copy, bytes.len)) != bytes.len)
		abort();
	free(copy);
	ask_flush(a);
}

static inline void
ask_hear_end(struct ask *a)
{
	ask_flush(a);
	if (!a->freed)
		caller_receive_end(a->caller);
	ask_flush(a);
}

static inline void
ask_take(struct ask *a, struct ask_call *c, size_t n)
{
	c->held -= n;
	call_taken(c->call, n);
	ask_flush(a);
}

/* As much of the request's body as there is room for. */
static inline size_t
ask_say(struct ask_call *c, struct span body, bool last)
{
	size_t done = 0, len;
	uint8_t *to;

	while (done < body.len && c->call != NULL && (to = call_room(c->call, &len)) != NULL) {
		len = body.len - done < len ? body.len - done : len;
		memcpy(to, body.p + done, len);
		done += len;
		call_sent(c->call, len, last && done == body.len);
	}
	if (body.len == 0 && last && c->call != NULL)
		call_sent(c->call, 0, true);
	return done;
}

static inline void
ask_end(struct ask *a)
{
	if (!a->freed)
		caller_free(a->caller);
	for (size_t i = 0; i < a->count; i++) {
		struct ask_call *c = &a->calls[i];

		/* Each ends in exactly one way. */
		if (c->failures + c->overs + c->cancelled != 1)
			abort();
		buf_free(&c->log);
		buf_free(&c->body);
	}
	buf_free(&a->sent);
}

#endif
