/* Texts in UTF-8 (RFC 3629): where characters end, and what to do with bytes that are none. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/span.h"

/* Whether it continues a character that another byte began. */
static inline bool
utf8_continues(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* How many bytes the first character has; 0: there is none, or it is not UTF-8. */
size_t utf8_length(struct span s);

/* Whether all of it is UTF-8, without a NUL. */
bool utf8_is_text(struct span s);

/* The first `max` bytes, or fewer, so that no character is cut in two. */
struct span utf8_head(struct span s, size_t max);

/* `text` itself, or a copy in which each byte that is no part of UTF-8 has become U+FFFD. A NUL is
 * taken for none, since no database takes it. */
struct span utf8_mended(struct arena *memory, struct span text);

#endif
