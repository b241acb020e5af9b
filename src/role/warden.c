#include "role/warden.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/machine.h"
#include "os/notify.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "role/warden_announce.h"
#include "role/warden_bounds.h"
#include "role/warden_private.h"

#define WORKERS_MAX     256
#define CERTIFICATES_MS 5000  /* between looks at the certificate files */
#define ANSWER_MS       30000 /* for edge to take a configuration */
#define ERRORS_MAX      65536
#define STOP_NOW_MS     300
#define VPN_NETWORK     "vpn network"
#define KILL_SLACK_MS   2000

static void
answer_waiting(struct warden *w, bool ok, const char *text)
{
	struct asker *asker = w->waiting;

	w->waiting = NULL;
	asker_answer(asker, ok, "%s", text);
}

/* What was asked for while a change was being applied. */
static void
go_on(struct warden *w)
{
	bool reload = w->reload_again, again = w->again;

	w->reload_again = w->again = false;
	if (reload)
		warden_reload(w, NULL, 0);
	else if (again)
		warden_reapply(w);
}

static void stop(struct warden *w, bool now);

/* What was coming will not run: everything is as it was. */
static void
refuse(struct warden *w, const char *why)
{
	log_error("the configuration was not applied, nothing has changed: %s", why);
	timer_stop(&w->answer);
	listen_abandon(&w->listeners);
	provision_free(w->coming);
	w->coming = NULL;
	notify_ready(); /* the reload is over */
	answer_waiting(w, false, why);
	if (w->confirm_ms > 0)
		confirm_unexpect(w);
	if (w->running == NULL)
		stop(w, true);
	else
		hosts_follow(w->hosts, w->running->config, go_on);
}

void
warden_refused(struct warden *w, uint64_t generation, const char *why)
{
	if (w->coming != NULL && generation == w->generation)
		refuse(w, why);
}

static void
no_answer(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, answer);

	w->given_up = w->generation;
	refuse(w, "edge did not take it in time");
}

static bool
same_text(const struct provision *a, const struct provision *b)
{
	return span_equal(a->config->text, b->config->text);
}

static void
become_ready(struct warden *w)
{
	log_set_level(w->running->config->log.level);
	if (!w->ready)
		announce(w->running->config, w->running->root);
	w->ready = true;
	notify_ready();
	notify_status("serving %zu sites", w->running->config->site_count);
}

/* Which option is not in force before the next start; NULL: none. What there was of the VPN's
 * network counts, and not what was written since. */
static const char *
waits_for_start(const struct warden *w, const struct config *next)
{
	const char *option =
	    w->running != NULL ? config_needs_restart(w->running->config, next) : NULL;

	if (tunnel_waits(w, &next->vpn))
		return VPN_NETWORK;
	return option != NULL && strcmp(option, VPN_NETWORK) == 0 ? NULL : option;
}

/* What is to be done that all of it is in force. */
static void
say_applied(struct warden *w)
{
	const char *option = w->waits;
	char text[ERR_TEXT_MAX];

	if (option == NULL) {
		answer_waiting(w, true, "the configuration is applied");
		return;
	}
	snprintf(text, sizeof text,
		 "the configuration is applied, but for `%s`: that takes effect when the server is "
		 "started again%s; run: systemctl restart sallyport",
		 option, strcmp(option, VPN_NETWORK) == 0 ? ", and all else of `vpn` with it" : "");
	log_warn("%s", text);
	answer_waiting(w, true, text);
}

void
warden_applied(struct warden *w, uint64_t generation)
{
	struct provision *old = w->running;

	if (w->coming == NULL || generation != w->generation)
		return;
	timer_stop(&w->answer);
	listen_commit(&w->listeners);
	w->running = w->coming;
	w->coming = NULL;
	w->unusable = 0;
	if (old == NULL || !same_text(old, w->running))
		history_keep(w, w->running->config->text);
	w->applied_ms = clock_ms();
	if (w->confirm_ms > 0 && old != NULL)
		confirm_begin(w, old->config->text, w->confirm_ms);
	provision_free(old);
	become_ready(w);
	if (!w->stopping) {
		control_follow(w);
		tunnel_follow(w);
	}
	say_applied(w);
	go_on(w);
}

static void
tell_coming(struct warden *w)
{
	if (w->coming != NULL && w->edge.pid != 0)
		edge_tell_snapshot(w, w->coming, w->generation);
}

