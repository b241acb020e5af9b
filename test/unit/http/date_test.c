#include "unit.h"

#include <stdio.h>
#include <time.h>

#include "http/date.h"

static const struct {
	const char *text;
	int64_t unix_s;
} good[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},  {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},       {"Sun Nov 16 08:49:37 1994", 784975777},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},          {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},  {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
    {"Fri, 31 Dec 2100 23:59:60 GMT", 4133980800}, {"Friday, 01-Jan-69 00:00:00 GMT", 3124224000},
    {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
};

static const char *const bad[] = {
    "",
    "Sun",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 29 Feb 2023 08:49:37 GMT",
    "Sun, 29 Feb 2100 08:49:37 GMT",
    "Sun, 06 Nov 0000 08:49:37 GMT",
    "Sun, 06 Nov -994 08:49:37 GMT",
    "Sun, +6 Nov 1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sun Nov 006 08:49:37 1994",
    "Sun Nov   6 08:49:37 1994",
    "784111777",
};

static void
all_three_forms_are_read(void **state)
{
	int64_t s;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!date_parse(span_str(good[i].text), &s))
			fail_msg("%s: not read", good[i].text);
		if (s != good[i].unix_s)
			fail_msg("%s: read as %lld", good[i].text, (long long)s);
	}
}

static void
anything_else_is_no_date(void **state)
{
	int64_t s;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (date_parse(span_str(bad[i]), &s))
			fail_msg("%s: read as %lld", bad[i], (long long)s);
	for (size_t n = 0; n < DATE_LENGTH; n++)
		assert_false(date_parse(span_of(good[0].text, n), &s));
}

/* Against the C library, over 700 years, leap centuries among them. */
static void
written_dates_are_the_librarys_and_read_back(void **state)
{
	char text[DATE_LENGTH + 1], expected[64];

	(void)state;
	for (int64_t t = -11644473600; t < 11644473600; t += 7654321) {
		time_t when = t;
		struct tm tm;
		int64_t back;

		date_format(t, text);
		strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT",
			 gmtime_r(&when, &tm));
		assert_string_equal(text, expected);
		assert_true(date_parse(span_str(text), &back));
		assert_true(back == t);
	}
}

static void
a_time_out_of_range_is_the_nearest_that_can_be_written(void **state)
{
	char text[DATE_LENGTH + 1];

	(void)state;
	date_format(INT64_MIN, text);
	assert_string_equal(text, "Mon, 01 Jan 0001 00:00:00 GMT");
	date_format(INT64_MAX, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_three_forms_are_read),
	    cmocka_unit_test(anything_else_is_no_date),
	    cmocka_unit_test(written_dates_are_the_librarys_and_read_back),
	    cmocka_unit_test(a_time_out_of_range_is_the_nearest_that_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
