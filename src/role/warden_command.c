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

#define REQUEST_MAX 256
#define ANSWER_MAX  (2 << 20)
#define PATIENCE_MS 5000
#define TURN_MS     50

struct commands {
	struct warden *warden;
	struct watch watch;
	char *path;
	int fd;
};

struct command {
	struct asker asker;
	struct status_wait wait;
	struct warden *warden;
	struct watch watch;
	struct timer timer;
	int fd;
	uint64_t confirm_ms; /* of a reload */
	bool json;           /* of a status */
	struct buf answer;   /* what of it is still to be written */
};

static void
command_free(struct command *c)
{
	watch_stop(c->warden->loop, &c->watch);
	timer_stop(&c->timer);
	timer_stop(&c->wait.timer);
	close(c->fd);
	buf_free(&c->answer);
	free(c);
}

static void
out_of_patience(struct timer *t)
{
	command_free(container_of(t, struct command, timer));
}

/* Writes what the socket takes. False: all is written, or nobody reads any more. */
static bool
write_some(struct command *c)
{
	while (buf_len(&c->answer) > 0) {
		struct span left = buf_span(&c->answer);
		ssize_t n = sock_write(c->fd, left.p, left.len);

		if (n < 0)
			return n == SOCK_AGAIN;
		buf_taken(&c->answer, (size_t)n);
	}
	return false;
}

static void
write_ready(struct watch *watch, uint32_t events)
{
	struct command *c = container_of(watch, struct command, watch);

	(void)events;
	if (!write_some(c))
		command_free(c);
}

/* "ok" or "error", then the text: at once, but for the status of very many servers. */
static void
say(struct command *c, bool ok, struct span text)
{
	struct loop *l = c->warden->loop;

	c->answer = buf_with_cap(ANSWER_MAX + 16);
	bool fits = buf_append(&c->answer, ok ? SPAN_OF("ok\n") : SPAN_OF("error\n")) &&
		    buf_append(&c->answer, text) && buf_byte(&c->answer, '\n');
	if (!fits || !write_some(c) ||
	    failed(watch_start(l, &c->watch, c->fd, READY_OUT, write_ready)))
		command_free(c);
	else
		timer_set(l, &c->timer, PATIENCE_MS, out_of_patience);
}

static void
answered(struct asker *asker, bool ok, struct span text)
{
	say(container_of(asker, struct command, asker), ok, text);
}

void
asker_answer(struct asker *asker, bool ok, const char *fmt, ...)
{
	char text[8192];
	va_list args;

	if (asker == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	asker->answer(asker, ok, span_str(text));
}

/* A change that is being applied comes first: a certificate's renewal, say. */
static void
reload_in_turn(struct timer *t)
{
	struct command *c = container_of(t, struct command, timer);

	if (c->warden->coming != NULL)
		timer_set(c->warden->loop, t, TURN_MS, reload_in_turn);
	else
		warden_reload(c->warden, &c->asker, c->confirm_ms);
}

static void
do_reload(struct command *c, struct span argument)
{
	uint64_t seconds = 0;

	if (argument.len > 0 && !text_to_u64(argument, CONFIRM_MAX_S, &seconds)) {
		asker_answer(&c->asker, false, "seconds to confirm in: a number up to %d",
			     CONFIRM_MAX_S);
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
		asker_answer(&c->asker, false, "%s", e.text);
	else
		asker_answer(&c->asker, true, "the change stays");
}

static void
do_log(struct command *c, struct span argument)
{
	(void)argument;
	warden_reopen_log(c->warden);
	asker_answer(&c->asker, true, "the log is reopened");
}

static void
say_status(struct status_wait *wait, bool fresh)
{
	struct command *c = container_of(wait, struct command, wait);
	struct buf text = buf_with_cap(ANSWER_MAX);
	bool fits = (c->json ? status_put_json : status_put_text)(c->warden, fresh, &text);

	say(c, fits, fits ? buf_span(&text) : SPAN_OF("there is too much to tell"));
	buf_free(&text);
}

static void
do_status(struct command *c, struct span argument)
{
	c->json = span_equal(argument, SPAN_OF("json"));
	if (argument.len > 0 && !c->json) {
		asker_answer(&c->asker, false, "unknown request");
		return;
	}
	status_await(c->warden, &c->wait, say_status);
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
	asker_answer(&c->asker, false, "unknown request");
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
listener_ready(struct watch *watch, uint32_t events)
{
	struct commands *all = container_of(watch, struct commands, watch);
	struct loop *l = all->warden->loop;

	(void)events;
	for (int fd; (fd = local_accept(all->fd)) >= 0;) {
		struct command *c = MEM_NEW(struct command);

		*c = (struct command){
		    .asker = {answered}, .warden = all->warden, .watch = {.fd = -1}, .fd = fd};
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
