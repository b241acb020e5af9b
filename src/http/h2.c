#include "http/h2.h"

#include <stdlib.h>

#include "http/h2_inner.h"
#include "http/pool.h"

static const struct session_ops session_ops;

static struct h2 *
h2_of(const struct http_session *s)
{
	return container_of(s, struct h2, session);
}

/* Flow control is ours: windows open as handlers take what came (exchange_taken). */
static bool
start_nghttp2(struct h2 *h)
{
	nghttp2_session_callbacks *callbacks = h2_callbacks();
	nghttp2_option *option = NULL;
	int failed = callbacks == NULL ? NGHTTP2_ERR_NOMEM : nghttp2_option_new(&option);

	if (failed == 0) {
		nghttp2_option_set_no_auto_window_update(option, 1);
		nghttp2_option_set_no_closed_streams(option, 1);
		nghttp2_option_set_max_send_header_block_length(option, H2_ANSWER_HEAD);
		nghttp2_option_set_max_deflate_dynamic_table_size(option, H2_TABLE_MAX);
		nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
		failed =
		    nghttp2_session_server_new3(&h->ng, callbacks, h, option, &h->memory.calls);
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return failed == 0;
}

static bool
say_settings(struct h2 *h)
{
	const nghttp2_settings_entry ours[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h->settings->header_bytes},
	    {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
	    {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};

	return nghttp2_submit_settings(h->ng, NGHTTP2_FLAG_NONE, ours, COUNT(ours)) == 0 &&
	       nghttp2_session_set_local_window_size(h->ng, NGHTTP2_FLAG_NONE, 0, H2_WINDOW) == 0;
}

struct http_session *
h2_new(const struct http_host *host, void *owner, const struct http_settings *settings,
       const struct client *client)
{
	struct h2 *h = MEM_NEW(struct h2);

	*h = (struct h2){.session = {.ops = &session_ops},
			 .host = host,
			 .owner = owner,
			 .settings = settings,
			 .client = client};
	h->out = buf_with_cap(H2_OUTPUT_MAX);
	list_init(&h->streams);
	if (!h2_memory_begin(&h->memory) || !start_nghttp2(h) || !say_settings(h)) {
		nghttp2_session_del(h->ng);
		h2_memory_end(&h->memory);
		free(h);
		return NULL;
	}
	h2_flush(h);
	return &h->session;
}

static void
free_h2(struct http_session *s)
{
	struct h2 *h = h2_of(s);

	h->closed = true;
	h->calls++;
	while (!list_empty(&h->streams))
		h2_forget(container_of(h->streams.next, struct h2_stream, link));
	nghttp2_session_del(h->ng);
	h2_memory_end(&h->memory);
	buf_taken(&h->out, buf_len(&h->out));
	h2_output_give_back(h);
	free(h);
}

static void
end_with(struct h2 *h, uint32_t code)
{
	(void)nghttp2_session_terminate_session(h->ng, code);
}

/*
 * RFC 9113 §6.8: requests may be on their way, so a first GOAWAY only warns. Once the peer
 * has answered a PING sent behind it, it has read that, and the second one says what was the
 * last request taken.
 */
static void
begin_drain(struct h2 *h)
{
	if (h->draining)
		return;
	h->draining = true;
	if (!h->greeted)
		end_with(h, NGHTTP2_NO_ERROR);
	else if (nghttp2_submit_shutdown_notice(h->ng) != 0)
		h->closed = true;
}

/* Tells who handled it and who logs it. Its memory stays, for nghttp2 has not sent all of it. */
static void
let_go(struct h2_stream *s)
{
	struct h2 *h = s->h;

	s->over = true;
	h->calls++;
	if (s->ex.handler != NULL && s->ex.handler->gone != NULL)
		s->ex.handler->gone(&s->ex);
	if (s->asked)
		h->host->over(&s->ex, h->owner);
	h->calls--;
	h2_discard(s, s->given);
	s->given = 0;
	if (s->ex.wants_close && !h->closed)
		begin_drain(h);
}

void
h2_settle(struct h2_stream *s)
{
	if (s->ex.answered && !s->over && s->inside == 0)
		let_go(s);
}

void
h2_enter(struct h2_stream *s)
{
	s->h->calls++;
	s->inside++;
}

void
h2_leave(struct h2_stream *s)
{
	s->h->calls--;
	s->inside--;
	h2_settle(s);
}

void
h2_forget(struct h2_stream *s)
{
	struct h2 *h = s->h;

	s->ex.answered = true; /* nothing more can be sent */
	s->ended = true;
	if (!s->over)
		let_go(s);
	if (h->head == s)
		h->head = NULL;
	list_remove(&s->link);
	h->held -= buf_len(&s->held);
	buf_free(&s->held);
	buf_free(&s->early);
	h->session.progress++;
	pool_put_arena(s->ex.memory);
}

void
h2_tell(struct h2 *h)
{
	if (h->calls > 0)
		return;
	h2_flush(h);
	h->host->output(h->owner);
}

void
h2_calm(struct h2 *h)
{
	end_with(h, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* What the answer has more of, if anything, cannot be sent for want of window. */
static bool
is_stalled(const struct h2_stream *s)
{
	bool more = buf_len(&s->held) > 0 || (s->ex.status != 0 && !s->ex.answered && !s->deferred);

	return more && (nghttp2_session_get_remote_window_size(s->h->ng) <= 0 ||
			nghttp2_session_get_stream_remote_window_size(s->h->ng, s->id) <= 0);
}

/* More of a body is to come, and there is nothing that its handler has to do first. */
static bool
waits_for_body(const struct h2_stream *s)
{
	return s->bodied && !s->ended && !s->over && !s->ex.switched && s->given == 0;
}

static bool
waits_for_peer(const struct h2_stream *s)
{
	return is_stalled(s) || waits_for_body(s);
}

static bool
is_done(const struct h2 *h)
{
	return h->closed ||
	       (!nghttp2_session_want_read(h->ng) && !nghttp2_session_want_write(h->ng));
}

static enum session_state
state(const struct http_session *session)
{
	const struct h2 *h = h2_of(session);
	enum session_state found = SESSION_ANSWERING;
	bool handled = false, discards = false;

	if (is_done(h) || (h->ended && list_empty(&h->streams)))
		return SESSION_CLOSING;
	if (h->head != NULL || !h->greeted)
		return SESSION_HEAD;
	if (list_empty(&h->streams))
		return SESSION_IDLE;
	for (struct list *i = h->streams.next; i != &h->streams; i = i->next) {
		const struct h2_stream *s = container_of(i, struct h2_stream, link);

		if (s->discards)
			discards = true;
		else if (waits_for_peer(s))
			found = SESSION_BODY;
		else
			handled = true;
	}
	/* After FIN no window will open. */
	if (h->ended && !handled)
		return SESSION_CLOSING;
	return discards ? SESSION_DISCARDING : found;
}

static bool
wants_input(const struct http_session *s)
{
	const struct h2 *h = h2_of(s);

	return !is_done(h) && buf_len(&h->out) <= H2_OUTPUT_FULL;
}

/* nghttp2 gave up. Where it still can, it says why. */
static void
fail(struct h2 *h, ssize_t why)
{
	bool flood = why == NGHTTP2_ERR_FLOODED || why == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;

	if (why == NGHTTP2_ERR_NOMEM || why == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		h->closed = true;
	else
		end_with(h, flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_INTERNAL_ERROR);
}

static size_t
receive(struct http_session *s, struct span in)
{
	struct h2 *h = h2_of(s);

	if (in.len == 0 || is_done(h))
		return in.len;
	h->calls++;
	ssize_t n = nghttp2_session_mem_recv(h->ng, in.p, in.len);
	h->calls--;
	if (n < 0)
		fail(h, n);
	h2_flush(h);
	return in.len;
}

/* Nothing that is not here already will come of the peer. */
static void
receive_end(struct http_session *session)
{
	struct h2 *h = h2_of(session);

	h->ended = true;
	for (struct list *i = h->streams.next, *next; i != &h->streams; i = next) {
		struct h2_stream *s = container_of(i, struct h2_stream, link);

		next = i->next;
		if (!s->ended && !s->over)
			h2_break(s, NGHTTP2_CANCEL);
	}
	h2_flush(h);
}

/* What waited for the peer at the last deadline too, and has not moved since. */
static void
give_up_waiting(struct h2_stream *s)
{
	bool moved = s->moved != s->marked;

	s->marked = s->moved;
	if (moved || !waits_for_peer(s))
		return;
	if (s->ex.status == 0 && s->asked) {
		h2_enter(s);
		exchange_respond_status(&s->ex, 408, SPAN_NONE);
		h2_leave(s);
	} else {
		h2_break(s, NGHTTP2_CANCEL);
	}
}

/* It has had the time to see its answer (RFC 9113 §8.1). */
static void
stop_discarding(struct h2_stream *s)
{
	if (s->discards)
		h2_break(s, NGHTTP2_NO_ERROR);
}

static void
timed_out(struct http_session *session)
{
	struct h2 *h = h2_of(session);
	enum session_state now = state(session);

	if (now != SESSION_BODY && now != SESSION_DISCARDING)
		end_with(h, NGHTTP2_NO_ERROR);
	else
		for (struct list *i = h->streams.next, *next; i != &h->streams; i = next) {
			struct h2_stream *s = container_of(i, struct h2_stream, link);

			next = i->next;
			(now == SESSION_BODY ? give_up_waiting : stop_discarding)(s);
		}
	h2_flush(h);
}

static void
drain(struct http_session *s)
{
	struct h2 *h = h2_of(s);

	begin_drain(h);
	h2_flush(h);
}

static void
rest(struct http_session *s)
{
	struct h2 *h = h2_of(s);

	if (buf_len(&h->out) == 0 && !nghttp2_session_want_write(h->ng))
		h2_memory_rest(&h->memory);
}

static struct buf *
output(struct http_session *s)
{
	return &h2_of(s)->out;
}

static void
sent(struct http_session *s)
{
	struct h2 *h = h2_of(s);

	h2_flush(h);
	h2_output_give_back(h);
}

static bool
will_close(const struct http_session *s)
{
	const struct h2 *h = h2_of(s);

	return h->draining || is_done(h);
}

static const struct session_ops session_ops = {
    .free = free_h2,
    .state = state,
    .wants_input = wants_input,
    .receive = receive,
    .receive_end = receive_end,
    .timed_out = timed_out,
    .drain = drain,
    .rest = rest,
    .output = output,
    .sent = sent,
    .will_close = will_close,
};
