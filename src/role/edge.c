#include "role/edge.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "ipc/channel.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "role/edge_ask.h"
#include "role/edge_control.h"
#include "role/edge_health.h"
#include "role/edge_worker.h"
#include "serve/crypter.h"
#include "serve/limiter.h"

#define USER          "_sallyport-edge"
#define LIMITED       16384                /* addresses that limits are kept of */
#define TICKET_KEY_MS (8 * 3600 * 1000ull) /* three keys: a ticket opens for 16 to 24 hours */

struct edge {
	struct loop *loop;
	struct channel *channel;
	struct worker **workers;
	pthread_t *threads;
	unsigned worker_count;
	struct snapshot *coming; /* being told, or being applied */
	struct snapshot *current;
	unsigned answers; /* workers still to answer about `coming` */
	struct err refusal;
	int log_fd; /* -1: stderr */
	struct tls_ticket_keys tickets;
	struct timer ticket_timer;
	struct health *health;
	struct limiter *limiter;
	struct crypter *crypter;
	struct ask_line *ask_line; /* to the tunnel */
	struct edge_control *control;
	unsigned draining; /* workers still to end */
	bool confined;     /* in a root directory of its own, as a user of its own */
	int status;
};

/* From one thread to another: what to do, for whom. */
struct errand {
	struct edge *edge;
	struct worker *worker;
	struct snapshot *snapshot;
	struct err outcome;
	struct tls_ticket_keys tickets;
	int fd;
	enum log_format format;
	struct address peer;
	uint64_t ms;
};

static void
tell(struct edge *edge, struct message *m)
{
	struct err e = channel_send(edge->channel, m);

	if (failed(e))
		log_error("%s", e.text);
}

/* In a worker: the access log's place and form, as of now. */
static void
worker_log(void *arg)
{
	struct errand *a = arg;

	access_log_to(a->worker->log, a->fd, a->format);
}

static void
send_log(struct edge *edge)
{
	for (unsigned i = 0; edge->current != NULL && i < edge->worker_count; i++) {
		int fd = edge->log_fd >= 0 ? edge->log_fd : STDERR_FILENO;
		const struct errand a = {.worker = edge->workers[i],
					 .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
					 .format = edge->current->config->log.access};

		loop_post_copy(a.worker->loop, worker_log, &a, sizeof a);
	}
}

static void
worker_tickets(void *arg)
{
	struct errand *a = arg;

	tls_library_set_tickets(a->worker->tls, &a->tickets);
	explicit_bzero(a, sizeof *a);
}

static void
send_tickets(struct edge *edge)
{
	struct errand a = {.tickets = edge->tickets};

	for (unsigned i = 0; i < edge->worker_count; i++) {
		a.worker = edge->workers[i];
		loop_post_copy(a.worker->loop, worker_tickets, &a, sizeof a);
	}
	explicit_bzero(&a, sizeof a);
}

static void
rotate_tickets(struct timer *t)
{
	struct edge *edge = container_of(t, struct edge, ticket_timer);
	struct err e = tls_ticket_keys_rotate(&edge->tickets);

	if (failed(e))
		log_error("ticket keys stay as they are: %s", e.text);
	else
		send_tickets(edge);
	timer_set(edge->loop, t, TICKET_KEY_MS, rotate_tickets);
}

static void
worker_commits(void *arg)
{
	worker_commit(arg);
}

static void
worker_forgets(void *arg)
{
	worker_forget(arg);
}

static void
post_all(struct edge *edge, void (*fn)(void *arg))
{
	for (unsigned i = 0; i < edge->worker_count; i++)
		loop_post(edge->workers[i]->loop, fn, edge->workers[i]);
}

static void
applied(struct edge *edge)
{
	struct message m = {.type = MESSAGE_APPLIED, .generation = edge->coming->generation};

	snapshot_close_pairs(edge->coming);
	snapshot_release(edge->current);
	edge->current = edge->coming;
	edge->coming = NULL;
	log_set_level(edge->current->config->log.level);
	send_log(edge);
	post_all(edge, worker_commits);
	health_follow(edge->health, edge->current);
	tell(edge, &m);
}

static void
refused(struct edge *edge, struct err why)
{
	struct message m = {.type = MESSAGE_REFUSED,
			    .generation = edge->coming != NULL ? edge->coming->generation : 0};

	snprintf(m.text, sizeof m.text, "%s", why.text);
	snapshot_release(edge->coming);
	edge->coming = NULL;
	post_all(edge, worker_forgets);
	tell(edge, &m);
}

/*
 * In the main thread: one more worker has built its view, or could not. After a restart warden
 * may tell of a change before what ran is applied: only the latest counts.
 */
