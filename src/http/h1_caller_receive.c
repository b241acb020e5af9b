/* The way of an answer in: its head, its body, and what may follow. */
#include "http/h1_caller_inner.h"

#include <assert.h>

#include "http/h1_answer_parse.h"
#include "http/pool.h"

static void
bad(struct h1_caller *c, const char *why)
{
	h1_caller_fail_call(c, CALL_BAD, why);
}

/* The last piece, with what came behind it. */
static void
give_with_trailers(struct h1_caller *c, struct span bytes)
{
	struct arena *memory = pool_arena();
	struct field *fields = NULL;
	size_t count = 0;

	if (h1_parse_trailers(buf_span(&c->trailers), c->limits->header_fields, memory, &fields,
			      &count) != 0)
		bad(c, "malformed trailers");
	else
		c->call.ops->body(c->call.owner, bytes, true, fields, count);
	pool_put_arena(memory);
}

static void
give_last(struct h1_caller *c, struct span bytes)
{
	if (buf_len(&c->trailers) > 0)
		give_with_trailers(c, bytes);
	else
		c->call.ops->body(c->call.owner, bytes, true, NULL, 0);
	if (c->busy)
		h1_caller_over(c);
}

/*
 * Gives a piece of the body. `rest` bytes follow it in the input: after the last piece nothing
 * may, as no request was sent that they could answer (RFC 9112 §9.2).
 */
static void
give(struct h1_caller *c, struct span bytes, bool last, size_t rest)
{
	c->given += bytes.len;
	if (last && rest > 0)
		c->keep = false;
	if (last)
		give_last(c, bytes);
	else if (bytes.len > 0)
		c->call.ops->body(c->call.owner, bytes, false, NULL, 0);
}

static bool
is_asked_for(const struct h1_caller *c, const struct h1_answer_head *h)
{
	return c->protocol_asked.len > 0 && span_equal_nocase(h->upgrade, c->protocol_asked);
}

static bool
is_bodiless(const struct h1_caller *c, unsigned status)
{
	return c->head || status_is_bodiless(status);
}

/* RFC 9112 §6.3, for answers. */
static int64_t
length_of(const struct h1_answer_head *h)
{
	if (status_is_bodiless(h->line.status))
		return LENGTH_NONE;
	/* What a HEAD is answered is what a GET would be: it says no more than it does. */
	return h->chunked || h->length < 0 ? LENGTH_UNKNOWN : h->length;
}

static bool
may_be_kept(const struct h1_caller *c, const struct h1_answer_head *h)
{
	if (h->close || (h->line.version < 11 && !h->keep_alive))
		return false;
	/* Such a body is a contradiction: who knows what the server sends. */
	if (h->line.status == 204 && (h->length > 0 || h->chunked))
		return false;
	return c->protocol_asked.len == 0;
}

static void
plan_chunks(struct h1_caller *c)
{
	c->body = h1_body_chunked(UINT64_MAX);
	c->body.trailers = &c->trailers;
}

static void
plan_body(struct h1_caller *c, const struct h1_answer_head *h, int64_t length)
{
	c->keep = may_be_kept(c, h);
	c->stage = CALLING_BODY;
	if (is_bodiless(c, h->line.status))
		c->body = h1_body_none();
	else if (h->chunked)
		plan_chunks(c);
	else if (length >= 0)
		c->body = h1_body_of_length((uint64_t)length);
	else
		c->stage = CALLING_TO_END;
}

static void
tell_head(struct h1_caller *c, const struct h1_answer_head *h, int64_t length)
{
	struct call_answer answer = {
	    .status = h->line.status,
	    .fields = h->fields,
	    .field_count = h->field_count,
	    .length = length,
	    .switched = h->line.status == 101,
	};

	c->call.ops->head(c->call.owner, &answer);
}

static void
take_final(struct h1_caller *c, const struct h1_answer_head *h, size_t rest)
{
	int64_t length = length_of(h);

	plan_body(c, h, length);
	tell_head(c, h, length);
	if (c->stage == CALLING_BODY && h1_body_ended(&c->body))
		give(c, SPAN_NONE, true, rest);
}

