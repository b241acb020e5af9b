/* Paths for a Location field: what a client sent, made safe to send back. */
#ifndef SERVE_LOCATION_H
#define SERVE_LOCATION_H

#include "base/mem.h"
#include "base/span.h"

/* `path`, decoded as it is, encoded again, then `after`, then "?query" if there is one. */
struct span location_encode(struct arena *memory, struct span path, struct span after,
			    struct span query);

#endif
