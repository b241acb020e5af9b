#include "http/h1_inner.h"

#include <assert.h>

#include "http/field.h"
#include "http/h1_write.h"
#include "http/pool.h"

#define WITH_HEAD_MAX (64 * 1024) /* of a body, for which room is made beside the head */

static const struct exchange_ops ops;

struct exchange *
h1_begin(struct h1 *h)
{
	struct arena *memory = pool_arena();
	struct h1_exchange *x = ARENA_NEW(memory, struct h1_exchange);

	x->h = h;
	x->ex.ops = &ops;
	x->ex.memory = memory;
	x->ex.client = h->client;
	x->ex.who = &h->client->peer;
	x->ex.began_ms = h->host->now_ms(h->owner);
	x->ex.request.method = METHOD_OTHER;
	x->ex.request.length = LENGTH_NONE;
	x->ex.body_max = h->settings->body_bytes;
	h->now = x;
	return &x->ex;
}

void
h1_next_head(struct h1 *h)
{
	h->stage = STAGE_HEAD;
	h->scan = (struct h1_scan){0};
	h->line = (struct h1_line){0};
	h->blank = false;
	h->drained = 0;
	if (h->draining || (h->ended && !h->left_over))
		h->stage = STAGE_CLOSED;
}

void
h1_forget(struct h1 *h)
{
	struct exchange *ex = &h->now->ex;

	h->calls++;
	if (ex->handler != NULL && ex->handler->gone != NULL)
		ex->handler->gone(ex);
	h->host->over(ex, h->owner);
	h->calls--;
	buf_free(&h->now->trailers);
	h->body.trailers = NULL;
	h->now = NULL;
	pool_put_arena(ex->memory);
}

/* Forgets an exchange that was answered, unless a handler is still looking at it. */
void
h1_settle(struct h1 *h)
{
	if (h->now == NULL || h->calls > 0 || !h->now->ex.answered)
		return;
	h->close |= h->now->ex.wants_close;
	h1_forget(h);
	if (h->close)
		h->stage = STAGE_CLOSED;
	else if (h1_body_ended(&h->body))
		h1_next_head(h);
	else
		h->stage = STAGE_BODY;
}

/* Answers what cannot be served, and ends the connection: where the next request would
 * begin is not known for sure any more. */
void
h1_refuse(struct h1 *h, unsigned status)
{
	struct exchange *ex = h->now != NULL ? &h->now->ex : h1_begin(h);

	h->close = true;
	h->calls++;
	if (ex->status == 0)
		exchange_respond_status(ex, status, SPAN_NONE);
	else
		exchange_abort(ex);
	h->calls--;
	h->stage = STAGE_ANSWER;
	h1_settle(h);
}

/* Outside of our own calls, nobody else will tell the owner that there is output. */
void
h1_tell(struct h1 *h)
{
	if (h->calls > 0)
		return;
	h1_settle(h);
	h->host->output(h->owner);
}

/* Whether what is left of the request's body is more than we read for nobody. */
static bool
is_too_much_to_drain(const struct h1_exchange *x)
{
	const struct exchange *ex = &x->ex;

	if (h1_body_ended(&x->h->body))
		return false;
	/* Whoever expected 100 and gets an answer may send the body, or not (RFC 9110 §10.1.1). */
	if (x->continues)
		return true;
	return (ex->handler == NULL || ex->handler->body == NULL) &&
	       ex->request.length > H1_DRAIN_MAX;
}

static void
choose_framing(struct h1_exchange *x, int64_t length)
{
	bool old = x->ex.request.version < 11;

	x->left = length;
	x->framing = FRAMING_LENGTH;
	if (length == LENGTH_UNKNOWN)
		x->framing = old ? FRAMING_CLOSE : FRAMING_CHUNKED;
	x->h->close |= x->ex.wants_close || x->h->draining || x->framing == FRAMING_CLOSE ||
		       is_too_much_to_drain(x);
}

/* The answer cannot be sent as it is: the connection's end says so. */
void
h1_give_up(struct h1_exchange *x)
{
	x->h->close = true;
	x->ex.answered = true;
}

/* Room for the head, and for as much of the body as will come next. */
static uint8_t *
room_for_answer(struct h1 *h, size_t head, int64_t length)
{
	size_t body = length < 0 ? 0 : length < WITH_HEAD_MAX ? (size_t)length : WITH_HEAD_MAX;

	pool_fill(&h->out, head + body);
	uint8_t *room = buf_room(&h->out, head + body);
	return room != NULL ? room : buf_room(&h->out, head);
}

