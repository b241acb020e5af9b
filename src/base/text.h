/* Reading and writing what people write: numbers, units, names. No locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

/* Decimal digits only: no sign, no space, no leading "+". False also past `max`. */
MUST_CHECK bool text_to_u64(struct span s, uint64_t max, uint64_t *out);

/* What a hexadecimal digit stands for; -1: it is none. */
static inline int
text_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of two texts, each of which may be NULL: not there. */
static inline bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

#define TEXT_DECIMAL_MAX 20 /* digits of a 64-bit number */

/* Writes it to where there is room for that many; returns what is behind. */
static inline uint8_t *
text_decimal(uint8_t *to, uint64_t n)
{
	uint8_t digits[TEXT_DECIMAL_MAX];
	size_t at = sizeof digits;

	do
		digits[--at] = (uint8_t)('0' + n % 10);
	while ((n /= 10) > 0);
	return span_put(to, span_of(digits + at, sizeof digits - at));
}

/* "250ms", "3s", "5m", "2h", "7d"; in milliseconds. A bare number is refused, but for 0. */
MUST_CHECK bool text_to_duration(struct span s, uint64_t max_ms, uint64_t *ms);

/* "512", "16k", "4m", "1g" (powers of 1024); in bytes. */
MUST_CHECK bool text_to_size(struct span s, uint64_t max, uint64_t *bytes);

/* The shortest way to write them that reads back the same. */
MUST_CHECK bool text_put_duration(struct buf *b, uint64_t ms);
MUST_CHECK bool text_put_size(struct buf *b, uint64_t bytes);

/* In lower case, if it is a capital letter of ASCII. */
static inline uint8_t
text_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* For each byte that may stand in a token (RFC 9110 §5.6.2) its lower case, for all others 0. */
extern const uint8_t text_token_lower[256];

bool text_is_token(struct span s); /* at least one byte */

/* How many letters one must insert, drop, change or swap; 99 past 32 bytes. */
unsigned text_distance(struct span a, struct span b);

/*
 * Adds peer's bytes for a log line: printable ASCII but for '"' and '\', which
 * like all others become \xHH (JSON: \u00HH). At most `max` bytes of `s` are
 * shown, then "...".
 */
MUST_CHECK bool text_put_escaped(struct buf *b, struct span s, size_t max, bool json);

#endif
