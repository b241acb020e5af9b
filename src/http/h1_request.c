#include "http/h1_inner.h"

#include "http/h1_write.h"
#include "http/target.h"

static bool
take_target(struct request *r, struct arena *memory, const struct h1_meaning *m)
{
	struct target_parts t;
	struct span authority = SPAN_NONE, host = SPAN_NONE;

	if (!target_parse(r->target, r->method, memory, &t))
		return false;
	if (m->hosts > 0 && !authority_parse(m->host, memory, &authority, &host))
		return false;
	/* RFC 9112 §3.2.2 lets the target win; a request that names two hosts means no good. */
	if (t.authority.len > 0 && m->hosts > 0 && !span_equal(t.authority, authority))
		return false;
	r->authority = t.authority.len > 0 ? t.authority : authority;
	r->host = t.authority.len > 0 ? t.host : host;
	r->path = t.path;
	r->query = t.query;
	return true;
}

static void
take_body_plan(struct h1 *h, const struct h1_meaning *m)
{
	if (!m->chunked) {
		h->body = m->length > 0 ? h1_body_of_length((uint64_t)m->length) : h1_body_none();
		return;
	}
	h->body = h1_body_chunked(h->settings->body_bytes);
	h->now->trailers = buf_with_cap(H1_TRAILERS_MAX);
	h->body.trailers = &h->now->trailers;
}

static unsigned
take_meaning(struct h1 *h, struct h1_exchange *x)
{
	struct request *r = &x->ex.request;
	struct h1_meaning m;
	unsigned wrong = h1_parse_meaning(r, &m);

	if (wrong != 0)
		return wrong;
	/* RFC 9110 §9.1: known, but for no resource of ours: not 405, which names others. */
	if (r->method == METHOD_CONNECT || r->method == METHOD_TRACE)
		return 501;
	if (!take_target(r, x->ex.memory, &m))
		return 400;
	if (m.protocol.len > 0)
		r->protocol = span_of(arena_lower(x->ex.memory, m.protocol), m.protocol.len);
	r->length = m.length;
	x->keep_alive = m.keep_alive;
	x->continues = r->expects_continue = m.expects_continue && (m.chunked || m.length > 0);
	h->close = m.close || (r->version < 11 && !m.keep_alive);
	take_body_plan(h, &m);
	return 0;
}

/* Copies the head, as the owner's bytes move on, and reads the copy. */
static unsigned
parse(struct h1 *h, struct h1_exchange *x, struct span head)
{
	struct request *r = &x->ex.request;
	uint8_t *p = (uint8_t *)arena_copy(x->ex.memory, head);
	size_t first = span_find(head, '\r') + 2;

	r->method = (enum method)h->line.known;
	r->method_name = span_of(p, h->line.method);
	r->target = span_of(p + h->line.method + 1, h->line.target);
	r->version = h->line.version;
	size_t fields = head.len - first - 2;
	r->fields = arena_get(x->ex.memory, h->scan.lines * sizeof *r->fields);
	unsigned wrong = h1_parse_fields(p + first, fields, r->fields, &r->field_count);
	return wrong != 0 ? wrong : take_meaning(h, x);
}

bool
h1_wants_body(const struct h1 *h)
{
	const struct h1_exchange *x = h->now;

	return x != NULL && !x->ex.answered && x->ex.handler != NULL && x->ex.handler->body != NULL;
}

static void
say_continue(struct h1 *h)
{
	struct exchange *ex = &h->now->ex;

	if (ex->request.expects_continue && ex->status == 0 && h1_wants_body(h))
		exchange_interim(ex, 100, NULL, 0);
}

/* Its length was given, so nothing of it need come. */
static bool
is_too_long(const struct h1 *h)
{
	const struct exchange *ex = &h->now->ex;

	return ex->request.length > 0 && (uint64_t)ex->request.length > ex->body_max &&
	       (ex->status == 0 || h1_wants_body(h));
}

static void
ask(struct h1 *h)
{
	h->stage = h1_body_ended(&h->body) ? STAGE_ANSWER : STAGE_BODY;
	h->calls++;
	h->host->request(&h->now->ex, h->owner);
	if (is_too_long(h)) {
		h->body = h1_body_none();
		h1_refuse(h, 413);
	} else {
		h->body.allowed = h->now->ex.body_max;
		say_continue(h);
	}
	h->calls--;
	h1_settle(h);
}

static void
take_request(struct h1 *h, struct span head)
{
	h1_begin(h);
	unsigned wrong = parse(h, h->now, head);

	if (wrong != 0)
		h1_refuse(h, wrong);
	else
		ask(h);
}

/* What is wrong with a head of which a line more is there; 0: nothing. */
static unsigned
check_line(struct h1 *h, struct span in)
{
	if (h->scan.lines == 1)
		return h1_parse_line(span_of(in.p, h->scan.at - 2), &h->line);
	return h->scan.lines > h->settings->header_fields + 1 ? 431 : 0;
}

/* The same where the line is not complete: what is wrong already, whatever follows. */
static unsigned
check_begun(const struct h1 *h, struct span in)
{
	return h->scan.lines == 0 ? h1_parse_line_begun(span_head(in, h->scan.at)) : 0;
}

static unsigned
check_size(const struct h1 *h, struct span in)
{
	if (in.len < h->settings->header_bytes)
		return 0;
	return h->scan.lines == 0 ? 414 : 431;
}

