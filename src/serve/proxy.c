#include "serve/proxy.h"

#include <stdlib.h>

#include "serve/control.h"
#include "serve/encode.h"
#include "serve/proxy_answer.h"
#include "serve/proxy_inner.h"
#include "serve/proxy_request.h"
#include "serve/relocate.h"

/* A server that says nothing of 100 gets the body all the same (RFC 9110 §10.1.1). */
#define CONTINUE_MS 1000

static const struct call_ops call_ops;
static const struct handler_ops handler_ops;

static void
hold(struct proxying *p)
{
	p->holds++;
}

static void
drop(struct proxying *p)
{
	if (--p->holds > 0 || p->ex != NULL || p->call != NULL)
		return;
	timer_stop(&p->timer);
	buf_free(&p->up.kept);
	buf_free(&p->down.kept);
	free(p);
}

static struct proxying *
of_timer(struct timer *t)
{
	return container_of(t, struct proxying, timer);
}

/* Whether the answer is still ours to give: a protocol that refuses a body gives its own. */
static bool
may_begin(const struct proxying *p)
{
	return p->ex != NULL && p->ex->status == 0;
}

/* Expects p to be held. */
static void
let_body_come(struct proxying *p)
{
	timer_stop(&p->timer);
	if (p->expecting && may_begin(p)) {
		p->expecting = false;
		exchange_interim(p->ex, 100, NULL, 0);
	}
}

static void
say_continue(struct timer *t)
{
	struct proxying *p = of_timer(t);

	hold(p);
	let_body_come(p);
	drop(p);
}

static void
end_tunnel(struct timer *t)
{
	struct proxying *p = of_timer(t);

	hold(p);
	stream_break(p);
	drop(p);
}

/* A head waits for the first bytes behind it, to go with them, but not for long. */
static void
send_head(struct timer *t)
{
	struct proxying *p = of_timer(t);

	hold(p);
	if (p->tunnel)
		timer_set(p->serve->loop, &p->timer, TUNNEL_IDLE_MS, end_tunnel);
	if (p->ex != NULL && !p->down.done)
		exchange_sent(p->ex, 0, false);
	drop(p);
}

static const char *
server_text(const struct proxying *p)
{
	return p->proxy->to->at[p->member].text;
}

/* What the administrator can do about a certificate that he knows and we do not. */
static const char *
advice(const struct proxying *p, const char *why)
{
	bool could_pin = p->proxy->verify == VERIFY_SYSTEM || p->proxy->verify == VERIFY_CA;

	return could_pin && strstr(why, "(SHA-256 ") != NULL
		   ? "; to trust exactly this one write `verify pin` and that SHA-256"
		   : "";
}

static void
say(const struct proxying *p, const char *why)
{
	bool tls = p->proxy->scheme == SCHEME_HTTPS;

	log_peer(p->serve->log, "%s %s: %s%s: %s%s", p->site->names[0], p->route->path,
		 tls ? "https://" : "", server_text(p), why, tls ? advice(p, why) : "");
}

static void
ask(struct proxying *p, bool fresh)
{
	p->fresh = fresh;
	p->heard = false;
	p->ex->served_by = server_text(p);
	p->request.authority = proxy_authority(p->ex, p->proxy, p->member);
	p->request.expects_continue = p->expecting;
	p->call = upstream_ask(p->serve->upstreams, p->proxy, p->member, fresh, p->ex->client,
			       &p->request, &call_ops, p);
	p->connected = upstream_call_of(p->call) != NULL;
	if (p->expecting)
		timer_set(p->serve->loop, &p->timer, CONTINUE_MS, say_continue);
	stream_request(p, SPAN_NONE, false); /* what came while others were asked */
}

/* What the balance goes by. */
static struct span
key_of(const struct proxying *p)
{
	const struct proxy *proxy = p->proxy;
	const struct span *value;

	if (proxy->balance != BALANCE_HASH)
		return SPAN_NONE;
	if (proxy->hash_field != NULL) {
		value = request_field(&p->ex->request, span_str(proxy->hash_field));
		return value != NULL ? *value : SPAN_NONE;
	}
	const struct address *a = p->ex->who;
	return span_of(a->ip, a->family == 4 ? 4 : sizeof a->ip);
}

static bool
choose(struct proxying *p)
{
	int member = upstream_choose(p->serve->upstreams, p->proxy, key_of(p), p->tried);

	if (member >= 0)
		p->member = member;
	return member >= 0;
}

/* RFC 9110 §9.2.2: who asks twice must not do it twice. */
static bool
is_idempotent(const struct proxying *p)
{
	switch (p->request.method) {
	case METHOD_GET:
	case METHOD_HEAD:
	case METHOD_PUT:
	case METHOD_DELETE:
	case METHOD_OPTIONS:
	case METHOD_TRACE:
		return true;
	case METHOD_POST:
	case METHOD_CONNECT:
	case METHOD_PATCH:
	case METHOD_OTHER:
		break;
	}
	return false;
}

