/* Which files a configuration names, and which of them a change through the API may bring in. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"

/*
 * Whether `next` may take the place of `running` without its file's owner having written it:
 * else who may edit a site could read any file as root. New paths must lie below
 * running->trusted_paths; programs, the state directory, the store and these very rules stay.
 * The error names what is not allowed.
 */
MUST_CHECK struct err config_may_become(const struct config *running, const struct config *next);

/* Whether such a change may name `path`, as it is written. */
bool config_may_name(const struct config *c, const char *path);

/* The same of where a path really leads; `below` is one of c->trusted_paths and `state_dir` the
 * state directory, both without links. */
bool config_may_lead(const char *state_dir, const char *below, const char *real);

/* Calls `each` for the paths of `next` that `running` has not, until it says false: then the one
 * it said so of is returned, else NULL. */
const char *config_new_path(const struct config *running, const struct config *next,
			    bool (*each)(void *owner, const char *path), void *owner);

#endif
