#include "serve/proxy_inner.h"

#include "serve/proxy_request.h"

/*
 * Bytes go straight from where they were received to where they are sent from. What finds no
 * room waits in a buffer; as it is not counted as taken, at most EXCHANGE_WINDOW ever does.
 */

/* What differs between the directions. */
struct way {
	uint8_t *(*room)(struct proxying *p, size_t *len); /* NULL: none now */
	void (*sent)(struct proxying *p, size_t n, bool last);
	void (*taken)(struct proxying *p, size_t n);
	bool (*has_trailers)(const struct proxying *p);
	void (*trailers)(struct proxying *p);
};

static struct call *
call_of(const struct proxying *p)
{
	return p->call != NULL ? upstream_call_of(p->call) : NULL;
}

static uint8_t *
room_up(struct proxying *p, size_t *len)
{
	struct call *call = call_of(p);

	return call != NULL ? call_room(call, len) : NULL;
}

static void
sent_up(struct proxying *p, size_t n, bool last)
{
	p->passed = true;
	call_sent(call_of(p), n, last);
}

static void
taken_up(struct proxying *p, size_t n)
{
	if (p->ex != NULL)
		exchange_taken(p->ex, n);
}

/* In a body of known length there is no place for them. */
static bool
has_trailers_up(const struct proxying *p)
{
	return p->ex != NULL && !p->tunnel && p->request.length == LENGTH_UNKNOWN &&
	       p->ex->request.trailer_count > 0;
}

static void
trailers_up(struct proxying *p)
{
	size_t count = proxy_request_trailers(p->serve->config, p->ex);

	p->passed = true;
	call_trailers(call_of(p), p->ex->request.trailers, count);
}

static uint8_t *
room_down(struct proxying *p, size_t *len)
{
	return p->ex != NULL && p->begun ? exchange_room(p->ex, len) : NULL;
}

static void
sent_down(struct proxying *p, size_t n, bool last)
{
	if (p->left >= 0 && (p->left -= (int64_t)n) <= 0)
		p->down.done = last = true;
	exchange_sent(p->ex, n, last);
}

static void
taken_down(struct proxying *p, size_t n)
{
	struct call *call = call_of(p);

	if (call != NULL)
		call_taken(call, n);
}

static bool
has_trailers_down(const struct proxying *p)
{
	return p->trailer_count > 0;
}

static void
trailers_down(struct proxying *p)
{
	exchange_trailers(p->ex, p->trailers, p->trailer_count);
}

static const struct way way_up = {room_up, sent_up, taken_up, has_trailers_up, trailers_up},
			way_down = {room_down, sent_down, taken_down, has_trailers_down,
				    trailers_down};

static size_t
held(const struct flow *f)
{
	return buf_len(&f->kept) + f->fresh.len;
}

/* Copies what comes next, which is then no longer held. */
static size_t
take(struct flow *f, uint8_t *room, size_t len)
{
	bool kept = buf_len(&f->kept) > 0;
	struct span piece = span_head(kept ? buf_span(&f->kept) : f->fresh, len);

	memcpy(room, piece.p, piece.len);
	if (kept)
		buf_taken(&f->kept, piece.len);
	else
		f->fresh = span_tail(f->fresh, piece.len);
	return piece.len;
}

/* The end goes with the last bytes, so that it costs no write of its own. */
static size_t
pour(struct proxying *p, struct flow *f, const struct way *way)
{
	size_t moved = 0, len, n;
	uint8_t *room;

	f->pouring = true;
	while (held(f) > 0 && !f->done && (room = way->room(p, &len)) != NULL) {
		n = take(f, room, len);
		moved += n;
		f->done = f->ended && held(f) == 0 && !way->has_trailers(p);
		way->sent(p, n, f->done);
	}
	f->pouring = false;
	return moved;
}

static void
end(struct proxying *p, struct flow *f, const struct way *way)
{
	size_t len;

	/* Whether it may be ended is what having room says, too. */
	if (!f->ended || f->done || held(f) > 0 || way->room(p, &len) == NULL)
		return;
	f->done = true;
	if (way->has_trailers(p))
		way->trailers(p);
	else
		way->sent(p, 0, true);
}

static bool
keep(struct flow *f)
{
	struct span fresh = f->fresh;

	f->fresh = SPAN_NONE;
	return f->done || buf_append(&f->kept, fresh);
}

static void
pass(struct proxying *p, struct flow *f, const struct way *way, struct span bytes, bool last)
{
	size_t moved = f->done ? bytes.len : 0;
	bool fits = keep(f); /* what one of us was pouring goes before it */

	f->ended |= last;
	f->fresh = f->done ? SPAN_NONE : bytes;
	if (!f->pouring)
		moved += pour(p, f, way);
	if (f->done)
		moved += f->fresh.len;
	if (!keep(f) || !fits)
		stream_break(p);
	if (!f->pouring)
		end(p, f, way);
	if (moved > 0)
		way->taken(p, moved);
}

void
stream_request(struct proxying *p, struct span bytes, bool last)
{
	pass(p, &p->up, &way_up, bytes, last);
}

void
stream_answer(struct proxying *p, struct span bytes, bool last)
{
	pass(p, &p->down, &way_down, bytes, last);
}

void
stream_drop_request(struct proxying *p)
{
	size_t kept = buf_len(&p->up.kept);

	p->up.done = true;
	buf_free(&p->up.kept);
	if (kept > 0)
		taken_up(p, kept);
}

void
stream_cancel(struct proxying *p)
{
	struct upstream_call *call = p->call;

	p->call = NULL;
	timer_stop(&p->timer);
	if (call != NULL)
		upstream_cancel(call);
}

void
stream_break(struct proxying *p)
{
	p->up.done = p->down.done = true;
	stream_cancel(p);
	if (p->ex != NULL)
		exchange_abort(p->ex);
}
