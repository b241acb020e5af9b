/* Which bytes of a file a Range field asks for (RFC 9110 §14). Pure. */
#ifndef SERVE_RANGE_H
#define SERVE_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define RANGES_MAX 16

struct range {
	uint64_t first, length; /* length is 1 or more */
};

enum range_verdict {
	RANGE_WHOLE,   /* not a range we understand, or not worth it: send everything */
	RANGE_SOME,    /* *count of `ranges`, within `size` */
	RANGE_NOWHERE, /* 416 */
};

/*
 * Reads the value of a Range field. More than RANGES_MAX ranges, or ones that overlap,
 * would cost more than the whole (§14.2): they are the whole.
 */
MUST_CHECK enum range_verdict range_parse(struct span value, uint64_t size,
					  struct range ranges[RANGES_MAX], size_t *count);

#endif
