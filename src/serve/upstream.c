#include "serve/upstream.h"

#include <stdlib.h>

#include "config/limits.h"
#include "serve/balance.h"
#include "serve/upstream_inner.h"

static const struct call_ops ops_of_ours;

_Static_assert(CONFIG_MEMBERS_MAX <= BALANCE_MAX, "a balance can choose among all of them");

/* Sets of pools. */

static void
pool_init(struct pool *pool, struct upstreams *u, const struct proxy *p, size_t member)
{
	*pool = (struct pool){.all = u,
			      .proxy = p,
			      .target = &u->needs.targets[p->to->index][member],
			      .member = member};
	list_init(&pool->idle);
	list_init(&pool->busy);
}

static void
choice_init(struct choice *c, struct upstreams *u, const struct proxy *p)
{
	c->count = p->to->count;
	c->pools = mem_new(c->count * sizeof *c->pools);
	c->seeds = mem_new(c->count * sizeof *c->seeds);
	for (size_t i = 0; i < c->count; i++) {
		pool_init(&c->pools[i], u, p, i);
		c->seeds[i] = balance_seed(span_str(p->to->at[i].text));
	}
}

struct upstreams *
upstreams_new(const struct upstreams_needs *needs)
{
	struct upstreams *u = MEM_NEW(struct upstreams);
	const struct config *c = needs->config;

	u->needs = *needs;
	u->choices = mem_new(c->proxy_count * sizeof *u->choices);
	list_init(&u->spare);
	for (size_t i = 0; i < c->proxy_count; i++)
		choice_init(&u->choices[i], u, c->proxies[i]);
	return u;
}

static void
each_pool(struct upstreams *u, void (*fn)(struct pool *p))
{
	for (size_t i = 0; i < u->needs.config->proxy_count; i++)
		for (size_t k = 0; k < u->choices[i].count; k++)
			fn(&u->choices[i].pools[k]);
}

static void
close_idle(struct pool *p)
{
	while (!list_empty(&p->idle))
		up_close(container_of(p->idle.next, struct upstream_conn, link));
}

void
upstreams_retire(struct upstreams *u)
{
	u->retired = true;
	each_pool(u, close_idle);
}

/* CALL_BAD, which nobody tries again. */
static void
pool_end(struct pool *p)
{
	close_idle(p);
	while (!list_empty(&p->busy))
		up_fail(container_of(p->busy.next, struct upstream_conn, link), CALL_BAD,
			"given up: the server stops");
	tls_client_free(p->tls);
}

void
upstreams_free(struct upstreams *u)
{
	if (u == NULL)
		return;
	u->retired = true;
	each_pool(u, pool_end);
	while (!list_empty(&u->spare)) {
		struct list *first = u->spare.next;

		list_remove(first);
		free(container_of(first, struct upstream_call, link));
	}
	for (size_t i = 0; i < u->needs.config->proxy_count; i++) {
		free(u->choices[i].pools);
		free(u->choices[i].seeds);
	}
	free(u->choices);
	free(u);
}

/* Choosing. */

static bool
is_down(const struct pool *p)
{
	return target_is_down(p->target, loop_now(p->all->needs.loop));
}

/* Those not tried yet, without those that are down unless all are. */
static uint64_t
candidates(const struct choice *c, uint64_t tried)
{
	uint64_t all = 0, up = 0;

	for (size_t i = 0; i < c->count; i++) {
		uint64_t bit = (uint64_t)1 << i;

		if ((tried & bit) != 0)
			continue;
		all |= bit;
		if (!is_down(&c->pools[i]))
			up |= bit;
	}
	return up != 0 ? up : all;
}

static unsigned
choose_least(struct choice *c, uint64_t among)
{
	uint64_t active[BALANCE_MAX];

	for (size_t i = 0; i < c->count; i++)
		active[i] = target_counted(&c->pools[i].target->active);
	return balance_least(among, c->count, c->turn++, active);
}

