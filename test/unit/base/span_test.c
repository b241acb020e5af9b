#include "unit.h"

#include "base/span.h"

static const uint8_t bytes[] = {0x01, 0x02, 0xA3, 0xF4, 0x05};

static struct cursor
cursor_on(size_t len)
{
	return cursor_of(span_of(bytes, len));
}

static void
integers_are_big_endian(void **state)
{
	struct cursor c = cursor_on(4), d = cursor_on(3), e = cursor_on(2), f = cursor_on(1);
	uint32_t be32, be24;
	uint16_t be16;
	uint8_t u8;

	(void)state;
	assert_true(cursor_be32(&c, &be32));
	assert_int_equal(be32, 0x0102A3F4);
	assert_true(cursor_be24(&d, &be24));
	assert_int_equal(be24, 0x0102A3);
	assert_true(cursor_be16(&e, &be16));
	assert_int_equal(be16, 0x0102);
	assert_true(cursor_u8(&f, &u8));
	assert_int_equal(u8, 0x01);
	assert_int_equal(cursor_left(&c) + cursor_left(&d) + cursor_left(&e) + cursor_left(&f), 0);
}

static void
the_highest_bit_is_no_sign(void **state)
{
	static const uint8_t high[] = {0xFF, 0xFE, 0xFD, 0xFC};
	struct cursor c = cursor_of(span_of(high, 4)), d = c;
	uint32_t n;

	(void)state;
	assert_true(cursor_be32(&c, &n));
	assert_true(n == 0xFFFEFDFCu);
	assert_true(cursor_be24(&d, &n));
	assert_true(n == 0xFFFEFDu);
}

/* Each way to read, on every length that is too short for it. */
static void
a_read_that_fails_moves_nothing(void **state)
{
	struct span out = SPAN_OF("untouched");
	uint32_t be32 = 77;
	uint16_t be16 = 77;
	uint8_t u8 = 77;

	(void)state;
	for (size_t len = 0; len < 4; len++) {
		struct cursor c = cursor_on(len);

		assert_false(cursor_be32(&c, &be32));
		assert_false(cursor_span(&c, len + 1, &out));
		assert_false(cursor_skip(&c, len + 1));
		assert_false(cursor_span(&c, SIZE_MAX, &out));
		assert_true(len >= 3 || !cursor_be24(&c, &be32));
		assert_true(len >= 2 || !cursor_be16(&c, &be16));
		assert_true(len >= 1 || !cursor_u8(&c, &u8));
		assert_int_equal(cursor_left(&c), len);
	}
	assert_int_equal(be32 + be16 + u8, 3 * 77);
	assert_true(span_equal(out, SPAN_OF("untouched")));
}

static void
a_vector_is_read_whole_or_not_at_all(void **state)
{
	struct span vec8 = SPAN_OF("\x03"
				   "abcd"),
		    vec16 = SPAN_OF("\x00\x03"
				    "abcd"),
		    out = SPAN_NONE;

	(void)state;
	for (size_t len = 0; len <= vec8.len; len++) {
		struct cursor c = cursor_of(span_head(vec8, len));

		assert_int_equal(cursor_vec8(&c, &out), len >= 4);
		assert_int_equal(cursor_left(&c), len >= 4 ? len - 4 : len);
	}
	assert_true(span_equal(out, SPAN_OF("abc")));
	out = SPAN_NONE;
	for (size_t len = 0; len <= vec16.len; len++) {
		struct cursor c = cursor_of(span_head(vec16, len));

		assert_int_equal(cursor_vec16(&c, &out), len >= 5);
		assert_int_equal(cursor_left(&c), len >= 5 ? len - 5 : len);
	}
	assert_true(span_equal(out, SPAN_OF("abc")));
}

static void
an_empty_vector_is_a_vector(void **state)
{
	struct cursor c = cursor_of(SPAN_OF("\0\0\0"));
	struct span out = SPAN_OF("x");

	(void)state;
	assert_true(cursor_vec8(&c, &out));
	assert_int_equal(out.len, 0);
	assert_true(cursor_vec16(&c, &out));
	assert_int_equal(out.len, 0);
	assert_int_equal(cursor_left(&c), 0);
}

