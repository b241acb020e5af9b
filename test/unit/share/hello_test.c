#include "unit.h"

#include "base/buf.h"
#include "share/hello.h"
#include "share/samples.h"

static const struct {
	const char *sample, *name, *asks_for;
	bool tls13;
} asked[] = {
    {"tls-openssl", "www.example.org", NULL, true},
    {"tls-openssl-12", "www.example.org", NULL, false},
    {"tls-openssl-nameless", "", NULL, true},
    {"tls-openssl-alpn", "a.example", "imap", true},
    {"tls-curl-h2", "www.example.org", "h2", true},
    {"tls-curl-http1", "www.example.org", "http/1.1", true},
    {"tls-gnutls", "localhost", "http/1.1", true},
    {"tls-python", "python.example.org", NULL, true},
    {"tls-chromium", "www.example.org", "h2", true},
    {"tls-chromium-in-records", "www.example.org", "h2", true},
};

/* Adds a vector of which the length has `size` bytes. */
static void
put_vec(struct buf *b, unsigned size, struct span bytes)
{
	for (unsigned i = size; i > 0; i--)
		assert_true(buf_byte(b, (uint8_t)(bytes.len >> 8 * (i - 1))));
	assert_true(buf_append(b, bytes));
}

static void
put_record(struct buf *b, struct span part)
{
	assert_true(buf_append(b, SPAN_OF("\x16\x03\x01")));
	put_vec(b, 2, part);
}

/* A handshake message with this body, in records of `size` bytes. */
static struct buf
in_records(struct span body, size_t size)
{
	struct buf message = buf_with_cap(1 << 20), out = buf_with_cap(1 << 20);

	assert_true(buf_byte(&message, 1));
	put_vec(&message, 3, body);
	for (struct span left = buf_span(&message); left.len > 0; left = span_tail(left, size))
		put_record(&out, span_head(left, size));
	buf_free(&message);
	return out;
}

/* The body of a hello that is in order, but maybe for its session and extensions. */
static struct buf
body_of(struct span session, struct span extensions)
{
	struct buf b = buf_with_cap(1 << 20);
	uint8_t random[32] = {7};

	assert_true(buf_append(&b, SPAN_OF("\x03\x03")));
	assert_true(buf_append(&b, span_of(random, sizeof random)));
	put_vec(&b, 1, session);
	put_vec(&b, 2, SPAN_OF("\x13\x01\xC0\x2B"));
	put_vec(&b, 1, SPAN_OF("\0"));
	put_vec(&b, 2, extensions);
	return b;
}

static struct buf
body_with(struct span extensions)
{
	static const uint8_t session[32];

	return body_of(span_of(session, sizeof session), extensions);
}

static enum verdict
parse_body(struct span body, struct hello *out)
{
	struct buf all = in_records(body, 16384);
	enum verdict v = hello_parse(buf_span(&all), out);

	buf_free(&all);
	return v;
}

static enum verdict
parse_extensions(struct span extensions, struct hello *out)
{
	struct buf body = body_with(extensions);
	enum verdict v = parse_body(buf_span(&body), out);

	buf_free(&body);
	return v;
}

static enum verdict
parse_extension(unsigned type, struct span data, struct hello *out)
{
	struct buf b = buf_with_cap(1 << 20);

	assert_true(buf_be16(&b, (uint16_t)type));
	put_vec(&b, 2, data);
	enum verdict v = parse_extensions(buf_span(&b), out);
	buf_free(&b);
	return v;
}

/* As a client asks for one name. */
static enum verdict
parse_name(struct span name, struct hello *out)
{
	struct buf entry = buf_with_cap(1 << 20), list = buf_with_cap(1 << 20);

	assert_true(buf_byte(&entry, 0));
	put_vec(&entry, 2, name);
	put_vec(&list, 2, buf_span(&entry));
	enum verdict v = parse_extension(0, buf_span(&list), out);
	buf_free(&entry);
	buf_free(&list);
	return v;
}

static bool
is_empty(const struct hello *h)
{
	static const struct hello none;

	return memcmp(h, &none, sizeof none) == 0;
}

