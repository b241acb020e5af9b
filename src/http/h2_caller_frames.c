/* What nghttp2 tells of frames that came and went: calls' events. */
#include "http/h2_caller_inner.h"

#include "base/text.h"
#include "http/field.h"
#include "http/pool.h"

#define FIELD_OVERHEAD 32 /* what a field counts besides its bytes (RFC 9113 §6.5.2) */

static struct h2_call *
call_by_id(nghttp2_session *ng, int32_t id)
{
	return id > 0 ? nghttp2_session_get_stream_user_data(ng, id) : NULL;
}

static int
on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *owner)
{
	struct h2_caller *h = owner;

	(void)ng;
	h->noise++;
	/* Ruled out by our SETTINGS, which came before any request. */
	return hd->type == NGHTTP2_PUSH_PROMISE ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* Heads. */

static int
on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2_call *c = call_by_id(ng, frame->hd.stream_id);

	(void)owner;
	if (c == NULL || !c->live)
		return 0;
	h2_caller_drop_head(c);
	c->memory = pool_arena();
	c->length = LENGTH_NONE;
	return 0;
}

static int
refuse(struct h2_call *c, const char *why)
{
	c->wrong = why;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* nghttp2 makes sure of three digits, and of nothing else. */
static int
take_pseudo(struct h2_call *c, struct span name, struct span value)
{
	uint64_t n;

	if (!span_equal(name, SPAN_OF(":status")))
		return 0;
	if (!text_to_u64(value, 999, &n) || n < 100)
		return refuse(c, "a malformed status");
	c->status = (unsigned)n;
	return 0;
}

static void
keep_field(struct h2_call *c, struct span name, struct span value)
{
	struct field *f = ARENA_PUSH(c->memory, c->fields, c->field_count);

	f->name = arena_span(c->memory, name);
	f->value = arena_span(c->memory, value);
}

static int
on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
	  const uint8_t *value, size_t value_len, uint8_t flags, void *owner)
{
	const struct caller_limits *limits = ((struct h2_caller *)owner)->limits;
	struct h2_call *c = call_by_id(ng, frame->hd.stream_id);
	struct field f = {{name, name_len}, {value, value_len}};
	uint64_t n;

	(void)flags;
	if (c == NULL || !c->live || c->memory == NULL)
		return 0;
	c->field_bytes += name_len + value_len + FIELD_OVERHEAD;
	if (c->field_bytes > limits->header_bytes)
		return refuse(c, "a header that is too large");
	if (name_len > 0 && name[0] == ':')
		return take_pseudo(c, f.name, f.value);
	if (!field_is_sound(&f))
		return refuse(c, "a malformed header field");
	if (span_equal(f.name, SPAN_OF("content-length")) && text_to_u64(f.value, INT64_MAX, &n))
		c->length = (int64_t)n;
	if (field_is_hop(f.name))
		return 0;
	if (c->field_count == limits->header_fields)
		return refuse(c, "too many header fields");
	keep_field(c, f.name, f.value);
	return 0;
}

static int
on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
		  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		  void *owner)
{
	struct h2_call *c = call_by_id(ng, frame->hd.stream_id);

	(void)name, (void)name_len, (void)value, (void)value_len, (void)flags, (void)owner;
	return c != NULL ? refuse(c, "a malformed header field") : 0;
}

static int64_t
length_of(const struct h2_call *c, bool ends)
{
	if (status_is_bodiless(c->status))
		return LENGTH_NONE;
	if (c->length >= 0 && !c->switched)
		return c->length;
	return ends && !c->head ? 0 : LENGTH_UNKNOWN;
}

static void
tell_head(struct h2_call *c, bool ends)
{
	c->answered = true;
	c->switched = c->switching && c->status >= 200 && c->status <= 299;
	struct call_answer answer = {
	    .status = c->status,
	    .fields = c->fields,
	    .field_count = c->field_count,
	    .length = length_of(c, ends),
	    .switched = c->switched,
	};
	c->call.ops->head(c->call.owner, &answer);
}

