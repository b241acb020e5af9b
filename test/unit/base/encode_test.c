#include "unit.h"

#include "base/encode.h"

/* RFC 4648 §10, and bytes whose digits are the last two of each alphabet. */
static const struct sample {
	struct span bytes;
	const char *hex, *base64, *url;
} samples[] = {
    {SPAN_INIT(""), "", "", ""},
    {SPAN_INIT("f"), "66", "Zg==", "Zg"},
    {SPAN_INIT("fo"), "666f", "Zm8=", "Zm8"},
    {SPAN_INIT("foo"), "666f6f", "Zm9v", "Zm9v"},
    {SPAN_INIT("foob"), "666f6f62", "Zm9vYg==", "Zm9vYg"},
    {SPAN_INIT("fooba"), "666f6f6261", "Zm9vYmE=", "Zm9vYmE"},
    {SPAN_INIT("foobar"), "666f6f626172", "Zm9vYmFy", "Zm9vYmFy"},
    {SPAN_INIT("\xfb\xef\xbe"), "fbefbe", "++++", "----"},
    {SPAN_INIT("\xff\xff\xff\xff"), "ffffffff", "/////w==", "_____w"},
    {SPAN_INIT("\0\0"), "0000", "AAA=", "AAA"},
};

static void
each_is_written_as_the_rfc_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		struct buf out = buf_with_cap(64);
		char hex[HEX_SIZE(6)], text[BASE64URL_SIZE(6)];

		hex_write(s->bytes, hex);
		base64url_write(s->bytes, text);
		assert_string_equal(hex, s->hex);
		assert_string_equal(text, s->url);
		assert_true(strlen(text) < BASE64URL_SIZE(s->bytes.len));
		assert_true(base64_put(&out, s->bytes, 0));
		assert_true(span_equal(buf_span(&out), span_str(s->base64)));
		buf_free(&out);
	}
}

static void
what_was_written_reads_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		struct buf out = buf_with_cap(12);
		uint8_t bytes[6];

		assert_true(hex_read(span_str(s->hex), bytes, s->bytes.len));
		assert_true(span_equal(span_of(bytes, s->bytes.len), s->bytes));
		assert_true(base64url_read(span_str(s->url), &out));
		assert_true(base64_read(span_str(s->base64), &out));
		assert_true(span_equal(span_head(buf_span(&out), s->bytes.len), s->bytes));
		assert_true(span_equal(span_tail(buf_span(&out), s->bytes.len),
				       s->bytes.len > 0 ? s->bytes : SPAN_NONE));
		buf_free(&out);
	}
}

static void
hexadecimal_is_exact(void **state)
{
	static const char *const bad[] = {"",       "0",    "00",      "000",  "00000",
					  "000000", "0x00", "00 0",    "00:0", "g000",
					  "000G",   "0 00", "\262000", "-000"};
	uint8_t bytes[2];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hex_read(span_str(bad[i]), bytes, 2))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(hex_read(SPAN_OF("aBCd"), bytes, 2));
	assert_memory_equal(bytes, "\xab\xcd", 2);
	assert_true(hex_read(SPAN_NONE, bytes, 0));
}

static void
base64url_has_one_text_for_the_same_bytes(void **state)
{
	static const char *const bad[] = {
	    "Z",    "Zh", "Zg==",     "Zg=", "Zm9",   "Zm9v Yg", "Zg\n",     " Zg", "Zm9vZ",
	    "++++", "/w", "Zm9vYg==", "Z.",  "Zg%3D", "_x",      "\xc3\xbc", "AAB"};
	struct buf out = buf_with_cap(64);

	(void)state;
	assert_true(buf_append(&out, SPAN_OF("kept")));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (base64url_read(span_str(bad[i]), &out))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(span_equal(buf_span(&out), SPAN_OF("kept")));
	assert_false(base64url_read(SPAN_OF("Zm9v\0"), &out));
	buf_free(&out);
}

static void
base64_takes_whitespace_and_nothing_else(void **state)
{
	static const char *const good[] = {"Zm9vYg==", " Zm9v\r\nYg==\n",
					   "Z m\t9vYg=\n=", "Zm9vYg= = "};
	static const char *const bad[] = {
	    "Zm9vYg", "Zm9vYg=",    "Zm9vYg===", "Zm9vYh==",  "Zm9v=Yg=", "Zm9vYg==Zg", "=",
	    "====",   "Zm9v\vYg==", "Zm9vYg-_",  "Zm9v-----", "Z===",     "Zm9vYg==\v", "Zg==Zg=="};
	struct buf out = buf_with_cap(64);

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!base64_read(span_str(good[i]), &out))
			fail_msg("\"%s\" was refused", good[i]);
		assert_true(span_equal(buf_span(&out), SPAN_OF("foob")));
		buf_taken(&out, 4);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (base64_read(span_str(bad[i]), &out) || buf_len(&out) != 0)
			fail_msg("\"%s\" was taken", bad[i]);
	buf_free(&out);
}

static void
lines_are_as_long_as_asked(void **state)
{
	static const struct {
		unsigned line;
		const char *text;
	} lines[] = {
	    {4, "Zm9v\nYmFy\n"},
	    {6, "Zm9vYm\nFy\n"},
	    {8, "Zm9vYmFy\n"},
	    {64, "Zm9vYmFy\n"},
	    {1, "Z\nm\n9\nv\nY\nm\nF\ny\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf out = buf_with_cap(64);

		assert_true(base64_put(&out, SPAN_OF("foobar"), lines[i].line));
		assert_true(span_equal(buf_span(&out), span_str(lines[i].text)));
		buf_free(&out);
	}
}

static void
nothing_is_added_past_the_cap(void **state)
{
	struct buf out = buf_with_cap(7);

	(void)state;
	assert_false(base64_put(&out, SPAN_OF("foob"), 0));
	assert_false(base64_put(&out, SPAN_OF("foo"), 1));
	assert_false(base64_read(SPAN_OF("AAAAAAAAAAA="), &out));
	assert_false(base64url_read(SPAN_OF("AAAAAAAAAAA"), &out));
	assert_int_equal(buf_len(&out), 0);
	assert_true(base64url_read(SPAN_OF("AAAAAAAAAA"), &out));
	assert_int_equal(buf_len(&out), 7);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_written_as_the_rfc_says),
	    cmocka_unit_test(what_was_written_reads_back),
	    cmocka_unit_test(hexadecimal_is_exact),
	    cmocka_unit_test(base64url_has_one_text_for_the_same_bytes),
	    cmocka_unit_test(base64_takes_whitespace_and_nothing_else),
	    cmocka_unit_test(lines_are_as_long_as_asked),
	    cmocka_unit_test(nothing_is_added_past_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