static void
prepared(void *arg)
{
	struct errand *a = arg;
	struct edge *edge = a->edge;
	bool counts = a->snapshot == edge->coming;

	if (counts && failed(a->outcome) && !failed(edge->refusal))
		edge->refusal = a->outcome;
	snapshot_release(a->snapshot);
	if (!counts || --edge->answers > 0)
		return;
	if (failed(edge->refusal))
		refused(edge, edge->refusal);
	else
		applied(edge);
}

static void
worker_prepares(void *arg)
{
	struct errand *a = arg;

	a->outcome = worker_prepare(a->worker, a->snapshot);
	loop_post_copy(a->edge->loop, prepared, a, sizeof *a);
}

static void
apply(struct edge *edge)
{
	edge->refusal = ERR_NONE;
	edge->answers = edge->worker_count;
	for (unsigned i = 0; i < edge->worker_count; i++) {
		const struct errand a = {.edge = edge,
					 .worker = edge->workers[i],
					 .snapshot = snapshot_share(edge->coming)};

		loop_post_copy(a.worker->loop, worker_prepares, &a, sizeof a);
	}
}

static void *
worker_thread(void *arg)
{
	worker_run(arg);
	return NULL;
}

/* The workers, with the sandbox closed behind them: no thread is made after this. */
static struct err
start_workers(struct edge *edge, unsigned count)
{
	struct err e = tls_ticket_keys_rotate(&edge->tickets);

	if (!failed(e))
		e = crypter_new(&edge->crypter);
	edge->limiter = limiter_new(LIMITED);
	edge->workers = mem_new(count * sizeof(struct worker *));
	edge->threads = mem_new(count * sizeof(pthread_t));
	for (; edge->worker_count < count && !failed(e); edge->worker_count++) {
		unsigned i = edge->worker_count;

		e = worker_new(i, edge, &edge->workers[i]);
		if (failed(e))
			return e;
		if (pthread_create(&edge->threads[i], NULL, worker_thread, edge->workers[i]) != 0)
			return err_new("cannot start worker %u of %u", i + 1, count);
	}
	if (failed(e))
		return e;
	send_tickets(edge);
	timer_set(edge->loop, &edge->ticket_timer, TICKET_KEY_MS, rotate_tickets);
	return sandbox_syscalls(SANDBOX_EDGE);
}

static void
begin_snapshot(struct edge *edge, struct message *m)
{
	snapshot_release(edge->coming);
	struct err e = snapshot_begin(m, &edge->coming);

	if (!failed(e) && edge->workers == NULL)
		e = start_workers(edge, m->worker);
	if (failed(e))
		refused(edge, e);
}

static void
add_to_snapshot(struct edge *edge, struct message *m)
{
	struct err e = edge->coming != NULL ? snapshot_add(edge->coming, m) : ERR_NONE;

	if (failed(e))
		refused(edge, e);
}

static void
change_log(struct edge *edge, struct message *m)
{
	if (edge->log_fd >= 0)
		close(edge->log_fd);
	edge->log_fd = m->fds[0];
	m->fds[0] = -1;
	send_log(edge);
}

static void
worker_drains(void *arg)
{
	struct errand *a = arg;

	worker_drain(a->worker, a->ms);
}

static void
drain(struct edge *edge, uint64_t ms)
{
	if (edge->worker_count == 0) {
		loop_stop(edge->loop);
		return;
	}
	if (edge->draining == 0)
		edge->draining = edge->worker_count;
	for (unsigned i = 0; i < edge->worker_count; i++) {
		const struct errand a = {.worker = edge->workers[i], .ms = ms};

		loop_post_copy(a.worker->loop, worker_drains, &a, sizeof a);
	}
}

static void
report_server(struct edge *edge, size_t backends, size_t member)
{
	const struct target *t = &edge->current->targets[backends][member];
	struct message m = {.type = MESSAGE_SERVER,
			    .index = (uint32_t)backends,
			    .member = (uint32_t)member,
			    .kind = !target_is_down(t, loop_now(edge->loop)),
			    .counters = {[SERVER_ACTIVE] = target_counted(&t->active),
					 [SERVER_SERVED] = target_counted(&t->served),
					 [SERVER_FAILURES] = target_counted(&t->failures)}};

	tell(edge, &m);
}

static void
report_servers(struct edge *edge)
{
	const struct config *c = edge->current != NULL ? edge->current->config : NULL;

	for (size_t i = 0; c != NULL && i < c->backends_count; i++)
		for (size_t k = 0; k < c->backends[i]->count; k++)
			report_server(edge, i, k);
}

static void
report(struct edge *edge)
{
	struct message m = {.type = MESSAGE_STATUS};

	for (unsigned i = 0; i < edge->worker_count; i++)
		for (size_t k = 0; k < COUNTER_COUNT; k++)
			m.counters[k] += worker_counted(edge->workers[i], (enum counter)k);
	report_servers(edge);
	tell(edge, &m);
}

