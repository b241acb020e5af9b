#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "role/warden_private.h"

#define PATH_SIZE    4096
#define NAME_LONGEST 64
#define LISTED       1000 /* the newest */
#define VERSION_MAX  (1 << 20)

static void
directory_of(const struct warden *w, char path[PATH_SIZE])
{
	const struct provision *p = w->running != NULL ? w->running : w->coming;

	snprintf(path, PATH_SIZE, "%s/history", p->config->state_dir);
}

struct version {
	char name[NAME_LONGEST];
	uint64_t size;
	int64_t ms;
};

struct versions {
	struct version *at;
	size_t count;
};

/* "20261121T165230Z-7.conf": nothing that could lead elsewhere. */
static bool
is_version(struct span name)
{
	static const char ending[] = ".conf";
	size_t end = sizeof ending - 1;

	if (name.len <= end || name.len >= NAME_LONGEST ||
	    !span_equal(span_tail(name, name.len - end), SPAN_OF(".conf")))
		return false;
	for (size_t i = 0; i < name.len - end; i++)
		if (strchr("0123456789TZ-", name.p[i]) == NULL || name.p[i] == '\0')
			return false;
	return true;
}

static bool
add_version(void *owner, const char *name, const struct fs_info *info)
{
	struct versions *all = owner;

	if (info->kind != FS_FILE || !is_version(span_str(name)))
		return true;
	struct version *v = MEM_PUSH(all->at, all->count);
	*v = (struct version){.size = info->size, .ms = info->mtime_ns / 1000000};
	snprintf(v->name, sizeof v->name, "%s", name);
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct version *x = a, *y = b;

	return x->ms != y->ms ? (x->ms < y->ms ? 1 : -1) : -strcmp(x->name, y->name);
}

/* Those that are there, the newest first; the caller's to free(). */
static struct err
find_versions(const char *directory, struct versions *all)
{
	int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*all = (struct versions){NULL, 0};
	if (root < 0)
		return err_sys("cannot open the directory %s", directory);
	(void)fs_list_beneath(root, ".", add_version, all);
	close(root);
	if (all->count > 0)
		qsort(all->at, all->count, sizeof *all->at, newest_first);
	return ERR_NONE;
}

static bool
has_text(const char *path, struct span text)
{
	struct buf kept = buf_with_cap(VERSION_MAX);
	bool same = !failed(fs_read_path(path, &kept)) && span_equal(buf_span(&kept), text);

	buf_wipe(&kept);
	return same;
}

/* A server that is started again applies what it had: that is no other version. */
static bool
is_newest(const char *directory, struct span text)
{
	char path[PATH_SIZE + NAME_LONGEST];
	struct versions all;
	struct err e = find_versions(directory, &all);
	bool same = false;

	if (!failed(e) && all.count > 0) {
		snprintf(path, sizeof path, "%s/%s", directory, all.at[0].name);
		same = all.at[0].size == text.len && has_text(path, text);
	}
	free(all.at);
	return same;
}

struct err
history_list(const struct warden *w, struct buf *out)
{
	struct versions all;
	char directory[PATH_SIZE];

	directory_of(w, directory);
	struct err e = find_versions(directory, &all);
	for (size_t i = 0; i < all.count && i < LISTED && !failed(e); i++)
		if (!buf_printf(out, "%s %" PRId64 " %" PRIu64 "\n", all.at[i].name, all.at[i].ms,
				all.at[i].size))
			e = err_new("there are too many versions to tell");
	free(all.at);
	return e;
}

void
history_keep(struct warden *w, struct span text)
{
	char directory[PATH_SIZE], path[PATH_SIZE + NAME_LONGEST], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	directory_of(w, directory);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(path, sizeof path, "%s/%s-%" PRIu64 ".conf", directory, stamp, w->generation);
	struct err e = fs_make_directory(directory, 0700);
	if (!failed(e) && is_newest(directory, text))
		return;
	if (!failed(e))
		e = fs_write_path(path, text, 0600);
	if (failed(e))
		log_warn("this version of the configuration is not kept: %s", e.text);
}

struct err
history_read(const struct warden *w, struct span name, struct buf *out)
{
	char directory[PATH_SIZE], path[PATH_SIZE + NAME_LONGEST];

	if (!is_version(name))
		return err_new("there is no such version");
	directory_of(w, directory);
	snprintf(path, sizeof path, "%s/%.*s", directory, (int)name.len, (const char *)name.p);
	if (access(path, F_OK) != 0)
		return err_new("there is no such version");
	return fs_read_path(path, out);
}
