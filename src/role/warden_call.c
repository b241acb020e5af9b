/* What control asks of warden: of the machine, and of the configuration, which only warden may
 * change. Control parses what comes from the network, so it is not believed: what it may not ask
 * for is judged here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/paths.h"
#include "os/fs.h"
#include "role/call_reply.h"
#include "role/warden_bounds.h"
#include "role/warden_private.h"
#include "tls/digest.h"

#define TEXT_MAX   (1 << 20)
#define ANSWER_MAX (4 << 20)
#define OPEN_MAX   64
#define TURN_MS    50

struct call {
	struct asker asker; /* of a change */
	struct status_wait wait;
	struct timer turn;
	struct warden *warden;
	uint64_t number;
	struct buf body, before; /* the text to apply; the file as it was */
	uint64_t seconds;
	char base[HEX_SIZE(DIGEST_SIZE)];
};

static void
call_free(struct call *c)
{
	timer_stop(&c->wait.timer);
	timer_stop(&c->turn);
	c->warden->calls--;
	buf_free(&c->body);
	buf_free(&c->before);
	free(c);
}

/* Sends the answer and forgets the call. */
static void
answer(struct call *c, bool done, struct span text)
{
	call_reply(c->warden->control.channel, c->number, done, text);
	call_free(c);
}

static void
refuse(struct call *c, struct err why)
{
	answer(c, false, span_str(why.text));
}

static void
answer_buf(struct call *c, struct err e, struct buf *out)
{
	if (failed(e))
		refuse(c, e);
	else
		answer(c, true, buf_span(out));
	buf_free(out);
}

static void
say_status(struct status_wait *wait, bool fresh)
{
	struct call *c = container_of(wait, struct call, wait);
	struct buf out = buf_with_cap(ANSWER_MAX);
	bool fits = status_put_json(c->warden, fresh, &out);

	answer_buf(c, fits ? ERR_NONE : err_new("there is too much to tell"), &out);
}

static void
do_status(struct call *c, struct span argument)
{
	(void)argument;
	status_await(c->warden, &c->wait, say_status);
}

static void
do_config(struct call *c, struct span argument)
{
	struct buf out = buf_with_cap(TEXT_MAX);
	struct err e = fs_read_path(c->warden->file, &out);

	(void)argument;
	answer_buf(c, e, &out);
}

static void
do_running(struct call *c, struct span argument)
{
	(void)argument;
	answer(c, true, c->warden->running->config->text);
}

/*
 * Reads what is asked for and looks at what it names: only then. What a fault says of a file, or
 * that there is none, is not for everybody, and to open some of it makes files and directories.
 */
static struct provision *
open_proposal(struct call *c, bool only_look, struct buf *faults)
{
	const struct warden *w = c->warden;
	const struct config_defaults defaults = {.file = w->file, .root = geteuid() == 0};
	struct config *next = config_read(buf_span(&c->body), &defaults, faults);
	struct err e = ERR_NONE;

	if (next == NULL)
		return NULL;
	e = config_may_become(w->running->config, next);
	if (!failed(e))
		e = bounds_check(w->running->config, next);
	config_free(next);
	if (!failed(e))
		return provision_make(buf_span(&c->body), w->file, only_look, faults);
	(void)!buf_append(faults, span_str(e.text));
	return NULL;
}

/* Faults, or what is allowed but maybe not meant. */
static void
do_check(struct call *c, struct span argument)
{
	struct buf out = buf_with_cap(ANSWER_MAX);
	struct provision *p = open_proposal(c, true, &out);
	bool good = p != NULL;

	(void)argument;
	for (size_t i = 0; good && i < p->config->warning_count; i++)
		if (!buf_printf(&out, "%s\n", p->config->warnings[i]))
			break;
	provision_free(p);
	answer(c, good, buf_span(&out));
	buf_free(&out);
}

/* Somebody may have written it since: what he wrote is his. */
static bool
file_is_ours(const struct call *c)
{
	struct buf now = buf_with_cap(TEXT_MAX);
	bool ours = !failed(fs_read_path(c->warden->file, &now)) &&
		    span_equal(buf_span(&now), buf_span(&c->body));

	buf_wipe(&now);
	return ours;
}

/* The old text comes back where the new one is refused. */
static void
applied(struct asker *asker, bool ok, struct span text)
{
	struct call *c = container_of(asker, struct call, asker);
	struct err e = ERR_NONE;

	if (!ok && file_is_ours(c))
		e = fs_replace_path(c->warden->file, buf_span(&c->before));
	if (failed(e))
		log_error("the configuration file could not be put back: %s", e.text);
	answer(c, ok, text);
}

static bool
is_base(const struct call *c)
{
	uint8_t digest[DIGEST_SIZE];
	char hex[HEX_SIZE(DIGEST_SIZE)];

	if (!digest_of(buf_span(&c->before), digest))
		return false;
	hex_write(span_of(digest, sizeof digest), hex);
	return strcmp(hex, c->base) == 0;
}

static void
put_in_place(struct call *c, struct provision *p)
{
	struct err e = ERR_NONE;

	if (c->seconds > 0)
		confirm_expect(c->warden, c->seconds * 1000);
	e = fs_replace_path(c->warden->file, buf_span(&c->body));
	if (failed(e)) {
		confirm_unexpect(c->warden);
		provision_free(p);
		refuse(c, e);
		return;
	}
	warden_apply(c->warden, p, &c->asker, c->seconds * 1000);
}

