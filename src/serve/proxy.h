/* Answers with what another server answers (RFC 9110 §7.6): the reverse proxy. */
#ifndef SERVE_PROXY_H
#define SERVE_PROXY_H

#include "serve/serve.h"

/*
 * Asks a server of route->proxy for `target`, "/path?query" as it goes on the wire, and passes
 * on what it answers. `target` lives as long as the exchange.
 */
void proxy_serve(const struct serve *s, struct exchange *ex, const struct site *site,
		 const struct route *route, struct span target);

#endif