static void
take_switch(struct h1_caller *c, const struct h1_answer_head *h)
{
	c->stage = CALLING_TUNNEL;
	c->asking = ASKING_RAW;
	c->asked = c->keep = false;
	tell_head(c, h, LENGTH_UNKNOWN);
}

static void
take_interim(struct h1_caller *c, const struct h1_answer_head *h)
{
	c->scan = (struct h1_scan){0};
	if (++c->interims > CALL_INTERIM_MAX)
		bad(c, "too many interim answers");
	else
		c->call.ops->interim(c->call.owner, h->line.status, h->fields, h->field_count);
}

static void
take_parsed(struct h1_caller *c, const struct h1_answer_head *h, size_t rest)
{
	if (h->line.status >= 200)
		take_final(c, h, rest);
	else if (h->line.status != 101)
		take_interim(c, h);
	else if (c->asked && is_asked_for(c, h))
		take_switch(c, h);
	else
		bad(c, "a switch to a protocol that was not asked for");
}

static void
take_answer(struct h1_caller *c, struct span head, size_t rest)
{
	struct arena *memory = pool_arena();
	struct h1_answer_head h;
	const char *wrong = h1_parse_answer(head, c->scan.lines, memory, &h);

	if (wrong != NULL)
		bad(c, wrong);
	else
		take_parsed(c, &h, rest);
	pool_put_arena(memory);
}

/* What is wrong with as much of a head as there is; NULL: nothing. */
static const char *
check(const struct h1_caller *c, struct span in)
{
	struct h1_status_line line;

	if (c->scan.lines == 0)
		return h1_parse_status_line_begun(in) ? NULL : "no HTTP/1.1";
	if (c->scan.lines == 1 && !h1_parse_status_line(span_head(in, span_find(in, '\r')), &line))
		return "a malformed status line";
	return c->scan.lines > c->limits->header_fields + 1 ? "too many header fields" : NULL;
}

/* Looks on for the end of the head: false when it is not there yet, or *wrong. */
static bool
find_end(struct h1_caller *c, struct span in, const char **wrong)
{
	struct span seen = span_head(in, c->limits->header_bytes);

	for (*wrong = NULL; *wrong == NULL;) {
		switch (h1_scan(&c->scan, seen)) {
		case H1_SCAN_MORE:
			*wrong = check(c, seen);
			if (*wrong == NULL && in.len >= c->limits->header_bytes)
				*wrong = "a header that is too large";
			return false;
		case H1_SCAN_LINE:
			*wrong = check(c, seen);
			break;
		case H1_SCAN_END:
			return true;
		case H1_SCAN_BAD:
			if ((*wrong = check(c, seen)) == NULL)
				*wrong = "a control character in the header";
		}
	}
	return false;
}

static size_t
take_head(struct h1_caller *c, struct span in)
{
	const char *wrong = NULL;

	if (!h1_caller_has_spoken(c)) {
		h1_caller_fail_call(c, CALL_UNSENT, "an answer before it was asked");
		return in.len;
	}
	bool found = find_end(c, in, &wrong);
	if (wrong != NULL) {
		bad(c, wrong);
		return in.len;
	}
	size_t len = found ? c->scan.at : 0;
	if (found)
		take_answer(c, span_head(in, len), in.len - len);
	return len;
}

/* As much as the owner may be given now. */
static struct span
within_window(const struct h1_caller *c, struct span in)
{
	return span_head(in, c->given < EXCHANGE_WINDOW ? EXCHANGE_WINDOW - c->given : 0);
}

static size_t
take_body(struct h1_caller *c, struct span in)
{
	struct span now = within_window(c, in), data;
	struct cursor rest = cursor_of(now);
	enum h1_body_got got;

	do {
		got = h1_body_take(&c->body, &rest, &data);
		if (got == H1_BODY_BAD || got == H1_BODY_LARGE) {
			bad(c, "a malformed chunk");
			return in.len;
		}
		size_t used = now.len - cursor_left(&rest);
		give(c, data, got == H1_BODY_END, in.len - used);
	} while (c->stage == CALLING_BODY && cursor_left(&rest) > 0);
	return now.len - cursor_left(&rest);
}