static void
apply(struct call *c)
{
	struct warden *w = c->warden;
	struct buf errors = buf_with_cap(ANSWER_MAX);
	struct err e = fs_read_path(w->file, &c->before);
	struct provision *p = NULL;

	if (!failed(e) && !is_base(c))
		e = err_new("the file has changed since it was read: look at it again");
	if (failed(e))
		refuse(c, e);
	else if ((p = open_proposal(c, false, &errors)) == NULL)
		answer(c, false, buf_span(&errors));
	else
		put_in_place(c, p);
	buf_free(&errors);
}

/* A change that is being applied comes first. */
static void
apply_in_turn(struct timer *t)
{
	struct call *c = container_of(t, struct call, turn);

	if (c->warden->coming != NULL)
		timer_set(c->warden->loop, t, TURN_MS, apply_in_turn);
	else
		apply(c);
}

/* What runs decides, also of what awaits confirmation: where it says so, its file's owner has put
 * it there. */
static bool
is_read_only(struct call *c)
{
	if (!c->warden->running->config->config_read_only)
		return false;
	refuse(c, err_new("the configuration is changed in its file alone: it says "
			  "`config read_only`"));
	return true;
}

static void
do_apply(struct call *c, struct span argument)
{
	size_t space = span_find(argument, ' ');
	struct span base = span_tail(argument, space + 1);

	if (is_read_only(c))
		return;
	if (!text_to_u64(span_head(argument, space), CONFIRM_MAX_S, &c->seconds) ||
	    base.len != sizeof c->base - 1)
		refuse(c, err_new("seconds to confirm in, up to %d, and what it was made from",
				  CONFIRM_MAX_S));
	else {
		span_put((uint8_t *)c->base, base);
		apply_in_turn(&c->turn);
	}
}

/* A connection that was there before proves nothing: new ones must get through. */
static void
do_confirm(struct call *c, struct span argument)
{
	uint64_t accepted = 0;
	struct err e = ERR_NONE;

	if (!text_to_u64(argument, INT64_MAX, &accepted) ||
	    (int64_t)accepted <= c->warden->applied_ms)
		e = err_new("this connection is older than the change: confirm it over a new one, "
			    "which shows that the server can still be reached");
	else
		e = confirm_keep(c->warden);
	if (failed(e))
		refuse(c, e);
	else
		answer(c, true, SPAN_OF("the change stays"));
}

static void
went_back(struct asker *asker, bool ok, struct span text)
{
	answer(container_of(asker, struct call, asker), ok, text);
}

static void
do_rollback(struct call *c, struct span argument)
{
	(void)argument;
	if (is_read_only(c))
		return;
	c->asker.answer = went_back;
	confirm_go_back(c->warden, &c->asker);
}

static void
do_history(struct call *c, struct span argument)
{
	struct buf out = buf_with_cap(ANSWER_MAX);
	struct err e = history_list(c->warden, &out);

	(void)argument;
	answer_buf(c, e, &out);
}

static void
do_version(struct call *c, struct span argument)
{
	struct buf out = buf_with_cap(TEXT_MAX);
	struct err e = history_read(c->warden, argument, &out);

	answer_buf(c, e, &out);
}

static void
do_machine(struct call *c, bool (*put)(const struct warden *w, struct buf *out))
{
	struct buf out = buf_with_cap(ANSWER_MAX);
	bool fits = put(c->warden, &out);

	answer_buf(c, fits ? ERR_NONE : err_new("there is too much to tell"), &out);
}

static void
do_listeners(struct call *c, struct span argument)
{
	(void)argument;
	do_machine(c, machine_put_listeners);
}

static void
do_certificates(struct call *c, struct span argument)
{
	(void)argument;
	do_machine(c, machine_put_certificates);
}

static void
do_trusted(struct call *c, struct span argument)
{
	answer(c, true, machine_trusts(c->warden, argument) ? SPAN_OF("yes") : SPAN_OF("no"));
}

static void (*const kinds[CALL_KINDS])(struct call *c, struct span argument) = {
    [CALL_STATUS] = do_status,
    [CALL_CONFIG] = do_config,
    [CALL_CONFIG_RUNNING] = do_running,
    [CALL_CONFIG_CHECK] = do_check,
    [CALL_CONFIG_APPLY] = do_apply,
    [CALL_CONFIG_CONFIRM] = do_confirm,
    [CALL_CONFIG_ROLLBACK] = do_rollback,
    [CALL_CONFIG_HISTORY] = do_history,
    [CALL_CONFIG_VERSION] = do_version,
    [CALL_LISTENERS] = do_listeners,
    [CALL_CERTIFICATES] = do_certificates,
    [CALL_TRUSTED] = do_trusted,
};

static struct call *
call_new(struct warden *w, uint64_t number)
{
	struct call *c = MEM_NEW(struct call);

	*c = (struct call){.asker = {applied},
			   .warden = w,
			   .number = number,
			   .body = buf_with_cap(TEXT_MAX),
			   .before = buf_with_cap(TEXT_MAX)};
	w->calls++;
	return c;
}

void
call_begin(struct warden *w, struct message *m)
{
	struct call *c = call_new(w, m->value);
	struct err e = fs_read_fd(m->fds[0], &c->body);

	if (!failed(e) && (m->kind >= CALL_KINDS || w->running == NULL || w->calls > OPEN_MAX))
		e = err_new("that cannot be asked now");
	if (failed(e))
		refuse(c, e);
	else
		kinds[m->kind](c, span_str(m->text));
}
