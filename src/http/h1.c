#include "http/h1_inner.h"

#include <stdlib.h>

#include "http/field.h"
#include "http/h1_write.h"
#include "http/pool.h"

static const struct session_ops session_ops;

static struct h1 *
h1_of(const struct http_session *s)
{
	return container_of(s, struct h1, session);
}

struct http_session *
h1_new(const struct http_host *host, void *owner, const struct http_settings *settings,
       const struct client *client)
{
	struct h1 *h = MEM_NEW(struct h1);

	*h = (struct h1){.session = {.ops = &session_ops},
			 .host = host,
			 .owner = owner,
			 .settings = settings,
			 .client = client};
	h->out = buf_with_cap(H1_OUTPUT_MAX);
	h->body = h1_body_none();
	return &h->session;
}

static void
give_back(struct h1 *h)
{
	if (buf_len(&h->out) == 0 && h->out.data != NULL)
		pool_take_back(&h->out);
}

static void
free_h1(struct http_session *s)
{
	struct h1 *h = h1_of(s);

	if (h->now != NULL)
		h1_forget(h);
	buf_taken(&h->out, buf_len(&h->out));
	give_back(h);
	free(h);
}

static bool
is_output_full(const struct h1 *h)
{
	return buf_len(&h->out) > H1_OUTPUT_FULL;
}

/* Nothing of a request has come, not even half of the empty line before it. */
static bool
is_idle(const struct h1 *h)
{
	return h->stage == STAGE_HEAD && !h->left_over && !h->blank;
}

static enum session_state
state(const struct http_session *s)
{
	const struct h1 *h = h1_of(s);

	switch ((enum stage)h->stage) {
	case STAGE_BODY:
		return h1_window(h) > 0 ? SESSION_BODY : SESSION_ANSWERING;
	case STAGE_ANSWER:
	case STAGE_SWITCHED:
		return SESSION_ANSWERING;
	case STAGE_CLOSED:
		return SESSION_CLOSING;
	case STAGE_HEAD:
		break;
	}
	if (is_idle(h))
		return SESSION_IDLE;
	return is_output_full(h) ? SESSION_ANSWERING : SESSION_HEAD;
}

static size_t
take_nothing(struct h1 *h, struct span in)
{
	(void)h, (void)in;
	return 0;
}

static size_t
drop(struct h1 *h, struct span in)
{
	(void)h;
	return in.len;
}

static size_t (*const takers[])(struct h1 *h, struct span in) = {
    [STAGE_HEAD] = h1_take_head,         [STAGE_BODY] = h1_take_body, [STAGE_ANSWER] = take_nothing,
    [STAGE_SWITCHED] = h1_take_switched, [STAGE_CLOSED] = drop,
};

/* No whole request will come of it: whoever works on it is told to stop. */
static void
break_off(struct h1 *h)
{
	if (h->now != NULL) {
		h1_give_up(h->now);
		h1_settle(h);
	}
	h->stage = STAGE_CLOSED;
}

/* The peer is done. What it said before may still be waiting to be used. */
static void
heed_end(struct h1 *h)
{
	if (h->stage == STAGE_HEAD && !(h->left_over && is_output_full(h)))
		h->stage = STAGE_CLOSED;
	if (h->left_over)
		return;
	if (h->stage == STAGE_BODY)
		break_off(h);
	else if (h->stage == STAGE_ANSWER)
		h->draining = true;
	else if (h->stage == STAGE_SWITCHED)
		h1_end_switched(h);
}

static size_t
receive(struct http_session *s, struct span in)
{
	struct h1 *h = h1_of(s);
	size_t used = 0, n;
	uint8_t stage;

	h->left_over = in.len > 0;
	do {
		stage = h->stage;
		n = takers[stage](h, span_tail(in, used));
		used += n;
	} while (used < in.len && (n > 0 || h->stage != stage));
	h->left_over = used < in.len;
	h->session.progress += used > 0;
	if (h->ended)
		heed_end(h);
	return used;
}

