/*
 * Redirects of a server that name itself, by an address or a port that only we can reach: they
 * lead back here. No I/O.
 */
#ifndef SERVE_RELOCATE_H
#define SERVE_RELOCATE_H

#include "config/config.h"
#include "http/exchange.h"

/*
 * What Location says to the client, where the route's server `member` said `location`. The
 * same, or it lives as long as the exchange.
 */
struct span relocate(const struct exchange *ex, const struct route *route, int member,
		     struct span location);

#endif