static void
each_sample_asks_for_what_its_maker_was_told_to(void **state)
{
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct span bytes = sample_read(asked[i].sample);

		if (hello_parse(bytes, &h) != VERDICT_YES)
			fail_msg("%s was refused", asked[i].sample);
		assert_string_equal(h.name, asked[i].name);
		assert_int_equal(h.tls13, asked[i].tls13);
		if (asked[i].asks_for == NULL)
			assert_int_equal(h.alpn_len, 0);
		else if (!hello_asks_for(&h, span_str(asked[i].asks_for)))
			fail_msg("%s does not ask for %s", asked[i].sample, asked[i].asks_for);
		assert_false(hello_asks_for(&h, SPAN_OF("spdy/1")));
		free((void *)bytes.p);
	}
}

static void
a_hello_is_awaited_to_its_last_byte(void **state)
{
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct span bytes = sample_read(asked[i].sample);

		for (size_t n = 0; n < bytes.len; n++) {
			if (hello_parse(span_head(bytes, n), &h) != VERDICT_MORE)
				fail_msg("%s: decided with %zu bytes", asked[i].sample, n);
			assert_true(is_empty(&h));
		}
		free((void *)bytes.p);
	}
}

static void
records_of_any_size_say_the_same(void **state)
{
	struct span bytes = sample_read("tls-chromium"), body = span_tail(bytes, 5 + 4);
	struct hello whole, h;

	(void)state;
	assert_int_equal(hello_parse(bytes, &whole), VERDICT_YES);
	for (size_t size = 1; size <= bytes.len; size++) {
		struct buf all = in_records(body, size);

		assert_int_equal(hello_parse(buf_span(&all), &h), VERDICT_YES);
		assert_memory_equal(&h, &whole, sizeof h);
		assert_int_equal(hello_parse(span_head(buf_span(&all), buf_len(&all) - 1), &h),
				 VERDICT_MORE);
		buf_free(&all);
	}
	free((void *)bytes.p);
}

static void
what_follows_the_hello_is_not_looked_at(void **state)
{
	struct span bytes = sample_read("tls-curl-h2");
	struct buf all = buf_with_cap(4096);
	struct hello h;

	(void)state;
	assert_true(buf_append(&all, bytes));
	assert_true(buf_append(&all, SPAN_OF("\x14\x03\x03\x00\x01\x01\x17\x03\x03 early data")));
	assert_int_equal(hello_parse(buf_span(&all), &h), VERDICT_YES);
	assert_string_equal(h.name, "www.example.org");
	buf_free(&all);
	free((void *)bytes.p);
}

/* By itself, and in the middle of a message that began well. */
static void
a_record_that_is_no_part_of_a_hello_is_refused(void **state)
{
	static const struct span records[] = {
	    SPAN_INIT("\x15\x03\x01\x00\x02\x02\x28"), /* alert */
	    SPAN_INIT("\x17\x03\x01\x00\x01\x01"),     /* application data */
	    SPAN_INIT("\x16\x02\x01\x00\x01\x01"),     /* version */
	    SPAN_INIT("\x16\x03\x01\x00\x00"),         /* empty */
	    SPAN_INIT("\x16\x03\x01\x40\x01"),         /* too long */
	};
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct buf all = buf_with_cap(4096);

		assert_int_equal(hello_parse(records[i], &h), VERDICT_NO);
		assert_true(
		    buf_append(&all, SPAN_OF("\x16\x03\x01\x00\x06\x01\x00\x01\x00\x03\x03")));
		assert_int_equal(hello_parse(buf_span(&all), &h), VERDICT_MORE);
		assert_true(buf_append(&all, records[i]));
		assert_int_equal(hello_parse(buf_span(&all), &h), VERDICT_NO);
		buf_free(&all);
	}
}

static void
a_message_that_is_no_hello_is_refused_at_its_first_byte(void **state)
{
	struct hello h;

	(void)state;
	assert_int_equal(hello_parse(SPAN_OF("\x16\x03\x01\x00\x7A"), &h), VERDICT_MORE);
	assert_int_equal(hello_parse(SPAN_OF("\x16\x03\x01\x00\x7A\x02"), &h), VERDICT_NO);
}

static void
a_record_with_more_than_the_hello_is_refused(void **state)
{
	struct span bytes = sample_read("tls-openssl");
	struct buf all = buf_with_cap(4096);
	struct hello h;

	(void)state;
	/* One byte more in the record's length than in the message's. */
	assert_true(buf_append(&all, bytes));
	assert_true(buf_byte(&all, 0));
	all.data[4]++;
	assert_int_equal(hello_parse(buf_span(&all), &h), VERDICT_NO);
	assert_int_equal(hello_parse(span_head(buf_span(&all), 9), &h), VERDICT_NO);
	assert_int_equal(hello_parse(span_head(buf_span(&all), 8), &h), VERDICT_MORE);
	buf_free(&all);
	free((void *)bytes.p);
}

