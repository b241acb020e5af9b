#include "unit.h"

#include "base/buf.h"
#include "http/h1_body.h"

#define LIMIT 1000

/* Takes it all in pieces of `piece`; adds the data to `out` and says how much was taken. */
static enum h1_body_got
take(struct h1_body *b, struct span in, size_t piece, struct buf *out, size_t *taken)
{
	enum h1_body_got got = H1_BODY_MORE;

	for (*taken = 0; *taken < in.len && got == H1_BODY_MORE;) {
		struct span part = span_head(span_tail(in, *taken), piece);
		struct cursor c = cursor_of(part);
		struct span data;

		do {
			got = h1_body_take(b, &c, &data);
			assert_true(buf_append(out, data));
		} while (got == H1_BODY_MORE && cursor_left(&c) > 0);
		*taken += part.len - cursor_left(&c);
	}
	return got;
}

static const struct {
	const char *bytes, *data;
	enum h1_body_got got;
} samples[] = {
    {"0\r\n\r\n", "", H1_BODY_END},
    {"000\r\n\r\n", "", H1_BODY_END},
    {"5\r\nhello\r\n0\r\n\r\n", "hello", H1_BODY_END},
    {"5;a=b\r\nhello\r\n6;c\r\n world\r\n0;d\r\n\r\n", "hello world", H1_BODY_END},
    {"1\r\n\n\r\n1\r\n\r\r\n0\r\n\r\n", "\n\r", H1_BODY_END},
    {"1\r\na\r\n0\r\nA:\r\nB: c\r\n\r\n", "a", H1_BODY_END},
    {"5\r\nhel", "hel", H1_BODY_MORE},
    {"5\r\nhello\r\n", "hello", H1_BODY_MORE},
    {"0\r\n", "", H1_BODY_MORE},
    {"0\r\nA: b\r\n", "", H1_BODY_MORE},
    {"g\r\n", "", H1_BODY_BAD},
    {"\r\n", "", H1_BODY_BAD},
    {";a\r\n", "", H1_BODY_BAD},
    {"-1\r\n", "", H1_BODY_BAD},
    {" 1\r\n", "", H1_BODY_BAD},
    {"1\t\r\n", "", H1_BODY_BAD},
    {"1\r\nab\r\n", "a", H1_BODY_BAD},
    {"1\r\na\r0", "a", H1_BODY_BAD},
    {"00000000000000001\r\n", "", H1_BODY_BAD},
    {"0\r\n: x\r\n\r\n", "", H1_BODY_BAD},
    {"0\r\n\n", "", H1_BODY_BAD},
    {"0\r\n\rx", "", H1_BODY_BAD},
    {"3e9\r\n", "", H1_BODY_LARGE},
    {"8000000000000000\r\n", "", H1_BODY_LARGE},
    {"1\r\na\r\n3e8\r\n", "a", H1_BODY_LARGE},
};

static void
chunks_are_put_together_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t piece = 1; piece < 12; piece++) {
			struct h1_body b = h1_body_chunked(LIMIT);
			struct buf out = buf_with_cap(LIMIT);
			size_t taken;
			enum h1_body_got got =
			    take(&b, span_str(samples[i].bytes), piece, &out, &taken);

			if (got != samples[i].got ||
			    !span_equal(buf_span(&out), span_str(samples[i].data)))
				fail_msg("%s by %zu: %d", samples[i].bytes, piece, got);
			assert_int_equal(h1_body_ended(&b), got == H1_BODY_END);
			buf_free(&out);
		}
}

static void
what_follows_the_body_is_not_taken(void **state)
{
	struct h1_body by_length = h1_body_of_length(3), chunked = h1_body_chunked(LIMIT);
	struct buf out = buf_with_cap(LIMIT);
	size_t taken;

	(void)state;
	assert_int_equal(take(&by_length, SPAN_OF("abcGET"), 99, &out, &taken), H1_BODY_END);
	assert_int_equal(taken, 3);
	assert_int_equal(take(&chunked, SPAN_OF("1\r\nd\r\n0\r\n\r\nGET"), 99, &out, &taken),
			 H1_BODY_END);
	assert_int_equal(taken, 11);
	assert_true(span_equal(buf_span(&out), SPAN_OF("abcd")));
	buf_free(&out);
}

