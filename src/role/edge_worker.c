#include "role/edge_worker.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/h1.h"
#include "http/h2.h"
#include "http/pool.h"
#include "os/sock.h"
#include "role/edge.h"
#include "role/edge_ask.h"
#include "role/edge_conn.h"
#include "role/edge_http.h"
#include "role/edge_relay.h"
#include "role/site_tls.h"
#include "serve/encode.h"
#include "serve/passwords.h"
#include "serve/policy.h"
#include "serve/upstream.h"

#define ACCEPTS_A_TURN 64 /* then those already accepted get their turn */
#define PAUSE_MS       100
#define CACHED_FILES   1024
#define CACHED_BYTES   (16 << 20)

struct listener {
	struct watch watch;
	struct list link;
	struct worker *worker;
	enum listener_kind kind;
	int fd;
};

struct view *
view_share(struct view *v)
{
	v->refs++;
	return v;
}

static void
view_free(struct view *v)
{
	upstreams_free(v->serve.upstreams);
	for (size_t i = 0; v->contexts != NULL && i < v->snapshot->config->site_count; i++)
		tls_context_free(v->contexts[i]);
	free(v->contexts);
	free(v->turns);
	policies_free(v->serve.policies);
	snapshot_release(v->snapshot);
	free(v);
}

static void
free_left_views(struct worker *w)
{
	while (!list_empty(&w->left_views)) {
		struct view *v = container_of(w->left_views.next, struct view, link);

		list_remove(&v->link);
		view_free(v);
	}
}

static void
sweep(struct timer *t)
{
	free_left_views(container_of(t, struct worker, sweep));
}

/* Freed from the loop: whoever let go of it may have been called by its upstreams. */
void
view_release(struct view *v)
{
	if (v == NULL || --v->refs > 0)
		return;
	list_append(&v->worker->left_views, &v->link);
	timer_set(v->worker->loop, &v->worker->sweep, 0, sweep);
}

static int64_t
wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct upstreams *
upstreams_of(struct worker *w, const struct snapshot *s)
{
	return upstreams_new(&(struct upstreams_needs){.loop = w->loop,
						       .tls = w->tls,
						       .config = s->config,
						       .targets = s->targets,
						       .authorities = s->authorities,
						       .scratch = w->answers,
						       .scratch_size = SCRATCH_SIZE});
}

static struct view *
view_new(struct worker *w, struct snapshot *s)
{
	struct view *v = MEM_NEW(struct view);
	const struct config *c = s->config;

	*v = (struct view){
	    .refs = 1,
	    .worker = w,
	    .snapshot = snapshot_share(s),
	    .contexts = mem_new(c->site_count * sizeof *v->contexts),
	    .turns = mem_new(c->backends_count * sizeof *v->turns),
	    .among = direct_among(c),
	    .serve = {.config = c,
		      .policies = policies_new(c),
		      .roots = s->roots,
		      .acme_root = s->acme_root,
		      .files = w->files,
		      .redirect_port = c->listen_count > 0 ? c->listen[0].at.port : 443,
		      .now_ms = wall_ms,
		      .loop = w->loop,
		      .upstreams = upstreams_of(w, s),
		      .limiter = w->limiter,
		      .passwords = w->passwords,
		      .log = &w->limit},
	};
	return v;
}

struct err
worker_prepare(struct worker *w, struct snapshot *s)
{
	struct view *v = view_new(w, s);
	const struct config *c = s->config;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < c->site_count && !failed(e); i++)
		e = err_in(site_context(w->tls, &c->sites[i], s->pairs[i], &v->contexts[i]),
			   "site %s", c->sites[i].names[0]);
	worker_forget(w);
	if (failed(e))
		view_release(v);
	else
		w->next_view = v;
	return e;
}

void
worker_forget(struct worker *w)
{
	view_release(w->next_view);
	w->next_view = NULL;
}

static bool
is_full(const struct worker *w)
{
	return w->view != NULL && w->open >= w->view->snapshot->config->limits.connections;
}

/* At whose cost there is room for one more: who asks for nothing, or moves nothing, for longest. */
static struct conn *
who_may_go(struct worker *w)
{
	struct list *from = list_empty(&w->evictable) ? &w->stalled : &w->evictable;

	return list_empty(from) ? NULL : container_of(from->next, struct conn, evictable);
}

