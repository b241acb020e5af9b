#include "role/tunnel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "os/thread.h"
#include "role/told_config.h"
#include "role/tunnel_private.h"
#include "tls/random.h"

#define USER         "_sallyport-tunnel"
#define ASK_AGAIN_MS 250              /* for the keys, without which nobody is answered */
#define LAST_WORDS   SECOND_MS        /* for control to hear who was there, at the end */
#define PATIENCE     (45 * SECOND_MS) /* with control: many passwords may be waiting to be hashed */

/* From the main thread to a worker. */
struct errand {
	struct tunnel_worker *worker;
	int fd;
	bool offloads;
	uint64_t ms;
	struct vpn vpn;       /* numbers alone are read of it */
	struct arena *memory; /* of the material */
	struct admission_material material;
};

static void
tell(struct tunnel *t, const struct message *m)
{
	struct err e = channel_send(t->warden, m);

	if (failed(e))
		log_error("%s", e.text);
}

/* --- the gate */

enum greeting
tunnel_greet(struct tunnel *t, struct span packet, const struct address *from,
	     enum gate_verdict *verdict, struct gate_first *first, struct session_start *start,
	     struct buf *reply)
{
	enum greeting g = GREET_NOBODY;

	pthread_mutex_lock(&t->lock);
	if (t->greeter.gate != NULL)
		g = greet(&t->greeter, packet, from, clock_wall_ms(), verdict, first, start, reply);
	pthread_mutex_unlock(&t->lock);
	return g;
}

enum gate_verdict
tunnel_judge(struct tunnel *t, struct span packet, struct gate_first *first)
{
	enum gate_verdict v = GATE_STRANGER;

	pthread_mutex_lock(&t->lock);
	if (t->greeter.gate != NULL)
		v = gate_judge(t->greeter.gate, packet, clock_wall_ms(), first);
	if (t->greeter.gate != NULL && v == GATE_STRANGER && t->config->vpn.legacy_tcp)
		v = gate_judge_static(t->greeter.gate, packet, clock_wall_ms(), first);
	pthread_mutex_unlock(&t->lock);
	return v;
}

/*
 * The key stays what it was first; so what the gate has seen is not forgotten on a change. Stamps
 * are whole seconds: those of the second in which we began are no older than that, and clients that
 * came while we did keep theirs until they give up.
 */
static bool
open_gate(struct tunnel *t, const char *hex)
{
	struct gate_settings s = {.skew_ms = (int64_t)t->config->vpn.clock_skew,
				  .since_ms = t->began - t->began % SECOND_MS};

	pthread_mutex_lock(&t->lock);
	if (t->greeter.gate != NULL)
		gate_set_skew(t->greeter.gate, s.skew_ms);
	else if (hex_read(span_str(hex), s.server_key, sizeof s.server_key))
		t->greeter.gate = gate_new(&s);
	pthread_mutex_unlock(&t->lock);
	explicit_bzero(&s, sizeof s);
	return t->greeter.gate != NULL;
}

/* Whether clients without a key of their own are answered, a reload may change. */
static bool
set_static(struct tunnel *t, const char *hex)
{
	uint8_t key[WRAP_CLIENT_KEY];
	bool wanted = t->config->vpn.legacy,
	     good = !wanted || hex_read(span_str(hex), key, sizeof key);

	pthread_mutex_lock(&t->lock);
	gate_set_static(t->greeter.gate, wanted && good ? key : NULL);
	pthread_mutex_unlock(&t->lock);
	explicit_bzero(key, sizeof key);
	return good;
}

/* --- the keys, from control */

static void
worker_era(void *arg)
{
	struct errand *a = arg;
	struct err e = worker_begin_era(a->worker, &a->vpn, &a->material);

	if (failed(e))
		log_error("vpn: %s", e.text);
	arena_free(a->memory);
}

