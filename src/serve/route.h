/* From a path to what answers it on a site. */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include "serve/serve.h"

/* The first route that fits `path`; NULL: none. */
const struct route *route_for(const struct site *site, struct span path);

/* Answers a request that is meant for `site`. */
void route_serve(const struct serve *s, struct exchange *ex, const struct site *site);

#endif
