#include <assert.h>

#include "base/text.h"
#include "http/h2_inner.h"
#include "http/pool.h"

#define ADDED_MAX 4 /* :status, date, server, content-length */
#define CONSTANT  (NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE)

static struct h2_stream *
self(struct exchange *ex)
{
	return container_of(ex, struct h2_stream, ex);
}

void
h2_break(struct h2_stream *s, uint32_t code)
{
	struct h2 *h = s->h;

	s->ex.answered = true;
	if (s->broken)
		return;
	s->broken = true;
	h->held -= buf_len(&s->held);
	buf_free(&s->held);
	if (nghttp2_submit_rst_stream(h->ng, NGHTTP2_FLAG_NONE, s->id, code) != 0)
		h->closed = true;
}

/* The answer cannot be completed. */
static void
give_up(struct h2_stream *s)
{
	h2_break(s, NGHTTP2_INTERNAL_ERROR);
}

static void
tell(struct h2_stream *s)
{
	struct h2 *h = s->h;

	if (h->calls > 0)
		return;
	h2_settle(s);
	h2_tell(h);
}

static nghttp2_nv
nv_of(struct span name, struct span value, uint8_t flags)
{
	return (nghttp2_nv){(uint8_t *)name.p, (uint8_t *)value.p, name.len, value.len, flags};
}

static struct span
decimal(struct arena *memory, uint64_t n)
{
	uint8_t *digits = arena_get(memory, TEXT_DECIMAL_MAX);

	return span_of(digits, (size_t)(text_decimal(digits, n) - digits));
}

/* RFC 9113 §8.2.2. A site's own rules may have put one there. */
static bool
is_of_connection(struct span name)
{
	static const struct span names[] = {SPAN_INIT("connection"), SPAN_INIT("keep-alive"),
					    SPAN_INIT("proxy-connection"),
					    SPAN_INIT("transfer-encoding"), SPAN_INIT("upgrade")};

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_equal(name, names[i]))
			return true;
	return false;
}

static struct span
put(uint8_t **to, struct span s)
{
	struct span copy = {*to, s.len};

	if (s.len > 0)
		memcpy(*to, s.p, s.len);
	*to += s.len;
	return copy;
}

/* Copied, since they are the caller's; nghttp2 would do it at twice the cost. */
static size_t
put_fields(nghttp2_nv *to, const struct field *fields, size_t count, struct arena *memory)
{
	size_t n = 0, size = 0;

	for (size_t i = 0; i < count; i++)
		size += fields[i].name.len + fields[i].value.len;
	uint8_t *bytes = arena_get(memory, size);
	for (size_t i = 0; i < count; i++)
		if (!is_of_connection(fields[i].name)) {
			struct span name = put(&bytes, fields[i].name);

			to[n++] = nv_of(name, put(&bytes, fields[i].value), CONSTANT);
		}
	return n;
}

/* The head of an answer; *count of them. */
static nghttp2_nv *
make_head(struct h2_stream *s, unsigned status, const struct field *fields, size_t *count,
	  int64_t length)
{
	struct h2 *h = s->h;
	struct arena *memory = s->ex.memory;
	const char *server = h->settings->server_name;
	nghttp2_nv *head = arena_get(memory, (*count + ADDED_MAX) * sizeof *head);
	size_t n = 0;

	head[n++] = nv_of(SPAN_OF(":status"), decimal(memory, status), CONSTANT);
	if (server != NULL)
		head[n++] =
		    nv_of(SPAN_OF("server"), span_str(server), NGHTTP2_NV_FLAG_NO_COPY_NAME);
	head[n++] = nv_of(SPAN_OF("date"), h->host->date(h->owner), CONSTANT);
	n += put_fields(head + n, fields, *count, memory);
	if (length == LENGTH_NONE && !status_is_bodiless(status))
		length = 0;
	if (length >= 0)
		head[n++] =
		    nv_of(SPAN_OF("content-length"), decimal(memory, (uint64_t)length), CONSTANT);
	*count = n;
	return head;
}

static void
begin(struct h2_stream *s, const nghttp2_nv *head, size_t count, bool bare)
{
	const nghttp2_data_provider body = {.source.ptr = s, .read_callback = h2_read_answer};

	if (s->broken ||
	    nghttp2_submit_response(s->h->ng, s->id, head, count, bare ? NULL : &body) != 0)
		give_up(s);
}

