/*
 * A change that comes back by itself: `sallyport reload --confirm 60`.
 *
 * Until it is confirmed, STATE_DIR/unconfirmed holds the deadline and, after its
 * first line, the configuration that ran before; so a restart forgets nothing.
 * Until then it is held in memory as well: a full disk must not keep a change.
 * When time is up the file itself is put back too, for else the next start would
 * bring the change again; what was there is kept as FILE.unconfirmed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "os/fs.h"
#include "role/warden_private.h"

#define PENDING_MAX ((1 << 20) + 64)
#define PATH_SIZE   4096
#define TURN_MS     50 /* between looks whether another change is still being applied */
#define FOREVER_MS  (100ull * 365 * 86400 * 1000)

static void
path_of(const struct warden *w, const char *name, char path[PATH_SIZE])
{
	const struct provision *p = w->running != NULL ? w->running : w->coming;

	snprintf(path, PATH_SIZE, "%s/%s", p->config->state_dir, name);
}

/* Splits STATE_DIR/unconfirmed; false when there is none that can be read. */
static bool
read_pending(const struct warden *w, struct buf *bytes, uint64_t *deadline, struct span *previous)
{
	char path[PATH_SIZE];

	path_of(w, "unconfirmed", path);
	if (failed(fs_read_path(path, bytes)))
		return false;
	struct span all = buf_span(bytes);
	size_t line = span_find(all, '\n');
	*previous = span_tail(all, line + 1);
	return text_to_u64(span_head(all, line), FOREVER_MS, deadline);
}

/* Holds what comes back. */
static bool
hold(struct warden *w, struct span previous)
{
	w->previous = buf_with_cap(PENDING_MAX);
	return buf_append(&w->previous, previous);
}

static void
forget(struct warden *w)
{
	char path[PATH_SIZE];

	path_of(w, "unconfirmed", path);
	unlink(path);
	buf_wipe(&w->previous);
}

/* History has it as well, so that it cannot be kept here is no reason to leave it in place. */
static void
keep_aside(const struct warden *w)
{
	struct buf text = buf_with_cap(PENDING_MAX);
	char aside[PATH_SIZE];

	snprintf(aside, sizeof aside, "%s.unconfirmed", w->file);
	struct err e = fs_read_path(w->file, &text);
	if (!failed(e))
		e = fs_write_path(aside, buf_span(&text), 0600);
	if (failed(e))
		log_warn("what was not confirmed is not kept: %s", e.text);
	else
		log_info("what was not confirmed is kept as %s", aside);
	buf_wipe(&text);
}

/* Whose it is, who may read it, and a link to it stay: secrets may stand in it. */
static struct err
restore_file(const struct warden *w)
{
	struct span previous = buf_span(&w->previous);

	keep_aside(w);
	return access(w->file, F_OK) == 0 ? fs_replace_path(w->file, previous)
					  : fs_write_path(w->file, previous, 0600);
}

/* From memory: what runs goes back even where the file cannot be written. */
static void
apply_previous(struct warden *w, struct asker *waiting)
{
	struct buf errors = buf_with_cap(PENDING_MAX);
	struct provision *p = provision_make(buf_span(&w->previous), w->file, false, &errors);

	if (p != NULL) {
		warden_apply(w, p, waiting, 0);
	} else {
		struct span text = buf_span(&errors);

		log_error("cannot go back: %.*s", (int)text.len, (const char *)text.p);
		asker_answer(waiting, false, "%.*s", (int)text.len, (const char *)text.p);
	}
	buf_free(&errors);
}

static void
roll_back(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, rollback);
	struct asker *waiting = w->going_back;

	if (w->coming != NULL) {
		timer_set(w->loop, t, TURN_MS, roll_back);
		return;
	}
	w->going_back = NULL;
	log_warn("the change was not confirmed: going back");
	struct err e = restore_file(w);
	if (failed(e))
		log_error("the file is not put back, so the next start would bring the "
			  "change again: %s",
			  e.text);
	apply_previous(w, waiting);
	forget(w);
}

void
confirm_go_back(struct warden *w, struct asker *waiting)
{
	if (!confirm_pending(w) || w->going_back != NULL) {
		asker_answer(waiting, false,
			     "nothing awaits confirmation: there is nothing to go back from");
		return;
	}
	w->going_back = waiting;
	timer_set(w->loop, &w->rollback, 0, roll_back);
}

/* So that a restart does not forget it. */
static struct err
write_pending(const struct warden *w, uint64_t deadline)
{
	struct buf bytes = buf_with_cap(PENDING_MAX);
	struct err e = err_new("there is no memory for it");
	char path[PATH_SIZE];

	path_of(w, "unconfirmed", path);
	if (buf_printf(&bytes, "%" PRIu64 "\n", deadline) &&
	    buf_append(&bytes, buf_span(&w->previous)))
		e = fs_write_path(path, buf_span(&bytes), 0600);
	buf_wipe(&bytes);
	return e;
}

void
confirm_expect(struct warden *w, uint64_t ms)
{
	struct err e = err_new("there is no memory for it");

	if (confirm_pending(w) || w->running == NULL)
		return; /* what comes back stands there already, or there is nothing */
	if (hold(w, w->running->config->text))
		e = write_pending(w, (uint64_t)clock_wall_ms() + ms);
	if (failed(e))
		log_error("a restart would forget to go back: %s", e.text);
	buf_wipe(&w->previous);
}

void
confirm_unexpect(struct warden *w)
{
	if (!confirm_pending(w) && w->running != NULL)
		forget(w);
}

void
confirm_begin(struct warden *w, struct span previous, uint64_t ms)
{
	/* A second change before the first was confirmed: what comes back is the last confirmed. */
	if (!confirm_pending(w) && !hold(w, previous)) {
		log_error("there is no memory to keep what comes back");
		return;
	}
	struct err e = write_pending(w, (uint64_t)clock_wall_ms() + ms);
	if (failed(e))
		log_error("a restart would forget to go back: %s", e.text);
	timer_set(w->loop, &w->rollback, w->going_back != NULL ? TURN_MS : ms, roll_back);
	log_info("this change comes back in %u s unless you confirm it: sallyport confirm",
		 (unsigned)(ms / 1000));
}

void
confirm_resume(struct warden *w)
{
	struct buf bytes = buf_with_cap(PENDING_MAX);
	uint64_t now = (uint64_t)clock_wall_ms(), deadline;
	struct span previous;

	if (read_pending(w, &bytes, &deadline, &previous) && hold(w, previous)) {
		uint64_t left = deadline > now ? deadline - now : 0;

		log_info("the configuration awaits confirmation for %u s more",
			 (unsigned)(left / 1000));
		timer_set(w->loop, &w->rollback, left, roll_back);
	}
	buf_wipe(&bytes);
}

bool
confirm_pending(const struct warden *w)
{
	return list_linked(&w->rollback.link);
}

int64_t
confirm_left_s(const struct warden *w)
{
	int64_t left = w->rollback.due_ms - loop_now(w->loop);

	return confirm_pending(w) && left > 0 ? (left + 999) / 1000 : 0;
}

struct err
confirm_keep(struct warden *w)
{
	if (!confirm_pending(w))
		return err_new("nothing awaits confirmation");
	if (w->going_back != NULL)
		return err_new("it is too late: the change is being rolled back");
	timer_stop(&w->rollback);
	forget(w);
	log_info("the change is confirmed");
	return ERR_NONE;
}
