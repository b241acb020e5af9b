/* What a request asks for (RFC 9112 §3.2), taken apart. Pure. */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "http/exchange.h"

struct target_parts {
	struct span authority, host; /* in lower case; empty but in absolute-form */
	struct span path;            /* decoded, without dot segments and empty ones; or "*" */
	struct span query;
};

/*
 * Reads origin-form, absolute-form and, for OPTIONS, asterisk-form; what it makes lives in
 * `memory`, `query` in `text`. "%2F" stays "%2F" in the path. False: not a target, or one that
 * climbs above its root or hides a NUL behind a '%'.
 */
MUST_CHECK bool target_parse(struct span text, enum method method, struct arena *memory,
			     struct target_parts *out);

/* host[:port] (RFC 3986 §3.2, without user information), into lower case; brackets stay. */
MUST_CHECK bool authority_parse(struct span text, struct arena *memory, struct span *authority,
				struct span *host);

/* The part of a target as it came that is path and query: what a redirect repeats. */
struct span target_origin(struct span text);

#endif
