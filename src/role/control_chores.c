/*
 * What is done now and then, in a thread of its own since all of it may wait: the store is made
 * ready, notices are delivered, what is over is forgotten, and what goes wrong by itself is seen.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "access/alerts.h"
#include "access/audit.h"
#include "access/guard.h"
#include "access/link.h"
#include "access/signin.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/thread.h"
#include "pki/authority.h"
#include "role/control_private.h"
#include "store/device.h"

#define RETRY_MS 5000
#define LOOK_MS  MINUTE_MS
#define LONGEST  60000u

struct chores {
	struct control *control;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopped, poked, over;
	struct store *store;
	int64_t swept, looked, ensured; /* clock_ms() of the last time */
	char said[ERR_TEXT_MAX];
};

/* Waits for so long, or less when there is something to do; false: it is over. */
static bool
rest(struct chores *ch, uint64_t ms)
{
	const struct timespec until = thread_deadline(ms);

	pthread_mutex_lock(&ch->lock);
	while (!ch->stopped && !ch->poked)
		if (pthread_cond_timedwait(&ch->changed, &ch->lock, &until) != 0)
			break;
	bool on = !ch->stopped;
	ch->poked = false;
	pthread_mutex_unlock(&ch->lock);
	return on;
}

/* The share of the configuration that runs; taken in the loop's thread, as it alone may. */
struct fetch {
	struct chores *chores;
	struct shared_config *config;
	bool done;
};

static void
fetch_config(void *arg)
{
	struct fetch *f = arg;

	pthread_mutex_lock(&f->chores->lock);
	f->config = control_config(f->chores->control);
	f->done = true;
	pthread_cond_broadcast(&f->chores->changed);
	pthread_mutex_unlock(&f->chores->lock);
}

/* NULL: it is over. */
static struct shared_config *
current_config(struct chores *ch)
{
	struct fetch *f = MEM_NEW(struct fetch);
	struct shared_config *config;

	f->chores = ch;
	loop_post(ch->control->loop, fetch_config, f);
	pthread_mutex_lock(&ch->lock);
	while (!f->done && !ch->stopped)
		pthread_cond_wait(&ch->changed, &ch->lock);
	config = f->config;
	if (f->done)
		free(f); /* else the loop may still come to it: the process ends */
	pthread_mutex_unlock(&ch->lock);
	return config;
}

/* Said once, and again when it is something else. */
static void
complain(struct chores *ch, struct err e)
{
	if (strcmp(ch->said, e.text) != 0)
		log_error("the store cannot be used, so nobody can sign in: %s", e.text);
	memcpy(ch->said, e.text, sizeof ch->said);
}

/* A link that nobody would see is not made: the newest is the only good one, and somebody may have
 * made his already. */
static void
tell_setup(struct chores *ch, struct api *api)
{
	struct actor self = {.kind = ACTOR_SELF, .level = LEVEL_ADMIN, .name = "sallyport"};
	char token[SECRET_TEXT] = "";
	struct link link;
	bool open = false;

	if (refused(setup_is_open(&api->access, &open)) || !open)
		return;
	if (ch->control->at_terminal &&
	    refused(link_create(&api->access, &self, LINK_SETUP, 0, 0, &link, token)))
		return;
	control_tell_setup(ch->control, token);
	explicit_bzero(token, sizeof token);
}

static bool
begin_api(struct chores *ch, struct shared_config *config, struct arena *memory, struct api *api)
{
	return control_api(ch->control, &ch->store, memory, config->config, api);
}

/* Until the store can be used; false: it is over. */
static bool
make_ready(struct chores *ch)
{
	for (;;) {
		struct shared_config *config = current_config(ch);
		struct err e = config != NULL
				   ? control_open(ch->control, config->config, &ch->store)
				   : ERR_NONE;

		if (config == NULL)
			return false;
		atomic_store(&ch->control->ready, !failed(e));
		pool_tried(ch->control->pool);
		if (!failed(e)) {
			struct arena *memory = arena_new();
			struct api api;

			if (begin_api(ch, config, memory, &api))
				tell_setup(ch, &api);
			arena_free(memory);
			control_config_release(config);
			return true;
		}
		complain(ch, e);
		control_config_release(config);
		if (!rest(ch, RETRY_MS))
			return false;
	}
}

