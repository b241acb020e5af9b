#include "http/h1_caller_inner.h"

#include <stdlib.h>

#include "http/h1_write.h"
#include "http/pool.h"

static const struct caller_kind h1_kind;

struct caller *
h1_caller_new(const struct caller_host *host, void *owner, const struct caller_limits *limits)
{
	struct h1_caller *c = MEM_NEW(struct h1_caller);

	c->caller.kind = &h1_kind;
	c->call.caller = &c->caller;
	c->host = host;
	c->owner = owner;
	c->limits = limits;
	c->out = buf_with_cap(H1_OUTPUT_MAX);
	c->kept = buf_with_cap(H1_CALLER_KEPT_MAX);
	c->trailers = buf_with_cap(H1_TRAILERS_MAX);
	return &c->caller;
}

static void
give_back(struct h1_caller *c)
{
	if (buf_len(&c->out) == 0 && c->out.data != NULL)
		pool_take_back(&c->out);
}

void
h1_caller_enter(struct h1_caller *c)
{
	c->depth++;
}

void
h1_caller_leave(struct h1_caller *c)
{
	if (--c->depth > 0)
		return;
	if (c->stage == CALLING_DEAD)
		buf_free(&c->kept);
	if (!c->freed)
		return;
	buf_taken(&c->out, buf_len(&c->out));
	give_back(c);
	free(c);
}

/* Forgets the call first: its owner may begin another while it is told. */
static struct call
end_call(struct h1_caller *c)
{
	c->busy = false;
	c->doomed = NULL;
	buf_free(&c->trailers);
	return c->call;
}

void
h1_caller_fail_call(struct h1_caller *c, enum call_failure how, const char *why)
{
	c->stage = CALLING_DEAD;
	if (!c->busy)
		return;
	struct call call = end_call(c);
	h1_caller_enter(c);
	call.ops->failed(call.owner, how, why);
	h1_caller_leave(c);
}

void
h1_caller_over(struct h1_caller *c)
{
	struct call call = end_call(c);

	if (c->keep && c->asked && buf_len(&c->out) == 0 && !c->ended)
		c->stage = CALLING_IDLE;
	else
		c->stage = CALLING_DEAD;
	h1_caller_enter(c);
	call.ops->over(call.owner);
	h1_caller_leave(c);
}

bool
h1_caller_has_spoken(const struct h1_caller *c)
{
	return c->queued > buf_len(&c->out);
}

static void
free_caller(struct caller *caller)
{
	struct h1_caller *c = h1_caller_of(caller);

	h1_caller_enter(c);
	c->freed = true;
	if (c->doomed != NULL)
		h1_caller_fail_call(c, CALL_BAD, c->doomed);
	else
		h1_caller_fail_call(c, h1_caller_has_spoken(c) ? CALL_CUT : CALL_UNSENT,
				    CALL_WHY_CUT);
	h1_caller_leave(c);
}

static size_t
vacancies(const struct caller *caller)
{
	return h1_caller_of(caller)->stage == CALLING_IDLE && !h1_caller_of(caller)->freed ? 1 : 0;
}

static bool
is_dead(const struct caller *caller)
{
	return h1_caller_of(caller)->stage == CALLING_DEAD;
}

static void
reset(struct h1_caller *c, const struct call_request *r)
{
	c->scan = (struct h1_scan){0};
	c->body = h1_body_none();
	c->left = r->length > 0 ? (uint64_t)r->length : 0;
	c->queued = c->granted = c->given = 0;
	c->asking = r->length == LENGTH_UNKNOWN ? ASKING_CHUNKED : ASKING_LENGTH;
	c->asked = c->asking == ASKING_LENGTH && c->left == 0;
	c->interims = 0;
	c->head = r->method == METHOD_HEAD;
	c->half_ended = false;
	c->protocol_asked = span_head(r->protocol, sizeof c->protocol);
	if (r->protocol.len > 0)
		memcpy(c->protocol, r->protocol.p, c->protocol_asked.len);
	c->protocol_asked.p = c->protocol;
}

