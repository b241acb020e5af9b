#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/local.h"
#include "os/sock.h"
#include "role/warden_private.h"

#define REQUEST_MAX   256
#define ANSWER_MAX    65536
#define CONFIRM_MAX_S 86400
#define PATIENCE_MS   5000
#define STATUS_MS     20 /* for edge to say its counters */
#define TURN_MS       50

struct commands {
	struct warden *warden;
	struct watch watch;
	char *path;
	int fd;
};

struct command {
	struct warden *warden;
	struct watch watch;
	struct timer timer;
	int fd;
	uint64_t confirm_ms; /* of a reload */
};

static void
command_free(struct command *c)
{
	watch_stop(c->warden->loop, &c->watch);
	timer_stop(&c->timer);
	close(c->fd);
	free(c);
}

/* "ok" or "error", then the text. The answer fits the socket's buffer, so it is written at once. */
void
command_answer(struct command *c, bool ok, const char *fmt, ...)
{
	struct buf answer = buf_with_cap(ANSWER_MAX);
	char text[8192];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (buf_printf(&answer, "%s\n%s\n", ok ? "ok" : "error", text))
		(void)sock_write(c->fd, buf_span(&answer).p, buf_len(&answer));
	buf_free(&answer);
	command_free(c);
}

/* A change that is being applied comes first: a certificate's renewal, say. */
static void
reload_in_turn(struct timer *t)
{
	struct command *c = container_of(t, struct command, timer);

	if (c->warden->coming != NULL)
		timer_set(c->warden->loop, t, TURN_MS, reload_in_turn);
	else
		warden_reload(c->warden, c, c->confirm_ms);
}

static void
do_reload(struct command *c, struct span argument)
{
	uint64_t seconds = 0;

	if (argument.len > 0 && !text_to_u64(argument, CONFIRM_MAX_S, &seconds)) {
		command_answer(c, false, "seconds to confirm in: a number up to %d", CONFIRM_MAX_S);
		return;
	}
	c->confirm_ms = seconds * 1000;
	reload_in_turn(&c->timer);
}

static void
do_confirm(struct command *c, struct span argument)
{
	struct err e = confirm_keep(c->warden);

	(void)argument;
	if (failed(e))
		command_answer(c, false, "%s", e.text);
	else
		command_answer(c, true, "the change stays");
}

static void
do_log(struct command *c, struct span argument)
{
	(void)argument;
	warden_reopen_log(c->warden);
	command_answer(c, true, "the log is reopened");
}

static void
say_status(struct timer *t)
{
	static const char *const names[] = {
	    [COUNTER_OPEN] = "open connections",
	    [COUNTER_ACCEPTED] = "connections accepted",
	    [COUNTER_TLS] = "TLS handshakes",
	    [COUNTER_TLS_RESUMED] = "of these resumed",
	    [COUNTER_TLS_FAILED] = "TLS handshakes failed",
	    [COUNTER_REQUESTS] = "HTTP requests",
	    [COUNTER_RELAYED] = "connections relayed",
	    [COUNTER_RELAY_FAILED] = "without a back end",
	    [COUNTER_RELAY_IN] = "bytes relayed from clients",
	    [COUNTER_RELAY_OUT] = "bytes relayed to clients",
	    [COUNTER_HANDED] = "connections handed to sshd",
	    [COUNTER_REFUSED] = "connections refused (no protocol of ours)",
	    [COUNTER_EVICTED] = "waiting connections closed for room",
	};
	struct command *c = container_of(t, struct command, timer);
	struct warden *w = c->warden;
	struct buf text = buf_with_cap(ANSWER_MAX);
	bool fits = buf_printf(&text, "serving %s for %" PRId64 " s, edge is pid %d\n", w->file,
			       (loop_now(w->loop) - w->started_ms) / 1000, (int)w->edge.pid);

	for (size_t i = 0; i < COUNT(names); i++)
		fits = fits && buf_printf(&text, "%12" PRIu64 " %s\n", w->counters[i], names[i]);
	if (confirm_pending(w))
		fits = fits && buf_append(&text, SPAN_OF("the configuration awaits confirmation: "
							 "sallyport confirm\n"));
	command_answer(c, fits, "%.*s", (int)buf_len(&text), (const char *)buf_span(&text).p);
	buf_free(&text);
}

static void
do_status(struct command *c, struct span argument)
{
	struct message ask = {.type = MESSAGE_ASK};

	(void)argument;
	edge_tell(c->warden, &ask);
	timer_set(c->warden->loop, &c->timer, STATUS_MS, say_status);
}

static const struct verb {
	const char *name;
	void (*run)(struct command *c, struct span argument);
} verbs[] = {
    {"reload", do_reload},
    {"confirm", do_confirm},
    {"status", do_status},
    {"reopen-log", do_log},
};

static void
run(struct command *c, struct span line)
{
	size_t space = span_find(line, ' ');
	struct span word = span_head(line, space);

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (span_equal(span_str(verbs[i].name), word)) {
			verbs[i].run(c, span_tail(line, space + 1));
			return;
		}
	command_answer(c, false, "unknown request");
}

/* A request is one line, and short: it comes whole or not at all. */
static void
command_ready(struct watch *watch, uint32_t events)
{
	struct command *c = container_of(watch, struct command, watch);
	uint8_t line[REQUEST_MAX];

	(void)events;
	ssize_t n = sock_read(c->fd, line, sizeof line);
	if (n == SOCK_AGAIN)
		return;
	watch_stop(c->warden->loop, watch);
	timer_stop(&c->timer);
	if (n > 0 && span_find(span_of(line, (size_t)n), '\n') == (size_t)n - 1)
		run(c, span_of(line, (size_t)n - 1));
	else
		command_free(c);
}

static void
out_of_patience(struct timer *t)
{
	command_free(container_of(t, struct command, timer));
}

static void
listener_ready(struct watch *watch, uint32_t events)
{
	struct commands *all = container_of(watch, struct commands, watch);
	struct loop *l = all->warden->loop;

	(void)events;
	for (int fd; (fd = local_accept(all->fd)) >= 0;) {
		struct command *c = MEM_NEW(struct command);

		*c = (struct command){.warden = all->warden, .watch = {.fd = -1}, .fd = fd};
		if (failed(watch_start(l, &c->watch, fd, READY_IN, command_ready)))
			command_free(c);
		else
			timer_set(l, &c->timer, PATIENCE_MS, out_of_patience);
	}
}

struct err
commands_listen(struct warden *w)
{
	struct commands *all = MEM_NEW(struct commands);
	const char *directory = w->coming->config->state_dir;
	size_t size = strlen(directory) + sizeof "/warden.sock";

	*all = (struct commands){.warden = w, .watch = {.fd = -1}, .path = mem_new(size)};
	snprintf(all->path, size, "%s/warden.sock", directory);
	w->commands = all;
	struct err e = local_listen(all->path, &all->fd);
	if (!failed(e))
		e = watch_start(w->loop, &all->watch, all->fd, READY_IN, listener_ready);
	if (failed(e)) {
		free(all->path);
		all->path = NULL;
	}
	return e;
}

void
commands_close(struct warden *w)
{
	if (w->commands != NULL && w->commands->path != NULL)
		unlink(w->commands->path);
}
