/*
 * Where a page of a list goes on, as a client says it (`after`). The first byte has how it is
 * sorted, the second how many rows a page has. Whatever was said, the pages that follow have each
 * row once at most, and end.
 */
#include <string.h>

#include "api/live_list.h"
#include "fuzz.h"
#include "store/list_place.h"

#define ROWS 7

struct row {
	int64_t id, number;
	const char *text;
};

static int64_t
id_of(const void *row)
{
	return ((const struct row *)row)->id;
}

static int64_t
number_of(const void *row)
{
	return ((const struct row *)row)->number;
}

static const char *
text_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct row *)row)->text;
}

static const struct live_sort sorts[] = {{"number", number_of, NULL}, {"text", NULL, text_of}, {0}};
static const struct live_list list = {.size = sizeof(struct row), .id = id_of, .sorts = sorts};

/* The next page, and where the one after it begins; NULL: there is none. */
static const char *
look_at_page(const struct page *page, struct arena *memory, bool seen[ROWS])
{
	static const struct row rows[ROWS] = {
	    {1, 0, "b"},
	    {2, -5, "a"},
	    {3, INT64_MAX, NULL},
	    {4, 0, "a"},
	    {5, 7,
	     "\x1f"
	     "1"},
	    {6, INT64_MIN + 1, ""},
	    {7, 7, "\xff\x1f"},
	};
	void *at = arena_get(memory, sizeof rows);
	size_t count = ROWS;
	const char *next;

	memcpy(at, rows, sizeof rows);
	if (refused(live_list_page(&list, page, memory, &at, &count, &next)))
		return NULL;
	check(count <= page->limit && (next == NULL || count == page->limit));
	for (size_t i = 0; i < count; i++) {
		const struct row *row = (struct row *)at + i;

		check(row->id >= 1 && row->id <= ROWS && !seen[row->id - 1]);
		seen[row->id - 1] = true;
	}
	return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool seen[ROWS] = {false};

	if (size < 2)
		return 0;
	struct arena *memory = arena_new();
	struct page page = {.sort = sorts[data[0] & 1].name,
			    .descending = (data[0] & 2) != 0,
			    .limit = 1 + data[1] % ROWS,
			    .after = arena_copy(memory, span_of(data + 2, size - 2))};

	while ((page.after = look_at_page(&page, memory, seen)) != NULL) {
		struct list_place place;

		check(list_place_read(page.after, (data[0] & 1) == 0, memory, &place));
	}
	arena_free(memory);
	return 0;
}
