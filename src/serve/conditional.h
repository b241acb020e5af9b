/* Whether a request still wants what we have (RFC 9110 §13). Pure. */
#ifndef SERVE_CONDITIONAL_H
#define SERVE_CONDITIONAL_H

#include <stdint.h>

#include "base/attr.h"
#include "http/exchange.h"

struct validators {
	struct span etag; /* with its quotes; strong */
	int64_t mtime_s;
};

/* The fields that ask; values of 0 bytes for those that are not there. */
struct conditions {
	struct span if_match, if_none_match; /* the first such field; `request` has the others */
	struct span if_modified_since, if_unmodified_since, if_range, range;
	const struct request *request;
};

void conditions_of(const struct request *r, struct conditions *out);

enum condition { CONDITION_SEND, CONDITION_NOT_MODIFIED, CONDITION_FAILED };

/* In the order of §13.2.2. */
MUST_CHECK enum condition condition_check(const struct conditions *c, const struct validators *v);

/* Whether the Range field is to be looked at (§13.1.5, §14.2). */
MUST_CHECK bool condition_wants_range(const struct conditions *c, const struct validators *v);

#endif
