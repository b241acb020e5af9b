#include "http/pool.h"

#include <stdlib.h>

#define KEPT 64

static _Thread_local struct {
	struct arena *arenas[KEPT];
	uint8_t *buffers[KEPT];
	size_t arena_count, buffer_count;
} pool;

struct arena *
pool_arena(void)
{
	return pool.arena_count > 0 ? pool.arenas[--pool.arena_count] : arena_new();
}

void
pool_put_arena(struct arena *a)
{
	if (pool.arena_count == KEPT) {
		arena_free(a);
		return;
	}
	arena_reset(a);
	pool.arenas[pool.arena_count++] = a;
}

void
pool_fill(struct buf *out, size_t size)
{
	if (out->data != NULL || size > POOL_BUFFER)
		return;
	uint8_t *data =
	    pool.buffer_count > 0 ? pool.buffers[--pool.buffer_count] : malloc(POOL_BUFFER);
	if (data != NULL)
		*out = (struct buf){.data = data, .size = POOL_BUFFER, .cap = out->cap};
}

void
pool_take_back(struct buf *out)
{
	if (out->size != POOL_BUFFER || pool.buffer_count == KEPT) {
		buf_free(out);
		return;
	}
	pool.buffers[pool.buffer_count++] = out->data;
	*out = buf_with_cap(out->cap);
}

void
pool_thread_end(void)
{
	while (pool.arena_count > 0)
		arena_free(pool.arenas[--pool.arena_count]);
	while (pool.buffer_count > 0)
		free(pool.buffers[--pool.buffer_count]);
}