static void
make_place(struct worker *w)
{
	struct conn *c = is_full(w) ? who_may_go(w) : NULL;

	if (c == NULL)
		return;
	worker_count(w, COUNTER_EVICTED, 1);
	conn_close(c);
}

static void pause_accepting(struct worker *w);

static void
accept_ready(struct watch *watch, uint32_t events)
{
	struct listener *l = container_of(watch, struct listener, watch);
	struct worker *w = l->worker;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct address peer;

		if (is_full(w) && who_may_go(w) == NULL) {
			pause_accepting(w);
			return;
		}
		int fd = sock_accept(l->fd, &peer);
		if (fd == -1)
			return;
		if (fd < 0) {
			log_peer(&w->limit, "no descriptor is left for another connection: "
					    "raise LimitNOFILE, or lower `limits { connections }`");
			pause_accepting(w);
			return;
		}
		make_place(w); /* now that there is somebody to make it for */
		worker_count(w, COUNTER_ACCEPTED, 1);
		conn_begin(w, fd, &peer, l->kind);
	}
}

static void
watch_listeners(struct worker *w)
{
	for (struct list *i = w->listeners.next; i != &w->listeners; i = i->next) {
		struct listener *l = container_of(i, struct listener, link);

		if (l->watch.fd >= 0)
			continue;
		struct err e = watch_start(w->loop, &l->watch, l->fd, READY_IN, accept_ready);
		if (failed(e))
			log_error("a listener cannot be watched: %s", e.text);
	}
}

static void
resume_accepting(struct timer *t)
{
	struct worker *w = container_of(t, struct worker, resume);

	w->paused = false;
	if (!w->draining)
		watch_listeners(w);
}

/* The kernel keeps the queue; we look again shortly, or when a connection ends. */
static void
pause_accepting(struct worker *w)
{
	w->paused = true;
	for (struct list *i = w->listeners.next; i != &w->listeners; i = i->next)
		watch_stop(w->loop, &container_of(i, struct listener, link)->watch);
	timer_set(w->loop, &w->resume, PAUSE_MS, resume_accepting);
}

/* What is in a closed listener's queue would be reset: take it in first. */
static void
drop_listeners(struct worker *w, struct list *listeners)
{
	while (!list_empty(listeners)) {
		struct listener *l = container_of(listeners->next, struct listener, link);

		accept_ready(&l->watch, READY_IN);
		watch_stop(w->loop, &l->watch);
		list_remove(&l->link);
		close(l->fd);
		free(l);
	}
}

static void
move_list(struct list *from, struct list *to)
{
	list_init(to);
	while (!list_empty(from)) {
		struct list *element = from->next;

		list_remove(element);
		list_append(to, element);
	}
}

static void
take_listeners(struct worker *w, struct snapshot *s)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		struct snapshot_listener *from = &s->listeners[i];

		if (from->worker != w->number)
			continue;
		struct listener *l = MEM_NEW(struct listener);
		*l = (struct listener){
		    .watch = {.fd = -1}, .worker = w, .kind = from->kind, .fd = from->fd};
		from->fd = -1;
		list_append(&w->listeners, &l->link);
	}
}

void
worker_commit(struct worker *w)
{
	struct view *old = w->view;
	const struct limits *limits;
	struct list listeners;

	w->view = w->next_view;
	w->next_view = NULL;
	const struct config *c = w->view->snapshot->config;
	limits = &c->limits;
	w->http = (struct http_settings){.header_bytes = limits->header_bytes,
					 .header_fields = limits->header_fields,
					 .body_bytes = limits->body_bytes,
					 .server_name = c->server_name};
	access_log_mask(w->log, c->control != NULL);
	serve_files_forget(w->files);
	move_list(&w->listeners, &listeners);
	take_listeners(w, w->view->snapshot);
	drop_listeners(w, &listeners);
	if (!w->paused && !w->draining)
		watch_listeners(w);
	if (old != NULL)
		upstreams_retire(old->serve.upstreams);
	view_release(old);
}

void
worker_opened(struct worker *w)
{
	w->open++;
	atomic_store_explicit(&w->counters[COUNTER_OPEN], w->open, memory_order_relaxed);
}

/* Says once that nothing is left. The process may end before this turn does. */
static void
say_drained(struct worker *w)
{
	if (!w->draining || w->drained || w->open > 0)
		return;
	w->drained = true;
	access_log_flush(w->log);
	edge_worker_done(w->edge);
}

