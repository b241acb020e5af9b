#include "unit.h"

#include <ctype.h>

#include "http/field.h"

static void
tokens_hold_what_rfc_9110_allows(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		bool allowed =
		    c != 0 && c < 0x80 && (isalnum((int)c) || strchr("!#$%&'*+-.^_`|~", (int)c));

		assert_int_equal(field_is_token(span_of(&byte, 1)), allowed);
		if (allowed)
			assert_int_equal(field_token_lower[c], tolower((int)c));
	}
	assert_false(field_is_token(SPAN_NONE));
	assert_false(field_is_token(SPAN_OF("a b")));
}

static void
lists_are_walked_past_empty_elements(void **state)
{
	struct span list = SPAN_OF(" ,a,, b c\t,,"), element;

	(void)state;
	assert_true(field_list_next(&list, &element));
	assert_true(span_equal(element, SPAN_OF("a")));
	assert_true(field_list_next(&list, &element));
	assert_true(span_equal(element, SPAN_OF("b c")));
	assert_false(field_list_next(&list, &element));
}

static void
values_are_trimmed_of_spaces_and_tabs_only(void **state)
{
	(void)state;
	assert_true(span_equal(field_trim(SPAN_OF(" \t a\tb \t")), SPAN_OF("a\tb")));
	assert_int_equal(field_trim(SPAN_OF(" \t ")).len, 0);
	assert_int_equal(field_trim(SPAN_NONE).len, 0);
	assert_int_equal(field_trim(SPAN_OF("\v")).len, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_hold_what_rfc_9110_allows),
	    cmocka_unit_test(lists_are_walked_past_empty_elements),
	    cmocka_unit_test(values_are_trimmed_of_spaces_and_tabs_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
