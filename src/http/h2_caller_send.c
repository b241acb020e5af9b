/* The way of a request out: its head, then its body and trailers. */
#include "http/h2_caller_inner.h"

#include <assert.h>

#include "http/pool.h"

#define PSEUDO_MAX 5 /* :method, :protocol, :scheme, :authority, :path */
#define EXTRA_MAX  3 /* content-length, te, expect */

static nghttp2_nv
pair(struct span name, struct span value)
{
	/* nghttp2 copies both, and changes neither. */
	return (nghttp2_nv){(uint8_t *)name.p, (uint8_t *)value.p, name.len, value.len,
			    NGHTTP2_NV_FLAG_NONE};
}

/* A WebSocket of HTTP/2 has no key (RFC 8441 §5). */
static bool
is_sent(const struct call_request *r, const struct field *f)
{
	return !field_is_hop(f->name) &&
	       !(r->protocol.len > 0 && span_equal(f->name, SPAN_OF("sec-websocket-key")));
}

static size_t
put_pseudo(nghttp2_nv *to, const struct call_request *r)
{
	size_t n = 0;

	to[n++] =
	    pair(SPAN_OF(":method"), r->protocol.len > 0 ? SPAN_OF("CONNECT") : r->method_name);
	if (r->protocol.len > 0)
		to[n++] = pair(SPAN_OF(":protocol"), r->protocol);
	to[n++] = pair(SPAN_OF(":scheme"), r->secure ? SPAN_OF("https") : SPAN_OF("http"));
	if (r->authority.len > 0)
		to[n++] = pair(SPAN_OF(":authority"), r->authority);
	to[n++] = pair(SPAN_OF(":path"), r->target);
	return n;
}

static size_t
put_extra(nghttp2_nv *to, const struct call_request *r, struct arena *memory)
{
	size_t n = 0;

	if (r->length >= 0 && r->protocol.len == 0)
		to[n++] = pair(SPAN_OF("content-length"),
			       span_str(arena_printf(memory, "%lld", (long long)r->length)));
	if (r->wants_trailers)
		to[n++] = pair(SPAN_OF("te"), SPAN_OF("trailers"));
	if (r->expects_continue && r->length != 0 && r->length != LENGTH_NONE)
		to[n++] = pair(SPAN_OF("expect"), SPAN_OF("100-continue"));
	return n;
}

static size_t
put_head(nghttp2_nv *to, const struct call_request *r, struct arena *memory)
{
	size_t n = put_pseudo(to, r);

	for (size_t i = 0; i < r->field_count; i++)
		if (is_sent(r, &r->fields[i]))
			to[n++] = pair(r->fields[i].name, r->fields[i].value);
	return n + put_extra(to + n, r, memory);
}

static void
put_trailers(struct h2_call *c)
{
	struct arena *memory = pool_arena();
	nghttp2_nv *nv = arena_get(memory, c->trailer_count * sizeof *nv);
	size_t n = 0;

	for (size_t i = 0; i < c->trailer_count; i++)
		nv[n++] = pair(c->trailers[i].name, c->trailers[i].value);
	if (nghttp2_submit_trailer(c->caller->ng, c->id, nv, n) != 0)
		c->wrong = CALL_WHY_MEMORY;
	pool_put_arena(memory);
}

/* What there is of the body; nghttp2 then has h2_caller_send_data() copy it. */
static ssize_t
read_body(nghttp2_session *ng, int32_t id, uint8_t *to, size_t length, uint32_t *flags,
	  nghttp2_data_source *source, void *owner)
{
	struct h2_call *c = nghttp2_session_get_stream_user_data(ng, id);
	size_t held = buf_len(&c->held);

	(void)to, (void)source, (void)owner;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if ((held == 0 && !c->asked) || c->wrong != NULL) {
		c->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (held > length)
		return (ssize_t)length;
	if (c->asked)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (c->asked && c->trailer_count > 0) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		put_trailers(c);
	}
	return (ssize_t)held;
}