static void
sweep(struct chores *ch, struct api *api)
{
	struct store *s = api->access.store;

	if (ch->swept != 0 && clock_ms() - ch->swept < HOUR_MS)
		return;
	if (!refused(sessions_sweep(&api->access)) && !refused(tokens_sweep(&api->access)) &&
	    store_links_sweep(s, api->access.now) == STORE_DONE &&
	    !refused(guard_sweep(&api->access)))
		ch->swept = clock_ms();
}

/* 0: there is none, or it cannot be told. */
static int64_t
server_certificate(const struct authority *a)
{
	struct certificate_row row;

	if (store_certificate_current(a->store, CERTIFICATE_SERVER, a->memory, &row) != STORE_DONE)
		return 0;
	return row.id;
}

/* The server's certificate is renewed in time, and whoever shows it is told. */
static void
keep_certificates(struct chores *ch, struct api *api, const struct config *config)
{
	struct authority authority = {.store = api->access.store,
				      .vault = api->access.vault,
				      .memory = api->access.memory,
				      .now = api->access.now};

	if (ch->ensured != 0 && clock_ms() - ch->ensured < DAY_MS)
		return;
	int64_t before = server_certificate(&authority);
	struct err e =
	    authority_ensure(&authority, api->access.authority, control_server_name(config));
	if (failed(e))
		log_error("the VPN server's certificate: %s", e.text);
	else
		ch->ensured = clock_ms();
	if (server_certificate(&authority) != before)
		events_happened(ch->control, EVENT_CERTIFICATE, 0);
}

static void
look(struct chores *ch, struct api *api)
{
	if (ch->looked != 0 && clock_ms() - ch->looked < LOOK_MS)
		return;
	ch->looked = clock_ms();
	control_look(api);
}

/* One round; returns ms until the next. */
static uint64_t
round_of(struct chores *ch, struct shared_config *config)
{
	struct arena *memory = arena_new();
	uint64_t ms = RETRY_MS;
	struct api api;

	if (begin_api(ch, config, memory, &api)) {
		sweep(ch, &api);
		keep_certificates(ch, &api, config->config);
		look(ch, &api);
		ms = alerts_work(&api.access);
	}
	arena_free(memory);
	return ms < LONGEST ? ms : LONGEST;
}

static void *
work(void *arg)
{
	struct chores *ch = arg;
	struct shared_config *config;
	bool on = make_ready(ch);
	uint64_t ms = 0;

	while (on && rest(ch, ms) && (config = current_config(ch)) != NULL) {
		ms = round_of(ch, config);
		control_config_release(config);
	}
	pthread_mutex_lock(&ch->lock);
	ch->over = true;
	pthread_cond_broadcast(&ch->changed);
	pthread_mutex_unlock(&ch->lock);
	return NULL;
}

struct err
chores_new(struct control *c, struct chores **out)
{
	struct chores *ch = MEM_NEW(struct chores);

	ch->control = c;
	*out = ch;
	pthread_mutex_init(&ch->lock, NULL);
	thread_condition(&ch->changed);
	struct err e = thread_start(&ch->thread, work, ch);
	ch->started = !failed(e);
	return e;
}

void
chores_poke(struct chores *ch)
{
	pthread_mutex_lock(&ch->lock);
	ch->poked = true;
	pthread_cond_broadcast(&ch->changed);
	pthread_mutex_unlock(&ch->lock);
}

bool
chores_stop(struct chores *ch, const struct timespec *until)
{
	pthread_mutex_lock(&ch->lock);
	ch->stopped = true;
	pthread_cond_broadcast(&ch->changed);
	while (ch->started && !ch->over)
		if (pthread_cond_timedwait(&ch->changed, &ch->lock, until) != 0)
			break;
	bool over = !ch->started || ch->over;
	pthread_mutex_unlock(&ch->lock);
	return over;
}

void
chores_free(struct chores *ch)
{
	if (ch->started)
		pthread_join(ch->thread, NULL);
	store_close(ch->store);
	free(ch);
}
