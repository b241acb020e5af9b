#include "unit.h"

#include <ctype.h>

#include "base/text.h"

#define REFUSED UINT64_MAX

struct number {
	const char *text;
	uint64_t max, value;
};

static void
check_numbers(const struct number *numbers, size_t count,
	      bool read(struct span, uint64_t, uint64_t *))
{
	for (size_t i = 0; i < count; i++) {
		uint64_t n = REFUSED;
		bool ok = read(span_str(numbers[i].text), numbers[i].max, &n);

		if (ok != (n != REFUSED) || n != numbers[i].value)
			fail_msg("\"%s\" reads as %llu", numbers[i].text, (unsigned long long)n);
	}
}

static void
numbers_are_digits_alone(void **state)
{
	static const struct number numbers[] = {
	    {"0", 0, 0},
	    {"65535", 65535, 65535},
	    {"65536", 65535, REFUSED},
	    {"1", 0, REFUSED},
	    {"10", 9, REFUSED},
	    {"007", 7, 7},
	    {"18446744073709551614", UINT64_MAX, UINT64_MAX - 1},
	    {"18446744073709551616", UINT64_MAX, REFUSED},
	    {"99999999999999999999999", UINT64_MAX, REFUSED},
	    {"", 9, REFUSED},
	    {"-1", 9, REFUSED},
	    {"+1", 9, REFUSED},
	    {" 1", 9, REFUSED},
	    {"1 ", 9, REFUSED},
	    {"0x1", 99, REFUSED},
	    {"1e1", 99, REFUSED},
	    {"\xD9\xA1", 9, REFUSED},
	};

	(void)state;
	check_numbers(numbers, COUNT(numbers), text_to_u64);
}

static void
durations_say_their_unit(void **state)
{
	static const struct number durations[] = {
	    {"250ms", 1000, 250},
	    {"3s", 3000, 3000},
	    {"5m", UINT32_MAX, 300000},
	    {"2h", UINT32_MAX, 7200000},
	    {"7d", UINT32_MAX, 604800000},
	    {"7D", UINT32_MAX, 604800000},
	    {"0", 10, 0},
	    {"0s", 10, 0},
	    {"5", 10, REFUSED},
	    {"00", 10, REFUSED},
	    {"3s", 2999, REFUSED},
	    {"1y", UINT32_MAX, REFUSED},
	    {"s", 10, REFUSED},
	    {"", 10, REFUSED},
	    {"1 s", 5000, REFUSED},
	    {"1.5s", 5000, REFUSED},
	    {"1m30s", UINT32_MAX, REFUSED},
	    {"-1s", 5000, REFUSED},
	    {"213503982335d", UINT64_MAX, REFUSED},
	};

	(void)state;
	check_numbers(durations, COUNT(durations), text_to_duration);
}

static void
sizes_are_powers_of_1024(void **state)
{
	static const struct number sizes[] = {
	    {"512", 1024, 512},
	    {"16k", UINT32_MAX, 16384},
	    {"16K", UINT32_MAX, 16384},
	    {"4m", UINT32_MAX, 4194304},
	    {"1g", UINT32_MAX, 1073741824},
	    {"0", 10, 0},
	    {"0k", 10, 0},
	    {"1025", 1024, REFUSED},
	    {"2k", 2047, REFUSED},
	    {"1t", UINT64_MAX, REFUSED},
	    {"1kb", UINT32_MAX, REFUSED},
	    {"k", UINT32_MAX, REFUSED},
	    {"", 10, REFUSED},
	    {"17179869184g", UINT64_MAX, REFUSED},
	};

	(void)state;
	check_numbers(sizes, COUNT(sizes), text_to_size);
}

static void
a_unit_is_written_where_it_loses_nothing(void **state)
{
	static const struct {
		uint64_t n;
		const char *duration, *size;
	} cases[] = {
	    {0, "0", "0"},
	    {1, "1ms", "1"},
	    {1000, "1s", "1000"},
	    {1024, "1024ms", "1k"},
	    {1536, "1536ms", "1536"},
	    {90000, "90s", "90000"},
	    {60000, "1m", "60000"},
	    {7200000, "2h", "7200000"},
	    {86400000, "1d", "84375k"},
	    {3221225472, "3221225472ms", "3g"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = buf_with_cap(64);
		uint64_t again;

		assert_true(text_put_duration(&b, cases[i].n));
		assert_true(span_equal(buf_span(&b), span_str(cases[i].duration)));
		assert_true(text_to_duration(buf_span(&b), UINT64_MAX, &again));
		assert_int_equal(again, cases[i].n);
		buf_taken(&b, buf_len(&b));
		assert_true(text_put_size(&b, cases[i].n));
		assert_true(span_equal(buf_span(&b), span_str(cases[i].size)));
		assert_true(text_to_size(buf_span(&b), UINT64_MAX, &again));
		assert_int_equal(again, cases[i].n);
		buf_free(&b);
	}
}

static void
distance_counts_slips_of_the_hand(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
	    {"", "", 0},
	    {"listen", "listen", 0},
	    {"listen", "LISTEN", 0},
	    {"listen", "lisen", 1},
	    {"listen", "listten", 1},
	    {"listen", "lusten", 1},
	    {"listen", "lsiten", 1},
	    {"listen", "", 6},
	    {"certificate", "certifcat", 2},
	    {"abcdefghijklmnopqrstuvwxyzabcdef", "abcdefghijklmnopqrstuvwxyzabcdef", 0},
	    {"abcdefghijklmnopqrstuvwxyzabcdefg", "abcdefghijklmnopqrstuvwxyzabcdefg", 99},
	    {"a", "abcdefghijklmnopqrstuvwxyzabcdefg", 99},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span a = span_str(cases[i].a), b = span_str(cases[i].b);

		if (text_distance(a, b) != cases[i].distance ||
		    text_distance(b, a) != cases[i].distance)
			fail_msg("%s and %s: %u", cases[i].a, cases[i].b, text_distance(a, b));
	}
}