static void
a_hello_has_a_largest_size(void **state)
{
	size_t rest = 2 + 32 + 1 + 32 + 2 + 4 + 1 + 1 + 2 + 4;
	static uint8_t zeros[HELLO_MAX];
	struct hello h;

	(void)state;
	assert_int_equal(parse_extension(21, span_of(zeros, HELLO_MAX - 4 - rest), &h),
			 VERDICT_YES);
	assert_int_equal(parse_extension(21, span_of(zeros, HELLO_MAX - 4 - rest + 1), &h),
			 VERDICT_NO);
	assert_int_equal(hello_parse(SPAN_OF("\x16\x03\x01\x40\x00\x01\x00\x40\x00"), &h),
			 VERDICT_NO);
	assert_int_equal(hello_parse(SPAN_OF("\x16\x03\x01\x40\x00\x01\xFF\xFF\xFF"), &h),
			 VERDICT_NO);
}

/* Once refused it stays so, also when the rest of it comes. */
static void
a_hello_in_too_many_records_is_refused(void **state)
{
	static uint8_t zeros[HELLO_MAX - 4 - 100];
	struct buf all = in_records(span_of(zeros, sizeof zeros), 16);
	struct hello h;

	(void)state;
	assert_true(buf_len(&all) > CLASSIFY_MAX);
	assert_int_equal(hello_parse(span_head(buf_span(&all), CLASSIFY_MAX - 1), &h),
			 VERDICT_MORE);
	for (size_t n = CLASSIFY_MAX; n <= buf_len(&all); n++)
		assert_int_equal(hello_parse(span_head(buf_span(&all), n), &h), VERDICT_NO);
	buf_free(&all);
}

static void
a_name_is_put_into_its_plainest_form(void **state)
{
	static const struct {
		struct span asked;
		const char *name;
	} names[] = {
	    {SPAN_INIT("WWW.Example.ORG"), "www.example.org"},
	    {SPAN_INIT("example.org."), "example.org"},
	    {SPAN_INIT("_srv-1.xn--bcher-kva.example"), "_srv-1.xn--bcher-kva.example"},
	    {SPAN_INIT("a"), "a"},
	    {SPAN_INIT("."), ""},
	    {SPAN_INIT("example.org\0.evil.example"), ""},
	    {SPAN_INIT("b\xC3\xBC"
		       "cher.example"),
	     ""},
	    {SPAN_INIT("a b"), ""},
	    {SPAN_INIT("a/b"), ""},
	    {SPAN_INIT("*.example.org"), ""},
	    {SPAN_INIT("a\r\nHost: b"), ""},
	    {SPAN_INIT("[::1]"), ""},
	    {SPAN_INIT("\x7F"), ""},
	};
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(parse_name(names[i].asked, &h), VERDICT_YES);
		assert_string_equal(h.name, names[i].name);
	}
}

static void
a_name_has_one_to_255_bytes(void **state)
{
	char name[HELLO_NAME_MAX + 1];
	struct hello h;

	(void)state;
	memset(name, 'A', sizeof name);
	assert_int_equal(parse_name(span_of(name, HELLO_NAME_MAX), &h), VERDICT_YES);
	assert_int_equal(strlen(h.name), HELLO_NAME_MAX);
	assert_int_equal(parse_name(span_of(name, HELLO_NAME_MAX + 1), &h), VERDICT_NO);
	assert_true(is_empty(&h));
	assert_int_equal(parse_name(SPAN_NONE, &h), VERDICT_NO);
}