/* RFC 9112 §2.2: an empty line before the request, left by old clients after a body. One. */
static bool
is_blank(const struct h1 *h)
{
	return h->scan.lines == 1 && h->scan.at == 2 && !h->blank;
}

/* With what is known of the request already, for the log and for HEAD. */
void
h1_refuse_head(struct h1 *h, struct span in, unsigned status)
{
	struct exchange *ex = h1_begin(h);
	struct request *r = &ex->request;

	if (h->line.target > 0) {
		uint8_t *p = (uint8_t *)arena_copy(ex->memory, span_head(in, h->scan.line));

		r->method = (enum method)h->line.known;
		r->method_name = span_of(p, h->line.method);
		r->target = span_of(p + h->line.method + 1, h->line.target);
		r->version = h->line.version;
	}
	h1_refuse(h, status);
}

/* Looks on for the end of the head: false when it is not there yet, or *wrong. */
static bool
find_end(struct h1 *h, struct span in, unsigned *wrong)
{
	struct span seen = span_head(in, h->settings->header_bytes);

	for (*wrong = 0; *wrong == 0;) {
		switch (h1_scan(&h->scan, seen)) {
		case H1_SCAN_MORE:
			if ((*wrong = check_begun(h, in)) == 0)
				*wrong = check_size(h, in);
			return false;
		case H1_SCAN_LINE:
			*wrong = check_line(h, in);
			break;
		case H1_SCAN_END:
			return true;
		case H1_SCAN_BAD:
			/* The beginning may have come alone, and been answered. */
			if ((*wrong = check_begun(h, in)) == 0)
				*wrong = 400;
		}
	}
	return false;
}

size_t
h1_take_head(struct h1 *h, struct span in)
{
	unsigned wrong;

	if (buf_len(&h->out) > H1_OUTPUT_FULL)
		return 0;
	bool found = find_end(h, in, &wrong);
	if (found && is_blank(h)) {
		h->scan = (struct h1_scan){0};
		h->blank = true;
		return 2;
	}
	if (found && h->scan.lines == 1)
		wrong = 400;
	if (wrong != 0) {
		h1_refuse_head(h, in, wrong);
		return in.len;
	}
	size_t len = found ? h->scan.at : 0;
	if (found)
		take_request(h, span_head(in, len));
	return len;
}

/* For nobody: so much is read for the sake of the next request, then no more. */
static void
drain(struct h1 *h, size_t n)
{
	h->drained += (uint32_t)(n < H1_DRAIN_MAX ? n : H1_DRAIN_MAX);
	if (h->drained <= H1_DRAIN_MAX)
		return;
	h->close = true;
	h->stage = h->now != NULL ? STAGE_ANSWER : STAGE_CLOSED;
}

size_t
h1_window(const struct h1 *h)
{
	return h1_wants_body(h) ? EXCHANGE_WINDOW - h->now->given : SIZE_MAX;
}

void
h1_give(struct h1 *h, struct span bytes, bool last)
{
	struct h1_exchange *x = h->now;

	x->given += bytes.len;
	h->calls++;
	x->ex.handler->body(&x->ex, bytes, last);
	h->calls--;
}

static void
give_body(struct h1 *h, struct span bytes, bool last)
{
	if (!h1_wants_body(h))
		drain(h, bytes.len);
	else if (bytes.len > 0 || last)
		h1_give(h, bytes, last);
	if (h->stage == STAGE_BODY && last)
		h->stage = STAGE_ANSWER;
	if (h->now != NULL)
		h1_settle(h);
	else if (h->stage == STAGE_ANSWER)
		h1_next_head(h);
}

/* After the answer there is nobody left to tell. */
static void
refuse_body(struct h1 *h, unsigned status)
{
	h->body = h1_body_none();
	if (h->now != NULL)
		h1_refuse(h, status);
	else
		h->stage = STAGE_CLOSED;
}

static unsigned
take_trailers(struct h1 *h)
{
	struct exchange *ex = &h->now->ex;
	struct span lines = buf_span(&h->now->trailers);

	if (lines.len > h->settings->header_bytes)
		return 431;
	return h1_parse_trailers(lines, h->settings->header_fields, ex->memory,
				 &ex->request.trailers, &ex->request.trailer_count);
}

/* What is wrong with the body now that so much of it was taken; 0: nothing. */
static unsigned
check_body(struct h1 *h, enum h1_body_got got)
{
	if (got == H1_BODY_BAD || got == H1_BODY_LARGE)
		return got == H1_BODY_BAD ? 400 : 413;
	return got == H1_BODY_END && h->now != NULL && buf_len(&h->now->trailers) > 0
		   ? take_trailers(h)
		   : 0;
}

size_t
h1_take_body(struct h1 *h, struct span in)
{
	size_t used = 0;
	struct span data;

	while (h->stage == STAGE_BODY && used < in.len && h1_window(h) > 0) {
		struct span part = span_head(span_tail(in, used), h1_window(h));
		struct cursor c = cursor_of(part);
		enum h1_body_got got = h1_body_take(&h->body, &c, &data);
		unsigned wrong = check_body(h, got);

		if (wrong != 0) {
			refuse_body(h, wrong);
			return in.len;
		}
		used += part.len - cursor_left(&c);
		give_body(h, data, got == H1_BODY_END);
	}
	return used;
}
