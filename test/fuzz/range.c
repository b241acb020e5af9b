/* Range, conditions and dates: the size of the file in the first two bytes, then the value. */
#include "serve/range.h"
#include "fuzz.h"
#include "http/date.h"
#include "serve/conditional.h"

static void
check_ranges(struct span value, uint64_t size)
{
	struct range ranges[RANGES_MAX];
	size_t count;
	uint64_t sum = 0;
	enum range_verdict verdict = range_parse(value, size, ranges, &count);

	check(count <= RANGES_MAX && (verdict != RANGE_SOME || count > 0));
	for (size_t i = 0; verdict == RANGE_SOME && i < count; i++) {
		check(ranges[i].length > 0 && ranges[i].first < size);
		check(ranges[i].length <= size - ranges[i].first);
		sum += ranges[i].length;
	}
	check(sum <= size);
}

static void
check_conditions(struct span value)
{
	static const char *const names[] = {"if-match", "if-none-match", "if-modified-since",
					    "if-unmodified-since", "if-range"};
	const struct validators ours = {SPAN_OF("\"a\""), 784111777};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct field fields[] = {{span_str(names[i]), value},
					 {SPAN_OF("range"), SPAN_OF("bytes=0-0")}};
		struct request r = {.method = METHOD_GET, .fields = fields, .field_count = 2};
		struct conditions c;

		conditions_of(&r, &c);
		(void)!condition_check(&c, &ours);
		(void)!condition_wants_range(&c, &ours);
	}
}

static void
check_date(struct span value)
{
	char text[DATE_LENGTH + 1];
	int64_t s, again;

	if (!date_parse(value, &s))
		return;
	date_format(s, text);
	/* A leap second at the end of the last year has no other way to be written. */
	check(date_parse(span_str(text), &again) && (again == s || again == s - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct span value = span_of(data + 2, size - 2);

	check_ranges(value, (uint64_t)data[0] << 8 | data[1]);
	check_ranges(value, (uint64_t)data[0] << 48 | data[1]);
	check_conditions(value);
	check_date(value);
	return 0;
}
