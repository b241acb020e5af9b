#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_SIZE 256

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = buf_with_cap(b->cap);
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	buf_free(b);
}

static bool
buf_grow(struct buf *b, size_t need)
{
	size_t size = b->size > 0 ? b->size : BUF_FIRST_SIZE;
	uint8_t *data;

	while (size < need)
		size *= 2;
	/* malloc and copy, not realloc: the caller may be holding a secret. */
	if ((data = malloc(size)) == NULL)
		return false;
	if (b->data != NULL) {
		memcpy(data, b->data + b->start, buf_len(b));
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	*b = (struct buf){.data = data, .end = buf_len(b), .size = size, .cap = b->cap};
	return true;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	size_t held = buf_len(b);

	if (n > b->cap || held > b->cap - n)
		return NULL;
	if (b->size - b->end >= n && b->data != NULL)
		return b->data + b->end;
	if (b->size >= held + n && b->data != NULL) {
		memmove(b->data, b->data + b->start, held);
		b->start = 0;
		b->end = held;
	} else if (!buf_grow(b, held + n)) {
		return NULL;
	}
	return b->data + b->end;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= b->size - b->end);
	b->end += n;
}

bool
buf_append(struct buf *b, struct span bytes)
{
	uint8_t *room;

	if (bytes.len == 0)
		return true;
	if ((room = buf_room(b, bytes.len)) == NULL)
		return false;
	memcpy(room, bytes.p, bytes.len);
	b->end += bytes.len;
	return true;
}

bool
buf_byte(struct buf *b, uint8_t byte)
{
	return buf_append(b, span_of(&byte, 1));
}

bool
buf_be16(struct buf *b, uint16_t value)
{
	uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	return buf_append(b, span_of(bytes, sizeof bytes));
}

bool
buf_be32(struct buf *b, uint32_t value)
{
	uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
			   (uint8_t)value};

	return buf_append(b, span_of(bytes, sizeof bytes));
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	bool fits = false;

	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	uint8_t *room = n >= 0 ? buf_room(b, (size_t)n + 1) : NULL;
	if (room != NULL) {
		vsnprintf((char *)room, (size_t)n + 1, fmt, again);
		b->end += (size_t)n;
		fits = true;
	}
	va_end(again);
	va_end(args);
	return fits;
}

void
buf_taken(struct buf *b, size_t n)
{
	assert(n <= buf_len(b));
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}
