#include "base/utf8.h"

#include "unit.h"

static const struct sample {
	const char *bytes;
	size_t length; /* of the first character; 0: it is none */
} samples[] = {
    {"", 0},
    {"a", 1},
    {"\xC3\xA4", 2},
    {"\xE2\x82\xAC", 3},
    {"\xF0\x9F\x94\x91", 4},
    {"\xF4\x8F\xBF\xBF", 4},
    {"\x80", 0},             /* continues nothing */
    {"\xC0\x80", 0},         /* too long a way to write a NUL */
    {"\xC1\xBF", 0},         /* likewise */
    {"\xE0\x9F\xBF", 0},     /* likewise */
    {"\xF0\x8F\xBF\xBF", 0}, /* likewise */
    {"\xED\xA0\x80", 0},     /* a surrogate */
    {"\xF4\x90\x80\x80", 0}, /* past U+10FFFF */
    {"\xF5\x80\x80\x80", 0}, /* likewise */
    {"\xFF", 0},
    {"\xC3"
     "a",
     0},
    {"\xE2\x82"
     "a",
     0},
};

static void
a_character_is_as_long_as_its_first_byte_says_and_no_other_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		if (utf8_length(span_str(samples[i].bytes)) != samples[i].length)
			fail_msg("sample %zu: %zu instead of %zu", i,
				 utf8_length(span_str(samples[i].bytes)), samples[i].length);
}

static void
a_character_that_ends_too_early_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t n = 1; n < samples[i].length; n++)
			assert_int_equal(0, utf8_length(span_of(samples[i].bytes, n)));
}

static void
no_character_is_cut_in_two(void **state)
{
	static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 7, 7, 7, 7, 11};
	struct span text = SPAN_OF("a\xC3\xA4\xE2\x82\xAC"
				   "b\xF0\x9F\x94\x91");

	(void)state;
	for (size_t max = 0; max < COUNT(kept); max++)
		assert_int_equal(kept[max], utf8_head(text, max).len);
	assert_int_equal(text.len, utf8_head(text, 100).len);
}

static void
assert_mended(const char *from, size_t len, const char *wanted)
{
	struct arena *memory = arena_new();
	struct span got = utf8_mended(memory, span_of(from, len));

	if (!span_equal(got, span_str(wanted)))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)got.len, (const char *)got.p, wanted);
	arena_free(memory);
}

static void
what_is_no_character_is_replaced_byte_by_byte(void **state)
{
	(void)state;
	assert_mended("a\xFF"
		      "b",
		      3,
		      "a\xEF\xBF\xBD"
		      "b");
	assert_mended("\xE2\x82", 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_mended("a\0b", 3,
		      "a\xEF\xBF\xBD"
		      "b");
}

static void
a_good_text_is_not_copied(void **state)
{
	struct arena *memory = arena_new();
	struct span text = SPAN_OF("\xE2\x82\xAC 5");

	(void)state;
	assert_ptr_equal(text.p, utf8_mended(memory, text).p);
	arena_free(memory);
}

static void
a_text_is_utf8_without_a_nul(void **state)
{
	(void)state;
	assert_true(utf8_is_text(SPAN_NONE));
	assert_true(utf8_is_text(SPAN_OF("\xE2\x82\xAC 5")));
	assert_false(utf8_is_text(SPAN_OF("a\0b")));
	assert_false(utf8_is_text(SPAN_OF("5 \xE2\x82")));
	assert_false(utf8_is_text(SPAN_OF("\xFF")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_character_is_as_long_as_its_first_byte_says_and_no_other_is_one),
	    cmocka_unit_test(a_character_that_ends_too_early_is_none),
	    cmocka_unit_test(no_character_is_cut_in_two),
	    cmocka_unit_test(what_is_no_character_is_replaced_byte_by_byte),
	    cmocka_unit_test(a_good_text_is_not_copied),
	    cmocka_unit_test(a_text_is_utf8_without_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