static void
begin_era(struct tunnel *t, const struct admission_material *m)
{
	for (unsigned i = 0; i < t->worker_count; i++) {
		struct arena *memory = arena_new();
		char *key = arena_copy(memory, span_str(m->key));
		const struct errand era = {
		    .worker = t->workers[i],
		    .vpn = t->config->vpn,
		    .memory = memory,
		    .material = {.authorities = arena_copy(memory, span_str(m->authorities)),
				 .certificate = arena_copy(memory, span_str(m->certificate)),
				 .key = key}};

		arena_wipes(memory, key);
		loop_post_copy(era.worker->loop, worker_era, &era, sizeof era);
	}
}

struct material_ask {
	struct ask ask;
	struct tunnel *tunnel;
};

static void
use_material(struct tunnel *t, const struct admission_material *m)
{
	begin_era(t, m);
	seats_keep(t, m->reserved);
}

static void ask_material(struct tunnel *t);

static void
ask_again(struct timer *timer)
{
	ask_material(container_of(timer, struct tunnel, ask_again));
}

static void
material_answered(struct ask *a, enum admission_verdict verdict, struct span text)
{
	struct material_ask *m = container_of(a, struct material_ask, ask);
	struct tunnel *t = m->tunnel;
	struct arena *memory = arena_new();
	struct admission_material got = {.key = NULL};

	if (verdict == ADMISSION_LATER) /* there is no control yet, or it has no database */
		timer_set(t->loop, &t->ask_again, ASK_AGAIN_MS, ask_again);
	else if (verdict != ADMISSION_DONE)
		log_warn("vpn: control has not told of the keys: %.*s", (int)text.len,
			 (const char *)text.p);
	else if (!refused(shape_read(&shape_admission_material, SHAPE_CREATE, text, memory, &got,
				     NULL)) &&
		 open_gate(t, got.wrap_key) && set_static(t, got.static_key))
		use_material(t, &got);
	else
		log_error("vpn: the keys that control has told of cannot be used");
	arena_free(memory);
	free(m);
}

static void
ask_material(struct tunnel *t)
{
	struct material_ask *m = MEM_NEW(struct material_ask);

	m->tunnel = t;
	m->ask.answered = material_answered;
	control_ask(t->control, &m->ask, CALL_MATERIAL, "", SPAN_NONE);
}

void
tunnel_changed(struct tunnel *t)
{
	t->changes++;
	ask_material(t);
	seats_review(t);
}

/* --- what warden says */

static void
refuse(struct tunnel *t, uint64_t generation, struct err why)
{
	struct message m = {.type = MESSAGE_REFUSED, .generation = generation};

	snprintf(m.text, sizeof m.text, "%s", why.text);
	tell(t, &m);
}

static void *
worker_thread(void *arg)
{
	tunnel_worker_run(arg);
	return NULL;
}

/* The workers, with the sandbox closed behind them: no thread is made after this. */
static struct err
start_workers(struct tunnel *t, unsigned count)
{
	struct err e = ERR_NONE;

	t->workers = mem_new(count * sizeof(struct tunnel_worker *));
	t->threads = mem_new(count * sizeof(pthread_t));
	for (unsigned i = 0; i < count && !failed(e); i++) {
		e = tunnel_worker_new(i, t, &t->workers[i]);
		if (!failed(e))
			t->worker_count++;
	}
	for (unsigned i = 0; i < t->worker_count && !failed(e); i++)
		e = thread_start(&t->threads[i], worker_thread, t->workers[i]);
	return failed(e) ? e : sandbox_syscalls(SANDBOX_TUNNEL);
}

static struct err
start_work(struct tunnel *t, unsigned workers)
{
	t->leases = leases_new(&t->coming->vpn.network, &t->coming->vpn.network6);
	if (t->leases == NULL)
		return err_new("there is no memory for the tunnel's addresses");
	t->owners = mem_new((leases_count(t->leases) + 1) * sizeof t->owners[0]);
	t->worker_max = workers;
	return start_workers(t, workers);
}

