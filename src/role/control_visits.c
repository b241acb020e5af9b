/*
 * Who was let into the VPN is noted when he is in already: a commit waits for the disc three times,
 * and those who come together, as after a restart, would wait for each other's. So one job at a
 * time notes all that have come since the last. While nothing can be noted, a set number get in.
 */
#include <pthread.h>
#include <stdlib.h>

#include "access/vpn_visit.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/thread.h"
#include "role/control_private.h"

#define VISITS_MAX 1024
#define RETRY_MS   2000

struct batch {
	struct arena *memory;
	size_t count;
	struct vpn_visit at[VISITS_MAX];
};

struct visits {
	struct control *control;
	pthread_mutex_t lock;
	struct batch *coming;
	struct batch *noting; /* NULL: none is; the job's, and the loop's between jobs */
	bool asked;           /* there is a job, or will be one */
	bool wrote;           /* the last job's, for the loop */
	struct timer retry;
};

static struct batch *
batch_new(void)
{
	struct batch *b = MEM_NEW(struct batch);

	b->memory = arena_new();
	return b;
}

static void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	arena_free(b->memory);
	free(b);
}

static void
batch_add(struct batch *b, const struct vpn_visit *v)
{
	struct vpn_visit *kept = &b->at[b->count++];

	*kept = *v;
	kept->user_name = arena_copy(b->memory, span_str(v->user_name));
	kept->device_name = arena_copy(b->memory, span_str(v->device_name));
	if (v->client != NULL)
		kept->client = arena_copy(b->memory, span_str(v->client));
}

/* What is to be noted now: what could not be before, or else what has come. */
static struct batch *
take(struct visits *v)
{
	pthread_mutex_lock(&v->lock);
	if (v->noting == NULL && v->coming->count > 0) {
		v->noting = v->coming;
		v->coming = batch_new();
	}
	struct batch *b = v->noting;
	pthread_mutex_unlock(&v->lock);
	return b;
}

/* False: it is to be tried again. What fails for another reason than the database's would fail
 * again. */
static bool
write_down(struct visits *v, struct access *a)
{
	struct batch *b = take(v);

	if (b == NULL)
		return true;
	struct outcome o = vpn_visits_note(a, b->at, b->count);
	if (o.kind == OUTCOME_DOWN || o.kind == OUTCOME_BUSY)
		return false;
	if (refused(o))
		log_error("%zu who came by the VPN are not in the audit log: %s", b->count, o.text);
	v->noting = NULL;
	batch_free(b);
	return true;
}

static bool
is_fast(const struct job *j)
{
	(void)j;
	return false;
}

static void
run(struct job *j, struct api *api)
{
	struct visits *v = j->of;

	v->wrote = write_down(v, &api->access);
}

static void
stay(struct job *j, struct outcome why)
{
	(void)j;
	(void)why;
}

static const struct job_kind job_visits = {is_fast, run, stay};

static void ask(void *arg);

static void
ask_again(struct timer *timer)
{
	ask(container_of(timer, struct visits, retry));
}

static void
done(void *arg)
{
	struct job *j = arg;
	struct visits *v = j->of;

	job_free(j);
	pthread_mutex_lock(&v->lock);
	bool more = v->coming->count > 0;
	v->asked = more || !v->wrote;
	pthread_mutex_unlock(&v->lock);
	if (!v->wrote)
		timer_set(v->control->loop, &v->retry, RETRY_MS, ask_again);
	else if (more)
		ask(v);
}

/* In the loop's thread. */
static void
ask(void *arg)
{
	struct visits *v = arg;
	struct job *j = MEM_NEW(struct job);

	v->wrote = false;
	j->kind = &job_visits;
	j->control = v->control;
	j->memory = arena_new();
	j->config = control_config(v->control);
	j->request.door = API_MACHINE; /* it makes room for others */
	j->done = done;
	j->of = v;
	pool_ask(v->control->pool, j);
}

bool
visits_add(struct visits *v, const struct vpn_visit *visit)
{
	bool fits, asks = false;

	pthread_mutex_lock(&v->lock);
	fits = v->coming->count < VISITS_MAX;
	if (fits) {
		batch_add(v->coming, visit);
		asks = !v->asked;
		v->asked = true;
	}
	pthread_mutex_unlock(&v->lock);
	if (asks)
		loop_post(v->control->loop, ask, v);
	return fits;
}

struct visits *
visits_new(struct control *c)
{
	struct visits *v = MEM_NEW(struct visits);

	v->control = c;
	v->coming = batch_new();
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

/* Once nothing else works any more. */
static void
finish(struct visits *v)
{
	struct shared_config *config = control_config(v->control);
	struct arena *memory = arena_new();
	struct store *store = NULL;
	struct api api;

	if (control_api(v->control, &store, memory, config->config, &api)) {
		api.access.happened = NULL; /* nobody listens any more */
		while (write_down(v, &api.access) && v->coming->count > 0)
			continue;
	}
	store_close(store);
	arena_free(memory);
	control_config_release(config);
}

void
visits_free(struct visits *v)
{
	timer_stop(&v->retry);
	if (v->noting != NULL || v->coming->count > 0)
		finish(v);
	batch_free(v->coming);
	batch_free(v->noting);
	pthread_mutex_destroy(&v->lock);
	free(v);
}