void
warden_apply(struct warden *w, struct provision *p, struct asker *waiting, uint64_t confirm_ms)
{
	struct err e = ERR_NONE;

	w->waiting = waiting;
	w->confirm_ms = confirm_ms;
	w->coming = p;
	w->waits = waits_for_start(w, p->config);
	/* Nobody would accept what comes to listeners that are opened now. */
	e = w->stopping ? err_new("the server is being stopped")
			: listen_open(&w->listeners, p->config);
	if (failed(e)) {
		refuse(w, e.text);
		return;
	}
	w->generation++;
	timer_set(w->loop, &w->answer, ANSWER_MS, no_answer);
	hosts_follow(w->hosts, p->config, tell_coming);
}

static void
say_warnings(const struct config *c)
{
	for (size_t i = 0; i < c->warning_count; i++)
		log_warn("%s", c->warnings[i]);
}

void
warden_reload(struct warden *w, struct asker *waiting, uint64_t confirm_ms)
{
	struct buf errors = buf_with_cap(ERRORS_MAX);

	if (w->coming != NULL) {
		w->reload_again = true;
		return;
	}
	notify_reloading();
	struct provision *p = provision_load(w->file, false, &errors);
	if (p != NULL) {
		say_warnings(p->config);
		if (confirm_ms > 0)
			confirm_expect(w, confirm_ms);
		warden_apply(w, p, waiting, confirm_ms);
	} else {
		struct span text = buf_span(&errors);

		log_error("the configuration was not applied, nothing has changed:\n%.*s",
			  (int)text.len, (const char *)text.p);
		asker_answer(waiting, false, "%.*s", (int)text.len, (const char *)text.p);
	}
	if (w->coming == NULL)
		notify_ready();
	buf_free(&errors);
}

void
warden_reapply(struct warden *w)
{
	struct buf errors = buf_with_cap(ERRORS_MAX);

	if (w->coming != NULL) {
		w->again = true;
		return;
	}
	if (w->stopping)
		return;
	struct provision *p = provision_again(w->running, &errors);
	if (p != NULL)
		warden_apply(w, p, NULL, 0);
	else
		log_error("what changed was not taken: %.*s", (int)buf_len(&errors),
			  (const char *)buf_span(&errors).p);
	buf_free(&errors);
}

/* Once for each reason: it may stay so for days. */
static void
say_unusable(struct warden *w, struct span why)
{
	uint64_t hash = hash_bytes(HASH_START, why);

	if (hash != w->unusable)
		log_warn("files changed on disk, but cannot be used yet: %.*s", (int)why.len,
			 (const char *)why.p);
	w->unusable = hash;
}

static void
look_at_certificates(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, certificates);

	if (w->stopping)
		return;
	if (w->running != NULL && w->coming == NULL && provision_is_stale(w->running)) {
		struct buf errors = buf_with_cap(ERRORS_MAX);
		struct provision *p = provision_again(w->running, &errors);

		/* Chain and key are written one after the other: half a pair is looked at again. */
		if (p != NULL) {
			log_info("files changed on disk: using the new ones");
			warden_apply(w, p, NULL, 0);
		} else {
			say_unusable(w, buf_span(&errors));
		}
		buf_free(&errors);
	}
	timer_set(w->loop, t, CERTIFICATES_MS, look_at_certificates);
}

void
warden_reopen_log(struct warden *w)
{
	warden_tell_log(w, w->running != NULL ? w->running->config : NULL);
}

void
warden_tell_log(struct warden *w, const struct config *c)
{
	const char *file = c != NULL ? c->log.access_file : NULL;
	struct message m = {.type = MESSAGE_LOG, .fd_count = 1};
	struct err e = ERR_NONE;

	m.fds[0] = -1;
	if (file != NULL)
		e = bounds_explain(bounded_open_log(file, bounds_of(c, file), &m.fds[0]), c, file);
	if (failed(e))
		log_error("%s", e.text);
	if (m.fds[0] < 0)
		m.fds[0] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (m.fds[0] < 0)
		return;
	edge_tell(w, &m);
	close(m.fds[0]);
}

static void
stop_for_good(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, kill);

	if (w->edge.pid > 0)
		kill(w->edge.pid, SIGKILL);
	if (w->control.pid > 0)
		kill(w->control.pid, SIGKILL);
	if (w->tunnel.pid > 0)
		kill(w->tunnel.pid, SIGKILL);
	loop_stop(w->loop);
}

void
warden_child_ended(struct warden *w)
{
	if (w->edge.pid == 0 && w->control.pid == 0 && w->tunnel.pid == 0)
		loop_stop(w->loop);
}