static void
nothing_can_be_read_from_nothing(void **state)
{
	struct cursor c = cursor_of(SPAN_NONE);
	struct span out;
	uint8_t u8;

	(void)state;
	assert_int_equal(cursor_left(&c), 0);
	assert_false(cursor_u8(&c, &u8));
	assert_false(cursor_vec8(&c, &out));
	assert_false(cursor_skip(&c, 1));
}

static void
head_and_tail_stay_inside(void **state)
{
	struct span s = SPAN_OF("abc");

	(void)state;
	for (size_t n = 0; n <= 3; n++) {
		assert_int_equal(span_head(s, n).len, n);
		assert_int_equal(span_tail(s, n).len, 3 - n);
	}
	assert_int_equal(span_head(s, SIZE_MAX).len, 3);
	assert_int_equal(span_tail(s, SIZE_MAX).len, 0);
	assert_true(span_equal(span_tail(s, 1), SPAN_OF("bc")));
	assert_int_equal(span_tail(SPAN_NONE, 0).len, 0);
	assert_int_equal(span_head(SPAN_NONE, 1).len, 0);
}

static void
equal_means_every_byte(void **state)
{
	(void)state;
	assert_true(span_equal(SPAN_OF("a\0b"), SPAN_OF("a\0b")));
	assert_false(span_equal(SPAN_OF("a\0b"), SPAN_OF("a\0c")));
	assert_false(span_equal(SPAN_OF("ab"), SPAN_OF("a")));
	assert_true(span_equal(SPAN_NONE, SPAN_OF("")));
	assert_true(span_starts_with(SPAN_OF("abc"), SPAN_OF("ab")));
	assert_true(span_starts_with(SPAN_OF("abc"), SPAN_NONE));
	assert_false(span_starts_with(SPAN_OF("a"), SPAN_OF("ab")));
	assert_false(span_starts_with(SPAN_OF("xbc"), SPAN_OF("ab")));
}

/* ASCII's letters only: '@' and '`', '[' and '{' differ by the same bit. */
static void
case_is_a_matter_of_letters(void **state)
{
	(void)state;
	assert_true(span_equal_nocase(SPAN_OF("Example.ORG"), SPAN_OF("eXAMPLE.org")));
	assert_true(span_equal_nocase(SPAN_OF("AZaz"), SPAN_OF("azAZ")));
	assert_false(span_equal_nocase(SPAN_OF("@"), SPAN_OF("`")));
	assert_false(span_equal_nocase(SPAN_OF("["), SPAN_OF("{")));
	assert_false(span_equal_nocase(SPAN_OF("\xC4"), SPAN_OF("\xE4")));
	assert_false(span_equal_nocase(SPAN_OF("a"), SPAN_OF("ab")));
	assert_true(span_equal_nocase(SPAN_NONE, SPAN_NONE));
}

static void
find_says_where_or_the_length(void **state)
{
	(void)state;
	assert_int_equal(span_find(SPAN_OF("abcb"), 'b'), 1);
	assert_int_equal(span_find(SPAN_OF("a\0b"), '\0'), 1);
	assert_int_equal(span_find(SPAN_OF("abc"), '\0'), 3);
	assert_int_equal(span_find(SPAN_OF("abc"), 'x'), 3);
	assert_int_equal(span_find(SPAN_NONE, 'x'), 0);
}

static void
what_is_put_ends_where_the_next_begins(void **state)
{
	uint8_t to[8] = "........";
	uint8_t *end = span_put(span_put(span_put(to, SPAN_OF("ab")), SPAN_NONE), SPAN_OF("c"));

	(void)state;
	assert_ptr_equal(end, to + 3);
	assert_memory_equal(to, "abc.....", sizeof to);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_are_big_endian),
	    cmocka_unit_test(the_highest_bit_is_no_sign),
	    cmocka_unit_test(a_read_that_fails_moves_nothing),
	    cmocka_unit_test(a_vector_is_read_whole_or_not_at_all),
	    cmocka_unit_test(an_empty_vector_is_a_vector),
	    cmocka_unit_test(nothing_can_be_read_from_nothing),
	    cmocka_unit_test(head_and_tail_stay_inside),
	    cmocka_unit_test(equal_means_every_byte),
	    cmocka_unit_test(case_is_a_matter_of_letters),
	    cmocka_unit_test(find_says_where_or_the_length),
	    cmocka_unit_test(what_is_put_ends_where_the_next_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
