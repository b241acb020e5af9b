/* What happens as a Server-Sent Event (HTML Living Standard §9.2). Pure. */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <stdbool.h>

#include "access/access.h"
#include "base/attr.h"
#include "base/buf.h"

/* Adds the event: its name, and as data the id of what it is about, or nothing (id 0). */
MUST_CHECK bool events_put(enum access_event event, int64_t id, struct buf *out);

#endif
