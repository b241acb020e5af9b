#include "serve/location.h"

#include "serve/wire.h"

/* Unreserved and '/': the rest is encoded, whatever it would have meant. */
static uint8_t *
put_encoded(uint8_t *to, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (wire_is_unreserved(c) || c == '/')
			*to++ = c;
		else
			to = wire_put_encoded(to, c);
	}
	return to;
}

struct span
location_encode(struct arena *memory, struct span path, struct span after, struct span query)
{
	uint8_t *start = arena_get(memory, path.len * 3 + after.len + query.len + 1);
	uint8_t *end = span_put(put_encoded(start, path), after);

	if (query.len > 0)
		end = span_put(span_put(end, SPAN_OF("?")), query);
	return span_of(start, (size_t)(end - start));
}
