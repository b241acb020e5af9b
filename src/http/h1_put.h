/* What heads are written with. Each writes where there is room for it, and returns its end. */
#ifndef HTTP_H1_PUT_H
#define HTTP_H1_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* "content-type" as HTTP/1.1 has always shown it: "Content-Type". */
static inline uint8_t *
h1_put_name(uint8_t *to, struct span name)
{
	bool first = true;

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		*to++ = first && c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c;
		first = c == '-';
	}
	return to;
}

static inline uint8_t *
h1_put_line(uint8_t *to, struct span name, struct span value)
{
	to = span_put(span_put(to, name), value);
	return span_put(to, SPAN_OF("\r\n"));
}

static inline uint8_t *
h1_put_field(uint8_t *to, struct span name, struct span value)
{
	to = span_put(h1_put_name(to, name), SPAN_OF(": "));
	return h1_put_line(to, value, SPAN_NONE);
}

#endif
