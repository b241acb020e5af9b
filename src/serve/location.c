#include "serve/location.h"

/* unreserved and '/' (RFC 3986 §2.3): the rest is encoded, whatever it would have meant. */
static bool
is_plain(uint8_t c)
{
	uint8_t letter = c | 0x20;

	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/", c) != NULL);
}

static uint8_t *
put(uint8_t *to, struct span s)
{
	if (s.len > 0)
		memcpy(to, s.p, s.len);
	return to + s.len;
}

static uint8_t *
put_encoded(uint8_t *to, struct span s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (is_plain(c)) {
			*to++ = c;
			continue;
		}
		*to++ = '%';
		*to++ = (uint8_t)digits[c >> 4];
		*to++ = (uint8_t)digits[c & 15];
	}
	return to;
}

struct span
location_encode(struct arena *memory, struct span path, struct span after, struct span query)
{
	uint8_t *start = arena_get(memory, path.len * 3 + after.len + query.len + 1);
	uint8_t *end = put(put_encoded(start, path), after);

	if (query.len > 0)
		end = put(put(end, SPAN_OF("?")), query);
	return span_of(start, (size_t)(end - start));
}
