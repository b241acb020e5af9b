/* Patterns of paths, as routes and rules of the configuration have them. */
#ifndef SERVE_PATTERN_H
#define SERVE_PATTERN_H

#include <stdbool.h>

#include "base/span.h"

/* "/x": that path; "/x*": whatever begins so; "*.x": whatever ends so. */
bool pattern_fits(const char *pattern, struct span path);

#endif
