#include "unit.h"

#include "base/mem.h"
#include "sample.h"

static const char *dns[] = {"192.0.2.53", NULL}, *none[] = {NULL};
static struct sample_port ports[] = {{"https", 443, 1}, {NULL, 22, SHAPE_UNSET}};

static struct sample
full(void)
{
	return (struct sample){
	    .id = 7,
	    .name = "a\"\\\n\x01/\x7F",
	    .password = "hunter2",
	    .kind = "\xE2\x82\xAC",
	    .addresses = none,
	    .enabled = true,
	    .count = INT64_MIN,
	    .expires = 1795279950000,
	    .load = 0.25,
	    .colour = SAMPLE_GREEN,
	    .hue = SHAPE_UNSET,
	    .limits = {.devices_max = SHAPE_UNSET, .totp_required = 1, .dns = dns},
	    .ports = ports,
	    .port_count = 2,
	    .raw = "{\"x\":[1]}",
	};
}

static const char written[] =
    "{\"id\":7,\"name\":\"a\\\"\\\\\\n\\u0001/\\u007f\",\"comment\":null,\"kind\":\"\xE2\x82\xAC\","
    "\"addresses\":[],\"enabled\":true,\"count\":-9223372036854775808,\"any\":0,"
    "\"expires\":\"2026-11-21T16:52:30Z\",\"load\":0.25,\"colour\":\"green\",\"hue\":null,"
    "\"limits\":{\"devices_max\":null,\"totp_required\":true,\"dns\":[\"192.0.2.53\"]},"
    "\"ports\":[{\"name\":\"https\",\"number\":443,\"weight\":1},"
    "{\"name\":null,\"number\":22,\"weight\":null}],\"raw\":{\"x\":[1]}}";

static void
assert_holds(struct buf *out, const char *text)
{
	assert_true(buf_byte(out, '\0'));
	assert_string_equal((const char *)buf_span(out).p, text);
	buf_free(out);
}

static void
every_kind_is_written_but_what_is_only_for_requests(void **state)
{
	struct buf out = buf_with_cap(4096);
	struct sample s = full();

	(void)state;
	assert_true(shape_write(&sample_shape, &s, &out));
	assert_holds(&out, written);
}

static void
a_full_buffer_is_told_at_any_length(void **state)
{
	struct sample s = full();

	(void)state;
	for (size_t cap = 0; cap < sizeof written - 1; cap++) {
		struct buf out = buf_with_cap(cap);

		assert_false(shape_write(&sample_shape, &s, &out));
		assert_true(buf_len(&out) <= cap);
		buf_free(&out);
	}
}

static void
what_is_out_of_the_ordinary_is_null(void **state)
{
	struct buf out = buf_with_cap(4096);
	struct sample s = {.colour = 9, .hue = -7, .load = 1e308 * 10, .expires = -1};

	(void)state;
	assert_true(shape_write(&sample_shape, &s, &out));
	assert_true(buf_byte(&out, '\0'));
	const char *text = (const char *)buf_span(&out).p;
	assert_non_null(
	    strstr(text, "\"expires\":null,\"load\":null,\"colour\":null,\"hue\":null"));
	buf_free(&out);
}

static void
an_audit_row_has_what_differs_and_no_secret(void **state)
{
	struct buf out = buf_with_cap(4096);
	struct sample before = full(), after = full();

	(void)state;
	assert_true(shape_write_change(&sample_shape, &after, &before, &out));
	assert_holds(&out, "{}");
	after.name = "b";
	after.password = "correct horse";
	after.limits.totp_required = 0;
	after.ports = NULL;
	after.port_count = 0;
	assert_true(shape_write_change(&sample_shape, &after, &before, &out));
	assert_holds(&out, "{\"name\":\"b\",\"password\":\"set\","
			   "\"limits\":{\"totp_required\":false},\"ports\":[]}");
	after.password = NULL;
	assert_true(shape_write_change(&sample_shape, &after, NULL, &out));
	assert_true(buf_byte(&out, '\0'));
	assert_non_null(strstr((const char *)buf_span(&out).p, "\"password\":null,\"kind\":"));
	buf_free(&out);
}

/* Each of these is one member that differs. */
static void
every_kind_of_difference_is_seen(void **state)
{
	static const char *other_dns[] = {"192.0.2.53", "192.0.2.54", NULL};
	static struct sample_port other_ports[] = {{"https", 443, 1}, {"ssh", 22, SHAPE_UNSET}};
	struct sample others[12];
	const struct sample s = full();

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		others[i] = s;
	others[0].id = 8;
	others[1].comment = "";
	others[2].addresses = NULL;
	others[3].enabled = false;
	others[4].expires++;
	others[5].load = 0.5;
	others[6].colour = SAMPLE_RED;
	others[7].limits.dns = other_dns;
	others[8].ports = other_ports;
	others[9].port_count = 1;
	others[10].raw = NULL;
	others[11].password = "other";
	for (size_t i = 0; i < COUNT(others); i++) {
		struct buf out = buf_with_cap(4096);

		assert_true(shape_write_change(&sample_shape, &others[i], &s, &out));
		if (buf_len(&out) < strlen("{\"a\":1}"))
			fail_msg("difference %zu is not seen", i);
		buf_free(&out);
	}
}

static void
assert_text(struct span text, const char *json)
{
	struct buf out = buf_with_cap(256);

	assert_true(json_put_span(&out, text));
	assert_holds(&out, json);
}

/* RFC 3629 §4: neither too long a form, nor half a pair, nor past the last character. */
static void
what_is_no_utf8_is_replaced(void **state)
{
	(void)state;
	assert_text(SPAN_OF("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
		    "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
	assert_text(SPAN_OF("a\xFF"
			    "b"),
		    "\"a\xEF\xBF\xBD"
		    "b\"");
	assert_text(SPAN_OF("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_text(SPAN_OF("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_text(SPAN_OF("\xF4\x90\x80\x80"),
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_text(SPAN_OF("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_text(SPAN_OF("\xF0\x9F\x98"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_text(SPAN_OF("a\0b\b\f\r\t"), "\"a\\u0000b\\b\\f\\r\\t\"");
	assert_text(SPAN_NONE, "\"\"");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_is_written_but_what_is_only_for_requests),
	    cmocka_unit_test(a_full_buffer_is_told_at_any_length),
	    cmocka_unit_test(what_is_out_of_the_ordinary_is_null),
	    cmocka_unit_test(an_audit_row_has_what_differs_and_no_secret),
	    cmocka_unit_test(every_kind_of_difference_is_seen),
	    cmocka_unit_test(what_is_no_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
