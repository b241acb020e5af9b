#include "unit.h"

#include <jansson.h>

#include "sample.h"

#define TO(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

static json_t *
schema_of_shape(const struct shape *s, enum shape_side side)
{
	struct buf out = buf_with_cap(16384);
	json_error_t e;

	assert_true(shape_write_schema(s, side, &out));
	json_t *schema =
	    json_loadb((const char *)buf_span(&out).p, buf_len(&out), JSON_REJECT_DUPLICATES, &e);
	if (schema == NULL)
		fail_msg("%s at %d", e.text, e.position);
	buf_free(&out);
	return schema;
}

static json_t *
schema_of(enum shape_side side)
{
	return schema_of_shape(&sample_shape, side);
}

static const char *
text_of(json_t *schema, const char *member)
{
	static char text[1024];
	json_t *of = json_object_get(json_object_get(schema, "properties"), member);

	if (of == NULL)
		return NULL;
	size_t n = json_dumpb(of, text, sizeof text - 1, JSON_COMPACT | JSON_ENCODE_ANY);
	text[n < sizeof text ? n : 0] = '\0';
	return text;
}

static void
a_request_has_ranges_and_what_must_be_there(void **state)
{
	json_t *schema = schema_of(SHAPE_OF_CREATE);

	(void)state;
	assert_string_equal(text_of(schema, "name"),
			    "{\"type\":\"string\",\"minLength\":1,\"maxLength\":16,"
			    "\"description\":\"Its \\\"name\\\".\"}");
	assert_string_equal(text_of(schema, "count"), "{\"type\":\"integer\",\"minimum\":-5,"
						      "\"maximum\":10,\"format\":\"int64\"}");
	assert_string_equal(text_of(schema, "any"), "{\"type\":\"integer\",\"format\":\"int64\"}");
	assert_string_equal(text_of(schema, "hue"), "{\"type\":[\"string\",\"null\"],"
						    "\"enum\":[\"red\",\"green\",\"blue\",null]}");
	assert_string_equal(text_of(schema, "expires"),
			    "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}");
	assert_string_equal(text_of(schema, "addresses"),
			    "{\"type\":\"array\",\"maxItems\":2,"
			    "\"items\":{\"type\":\"string\",\"format\":\"ipv4\"}}");
	assert_string_equal(text_of(schema, "limits"), TO("LimitsCreate"));
	assert_string_equal(text_of(schema, "ports"),
			    "{\"type\":\"array\",\"maxItems\":3,\"items\":" TO("PortCreate") "}");
	assert_non_null(text_of(schema, "password"));
	assert_non_null(text_of(schema, "kind"));
	assert_null(text_of(schema, "id"));
	assert_null(text_of(schema, "raw"));
	assert_int_equal(json_array_size(json_object_get(schema, "required")), 1);
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	json_decref(schema);
}

static void
a_change_needs_nothing_and_has_nothing_fixed(void **state)
{
	json_t *schema = schema_of(SHAPE_OF_CHANGE);

	(void)state;
	assert_null(json_object_get(schema, "required"));
	assert_null(text_of(schema, "kind"));
	assert_null(text_of(schema, "load"));
	assert_non_null(text_of(schema, "password"));
	assert_string_equal(text_of(schema, "limits"), TO("LimitsChange"));
	assert_non_null(strstr(text_of(schema, "ports"), TO("PortCreate")));
	json_decref(schema);
}

static void
an_answer_has_every_member_but_secrets(void **state)
{
	json_t *schema = schema_of(SHAPE_OF_ANSWER);

	(void)state;
	assert_null(text_of(schema, "password"));
	assert_string_equal(text_of(schema, "id"), "{\"type\":\"integer\",\"format\":\"int64\","
						   "\"description\":\"Its number.\"}");
	assert_string_equal(text_of(schema, "name"), "{\"type\":\"string\",\"description\":"
						     "\"Its \\\"name\\\".\"}");
	assert_string_equal(text_of(schema, "kind"), "{\"type\":[\"string\",\"null\"]}");
	assert_string_equal(text_of(schema, "load"), "{\"type\":\"number\"}");
	assert_string_equal(text_of(schema, "raw"), "true");
	assert_int_equal(json_array_size(json_object_get(schema, "required")),
			 sample_shape.count - 1);
	json_decref(schema);
}

static void
what_may_be_unset_may_be_null(void **state)
{
	json_t *limits = schema_of_shape(&sample_limits_shape, SHAPE_OF_CREATE);

	(void)state;
	assert_string_equal(text_of(limits, "totp_required"), "{\"type\":[\"boolean\",\"null\"]}");
	json_decref(limits);
}

static void
a_schema_is_called_what_is_referred_to(void **state)
{
	static const char *const names[] = {[SHAPE_OF_CREATE] = "PortCreate",
					    [SHAPE_OF_CHANGE] = "PortChange",
					    [SHAPE_OF_ANSWER] = "Port"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf name = buf_with_cap(64), reference = buf_with_cap(64);
		char text[64];

		assert_true(shape_write_name(&sample_port_shape, i, &name));
		assert_true(shape_write_reference(&sample_port_shape, i, &reference));
		snprintf(text, sizeof text, "\"%s\"", names[i]);
		assert_true(span_equal(buf_span(&name), span_str(text)));
		snprintf(text, sizeof text, "\"$ref\":\"%s%s\"", SHAPE_SCHEMAS, names[i]);
		assert_true(span_equal(buf_span(&reference), span_str(text)));
		buf_free(&name);
		buf_free(&reference);
	}
}

static void
a_full_buffer_is_told(void **state)
{
	static const enum shape_side sides[] = {SHAPE_OF_CREATE, SHAPE_OF_CHANGE, SHAPE_OF_ANSWER};

	(void)state;
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct buf whole = buf_with_cap(16384);

		assert_true(shape_write_schema(&sample_shape, sides[i], &whole));
		for (size_t cap = 0; cap < buf_len(&whole); cap++) {
			struct buf out = buf_with_cap(cap);

			assert_false(shape_write_schema(&sample_shape, sides[i], &out));
			buf_free(&out);
		}
		buf_free(&whole);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_has_ranges_and_what_must_be_there),
	    cmocka_unit_test(a_change_needs_nothing_and_has_nothing_fixed),
	    cmocka_unit_test(an_answer_has_every_member_but_secrets),
	    cmocka_unit_test(what_may_be_unset_may_be_null),
	    cmocka_unit_test(a_schema_is_called_what_is_referred_to),
	    cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
