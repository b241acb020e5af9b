#include "http/h2_inner.h"
#include "http/pool.h"

static struct h2_stream *
stream_of(nghttp2_session *ng, int32_t id)
{
	return nghttp2_session_get_stream_user_data(ng, id);
}

/* Something moved a request on. */
static void
note_progress(struct h2_stream *s)
{
	s->moved++;
	s->h->session.progress++;
}

/* Counts a frame as one that moves nothing, until it is seen to (see forgive()). */
static int
on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *frame, void *owner)
{
	struct h2 *h = owner;
	int64_t now = h->host->now_ms(h->owner);

	(void)ng, (void)frame;
	if (now - h->noise_since_ms > H2_NOISE_SPAN_MS) {
		h->noise_since_ms = now;
		h->noise = 0;
	}
	if (++h->noise <= H2_NOISE_MAX)
		return 0;
	h2_calm(h);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void
forgive(struct h2 *h, uint32_t frames)
{
	h->noise -= h->noise < frames ? h->noise : frames;
}

/*
 * A request that was begun and comes to nothing has cost us, and nothing holds the peer back
 * from the next (CVE-2023-44487); also where it makes us reset the stream (CVE-2025-8671).
 */
static void
count_cancel(struct h2 *h)
{
	if (++h->cancels > H2_CANCELS_MAX)
		h2_calm(h);
}

static int
on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h = owner;
	struct h2_stream *s;

	forgive(h, 1);
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		struct arena *memory = pool_arena();

		s = ARENA_NEW(memory, struct h2_stream);
		s->h = h;
		s->id = frame->hd.stream_id;
		s->held = buf_with_cap(H2_HELD_PIECE);
		s->early = buf_with_cap(EXCHANGE_WINDOW);
		s->ex.ops = &h2_exchange_ops;
		s->ex.memory = memory;
		s->ex.client = h->client;
		s->ex.who = &h->client->peer;
		s->ex.body_max = h->settings->body_bytes;
		s->ex.began_ms = h->host->now_ms(h->owner);
		s->ex.request.version = 20;
		list_append(&h->streams, &s->link);
		nghttp2_session_set_stream_user_data(ng, s->id, s);
	} else if ((s = stream_of(ng, frame->hd.stream_id)) != NULL) {
		s->trailing = true;
	}
	h->head = s;
	return 0;
}

static int
on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
	  const uint8_t *value, size_t value_len, uint8_t flags, void *owner)
{
	struct h2_stream *s = ((struct h2 *)owner)->head;

	(void)ng, (void)frame, (void)flags;
	if (s == NULL || h2_add_field(s, span_of(name, name_len), span_of(value, value_len)))
		return 0;
	h2_calm(owner);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static bool
wants_body(const struct h2_stream *s)
{
	const struct exchange *ex = &s->ex;

	return s->bodied && !s->over && !ex->answered && ex->handler != NULL &&
	       ex->handler->body != NULL;
}

static void
give(struct h2_stream *s, struct span bytes, bool last)
{
	s->given += bytes.len;
	h2_enter(s);
	s->ex.handler->body(&s->ex, bytes, last);
	h2_leave(s);
}

/* For nobody. The connection's window opens again: other streams need it. */
void
h2_discard(struct h2_stream *s, size_t n)
{
	s->dropped += n;
	if (!s->ended && s->dropped <= H2_DRAIN_MAX)
		(void)nghttp2_session_consume(s->h->ng, s->id, n);
	else
		(void)nghttp2_session_consume_connection(s->h->ng, n);
}

static void
refuse_body(struct h2_stream *s)
{
	struct exchange *ex = &s->ex;

	h2_enter(s);
	if (ex->status == 0)
		exchange_respond_status(ex, 413, SPAN_NONE);
	else
		exchange_abort(ex);
	h2_leave(s);
}

/* Nobody should send them before the protocol is granted, but nothing forbids it (RFC 8441). */
static void
keep_early(struct h2_stream *s, struct span bytes)
{
	if (!buf_append(&s->early, bytes)) {
		h2_discard(s, bytes.len);
		h2_break(s, NGHTTP2_INTERNAL_ERROR);
	}
}

void
h2_give_early(struct h2_stream *s)
{
	struct span bytes = buf_span(&s->early);

	s->bodied = true;
	if (wants_body(s) && bytes.len > 0)
		give(s, bytes, false);
	else
		h2_discard(s, bytes.len);
	buf_free(&s->early);
	if (s->ended && wants_body(s))
		give(s, SPAN_NONE, true);
}

static int
on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
	void *owner)
{
	struct h2_stream *s = stream_of(ng, id);
	struct h2 *h = owner;

	(void)flags;
	forgive(h, 1);
	if (s == NULL) {
		(void)nghttp2_session_consume_connection(ng, len);
		return 0;
	}
	if (s->discards) {
		h2_discard(s, len);
		return 0;
	}
	note_progress(s);
	s->received += len;
	if (s->ex.request.protocol.len > 0 && !s->ex.switched && !s->over) {
		keep_early(s, span_of(data, len));
	} else if (s->bodied && !s->ex.switched && s->received > s->ex.body_max &&
		   !s->ex.answered) {
		h2_discard(s, len);
		refuse_body(s);
	} else if (wants_body(s)) {
		give(s, span_of(data, len), false);
	} else {
		h2_discard(s, len);
	}
	return 0;
}

