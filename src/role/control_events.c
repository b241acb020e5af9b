/*
 * Those who are told of what happens, as Server-Sent Events (HTML Living Standard §9.2). An event
 * says what changed and not how: who may see it asks for it. So what a slow reader misses is made
 * up for by one that says "look at everything again".
 */
#include <stdlib.h>

#include "api/events.h"
#include "base/mem.h"
#include "role/control_private.h"

#define BEAT_MS      15000 /* a line now and then, so that a connection that died is noticed */
#define WATCHERS_MAX 256
#define RECHECK_MS   60000

struct watcher {
	struct list link;
	struct job *job; /* with the request that it came by */
	bool behind;     /* has missed something */
	struct job *recheck;
	int64_t checked_ms;
};

struct news {
	struct control *control;
	enum access_event event;
	int64_t id;
};

static struct watcher *
watcher_of(const struct exchange *ex)
{
	return ((struct job *)ex->handling)->of;
}

/* The exchange is held by who calls. False when there is no room: it is behind then. */
static bool
put(struct watcher *w, struct span text)
{
	size_t len;
	uint8_t *room = exchange_room(w->job->ex, &len);

	if (room == NULL || len < text.len) {
		w->behind = true;
		return false;
	}
	span_put(room, text);
	exchange_sent(w->job->ex, text.len, false);
	return true;
}

static void
end(struct watcher *w)
{
	exchange_sent(w->job->ex, 0, true);
}

static void
on_writable(struct exchange *ex)
{
	struct watcher *w = watcher_of(ex);

	if (w->behind && put(w, SPAN_OF("event: resync\ndata: {}\n\n")))
		w->behind = false;
}

static void
on_gone(struct exchange *ex)
{
	struct watcher *w = watcher_of(ex);

	list_remove(&w->link);
	atomic_fetch_sub(&w->job->control->watcher_count, 1);
	if (w->recheck != NULL)
		w->recheck->of = NULL;
	job_free(w->job);
	free(w);
}

static const struct handler_ops handler = {.writable = on_writable, .gone = on_gone};

static void
tell_all(struct control *c, struct span text)
{
	for (struct list *i = c->watchers.next, *next; i != &c->watchers; i = next) {
		struct watcher *w = container_of(i, struct watcher, link);

		next = i->next;
		(void)put(w, text); /* one that is behind is told so when it reads on */
	}
}

/* What was allowed when the stream began may be no more: its request is asked again. While there
 * is no room to ask, or no database, nothing changes that could be told of. */
static void
rechecked(void *arg)
{
	struct job *j = arg;
	struct watcher *w = j->of;
	bool still = j->answer.events;

	if (w != NULL) {
		w->recheck = NULL;
		if (j->answer.status == 503)
			w->checked_ms -= RECHECK_MS; /* at the next beat */
		else if (!still)
			end(w);
	}
	job_free(j);
}

static void
recheck(struct watcher *w)
{
	struct control *c = w->job->control;

	if (w->recheck != NULL)
		return;
	struct job *j = MEM_NEW(struct job);
	j->kind = &job_request;
	j->control = c;
	j->memory = arena_new();
	j->config = control_config(c);
	j->request = w->job->request; /* its texts live as long as the watcher */
	j->request.fields = field_copy(j->memory, w->job->request.fields, j->request.field_count);
	j->request.path = arena_span(j->memory, w->job->request.path);
	j->request.query = arena_span(j->memory, w->job->request.query);
	j->request.host = arena_span(j->memory, w->job->request.host);
	j->request.target = arena_span(j->memory, w->job->request.target);
	if (j->request.caller != NULL)
		j->request.caller = arena_copy(j->memory, span_str(j->request.caller));
	j->done = rechecked;
	j->of = w;
	w->checked_ms = loop_now(c->loop);
	w->recheck = j;
	pool_ask(c->pool, j);
}

static void
recheck_all(struct control *c, int64_t older_than_ms)
{
	for (struct list *i = c->watchers.next; i != &c->watchers; i = i->next) {
		struct watcher *w = container_of(i, struct watcher, link);

		if (loop_now(c->loop) - w->checked_ms >= older_than_ms)
			recheck(w);
	}
}

static void
beat(struct timer *t)
{
	struct control *c = container_of(t, struct control, beat);

	tell_all(c, SPAN_OF(": still here\n\n"));
	recheck_all(c, RECHECK_MS);
	timer_set(c->loop, t, BEAT_MS, beat);
}

/* In the loop's thread. */
static void
spread(void *arg)
{
	struct news *n = arg;
	struct control *c = n->control;
	struct buf text = buf_with_cap(512);

	if (events_put(n->event, n->id, &text))
		tell_all(c, buf_span(&text));
	if (n->event == EVENT_SESSION || n->event == EVENT_USER || n->event == EVENT_TOKEN)
		recheck_all(c, 0);
	if (n->event == EVENT_NOTICE)
		chores_poke(c->chores);
	tunnel_line_happened(c->tunnel, n->event);
	buf_free(&text);
	free(n);
}

void
events_happened(void *owner, enum access_event event, int64_t id)
{
	struct control *c = owner;
	struct news *n = MEM_NEW(struct news);

	*n = (struct news){c, event, id};
	loop_post(c->loop, spread, n);
}

void
events_begin(struct control *c, struct job *j)
{
	struct exchange *ex = j->ex;

	if (c->watcher_count >= WATCHERS_MAX) {
		exchange_respond_status(ex, 503, SPAN_NONE);
		return;
	}
	struct watcher *w = MEM_NEW(struct watcher);
	w->job = j;
	w->checked_ms = loop_now(c->loop);
	j->of = w;
	ex->handler = &handler;
	if (c->watcher_count == 0)
		timer_set(c->loop, &c->beat, BEAT_MS, beat);
	atomic_fetch_add(&c->watcher_count, 1);
	list_append(&c->watchers, &w->link);
	exchange_hold(ex);
	exchange_start(ex, j->answer.status, j->answer.fields, j->answer.field_count,
		       LENGTH_UNKNOWN);
	if (!ex->answered)
		(void)put(w, SPAN_OF("retry: 2000\n: events of this server\n\n"));
	else
		exchange_sent(ex, 0, true); /* a HEAD */
	exchange_release(ex);
}

void
events_stop(struct control *c)
{
	timer_stop(&c->beat);
}
