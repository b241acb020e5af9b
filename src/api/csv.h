/* Comma-separated values (RFC 4180), a row at a time; lines may also end in LF alone. Pure. */
#ifndef API_CSV_H
#define API_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"

#define CSV_CELLS_MAX 16

struct csv {
	struct cursor left;
	size_t line; /* of what comes next, from 1 */
};

struct csv_row {
	size_t line; /* where it begins */
	struct span cells[CSV_CELLS_MAX];
	size_t count;
};

enum csv_result { CSV_ROW, CSV_END, CSV_BAD };

struct csv csv_of(struct span text); /* without a byte order mark */

/* The next row that is not empty; cells with quotes in them live in `memory`. On CSV_BAD *why is a
 * clause, and row->line says where. */
MUST_CHECK enum csv_result csv_next(struct csv *c, struct arena *memory, struct csv_row *row,
				    const char **why);

#endif
