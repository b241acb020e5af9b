/* Where the paths of a configuration may lead. */
#ifndef ROLE_WARDEN_BOUNDS_H
#define ROLE_WARDEN_BOUNDS_H

#include "config/config.h"
#include "os/bounded.h"

/*
 * Of `path` in `c`. What a change through the API could have named must lead to what such a change
 * could name, whoever wrote it: who may write below `trusted_paths` could else make a link there
 * to any file. What only the file's owner can have written has no bounds. Lasts as long as `c`.
 */
struct bounds bounds_of(const struct config *c, const char *path);

/* Says so where a path of `c` could not be opened since a link on it leads out. */
MUST_CHECK struct err bounds_explain(struct err e, const struct config *c, const char *path);

/* Opens a file that `c` names, to read. */
MUST_CHECK struct err bounds_open(const struct config *c, const char *path, int *fd);

/* Whether what `next` names and `running` does not leads where it may. */
MUST_CHECK struct err bounds_check(const struct config *running, const struct config *next);

#endif
