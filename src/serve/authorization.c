#include "serve/authorization.h"

/* A base64 digit (RFC 4648 §4); false for all else. */
static bool
digit_of(uint8_t c, uint32_t *value)
{
	if (c >= 'A' && c <= 'Z')
		*value = c - (uint32_t)'A';
	else if (c >= 'a' && c <= 'z')
		*value = c - (uint32_t)'a' + 26;
	else if (c >= '0' && c <= '9')
		*value = c - (uint32_t)'0' + 52;
	else if (c == '+' || c == '/')
		*value = c == '+' ? 62 : 63;
	else
		return false;
	return true;
}

/* Without what fills it up: "=" is not needed to know where it ends. */
static struct span
without_padding(struct span s)
{
	for (int i = 0; i < 2 && s.len > 0 && s.p[s.len - 1] == '='; i++)
		s.len--;
	return s;
}

/* How many bytes it is; 0 for what is no base64, or too much. */
static size_t
decode(struct span digits, uint8_t *to, size_t size)
{
	uint32_t bits = 0, value;
	size_t len = 0;
	unsigned held = 0;

	if (digits.len % 4 == 1 || digits.len / 4 * 3 + 2 > size)
		return 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (!digit_of(digits.p[i], &value))
			return 0;
		bits = bits << 6 | value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			to[len++] = (uint8_t)(bits >> held);
			bits &= (1u << held) - 1;
		}
	}
	return bits == 0 ? len : 0; /* what is left over is zero, or two texts meant the same */
}

/* RFC 7617 §2: neither holds control characters. */
static bool
has_controls(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7F)
			return true;
	return false;
}

bool
authorization_basic(struct span value, struct credentials *out)
{
	static const struct span scheme = SPAN_INIT("Basic ");
	struct span token, text;

	if (value.len <= scheme.len || !span_equal_nocase(span_head(value, scheme.len), scheme))
		return false;
	token = span_tail(value, scheme.len);
	while (token.len > 0 && token.p[0] == ' ')
		token = span_tail(token, 1);
	text = span_of(out->text, decode(without_padding(token), out->text, sizeof out->text));
	size_t colon = span_find(text, ':');
	if (colon == text.len || has_controls(text))
		return false;
	out->user = span_head(text, colon);
	out->password = span_tail(text, colon + 1);
	return true;
}
