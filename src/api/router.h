/* From a path to an operation. */
#ifndef API_ROUTER_H
#define API_ROUTER_H

#include "api/operation.h"

#define API_PREFIX "/api/v1"

/*
 * The operation for `method` and `path`, with the parts of the path that are its parameters.
 * A HEAD is a GET where there is none of its own. NULL: there is none; then *allow says which
 * methods there are, "GET, PATCH", in `memory`, or is NULL when the path is unknown.
 */
const struct operation *router_find(enum method method, struct span path, struct arena *memory,
				    struct span parameters[API_PARAMETERS_MAX], const char **allow);

/* The same, of just that method. */
const struct operation *router_match(enum method method, struct span path,
				     struct span parameters[API_PARAMETERS_MAX]);

/* Goes through all operations: NULL ends them. Begins with *group and *index 0. */
const struct operation *router_next(size_t *group, size_t *index);

const char *router_method(enum method method); /* "GET" */

#endif
