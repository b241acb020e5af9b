#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "os/fs.h"
#include "store/schema.h"

#define COPIES_KEPT 7
#define NAME_START  "store-" /* store-20261121-170932-482-schema-3.sqlite: sorts by its time */
#define NAME_SCHEMA "-schema-"

/* The schema that a file's name tells; 0: it is none of ours. */
static int64_t
schema_of(const char *name)
{
	const char *at = strstr(name, NAME_SCHEMA);
	struct span text;
	uint64_t number;

	if (!span_starts_with(span_str(name), SPAN_OF(NAME_START)) || at == NULL)
		return 0;
	text = span_str(at + sizeof NAME_SCHEMA - 1);
	text = span_head(text, span_find(text, '.'));
	return text_to_u64(text, INT32_MAX, &number) ? (int64_t)number : 0;
}

static int
is_copy(const struct dirent *d)
{
	return schema_of(d->d_name) > 0 && strstr(d->d_name, ".part") == NULL;
}

static void
free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void
remove_old(const char *copies)
{
	struct dirent **names = NULL;
	int count = scandir(copies, &names, is_copy, alphasort);
	char path[PATH_MAX];

	for (int i = 0; i < count - COPIES_KEPT; i++) {
		snprintf(path, sizeof path, "%s/%s", copies, names[i]->d_name);
		unlink(path);
	}
	free_names(names, count);
}

/* The newest one that this program could use, for the kind of database that there is. */
static bool
find_fitting(const struct store_place *place, char *path, size_t size)
{
	const char *ending = (place->url != NULL ? postgres_driver : sqlite_driver).copy_ending;
	struct dirent **names = NULL;
	int count = scandir(place->copies, &names, is_copy, alphasort), i = count - 1;

	while (i >= 0 && (schema_of(names[i]->d_name) > schema_newest ||
			  strstr(names[i]->d_name, ending) == NULL))
		i--;
	if (i >= 0)
		snprintf(path, size, "%s/%s", place->copies, names[i]->d_name);
	free_names(names, count);
	return i >= 0;
}

struct err
copy_refusal(const struct store_place *place, int64_t number)
{
	char path[PATH_MAX];

	if (place->copies != NULL && find_fitting(place, path, sizeof path))
		return err_new("the database has schema %d, and this program knows none after %d: "
			       "use the newer program, or restore the copy %s",
			       (int)number, schema_newest, path);
	return err_new("the database has schema %d, and this program knows none after %d: use the "
		       "newer program; there is no copy that this one could use",
		       (int)number, schema_newest);
}

/* Making one: beside its place first, as nobody is to take half a copy for one. */

static struct err
make_sqlite(struct store *s, const char *path)
{
	enum store_result r = sql_run(s, "VACUUM INTO ?", SQL(TEXT(path)));

	return r == STORE_DONE ? ERR_NONE : err_new("%s", s->why);
}

static bool
put_line(void *owner, struct span line)
{
	FILE *file = owner;

	return fwrite(line.p, 1, line.len, file) == line.len && putc('\n', file) == '\n';
}

static struct err
make_dump(struct store *s, const char *path)
{
	FILE *file = fopen(path, "we");
	struct err e;

	if (file == NULL)
		return err_sys("cannot write %s", path);
	e = store_dump(s, put_line, file);
	if (!failed(e) && fflush(file) != 0)
		e = err_sys("cannot write %s", path);
	fclose(file);
	return e;
}

static struct err
settle(const char *part, const char *path)
{
	int fd = open(part, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0 && rename(part, path) == 0;
	struct err e = ok ? ERR_NONE : err_sys("cannot write %s", path);

	if (fd >= 0)
		close(fd);
	return e;
}

static void
name_copy(struct store *s, const char *copies, int64_t number, char *path, size_t size)
{
	int64_t now = clock_wall_ms();
	time_t seconds = now / 1000;
	char time[32];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(time, sizeof time, "%Y%m%d-%H%M%S", &utc);
	snprintf(path, size, "%s/" NAME_START "%s-%03d" NAME_SCHEMA "%lld.%s", copies, time,
		 (int)(now % 1000), (long long)number, s->driver->copy_ending);
}

struct err
copy_make(struct store *s, const char *copies, int64_t number)
{
	char path[PATH_MAX], part[PATH_MAX + 8];
	struct err e = fs_make_directory(copies, 0700);
	int fd;

	if (failed(e))
		return e;
	name_copy(s, copies, number, path, sizeof path);
	snprintf(part, sizeof part, "%s.part", path);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys("cannot write %s", part);
	close(fd);
	e = s->driver == &sqlite_driver ? make_sqlite(s, part) : make_dump(s, part);
	if (!failed(e))
		e = settle(part, path);
	if (failed(e)) {
		unlink(part);
		return err_in(e, "cannot copy the database before it is changed");
	}
	remove_old(copies);
	return ERR_NONE;
}
