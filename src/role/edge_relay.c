#include "role/edge_relay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/sock.h"
#include "role/edge_worker.h"
#include "share/proxy_header.h"

/* An id is the time in ms, a number for those that begin within one, and the worker: so later ones
 * have higher ids, also when edge was started again. As JSON's numbers have it, below 2^53 for 17
 * years from the machine's start. */
#define ID_MS_BITS     6
#define ID_WORKER_BITS 8

/* From the choice of a back end to the end of the relay. */
struct job {
	struct list link;
	int64_t id;
	struct worker *worker;
	struct view *view;
	const struct backends *to;
	const char *rule;
	int client;
	struct address peer, local;
	int64_t began_ms, began_wall_ms;

	size_t first, tried; /* member it began with; how many have been tried */
	size_t address;      /* of the member now tried, the next one */
	bool attempted;      /* at least one was tried */
	bool desperate;      /* all were marked down: try them all the same */
	bool unwanted;       /* an administrator ends it */
	int backend;
	struct watch watch;
	struct timer timer;
	struct relay *relay; /* NULL while connecting */
};

#define ENDED_BY_ADMIN "ended by an administrator"

static void try_next(struct job *j);

static size_t
member_of(const struct job *j)
{
	return (j->first + j->tried) % j->to->count;
}

static struct target *
target_of(const struct job *j)
{
	return &j->view->snapshot->targets[j->to->index][member_of(j)];
}

static void
job_free(struct job *j)
{
	struct worker *w = j->worker;

	list_remove(&j->link);
	view_release(j->view);
	free(j);
	worker_ended(w);
}

static const char *
end_text(enum relay_end end)
{
	static const char *const texts[] = {
	    [RELAY_FINISHED] = "finished",
	    [RELAY_CLIENT_RESET] = "reset by the client",
	    [RELAY_BACKEND_RESET] = "reset by the back end",
	    [RELAY_IDLE] = "idle for too long",
	    [RELAY_STOPPED] = "stopped",
	};

	return texts[end];
}

static void
log_job(const struct job *j, const char *backend, const char *end, uint64_t in, uint64_t out)
{
	struct worker *w = j->worker;

	access_log_relay(w->log, &(struct relayed){.client = j->peer,
						   .rule = j->rule,
						   .backend = backend,
						   .end = end,
						   .from_client = in,
						   .from_backend = out,
						   .duration_ms = loop_now(w->loop) - j->began_ms});
}

static void
relay_done(void *owner, const struct relay_result *result)
{
	struct job *j = owner;
	struct worker *w = j->worker;

	target_count(&target_of(j)->active, -1);
	worker_uncount(w, COUNTER_OPEN_RELAY);
	log_job(j, j->to->at[member_of(j)].text,
		j->unwanted ? ENDED_BY_ADMIN : end_text(result->end), result->from_client,
		result->from_backend);
	job_free(j);
}

static void
drop_backend(struct job *j)
{
	watch_stop(j->worker->loop, &j->watch);
	timer_stop(&j->timer);
	if (j->backend >= 0)
		close(j->backend);
	j->backend = -1;
}

static void
give_up(struct job *j, const char *why)
{
	struct worker *w = j->worker;

	worker_count(w, COUNTER_RELAY_FAILED, 1);
	log_job(j, "-", why, 0, 0);
	drop_backend(j);
	close(j->client);
	job_free(j);
}

/* The next address of this server, or, when none is left, the next server. */
static void
failed_to_connect(struct job *j, const char *why)
{
	struct target *t = target_of(j);
	const struct backend *b = &j->to->at[member_of(j)];

	drop_backend(j);
	if (j->address >= t->count) {
		log_peer(&j->worker->limit, "%s: %s cannot be reached: %s", j->rule, b->text, why);
		target_count(&t->failures, 1);
		target_set_down(t, loop_now(j->worker->loop) + (int64_t)j->to->retry_after);
		j->tried++;
		j->address = 0;
	}
	try_next(j);
}

static bool
put_proxy_header(const struct job *j, struct buf *out)
{
	switch (j->to->proxy_protocol) {
	case PROXY_HEADER_V1:
		return proxy_header_v1(out, &j->peer, &j->local);
	case PROXY_HEADER_V2:
		return proxy_header_v2(out, &j->peer, &j->local);
	case PROXY_HEADER_OFF:
		break;
	}
	return true;
}

static void
connected(struct job *j)
{
	struct worker *w = j->worker;
	struct buf header = buf_with_cap(PROXY_HEADER_MAX);
	struct err e = ERR_NONE;
	int backend = j->backend;

	watch_stop(w->loop, &j->watch);
	timer_stop(&j->timer);
	target_set_down(target_of(j), 0);
	sock_no_delay(backend);
	j->backend = -1;
	if (put_proxy_header(j, &header))
		e = relay_start(w->loop, w->relays, j->client, backend, buf_span(&header),
				j->to->idle_timeout, relay_done, j, &j->relay);
	else
		e = err_new("no memory for a PROXY header");
	buf_free(&header);
	if (failed(e)) {
		close(backend);
		give_up(j, e.text);
		return;
	}
	target_count(&target_of(j)->active, 1);
	target_count(&target_of(j)->served, 1);
	worker_count(w, COUNTER_RELAYED, 1);
	worker_count(w, COUNTER_OPEN_RELAY, 1);
}