static void
check_escaped(struct span s, size_t max, bool json, const char *shown)
{
	struct buf b = buf_with_cap(4096);

	assert_true(text_put_escaped(&b, s, max, json));
	if (!span_equal(buf_span(&b), span_str(shown)))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)buf_len(&b), buf_span(&b).p, shown);
	buf_free(&b);
}

static void
a_peers_bytes_cannot_leave_their_quotes(void **state)
{
	(void)state;
	check_escaped(SPAN_OF("GET /"), 99, false, "GET /");
	check_escaped(SPAN_OF("a\"b\\c"), 99, false, "a\\x22b\\x5Cc");
	check_escaped(SPAN_OF("a\"b\\c"), 99, true, "a\\u0022b\\u005cc");
	check_escaped(SPAN_OF("\r\n\0\x1B[31m\x7F"), 99, false, "\\x0D\\x0A\\x00\\x1B[31m\\x7F");
	check_escaped(SPAN_OF("\xC3\xBC\xFF"), 99, false, "\\xC3\\xBC\\xFF");
	check_escaped(SPAN_OF("\n\xFF"), 99, true, "\\u000a\\u00ff");
	check_escaped(SPAN_NONE, 99, false, "");
}

static void
every_byte_becomes_printable_ascii(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		struct buf b = buf_with_cap(16);
		uint8_t c = (uint8_t)i;

		assert_true(text_put_escaped(&b, span_of(&c, 1), 1, i >= 256));
		for (size_t j = 0; j < buf_len(&b); j++)
			assert_in_range(buf_span(&b).p[j], 0x20, 0x7E);
		assert_true(buf_len(&b) == 1 || buf_span(&b).p[0] == '\\');
		assert_int_equal(span_find(buf_span(&b), '"'), buf_len(&b));
		buf_free(&b);
	}
}

static void
only_so_much_of_it_is_shown(void **state)
{
	struct buf b = buf_with_cap(8);

	(void)state;
	check_escaped(SPAN_OF("abcd"), 4, false, "abcd");
	check_escaped(SPAN_OF("abcde"), 4, false, "abcd...");
	check_escaped(SPAN_OF("\n\n\n"), 1, false, "\\x0A...");
	check_escaped(SPAN_OF("a"), 0, false, "...");
	assert_false(text_put_escaped(&b, SPAN_OF("\n\n\n"), 99, false));
	assert_false(text_put_escaped(&b, SPAN_OF("123456789"), 99, false));
	buf_free(&b);
}

static void
sixteen_digits_are_hexadecimal_in_either_case(void **state)
{
	static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	unsigned count = 0;

	(void)state;
	for (int c = 0; c < 256; c++)
		count += text_hex_digit((uint8_t)c) >= 0;
	assert_int_equal(count, 22);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(text_hex_digit((uint8_t)digits[i]), i);
		assert_int_equal(text_hex_digit((uint8_t)upper[i]), i);
	}
}

static void
tokens_hold_what_rfc_9110_allows(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		bool allowed =
		    c != 0 && c < 0x80 && (isalnum((int)c) || strchr("!#$%&'*+-.^_`|~", (int)c));

		assert_int_equal(text_is_token(span_of(&byte, 1)), allowed);
		if (allowed)
			assert_int_equal(text_token_lower[c], tolower((int)c));
	}
	assert_false(text_is_token(SPAN_NONE));
	assert_false(text_is_token(SPAN_OF("a b")));
}

static void
only_capitals_of_ascii_are_lowered(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++)
		assert_int_equal(text_lower((uint8_t)c), c < 0x80 ? tolower((int)c) : (int)c);
}

static void
texts_that_are_not_there_are_equal_to_each_other_alone(void **state)
{
	const char copy[] = "a";

	(void)state;
	assert_true(text_equal(NULL, NULL));
	assert_true(text_equal("a", copy));
	assert_false(text_equal("a", "b"));
	assert_false(text_equal("", NULL));
	assert_false(text_equal(NULL, ""));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_digits_alone),
	    cmocka_unit_test(durations_say_their_unit),
	    cmocka_unit_test(sizes_are_powers_of_1024),
	    cmocka_unit_test(a_unit_is_written_where_it_loses_nothing),
	    cmocka_unit_test(distance_counts_slips_of_the_hand),
	    cmocka_unit_test(a_peers_bytes_cannot_leave_their_quotes),
	    cmocka_unit_test(every_byte_becomes_printable_ascii),
	    cmocka_unit_test(only_so_much_of_it_is_shown),
	    cmocka_unit_test(sixteen_digits_are_hexadecimal_in_either_case),
	    cmocka_unit_test(tokens_hold_what_rfc_9110_allows),
	    cmocka_unit_test(only_capitals_of_ascii_are_lowered),
	    cmocka_unit_test(texts_that_are_not_there_are_equal_to_each_other_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
