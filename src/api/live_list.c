#include "api/live_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/encode.h"
#include "store/list_place.h"

struct placed {
	struct list_place place;
	const char *row;
};

static int
in_order(const void *one, const void *other)
{
	const struct list_place *a = &((const struct placed *)one)->place,
				*b = &((const struct placed *)other)->place;
	int by_value = a->text != NULL ? strcmp(a->text, b->text)
				       : (a->number > b->number) - (a->number < b->number);

	return by_value != 0 ? by_value : (a->id > b->id) - (a->id < b->id);
}

static int
in_reverse(const void *one, const void *other)
{
	return in_order(other, one);
}

static const struct live_sort *
sort_of(const struct live_list *list, const char *name)
{
	const struct live_sort *sort = list->sorts;

	while (name != NULL && sort->name != NULL && strcmp(sort->name, name) != 0)
		sort++;
	return sort->name != NULL ? sort : NULL;
}

static struct list_place
place_of(const struct live_list *list, const struct live_sort *sort, const void *row,
	 struct arena *memory)
{
	struct list_place place = {.id = list->id(row)};

	if (sort->number != NULL)
		place.number = sort->number(row);
	else if ((place.text = sort->text(row, memory)) == NULL)
		place.text = "";
	return place;
}

/* Each with its place; without those that stood on the pages before. */
static size_t
place_rows(const struct live_list *list, const struct live_sort *sort, const struct page *page,
	   const struct placed *after, const char *rows, size_t count, struct arena *memory,
	   struct placed *to)
{
	int (*compare)(const void *, const void *) = page->descending ? in_reverse : in_order;
	size_t placed = 0;

	for (size_t i = 0; i < count; i++) {
		const char *row = rows + i * list->size;

		to[placed] = (struct placed){place_of(list, sort, row, memory), row};
		if (after == NULL || compare(&to[placed], after) > 0)
			placed++;
	}
	if (placed > 1)
		qsort(to, placed, sizeof *to, compare);
	return placed;
}

struct outcome
live_list_page(const struct live_list *list, const struct page *page, struct arena *memory,
	       void **rows, size_t *count, const char **next)
{
	const struct live_sort *sort = sort_of(list, page->sort);
	struct placed after, *all;
	char *out;

	*next = NULL;
	if (sort == NULL)
		return outcome_field(OUTCOME_INVALID, "sort", "this list is not sorted by that");
	if (page->after != NULL &&
	    !list_place_read(page->after, sort->number != NULL, memory, &after.place))
		return outcome_field(OUTCOME_INVALID, "after", "after is no `next` of this list");
	all = arena_get(memory, (*count + 1) * sizeof *all);
	*count = place_rows(list, sort, page, page->after != NULL ? &after : NULL, *rows, *count,
			    memory, all);
	if (*count > page->limit) {
		*count = page->limit;
		*next = list_place_write(&all[*count - 1].place, memory);
	}
	*rows = out = arena_get(memory, (*count + 1) * list->size);
	for (size_t i = 0; i < *count; i++)
		memcpy(out + i * list->size, all[i].row, list->size);
	return OUTCOME_OK;
}

/* What is no address comes last. */
const char *
live_address(const char *text, struct arena *memory)
{
	char ip[2 * sizeof(((struct address *)0)->ip) + 1];
	struct address a;

	if (text == NULL)
		return "";
	if (!address_parse(span_str(text), &a) && !address_parse_ip(span_str(text), &a))
		return arena_printf(memory, "~%s", text);
	hex_write(span_of(a.ip, a.family == 4 ? 4 : sizeof a.ip), ip);
	return arena_printf(memory, "%u %s %05u", a.family, ip, a.port);
}

int64_t
live_bytes(int64_t in, int64_t out)
{
	return in > INT64_MAX - out ? INT64_MAX : in + out;
}
