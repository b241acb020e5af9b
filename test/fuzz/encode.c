/* What reads back is the same again: hexadecimal, base64, base64url. The first byte says which. */
#include "base/encode.h"
#include "fuzz.h"

static void
check_hex(struct span text)
{
	uint8_t bytes[2048];
	char again[HEX_SIZE(sizeof bytes)];

	if (text.len / 2 > sizeof bytes || !hex_read(text, bytes, text.len / 2))
		return;
	hex_write(span_of(bytes, text.len / 2), again);
	check(span_equal_nocase(text, span_str(again)));
}

/* Exactly: there is one text for the same bytes. */
static void
check_base64url(struct span text)
{
	struct buf bytes = buf_with_cap(text.len), again = buf_with_cap(text.len + 1);

	if (base64url_read(text, &bytes)) {
		check(BASE64URL_SIZE(buf_len(&bytes)) == text.len + 1);
		base64url_write(buf_span(&bytes), (char *)buf_room(&again, text.len + 1));
		buf_added(&again, text.len);
		check(span_equal(buf_span(&again), text));
	} else {
		check(buf_len(&bytes) == 0);
	}
	buf_free(&bytes);
	buf_free(&again);
}

/* But for whitespace, and however its lines are cut. */
static void
check_base64(struct span text, unsigned line)
{
	struct buf bytes = buf_with_cap(text.len), lines = buf_with_cap(2 * text.len + 8),
		   again = buf_with_cap(text.len);

	if (base64_read(text, &bytes)) {
		check(base64_put(&lines, buf_span(&bytes), line));
		check(base64_read(buf_span(&lines), &again));
		check(span_equal(buf_span(&again), buf_span(&bytes)));
	} else {
		check(buf_len(&bytes) == 0);
	}
	buf_free(&bytes);
	buf_free(&lines);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct span text = span_of(data + 1, size - 1);

	if (data[0] == 'h')
		check_hex(text);
	else if (data[0] == 'u')
		check_base64url(text);
	else
		check_base64(text, data[0] % 80);
	return 0;
}