static const struct {
	const char *what;
	unsigned type;
	struct span data;
} malformed[] = {
    {"no name list", 0, SPAN_INIT("")},
    {"an empty name list", 0, SPAN_INIT("\0\0")},
    {"a name list cut short", 0, SPAN_INIT("\0\x04\0\0\x01")},
    {"a byte after the name list", 0,
     SPAN_INIT("\0\x04\0\0\x01"
	       "a\0")},
    {"two names", 0,
     SPAN_INIT("\0\x08\0\0\x01"
	       "a\0\0\x01"
	       "b")},
    {"a name of another type", 0,
     SPAN_INIT("\0\x04\x01\0\x01"
	       "a")},
    {"a name cut short", 0,
     SPAN_INIT("\0\x04\0\0\x02"
	       "a")},
    {"no protocol list", 16, SPAN_INIT("")},
    {"an empty protocol list", 16, SPAN_INIT("\0\0")},
    {"an empty protocol", 16, SPAN_INIT("\0\x04\x02h2\0")},
    {"a protocol cut short", 16, SPAN_INIT("\0\x03\x03h2")},
    {"a byte after the protocol list", 16, SPAN_INIT("\0\x03\x02h2\0")},
    {"a protocol list cut short", 16, SPAN_INIT("\0\x04\x02h2")},
    {"no versions", 43, SPAN_INIT("")},
    {"an empty list of versions", 43, SPAN_INIT("\0")},
    {"half a version", 43, SPAN_INIT("\x03\x03\x04\x03")},
    {"versions cut short", 43, SPAN_INIT("\x04\x03\x04")},
    {"a byte after the versions", 43, SPAN_INIT("\x02\x03\x04\x03")},
};

static void
malformed_extensions_are_refused(void **state)
{
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		if (parse_extension(malformed[i].type, malformed[i].data, &h) != VERDICT_NO)
			fail_msg("%s was let through", malformed[i].what);
		assert_true(is_empty(&h));
	}
}

static void
no_extension_may_be_there_twice(void **state)
{
	struct hello h;

	(void)state;
	assert_int_equal(parse_extensions(SPAN_OF("\x00\x17\0\0\x00\x23\0\0"), &h), VERDICT_YES);
	assert_int_equal(parse_extensions(SPAN_OF("\x00\x17\0\0\x00\x17\0\0"), &h), VERDICT_NO);
	assert_int_equal(parse_extensions(SPAN_OF("\xFF\xFF\0\0\x00\x17\0\0\xFF\xFF\0\0"), &h),
			 VERDICT_NO);
}

static void
the_list_of_extensions_must_fill_its_length(void **state)
{
	static const struct span lists[] = {
	    SPAN_INIT("\x00"),           SPAN_INIT("\x00\x17"),       SPAN_INIT("\x00\x17\0"),
	    SPAN_INIT("\x00\x17\0\x01"), SPAN_INIT("\x00\x17\0\0\0"),
	};
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_int_equal(parse_extensions(lists[i], &h), VERDICT_NO);
	assert_int_equal(parse_extensions(SPAN_NONE, &h), VERDICT_YES);
}

/* Version, random, session, suites, compressions, extensions: each cut or bent. */
static void
a_malformed_body_is_refused(void **state)
{
	struct buf good = body_with(SPAN_OF("\x00\x17\0\0")), bad = buf_with_cap(4096);
	size_t without_extensions = 2 + 32 + 33 + 6 + 2;
	static const struct {
		size_t at;
		uint8_t byte;
	} bent[] = {{0, 2},  {34, 33}, {68, 3}, {68, 5}, {68, 0},
		    {73, 0}, {73, 2},  {76, 3}, {76, 5}};
	struct hello h;

	(void)state;
	for (size_t n = 0; n < buf_len(&good); n++)
		assert_int_equal(parse_body(span_head(buf_span(&good), n), &h),
				 n == without_extensions ? VERDICT_YES : VERDICT_NO);
	for (size_t i = 0; i < COUNT(bent); i++) {
		assert_true(buf_append(&bad, buf_span(&good)));
		bad.data[bad.start + bent[i].at] = bent[i].byte;
		if (parse_body(buf_span(&bad), &h) != VERDICT_NO)
			fail_msg("byte %zu as %u was let through", bent[i].at, bent[i].byte);
		buf_taken(&bad, buf_len(&bad));
	}
	assert_true(buf_byte(&good, 0));
	assert_int_equal(parse_body(buf_span(&good), &h), VERDICT_NO);
	buf_free(&good);
	buf_free(&bad);
}

static void
a_session_has_thirty_two_bytes_at_most(void **state)
{
	static const uint8_t session[33];
	struct hello h;

	(void)state;
	for (size_t len = 0; len <= sizeof session; len++) {
		struct buf body = body_of(span_of(session, len), SPAN_OF("\x00\x17\0\0"));

		assert_int_equal(parse_body(buf_span(&body), &h),
				 len <= 32 ? VERDICT_YES : VERDICT_NO);
		buf_free(&body);
	}
}