static void
stop(struct warden *w, bool now)
{
	uint64_t ms = w->running != NULL ? w->running->config->drain_timeout : 0;
	struct message m = {.type = MESSAGE_DRAIN, .value = now ? STOP_NOW_MS : ms};

	if (!w->stopping && !now)
		log_info("stopping: open connections have %u s to end", (unsigned)(ms / 1000));
	w->stopping = true;
	notify_stopping();
	tunnel_stop(w, m.value);
	if (w->tunnel.pid == 0)
		control_stop(w); /* else once the tunnel has told it who was there until now */
	warden_child_ended(w);
	edge_tell(w, &m);
	listen_close(&w->listeners); /* edge takes in what waits, then nobody listens */
	timer_set(w->loop, &w->kill, m.value + KILL_SLACK_MS, stop_for_good);
}

static void
reap(struct warden *w)
{
	char why[48];
	pid_t pid;

	while (spawn_reap(&pid, why)) {
		if (pid == w->edge.pid)
			edge_ended(w, why);
		else if (!control_ended(w, pid, why) && !tunnel_ended(w, pid, why) &&
			 !hosts_resolver_ended(w->hosts, pid))
			inetd_ended(w, pid);
	}
}

static void
on_signal(struct watch *watch, uint32_t events)
{
	struct warden *w = container_of(watch, struct warden, signals);

	(void)events;
	for (int s; (s = spawn_signal(watch->fd)) != 0;) {
		if (s == SIGCHLD)
			reap(w);
		else if (s == SIGHUP)
			warden_reload(w, NULL, 0);
		else if (s == SIGUSR1)
			warden_reopen_log(w);
		else
			stop(w, s == SIGINT || w->stopping);
	}
}

static struct err
watch_signals(struct warden *w)
{
	static const int signals[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT};
	int fd;

	signal(SIGPIPE, SIG_IGN);
	struct err e = spawn_signals(signals, COUNT(signals), &fd);
	return failed(e) ? e : watch_start(w->loop, &w->signals, fd, READY_IN, on_signal);
}

static unsigned
workers_of(const struct config *c)
{
	uint64_t n = c->workers != 0 ? c->workers : machine_processors();

	return (unsigned)(n < WORKERS_MAX ? n : WORKERS_MAX);
}

/* A relay has two sockets; the pipes of those that are busy are few. */
static void
raise_descriptors(const struct warden *w, const struct config *c)
{
	unsigned long each = 2, reserve = 1024, got;
	unsigned long want = w->listeners.workers * c->limits.connections * each + reserve;

	sandbox_descriptors(want, &got);
	if (got < want)
		log_warn("%lu descriptors are allowed where %lu would let every worker hold its "
			 "`limits { connections %lu }` as relays: raise LimitNOFILE (systemd) or "
			 "`ulimit -n`, or lower the limit",
			 got, want, (unsigned long)c->limits.connections);
}

/* The first configuration: its faults go to the terminal as they are, with lines and carets. */
static struct err
begin(struct warden *w)
{
	struct buf errors = buf_with_cap(ERRORS_MAX);
	struct provision *p = provision_load(w->file, false, &errors);

	if (p == NULL) {
		(void)!write(STDERR_FILENO, buf_span(&errors).p, buf_len(&errors));
		buf_free(&errors);
		return err_new("cannot start with this configuration");
	}
	buf_free(&errors);
	say_warnings(p->config);
	w->listeners.workers = workers_of(p->config);
	w->listeners.tunnels =
	    w->listeners.workers < TUNNEL_WORKERS_MAX ? w->listeners.workers : TUNNEL_WORKERS_MAX;
	raise_descriptors(w, p->config);
	w->coming = p;
	w->generation = 1;
	/* First: it notices another server that runs with this state_dir. */
	struct err e = commands_listen(w);
	if (!failed(e))
		e = listen_open(&w->listeners, p->config);
	if (failed(e))
		return e;
	timer_set(w->loop, &w->answer, ANSWER_MS, no_answer);
	hosts_follow(w->hosts, p->config, edge_start);
	timer_set(w->loop, &w->certificates, CERTIFICATES_MS, look_at_certificates);
	return ERR_NONE;
}

static struct err
start(struct warden *w)
{
	struct err e = loop_new(&w->loop);
	if (!failed(e))
		e = watch_signals(w);
	if (failed(e))
		return e;
	w->started_ms = loop_now(w->loop);
	w->hosts = hosts_new(w);
	w->status = status_new();
	return begin(w);
}

int
warden_main(const char *file)
{
	/* Static: all that lives as long as the process is reached from here, to its end. */
	static struct warden w = {.signals = {.fd = -1}};

	w.file = file;
	log_init("sallyport", LOG_LEVEL_INFO);
	struct err e = start(&w);
	if (failed(e)) {
		log_error("%s", e.text);
		return 1;
	}
	confirm_resume(&w);
	loop_run(w.loop);
	if (w.running != NULL)
		forward_end(&w);
	commands_close(&w);
	return w.running != NULL ? 0 : 1;
}