static void
follow_peer(struct edge *edge, struct message *m)
{
	if (m->kind != ROLE_TUNNEL && m->kind != ROLE_CONTROL)
		return;
	if (m->kind == ROLE_TUNNEL)
		ask_line_follow(edge->ask_line, m->fds[0]);
	else
		edge_control_follow(edge->control, m->fds[0]);
	m->fds[0] = -1;
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct edge *edge = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_SNAPSHOT:
		begin_snapshot(edge, m);
		break;
	case MESSAGE_APPLY:
		if (edge->coming != NULL)
			apply(edge);
		break;
	case MESSAGE_LOG:
		change_log(edge, m);
		break;
	case MESSAGE_DRAIN:
		drain(edge, m->value);
		break;
	case MESSAGE_ASK:
		report(edge);
		break;
	case MESSAGE_PEER:
		follow_peer(edge, m);
		break;
	default:
		add_to_snapshot(edge, m);
		break;
	}
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct edge *edge = owner;

	(void)ch;
	log_error("warden: %s; ending", why);
	edge->status = 1;
	loop_stop(edge->loop);
}

static void
hand_over(void *arg)
{
	struct errand *a = arg;
	struct message m = {.type = MESSAGE_INETD,
			    .generation =
				a->edge->current != NULL ? a->edge->current->generation : 0,
			    .addresses = {a->peer},
			    .address_count = 1,
			    .fds = {a->fd, -1},
			    .fd_count = 1};

	tell(a->edge, &m);
	close(a->fd);
}

void
edge_hand_over(struct edge *edge, int fd, const struct address *peer)
{
	const struct errand a = {.edge = edge, .fd = fd, .peer = *peer};

	loop_post_copy(edge->loop, hand_over, &a, sizeof a);
}

struct limiter *
edge_limiter(struct edge *edge)
{
	return edge->limiter;
}

struct crypter *
edge_crypter(struct edge *edge)
{
	return edge->crypter;
}

struct ask_line *
edge_ask_line(struct edge *edge)
{
	return edge->ask_line;
}

static void
worker_done(void *arg)
{
	struct edge *edge = arg;

	if (edge->draining > 0 && --edge->draining == 0)
		loop_stop(edge->loop);
}

void
edge_worker_done(struct edge *edge)
{
	loop_post(edge->loop, worker_done, edge);
}

static struct err
start(struct edge *edge)
{
	static const struct channel_ops ops = {on_message, on_closed};
	sandbox_clean_start(SPAWN_CHANNEL);
	/* Ctrl-C at a terminal reaches us too, but the order to stop is warden's to give. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);

	struct err e = loop_new(&edge->loop);
	if (!failed(e))
		e = channel_new(edge->loop, SPAWN_CHANNEL, ROLE_WARDEN, &ops, edge, &edge->channel);
	if (!failed(e))
		e = sandbox_user(USER, &edge->confined);
	if (!failed(e)) {
		sandbox_read_only();
		edge->health = health_new(edge->loop);
		edge->ask_line = ask_line_new(edge->loop, &edge->workers, &edge->worker_count);
		edge->control = edge_control_new(edge->loop, &edge->workers, &edge->worker_count);
	}
	return e;
}

static void
stop_worker(void *arg)
{
	loop_stop(((struct worker *)arg)->loop);
}

/* After a drain: all is let go of, so that what is left over can be seen to be a leak. */
static void
end(struct edge *edge)
{
	for (unsigned i = 0; i < edge->worker_count; i++) {
		loop_post(edge->workers[i]->loop, stop_worker, edge->workers[i]);
		pthread_join(edge->threads[i], NULL);
	}
	crypter_free(edge->crypter); /* it posts to their loops */
	for (unsigned i = 0; i < edge->worker_count; i++)
		worker_free(edge->workers[i]);
	limiter_free(edge->limiter);
	free(edge->workers);
	free(edge->threads);
	health_free(edge->health);
	ask_line_free(edge->ask_line);
	edge_control_free(edge->control);
	snapshot_release(edge->coming);
	snapshot_release(edge->current);
	channel_free(edge->channel);
	timer_stop(&edge->ticket_timer);
	loop_free(edge->loop);
}

int
edge_main(void)
{
	struct edge edge = {.log_fd = -1};

	log_init("sallyport edge", LOG_LEVEL_INFO);
	struct err e = start(&edge);
	if (failed(e)) {
		log_error("%s", e.text);
		return 1;
	}
	loop_run(edge.loop);
	explicit_bzero(&edge.tickets, sizeof edge.tickets);
	if (edge.status != 0)
		_exit(
		    edge.status); /* whatever the workers are doing: there is no warden any more */
	end(&edge);
	/* A leak checker looks at /proc, which is not there in an empty root directory. */
	if (edge.confined)
		_exit(0);
	return 0;
}
