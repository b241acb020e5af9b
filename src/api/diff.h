/* What differs between two texts, as a unified diff. Pure. */
#ifndef API_DIFF_H
#define API_DIFF_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"

#define DIFF_CONTEXT 3

/* Adds nothing when both are the same. Texts that differ in very many lines are told as one that
 * goes and one that comes. False when `out` is full. */
MUST_CHECK bool diff_unified(struct arena *memory, const char *old_name, struct span old_text,
			     const char *new_name, struct span new_text, struct buf *out);

#endif
