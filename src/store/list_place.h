/*
 * Where a row stands in a list: what it has in the column that the list is sorted by, and its id. A
 * page tells it of its last row, and the page that follows begins behind it, whatever came or went
 * meanwhile.
 */
#ifndef STORE_LIST_PLACE_H
#define STORE_LIST_PLACE_H

#include "base/mem.h"

struct list_place {
	const char *text; /* NULL: the column has numbers */
	int64_t number;
	int64_t id;
};

/* As text, for the API's `next`. */
const char *list_place_write(const struct list_place *place, struct arena *memory);

/* Of a column that has numbers, or texts. False: it is none. */
MUST_CHECK bool list_place_read(const char *written, bool has_numbers, struct arena *memory,
				struct list_place *out);

#endif
