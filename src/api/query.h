/* What stands behind the '?', and in forms: NAME=VALUE&… (WHATWG URL §5.1). */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "api/operation.h"

#define QUERY_VALUES_MAX 32

struct query_value {
	const char *name, *value; /* decoded */
};

struct query {
	struct query_value at[QUERY_VALUES_MAX];
	size_t count;
};

/* What it makes lives in `memory`. */
MUST_CHECK struct outcome query_read(struct span text, struct arena *memory, struct query *out);
const char *query_find(const struct query *q, const char *name); /* NULL: it is not there */

/* Whether it says only what the operation takes. */
MUST_CHECK struct outcome query_check(const struct query *q, const struct operation *op);

/* Those that each operation with OP_LIST takes, for the document. */
extern const struct parameter query_of_lists[];
extern const size_t query_of_lists_count;

/* Whether it is UTF-8 without a NUL, which any database takes. */
bool query_is_text(struct arena *memory, struct span s);

#endif
