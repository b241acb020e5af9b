/* From a request to what answers it on a site. */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include "serve/serve.h"

/* The first route that `path` and all else of the request fit; NULL: none. */
const struct route *route_for(const struct site *site, const struct exchange *ex, struct span path);

/* Answers a request that is meant for `site`. */
void route_serve(const struct serve *s, struct exchange *ex, const struct site *site);

/* Answers one that control had no page for, as a site without access server would. It was admitted
 * by route_serve(). */
void route_serve_content(const struct serve *s, struct exchange *ex, const struct site *site);

#endif
