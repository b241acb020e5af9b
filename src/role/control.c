#include "role/control.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/alerts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "os/thread.h"
#include "role/control_private.h"
#include "role/told_config.h"

#define USER   "_sallyport-control"
#define END_MS 500 /* for threads to finish what they are at */
/* A configuration that is applied waits for edge, which has 30 s. */
#define WARDEN_PATIENCE_MS 40000
#define ENGINE_PATIENCE_MS 3000
#define EDGE_PATIENCE_MS   3000

struct shared_config *
control_config(struct control *c)
{
	atomic_fetch_add_explicit(&c->config->refs, 1, memory_order_relaxed);
	return c->config;
}

void
control_config_release(struct shared_config *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return;
	config_free(s->config);
	free(s);
}

struct span
control_date(struct control *c)
{
	int64_t now = clock_wall_ms() / 1000;

	if (now != c->date_second) {
		c->date_second = now;
		date_format(now, c->date);
	}
	return span_of(c->date, DATE_LENGTH);
}

const char *
control_server_name(const struct config *c)
{
	if (c->vpn.endpoint != NULL)
		return c->vpn.endpoint;
	return c->site_count > 0 && c->sites[0].name_count > 0 ? c->sites[0].names[0] : "sallyport";
}

static void
tell(struct control *c, const struct message *m)
{
	struct err e = channel_send(c->channel, m);

	if (failed(e))
		log_error("%s", e.text);
}

struct setup {
	struct control *control;
	char token[MESSAGE_TEXT_MAX];
};

static void
tell_setup(void *arg)
{
	struct setup *s = arg;
	struct message m = {.type = MESSAGE_SETUP};

	snprintf(m.text, sizeof m.text, "%s", s->token);
	tell(s->control, &m);
	explicit_bzero(&m, sizeof m);
	explicit_bzero(s, sizeof *s);
	free(s);
}

void
control_tell_setup(struct control *c, const char *token)
{
	struct setup *s = MEM_NEW(struct setup);

	s->control = c;
	snprintf(s->token, sizeof s->token, "%s", token);
	loop_post(c->loop, tell_setup, s);
}

static void
refuse(struct control *c, uint64_t generation, struct err why)
{
	struct message m = {.type = MESSAGE_REFUSED, .generation = generation};

	snprintf(m.text, sizeof m.text, "%s", why.text);
	tell(c, &m);
}

static void
begin_snapshot(struct control *c, struct message *m)
{
	struct config *config;
	struct err e = told_config(m, &config);

	if (failed(e)) {
		refuse(c, m->generation, e);
		return;
	}
	control_config_release(c->coming);
	c->coming = MEM_NEW(struct shared_config);
	atomic_init(&c->coming->refs, 1);
	c->coming->generation = m->generation;
	c->coming->config = config;
}

/* All threads are there, and with them the last that they need: no way back from here. */
static struct err
start_work(struct control *c)
{
	struct err e = pool_new(c, &c->pool);

	if (!failed(e))
		e = chores_new(c, &c->chores);
	return failed(e) ? e : sandbox_syscalls(SANDBOX_CONTROL);
}

static void
apply(struct control *c)
{
	struct message m = {.type = MESSAGE_APPLIED};
	struct err e = ERR_NONE;

	if (c->coming == NULL)
		return;
	m.generation = c->coming->generation;
	control_config_release(c->config);
	c->config = c->coming;
	c->coming = NULL;
	log_set_level(c->config->config->log.level);
	if (c->pool == NULL)
		e = start_work(c);
	if (failed(e)) {
		log_error("%s", e.text);
		c->status = 1;
		loop_stop(c->loop);
		return;
	}
	tell(c, &m);
	events_happened(c, EVENT_CONFIG, 0);
}

/* Its own directory, which may lie where its user cannot go by name, and all that it writes to. No
 * other thread is there yet, which would be free to do more. */
static void
enter(struct control *c, int fd)
{
	if (fchdir(fd) == 0) {
		sandbox_write_below(fd);
		return;
	}
	log_error("cannot enter the directory of the store");
	c->status = 1;
	loop_stop(c->loop);
}

static void
open_door(struct control *c, struct message *m)
{
	enum api_door door = m->kind == LISTENER_MACHINE ? API_MACHINE : API_EDGE;
	struct err e = ERR_NONE;

	if (m->kind != LISTENER_MACHINE && m->kind != LISTENER_EDGE)
		return;
	if (c->config == NULL) {
		log_error("nothing can be answered without a configuration; ending");
		c->status = 1;
		loop_stop(c->loop);
		return;
	}
	e = doors_open(c, m->fds[0], door);
	m->fds[0] = -1;
	if (failed(e))
		log_error("%s", e.text);
}

void
control_sample(struct control *c)
{
	struct api_numbers numbers;

	c->awaits_engine = false;
	numbers_get(c, &numbers);
	/* Counters also come when somebody asks how the server is. Who asks because of the event
	 * must not be the reason for the next one. */
	if (history_add(c->history, &numbers, clock_wall_ms(), c->sample_due) &&
	    c->watcher_count > 0)
		events_happened(c, EVENT_STATUS, 0);
	c->sample_due = false;
}