static void
no_body_has_ended_already(void **state)
{
	struct h1_body none = h1_body_none(), empty = h1_body_of_length(0);

	(void)state;
	assert_true(h1_body_ended(&none));
	assert_true(h1_body_ended(&empty));
}

/* `head`, then bytes that are let through for as long as the budget lasts. */
static void
assert_bounded(struct span head, struct span more)
{
	struct h1_body b = h1_body_chunked(1 << 20);
	struct buf out = buf_with_cap(1 << 20);
	size_t taken, total = 0;
	enum h1_body_got got = take(&b, head, 99, &out, &taken);

	while (got == H1_BODY_MORE && total < 1 << 20) {
		got = take(&b, more, 99, &out, &taken);
		total += taken;
	}
	assert_int_equal(got, H1_BODY_BAD);
	assert_in_range(total, 4096, 65536);
	buf_free(&out);
}

/* RFC 9112 §7.1.1, §7.1.2: neither may be endless, nor little but with every chunk. */
static void
extensions_and_trailers_are_bounded_together(void **state)
{
	(void)state;
	assert_bounded(SPAN_OF("1;"), SPAN_OF("xxxxxxxx"));
	assert_bounded(SPAN_NONE, SPAN_OF("1;abcdef\r\nx\r\n"));
	assert_bounded(SPAN_OF("0\r\nf:"), SPAN_OF("xxxxxxxx"));
	assert_bounded(SPAN_OF("0\r\n"), SPAN_OF("name: value\r\n"));
	assert_bounded(SPAN_OF("0\r\n"), SPAN_OF("namename"));
}

static void
trailers_are_kept_as_they_came(void **state)
{
	static const struct {
		const char *bytes, *trailers;
	} samples_of_trailers[] = {
	    {"0\r\n\r\n", ""},
	    {"1;x=y\r\na\r\n0\r\nA:\r\nb-c: d e\t\r\n\r\n", "A:\r\nb-c: d e\t\r\n"},
	    {"0\r\nA: b\r\n", "A: b\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples_of_trailers); i++)
		for (size_t piece = 1; piece < 9; piece++) {
			struct buf kept = buf_with_cap(H1_TRAILERS_MAX), out = buf_with_cap(LIMIT);
			struct h1_body b = h1_body_chunked(LIMIT);
			size_t taken;

			b.trailers = &kept;
			(void)take(&b, span_str(samples_of_trailers[i].bytes), piece, &out, &taken);
			assert_true(
			    span_equal(buf_span(&kept), span_str(samples_of_trailers[i].trailers)));
			buf_free(&kept);
			buf_free(&out);
		}
}

/* Without room for them, they are too much. */
static void
trailers_that_cannot_be_kept_end_the_body(void **state)
{
	struct buf kept = buf_with_cap(8), out = buf_with_cap(LIMIT);
	struct h1_body b = h1_body_chunked(LIMIT);
	size_t taken;

	(void)state;
	b.trailers = &kept;
	assert_int_equal(take(&b, SPAN_OF("0\r\nname: value\r\n\r\n"), 99, &out, &taken),
			 H1_BODY_BAD);
	buf_free(&kept);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chunks_are_put_together_however_they_are_cut),
	    cmocka_unit_test(what_follows_the_body_is_not_taken),
	    cmocka_unit_test(no_body_has_ended_already),
	    cmocka_unit_test(extensions_and_trailers_are_bounded_together),
	    cmocka_unit_test(trailers_are_kept_as_they_came),
	    cmocka_unit_test(trailers_that_cannot_be_kept_end_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