static void
tell_interim(struct h2_call *c)
{
	if (++c->interims > CALL_INTERIM_MAX)
		c->wrong = "too many interim answers";
	else
		c->call.ops->interim(c->call.owner, c->status, c->fields, c->field_count);
}

/* The fields that are there are trailers, if any are. */
static void
tell_last(struct h2_call *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->field_count; i++)
		if (field_is_trailer(&c->fields[i]))
			c->fields[count++] = c->fields[i];
	c->ended = true;
	c->call.ops->body(c->call.owner, SPAN_NONE, true, c->fields, count);
	if (c->live && !(c->switched && !c->asked))
		h2_caller_over(c);
}

static void
on_headers(struct h2_call *c, bool ends)
{
	bool trailing = c->answered;

	if (!trailing && c->status < 200)
		tell_interim(c);
	else if (!trailing)
		tell_head(c, ends);
	if (!trailing)
		h2_caller_drop_head(c);
	if (ends && c->live && c->wrong == NULL)
		tell_last(c);
	h2_caller_drop_head(c);
}

/* Bodies. */

/*
 * The connection's window opens at once: of each call no more than its own window is
 * outstanding, and one that nobody takes must not hold up the others.
 */
static int
on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len,
	      void *owner)
{
	struct h2_call *c = call_by_id(ng, id);
	struct h2_caller *h = owner;

	(void)flags;
	h2_caller_quiet(h);
	(void)nghttp2_session_consume_connection(ng, len);
	if (c == NULL || !c->live || c->wrong != NULL)
		return 0;
	c->given += len;
	c->call.ops->body(c->call.owner, span_of(bytes, len), false, NULL, 0);
	return 0;
}

/* The server has said what it can do. */
static void
on_settings(struct h2_caller *h)
{
	if (h->greeted)
		return;
	h->greeted = true;
	h2_caller_submit_waiting(h);
	for (struct list *i = h->calls.next; i != &h->calls; i = i->next) {
		struct h2_call *c = container_of(i, struct h2_call, link);

		if (c->live && c->id < 0 && c->wrong == NULL)
			h2_caller_fail_call(c, CALL_REFUSED,
					    "over HTTP/2 it takes no other protocol (RFC 8441)");
	}
}

static void
on_call_frame(struct h2_caller *h, struct h2_call *c, const nghttp2_frame *frame)
{
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	if (frame->hd.type == NGHTTP2_RST_STREAM)
		c->reset = true;
	if (!c->live || c->wrong != NULL)
		return;
	if (frame->hd.type == NGHTTP2_HEADERS) {
		h2_caller_quiet(h);
		on_headers(c, ends);
	} else if (frame->hd.type == NGHTTP2_DATA && ends) {
		tell_last(c);
	}
}

static int
on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2_call *c = call_by_id(ng, frame->hd.stream_id);
	struct h2_caller *h = owner;

	if (c != NULL)
		on_call_frame(h, c, frame);
	else if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
		on_settings(h);
	else if (frame->hd.type == NGHTTP2_GOAWAY)
		h->going = true;
	return 0;
}

static int
on_frame_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *owner)
{
	struct h2_call *c = call_by_id(ng, frame->hd.stream_id);
	struct h2_caller *h = owner;

	if (c == NULL)
		return 0;
	c->spoken = true;
	if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0)
		h2_caller_quiet(h);
	return 0;
}

static int
on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *owner)
{
	struct h2_call *c = call_by_id(ng, id);

	(void)owner;
	if (c == NULL)
		return 0;
	c->closed = true;
	c->code = code;
	return 0;
}

nghttp2_session_callbacks *
h2_caller_callbacks(void)
{
	nghttp2_session_callbacks *to;

	if (nghttp2_session_callbacks_new(&to) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_frame_callback(to, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(to, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(to, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(to, on_invalid_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(to, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(to, on_frame_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(to, on_close);
	nghttp2_session_callbacks_set_send_data_callback(to, h2_caller_send_data);
	return to;
}