/* An engine that has not answered since the last time is waited for no longer. */
static void
count(struct control *c, const struct message *m)
{
	numbers_count(c->numbers, m);
	c->sample_due |= m->kind == 1;
	if (!c->awaits_engine && tunnel_line_ask(c->tunnel))
		c->awaits_engine = true;
	else
		control_sample(c);
}

static void
on_edge_message(struct channel *ch, struct message *m, void *owner)
{
	struct control *c = owner;

	(void)ch;
	if (m->type == MESSAGE_RESULT)
		calls_answered(c->edge, m);
}

static void
leave_edge(struct control *c)
{
	calls_line(c->edge, NULL);
	channel_free(c->edge_line);
	c->edge_line = NULL;
}

static void
on_edge_closed(struct channel *ch, const char *why, void *owner)
{
	(void)ch;
	log_info("edge: %s", why);
	leave_edge(owner);
}

static void
meet_edge(struct control *c, int fd)
{
	static const struct channel_ops ops = {on_edge_message, on_edge_closed};

	leave_edge(c);
	struct err e = channel_new(c->loop, fd, ROLE_EDGE, &ops, c, &c->edge_line);
	if (failed(e)) {
		log_error("edge: %s", e.text);
		c->edge_line = NULL;
	}
	calls_line(c->edge, c->edge_line);
}

static void
meet(struct control *c, struct message *m)
{
	if (m->kind != ROLE_TUNNEL && m->kind != ROLE_EDGE)
		return;
	if (m->kind == ROLE_TUNNEL)
		tunnel_line_open(c->tunnel, m->fds[0]);
	else
		meet_edge(c, m->fds[0]);
	m->fds[0] = -1;
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct control *c = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_SNAPSHOT:
		begin_snapshot(c, m);
		break;
	case MESSAGE_STATE:
		enter(c, m->fds[0]);
		break;
	case MESSAGE_LISTENER:
		open_door(c, m);
		break;
	case MESSAGE_APPLY:
		apply(c);
		break;
	case MESSAGE_RESULT:
		calls_answered(c->warden, m);
		break;
	case MESSAGE_PEER:
		meet(c, m);
		break;
	case MESSAGE_STATUS:
		count(c, m);
		break;
	case MESSAGE_DRAIN:
		loop_stop(c->loop);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct control *c = owner;

	(void)ch;
	log_error("warden: %s; ending", why);
	c->status = 1;
	loop_stop(c->loop);
}

static struct err
start(struct control *c)
{
	static const struct channel_ops ops = {on_message, on_closed};
	bool became;

	sandbox_clean_start(SPAWN_CHANNEL);
	signal(SIGINT, SIG_IGN); /* the order to stop is warden's to give */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	list_init(&c->doors);
	list_init(&c->clients);
	list_init(&c->watchers);
	c->at_terminal = isatty(STDERR_FILENO) != 0;
	c->numbers = numbers_new();
	c->history = history_new();
	struct err e = loop_new(&c->loop);
	if (failed(e))
		return e;
	c->warden = calls_new(c, "the server's main process", WARDEN_PATIENCE_MS);
	c->engine = calls_new(c, "the VPN engine", ENGINE_PATIENCE_MS);
	c->edge = calls_new(c, "the process that relays", EDGE_PATIENCE_MS);
	c->tunnel = tunnel_line_new(c);
	e = alerts_begin();
	if (!failed(e))
		e = channel_new(c->loop, SPAWN_CHANNEL, ROLE_WARDEN, &ops, c, &c->channel);
	calls_line(c->warden, c->channel);
	return failed(e) ? e : sandbox_user_only(USER, &became);
}

/*
 * Whether nothing works any more. A database that is locked, or a mail server that says nothing,
 * could hold a thread up for long; but what it is at was promised to nobody.
 */
static bool
stop_work(struct control *c)
{
	const struct timespec until = thread_deadline(END_MS);

	calls_stop(c->warden);
	calls_stop(c->engine);
	calls_stop(c->edge);
	return c->pool == NULL || (pool_stop(c->pool, &until) && chores_stop(c->chores, &until));
}

/* In an order in which nobody is asked who is gone already. */
static void
end(struct control *c)
{
	doors_close(c);
	events_stop(c);
	if (!stop_work(c))
		_exit(0);
	if (c->pool != NULL) {
		pool_free(c->pool);
		chores_free(c->chores);
	}
	tunnel_line_free(c->tunnel);
	leave_edge(c);
	calls_free(c->edge);
	calls_free(c->engine);
	calls_free(c->warden);
	numbers_free(c->numbers);
	history_free(c->history);
	vault_free(c->vault);
	free(c->store_url);
	control_config_release(c->coming);
	control_config_release(c->config);
	channel_free(c->channel);
}

int
control_main(void)
{
	static struct control c;

	log_init("sallyport control", LOG_LEVEL_INFO);
	struct err e = start(&c);
	if (failed(e)) {
		log_error("%s", e.text);
		return 1;
	}
	loop_run(c.loop);
	if (c.status != 0)
		_exit(c.status);
	end(&c);
	return 0;
}
