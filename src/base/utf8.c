#include "base/utf8.h"

/* RFC 3629 §4: first byte, and what the second may be; the others are 80 to BF. */
static const struct sequence {
	uint8_t first, last;
	uint8_t length;
	uint8_t low, high;
} sequences[] = {
    {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

size_t
utf8_length(struct span s)
{
	const struct sequence *q = sequences, *end = sequences + COUNT(sequences);

	while (s.len > 0 && q < end && (s.p[0] < q->first || s.p[0] > q->last))
		q++;
	if (s.len == 0 || q == end || q->length > s.len)
		return 0;
	for (size_t i = 1; i < q->length; i++)
		if (s.p[i] < (i == 1 ? q->low : 0x80) || s.p[i] > (i == 1 ? q->high : 0xBF))
			return 0;
	return q->length;
}

bool
utf8_is_text(struct span s)
{
	for (size_t n; s.len > 0; s = span_tail(s, n)) {
		n = utf8_length(s);
		if (n == 0 || s.p[0] == '\0')
			return false;
	}
	return true;
}

struct span
utf8_head(struct span s, size_t max)
{
	size_t n = max;

	if (s.len <= max)
		return s;
	while (n > 0 && utf8_continues(s.p[n]))
		n--;
	return span_head(s, n);
}

static struct span
valid_head(struct span s)
{
	size_t n = 0, length;

	while ((length = utf8_length(span_tail(s, n))) > 0 && s.p[n] != '\0')
		n += length;
	return span_head(s, n);
}

struct span
utf8_mended(struct arena *memory, struct span text)
{
	static const struct span replacement = SPAN_INIT("\xEF\xBF\xBD");
	struct span valid = valid_head(text);
	uint8_t *out, *end;

	if (valid.len == text.len)
		return text;
	out = end = arena_get(memory, text.len * replacement.len);
	while (text.len > 0) {
		valid = valid_head(text);
		end = span_put(end, valid);
		text = span_tail(text, valid.len);
		if (text.len > 0)
			end = span_put(end, replacement);
		text = span_tail(text, 1);
	}
	return span_of(out, (size_t)(end - out));
}
