#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"

#define ARENA_BLOCK 4096 /* with its header; larger pieces get a block of their own */

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) uint8_t bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *arg);
	void *arg;
};

struct arena {
	struct block *blocks; /* the newest first; the first one made is the last */
	struct deferred *deferred;
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

void *
mem_new(size_t size)
{
	return must(calloc(1, size > 0 ? size : 1));
}

char *
mem_text(const char *text)
{
	size_t size = text != NULL ? strlen(text) + 1 : 0;

	return text != NULL ? memcpy(mem_new(size), text, size) : NULL;
}

/* Arrays grow when their count is 0 or a power of two: the size needs no field of its own. */
static bool
is_full(size_t count)
{
	return (count & (count - 1)) == 0;
}

void *
mem_grow(void *array, size_t count, size_t size)
{
	if (is_full(count))
		array = must(reallocarray(array, count > 0 ? count * 2 : 1, size));
	memset((char *)array + count * size, 0, size);
	return array;
}

void
mem_forget(void *pages, size_t size)
{
	if (madvise(pages, size, MADV_DONTNEED) != 0)
		memset(pages, 0, size);
}

void
mem_trim(void)
{
	(void)malloc_trim(0);
}

static struct block *
block_new(struct block *next, size_t size)
{
	struct block *b = must(malloc(sizeof *b + size));

	*b = (struct block){.next = next, .size = size};
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = MEM_NEW(struct arena);

	a->blocks = block_new(NULL, ARENA_BLOCK - sizeof(struct block));
	return a;
}

void
arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
	struct deferred *d = ARENA_NEW(a, struct deferred);

	*d = (struct deferred){a->deferred, fn, arg};
	a->deferred = d;
}

void
arena_reset(struct arena *a)
{
	for (; a->deferred != NULL; a->deferred = a->deferred->next)
		a->deferred->fn(a->deferred->arg);
	while (a->blocks->next != NULL) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->blocks->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->blocks);
	free(a);
}

void *
arena_get(struct arena *a, size_t size)
{
	size_t step = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct block *b = a->blocks;

	if (step < size)
		abort();
	if (b->size - b->used < step) {
		size_t usual = ARENA_BLOCK - sizeof(struct block);

		b = a->blocks = block_new(b, step > usual ? step : usual);
	}
	void *p = b->bytes + b->used;
	b->used += step;
	return memset(p, 0, size);
}

char *
arena_copy(struct arena *a, struct span bytes)
{
	char *p = arena_get(a, bytes.len + 1);

	if (bytes.len > 0)
		memcpy(p, bytes.p, bytes.len);
	return p;
}

static void
wipe_text(void *text)
{
	explicit_bzero(text, strlen(text));
}

void
arena_wipes(struct arena *a, char *text)
{
	arena_defer(a, wipe_text, text);
}

char *
arena_lower(struct arena *a, struct span bytes)
{
	char *p = arena_copy(a, bytes);

	for (size_t i = 0; i < bytes.len; i++)
		p[i] = (char)text_lower((uint8_t)p[i]);
	return p;
}

struct span
arena_span(struct arena *a, struct span bytes)
{
	return span_of(arena_copy(a, bytes), bytes.len);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	if (n < 0)
		abort();
	char *p = arena_get(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return p;
}

void *
arena_grow(struct arena *a, void *array, size_t count, size_t size)
{
	if (!is_full(count))
		return array;
	void *grown = arena_get(a, (count > 0 ? count * 2 : 1) * size);
	return count > 0 ? memcpy(grown, array, count * size) : grown;
}
