#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "sample.h"

static struct arena *memory;

static int
begin(void **state)
{
	(void)state;
	memory = arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(memory);
	return 0;
}

static struct outcome
read_as(enum shape_use use, const char *text, struct sample *into)
{
	return shape_read(&sample_shape, use, span_str(text), memory, into, NULL);
}

static const struct sample as_it_was = {
    .id = 7,
    .name = "was",
    .comment = "old",
    .kind = "k",
    .count = 3,
    .expires = 5,
    .colour = SAMPLE_BLUE,
    .limits = {.devices_max = 4, .totp_required = 1},
};

static void
every_kind_is_read(void **state)
{
	struct sample s = as_it_was;
	uint64_t given;

	(void)state;
	const char *text =
	    "{\"name\":\"b\\u00e4r\",\"comment\":null,\"password\":\"secret99\",\"kind\":\"x\","
	    "\"addresses\":[\"a\",\"b\"],\"enabled\":true,\"count\":-5,"
	    "\"any\":-9223372036854775808,\"expires\":\"2026-11-21T16:52:30Z\","
	    "\"colour\":\"green\",\"hue\":null,"
	    "\"limits\":{\"devices_max\":null,\"totp_required\":false,\"dns\":[]},"
	    "\"ports\":[{\"number\":443,\"name\":\"https\"},{\"number\":22,\"weight\":9}]}";
	struct outcome o =
	    shape_read(&sample_shape, SHAPE_CREATE, span_str(text), memory, &s, &given);
	assert_string_equal(o.text, "");
	assert_string_equal(s.name, "b\xC3\xA4r");
	assert_null(s.comment);
	assert_string_equal(s.password, "secret99");
	assert_string_equal(s.addresses[1], "b");
	assert_null(s.addresses[2]);
	assert_true(s.enabled);
	assert_true(s.count == -5 && s.any == INT64_MIN && s.expires == 1795279950000);
	assert_true(s.colour == SAMPLE_GREEN && s.hue == SHAPE_UNSET);
	assert_true(s.limits.devices_max == SHAPE_UNSET && s.limits.totp_required == 0);
	assert_null(s.limits.dns[0]);
	assert_int_equal(s.port_count, 2);
	assert_string_equal(s.ports[0].name, "https");
	assert_true(s.ports[0].weight == SHAPE_UNSET && s.ports[1].weight == 9);
	assert_int_equal(given, 0x7BFE);
}

static void
what_is_not_said_stays(void **state)
{
	struct sample s = as_it_was;
	uint64_t given = 1;

	(void)state;
	struct outcome o =
	    shape_read(&sample_shape, SHAPE_CHANGE, SPAN_OF(" {\"limits\":{\"devices_max\":9}}\n"),
		       memory, &s, &given);
	assert_false(refused(o));
	assert_true(s.limits.devices_max == 9 && s.limits.totp_required == 1 && s.count == 3);
	assert_string_equal(s.name, "was");
	assert_int_equal(given, 1 << 13);
	assert_false(refused(read_as(SHAPE_CHANGE, "{}", &s)));
	assert_string_equal(s.name, "was");
}

struct refusal {
	const char *text, *field, *says;
};

/* Nothing is changed by what is refused, wherever in it the fault is. */
static void
assert_refused(enum shape_use use, const struct refusal *r)
{
	struct sample s = as_it_was;
	uint64_t given = 99;
	struct outcome o = shape_read(&sample_shape, use, span_str(r->text), memory, &s, &given);

	if (o.kind != OUTCOME_INVALID)
		fail_msg("%s is taken", r->text);
	if (strcmp(o.field, r->field) != 0 || strstr(o.text, r->says) == NULL)
		fail_msg("%s: \"%s\" of \"%s\"", r->text, o.text, o.field);
	assert_memory_equal(&s, &as_it_was, sizeof s);
	assert_int_equal(given, 99);
}