static void
start(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
      int64_t length)
{
	struct h2_stream *s = self(ex);
	bool bare = exchange_is_bare(ex, length);

	s->left = length;
	ex->status = status;
	nghttp2_nv *head = make_head(s, status, fields, &count, length);
	begin(s, head, count, bare);
	ex->answered |= bare;
}

static size_t
most_of(const struct h2_stream *s, size_t room)
{
	return s->left >= 0 && (uint64_t)s->left < room ? (size_t)s->left : room;
}

static void
resume(struct h2_stream *s)
{
	if (!s->deferred)
		return;
	s->deferred = false;
	(void)nghttp2_session_resume_data(s->h->ng, s->id);
}

/* Straight into the output while nghttp2 asks for it, else to be framed later. */
static uint8_t *
room(struct exchange *ex, size_t *len)
{
	struct h2_stream *s = self(ex);
	struct h2 *h = s->h;
	uint8_t *to = NULL;

	*len = s->granted = 0;
	if (ex->status == 0 || ex->answered)
		return NULL;
	if (h->pulling == s) {
		*len = most_of(s, h->pull_room - h->pulled);
		to = h->pull_to + h->pulled;
	} else if (buf_len(&s->held) < H2_HELD_PIECE && h->held < H2_HELD_MAX) {
		*len = most_of(s, H2_HELD_PIECE - buf_len(&s->held));
		pool_fill(&s->held, *len);
		to = buf_room(&s->held, *len);
	}
	if (to == NULL)
		*len = 0;
	if (*len == 0)
		resume(s);
	s->granted = *len;
	return *len > 0 ? to : NULL;
}

static void
count_sent(struct h2_stream *s, size_t n)
{
	struct h2 *h = s->h;

	s->ex.body_sent += n;
	if (h->pulling == s) {
		h->pulled += n;
	} else if (n > 0) {
		buf_added(&s->held, n);
		h->held += n;
	}
}

static void
sent(struct exchange *ex, size_t n, bool last)
{
	struct h2_stream *s = self(ex);

	assert(n <= s->granted);
	s->granted = 0;
	if (!ex->answered) {
		count_sent(s, n);
		if (s->left >= 0) {
			s->left -= (int64_t)n;
			if (last && s->left > 0)
				give_up(s);
			last = s->left == 0;
		}
		ex->answered |= last;
		resume(s);
	}
	tell(s);
}

static void
abort_answer(struct exchange *ex)
{
	struct h2_stream *s = self(ex);

	if (ex->status == 0) {
		exchange_respond_status(ex, 500, SPAN_NONE);
		return;
	}
	give_up(s);
	tell(s);
}

static void
interim(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	struct h2_stream *s = self(ex);
	nghttp2_nv *head = arena_get(ex->memory, (count + 1) * sizeof *head);

	if (s->broken || (status == 100 && !s->continues))
		return;
	if (status == 100)
		s->continues = false;
	head[0] = nv_of(SPAN_OF(":status"), decimal(ex->memory, status), CONSTANT);
	count = 1 + put_fields(head + 1, fields, count, ex->memory);
	/* A help, not a duty: without it the answer is still the answer. */
	(void)nghttp2_submit_headers(s->h->ng, NGHTTP2_FLAG_NONE, s->id, NULL, head, count, NULL);
	tell(s);
}

/* They wait here until the body before them was framed. */
static void
trailers(struct exchange *ex, const struct field *fields, size_t count)
{
	struct h2_stream *s = self(ex);

	if (!ex->answered && s->left < 0 && count > 0) {
		struct arena *memory = ex->memory;

		s->trailers = arena_get(memory, count * sizeof *s->trailers);
		for (size_t i = 0; i < count; i++) {
			struct span name = fields[i].name, value = fields[i].value;

			if (name.len == 0 || name.p[0] == ':' || is_of_connection(name))
				continue;
			s->trailers[s->trailer_count++] =
			    nv_of(arena_span(memory, name), arena_span(memory, value), CONSTANT);
		}
	}
	s->granted = 0;
	sent(ex, 0, true);
}

