/*
 * Files, seen from a role that must not wander.
 *
 * A directory passed between roles is an fs_root: as root a private copy of
 * the mount (open_tree(2)), read-only, nosuid, nodev, noexec, above which there
 * is nothing, not even for openat(fd, "../.."); otherwise a plain descriptor.
 * Files below it are opened with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS.
 */
#ifndef OS_FS_H
#define OS_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

MUST_CHECK struct err fs_root_open(const char *path, int *fd);

/* The same of a directory that is held already (O_PATH), which it takes over; `path` is what it is
 * called in the log. */
int fs_root_of(int dir, const char *path);

enum fs_kind { FS_FILE, FS_DIRECTORY, FS_OTHER };

struct fs_info {
	enum fs_kind kind;
	uint64_t size, inode, device;
	int64_t mtime_ns;
};

/* Whether both are of one file, and it was not changed in between. */
bool fs_is_same(const struct fs_info *a, const struct fs_info *b);

/*
 * Opens `path` (relative, NUL-ended) to read. 0, or ENOENT, EACCES, EXDEV, ENOTDIR, EMFILE …
 * Something that is neither file nor directory is told (FS_OTHER), but *fd is -1 then.
 */
int fs_open_beneath(int root, const char *path, int *fd, struct fs_info *info);

/*
 * Calls `each` for what stands in the directory `path` ("." for the root itself), in no order and
 * without "." and "..", until that says false. Links are told as what they lead to; those that
 * lead nowhere, or out of the root, are left out. 0 or an errno, as above.
 */
int fs_list_beneath(int root, const char *path,
		    bool (*each)(void *owner, const char *name, const struct fs_info *info),
		    void *owner);

/* At most `len` bytes from `offset`; 0 at the end, -1 on error. */
ssize_t fs_read_at(int fd, void *to, size_t len, uint64_t offset);

/* The whole file into `out`, up to its cap, from the start whatever the file position. */
MUST_CHECK struct err fs_read_fd(int fd, struct buf *out);
MUST_CHECK struct err fs_read_path(const char *path, struct buf *out);

/* Replaces `path` whole or not at all (written beside, synced, renamed). */
MUST_CHECK struct err fs_write_path(const char *path, struct span bytes, unsigned mode);

/* The same, of a file that is there: its owner and mode stay, and a link to it stays one. */
MUST_CHECK struct err fs_replace_path(const char *path, struct span bytes);

MUST_CHECK struct err fs_stat(const char *path, struct fs_info *info);
MUST_CHECK struct err fs_make_directory(const char *path, unsigned mode); /* and its parents */

/* An O_APPEND descriptor for a log, made if need be (0640). */
MUST_CHECK struct err fs_open_log(const char *path, int *fd);

/* Bytes in a sealed memory file, to pass to another role. */
MUST_CHECK struct err fs_sealed(const char *label, struct span bytes, int *fd);

#endif