static void
connect_ready(struct watch *watch, uint32_t events)
{
	struct job *j = container_of(watch, struct job, watch);
	int why = sock_connected(j->backend);

	(void)events;
	if (why == 0)
		connected(j);
	else
		failed_to_connect(j, strerror(why));
}

static void
connect_timeout(struct timer *t)
{
	failed_to_connect(container_of(t, struct job, timer), "no answer in time");
}

static struct err
connect_to(struct job *j, struct target *t)
{
	if (t->directory >= 0) {
		j->address = t->count + 1;
		return sock_connect_unix(t->directory, t->name, &j->backend);
	}
	if (j->address >= t->count)
		return err_new(TARGET_NOWHERE);
	return sock_connect_tcp(&t->at[j->address++], &j->backend);
}

static bool
is_down(const struct job *j)
{
	return !j->desperate && target_is_down(target_of(j), loop_now(j->worker->loop));
}

/* Passes over those that are down; if all are, tries each once more rather than none. */
static bool
choose(struct job *j)
{
	while (j->tried < j->to->count && is_down(j))
		j->tried++;
	if (j->tried < j->to->count)
		return true;
	if (j->attempted)
		return false;
	j->desperate = true;
	j->tried = 0;
	return true;
}

static void
try_next(struct job *j)
{
	struct loop *l = j->worker->loop;

	if (!choose(j)) {
		give_up(j, "no back end can be reached");
		return;
	}
	j->attempted = true;
	struct err e = connect_to(j, target_of(j));
	if (!failed(e))
		e = watch_start(l, &j->watch, j->backend, READY_OUT, connect_ready);
	if (failed(e))
		failed_to_connect(j, e.text);
	else
		timer_set(l, &j->timer, j->to->connect_timeout, connect_timeout);
}

/* Those of many in one ms take numbers of the next. */
static int64_t
next_id(struct worker *w)
{
	int64_t now = loop_now(w->loop) << ID_MS_BITS;

	w->last_relay = now > w->last_relay ? now : w->last_relay + 1;
	return w->last_relay << ID_WORKER_BITS | w->number;
}

void
edge_relay_begin(struct conn *c, const struct direction *d)
{
	struct job *j = MEM_NEW(struct job);
	struct worker *w = c->worker;

	*j = (struct job){.id = next_id(w),
			  .worker = w,
			  .view = view_share(c->view),
			  .to = d->to,
			  .rule = d->rule,
			  .peer = c->peer,
			  .local = c->local,
			  .began_ms = loop_now(w->loop),
			  .began_wall_ms = clock_wall_ms(),
			  .backend = -1,
			  .watch = {.fd = -1}};
	worker_opened(w); /* before the connection ends: the two are one */
	j->client = conn_give_up(c);
	j->first = j->view->turns[d->to->index]++ % d->to->count;
	list_append(&w->jobs, &j->link);
	try_next(j);
}

static void
stop(struct job *j, const char *why)
{
	if (j->relay != NULL)
		relay_stop(j->relay);
	else
		give_up(j, why);
}

void
edge_relay_stop_all(struct worker *w)
{
	while (!list_empty(&w->jobs))
		stop(container_of(w->jobs.next, struct job, link), "stopped");
}

static const char *
copy_address(const struct address *a, struct arena *memory)
{
	char text[ADDRESS_TEXT_MAX];

	return arena_copy(memory, span_str(address_text(a, text)));
}

static struct live_relay
describe(const struct job *j, struct arena *memory)
{
	uint64_t in = 0, out = 0;
	const char *to = j->relay != NULL ? j->to->at[member_of(j)].text : NULL;

	if (j->relay != NULL)
		relay_bytes(j->relay, &in, &out);
	return (struct live_relay){.id = j->id,
				   .rule = arena_copy(memory, span_str(j->rule)),
				   .from = copy_address(&j->peer, memory),
				   .at = j->local.family != 0 ? copy_address(&j->local, memory)
							      : NULL,
				   .to = to != NULL ? arena_copy(memory, span_str(to)) : NULL,
				   .since = j->began_wall_ms,
				   .bytes_in = (int64_t)in,
				   .bytes_out = (int64_t)out};
}

void
edge_relay_list(const struct worker *w, int64_t after, struct arena *memory,
		struct live_relay_list *to)
{
	size_t added = 0;

	for (struct list *l = w->jobs.next; l != &w->jobs; l = l->next) {
		const struct job *j = container_of(l, struct job, link);

		if (j->id <= after)
			continue;
		if (added++ == RELAYS_PART) {
			to->more = true;
			return;
		}
		*ARENA_PUSH(memory, to->at, to->count) = describe(j, memory);
	}
}

unsigned
edge_relay_worker(int64_t id)
{
	return (unsigned)(id & ((1 << ID_WORKER_BITS) - 1));
}

bool
edge_relay_end(struct worker *w, int64_t id)
{
	for (struct list *l = w->jobs.next; l != &w->jobs; l = l->next) {
		struct job *j = container_of(l, struct job, link);

		if (j->id != id)
			continue;
		j->unwanted = true;
		stop(j, ENDED_BY_ADMIN);
		return true;
	}
	return false;
}