int
upstream_choose(struct upstreams *u, const struct proxy *p, struct span key, uint64_t tried)
{
	struct choice *c = &u->choices[p->index];
	uint64_t among = candidates(c, tried);

	if (among == 0)
		return -1;
	switch (p->balance) {
	case BALANCE_LEAST:
		return (int)choose_least(c, among);
	case BALANCE_HASH:
		return (int)balance_hash(among, c->count, c->seeds, key);
	case BALANCE_ROUND_ROBIN:
		break;
	}
	return (int)balance_turn(among, c->count, c->turn++);
}

/* Calls. */

static struct upstream_call *
call_new(struct pool *p, const struct client *client, const struct call_ops *ops, void *owner)
{
	struct upstreams *u = p->all;
	struct upstream_call *c;

	if (list_empty(&u->spare)) {
		c = MEM_NEW(struct upstream_call);
	} else {
		c = container_of(u->spare.next, struct upstream_call, link);
		list_remove(&c->link);
		u->spare_count--;
	}
	*c = (struct upstream_call){.pool = p, .ops = ops, .owner = owner};
	if (client != NULL) {
		c->peer = client->peer;
		c->local = client->local;
	}
	target_count(&p->target->active, 1);
	return c;
}

/* No longer one of its connection's. */
static void
call_end(struct upstream_call *c)
{
	list_remove(&c->link);
	timer_stop(&c->timer);
	arena_free(c->memory);
	c->memory = NULL;
	c->call = NULL;
	c->conn = NULL;
	target_count(&c->pool->target->active, -1);
}

static void
call_free(struct upstream_call *c)
{
	struct upstreams *u = c->pool->all;

	if (u->spare_count == UPSTREAM_SPARE_CALLS) {
		free(c);
		return;
	}
	list_append(&u->spare, &c->link);
	u->spare_count++;
}

void
up_fail_call(struct upstream_call *c, enum call_failure how, const char *why)
{
	target_count(&c->pool->target->failures, 1);
	call_end(c);
	c->ops->failed(c->owner, how, why);
	call_free(c);
}

static void
keep_request(struct upstream_call *c, const struct call_request *r)
{
	c->memory = arena_new();
	call_request_copy(&c->request, r, c->memory);
}

static bool
is_shared(const struct pool *p)
{
	return p->proxy->http2 && pool_to(p)->proxy_protocol == PROXY_HEADER_OFF;
}

/* HTTP/2 only: a connection in use that has room for one more, open or about to be. */
static struct upstream_conn *
shared_one(struct pool *p, bool open)
{
	for (struct list *i = p->busy.next; i != &p->busy; i = i->next) {
		struct upstream_conn *c = container_of(i, struct upstream_conn, link);

		if (open ? c->stage == CONN_OPEN && caller_vacancies(c->caller) > 0
			 : c->stage < CONN_OPEN)
			return c;
	}
	return NULL;
}

static bool
has_place(const struct upstream_conn *c)
{
	size_t waiting = 0;

	for (const struct list *i = c->calls.next; i != &c->calls; i = i->next)
		waiting++;
	return waiting < UPSTREAM_WAITING_MAX;
}

static void
wait_for_connection(struct pool *p, struct upstream_call *c, bool fresh)
{
	struct upstream_conn *conn = is_shared(p) && !fresh ? shared_one(p, false) : NULL;

	if (conn != NULL && has_place(conn)) {
		c->conn = conn;
		list_append(&conn->calls, &c->link);
	} else {
		up_new(p, c);
	}
}

static struct upstream_conn *
kept_one(struct pool *p)
{
	struct upstream_conn *c = is_shared(p) ? shared_one(p, true) : NULL;

	if (c == NULL && !list_empty(&p->idle))
		c = container_of(p->idle.prev, struct upstream_conn, link);
	return c;
}

struct upstream_call *
upstream_ask(struct upstreams *u, const struct proxy *p, int member, bool fresh,
	     const struct client *client, const struct call_request *request,
	     const struct call_ops *ops, void *owner)
{
	struct pool *pool = &u->choices[p->index].pools[member];
	struct upstream_call *c = call_new(pool, client, ops, owner);
	struct upstream_conn *conn = fresh ? NULL : kept_one(pool);

	if (conn != NULL && up_begin_call(c, conn, request)) {
		up_engage(conn, c->whole);
		return c;
	}
	keep_request(c, request);
	wait_for_connection(pool, c, fresh);
	return c;
}