/* Whether asking again cannot do anything twice. */
static bool
is_safe(const struct proxying *p, enum call_failure how)
{
	if (p->heard || p->passed)
		return false;
	if (how == CALL_UNSENT || how == CALL_REFUSED || how == CALL_TLS)
		return true;
	if (how == CALL_TIMEOUT)
		return !p->connected;
	return how == CALL_CUT && is_idempotent(p) && p->request.protocol.len == 0;
}

/*
 * Asks another server, or the same one again; false: there is nobody to ask. A connection
 * kept for too long is nobody's fault and costs no retry.
 */
static bool
ask_again(struct proxying *p, enum call_failure how, bool reused)
{
	bool spoke = how == CALL_UNSENT || how == CALL_CUT;

	if (!is_safe(p, how))
		return false;
	if (spoke && reused && !p->fresh) {
		ask(p, true);
		return true;
	}
	if (p->retried >= p->proxy->retries && (spoke || p->proxy->retries == 0))
		return false;
	p->retried += spoke;
	p->tried |= 1ull << p->member;
	bool other = choose(p);
	if (!other && !spoke)
		return false;
	ask(p, !other);
	return true;
}

static const unsigned statuses[] = {
    [CALL_UNSENT] = 502,  [CALL_CUT] = 502,     [CALL_BAD] = 502,
    [CALL_TIMEOUT] = 504, [CALL_REFUSED] = 503, [CALL_TLS] = 502,
};

static bool
asks_control(const struct proxying *p)
{
	return p->route->handler == ROUTE_CONTROL;
}

static void
respond(struct proxying *p, unsigned status)
{
	p->up.done = p->down.done = true;
	if (asks_control(p))
		control_is_down(p->ex);
	else
		exchange_respond_page(p->ex, status, NULL, 0);
}

static void
give_up(struct proxying *p, enum call_failure how)
{
	if (may_begin(p))
		respond(p, statuses[how]);
	else if (p->begun && !p->down.done)
		stream_break(p);
}

static void
failed_call(void *owner, enum call_failure how, const char *why)
{
	struct proxying *p = owner;
	bool reused = upstream_was_reused(p->call);
	bool stale = reused && !p->fresh && (how == CALL_UNSENT || how == CALL_CUT);

	hold(p);
	p->call = NULL;
	timer_stop(&p->timer);
	if (p->ex != NULL && !p->down.done && !p->tunnel && !(stale && is_safe(p, how)))
		say(p, why);
	if (!may_begin(p) || !ask_again(p, how, reused))
		give_up(p, how);
	drop(p);
}

static void
over(void *owner)
{
	struct proxying *p = owner;

	hold(p);
	p->call = NULL;
	stream_drop_request(p);
	drop(p);
}

static void
interim(void *owner, unsigned status, const struct field *fields, size_t count)
{
	struct proxying *p = owner;

	hold(p);
	p->heard = true;
	if (status == 100) {
		let_body_come(p);
	} else if (may_begin(p)) {
		fields = proxy_answer_fields(p->ex, fields, &count);
		exchange_interim(p->ex, status, fields, count);
	}
	drop(p);
}

static void
begin_tunnel(struct proxying *p, const struct call_answer *a)
{
	size_t count = a->field_count;
	const struct field *fields = proxy_answer_fields(p->ex, a->fields, &count);

	p->tunnel = p->begun = true;
	p->up.ended = p->up.done = false;
	p->left = -1;
	upstream_has_time(p->call);
	timer_set(p->serve->loop, &p->timer, 0, send_head);
	exchange_switch(p->ex, fields, count);
}

static void
lead_back(const struct proxying *p, struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(fields[i].name, SPAN_OF("location")))
			fields[i].value = relocate(p->ex, p->route, p->member, fields[i].value);
}

static void
begin_answer(struct proxying *p, const struct call_answer *a)
{
	const struct policy *policy = &p->route->policy;
	int64_t length = proxy_answer_length(p->ex, a, p->request.wants_trailers);
	size_t count = a->field_count;
	struct field *fields = proxy_answer_fields(p->ex, a->fields, &count);

	lead_back(p, fields, count);
	if (asks_control(p) && control_says_last(a->fields, a->field_count))
		p->ex->wants_close = true;
	p->begun = true;
	p->left = length >= 0 ? length : -1;
	p->down.done = exchange_is_bare(p->ex, length);
	if (proxy_answer_is_endless(a))
		upstream_has_time(p->call);
	if (policy->compress == COMPRESS_ALL)
		encode_answers(p->ex, policy->compress_types);
	exchange_start(p->ex, a->status, fields, count, length);
	if (p->down.done || p->ex->answered)
		exchange_sent(p->ex, 0, true);
	else
		timer_set(p->serve->loop, &p->timer, 0, send_head);
}

