#include "unit.h"

#include <time.h>

#include "json/shape.h"

static void
assert_written(int64_t ms, const char *json)
{
	struct buf out = buf_with_cap(64);

	assert_true(json_put_time(&out, ms));
	assert_true(buf_byte(&out, '\0'));
	assert_string_equal((const char *)buf_span(&out).p, json);
	buf_free(&out);
}

static void
times_are_written_in_utc(void **state)
{
	(void)state;
	assert_written(1795279950000, "\"2026-11-21T16:52:30Z\"");
	assert_written(1795279950007, "\"2026-11-21T16:52:30.007Z\"");
	assert_written(1, "\"1970-01-01T00:00:00.001Z\"");
	assert_written(951782400000, "\"2000-02-29T00:00:00Z\"");
	assert_written(0, "null");
	assert_written(-1, "null");
	assert_written(INT64_MIN, "null");
	assert_written(253402300799999, "\"9999-12-31T23:59:59.999Z\"");
	assert_written(INT64_MAX, "\"9999-12-31T23:59:59.999Z\"");
}

/* A day of every month for 600 years, against libc. */
static void
what_is_written_reads_back_as_libc_has_it(void **state)
{
	(void)state;
	for (int64_t s = 3599; s < 600ll * 366 * 86400; s += 29 * 86400 + 3607) {
		struct buf out = buf_with_cap(64);
		time_t seconds = s;
		struct tm tm;
		char text[40];
		int64_t ms;

		assert_true(json_put_time(&out, s * 1000));
		assert_true(strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%SZ\"",
				     gmtime_r(&seconds, &tm)) > 0);
		assert_true(span_equal(buf_span(&out), span_str(text)));
		struct span inner = span_of(buf_span(&out).p + 1, buf_len(&out) - 2);
		assert_true(time_parse(inner, &ms));
		assert_true(ms == s * 1000);
		buf_free(&out);
	}
}

static void
any_offset_and_fraction_is_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} times[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"1969-12-31T20:30:00-03:30", 0},
	    {"1970-01-01T00:00:00.25Z", 250},
	    {"1970-01-01T00:00:00.0019999999999999999999Z", 1},
	    {"1970-01-01T00:00:00-00:00", 0},
	    {"2024-02-29T23:59:60Z", 1709251200000},
	    {"0001-01-01T00:00:00Z", -62135596800000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		int64_t ms = -1;

		if (!time_parse(span_str(times[i].text), &ms) || ms != times[i].ms)
			fail_msg("%s reads as %lld", times[i].text, (long long)ms);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "2026-11-21",
	    "2026-11-21T16:52",
	    "2026-11-21T16:52:30",
	    "2026-11-21 16:52:30Z",
	    "2026-11-21T16:52:30ZZ",
	    "2026-11-21T16:52:30.Z",
	    "2026-11-21T16:52:30,5Z",
	    "2026-11-21T24:00:00Z",
	    "2026-11-21T23:60:00Z",
	    "2026-11-21T23:00:61Z",
	    "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z",
	    "2026-04-31T00:00:00Z",
	    "2026-02-29T00:00:00Z",
	    "2100-02-29T00:00:00Z",
	    "2026-01-00T00:00:00Z",
	    "0000-01-01T00:00:00Z",
	    "+2026-01-01T00:00:00Z",
	    "12026-01-01T00:00:00Z",
	    "2026-1-01T00:00:00Z",
	    "2026-01-01T00:00:00+1:00",
	    "2026-01-01T00:00:00+0100",
	    "2026-01-01T00:00:00+24:00",
	    "2026-01-01T00:00:00+01:60",
	    "2026-01-01T00:00:00+01:00 ",
	    " 2026-01-01T00:00:00Z",
	    "2026-01-01T-1:00:00Z",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t ms;

		if (time_parse(span_str(texts[i]), &ms))
			fail_msg("%s is taken", texts[i]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_written_in_utc),
	    cmocka_unit_test(what_is_written_reads_back_as_libc_has_it),
	    cmocka_unit_test(any_offset_and_fraction_is_read),
	    cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
