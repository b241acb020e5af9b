#include "http/h1_pool.h"

#include <stdlib.h>

#include "http/h1.h"

#define KEPT         64
#define BUFFER_BYTES 4096

static _Thread_local struct {
	struct arena *arenas[KEPT];
	uint8_t *buffers[KEPT];
	size_t arena_count, buffer_count;
} pool;

struct arena *
h1_pool_arena(void)
{
	return pool.arena_count > 0 ? pool.arenas[--pool.arena_count] : arena_new();
}

void
h1_pool_put_arena(struct arena *a)
{
	if (pool.arena_count == KEPT) {
		arena_free(a);
		return;
	}
	arena_reset(a);
	pool.arenas[pool.arena_count++] = a;
}

void
h1_pool_fill(struct buf *out, size_t size)
{
	if (out->data != NULL || size > BUFFER_BYTES)
		return;
	uint8_t *data =
	    pool.buffer_count > 0 ? pool.buffers[--pool.buffer_count] : malloc(BUFFER_BYTES);
	if (data != NULL)
		*out = (struct buf){.data = data, .size = BUFFER_BYTES, .cap = out->cap};
}

void
h1_pool_take_back(struct buf *out)
{
	if (out->size != BUFFER_BYTES || pool.buffer_count == KEPT) {
		buf_free(out);
		return;
	}
	pool.buffers[pool.buffer_count++] = out->data;
	*out = buf_with_cap(out->cap);
}

void
h1_thread_end(void)
{
	while (pool.arena_count > 0)
		arena_free(pool.arenas[--pool.arena_count]);
	while (pool.buffer_count > 0)
		free(pool.buffers[--pool.buffer_count]);
}
