/* Of what the API shows, what it also takes. */
#ifndef CLI_SETTABLE_H
#define CLI_SETTABLE_H

#include <jansson.h>

/* The members of `now`, which was read at `path` (below /api/v1), that a PUT there has: answers
 * tell more. The caller's. */
json_t *settable(const char *path, const json_t *now);

#endif
