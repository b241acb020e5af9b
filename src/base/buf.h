/*
 * A byte buffer that grows, up to a cap set when it is made.
 *
 * Bytes are added at the end and taken from the front. A peer decides how much
 * is added, so adding may fail: the cap is the limit, never the machine.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

struct buf {
	uint8_t *data;
	size_t start, end; /* the bytes held are data[start..end) */
	size_t size;       /* allocated */
	size_t cap;        /* never holds more than this */
};

static inline struct buf
buf_with_cap(size_t cap)
{
	return (struct buf){.cap = cap};
}

static inline struct span
buf_span(const struct buf *b)
{
	return b->data != NULL ? (struct span){b->data + b->start, b->end - b->start} : SPAN_NONE;
}

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->start;
}

/* Frees the memory; the buffer stays usable, empty, with its cap. */
void buf_free(struct buf *b);

/* The same, after wiping all it ever held. For secrets. */
void buf_wipe(struct buf *b);

/*
 * Room for `n` more bytes, to be written by the caller and then counted in
 * with buf_added(). NULL when the cap or the memory does not allow it.
 */
MUST_CHECK uint8_t *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

/* Add at the end; false (and nothing added) when it does not fit. A print needs a byte more. */
MUST_CHECK bool buf_append(struct buf *b, struct span bytes);
MUST_CHECK bool buf_byte(struct buf *b, uint8_t byte);
MUST_CHECK bool buf_be16(struct buf *b, uint16_t value);
MUST_CHECK bool buf_be32(struct buf *b, uint32_t value);
MUST_CHECK bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/* Takes `n` bytes, all held at most, from the front. */
void buf_taken(struct buf *b, size_t n);

#endif
