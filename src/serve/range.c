#include "serve/range.h"

#include "base/text.h"
#include "http/field.h"

#define POSITION_MAX INT64_MAX

/* One of "0-9", "10-", "-5". False: none of these. A range that lies behind the end has length 0.
 */
static bool
parse_one(struct span text, uint64_t size, struct range *out)
{
	size_t dash = span_find(text, '-');
	struct span from = span_head(text, dash), to = span_tail(text, dash + 1);
	uint64_t first = 0, last = POSITION_MAX;

	if (dash == text.len || (from.len == 0 && to.len == 0))
		return false;
	if (from.len > 0 && !text_to_u64(from, POSITION_MAX, &first))
		return false;
	if (to.len > 0 && !text_to_u64(to, POSITION_MAX, &last))
		return false;
	if (from.len == 0) { /* the last so many */
		uint64_t n = last < size ? last : size;

		*out = (struct range){size - n, n};
		return true;
	}
	if (last < first)
		return false;
	if (first >= size)
		*out = (struct range){size, 0};
	else
		*out = (struct range){first, (last < size - 1 ? last : size - 1) - first + 1};
	return true;
}

static bool
overlaps(const struct range *ranges, size_t count, const struct range *r)
{
	for (size_t i = 0; i < count; i++)
		if (r->first < ranges[i].first + ranges[i].length &&
		    ranges[i].first < r->first + r->length)
			return true;
	return false;
}

enum range_verdict
range_parse(struct span value, uint64_t size, struct range ranges[RANGES_MAX], size_t *count)
{
	static const struct span unit = SPAN_INIT("bytes=");
	struct span element, list = span_tail(value, unit.len);
	size_t asked = 0;

	*count = 0;
	if (!span_equal_nocase(span_head(value, unit.len), unit))
		return RANGE_WHOLE;
	while (field_list_next(&list, &element)) {
		struct range r;

		if (asked++ == RANGES_MAX || !parse_one(element, size, &r))
			return RANGE_WHOLE;
		if (r.length == 0)
			continue;
		if (overlaps(ranges, *count, &r))
			return RANGE_WHOLE;
		ranges[(*count)++] = r;
	}
	if (asked == 0)
		return RANGE_WHOLE;
	return *count > 0 ? RANGE_SOME : RANGE_NOWHERE;
}