static size_t
take_raw(struct h1_caller *c, struct span in)
{
	struct span now = within_window(c, in);

	give(c, now, false, 0);
	return now.len;
}

/* Nothing was asked: whatever it is, nobody may take it for an answer. */
static size_t
take_unasked(struct h1_caller *c, struct span in)
{
	if (in.len > 0)
		c->stage = CALLING_DEAD;
	return in.len;
}

static size_t (*const takers[])(struct h1_caller *c, struct span in) = {
    [CALLING_IDLE] = take_unasked, [CALLING_HEAD] = take_head,  [CALLING_BODY] = take_body,
    [CALLING_TO_END] = take_raw,   [CALLING_TUNNEL] = take_raw, [CALLING_DEAD] = take_unasked,
};

static size_t
take(struct h1_caller *c, struct span in)
{
	size_t used = 0, n;
	uint8_t stage;

	do {
		stage = c->stage;
		n = takers[stage](c, span_tail(in, used));
		used += n;
	} while (used < in.len && (n > 0 || c->stage != stage));
	return used;
}

static void
end_tunnel(struct h1_caller *c)
{
	if (c->half_ended)
		return;
	c->half_ended = true;
	c->call.ops->body(c->call.owner, SPAN_NONE, true, NULL, 0);
	if (c->busy && c->asked)
		h1_caller_over(c);
}

/* After all that came before it. */
static void
take_end(struct h1_caller *c)
{
	switch ((enum h1_calling)c->stage) {
	case CALLING_IDLE:
		c->stage = CALLING_DEAD;
		break;
	case CALLING_HEAD:
		h1_caller_fail_call(c, h1_caller_has_spoken(c) ? CALL_CUT : CALL_UNSENT,
				    c->scan.at > 0 ? CALL_WHY_CUT : CALL_WHY_CLOSED);
		break;
	case CALLING_BODY:
		h1_caller_fail_call(c, CALL_CUT, CALL_WHY_CUT);
		break;
	case CALLING_TO_END:
		give(c, SPAN_NONE, true, 0);
		break;
	case CALLING_TUNNEL:
		end_tunnel(c);
		break;
	case CALLING_DEAD:
		break;
	}
}

/* An owner may have left the request unfinished while it was told something else. */
static void
settle(struct h1_caller *c)
{
	if (c->doomed != NULL)
		bad(c, c->doomed);
	/* Of a head, what is kept is all there will ever be. */
	if (c->ended && (buf_len(&c->kept) == 0 || c->stage == CALLING_HEAD))
		take_end(c);
}

static void
keep(struct h1_caller *c, struct span rest)
{
	if (c->stage != CALLING_DEAD && !buf_append(&c->kept, rest))
		bad(c, "more than was asked for");
}

void
h1_caller_use_kept(struct h1_caller *c)
{
	size_t used = take(c, buf_span(&c->kept));

	buf_taken(&c->kept, used);
	if (buf_len(&c->kept) == 0)
		buf_free(&c->kept);
	settle(c);
}

size_t
h1_caller_receive(struct caller *caller, struct span in)
{
	struct h1_caller *c = h1_caller_of(caller);

	assert(c->depth == 0); /* not from within what an owner is told */
	h1_caller_enter(c);
	if (buf_len(&c->kept) > 0) {
		keep(c, in);
		h1_caller_use_kept(c);
	} else {
		size_t used = take(c, in);

		keep(c, span_tail(in, used));
		settle(c);
	}
	h1_caller_leave(c);
	return in.len;
}

void
h1_caller_receive_end(struct caller *caller)
{
	struct h1_caller *c = h1_caller_of(caller);

	h1_caller_enter(c);
	c->ended = true;
	settle(c);
	h1_caller_leave(c);
}
