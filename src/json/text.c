/* Strings of JSON (RFC 8259 §7). */
#include "base/utf8.h"
#include "json/shape.h"

#define ESCAPED_MAX 6 /* bytes of "\u001f" */

static const uint8_t replacement[] = {0xEF, 0xBF, 0xBD}; /* U+FFFD */

/* A two-letter escape's second letter; 0: it has none. */
static const char short_escape[0x60] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

/* Bytes that stand for themselves: all of ASCII but controls, quote and backslash. */
static inline bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static bool
put_escaped(struct buf *out, uint8_t c)
{
	uint8_t text[ESCAPED_MAX] = {
	    '\\', 'u', '0', '0', (uint8_t)('0' + (c >> 4)), (uint8_t) "0123456789abcdef"[c & 0xF]};

	if (c < sizeof short_escape && short_escape[c] != 0) {
		text[1] = (uint8_t)short_escape[c];
		return buf_append(out, span_of(text, 2));
	}
	return buf_append(out, span_of(text, sizeof text));
}

/* Adds the first character, which is not plain, and says how many bytes it took. */
static bool
put_special(struct buf *out, struct span s, size_t *taken)
{
	*taken = 1;
	if (s.p[0] < 0x80)
		return put_escaped(out, s.p[0]);
	size_t length = utf8_length(s);
	if (length == 0)
		return buf_append(out, span_of(replacement, sizeof replacement));
	*taken = length;
	return buf_append(out, span_head(s, length));
}

bool
json_put_span(struct buf *out, struct span text)
{
	if (!buf_byte(out, '"'))
		return false;
	while (text.len > 0) {
		size_t n = 0;

		while (n < text.len && is_plain(text.p[n]))
			n++;
		if (!buf_append(out, span_head(text, n)))
			return false;
		text = span_tail(text, n);
		if (text.len > 0 && !put_special(out, text, &n))
			return false;
		text = text.len > 0 ? span_tail(text, n) : text;
	}
	return buf_byte(out, '"');
}

bool
json_put_text(struct buf *out, const char *text)
{
	return text != NULL ? json_put_span(out, span_str(text)) : buf_append(out, SPAN_OF("null"));
}

const char *
shape_check_line(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7F)
			return "has a line end or another control character in it";
	return NULL;
}
