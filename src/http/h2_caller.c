#include "http/h2_caller_inner.h"

#include <assert.h>
#include <stdlib.h>

#include "http/pool.h"

static const struct caller_kind h2_kind;

static void pump(struct h2_caller *h);

static nghttp2_option *
options_new(void)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_peer_max_concurrent_streams(o, H2_CALLS_MAX);
	nghttp2_option_set_max_outbound_ack(o, H2_CALLER_ACKS_MAX);
	nghttp2_option_set_max_settings(o, H2_CALLER_SETTINGS);
	return o;
}

static bool
say_hello(struct h2_caller *h)
{
	const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, EXCHANGE_WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h->limits->header_bytes},
	};

	return nghttp2_submit_settings(h->ng, NGHTTP2_FLAG_NONE, settings, COUNT(settings)) == 0 &&
	       nghttp2_session_set_local_window_size(h->ng, NGHTTP2_FLAG_NONE, 0,
						     H2_CALLER_WINDOW) == 0;
}

static bool
session_new(struct h2_caller *h)
{
	nghttp2_session_callbacks *callbacks = h2_caller_callbacks();
	nghttp2_option *options = options_new();
	bool made = callbacks != NULL && options != NULL &&
		    nghttp2_session_client_new2(&h->ng, callbacks, h, options) == 0 && say_hello(h);

	nghttp2_option_del(options);
	nghttp2_session_callbacks_del(callbacks);
	return made;
}

struct caller *
h2_caller_new(const struct caller_host *host, void *owner, const struct caller_limits *limits)
{
	struct h2_caller *h = MEM_NEW(struct h2_caller);

	h->caller.kind = &h2_kind;
	h->host = host;
	h->owner = owner;
	h->limits = limits;
	h->out = buf_with_cap(H2_CALLER_OUTPUT_MAX);
	list_init(&h->calls);
	h->dead = !session_new(h);
	pump(h);
	return &h->caller;
}

/* The end of calls. */

void
h2_caller_drop_head(struct h2_call *c)
{
	if (c->memory != NULL)
		pool_put_arena(c->memory);
	c->memory = NULL;
	c->fields = NULL;
	c->field_count = c->field_bytes = 0;
}

struct arena *
h2_caller_own(struct h2_call *c)
{
	if (c->own == NULL)
		c->own = pool_arena();
	return c->own;
}

static void
free_call(struct h2_call *c)
{
	list_remove(&c->link);
	c->caller->open--;
	h2_caller_drop_head(c);
	if (c->own != NULL)
		pool_put_arena(c->own);
	buf_free(&c->held);
	free(c);
}

/* Nothing more is told of it; its stream ends, if it did not. */
static void
let_go(struct h2_call *c)
{
	c->live = false;
	c->caller->live--;
	if (c->id < 0)
		c->closed = true;
	else if (!c->closed && !(c->ended && c->asked && buf_len(&c->held) == 0))
		(void)nghttp2_submit_rst_stream(c->caller->ng, NGHTTP2_FLAG_NONE, c->id,
						NGHTTP2_CANCEL);
}

void
h2_caller_fail_call(struct h2_call *c, enum call_failure how, const char *why)
{
	if (!c->live)
		return;
	let_go(c);
	c->call.ops->failed(c->call.owner, how, why);
}

void
h2_caller_over(struct h2_call *c)
{
	let_go(c);
	c->call.ops->over(c->call.owner);
}

/* What a stream that nghttp2 closed failed by. */
static void
fail_closed(struct h2_call *c)
{
	if (c->wrong != NULL)
		h2_caller_fail_call(c, CALL_BAD, c->wrong);
	else if (c->code == NGHTTP2_REFUSED_STREAM && !c->answered && c->interims == 0)
		h2_caller_fail_call(c, CALL_UNSENT, "the server refused to answer now");
	else if (c->code == NGHTTP2_NO_ERROR || c->reset)
		h2_caller_fail_call(c, CALL_CUT, "the server broke off its answer");
	else
		h2_caller_fail_call(c, CALL_BAD, "a malformed answer");
}

static struct h2_call *
next_to_settle(const struct h2_caller *h)
{
	for (struct list *i = h->calls.next; i != &h->calls; i = i->next) {
		struct h2_call *c = container_of(i, struct h2_call, link);

		if (c->closed || (c->live && c->wrong != NULL))
			return c;
	}
	return NULL;
}

