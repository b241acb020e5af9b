/*
 * Files by names that came from somebody who may not name every file.
 *
 * Where a name leads is known only by going there, and a link on the way can be another one a
 * moment later. So the way is gone once, and what is at its end is held, judged by where it really
 * is, and opened: that very file. Links are fine as long as their end is within bounds; those of
 * /proc are not, which lead into other namespaces, where names mean something else.
 */
#ifndef OS_BOUNDED_H
#define OS_BOUNDED_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bounds {
	/* Whether `real`, absolute and without links, is within them. NULL: everything is. */
	bool (*has)(const void *owner, const char *real);
	const void *owner;
};

/* To read; never waits, not even for a pipe's other end. */
MUST_CHECK struct err bounded_open(const char *path, struct bounds bounds, int *fd);

/* As fs_root_open(): of `path` itself, or of the directory that `path` lies in, where it is
 * `path` that has to be within bounds. */
MUST_CHECK struct err bounded_root(const char *path, struct bounds bounds, int *fd);
MUST_CHECK struct err bounded_root_around(const char *path, struct bounds bounds, int *fd);

/* As fs_open_log(). With bounds the log itself must not be a link. */
MUST_CHECK struct err bounded_open_log(const char *path, struct bounds bounds, int *fd);

/* Whether `path` leads out of them now, or by a link to nothing; what is not there yet is where it
 * would be made. Says nothing of later: opening does. */
bool bounded_leads_out(const char *path, struct bounds bounds);

/* Where `path` really is; false: nowhere. */
bool bounded_real(const char *path, char *real, size_t size);

#endif
