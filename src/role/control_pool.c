/*
 * Requests wait on the database, so threads answer them; those that hash a password have a queue
 * and threads of their own, behind the others, so that no other waits for them. Both queues are
 * short: who comes when one is full is told so at once, and to come again. But nobody fills one
 * alone: networks take turns, and who would be served last makes room. This machine's administrator
 * is served first.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/thread.h"
#include "role/control_private.h"
#include "store/store.h"
#include "tls/random.h"

#define FAST_THREADS 4
#define SLOW_THREADS 2
#define FAST_QUEUE   512
#define SLOW_QUEUE   32
#define BUSY_MS      2000 /* before one comes again */
#define START_MS     5000 /* the store has to be made ready in */

#define NETWORKS 1024 /* told apart by a hash; two that are alike have their turns together */

struct queue {
	struct list jobs; /* by their turns */
	pthread_cond_t changed;
	size_t waiting, most;
	uint64_t turn;           /* of who was served last */
	uint64_t last[NETWORKS]; /* given to a network */
};

struct pool {
	struct control *control;
	pthread_mutex_t lock;
	bool stopped;
	uint64_t seed; /* so that nobody can choose whom he counts with */
	struct queue fast, slow;
	bool tried; /* to make the store ready: it is, or somebody has said why not */
	pthread_cond_t was_tried;
	struct timespec patience; /* with that */
	pthread_cond_t ended;
	size_t working; /* threads that have not come to their end */
	pthread_t threads[FAST_THREADS + SLOW_THREADS];
	size_t thread_count;
};

void
job_free(struct job *j)
{
	buf_wipe(&j->body);
	arena_free(j->memory);
	control_config_release(j->config);
	free(j);
}

/* The last turn of an IPv4 network of 256 addresses, or of what one customer has of IPv6
 * (RFC 6177). */
static uint64_t *
last_turn_of(const struct pool *p, struct queue *queue, const struct job *j)
{
	const struct address *from = &j->request.client;
	struct span network = span_of(from->ip, from->family == 6 ? 6 : 3);

	return &queue->last[hash_bytes(hash_number(HASH_START, p->seed), network) % NETWORKS];
}

/* Behind what its network has there, but not behind all that others have. */
static void
give_turn(const struct pool *p, struct queue *queue, struct job *j)
{
	uint64_t last;

	j->turn = queue->turn;
	if (j->request.door == API_MACHINE)
		return;
	last = *last_turn_of(p, queue, j);
	if (last >= j->turn)
		j->turn = last + 1;
}

static struct job *
job_at(struct list *link)
{
	return container_of(link, struct job, link);
}

static void
put_in(struct pool *p, struct queue *queue, struct job *j)
{
	struct list *after = queue->jobs.prev;

	while (after != &queue->jobs && job_at(after)->turn > j->turn)
		after = after->prev;
	list_append(after->next, &j->link); /* before what follows */
	queue->waiting++;
	if (j->request.door != API_MACHINE)
		*last_turn_of(p, queue, j) = j->turn;
}

static void
take_out(struct queue *queue, struct job *j)
{
	list_remove(&j->link);
	queue->waiting--;
}

/* Whom there is no room for: the last of them, or who comes; NULL: there is. */
static struct job *
one_too_many(const struct pool *p, struct queue *queue, struct job *j)
{
	struct job *last;

	if (queue->waiting < queue->most || j->request.door == API_MACHINE)
		return NULL;
	last = job_at(queue->jobs.prev);
	if (last->turn <= j->turn)
		return j;
	take_out(queue, last);
	*last_turn_of(p, queue, last) = last->turn - 1;
	return last;
}

/* Waits for the next one; NULL: it is over. */
static struct job *
next(struct pool *p, struct queue *queue)
{
	struct job *j = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->stopped && list_empty(&queue->jobs))
		pthread_cond_wait(&queue->changed, &p->lock);
	if (!p->stopped) {
		j = container_of(queue->jobs.next, struct job, link);
		take_out(queue, j);
		queue->turn = j->turn;
	}
	pthread_mutex_unlock(&p->lock);
	return j;
}

/* Who comes while the server starts is answered a moment later, and not refused. */
static void
await_store(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->stopped && !p->tried)
		if (pthread_cond_timedwait(&p->was_tried, &p->lock, &p->patience) != 0)
			break;
	pthread_mutex_unlock(&p->lock);
}

