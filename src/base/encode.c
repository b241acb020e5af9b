#include "base/encode.h"

#include "base/text.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* The two alphabets differ in their last two digits (RFC 4648 §4, §5). */
struct alphabet {
	char last[2];
	bool padded; /* and whitespace may stand between */
};
static const struct alphabet usual = {{'+', '/'}, true}, url = {{'-', '_'}, false};

void
hex_write(struct span bytes, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		*out++ = hex[bytes.p[i] >> 4];
		*out++ = hex[bytes.p[i] & 15];
	}
	*out = '\0';
}

bool
hex_read(struct span text, uint8_t *out, size_t len)
{
	if (text.len / 2 != len || text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = text_hex_digit(text.p[2 * i]), low = text_hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static char
digit(const struct alphabet *a, uint32_t value)
{
	value &= 63;
	return value < 62 ? digits[value] : a->last[value - 62];
}

/* The digits that 1 to 3 bytes make: one more than they are. Returns what is behind. */
static char *
put_group(const struct alphabet *a, struct span bytes, char *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < bytes.len ? bytes.p[i] : 0);
	for (size_t i = 0; i <= bytes.len; i++)
		*to++ = digit(a, bits >> (18 - 6 * i));
	return to;
}

void
base64url_write(struct span bytes, char *out)
{
	for (; bytes.len > 0; bytes = span_tail(bytes, 3))
		out = put_group(&url, span_head(bytes, 3), out);
	*out = '\0';
}

/* A newline after each `line` digits, and after the last. */
struct line_writer {
	uint8_t *to;
	unsigned line, filled;
};

static void
write_digit(struct line_writer *w, char c)
{
	*w->to++ = (uint8_t)c;
	if (w->line > 0 && ++w->filled == w->line) {
		*w->to++ = '\n';
		w->filled = 0;
	}
}

bool
base64_put(struct buf *out, struct span bytes, unsigned line)
{
	size_t len = (bytes.len + 2) / 3 * 4, size = len + (line > 0 ? (len + line - 1) / line : 0);
	struct line_writer w = {.to = buf_room(out, size), .line = line};

	if (w.to == NULL)
		return false;
	for (; bytes.len > 0; bytes = span_tail(bytes, 3)) {
		char group[4] = "====";

		put_group(&usual, span_head(bytes, 3), group);
		for (size_t i = 0; i < sizeof group; i++)
			write_digit(&w, group[i]);
	}
	if (w.filled > 0)
		*w.to++ = '\n';
	buf_added(out, size);
	return true;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
value_of(const struct alphabet *a, uint8_t c)
{
	const char *at = c != '\0' ? memchr(digits, c, sizeof digits - 1) : NULL;

	if (at != NULL)
		return (int)(at - digits);
	return c == (uint8_t)a->last[0] ? 62 : c == (uint8_t)a->last[1] ? 63 : -1;
}

static void
skip_spaces(struct cursor *c, const struct alphabet *a)
{
	while (a->padded && cursor_left(c) > 0 && is_space(*c->p))
		(void)!cursor_skip(c, 1);
}

static bool
next_value(struct cursor *c, const struct alphabet *a, uint32_t *value)
{
	int v;

	skip_spaces(c, a);
	if (cursor_left(c) == 0 || (v = value_of(a, *c->p)) < 0)
		return false;
	*value = (uint32_t)v;
	return cursor_skip(c, 1);
}

/* Bits that are of no byte must be 0 (RFC 4648 §3.5): else many texts were of the same bytes. */
static bool
read_digits(struct cursor *c, const struct alphabet *a, struct buf *out, size_t *count)
{
	uint32_t bits = 0, value;
	size_t n;

	for (n = 0; next_value(c, a, &value); n++) {
		bits = bits << 6 | value;
		if (n % 4 != 0 && !buf_byte(out, (uint8_t)(bits >> (6 - 2 * (n % 4)))))
			return false;
	}
	*count = n;
	return n % 4 == 0 || (n % 4 == 2 && (bits & 15) == 0) || (n % 4 == 3 && (bits & 3) == 0);
}

static bool
read_padding(struct cursor *c, size_t count)
{
	uint8_t byte;

	for (; count % 4 != 0; count++) {
		skip_spaces(c, &usual);
		if (!cursor_u8(c, &byte) || byte != '=')
			return false;
	}
	return true;
}

/* All of it, or nothing. */
static bool
read_all(struct span text, const struct alphabet *a, struct buf *out)
{
	struct cursor c = cursor_of(text);
	size_t held = buf_len(out), count;
	bool good = read_digits(&c, a, out, &count) && (!a->padded || read_padding(&c, count));

	skip_spaces(&c, a);
	if (good && cursor_left(&c) == 0)
		return true;
	out->end = out->start + held;
	return false;
}

bool
base64url_read(struct span text, struct buf *out)
{
	return read_all(text, &url, out);
}

bool
base64_read(struct span text, struct buf *out)
{
	return read_all(text, &usual, out);
}