static void
start(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
      int64_t length)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	struct h1 *h = x->h;
	const char *server = h->settings->server_name;

	choose_framing(x, length);
	ex->status = status;
	struct h1_answer answer = {
	    .status = status,
	    .fields = fields,
	    .field_count = count,
	    .length = length == LENGTH_NONE && !status_is_bodiless(status) ? 0 : length,
	    .chunked = x->framing == FRAMING_CHUNKED,
	    .close = h->close,
	    .keep_alive = x->keep_alive && ex->request.version < 11,
	    .date = h->host->date(h->owner),
	    .server = server != NULL ? span_str(server) : SPAN_NONE,
	};
	bool bare = exchange_is_bare(ex, length);
	uint8_t *room = room_for_answer(h, h1_head_size(&answer), bare ? LENGTH_NONE : length);
	if (room == NULL) {
		h1_give_up(x);
		return;
	}
	buf_added(&h->out, (size_t)(h1_put_head(room, &answer) - room));
	ex->answered = bare;
}

/* Around a piece of the body. */
static size_t
overhead(const struct h1_exchange *x)
{
	return x->framing == FRAMING_CHUNKED ? H1_CHUNK_AROUND : 0;
}

static uint8_t *
room(struct exchange *ex, size_t *len)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	int64_t left = x->framing == FRAMING_LENGTH ? x->left : LENGTH_UNKNOWN;

	*len = x->granted = 0;
	if (ex->status == 0 || ex->answered || buf_len(&x->h->out) > H1_OUTPUT_FULL)
		return NULL;
	size_t size = h1_piece_size(&x->h->out, left), all = size + overhead(x);
	pool_fill(&x->h->out, all);
	uint8_t *to = buf_room(&x->h->out, all);
	if (to == NULL)
		return NULL;
	*len = x->granted = size;
	return x->framing == FRAMING_CHUNKED ? to + H1_CHUNK_HEAD : to;
}

static void
sent_chunk(struct h1_exchange *x, size_t n, bool last)
{
	struct buf *out = &x->h->out;
	uint8_t *to = buf_room(out, n + H1_CHUNK_AROUND);

	if (to == NULL) {
		h1_give_up(x);
		return;
	}
	if (n > 0)
		buf_added(out, h1_put_chunk(to, n));
	if (last && !buf_append(out, SPAN_OF(H1_CHUNK_LAST)))
		h1_give_up(x);
}

static void
sent(struct exchange *ex, size_t n, bool last)
{
	struct h1_exchange *x = h1_exchange_of(ex);

	assert(n <= x->granted);
	x->granted = 0;
	if (!ex->answered) {
		ex->body_sent += n;
		if (x->framing == FRAMING_CHUNKED)
			sent_chunk(x, n, last);
		else
			buf_added(&x->h->out, n);
		if (x->framing == FRAMING_LENGTH) {
			x->left -= (int64_t)n;
			if (last && x->left > 0)
				h1_give_up(x);
			last = x->left == 0;
		}
		ex->answered |= last;
	}
	h1_tell(x->h);
}

static void
abort_answer(struct exchange *ex)
{
	struct h1_exchange *x = h1_exchange_of(ex);

	x->h->close = true;
	if (ex->status == 0) {
		exchange_respond_status(ex, 500, SPAN_NONE);
		return;
	}
	h1_give_up(x);
	h1_tell(x->h);
}

/* An interim answer is a help, not a duty: where there is no room it is left out. */
static void
interim(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	struct h1_answer answer = {
	    .status = status, .fields = fields, .field_count = count, .length = LENGTH_NONE};
	struct buf *out = &x->h->out;

	if (ex->request.version < 11 || buf_len(out) > H1_OUTPUT_FULL ||
	    (status == 100 && !x->continues))
		return;
	uint8_t *to = buf_room(out, h1_head_size(&answer));
	if (to == NULL)
		return;
	buf_added(out, (size_t)(h1_put_head(to, &answer) - to));
	if (status == 100)
		x->continues = false;
	h1_tell(x->h);
}

static void
trailers(struct exchange *ex, const struct field *fields, size_t count)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	struct buf *out = &x->h->out;

	if (ex->answered || x->framing != FRAMING_CHUNKED) {
		sent(ex, 0, true);
		return;
	}
	x->granted = 0;
	uint8_t *to = buf_room(out, h1_trailers_size(fields, count));
	if (to == NULL)
		h1_give_up(x);
	else
		buf_added(out, (size_t)(h1_put_trailers(to, fields, count) - to));
	ex->answered = true;
	h1_tell(x->h);
}

static void
taken(struct exchange *ex, size_t n)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	bool was_full = x->given == EXCHANGE_WINDOW;

	assert(n <= x->given);
	x->given -= n;
	x->h->session.progress++;
	if (was_full && n > 0)
		h1_tell(x->h);
}

static void
hold(struct exchange *ex)
{
	h1_exchange_of(ex)->h->calls++;
}

static void
release(struct exchange *ex)
{
	struct h1 *h = h1_exchange_of(ex)->h;

	h->calls--;
	h1_tell(h);
}

static const struct exchange_ops ops = {
    .start = start,
    .room = room,
    .sent = sent,
    .abort = abort_answer,
    .interim = interim,
    .trailers = trailers,
    .switched = h1_switch,
    .taken = taken,
    .hold = hold,
    .release = release,
};
