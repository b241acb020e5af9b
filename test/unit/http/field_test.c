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

/* RFC 9110 §6.5.1. */
static void
only_what_changes_nothing_may_trail(void **state)
{
	static const char *const may[] = {"grpc-status", "etag", "server-timing", "x-sum",
					  "digest",      "ifx",  "hosts"};
	static const char *const may_not[] = {"content-length",
					      "transfer-encoding",
					      "host",
					      "trailer",
					      "te",
					      "connection",
					      "cookie",
					      "set-cookie",
					      "authorization",
					      "if-match",
					      "if-none-match",
					      "x-forwarded-for",
					      "forwarded",
					      "proxy-connection",
					      "content-type",
					      ":path",
					      "upgrade",
					      "cache-control"};

	(void)state;
	for (size_t i = 0; i < COUNT(may); i++)
		if (!field_may_trail(span_str(may[i])))
			fail_msg("%s", may[i]);
	for (size_t i = 0; i < COUNT(may_not); i++)
		if (field_may_trail(span_str(may_not[i])))
			fail_msg("%s", may_not[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_hold_what_rfc_9110_allows),
	    cmocka_unit_test(lists_are_walked_past_empty_elements),
	    cmocka_unit_test(values_are_trimmed_of_spaces_and_tabs_only),
	    cmocka_unit_test(only_what_changes_nothing_may_trail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