static void
begin_snapshot(struct tunnel *t, struct message *m)
{
	config_free(t->coming);
	struct err e = told_config(m, &t->coming);

	t->coming_generation = m->generation;
	if (!failed(e) && t->workers == NULL)
		e = start_work(t, m->worker > 0 ? m->worker : 1);
	if (failed(e)) {
		config_free(t->coming);
		t->coming = NULL;
		refuse(t, m->generation, e);
	}
}

static void
apply(struct tunnel *t)
{
	const struct message m = {.type = MESSAGE_APPLIED, .generation = t->coming_generation};

	if (t->coming == NULL)
		return;
	config_free(t->config);
	t->config = t->coming;
	t->coming = NULL;
	log_set_level(t->config->log.level);
	tell(t, &m);
	tunnel_changed(t);
}

static void
worker_queue(void *arg)
{
	struct errand *a = arg;

	worker_take_queue(a->worker, a->fd, a->offloads);
}

static void
worker_socket(void *arg)
{
	struct errand *a = arg;

	worker_take_socket(a->worker, a->fd);
}

static void
give(struct tunnel *t, struct message *m, void (*take)(void *arg))
{
	if (m->worker >= t->worker_count)
		return;
	const struct errand gift = {
	    .worker = t->workers[m->worker], .fd = m->fds[0], .offloads = m->kind != 0};
	m->fds[0] = -1;
	loop_post_copy(gift.worker->loop, take, &gift, sizeof gift);
}

static void
worker_drains(void *arg)
{
	struct errand *a = arg;

	worker_drain_tunnel(a->worker, a->ms);
}

static void
drain(struct tunnel *t, uint64_t ms)
{
	if (t->worker_count == 0) {
		loop_stop(t->loop);
		return;
	}
	if (t->draining == 0)
		t->draining = t->worker_count;
	for (unsigned i = 0; i < t->worker_count; i++) {
		/* Clients are told, and come back. */
		const struct errand end = {.worker = t->workers[i],
					   .ms = ms < SECOND_MS ? ms : SECOND_MS};

		loop_post_copy(end.worker->loop, worker_drains, &end, sizeof end);
	}
}

void
tunnel_end_if_told(struct tunnel *t)
{
	if (t->drained && t->notes == 0)
		loop_stop(t->loop);
}

static void
end_untold(struct timer *timer)
{
	loop_stop(container_of(timer, struct tunnel, last_words)->loop);
}

/* The last farewells were said before this: a worker posts them in order. */
static void
worker_done(void *arg)
{
	struct tunnel *t = arg;

	if (t->draining == 0 || --t->draining > 0)
		return;
	t->drained = true;
	timer_set(t->loop, &t->last_words, LAST_WORDS, end_untold);
	tunnel_end_if_told(t);
}

void
tunnel_worker_done(struct tunnel *t)
{
	loop_post(t->loop, worker_done, t);
}

static void
fail_now(void *arg)
{
	struct tunnel *t = arg;

	t->status = 1;
	loop_stop(t->loop);
}

void
tunnel_fail(struct tunnel *t, const char *why)
{
	log_error("%s; ending", why);
	loop_post(t->loop, fail_now, t);
}

/* --- lines to others */

static void
edge_says(struct channel *ch, struct message *m, void *owner)
{
	struct tunnel *t = owner;

	(void)ch;
	if (m->type == MESSAGE_FIRST)
		firsts_judge(t->firsts, m);
	else if (m->type == MESSAGE_HANDED)
		firsts_take(t->firsts, m);
}

static void
edge_closed(struct channel *ch, const char *why, void *owner)
{
	struct tunnel *t = owner;

	log_debug("edge: %s", why);
	channel_free(ch);
	t->edge = NULL;
}

static void
follow_edge(struct tunnel *t, int fd)
{
	static const struct channel_ops ops = {edge_says, edge_closed};

	channel_free(t->edge);
	t->edge = NULL;
	struct err e = channel_new(t->loop, fd, ROLE_EDGE, &ops, t, &t->edge);
	if (failed(e))
		log_error("edge: %s", e.text);
}