int
h2_caller_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t length,
		    nghttp2_data_source *source, void *owner)
{
	struct h2_caller *h = owner;
	struct h2_call *c = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);

	(void)source;
	if (!buf_append(&h->out, span_of(head, H2_FRAME_HEAD)) ||
	    !buf_append(&h->out, span_head(buf_span(&c->held), length)))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	buf_taken(&c->held, length);
	return 0;
}

bool
h2_caller_submit(struct h2_call *c, const struct call_request *r)
{
	struct arena *memory = pool_arena();
	nghttp2_nv *nv = arena_get(memory, (PSEUDO_MAX + r->field_count + EXTRA_MAX) * sizeof *nv);
	nghttp2_data_provider body = {.read_callback = read_body};
	size_t n = put_head(nv, r, memory);

	c->id = nghttp2_submit_request(c->caller->ng, NULL, nv, n, c->asked ? NULL : &body, c);
	pool_put_arena(memory);
	return c->id > 0;
}

/* Calls that wait: only the server's SETTINGS say whether it takes them (RFC 8441 §3). */

void
h2_caller_keep_request(struct h2_call *c, const struct call_request *r)
{
	call_request_copy(&c->request, r, h2_caller_own(c));
}

static bool
is_connect_allowed(const struct h2_caller *h)
{
	return nghttp2_session_get_remote_settings(h->ng,
						   NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

void
h2_caller_submit_waiting(struct h2_caller *h)
{
	for (struct list *i = h->calls.next; i != &h->calls; i = i->next) {
		struct h2_call *c = container_of(i, struct h2_call, link);

		if (c->live && c->id < 0 && c->wrong == NULL && c->request.target.len > 0 &&
		    is_connect_allowed(h) && !h2_caller_submit(c, &c->request))
			c->wrong = CALL_WHY_MEMORY;
	}
}

/* The body. */

uint8_t *
h2_caller_room(struct call *call, size_t *len)
{
	struct h2_call *c = h2_call_of(call);
	size_t size = H2_CALLER_HELD_MAX - buf_len(&c->held);
	uint8_t *to;

	*len = c->granted = 0;
	if (c->counted && c->left < size)
		size = (size_t)c->left;
	size = size < H2_CALLER_PIECE_MAX ? size : H2_CALLER_PIECE_MAX;
	if (!c->live || c->asked || c->closed || size == 0 || (c->switching && !c->switched))
		return NULL;
	pool_fill(&c->held, size);
	if ((to = buf_room(&c->held, size)) == NULL)
		return NULL;
	*len = c->granted = size;
	return to;
}

/* nghttp2 may ask again for what it was told there was none of. */
static void
resume(struct h2_call *c)
{
	if (c->deferred && !c->closed) {
		c->deferred = false;
		(void)nghttp2_session_resume_data(c->caller->ng, c->id);
	}
	h2_caller_tell(c->caller);
}

void
h2_caller_sent(struct call *call, size_t n, bool last)
{
	struct h2_call *c = h2_call_of(call);

	assert(n <= c->granted);
	c->granted = 0;
	if (!c->live || c->asked)
		return;
	if (n > 0)
		buf_added(&c->held, n);
	if (c->counted)
		c->left -= n;
	c->asked = last || (c->counted && c->left == 0);
	if (c->asked && c->left > 0)
		c->wrong = CALL_WHY_SHORT;
	resume(c);
}

void
h2_caller_trailers(struct call *call, const struct field *fields, size_t count)
{
	struct h2_call *c = h2_call_of(call);
	struct field *kept;

	if (!c->live || c->asked)
		return;
	kept = field_copy(h2_caller_own(c), fields, count);
	for (size_t i = 0; i < count; i++)
		if (field_is_trailer(&kept[i]))
			kept[c->trailer_count++] = kept[i];
	c->trailers = kept;
	c->granted = 0;
	h2_caller_sent(call, 0, true);
}
