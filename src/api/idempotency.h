/*
 * Requests that make something, once: asked again with the same Idempotency-Key, they get the
 * answer that they got (draft-ietf-httpapi-idempotency-key-header-07). In memory, of the last
 * ones: a retry comes soon. For all threads together.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/operation.h"
#include "base/clock.h"

#define IDEMPOTENCY_KEEP_MS DAY_MS
#define IDEMPOTENCY_ENTRIES 1024
#define IDEMPOTENCY_KEY_MAX 255
#define IDEMPOTENCY_BODY    (16 * 1024) /* of an answer that is kept */

enum idempotency {
	IDEMPOTENCY_NONE,  /* no key, or nothing that has to be remembered */
	IDEMPOTENCY_FIRST, /* to be done, and then idempotency_end() called */
	IDEMPOTENCY_AGAIN, /* c->answer is the one of the first time */
};

/* OUTCOME_TAKEN while the first is still being done; "idempotency_key_reused" for another body. */
MUST_CHECK struct outcome idempotency_begin(struct api_call *c, enum idempotency *out);

/* What c->answer says is said again, unless it was `refused`: then it may be tried again. */
void idempotency_end(struct api_call *c, bool was_refused);

/* Forgets and wipes all. */
void idempotency_reset(void);

#endif