static void
follow_peer(struct tunnel *t, struct message *m)
{
	int fd = m->fds[0];

	if (m->kind != ROLE_EDGE && m->kind != ROLE_CONTROL)
		return;
	m->fds[0] = -1;
	if (m->kind == ROLE_EDGE) {
		follow_edge(t, fd);
	} else {
		control_line_follow(t->control, fd);
		if (t->config != NULL)
			tunnel_changed(t);
	}
}

static void
take_resolvers(struct tunnel *t, const struct message *m)
{
	memcpy(t->resolvers, m->addresses, sizeof t->resolvers);
	t->resolver_count = m->address_count;
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct tunnel *t = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_SNAPSHOT:
		begin_snapshot(t, m);
		break;
	case MESSAGE_APPLY:
		apply(t);
		break;
	case MESSAGE_PEER:
		follow_peer(t, m);
		break;
	case MESSAGE_TUN:
		give(t, m, worker_queue);
		break;
	case MESSAGE_LISTENER:
		give(t, m, worker_socket);
		break;
	case MESSAGE_ADDRESSES:
		take_resolvers(t, m);
		break;
	case MESSAGE_ROUTED:
		ways_done(t, m->value);
		break;
	case MESSAGE_DRAIN:
		drain(t, m->value);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct tunnel *t = owner;

	(void)ch;
	log_error("warden: %s; ending", why);
	t->status = 1;
	loop_stop(t->loop);
}

static struct err
start(struct tunnel *t)
{
	static const struct channel_ops ops = {on_message, on_closed};

	sandbox_clean_start(SPAWN_CHANNEL);
	signal(SIGINT, SIG_IGN); /* the order to stop is warden's to give */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	t->began = clock_wall_ms();
	seats_init(&t->seats);
	list_init(&t->waiting);
	pthread_mutex_init(&t->lock, NULL);
	random_bytes(t->greeter.cookie_key, sizeof t->greeter.cookie_key);
	t->control = control_line_new(t, PATIENCE);
	t->firsts = firsts_new(t);
	t->crowd = crowd_new();
	t->tidy = tidy_new(t);
	struct err e = loop_new(&t->loop);
	if (!failed(e))
		e = channel_new(t->loop, SPAWN_CHANNEL, ROLE_WARDEN, &ops, t, &t->warden);
	if (!failed(e))
		e = sandbox_user(USER, &t->confined);
	if (!failed(e))
		sandbox_read_only();
	return e;
}

static void
stop_worker(void *arg)
{
	loop_stop(((struct tunnel_worker *)arg)->loop);
}

/* After a drain: all is let go of, so that what is left over can be seen to be a leak. */
static void
end(struct tunnel *t)
{
	/* Whoever waits is let go of by his worker, which must be there for that. */
	control_line_free(t->control);
	ways_done(t, UINT64_MAX);
	for (unsigned i = 0; i < t->worker_count; i++) {
		loop_post(t->workers[i]->loop, stop_worker, t->workers[i]);
		pthread_join(t->threads[i], NULL);
	}
	for (unsigned i = 0; i < t->worker_count; i++)
		tunnel_worker_free(t->workers[i]);
	free(t->workers);
	free(t->threads);
	timer_stop(&t->ask_again);
	timer_stop(&t->last_words);
	firsts_free(t->firsts);
	crowd_free(t->crowd);
	seats_free(t);
	tidy_free(t->tidy);
	leases_free(t->leases);
	free((void *)t->owners);
	gate_free(t->greeter.gate);
	config_free(t->coming);
	config_free(t->config);
	channel_free(t->edge);
	channel_free(t->warden);
	loop_free(t->loop);
}

int
tunnel_main(void)
{
	static struct tunnel t;

	log_init("sallyport tunnel", LOG_LEVEL_INFO);
	struct err e = start(&t);
	if (failed(e)) {
		log_error("%s", e.text);
		return 1;
	}
	loop_run(t.loop);
	if (t.status != 0)
		_exit(t.status);
	end(&t);
	/* A leak checker looks at /proc, which is not there in an empty root directory. */
	if (t.confined)
		_exit(0);
	return 0;
}
