#include "os/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#define READ_CHUNK 65536u

/* A directory that is passed to another role. */

/* -1: refused, as in a container without CAP_SYS_ADMIN. */
static int
private_mount(int dir)
{
	struct mount_attr guarded = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	int fd =
	    open_tree(dir, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return -1;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &guarded, sizeof guarded) < 0) {
		int code = errno;

		close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

int
fs_root_of(int dir, const char *path)
{
	int mount = geteuid() == 0 ? private_mount(dir) : -1;

	if (geteuid() == 0 && mount < 0)
		log_warn("%s is passed on as a plain directory: this system refuses a private "
			 "mount of it (%s), so only RESOLVE_BENEATH keeps a role inside",
			 path, strerror(errno));
	if (mount < 0)
		return dir;
	close(dir);
	return mount;
}

struct err
fs_root_open(const char *path, int *fd)
{
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*fd = -1;
	if (dir < 0)
		return err_sys("cannot open the directory %s", path);
	*fd = fs_root_of(dir, path);
	return ERR_NONE;
}

static struct fs_info
info_of(const struct stat *st)
{
	return (struct fs_info){
	    .kind = S_ISREG(st->st_mode)   ? FS_FILE
		    : S_ISDIR(st->st_mode) ? FS_DIRECTORY
					   : FS_OTHER,
	    .size = (uint64_t)st->st_size,
	    .inode = st->st_ino,
	    .device = st->st_dev,
	    .mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
	};
}

bool
fs_is_same(const struct fs_info *a, const struct fs_info *b)
{
	return a->kind == b->kind && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/* EAGAIN: a rename elsewhere made it impossible to be sure of a "..", openat2(2). */
static int
open_how(int root, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (uint64_t)flags | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1;

	for (int tries = 0; tries < 8; tries++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int
fs_open_beneath(int root, const char *path, int *out, struct fs_info *info)
{
	int fd = open_how(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*out = -1;
	*info = (struct fs_info){.kind = FS_OTHER};
	if (fd < 0)
		return errno == ENXIO ? 0 : errno; /* a socket, which cannot be opened */
	if (fstat(fd, &st) < 0) {
		int code = errno;

		close(fd);
		return code;
	}
	*info = info_of(&st);
	if (info->kind == FS_OTHER)
		close(fd);
	else
		*out = fd;
	return 0;
}

/* A link is followed with the same care as any path from outside. */
static bool
stat_link(int root, const char *path, const char *name, struct stat *st)
{
	char whole[PATH_MAX];
	int n = snprintf(whole, sizeof whole, "%s/%s", path, name), fd;

	if (n < 0 || (size_t)n >= sizeof whole || (fd = open_how(root, whole, O_PATH)) < 0)
		return false;
	n = fstat(fd, st);
	close(fd);
	return n == 0;
}

static bool
stat_entry(int root, const char *path, int dir, const char *name, struct fs_info *info)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (S_ISLNK(st.st_mode) && !stat_link(root, path, name, &st)))
		return false;
	*info = info_of(&st);
	return true;
}

int
fs_list_beneath(int root, const char *path,
		bool (*each)(void *owner, const char *name, const struct fs_info *info),
		void *owner)
{
	int fd = open_how(root, path, O_RDONLY | O_DIRECTORY), code;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *d;
	struct fs_info info;
	bool goes_on = true;

	if (dir == NULL) {
		code = errno;
		if (fd >= 0)
			close(fd);
		return code;
	}
	while (goes_on && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    stat_entry(root, path, fd, d->d_name, &info))
			goes_on = each(owner, d->d_name, &info);
	closedir(dir);
	return 0;
}

/* Reading. */

ssize_t
fs_read_at(int fd, void *to, size_t len, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, to, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n;
}

struct err
fs_read_fd(int fd, struct buf *out)
{
	uint64_t offset = 0;

	for (;;) {
		size_t left = out->cap - buf_len(out);
		uint8_t spare, *to = &spare; /* when full: is there more? */
		size_t len = left == 0 ? 1 : left < READ_CHUNK ? left : READ_CHUNK;
		ssize_t n;

		if (left > 0 && (to = buf_room(out, len)) == NULL)
			return err_new("out of memory");
		n = fs_read_at(fd, to, len, offset);
		if (n < 0)
			return err_sys("cannot be read");
		if (n == 0)
			return ERR_NONE;
		if (left == 0)
			return err_new("is larger than %zu bytes", out->cap);
		buf_added(out, (size_t)n);
		offset += (uint64_t)n;
	}
}

struct err
fs_read_path(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct err e;

	if (fd < 0)
		return err_sys("cannot open %s", path);
	e = fs_read_fd(fd, out);
	close(fd);
	return err_in(e, "%s", path);
}

struct err
fs_stat(const char *path, struct fs_info *info)
{
	struct stat st;

	*info = (struct fs_info){.kind = FS_OTHER};
	if (stat(path, &st) < 0)
		return err_sys("%s", path);
	*info = info_of(&st);
	return ERR_NONE;
}

/* Writing. */

static bool
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		bytes = span_tail(bytes, n > 0 ? (size_t)n : 0);
	}
	return true;
}

/* Without this a power cut may undo the rename. */
static bool
sync_directory_of(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;
	bool ok;

	if (slash == NULL)
		snprintf(dir, sizeof dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s", (int)(slash - path) + 1, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Written beside, made what it has to be, and renamed; `like` NULL: with `mode`, ours. */
static struct err
write_beside(const char *path, struct span bytes, unsigned mode, const struct stat *like)
{
	char beside[PATH_MAX];
	struct err e = ERR_NONE;
	int n = snprintf(beside, sizeof beside, "%s.XXXXXX", path), fd;

	if (n < 0 || (size_t)n >= sizeof beside)
		return err_new("%s: the name is too long", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return err_sys("cannot write beside %s", path);
	if (!write_all(fd, bytes) || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		e = err_sys("cannot write %s", path);
	else if (like != NULL && fchown(fd, like->st_uid, like->st_gid) < 0)
		e = err_sys("cannot keep the owner of %s",
			    path); /* last: it may be another's then */
	else if (rename(beside, path) < 0)
		e = err_sys("cannot replace %s", path);
	close(fd);
	if (failed(e))
		unlink(beside);
	else if (!sync_directory_of(path))
		e = err_sys("cannot make sure of %s", path);
	return e;
}

struct err
fs_write_path(const char *path, struct span bytes, unsigned mode)
{
	return write_beside(path, bytes, mode, NULL);
}

struct err
fs_replace_path(const char *path, struct span bytes)
{
	char whole[PATH_MAX];
	struct stat st;

	if (realpath(path, whole) == NULL || stat(whole, &st) < 0)
		return err_sys("%s", path);
	return write_beside(whole, bytes, st.st_mode & 07777, &st);
}

static struct err
make_one(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return ERR_NONE;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR_NONE;
	return err_sys("cannot make the directory %s", path);
}

struct err
fs_make_directory(const char *path, unsigned mode)
{
	char part[PATH_MAX];
	int n = snprintf(part, sizeof part, "%s", path);

	if (n <= 0 || (size_t)n >= sizeof part)
		return err_new("not a directory's name: \"%.80s\"", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct err e;

		*slash = '\0';
		e = make_one(part, 0755);
		if (failed(e))
			return e;
		*slash = '/';
	}
	return make_one(part, mode);
}

/* Never waits, not even where the log is a pipe that nobody reads. */
struct err
fs_open_log(const char *path, int *fd)
{
	*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0640);
	if (*fd < 0)
		return err_sys("cannot open the log %s", path);
	return ERR_NONE;
}

struct err
fs_sealed(const char *label, struct span bytes, int *fd)
{
	int memory = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct err e = ERR_NONE;

	*fd = -1;
	if (memory < 0)
		return err_sys("cannot make a memory file");
	if (!write_all(memory, bytes) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) <
		0) {
		e = err_sys("cannot fill a memory file");
		close(memory);
		return e;
	}
	*fd = memory;
	return ERR_NONE;
}