/* What is wrong with a request although it is well-formed; it has been given already. */
static void
check_asked(struct h2_stream *s)
{
	struct exchange *ex = &s->ex;
	struct request *r = &ex->request;

	if (ex->answered)
		return;
	if (r->length > 0 && (uint64_t)r->length > ex->body_max)
		refuse_body(s);
	else if (r->expects_continue && ex->status == 0 && wants_body(s))
		exchange_interim(ex, 100, NULL, 0);
}

static void
ask(struct h2_stream *s)
{
	struct h2 *h = s->h;

	h2_enter(s);
	unsigned wrong = h2_read_request(s);
	s->asked = true;
	if (wrong != 0) {
		exchange_respond_status(&s->ex, wrong, SPAN_NONE);
	} else {
		h->host->request(&s->ex, h->owner);
		check_asked(s);
	}
	h2_leave(s);
}

/*
 * Both sides have ended, and nobody would have to say more: but curl 7.88, which had the answer
 * first, only sees that it is done when something comes. The window for its body will do.
 */
static void
wake(struct h2_stream *s)
{
	int32_t size = nghttp2_session_get_effective_recv_data_length(s->h->ng);

	if (s->dropped < (size_t)size)
		size = (int32_t)s->dropped;
	if (size > 0)
		(void)nghttp2_submit_window_update(s->h->ng, NGHTTP2_FLAG_NONE, 0, size);
}

/* END_STREAM: the body is whole, trailers included. */
static void
end_body(struct h2_stream *s)
{
	note_progress(s);
	s->ended = true;
	if (s->discards)
		wake(s);
	if (s->too_large && !s->ex.answered)
		h2_break(s, NGHTTP2_ENHANCE_YOUR_CALM);
	else if (wants_body(s))
		give(s, SPAN_NONE, true);
}

static void
headers_came(struct h2_stream *s, const nghttp2_frame *frame)
{
	s->h->head = NULL;
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		note_progress(s);
		s->ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
		ask(s);
	} else {
		end_body(s); /* nghttp2 takes trailers with END_STREAM only */
	}
}

static int
on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h = owner;
	struct h2_stream *s = h->head;
	bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;

	if (frame->hd.type != NGHTTP2_HEADERS)
		s = frame->hd.stream_id > 0 ? stream_of(ng, frame->hd.stream_id) : NULL;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (s != NULL)
			headers_came(s, frame);
		break;
	case NGHTTP2_DATA:
		if (s != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
			end_body(s);
		break;
	case NGHTTP2_RST_STREAM:
		if (s != NULL && !s->over)
			count_cancel(h);
		break;
	case NGHTTP2_SETTINGS:
		h->greeted = true;
		break;
	case NGHTTP2_PING:
		if (ack && h->draining)
			(void)nghttp2_submit_goaway(ng, NGHTTP2_FLAG_NONE,
						    nghttp2_session_get_last_proc_stream_id(ng),
						    NGHTTP2_NO_ERROR, NULL, 0);
		break;
	}
	return 0;
}

/*
 * An answer that is complete before its request is: the peer may stop (RFC 9113 §8.1), but
 * curl, told so at once, forgets the answer. And what we reset was for nothing.
 */
static int
on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h = owner;
	uint8_t type = frame->hd.type;
	bool answers = type == NGHTTP2_HEADERS || type == NGHTTP2_DATA;

	/* The first GOAWAY of drain(): the PING must be behind it, and nghttp2 hurries PINGs. */
	if (type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == INT32_MAX)
		(void)nghttp2_submit_ping(ng, NGHTTP2_FLAG_NONE, NULL);
	if (type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count_cancel(h);
	if (!answers)
		return 0;
	forgive(h, 2); /* the peer's WINDOW_UPDATEs for it */
	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	struct h2_stream *s = stream_of(ng, frame->hd.stream_id);
	h->cancels -= h->cancels > 0;
	if (s != NULL)
		s->discards = !s->ended;
	return 0;
}

/* Only what is too large for nghttp2, or said of a stream that is gone, is not sent. */
static int
on_not_sent(nghttp2_session *ng, const nghttp2_frame *frame, int why, void *owner)
{
	struct h2_stream *s = stream_of(ng, frame->hd.stream_id);

	(void)why, (void)owner;
	if (s != NULL && frame->hd.type == NGHTTP2_HEADERS)
		h2_break(s, NGHTTP2_INTERNAL_ERROR);
	return 0;
}

static int
on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *owner)
{
	struct h2_stream *s = stream_of(ng, id);

	(void)code, (void)owner;
	if (s != NULL)
		h2_forget(s);
	return 0;
}

nghttp2_session_callbacks *
h2_callbacks(void)
{
	nghttp2_session_callbacks *c;

	if (nghttp2_session_callbacks_new(&c) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_frame_callback(c, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(c, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_sent);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_not_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
	nghttp2_session_callbacks_set_send_data_callback(c, h2_send_answer);
	return c;
}
