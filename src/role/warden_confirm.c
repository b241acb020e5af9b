/*
 * A change that comes back by itself: `sallyport reload --confirm 60`.
 *
 * Until it is confirmed, STATE_DIR/unconfirmed holds the deadline and, after its
 * first line, the configuration that ran before; so a restart forgets nothing.
 * When time is up the file itself is put back too, for else the next start would
 * bring the change again; what was there is kept as FILE.unconfirmed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "os/fs.h"
#include "role/warden_private.h"

#define PENDING_MAX ((1 << 20) + 64)
#define PATH_SIZE   4096
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

static void
forget(const struct warden *w)
{
	char path[PATH_SIZE];

	path_of(w, "unconfirmed", path);
	unlink(path);
}

/* Puts the file back, and keeps what was there beside it. */
static struct err
restore_file(const struct warden *w, struct span previous)
{
	char aside[PATH_SIZE];

	snprintf(aside, sizeof aside, "%s.unconfirmed", w->file);
	if (rename(w->file, aside) < 0)
		return err_sys("cannot keep %s as %s", w->file, aside);
	return fs_write_path(w->file, previous, 0644);
}

/* From memory: what runs goes back even where the file cannot be written. */
static void
apply_previous(struct warden *w, struct span previous)
{
	struct buf errors = buf_with_cap(PENDING_MAX);
	struct provision *p = provision_make(previous, w->file, false, &errors);

	if (p != NULL)
		warden_apply(w, p, NULL, 0);
	else
		log_error("cannot go back: %.*s", (int)buf_len(&errors),
			  (const char *)buf_span(&errors).p);
	buf_free(&errors);
}

static void
roll_back(struct timer *t)
{
	struct warden *w = container_of(t, struct warden, rollback);
	struct buf bytes = buf_with_cap(PENDING_MAX);
	struct span previous;
	uint64_t deadline;

	if (w->coming != NULL) {
		timer_set(w->loop, t, 1000, roll_back);
		return;
	}
	if (read_pending(w, &bytes, &deadline, &previous)) {
		struct err e = restore_file(w, previous);

		log_warn("the change was not confirmed in time: going back");
		if (!failed(e))
			log_info("what was not confirmed is kept as %s.unconfirmed", w->file);
		else
			log_error("the file is not put back, so the next start would bring the "
				  "change again: %s",
				  e.text);
		forget(w);
		apply_previous(w, previous);
	}
	buf_free(&bytes);
}

void
confirm_begin(struct warden *w, struct span previous, uint64_t ms)
{
	struct buf bytes = buf_with_cap(PENDING_MAX), kept = buf_with_cap(PENDING_MAX);
	uint64_t deadline = (uint64_t)clock_wall_ms() + ms, earlier;
	struct span first;
	char path[PATH_SIZE];

	/* A second change before the first was confirmed: what comes back is the last confirmed. */
	if (confirm_pending(w) && read_pending(w, &kept, &earlier, &first))
		previous = first;
	path_of(w, "unconfirmed", path);
	if (!buf_printf(&bytes, "%" PRIu64 "\n", deadline) || !buf_append(&bytes, previous))
		log_error("there is no memory to keep what comes back");
	struct err e = fs_write_path(path, buf_span(&bytes), 0600);
	if (failed(e))
		log_error("a restart would forget to go back: %s", e.text);
	buf_free(&bytes);
	buf_free(&kept);
	timer_set(w->loop, &w->rollback, ms, roll_back);
	log_info("this change comes back in %u s unless you confirm it: sallyport confirm",
		 (unsigned)(ms / 1000));
}

void
confirm_resume(struct warden *w)
{
	struct buf bytes = buf_with_cap(PENDING_MAX);
	uint64_t now = (uint64_t)clock_wall_ms(), deadline;
	struct span previous;

	if (read_pending(w, &bytes, &deadline, &previous)) {
		uint64_t left = deadline > now ? deadline - now : 0;

		log_info("the configuration awaits confirmation for %u s more",
			 (unsigned)(left / 1000));
		timer_set(w->loop, &w->rollback, left, roll_back);
	}
	buf_free(&bytes);
}

bool
confirm_pending(const struct warden *w)
{
	return list_linked(&w->rollback.link);
}

struct err
confirm_keep(struct warden *w)
{
	if (!confirm_pending(w))
		return err_new("nothing awaits confirmation");
	timer_stop(&w->rollback);
	forget(w);
	log_info("the change is confirmed");
	return ERR_NONE;
}

void
confirm_keep_history(struct warden *w, struct span text)
{
	char directory[PATH_SIZE], path[PATH_SIZE + 64], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	path_of(w, "history", directory);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(path, sizeof path, "%s/%s-%" PRIu64 ".conf", directory, stamp, w->generation);
	struct err e = fs_make_directory(directory, 0700);
	if (!failed(e))
		e = fs_write_path(path, text, 0600);
	if (failed(e))
		log_warn("this version of the configuration is not kept: %s", e.text);
}
