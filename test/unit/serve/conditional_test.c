#include "unit.h"

#include "serve/conditional.h"

#define THEN   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct validators ours = {{(const uint8_t *)"\"a-1\"", 5}, 784111777};

/* Names and values in turn. */
static const struct sample {
	const char *fields[6];
	enum condition verdict;
} samples[] = {
    {{NULL}, CONDITION_SEND},
    /* RFC 9110 §13.1.1: strong comparison */
    {{"if-match", "\"a-1\""}, CONDITION_SEND},
    {{"if-match", "*"}, CONDITION_SEND},
    {{"if-match", "\"b\", \"a-1\""}, CONDITION_SEND},
    {{"if-match", "\"b\"", "if-match", "\"a-1\""}, CONDITION_SEND},
    {{"if-match", "\"b\""}, CONDITION_FAILED},
    {{"if-match", "W/\"a-1\""}, CONDITION_FAILED},
    {{"if-match", "a-1"}, CONDITION_FAILED},
    {{"if-match", "\"a-1"}, CONDITION_FAILED},
    /* §13.1.2: weak comparison */
    {{"if-none-match", "\"a-1\""}, CONDITION_NOT_MODIFIED},
    {{"if-none-match", "W/\"a-1\""}, CONDITION_NOT_MODIFIED},
    {{"if-none-match", "*"}, CONDITION_NOT_MODIFIED},
    {{"if-none-match", "\"b\",,W/\"c,d\" , \"a-1\""}, CONDITION_NOT_MODIFIED},
    {{"if-none-match", "\"b\"", "if-none-match", "\"a-1\""}, CONDITION_NOT_MODIFIED},
    {{"if-none-match", "\"b\""}, CONDITION_SEND},
    {{"if-none-match", "\"a-1"}, CONDITION_SEND},
    {{"if-none-match", "w/\"a-1\""}, CONDITION_SEND},
    {{"if-none-match", "\"A-1\""}, CONDITION_SEND},
    /* §13.1.3 */
    {{"if-modified-since", THEN}, CONDITION_NOT_MODIFIED},
    {{"if-modified-since", AFTER}, CONDITION_NOT_MODIFIED},
    {{"if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT"}, CONDITION_NOT_MODIFIED},
    {{"if-modified-since", "Sun Nov  6 08:49:37 1994"}, CONDITION_NOT_MODIFIED},
    {{"if-modified-since", BEFORE}, CONDITION_SEND},
    {{"if-modified-since", "yesterday"}, CONDITION_SEND},
    /* §13.1.4 */
    {{"if-unmodified-since", THEN}, CONDITION_SEND},
    {{"if-unmodified-since", AFTER}, CONDITION_SEND},
    {{"if-unmodified-since", BEFORE}, CONDITION_FAILED},
    {{"if-unmodified-since", "yesterday"}, CONDITION_SEND},
    /* §13.2.2: which one counts */
    {{"if-match", "\"a-1\"", "if-unmodified-since", BEFORE}, CONDITION_SEND},
    {{"if-match", "\"b\"", "if-unmodified-since", AFTER}, CONDITION_FAILED},
    {{"if-none-match", "\"b\"", "if-modified-since", AFTER}, CONDITION_SEND},
    {{"if-none-match", "\"a-1\"", "if-modified-since", BEFORE}, CONDITION_NOT_MODIFIED},
    {{"if-match", "\"b\"", "if-none-match", "\"a-1\""}, CONDITION_FAILED},
    {{"if-match", "\"a-1\"", "if-none-match", "\"a-1\""}, CONDITION_NOT_MODIFIED},
};

static struct request
request_of(const char *const texts[6], struct field fields[3])
{
	struct request r = {.method = METHOD_GET, .fields = fields};

	for (; r.field_count < 3 && texts[2 * r.field_count] != NULL; r.field_count++)
		fields[r.field_count] = (struct field){span_str(texts[2 * r.field_count]),
						       span_str(texts[2 * r.field_count + 1])};
	return r;
}

static void
conditions_are_checked_in_the_order_of_section_13(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct field fields[3];
		struct request r = request_of(samples[i].fields, fields);
		struct conditions c;

		conditions_of(&r, &c);
		enum condition verdict = condition_check(&c, &ours);
		if (verdict != samples[i].verdict)
			fail_msg("%s: %s: verdict %d", samples[i].fields[0], samples[i].fields[1],
				 verdict);
	}
}

static void
a_range_is_for_get_and_an_unchanged_file(void **state)
{
	static const struct {
		const char *if_range;
		bool wanted;
	} rows[] = {
	    {"\"a-1\"", true}, {THEN, true},    {"W/\"a-1\"", false}, {"\"b\"", false},
	    {AFTER, false},    {BEFORE, false}, {"a-1", false},       {"\"a-1\", \"b\"", false},
	    {"*", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *texts[6] = {"range", "bytes=0-0", "if-range", rows[i].if_range};
		struct field fields[3];
		struct request r = request_of(texts, fields);
		struct conditions c;

		conditions_of(&r, &c);
		if (condition_wants_range(&c, &ours) != rows[i].wanted)
			fail_msg("If-Range: %s", rows[i].if_range);
		r.method = METHOD_HEAD;
		assert_false(condition_wants_range(&c, &ours));
	}
}

static void
without_a_range_field_there_is_no_range(void **state)
{
	const char *texts[6] = {"if-range", "\"a-1\""};
	struct field fields[3];
	struct request r = request_of(texts, fields);
	struct conditions c;

	(void)state;
	conditions_of(&r, &c);
	assert_false(condition_wants_range(&c, &ours));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_are_checked_in_the_order_of_section_13),
	    cmocka_unit_test(a_range_is_for_get_and_an_unchanged_file),
	    cmocka_unit_test(without_a_range_field_there_is_no_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