/* Its own direction of another protocol may end long after the other one. */
static void
end_tunnels(struct h2_caller *h)
{
	for (struct list *i = h->calls.next, *next; i != &h->calls; i = next) {
		struct h2_call *c = container_of(i, struct h2_call, link);

		next = i->next;
		if (c->live && c->switched && c->ended && c->asked && buf_len(&c->held) == 0)
			h2_caller_over(c);
	}
}

/* Tells what owners could not be told while nghttp2 was at work, and forgets what is closed. */
static void
settle(struct h2_caller *h)
{
	struct h2_call *c;

	if (h->depth > 1)
		return;
	end_tunnels(h);
	while ((c = next_to_settle(h)) != NULL) {
		if (c->live)
			fail_closed(c);
		if (c->closed)
			free_call(c);
	}
	if (h->going && h->live == 0)
		h->dead = true;
}

static void
fail_all(struct h2_caller *h, enum call_failure how, const char *why)
{
	h->dead = true;
	for (struct list *i = h->calls.next; i != &h->calls; i = i->next) {
		struct h2_call *c = container_of(i, struct h2_call, link);

		if (c->live && !c->spoken && how == CALL_CUT)
			h2_caller_fail_call(c, CALL_UNSENT, why);
		else
			h2_caller_fail_call(c, how, why);
	}
}

static void
enter(struct h2_caller *h)
{
	h->depth++;
}

static void
leave(struct h2_caller *h)
{
	if (--h->depth > 0 || !h->freed)
		return;
	nghttp2_session_del(h->ng);
	while (!list_empty(&h->calls))
		free_call(container_of(h->calls.next, struct h2_call, link));
	buf_free(&h->out);
	free(h);
}

static void
free_caller(struct caller *caller)
{
	struct h2_caller *h = h2_caller_of(caller);

	enter(h);
	h->freed = true;
	fail_all(h, CALL_CUT, CALL_WHY_CUT);
	leave(h);
}

/* Bytes. */

/* Has nghttp2 frame what there is room for. */
static void
pump(struct h2_caller *h)
{
	const uint8_t *bytes;
	ssize_t n = 1;

	while (!h->dead && n > 0 && buf_len(&h->out) < H2_CALLER_OUTPUT_FULL) {
		n = nghttp2_session_mem_send(h->ng, &bytes);
		if (n < 0 || (n > 0 && !buf_append(&h->out, span_of(bytes, (size_t)n))))
			h->dead = true;
	}
}

void
h2_caller_tell(struct h2_caller *h)
{
	if (h->depth > 0)
		return;
	enter(h);
	pump(h);
	leave(h);
	h->host->output(h->owner);
}

/* nghttp2 has said GOAWAY for what the server did, or there is nothing left after the server's. */
static bool
is_finished(const struct h2_caller *h)
{
	return !nghttp2_session_want_read(h->ng) && !nghttp2_session_want_write(h->ng);
}

/* After anything that came, or left. */
static void
go_on(struct h2_caller *h)
{
	pump(h);
	settle(h);
	pump(h);
	if (h->noise > H2_CALLER_NOISE_MAX || h->noise_bytes > H2_CALLER_NOISE_BYTES)
		fail_all(h, CALL_BAD, "a flood of frames that say nothing");
	else if (h->dead || is_finished(h))
		fail_all(h, CALL_BAD, "it does not speak HTTP/2 as it should");
}

static size_t
receive(struct caller *caller, struct span in)
{
	struct h2_caller *h = h2_caller_of(caller);

	if (h->dead)
		return in.len;
	assert(h->depth == 0); /* not from within what an owner is told */
	enter(h);
	h->noise_bytes += in.len;
	if (nghttp2_session_mem_recv(h->ng, in.p, in.len) < 0) {
		pump(h);
		fail_all(h, CALL_BAD, "it does not speak HTTP/2 as it should");
	}
	go_on(h);
	leave(h);
	return in.len;
}

static void
receive_end(struct caller *caller)
{
	struct h2_caller *h = h2_caller_of(caller);

	enter(h);
	settle(h);
	fail_all(h, CALL_CUT, CALL_WHY_CUT);
	leave(h);
}

static void
fail(struct caller *caller, enum call_failure how, const char *why)
{
	struct h2_caller *h = h2_caller_of(caller);

	enter(h);
	fail_all(h, how, why);
	leave(h);
}

static bool
waits_for_room(const struct h2_call *c)
{
	return c->live && !c->asked && buf_len(&c->held) < H2_CALLER_HELD_MAX &&
	       (c->switched || !c->switching);
}