struct call *
upstream_call_of(struct upstream_call *c)
{
	return c->call;
}

bool
upstream_was_reused(const struct upstream_call *c)
{
	return c->reused;
}

void
upstream_has_time(struct upstream_call *c)
{
	c->has_time = true;
	timer_stop(&c->timer);
}

void
upstream_cancel(struct upstream_call *c)
{
	struct upstream_conn *conn = c->conn;

	if (c->call != NULL)
		call_cancel(c->call);
	call_end(c);
	call_free(c);
	up_send(conn); /* to HTTP/2 it can be said */
	up_settle(conn);
}

/* What the server does, on its way to who asked. */

/*
 * What is left of the server's time, which runs while it is its turn. Of HTTP/1.1 it is known
 * when that began: when the last of the request was sent. Of HTTP/2, where others send too, only
 * that it had not begun when this was asked before.
 */
static uint64_t
time_left(struct upstream_call *c)
{
	uint64_t most = c->pool->proxy->answer_timeout;
	uint64_t passed = (uint64_t)(loop_now(c->pool->all->needs.loop) - c->conn->sent_ms);

	if (!call_awaits(c->call))
		return most;
	if (!c->pool->proxy->http2)
		return passed < most ? most - passed : 0;
	if (c->waiting)
		return 0;
	c->waiting = true;
	return most;
}

static void
too_late(struct timer *t)
{
	struct upstream_call *c = container_of(t, struct upstream_call, timer);
	struct upstream_conn *conn = c->conn;
	uint64_t left = time_left(c);

	if (left > 0) {
		timer_set(c->pool->all->needs.loop, t, left, too_late);
		return;
	}
	up_enter(conn);
	call_cancel(c->call);
	up_send(conn);
	up_fail_call(c, CALL_TIMEOUT, "no answer in time");
	up_leave(conn);
}

/* The server has moved: from here it has as long again. */
static void
moved(struct upstream_call *c)
{
	c->waiting = c->whole;
	if (!c->has_time)
		timer_set(c->pool->all->needs.loop, &c->timer, c->pool->proxy->answer_timeout,
			  too_late);
}

bool
up_begin_call(struct upstream_call *c, struct upstream_conn *conn,
	      const struct call_request *request)
{
	struct call *call = caller_begin(conn->caller, request, &ops_of_ours, c);

	if (call == NULL)
		return false;
	c->conn = conn;
	c->call = call;
	c->reused = conn->answered;
	c->whole = request->length == LENGTH_NONE || request->length == 0;
	list_remove(&c->link);
	list_append(&conn->calls, &c->link);
	moved(c);
	return true;
}

static void
on_interim(void *owner, unsigned status, const struct field *fields, size_t n)
{
	struct upstream_call *c = owner;

	moved(c);
	c->ops->interim(c->owner, status, fields, n);
}

static void
on_head(void *owner, const struct call_answer *answer)
{
	struct upstream_call *c = owner;

	moved(c);
	c->ops->head(c->owner, answer);
}

static void
on_body(void *owner, struct span bytes, bool last, const struct field *trailers, size_t n)
{
	struct upstream_call *c = owner;

	if (!last)
		moved(c);
	c->ops->body(c->owner, bytes, last, trailers, n);
}

static void
on_writable(void *owner)
{
	struct upstream_call *c = owner;

	c->ops->writable(c->owner);
}

static void
on_failed(void *owner, enum call_failure how, const char *why)
{
	up_fail_call(owner, how, why);
}

/* Its connection is free before this is told: what follows at once may have it. */
static void
on_over(void *owner)
{
	struct upstream_call *c = owner;
	struct upstream_conn *conn = c->conn;

	target_count(&c->pool->target->served, 1);
	conn->answered = true;
	up_enter(conn);
	call_end(c);
	up_settle(conn);
	c->ops->over(c->owner);
	call_free(c);
	up_leave(conn);
}

static const struct call_ops ops_of_ours = {on_interim,  on_head,   on_body,
					    on_writable, on_failed, on_over};