/* CONNECT has a target of another kind, and an answer framed in another way. */
static bool
is_sound(const struct call_request *r)
{
	return call_request_is_sound(r) && r->method != METHOD_CONNECT &&
	       r->protocol.len <= H1_CALLER_PROTOCOL_MAX;
}

static struct call *
begin(struct caller *caller, const struct call_request *request, const struct call_ops *ops,
      void *owner)
{
	struct h1_caller *c = h1_caller_of(caller);

	if (vacancies(caller) == 0)
		return NULL;
	reset(c, request);
	c->busy = true;
	c->stage = CALLING_HEAD;
	c->call.ops = ops;
	c->call.owner = owner;
	if (!is_sound(request) || !h1_caller_put_request(c, request)) {
		c->doomed = CALL_WHY_UNSOUND;
		c->stage = CALLING_DEAD;
	}
	return &c->call;
}

static bool
wants_input(const struct caller *caller)
{
	const struct h1_caller *c = h1_caller_of(caller);

	switch ((enum h1_calling)c->stage) {
	case CALLING_IDLE:
	case CALLING_HEAD:
		return !c->ended;
	case CALLING_BODY:
	case CALLING_TO_END:
	case CALLING_TUNNEL:
		return !c->ended && c->given < EXCHANGE_WINDOW && buf_len(&c->kept) == 0;
	case CALLING_DEAD:
		break;
	}
	return false;
}

static void
fail(struct caller *caller, enum call_failure how, const char *why)
{
	struct h1_caller *c = h1_caller_of(caller);

	/* Whatever it was, a server that was not spoken to has done nothing. */
	if (how == CALL_CUT && !h1_caller_has_spoken(c))
		how = CALL_UNSENT;
	h1_caller_fail_call(c, how, why);
}

static struct buf *
output(struct caller *caller)
{
	return &h1_caller_of(caller)->out;
}

static bool
output_ended(const struct caller *caller)
{
	return h1_caller_of(caller)->stage == CALLING_TUNNEL && h1_caller_of(caller)->asked;
}

static bool
waits_for_room(const struct h1_caller *c)
{
	return c->busy && !c->asked && c->stage != CALLING_DEAD &&
	       buf_len(&c->out) <= H1_OUTPUT_FULL;
}

static void
output_sent(struct caller *caller)
{
	struct h1_caller *c = h1_caller_of(caller);

	if (c->depth > 0)
		return;
	h1_caller_enter(c);
	if (c->doomed != NULL)
		h1_caller_fail_call(c, CALL_BAD, c->doomed);
	else if (waits_for_room(c))
		c->call.ops->writable(c->call.owner);
	if (c->stage == CALLING_TUNNEL && c->asked && c->half_ended)
		h1_caller_over(c);
	h1_caller_use_kept(c);
	give_back(c);
	h1_caller_leave(c);
}

static void
taken(struct call *call, size_t n)
{
	struct h1_caller *c = h1_caller_of(call->caller);
	bool wanted = wants_input(&c->caller);

	if (!c->busy)
		return;
	c->given -= n < c->given ? n : c->given;
	if (c->depth == 0 && !wanted && (wants_input(&c->caller) || buf_len(&c->kept) > 0))
		c->host->output(c->owner);
}

static bool
awaits(const struct call *call)
{
	const struct h1_caller *c = h1_caller_of(call->caller);

	return (c->asked || buf_len(&c->out) > 0) && c->given < EXCHANGE_WINDOW;
}

static void
cancel(struct call *call)
{
	struct h1_caller *c = h1_caller_of(call->caller);

	if (!c->busy)
		return;
	(void)end_call(c);
	c->stage = CALLING_DEAD;
	buf_taken(&c->out, buf_len(&c->out));
}

static const struct caller_kind h1_kind = {
    .free = free_caller,
    .begin = begin,
    .vacancies = vacancies,
    .is_dead = is_dead,
    .receive = h1_caller_receive,
    .wants_input = wants_input,
    .receive_end = h1_caller_receive_end,
    .fail = fail,
    .output = output,
    .output_ended = output_ended,
    .output_sent = output_sent,
    .room = h1_caller_room,
    .sent = h1_caller_sent,
    .trailers = h1_caller_trailers,
    .taken = taken,
    .awaits = awaits,
    .cancel = cancel,
};
