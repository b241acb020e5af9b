/*
 * One-time tokens in what a log line would show. Whoever reads a log must not be able to use the
 * link that it tells of. Pure: no I/O, no memory.
 */
#ifndef ROLE_EDGE_LOG_MASK_H
#define ROLE_EDGE_LOG_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/*
 * Whether `text`, a request's target or a URL, leads to a set-up page, a link or an import: then
 * *at and *len are where its token is. A number is none.
 */
bool log_mask_find(struct span text, size_t *at, size_t *len);

/* Whether an API token stands in it: no URL should have one, but somebody may write one so. */
bool log_mask_find_key(struct span text, size_t *at, size_t *len);

#endif
