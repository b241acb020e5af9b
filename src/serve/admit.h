/* Whether a request may be answered at all: how many, how often, and by whom. */
#ifndef SERVE_ADMIT_H
#define SERVE_ADMIT_H

#include "serve/policy.h"
#include "serve/serve.h"

/* The limits of connections and rate; false: answered with 429. */
MUST_CHECK bool admit_within_limits(const struct serve *s, struct exchange *ex,
				    const struct policy_set *set);

/* "Retry-After" with a status that says to come back (RFC 9110 §10.2.3). */
void admit_later(struct exchange *ex, unsigned status, uint64_t ms);

#endif