/* RFC 8441 §5. The protocol's bytes are the DATA of both sides. */
static void
switched(struct exchange *ex, const struct field *fields, size_t count)
{
	struct h2_stream *s = self(ex);
	struct h2 *h = s->h;

	if (h->host->switched != NULL)
		h->host->switched(ex, h->owner);
	ex->status = 200;
	s->left = LENGTH_UNKNOWN;
	nghttp2_nv *head = make_head(s, 200, fields, &count, LENGTH_UNKNOWN);
	begin(s, head, count, false);
	h->calls++;
	s->inside++;
	h2_give_early(s);
	s->inside--;
	h->calls--;
	tell(s);
}

static void
taken(struct exchange *ex, size_t n)
{
	struct h2_stream *s = self(ex);
	struct h2 *h = s->h;

	assert(n <= s->given);
	s->given -= n;
	(void)nghttp2_session_consume(h->ng, s->id, n);
	h->session.progress++;
	if (nghttp2_session_want_write(h->ng))
		tell(s);
}

static void
hold(struct exchange *ex)
{
	h2_enter(self(ex));
}

static void
release(struct exchange *ex)
{
	struct h2 *h = self(ex)->h;

	h2_leave(self(ex));
	h2_tell(h);
}

const struct exchange_ops h2_exchange_ops = {
    .start = start,
    .room = room,
    .sent = sent,
    .abort = abort_answer,
    .interim = interim,
    .trailers = trailers,
    .switched = switched,
    .taken = taken,
    .hold = hold,
    .release = release,
};

/* Lets the handler write what is framed next where it will be sent from. */
static size_t
pull(struct h2_stream *s, size_t length)
{
	struct h2 *h = s->h;
	const struct handler_ops *handler = s->ex.handler;
	uint8_t *to;

	if (handler == NULL || handler->writable == NULL ||
	    (to = h2_output_room(h, H2_FRAME_HEAD + length)) == NULL)
		return 0;
	h->pulling = s;
	h->pull_to = to + H2_FRAME_HEAD;
	h->pull_room = length;
	h->pulled = 0;
	h2_enter(s);
	handler->writable(&s->ex);
	h->pulling = NULL;
	h2_leave(s);
	h->pulls += h->pulled > 0;
	return h->pulled;
}

/* The answer ends here; trailers, if there are any, go behind it. */
static uint32_t
end_flags(struct h2_stream *s)
{
	if (s->trailer_count > 0 &&
	    nghttp2_submit_trailer(s->h->ng, s->id, s->trailers, s->trailer_count) == 0)
		return NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return NGHTTP2_DATA_FLAG_EOF;
}

ssize_t
h2_read_answer(nghttp2_session *ng, int32_t id, uint8_t *to, size_t length, uint32_t *flags,
	       nghttp2_data_source *source, void *owner)
{
	struct h2_stream *s = source->ptr;
	struct h2 *h = owner;
	size_t n = buf_len(&s->held), waiting = n;

	(void)ng, (void)id, (void)to;
	if (buf_len(&h->out) > H2_OUTPUT_FULL || h->pulls == H2_PULLS_MAX)
		return NGHTTP2_ERR_PAUSE;
	s->direct = n == 0 && !s->ex.answered;
	if (s->direct)
		n = pull(s, length);
	else
		n = n < length ? n : length;
	if (s->broken)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	bool ends = s->ex.answered && (s->direct || n == waiting);
	if (n == 0 && !ends) {
		s->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY | (ends ? end_flags(s) : 0);
	return (ssize_t)n;
}

static void
count_progress(struct h2_stream *s, size_t n)
{
	struct h2 *h = s->h;

	h->answer_bytes += (uint32_t)n;
	if (h->answer_bytes < H2_PROGRESS_BYTES)
		return;
	h->answer_bytes = 0;
	h->session.progress++;
	s->moved++;
}

int
h2_send_answer(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t length,
	       nghttp2_data_source *source, void *owner)
{
	struct h2_stream *s = source->ptr;
	struct h2 *h = owner;
	uint8_t *to = h2_output_room(h, H2_FRAME_HEAD + length);

	(void)ng, (void)frame;
	if (to == NULL)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	memcpy(to, head, H2_FRAME_HEAD);
	if (!s->direct && length > 0) {
		memcpy(to + H2_FRAME_HEAD, buf_span(&s->held).p, length);
		buf_taken(&s->held, length);
		h->held -= length;
		if (buf_len(&s->held) == 0)
			pool_take_back(&s->held);
	}
	buf_added(&h->out, H2_FRAME_HEAD + length);
	count_progress(s, length);
	return 0;
}
