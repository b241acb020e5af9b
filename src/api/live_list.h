/*
 * Lists of what no database has, but a process tells of as it is now: a page at a time, as those of
 * the store, and sorted by any column. A page goes on behind the place where the one before it
 * ended, whatever came or went meanwhile.
 */
#ifndef API_LIVE_LIST_H
#define API_LIVE_LIST_H

#include "base/mem.h"
#include "base/outcome.h"
#include "store/store.h"

struct live_sort {
	const char *name; /* as in struct page */
	/* By what, the one or the other. A text sorts by its bytes; NULL is as good as "". */
	int64_t (*number)(const void *row);
	const char *(*text)(const void *row, struct arena *memory);
};

struct live_list {
	size_t size; /* of a row */
	int64_t (*id)(const void *row);
	const struct live_sort *sorts; /* ends with a NULL name; the first is the usual one */
};

/* Of the `*count` rows at `*rows`, which are all that are wanted, in any order: those of the page,
 * as a new array in `memory`. */
MUST_CHECK struct outcome live_list_page(const struct live_list *list, const struct page *page,
					 struct arena *memory, void **rows, size_t *count,
					 const char **next);

/* "192.0.2.7:40000", or without a port, as a text by which addresses sort as numbers do. */
const char *live_address(const char *text, struct arena *memory);

/* What was carried both ways. */
int64_t live_bytes(int64_t in, int64_t out);

#endif
