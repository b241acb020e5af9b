#include "unit.h"

#include "http/field.h"

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

static void
elements_count_in_any_case_and_with_parameters(void **state)
{
	struct span list = SPAN_OF("gzip;q=0.5, Trailers ,deflate");

	(void)state;
	assert_true(field_list_has(list, SPAN_OF("gzip")));
	assert_true(field_list_has(list, SPAN_OF("trailers")));
	assert_false(field_list_has(list, SPAN_OF("trailer")));
	assert_false(field_list_has(list, SPAN_OF("q=0.5")));
	assert_false(field_list_has(SPAN_NONE, SPAN_OF("gzip")));
}

static void
fields_are_found_dropped_and_copied_by_name(void **state)
{
	struct field fields[] = {{SPAN_OF("a"), SPAN_OF("1")},
				 {SPAN_OF("b"), SPAN_OF("2")},
				 {SPAN_OF("a"), SPAN_OF("3")}};
	struct arena *memory = arena_new();

	(void)state;
	assert_ptr_equal(field_find(fields, 3, SPAN_OF("a")), &fields[0].value);
	assert_null(field_find(fields, 3, SPAN_OF("c")));
	assert_null(field_find(NULL, 0, SPAN_OF("a")));
	struct field *copy = field_copy(memory, fields, 3);
	assert_int_equal(field_drop(fields, 3, SPAN_OF("a")), 1);
	assert_true(span_equal(fields[0].name, SPAN_OF("b")));
	assert_true(span_equal(copy[2].value, SPAN_OF("3")));
	assert_ptr_not_equal(copy[1].value.p, fields[0].value.p);
	arena_free(memory);
}

/* What came may be anything; what is sent must not be. */
static void
only_sound_fields_are_sent(void **state)
{
	static const struct {
		struct field field;
		bool sound;
	} samples[] = {
	    {{SPAN_INIT("x-a"), SPAN_INIT("a\tb \xC3\xA4")}, true},
	    {{SPAN_INIT("x-a"), SPAN_INIT("")}, true},
	    {{SPAN_INIT(""), SPAN_INIT("a")}, false},
	    {{SPAN_INIT("x a"), SPAN_INIT("a")}, false},
	    {{SPAN_INIT("x-a"), SPAN_INIT("a\r\nb: c")}, false},
	    {{SPAN_INIT("x-a"), SPAN_INIT("a\0b")}, false},
	    {{SPAN_INIT("x-a"), SPAN_INIT("a\x7F")}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_int_equal(field_is_sound(&samples[i].field), samples[i].sound);
}

static void
a_protocol_has_a_name_and_maybe_a_version(void **state)
{
	(void)state;
	assert_true(field_is_protocol(SPAN_OF("websocket")));
	assert_true(field_is_protocol(SPAN_OF("IRC/6.9")));
	assert_false(field_is_protocol(SPAN_NONE));
	assert_false(field_is_protocol(SPAN_OF("irc/")));
	assert_false(field_is_protocol(SPAN_OF("/6")));
	assert_false(field_is_protocol(SPAN_OF("a/b/c")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_are_walked_past_empty_elements),
	    cmocka_unit_test(values_are_trimmed_of_spaces_and_tabs_only),
	    cmocka_unit_test(only_what_changes_nothing_may_trail),
	    cmocka_unit_test(elements_count_in_any_case_and_with_parameters),
	    cmocka_unit_test(fields_are_found_dropped_and_copied_by_name),
	    cmocka_unit_test(only_sound_fields_are_sent),
	    cmocka_unit_test(a_protocol_has_a_name_and_maybe_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