void
worker_ended(struct worker *w)
{
	w->open--;
	atomic_store_explicit(&w->counters[COUNTER_OPEN], w->open, memory_order_relaxed);
	say_drained(w);
}

static void
each_http(struct worker *w, void (*fn)(struct conn *c))
{
	for (struct list *i = w->conns.next, *next; i != &w->conns; i = next) {
		next = i->next;
		fn(container_of(i, struct conn, link));
	}
}

static void
drain_one(struct conn *c)
{
	if (conn_is_http(c))
		http_drain(c);
	else if (!c->lingering)
		conn_close(c); /* it has not said what it is */
}

static void
drain_over(struct timer *t)
{
	struct worker *w = container_of(t, struct worker, drain_over);

	each_http(w, conn_close);
	edge_relay_stop_all(w);
}

void
worker_drain(struct worker *w, uint64_t ms)
{
	drop_listeners(w, &w->listeners);
	w->draining = true;
	timer_stop(&w->resume);
	timer_set(w->loop, &w->drain_over, ms, drain_over);
	each_http(w, drain_one);
	say_drained(w);
}

void
worker_count_request(struct worker *w, const struct exchange *ex)
{
	worker_count(w, COUNTER_REQUESTS, 1);
	if (ex->request.version >= 20)
		worker_count(w, COUNTER_REQUESTS_HTTP2, 1);
	if (ex->served_by != NULL)
		worker_count(w, COUNTER_PROXIED, 1);
	if (ex->served_by != NULL && ex->status >= 502 && ex->status <= 504)
		worker_count(w, COUNTER_PROXY_FAILED, 1);
	if (ex->status == 429)
		worker_count(w, COUNTER_LIMITED, 1);
	if (ex->switched)
		worker_uncount(w, COUNTER_OPEN_SWITCHED);
}

struct span
worker_date(struct worker *w)
{
	int64_t now = wall_ms() / 1000;

	if (now != w->date_second) {
		w->date_second = now;
		date_format(now, w->date);
	}
	return span_of(w->date, DATE_LENGTH);
}

/* What relays have moved by now, those that go on too. */
static void
publish_relayed(struct worker *w)
{
	uint64_t in, out;

	relay_shared_bytes(w->relays, &in, &out);
	atomic_store_explicit(&w->counters[COUNTER_RELAY_IN], in, memory_order_relaxed);
	atomic_store_explicit(&w->counters[COUNTER_RELAY_OUT], out, memory_order_relaxed);
}

static void
end_of_turn(void *arg)
{
	struct worker *w = arg;

	publish_relayed(w);
	access_log_flush(w->log);
}

struct err
worker_new(unsigned number, struct edge *edge, struct worker **out)
{
	struct worker *w = MEM_NEW(struct worker);
	struct err e = loop_new(&w->loop);

	if (failed(e)) {
		free(w);
		return e;
	}
	w->number = number;
	w->edge = edge;
	w->tls = tls_library_new();
	w->relays = relay_shared_new();
	w->files = serve_files_new(CACHED_FILES, CACHED_BYTES);
	w->log = access_log_new();
	w->scratch = mem_new(SCRATCH_SIZE);
	w->answers = mem_new(SCRATCH_SIZE);
	list_init(&w->left_views);
	w->limiter = edge_limiter(edge);
	w->passwords = passwords_new(edge_crypter(edge), w->loop, w->limiter);
	list_init(&w->listeners);
	list_init(&w->conns);
	list_init(&w->evictable);
	list_init(&w->stalled);
	list_init(&w->asking);
	list_init(&w->jobs);
	loop_each_turn(w->loop, end_of_turn, w);
	if (failed(e = ask_prepare(w))) {
		worker_free(w);
		return e;
	}
	*out = w;
	return ERR_NONE;
}

void
worker_run(struct worker *w)
{
	struct err e = sock_own_directory();

	if (failed(e))
		log_warn("back ends on Unix sockets cannot be reached: %s", e.text);
	loop_run(w->loop);
	pool_thread_end();
	encode_thread_end();
	h2_thread_end();
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_forget(w);
	view_release(w->view);
	free_left_views(w);
	access_log_free(w->log);
	serve_files_free(w->files);
	passwords_free(w->passwords);
	relay_shared_free(w->relays);
	tls_library_free(w->tls);
	alarm_end(&w->asked);
	loop_free(w->loop);
	free(w->scratch);
	free(w->answers);
	free(w);
}
