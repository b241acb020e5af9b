#include "os/bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fs.h"

#define LINK_SIZE 32

/* Goes all the way and holds what is there, without opening it. */
static int
hold(const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags | O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void
link_of(int fd, char link[LINK_SIZE])
{
	snprintf(link, LINK_SIZE, "/proc/self/fd/%d", fd);
}

/* Not of what was removed meanwhile: its name is another then. */
static bool
real_of(int fd, char *real, size_t size)
{
	char link[LINK_SIZE];
	struct stat st;
	ssize_t n;

	link_of(fd, link);
	n = readlink(link, real, size);
	if (n <= 0 || (size_t)n >= size || real[0] != '/')
		return false;
	real[n] = '\0';
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

bool
bounded_real(const char *path, char *real, size_t size)
{
	int fd = hold(path, 0);
	bool known = fd >= 0 && real_of(fd, real, size);

	if (fd >= 0)
		close(fd);
	return known;
}

/* Whether what is held is within bounds, or `rest` below it: "" or "/…". */
static bool
is_within(int fd, const char *rest, struct bounds bounds)
{
	char real[PATH_MAX], whole[2 * PATH_MAX];

	if (bounds.has == NULL)
		return true;
	if (!real_of(fd, real, sizeof real))
		return false;
	if (rest[0] != '\0' && strcmp(real, "/") == 0)
		real[0] = '\0';
	int n = snprintf(whole, sizeof whole, "%s%s", real, rest);
	return n > 0 && (size_t)n < sizeof whole && bounds.has(bounds.owner, whole);
}

static struct err
out_of_bounds(const char *path)
{
	return err_new("%s leads out of where it may lead", path);
}

/* Holds `path` with `rest` "", or a directory of which `rest` is in it. */
static struct err
hold_within(const char *path, int flags, const char *rest, struct bounds bounds, int *fd)
{
	*fd = hold(path, flags);
	if (*fd < 0)
		return err_sys("cannot open %s", path);
	if (is_within(*fd, rest, bounds))
		return ERR_NONE;
	close(*fd);
	*fd = -1;
	return out_of_bounds(path);
}

struct err
bounded_open(const char *path, struct bounds bounds, int *fd)
{
	char link[LINK_SIZE];
	int held;
	struct err e = hold_within(path, 0, "", bounds, &held);

	*fd = -1;
	if (failed(e))
		return e;
	link_of(held, link);
	*fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0)
		e = err_sys("cannot open %s", path);
	close(held);
	return e;
}

struct err
bounded_root(const char *path, struct bounds bounds, int *fd)
{
	int held;
	struct err e = hold_within(path, O_DIRECTORY, "", bounds, &held);

	*fd = -1;
	if (!failed(e))
		*fd = fs_root_of(held, path);
	return e;
}

/* The directory that `path` lies in; *rest is "/" and its name there. */
static struct err
hold_around(const char *path, struct bounds bounds, const char **rest, int *fd)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*fd = -1;
	*rest = path;
	if (slash == NULL || (size_t)(slash - path) >= sizeof directory)
		return err_new("%s is not absolute, or too long", path);
	*rest = slash;
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	return hold_within(slash == path ? "/" : directory, O_DIRECTORY, slash, bounds, fd);
}

struct err
bounded_root_around(const char *path, struct bounds bounds, int *fd)
{
	const char *rest;
	int held;
	struct err e = hold_around(path, bounds, &rest, &held);

	*fd = -1;
	if (!failed(e))
		*fd = fs_root_of(held, path);
	return e;
}

struct err
bounded_open_log(const char *path, struct bounds bounds, int *fd)
{
	const char *rest;
	int held;

	if (bounds.has == NULL)
		return fs_open_log(path, fd);
	*fd = -1;
	struct err e = hold_around(path, bounds, &rest, &held);
	if (failed(e))
		return e;
	*fd = openat(held, rest + 1,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		     0640);
	if (*fd < 0 && errno == ELOOP)
		e = err_new("cannot open the log %s: it is a link", path);
	else if (*fd < 0)
		e = err_sys("cannot open the log %s", path);
	close(held);
	return e;
}

/* Cuts the last name off; false: there is none. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || path[1] == '\0')
		return false;
	slash[slash == path] = '\0';
	return true;
}

bool
bounded_leads_out(const char *path, struct bounds bounds)
{
	char at[PATH_MAX];
	struct stat st;
	int fd;

	if (bounds.has == NULL)
		return false;
	if (strlen(path) >= sizeof at)
		return true;
	snprintf(at, sizeof at, "%s", path);
	while ((fd = hold(at, 0)) < 0)
		if ((errno != ENOENT && errno != ENOTDIR) || lstat(at, &st) == 0 || !go_up(at))
			return true;
	bool within = is_within(fd, path + (strcmp(at, "/") == 0 ? 0 : strlen(at)), bounds);
	close(fd);
	return !within;
}
