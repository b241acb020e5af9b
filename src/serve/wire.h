/*
 * Paths as they go over the wire (RFC 3986 §3.3), in the one form that the server
 * behind us cannot read otherwise than we did.
 */
#ifndef SERVE_WIRE_H
#define SERVE_WIRE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"

/*
 * Without dot segments and empty ones; what is unreserved is not encoded, what no path may
 * hold is. All else stays as it came, encoded or not: "%3B" and ";" are not the same to
 * everybody, nor are "%2F" and "/". Decoded, it is what target_parse() makes of `path`.
 * False: it climbs above its root, or is no path.
 */
MUST_CHECK bool wire_path(struct span path, struct arena *memory, struct span *out);

/* Whether it is in that form already; false also for some that are. */
bool wire_is_normal(struct span path);

/* What is behind the first `n` bytes, as they are when decoded ("%2F" counts 3). */
struct span wire_tail(struct span path, size_t n);

bool wire_is_unreserved(uint8_t c); /* RFC 3986 §2.3 */

/* Puts "%41" where there is room for it; returns what is behind. */
uint8_t *wire_put_encoded(uint8_t *to, uint8_t c);

#endif