static void
output_sent(struct caller *caller)
{
	struct h2_caller *h = h2_caller_of(caller);

	if (h->depth > 0 || h->dead)
		return;
	enter(h);
	pump(h);
	if (buf_len(&h->out) < H2_CALLER_OUTPUT_FULL)
		for (struct list *i = h->calls.next; i != &h->calls; i = i->next) {
			struct h2_call *c = container_of(i, struct h2_call, link);

			if (waits_for_room(c))
				c->call.ops->writable(c->call.owner);
		}
	go_on(h);
	leave(h);
}

/* Calls. */

static size_t
vacancies(const struct caller *caller)
{
	const struct h2_caller *h = h2_caller_of(caller);
	uint32_t most =
	    nghttp2_session_get_remote_settings(h->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (h->dead || h->going || h->freed || !nghttp2_session_check_request_allowed(h->ng))
		return 0;
	most = most < H2_CALLS_MAX ? most : H2_CALLS_MAX;
	return h->open < most ? most - h->open : 0;
}

static struct h2_call *
call_new(struct h2_caller *h, const struct call_request *r, const struct call_ops *ops, void *owner)
{
	struct h2_call *c = MEM_NEW(struct h2_call);

	c->call = (struct call){.caller = &h->caller, .ops = ops, .owner = owner};
	c->caller = h;
	c->id = -1;
	c->held = buf_with_cap(H2_CALLER_HELD_MAX);
	c->left = r->length > 0 ? (uint64_t)r->length : 0;
	c->head = r->method == METHOD_HEAD;
	c->switching = r->protocol.len > 0;
	c->counted = !c->switching && r->length >= 0;
	c->asked = !c->switching && (r->length == 0 || r->length == LENGTH_NONE);
	c->length = LENGTH_NONE;
	c->live = true;
	list_append(&h->calls, &c->link);
	h->open++;
	h->live++;
	return c;
}

static struct call *
begin(struct caller *caller, const struct call_request *request, const struct call_ops *ops,
      void *owner)
{
	struct h2_caller *h = h2_caller_of(caller);

	if (vacancies(caller) == 0)
		return NULL;
	struct h2_call *c = call_new(h, request, ops, owner);
	if (!call_request_is_sound(request) || (request->method == METHOD_CONNECT && !c->switching))
		c->wrong = CALL_WHY_UNSOUND;
	else if (c->switching && !h->greeted)
		h2_caller_keep_request(c, request);
	else if (!h2_caller_submit(c, request) && c->wrong == NULL)
		c->wrong = CALL_WHY_MEMORY;
	if (h->depth == 0) {
		enter(h);
		pump(h);
		leave(h);
	}
	return &c->call;
}

static void
taken(struct call *call, size_t n)
{
	struct h2_call *c = h2_call_of(call);

	c->given -= n < c->given ? n : c->given;
	if (!c->live || c->id < 0 || c->closed || c->ended)
		return;
	(void)nghttp2_session_consume_stream(c->caller->ng, c->id, n);
	h2_caller_tell(c->caller);
}

static bool
awaits(const struct call *call)
{
	const struct h2_call *c = h2_call_of(call);

	return (c->asked || buf_len(&c->held) > 0) && c->given < EXCHANGE_WINDOW;
}

static void
cancel(struct call *call)
{
	struct h2_call *c = h2_call_of(call);
	struct h2_caller *h = c->caller;

	if (!c->live)
		return;
	let_go(c);
	if (h->depth > 0)
		return;
	enter(h);
	pump(h);
	leave(h);
}

static bool
is_dead(const struct caller *caller)
{
	return h2_caller_of(caller)->dead;
}

static bool
wants_input(const struct caller *caller)
{
	return !h2_caller_of(caller)->dead;
}

static struct buf *
output(struct caller *caller)
{
	return &h2_caller_of(caller)->out;
}

/* END_STREAM says it. */
static bool
output_ended(const struct caller *caller)
{
	(void)caller;
	return false;
}

static const struct caller_kind h2_kind = {
    .free = free_caller,
    .begin = begin,
    .vacancies = vacancies,
    .is_dead = is_dead,
    .receive = receive,
    .wants_input = wants_input,
    .receive_end = receive_end,
    .fail = fail,
    .output = output,
    .output_ended = output_ended,
    .output_sent = output_sent,
    .room = h2_caller_room,
    .sent = h2_caller_sent,
    .trailers = h2_caller_trailers,
    .taken = taken,
    .awaits = awaits,
    .cancel = cancel,
};
