#include "base/text.h"

#include <inttypes.h>

static const struct unit {
	const char *name;
	uint64_t factor;
} durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}},
  sizes[] = {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* clang-format off */
const uint8_t text_token_lower[256] = {
	[0x20] =
	 0 , '!',  0 , '#', '$', '%', '&', '\'',  0 ,  0 , '*', '+',  0 , '-', '.',  0 ,
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9',  0 ,  0 ,  0 ,  0 ,  0 ,  0 ,
	 0 , 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',  0 ,  0 ,  0 , '^', '_',
	'`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',  0 , '|',  0 , '~',  0 ,
};
/* clang-format on */

bool
text_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (text_token_lower[s.p[i]] == 0)
			return false;
	return s.len > 0;
}

bool
span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (text_lower(a.p[i]) != text_lower(b.p[i]))
			return false;
	return true;
}

bool
text_to_u64(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = s.p[i] - (unsigned)'0';

		if (!is_digit(s.p[i]) || digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool
to_units(struct span s, const struct unit *units, size_t count, uint64_t max, uint64_t *out)
{
	size_t digits = 0;
	uint64_t n;

	while (digits < s.len && is_digit(s.p[digits]))
		digits++;
	struct span unit = span_tail(s, digits);
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(unit, span_str(units[i].name))) {
			if (!text_to_u64(span_head(s, digits), max / units[i].factor, &n))
				return false;
			*out = n * units[i].factor;
			return true;
		}
	return false;
}

bool
text_to_duration(struct span s, uint64_t max_ms, uint64_t *ms)
{
	if (span_equal(s, SPAN_OF("0"))) {
		*ms = 0;
		return true;
	}
	return to_units(s, durations, COUNT(durations), max_ms, ms);
}

bool
text_to_size(struct span s, uint64_t max, uint64_t *bytes)
{
	return to_units(s, sizes, COUNT(sizes), max, bytes);
}

static bool
put_units(struct buf *b, const struct unit *units, size_t count, uint64_t n)
{
	size_t i = 0;

	while (i + 1 < count && n % units[i].factor != 0)
		i++;
	return buf_printf(b, "%" PRIu64 "%s", n / units[i].factor, units[i].name);
}

bool
text_put_duration(struct buf *b, uint64_t ms)
{
	return ms == 0 ? buf_byte(b, '0') : put_units(b, durations, COUNT(durations), ms);
}

bool
text_put_size(struct buf *b, uint64_t bytes)
{
	return bytes == 0 ? buf_byte(b, '0') : put_units(b, sizes, COUNT(sizes), bytes);
}

#define DISTANCE_MAX 32

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance, with swaps of neighbours. */
unsigned
text_distance(struct span a, struct span b)
{
	unsigned d[DISTANCE_MAX + 1][DISTANCE_MAX + 1];

	if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
		return 99;
	for (unsigned i = 0; i <= a.len; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= b.len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.len; i++)
		for (size_t j = 1; j <= b.len; j++) {
			unsigned change = text_lower(a.p[i - 1]) != text_lower(b.p[j - 1]);

			d[i][j] =
			    least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && text_lower(a.p[i - 1]) == text_lower(b.p[j - 2]) &&
			    text_lower(a.p[i - 2]) == text_lower(b.p[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a.len][b.len];
}

bool
text_put_escaped(struct buf *b, struct span s, size_t max, bool json)
{
	struct span shown = span_head(s, max);

	for (size_t i = 0; i < shown.len; i++) {
		uint8_t c = shown.p[i];
		bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';

		if (plain ? !buf_byte(b, c) : !buf_printf(b, json ? "\\u%04x" : "\\x%02X", c))
			return false;
	}
	return shown.len == s.len || buf_append(b, SPAN_OF("..."));
}
