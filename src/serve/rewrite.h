/* What a route makes of a request's path before it is looked up, passed on or sent back. */
#ifndef SERVE_REWRITE_H
#define SERVE_REWRITE_H

#include "serve/serve.h"

/* To look up: decoded, without dot segments, with its '/'. */
struct span rewrite_path(const struct exchange *ex, const struct route *route);

/* To pass on: "/path?query", encoded. What is passed on is what was matched, never less. */
struct span rewrite_target(const struct exchange *ex, const struct route *route);

/* Where a route of ROUTE_REDIRECT leads to. */
struct span rewrite_location(const struct exchange *ex, const struct site *site,
			     const struct route *route);

#endif