/* The exchange goes on without us; what control still says is heard by nobody. */
static void
leave_to_others(struct proxying *p, const struct call_answer *a)
{
	struct exchange *ex = p->ex;
	bool was_asked = p->up.done, says_no_more = a->length <= 0 && a->length != LENGTH_UNKNOWN;

	exchange_hold(ex);
	stream_drop_request(p);
	p->down.done = true;
	p->ex = NULL;
	if (!was_asked || !says_no_more)
		stream_cancel(p);
	control_unknown(p->serve, ex, p->site, p->route);
	exchange_release(ex);
}

static void
head(void *owner, const struct call_answer *a)
{
	struct proxying *p = owner;

	hold(p);
	timer_stop(&p->timer);
	p->heard = true;
	if (!may_begin(p)) {
		stream_cancel(p);
	} else if (asks_control(p) && control_says_unknown(a->fields, a->field_count)) {
		leave_to_others(p, a);
	} else if (!proxy_answer_fits(p->ex, a)) {
		say(p, "it does not speak the protocol asked for");
		stream_cancel(p);
		respond(p, 502);
	} else if (a->switched) {
		begin_tunnel(p, a);
	} else {
		begin_answer(p, a);
	}
	drop(p);
}

/* The fields of the last piece are there during the call only. */
static void
keep_trailers(struct proxying *p, const struct field *fields, size_t count)
{
	fields = field_copy(p->ex->memory, fields, count);
	p->trailers = proxy_answer_fields(p->ex, fields, &count);
	p->trailer_count = count;
}

/* Each piece is a sign of life. */
static void
heed_life(struct proxying *p)
{
	if (p->tunnel)
		timer_set(p->serve->loop, &p->timer, TUNNEL_IDLE_MS, end_tunnel);
}

static void
answer_body(void *owner, struct span bytes, bool last, const struct field *trailers,
	    size_t trailer_count)
{
	struct proxying *p = owner;

	hold(p);
	timer_stop(&p->timer);
	heed_life(p);
	if (trailer_count > 0 && p->ex != NULL)
		keep_trailers(p, trailers, trailer_count);
	stream_answer(p, bytes, last);
	drop(p);
}

static void
call_writable(void *owner)
{
	struct proxying *p = owner;

	hold(p);
	p->connected = true;
	stream_request(p, SPAN_NONE, false);
	drop(p);
}

static const struct call_ops call_ops = {
    .interim = interim,
    .head = head,
    .body = answer_body,
    .writable = call_writable,
    .failed = failed_call,
    .over = over,
};

static void
request_body(struct exchange *ex, struct span bytes, bool last)
{
	struct proxying *p = ex->handling;

	hold(p);
	heed_life(p);
	stream_request(p, bytes, last);
	drop(p);
}

static void
exchange_writable(struct exchange *ex)
{
	struct proxying *p = ex->handling;

	hold(p);
	stream_answer(p, SPAN_NONE, false);
	drop(p);
}

/* An answer that came in whole leaves its connection fit for another. */
static void
gone(struct exchange *ex)
{
	struct proxying *p = ex->handling;
	bool only_ends = p->begun && p->down.done && p->up.done;

	hold(p);
	p->ex = NULL;
	timer_stop(&p->timer);
	/* Without the rest of its request a server may wait, and its time does not run then. */
	if (p->tunnel || !(p->down.ended || only_ends))
		stream_cancel(p);
	p->up.done = p->down.done = true;
	drop(p);
}

static const struct handler_ops handler_ops = {
    .body = request_body,
    .writable = exchange_writable,
    .gone = gone,
};

static struct proxying *
proxying_new(const struct serve *s, struct exchange *ex, const struct site *site,
	     const struct route *route)
{
	struct proxying *p = MEM_NEW(struct proxying);

	*p = (struct proxying){.serve = s,
			       .site = site,
			       .route = route,
			       .proxy = route->proxy,
			       .ex = ex,
			       .left = -1,
			       .expecting = ex->request.expects_continue};
	p->up.kept = p->down.kept = buf_with_cap(EXCHANGE_WINDOW);
	p->up.done = ex->request.length == LENGTH_NONE || ex->request.length == 0;
	ex->request.expects_continue = false; /* the server says whether it wants the body */
	ex->handler = &handler_ops;
	ex->handling = p;
	return p;
}

void
proxy_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	    const struct route *route, struct span target)
{
	if (proxy_ends_here(&ex->request)) {
		exchange_respond_bare(ex, 204, NULL, 0);
		return;
	}
	struct proxying *p = proxying_new(s, ex, site, route);

	proxy_request(s->config, ex, p->proxy, target, &p->request);
	if (choose(p)) {
		ask(p, false);
		return;
	}
	log_peer(s->log, "%s %s: no server to ask", site->names[0], route->path);
	respond(p, 503);
}