static void
a_wrong_value_is_named_by_its_path(void **state)
{
	static const struct refusal refusals[] = {
	    {"{\"name\":5}", "name", "name has to be a text"},
	    {"{\"name\":null}", "name", "must not be null"},
	    {"{\"name\":\"\"}", "name", "must not be empty"},
	    {"{\"name\":\"12345678901234567\"}", "name", "at most 16 bytes"},
	    {"{\"name\":\"a b\"}", "name", "name must not have spaces"},
	    {"{\"name\":[\"a\"]}", "name", "has to be a text"},
	    {"{\"name\":\"ok\",\"password\":\"short\"}", "password", "at least 8 bytes"},
	    {"{\"addresses\":\"a\"}", "addresses", "list of texts"},
	    {"{\"addresses\":null}", "addresses", "must not be null"},
	    {"{\"addresses\":[\"a\",1]}", "addresses[1]", "has to be a text"},
	    {"{\"addresses\":[\"a\",\"b c\"]}", "addresses[1]", "must not have spaces"},
	    {"{\"addresses\":[\"a\",\"b\",\"c\"]}", "addresses", "at most 2 entries"},
	    {"{\"enabled\":1}", "enabled", "true or false"},
	    {"{\"enabled\":\"true\"}", "enabled", "true or false"},
	    {"{\"enabled\":null}", "enabled", "must not be null"},
	    {"{\"count\":11}", "count", "a whole number from -5 to 10"},
	    {"{\"count\":-6}", "count", "a whole number from -5 to 10"},
	    {"{\"count\":1.0}", "count", "a whole number"},
	    {"{\"count\":1e0}", "count", "a whole number"},
	    {"{\"count\":\"1\"}", "count", "a whole number"},
	    {"{\"any\":true}", "any", "a whole number"},
	    {"{\"expires\":5}", "expires", "a time like"},
	    {"{\"expires\":\"tomorrow\"}", "expires", "a time like"},
	    {"{\"expires\":\"1970-01-01T00:00:00Z\"}", "expires", "a time like"},
	    {"{\"colour\":\"pink\"}", "colour", "one of \"red\", \"green\", \"blue\""},
	    {"{\"colour\":0}", "colour", "one of"},
	    {"{\"colour\":null}", "colour", "must not be null"},
	    {"{\"limits\":[]}", "limits", "an object"},
	    {"{\"limits\":null}", "limits", "must not be null"},
	    {"{\"limits\":{\"devices_max\":1001}}", "limits.devices_max",
	     "limits.devices_max has to be a whole number from 0 to 1000"},
	    {"{\"limits\":{\"totp_required\":\"yes\"}}", "limits.totp_required", "true or false"},
	    {"{\"limits\":{\"dns\":[null]}}", "limits.dns[0]", "has to be a text"},
	    {"{\"ports\":{}}", "ports", "a list"},
	    {"{\"ports\":[{\"number\":1},{\"number\":0}]}", "ports[1].number", "from 1 to 65535"},
	    {"{\"ports\":[1]}", "ports[0]", "an object"},
	    {"{\"ports\":[{}]}", "ports[0].number", "is missing"},
	    {"{\"ports\":[{\"number\":1},{\"number\":1},{\"number\":1},{\"number\":1}]}", "ports",
	     "at most 3 entries"},
	    {"[]", "", "an object"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		assert_refused(SHAPE_CHANGE, &refusals[i]);
}

static void
an_unknown_field_is_refused_with_the_nearest(void **state)
{
	static const struct refusal refusals[] = {
	    {"{\"nmae\":\"a\"}", "nmae", "did you mean \"name\"?"},
	    {"{\"limits\":{\"devices\":1}}", "limits.devices", "leave it out"},
	    {"{\"id\":7}", "id", "no field that can be set"},
	    {"{\"load\":0.5}", "load", "no field that can be set"},
	    {"{\"raw\":{}}", "raw", "no field that can be set"},
	    {"{\"<b>\\n\xC3\xA4\":1}", "<b>???", "leave it out"},
	    {"{\"\":1}", "", "leave it out"},
	    {"{\"__proto__\":{}}", "__proto__", "leave it out"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		assert_refused(SHAPE_CHANGE, &refusals[i]);
}

static void
a_new_thing_needs_what_is_required_and_a_change_may_not_touch_what_is_fixed(void **state)
{
	static const struct refusal missing = {"{\"count\":1}", "name", "name is missing"};
	static const struct refusal fixed = {"{\"kind\":\"y\"}", "kind", "cannot be changed"};
	struct sample s = as_it_was;

	(void)state;
	assert_refused(SHAPE_CREATE, &missing);
	assert_refused(SHAPE_CHANGE, &fixed);
	assert_false(refused(read_as(SHAPE_CREATE, "{\"name\":\"n\",\"kind\":\"y\"}", &s)));
	assert_string_equal(s.kind, "y");
}

static void
what_is_not_json_is_refused(void **state)
{
	static const struct refusal refusals[] = {
	    {"", "", "has no body"},
	    {"{", "", "ends too early"},
	    {"{\"name\":\"a\"", "", "ends too early"},
	    {"{\"name\":\"a\"}{}", "", "after its end"},
	    {"{\"name\":\"a\",}", "", "not JSON (line 1"},
	    {"{name:\"a\"}", "", "not JSON"},
	    {"{'name':'a'}", "", "not JSON"},
	    {"\"name\"", "", "not JSON"},
	    {"nul", "", "not JSON"},
	    {"{\"count\":01}", "", "not JSON"},
	    {"{\"count\":0x1}", "", "not JSON"},
	    {"{\"count\":NaN}", "", "not JSON"},
	    {"{\"count\":99999999999999999999}", "", "too large"},
	    {"{\"count\":-9223372036854775809}", "", "too large"},
	    {"{\"count\":1e999}", "", "too large"},
	    {"{\"name\":\"a\xFF\"}", "", "not in UTF-8"},
	    {"{\"name\":\"\xC0\x80\"}", "", "not in UTF-8"},
	    {"{\"name\":\"\xED\xA0\x80\"}", "", "not in UTF-8"},
	    {"{\"name\":\"\\ud800\"}", "", "not JSON"},
	    {"{\"name\":\"a\\u0000b\"}", "", "\\u0000"},
	    {"{\"na\\u0000me\":\"a\"}", "", "\\u0000"},
	    {"{\"name\":\"a\nb\"}", "", "not JSON"},
	    {"\xEF\xBB\xBF{}", "", "not JSON"},
	    {"{/**/}", "", "not JSON"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		assert_refused(SHAPE_CHANGE, &refusals[i]);
}

static void
a_name_that_stands_twice_is_told(void **state)
{
	static const struct refusal refusals[] = {
	    {"{\"count\":1,\"count\":2}", "count", "count stands there twice"},
	    {"{\"count\":1, \"\\u0063ount\" : 2}", "\\u0063ount", "twice"},
	    {"{\"limits\":{\"dns\":[],\"dns\":[]}}", "dns", "twice"},
	    {"{\"x\":1,\"x\":2}", "x", "twice"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		assert_refused(SHAPE_CHANGE, &refusals[i]);
}

/* An error is for whoever asked, and goes to logs: it has nothing of what a field held. */
static void
a_complaint_has_nothing_of_a_secret(void **state)
{
	static const char *const texts[] = {
	    "{\"password\":\"hunter2hunter2", "{\"password\":hunter2}",
	    "{\"password\":[\"hunter2\"]}", "{\"password\":\"hunter2\"}",
	    "{\"password\":\"hunter2\\u0000\"}"};
	struct sample s = as_it_was;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct outcome o = read_as(SHAPE_CHANGE, texts[i], &s);

		assert_int_equal(o.kind, OUTCOME_INVALID);
		assert_null(strstr(o.text, "hunter"));
	}
}

static void
depth_has_a_limit_and_brackets_in_texts_have_none(void **state)
{
	struct sample s = as_it_was;
	char text[4096];

	(void)state;
	memset(text, '[', 2000);
	text[2000] = '\0';
	struct outcome o = read_as(SHAPE_CHANGE, text, &s);
	assert_non_null(strstr(o.text, "nested more than 16"));
	assert_false(refused(
	    read_as(SHAPE_CHANGE, "{\"comment\":\"[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[\\\\\"}", &s)));
}

static void
a_fault_deep_down_names_as_much_of_its_path_as_fits(void **state)
{
	struct sample s = as_it_was;
	char text[200];

	(void)state;
	snprintf(text, sizeof text, "{\"limits\":{\"%0150d\":1}}", 1);
	struct outcome o = read_as(SHAPE_CHANGE, text, &s);
	assert_int_equal(strlen(o.field), strlen("limits.") + 39);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_kind_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_not_said_stays, begin, end),
	    cmocka_unit_test_setup_teardown(a_wrong_value_is_named_by_its_path, begin, end),
	    cmocka_unit_test_setup_teardown(an_unknown_field_is_refused_with_the_nearest, begin,
					    end),
	    cmocka_unit_test_setup_teardown(
		a_new_thing_needs_what_is_required_and_a_change_may_not_touch_what_is_fixed, begin,
		end),
	    cmocka_unit_test_setup_teardown(what_is_not_json_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(a_name_that_stands_twice_is_told, begin, end),
	    cmocka_unit_test_setup_teardown(a_complaint_has_nothing_of_a_secret, begin, end),
	    cmocka_unit_test_setup_teardown(depth_has_a_limit_and_brackets_in_texts_have_none,
					    begin, end),
	    cmocka_unit_test_setup_teardown(a_fault_deep_down_names_as_much_of_its_path_as_fits,
					    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
