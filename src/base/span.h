/*
 * Bytes that somebody else owns, and the one way to read them.
 *
 * Untrusted input is read through a cursor only: every read says whether the
 * bytes were there, and a read that fails moves nothing.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

struct span {
	const uint8_t *p;
	size_t len;
};

#define SPAN_NONE       ((struct span){NULL, 0})
#define SPAN_OF(string) ((struct span)SPAN_INIT(string))
#define SPAN_INIT(string)                                                                          \
	{                                                                                          \
		(const uint8_t *)(string), sizeof(string) - 1                                      \
	} /* for static tables */

static inline struct span
span_of(const void *p, size_t len)
{
	return (struct span){p, len};
}

static inline struct span
span_str(const char *string)
{
	return (struct span){(const uint8_t *)string, strlen(string)};
}

/* The first `n` bytes, or all of them if there are fewer. */
static inline struct span
span_head(struct span s, size_t n)
{
	return (struct span){s.p, n < s.len ? n : s.len};
}

/* All but the first `n` bytes; nothing if there are not more. */
static inline struct span
span_tail(struct span s, size_t n)
{
	return n < s.len ? (struct span){s.p + n, s.len - n} : SPAN_NONE;
}

static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
span_starts_with(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal(span_head(s, prefix.len), prefix);
}

/* Where `byte` first stands; s.len if nowhere. */
static inline size_t
span_find(struct span s, uint8_t byte)
{
	const uint8_t *at = s.len > 0 ? memchr(s.p, byte, s.len) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.len;
}

/* Copies it to where there is room for it; returns what is behind. */
static inline uint8_t *
span_put(uint8_t *to, struct span s)
{
	if (s.len > 0)
		memcpy(to, s.p, s.len);
	return to + s.len;
}

/* Writes a big-endian integer to where there is room for it; returns what is behind. */
static inline uint8_t *
span_put_be64(uint8_t *to, uint64_t n)
{
	for (unsigned bits = 64; bits > 0; bits -= 8)
		*to++ = (uint8_t)(n >> (bits - 8));
	return to;
}

/* Equal without regard to ASCII case; no locale. */
bool span_equal_nocase(struct span a, struct span b);

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
};

static inline struct cursor
cursor_of(struct span s)
{
	return (struct cursor){s.p, s.len > 0 ? s.p + s.len : s.p};
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

MUST_CHECK static inline bool
cursor_span(struct cursor *c, size_t n, struct span *out)
{
	if (cursor_left(c) < n)
		return false;
	*out = (struct span){c->p, n};
	if (n > 0) /* NULL + 0 is undefined */
		c->p += n;
	return true;
}

MUST_CHECK static inline bool
cursor_skip(struct cursor *c, size_t n)
{
	struct span skipped;

	return cursor_span(c, n, &skipped);
}

MUST_CHECK static inline bool
cursor_u8(struct cursor *c, uint8_t *out)
{
	if (cursor_left(c) < 1)
		return false;
	*out = *c->p++;
	return true;
}

/* Big-endian ("network order") integers. */
MUST_CHECK static inline bool
cursor_be16(struct cursor *c, uint16_t *out)
{
	if (cursor_left(c) < 2)
		return false;
	*out = (uint16_t)(c->p[0] << 8 | c->p[1]);
	c->p += 2;
	return true;
}

MUST_CHECK static inline bool
cursor_be24(struct cursor *c, uint32_t *out)
{
	if (cursor_left(c) < 3)
		return false;
	*out = (uint32_t)c->p[0] << 16 | (uint32_t)c->p[1] << 8 | c->p[2];
	c->p += 3;
	return true;
}

MUST_CHECK static inline bool
cursor_be32(struct cursor *c, uint32_t *out)
{
	if (cursor_left(c) < 4)
		return false;
	*out = (uint32_t)c->p[0] << 24 | (uint32_t)c->p[1] << 16 | (uint32_t)c->p[2] << 8 | c->p[3];
	c->p += 4;
	return true;
}

/* A vector: its length in 1 or 2 bytes, then so many bytes (RFC 8446 §3.4). */
MUST_CHECK static inline bool
cursor_vec8(struct cursor *c, struct span *out)
{
	struct cursor probe = *c;
	uint8_t len;

	if (!cursor_u8(&probe, &len) || !cursor_span(&probe, len, out))
		return false;
	*c = probe;
	return true;
}

MUST_CHECK static inline bool
cursor_vec16(struct cursor *c, struct span *out)
{
	struct cursor probe = *c;
	uint16_t len;

	if (!cursor_be16(&probe, &len) || !cursor_span(&probe, len, out))
		return false;
	*c = probe;
	return true;
}

#endif