/* More than HELLO_ALPN_MAX: the first ones that fit are kept, and none by half. */
static void
protocols_are_kept_whole(void **state)
{
	struct buf list = buf_with_cap(4096), data = buf_with_cap(4096);
	uint8_t letters[200];
	struct hello h;

	(void)state;
	memset(letters, 'x', sizeof letters);
	put_vec(&list, 1, SPAN_OF("h2"));
	put_vec(&list, 1, span_of(letters, sizeof letters));
	put_vec(&list, 1, span_of(letters, sizeof letters));
	put_vec(&list, 1, SPAN_OF("http/1.1"));
	put_vec(&data, 2, buf_span(&list));
	assert_int_equal(parse_extension(16, buf_span(&data), &h), VERDICT_YES);
	assert_int_equal(h.alpn_len, 3 + 201);
	assert_true(hello_asks_for(&h, SPAN_OF("h2")));
	assert_true(hello_asks_for(&h, span_of(letters, sizeof letters)));
	assert_false(hello_asks_for(&h, SPAN_OF("http/1.1")));
	assert_false(hello_asks_for(&h, SPAN_OF("h")));
	assert_false(hello_asks_for(&h, SPAN_OF("H2")));
	assert_false(hello_asks_for(&h, SPAN_NONE));
	buf_free(&list);
	buf_free(&data);
}

static void
a_protocol_of_255_bytes_does_not_fit(void **state)
{
	struct buf list = buf_with_cap(4096), data = buf_with_cap(4096);
	uint8_t letters[255] = {'x'};
	struct hello h;

	(void)state;
	put_vec(&list, 1, span_of(letters, sizeof letters));
	put_vec(&data, 2, buf_span(&list));
	assert_int_equal(parse_extension(16, buf_span(&data), &h), VERDICT_YES);
	assert_int_equal(h.alpn_len, 0);
	put_vec(&list, 1, SPAN_NONE);
	buf_taken(&data, buf_len(&data));
	put_vec(&data, 2, buf_span(&list));
	assert_int_equal(parse_extension(16, buf_span(&data), &h), VERDICT_NO);
	buf_free(&list);
	buf_free(&data);
}

static void
tls_13_is_what_the_list_of_versions_says(void **state)
{
	struct hello h;

	(void)state;
	assert_int_equal(parse_extension(43, SPAN_OF("\x04\x03\x04\x03\x03"), &h), VERDICT_YES);
	assert_true(h.tls13);
	assert_int_equal(parse_extension(43, SPAN_OF("\x02\x03\x03"), &h), VERDICT_YES);
	assert_false(h.tls13);
	/* 03 04 lies across two versions here. */
	assert_int_equal(parse_extension(43, SPAN_OF("\x04\x0A\x03\x04\x0A"), &h), VERDICT_YES);
	assert_false(h.tls13);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_sample_asks_for_what_its_maker_was_told_to),
	    cmocka_unit_test(a_hello_is_awaited_to_its_last_byte),
	    cmocka_unit_test(records_of_any_size_say_the_same),
	    cmocka_unit_test(what_follows_the_hello_is_not_looked_at),
	    cmocka_unit_test(a_record_that_is_no_part_of_a_hello_is_refused),
	    cmocka_unit_test(a_message_that_is_no_hello_is_refused_at_its_first_byte),
	    cmocka_unit_test(a_record_with_more_than_the_hello_is_refused),
	    cmocka_unit_test(a_hello_has_a_largest_size),
	    cmocka_unit_test(a_hello_in_too_many_records_is_refused),
	    cmocka_unit_test(a_name_is_put_into_its_plainest_form),
	    cmocka_unit_test(a_name_has_one_to_255_bytes),
	    cmocka_unit_test(malformed_extensions_are_refused),
	    cmocka_unit_test(no_extension_may_be_there_twice),
	    cmocka_unit_test(the_list_of_extensions_must_fill_its_length),
	    cmocka_unit_test(a_malformed_body_is_refused),
	    cmocka_unit_test(a_session_has_thirty_two_bytes_at_most),
	    cmocka_unit_test(protocols_are_kept_whole),
	    cmocka_unit_test(a_protocol_of_255_bytes_does_not_fit),
	    cmocka_unit_test(tls_13_is_what_the_list_of_versions_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
