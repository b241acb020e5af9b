#include "store/list_place.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define MARK 0x1F /* between the value and the id */

const char *
list_place_write(const struct list_place *place, struct arena *memory)
{
	return place->text != NULL
		   ? arena_printf(memory, "%s%c%" PRId64, place->text, MARK, place->id)
		   : arena_printf(memory, "%" PRId64 "%c%" PRId64, place->number, MARK, place->id);
}

static bool
read_number(struct span text, int64_t *out)
{
	bool negative = text.len > 0 && text.p[0] == '-';
	uint64_t n;

	if (!text_to_u64(negative ? span_tail(text, 1) : text, INT64_MAX, &n))
		return false;
	*out = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* The value may have the mark in it, the id has not. */
bool
list_place_read(const char *written, bool has_numbers, struct arena *memory, struct list_place *out)
{
	struct span text = span_str(written), value;
	size_t mark = text.len;

	*out = (struct list_place){.id = 0};
	while (mark > 0 && text.p[mark - 1] != MARK)
		mark--;
	if (mark == 0 || !read_number(span_tail(text, mark), &out->id))
		return false;
	value = span_head(text, mark - 1);
	if (has_numbers)
		return read_number(value, &out->number);
	out->text = arena_copy(memory, value);
	return true;
}
