#include "serve/wire.h"

#include "base/text.h"

#define U 1 /* unreserved (RFC 3986 §2.3) */
#define P 2 /* may stand in a path besides: sub-delims, ':' and '@' */

/* clang-format off */
static const uint8_t kinds[256] = {
	[0x20] =
	0, P, 0, 0, P, 0, P, P, P, P, P, P, P, U, U, P,
	U, U, U, U, U, U, U, U, U, U, P, P, 0, P, 0, 0,
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, 0, 0, 0, 0, U,
	0, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, 0, 0, 0, U, 0,
};
/* clang-format on */

bool
wire_is_unreserved(uint8_t c)
{
	return kinds[c] == U;
}

uint8_t *
wire_put_encoded(uint8_t *to, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '%';
	*to++ = (uint8_t)digits[c >> 4];
	*to++ = (uint8_t)digits[c & 15];
	return to;
}

bool
wire_is_normal(struct span path)
{
	uint8_t before = 0;

	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.p[i];

		if (kinds[c] == 0 || (before == '/' && (c == '/' || c == '.')))
			return false;
		before = c;
	}
	return path.len > 0 && path.p[0] == '/';
}

static bool
take_hex(struct cursor *c, uint8_t *value)
{
	uint8_t byte;

	if (!cursor_u8(c, &byte))
		return false;
	int digit = text_hex_digit(byte);
	*value = (uint8_t)digit;
	return digit >= 0;
}

/* Puts what `c` begins with, in its one form; NULL: no encoding, or of NUL. */
static uint8_t *
put_next(uint8_t *to, struct cursor *c, uint8_t byte)
{
	uint8_t high, low;

	if (byte != '%' && kinds[byte] == 0)
		return wire_put_encoded(to, byte);
	if (byte == '%') {
		if (!take_hex(c, &high) || !take_hex(c, &low) || (high | low) == 0)
			return NULL;
		byte = (uint8_t)(high << 4 | low);
		if (kinds[byte] != U)
			return wire_put_encoded(to, byte);
	}
	*to++ = byte;
	return to;
}

static uint8_t *
put_segment(uint8_t *to, struct cursor *c, bool *more)
{
	uint8_t byte;

	while ((*more = cursor_u8(c, &byte)) && byte != '/')
		if ((to = put_next(to, c, byte)) == NULL)
			return NULL;
	return to;
}

/* To the end of the segment before, which is a '/'; NULL for the root itself. */
static uint8_t *
step_up(uint8_t *start, uint8_t *at)
{
	if (at - start <= 1)
		return NULL;
	do
		at--;
	while (at[-1] != '/');
	return at;
}

/* As http/target.c does it, but that dots are found where they are encoded no more. */
bool
wire_path(struct span path, struct arena *memory, struct span *out)
{
	struct cursor c = cursor_of(path);
	uint8_t *start, *at, *end, first;
	bool more;

	if (!cursor_u8(&c, &first) || first != '/')
		return false;
	start = at = arena_get(memory, path.len * 3 + 1);
	*at++ = '/';
	do {
		if ((end = put_segment(at, &c, &more)) == NULL)
			return false;
		struct span segment = span_of(at, (size_t)(end - at));

		if (span_equal(segment, SPAN_OF(".."))) {
			if ((at = step_up(start, at)) == NULL)
				return false;
		} else if (segment.len > 0 && !span_equal(segment, SPAN_OF("."))) {
			at = end;
			if (more)
				*at++ = '/';
		}
	} while (more);
	*out = span_of(start, (size_t)(at - start));
	return true;
}

struct span
wire_tail(struct span path, size_t n)
{
	static const struct span slash = SPAN_INIT("%2F");

	while (n > 0 && path.len > 0) {
		bool kept = span_starts_with(path, slash);
		size_t decoded = kept ? slash.len : 1;

		path = span_tail(path, path.p[0] == '%' ? 3 : 1);
		n -= decoded < n ? decoded : n;
	}
	return path;
}
