/* Options of one word and one value, by type. */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include "config/option.h"

bool scalar_is(enum option_type type);

/* Reads `w` into the value at `field`; tells of faults. */
void scalar_read(struct reader *r, const struct option *o, const struct word *w, void *field);

/* The table's default, which there must be, into the value at `field`. */
void scalar_set_initial(const struct option *o, void *field);

/* Whether the value at `field` is what the table has as default. */
bool scalar_is_initial(const struct option *o, const void *field);

/* Compared as they are written: the shortest form of a value is its only one. */
MUST_CHECK bool scalar_equal(const struct option *o, const void *a, const void *b);

/* Adds the value as one would write it, not quoted. */
MUST_CHECK bool scalar_put(struct buf *out, const struct option *o, const void *field);

#endif