static void
receive_end(struct http_session *s)
{
	struct h1 *h = h1_of(s);

	h->ended = true;
	heed_end(h);
}

static void
timed_out(struct http_session *s)
{
	struct h1 *h = h1_of(s);
	bool asked_half = h->stage == STAGE_HEAD && !is_idle(h) && !is_output_full(h);

	if (asked_half)
		h1_refuse_head(h, SPAN_NONE, 408);
	else if (h->stage == STAGE_BODY && h->now != NULL && h->now->ex.status == 0)
		h1_refuse(h, 408);
	else
		break_off(h);
}

static void
drain_session(struct http_session *s)
{
	struct h1 *h = h1_of(s);

	h->draining = true;
	if (is_idle(h))
		h->stage = STAGE_CLOSED;
}

static struct buf *
output(struct http_session *s)
{
	struct h1 *h = h1_of(s);

	return &h->out;
}

static bool
waits_for_room(const struct h1 *h)
{
	const struct exchange *ex = h->now != NULL ? &h->now->ex : NULL;

	return ex != NULL && ex->status != 0 && !ex->answered && ex->handler != NULL &&
	       ex->handler->writable != NULL && !is_output_full(h);
}

static void
sent(struct http_session *s)
{
	struct h1 *h = h1_of(s);

	h->session.progress++;
	if (waits_for_room(h)) {
		h->calls++;
		h->now->ex.handler->writable(&h->now->ex);
		h->calls--;
		h1_settle(h);
	}
	/* FIN may have come before the switch did. */
	if (h->stage == STAGE_SWITCHED && h->ended && !h->left_over)
		h1_end_switched(h);
	give_back(h);
}

static bool
will_close(const struct http_session *s)
{
	const struct h1 *h = h1_of(s);

	return h->close || h->draining || h->stage == STAGE_CLOSED;
}

static bool
wants_input(const struct http_session *s)
{
	const struct h1 *h = h1_of(s);
	enum session_state now = state(s);

	if (h->stage == STAGE_SWITCHED)
		return !h->now->told_end && h1_window(h) > 0;
	return now == SESSION_IDLE || now == SESSION_HEAD || now == SESSION_BODY;
}

static const struct session_ops session_ops = {
    .free = free_h1,
    .state = state,
    .wants_input = wants_input,
    .receive = receive,
    .receive_end = receive_end,
    .timed_out = timed_out,
    .drain = drain_session,
    .output = output,
    .sent = sent,
    .will_close = will_close,
};

/* An answer to nobody's request. */
static bool
put_refusal(struct buf *out, struct span date, const char *server_name, const char *why)
{
	static const struct field html = {SPAN_INIT("content-type"),
					  SPAN_INIT("text/html; charset=utf-8")};
	struct arena *memory = pool_arena();
	struct span page = status_page(memory, 400, why);
	struct h1_answer answer = {
	    .status = 400,
	    .fields = &html,
	    .field_count = 1,
	    .length = (int64_t)page.len,
	    .close = true,
	    .date = date,
	    .server = server_name != NULL ? span_str(server_name) : SPAN_NONE,
	};
	uint8_t *room = buf_room(out, h1_head_size(&answer) + page.len);

	if (room != NULL) {
		buf_added(out, (size_t)(h1_put_head(room, &answer) - room));
		if (!buf_append(out, page))
			room = NULL;
	}
	pool_put_arena(memory);
	return room != NULL;
}

bool
h1_plain_to_tls(struct buf *out, struct span date, const char *server_name)
{
	return put_refusal(out, date, server_name,
			   "<p>The plain HTTP request was sent to HTTPS port</p>\n");
}

bool
h1_bad_request(struct buf *out, struct span date, const char *server_name)
{
	return put_refusal(out, date, server_name, "");
}
