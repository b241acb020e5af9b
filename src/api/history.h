/*
 * One hour of what is counted, a sample every ten seconds: what the console draws. May be asked
 * from any thread.
 */
#ifndef API_HISTORY_H
#define API_HISTORY_H

#include <stdbool.h>

#include "api/api.h"
#include "base/attr.h"
#include "base/buf.h"

#define HISTORY_SAMPLES 360
#define HISTORY_STEP_MS 10000

struct history;

struct history *history_new(void);
void history_free(struct history *h); /* NULL is fine */

/* The numbers as they are now; the oldest sample gives way. False, and nothing is added, unless one
 * is due, a step after the one before, or there is none yet. */
bool history_add(struct history *h, const struct api_numbers *numbers, int64_t now, bool due);

/* Adds an object: the times of the samples, the oldest first, and for each counter its values. Only
 * of those that followed the one of the time `since` (0: all); where there is none of that time, of
 * later ones. */
MUST_CHECK bool history_write(struct history *h, int64_t since, struct buf *out);

/* Adds JSON Schema of that object. */
MUST_CHECK bool history_write_schema(struct buf *out);

#endif