void
pool_tried(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->tried = true;
	pthread_cond_broadcast(&p->was_tried);
	pthread_mutex_unlock(&p->lock);
}

static void
work(struct pool *p, struct queue *queue)
{
	struct store *store = NULL;
	struct job *j;
	struct api api;

	while ((j = next(p, queue)) != NULL) {
		if (!atomic_load(&p->control->ready))
			await_store(p);
		if (control_api(p->control, &store, j->memory, j->config->config, &api))
			j->kind->run(j, &api);
		else
			j->kind->refuse(j, outcome_new(OUTCOME_DOWN,
						       "the database cannot be used now: the "
						       "server's log says why"));
		loop_post(p->control->loop, j->done, j);
	}
	store_close(store);
	pthread_mutex_lock(&p->lock);
	p->working--;
	pthread_cond_broadcast(&p->ended);
	pthread_mutex_unlock(&p->lock);
}

static void *
work_fast(void *arg)
{
	struct pool *p = arg;

	work(p, &p->fast);
	return NULL;
}

static void *
work_slow(void *arg)
{
	struct pool *p = arg;

	work(p, &p->slow);
	return NULL;
}

static void
queue_init(struct queue *queue, size_t most)
{
	list_init(&queue->jobs);
	pthread_cond_init(&queue->changed, NULL);
	queue->most = most;
}

struct err
pool_new(struct control *c, struct pool **out)
{
	struct pool *p = MEM_NEW(struct pool);
	struct err e = ERR_NONE;

	p->control = c;
	random_bytes((uint8_t *)&p->seed, sizeof p->seed);
	pthread_mutex_init(&p->lock, NULL);
	queue_init(&p->fast, FAST_QUEUE);
	queue_init(&p->slow, SLOW_QUEUE);
	thread_condition(&p->ended);
	thread_condition(&p->was_tried);
	p->patience = thread_deadline(START_MS);
	*out = p;
	p->working = COUNT(p->threads);
	for (; p->thread_count < COUNT(p->threads) && !failed(e); p->thread_count++)
		e = p->thread_count < FAST_THREADS
			? thread_start(&p->threads[p->thread_count], work_fast, p)
			: thread_start_behind(&p->threads[p->thread_count], work_slow, p);
	return e;
}

static struct queue *
queue_of(struct pool *p, const struct job *j)
{
	return j->kind->is_slow(j) ? &p->slow : &p->fast;
}

static void
turn_away(struct control *c, struct job *j)
{
	struct outcome o = outcome_new(OUTCOME_BUSY, "too much is asked at once: try again soon");

	o.wait_ms = BUSY_MS;
	j->kind->refuse(j, o);
	atomic_fetch_add(&c->busy, 1);
	loop_post(c->loop, j->done, j);
}

void
pool_ask(struct pool *p, struct job *j)
{
	struct queue *queue = queue_of(p, j);
	struct job *too_much;

	pthread_mutex_lock(&p->lock);
	give_turn(p, queue, j);
	too_much = one_too_many(p, queue, j);
	if (too_much != j) {
		put_in(p, queue, j);
		pthread_cond_signal(&queue->changed);
	}
	pthread_mutex_unlock(&p->lock);
	if (too_much != NULL)
		turn_away(p->control, too_much);
}

void
pool_waiting(struct pool *p, uint64_t *fast, uint64_t *slow)
{
	pthread_mutex_lock(&p->lock);
	*fast = p->fast.waiting;
	*slow = p->slow.waiting;
	pthread_mutex_unlock(&p->lock);
}

static void
queue_drop(struct queue *queue)
{
	while (!list_empty(&queue->jobs)) {
		struct job *j = container_of(queue->jobs.next, struct job, link);

		list_remove(&j->link);
		job_free(j);
	}
	pthread_cond_destroy(&queue->changed);
}

bool
pool_stop(struct pool *p, const struct timespec *until)
{
	pthread_mutex_lock(&p->lock);
	p->stopped = true;
	pthread_cond_broadcast(&p->fast.changed);
	pthread_cond_broadcast(&p->slow.changed);
	pthread_cond_broadcast(&p->was_tried);
	while (p->working > 0)
		if (pthread_cond_timedwait(&p->ended, &p->lock, until) != 0)
			break;
	bool over = p->working == 0;
	pthread_mutex_unlock(&p->lock);
	return over;
}

void
pool_free(struct pool *p)
{
	for (size_t i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	queue_drop(&p->fast);
	queue_drop(&p->slow);
	free(p);
}
