#include <stdlib.h>

#include "http/h2_inner.h"

/*
 * nghttp2's memory.
 *
 * Each connection has a buffer for the largest frame, of which we use the first few hundred
 * bytes, as DATA is framed elsewhere (h2_send_answer), and a map of streams, which is empty
 * while there are none. Both lie in pages of the connection's own: what of them was never
 * written to takes no memory, and nor does the rest while the connection is idle.
 *
 * Each request has some ten blocks of a few hundred bytes, for a short while: those are kept
 * by size for the next one.
 */
#define PAGE       4096
#define FRAME_SIZE (5 * PAGE)
#define MAP_SIZE   PAGE
#define PAGES_SIZE (FRAME_SIZE + MAP_SIZE)
#define SLAB_COUNT 64
#define LARGE      8192 /* a buffer for frames is larger */

#define STEP    16
#define CLASSES 64 /* blocks of 0, 16 .. 1008 bytes; none are kept of the first */
#define KEPT    64 /* of each size */

struct slab {
	struct slab *next;
	uint8_t *bytes;
	size_t used; /* of SLAB_COUNT, ever */
};

/* Pages that were given back say which are next. */
struct pages {
	struct pages *next;
};

/* What lies before each block: its size in steps, 0 when it is malloc()'s alone. */
struct block {
	_Alignas(max_align_t) union {
		size_t class;
		struct block *next;
	};
};

static _Thread_local struct {
	struct slab *slabs;
	struct pages *free;
	struct block *blocks[CLASSES];
	unsigned kept[CLASSES];
} pool;

static bool
slab_add(void)
{
	struct slab *slab = malloc(sizeof *slab);
	uint8_t *bytes = slab != NULL ? aligned_alloc(PAGE, SLAB_COUNT * PAGES_SIZE) : NULL;

	if (bytes == NULL) {
		free(slab);
		return false;
	}
	*slab = (struct slab){pool.slabs, bytes, 0};
	pool.slabs = slab;
	return true;
}

static uint8_t *
pages_get(void)
{
	struct pages *pages = pool.free;
	struct slab *slab = pool.slabs;

	if (pages != NULL) {
		pool.free = pages->next;
		return (uint8_t *)pages;
	}
	if ((slab == NULL || slab->used == SLAB_COUNT) && !slab_add())
		return NULL;
	return pool.slabs->bytes + pool.slabs->used++ * PAGES_SIZE;
}

static void
pages_put(uint8_t *bytes)
{
	struct pages *pages = (struct pages *)(void *)bytes;

	if (bytes == NULL)
		return;
	pages->next = pool.free;
	pool.free = pages;
}

static void *
block_get(size_t size)
{
	size_t class = (size + STEP - 1) / STEP;
	struct block *b;

	if (class >= CLASSES)
		class = 0;
	if ((b = pool.blocks[class]) != NULL) {
		pool.blocks[class] = b->next;
		pool.kept[class]--;
	} else if ((b = malloc(sizeof *b + (class > 0 ? class * STEP : size))) == NULL) {
		return NULL;
	}
	b->class = class;
	return b + 1;
}

static void
block_put(void *p)
{
	struct block *b = (struct block *)p - 1;
	size_t class = b->class;

	if (class == 0 || pool.kept[class] == KEPT) {
		free(b);
		return;
	}
	b->next = pool.blocks[class];
	pool.blocks[class] = b;
	pool.kept[class]++;
}

static void *
get(size_t size, void *owner)
{
	struct h2_memory *m = owner;

	if (size <= LARGE || size > FRAME_SIZE || m->framing)
		return block_get(size);
	m->framing = true;
	return m->pages;
}

static void *
get_zeroed(size_t count, size_t size, void *owner)
{
	struct h2_memory *m = owner;
	void *p;

	if (size > SIZE_MAX / (count > 0 ? count : 1))
		return NULL;
	if (count * size == MAP_SIZE && !m->mapping) {
		m->mapping = true;
		p = m->pages + FRAME_SIZE;
	} else if ((p = block_get(count * size)) == NULL) {
		return NULL;
	}
	return memset(p, 0, count * size);
}

static void
put(void *p, void *owner)
{
	struct h2_memory *m = owner;

	if (p == m->pages)
		m->framing = false;
	else if (p == m->pages + FRAME_SIZE)
		m->mapping = false;
	else if (p != NULL)
		block_put(p);
}

static size_t
size_of(const struct h2_memory *m, const void *p)
{
	if (p == m->pages)
		return FRAME_SIZE;
	return p == m->pages + FRAME_SIZE ? MAP_SIZE : ((const struct block *)p - 1)->class * STEP;
}

/* Blocks of malloc() alone are as large as realloc() knows. */
static void *
resize(void *p, size_t size, void *owner)
{
	size_t old = p != NULL ? size_of(owner, p) : 0;
	void *grown;

	if (p != NULL && old >= size)
		return p;
	if (p != NULL && old == 0) {
		struct block *b = realloc((struct block *)p - 1, sizeof *b + size);

		/* cppcheck-suppress memleak */
		return b != NULL ? b + 1 : NULL;
	}
	if ((grown = get(size, owner)) != NULL && p != NULL) {
		memcpy(grown, p, old);
		put(p, owner);
	}
	return grown;
}

bool
h2_memory_begin(struct h2_memory *m)
{
	*m = (struct h2_memory){
	    .calls = {m, get, put, get_zeroed, resize},
	    .pages = pages_get(),
	};
	return m->pages != NULL;
}

void
h2_memory_end(struct h2_memory *m)
{
	pages_put(m->pages);
}

/* The map is all zeroes unless there are streams. */
void
h2_memory_rest(struct h2_memory *m)
{
	const uint8_t *map = m->pages + FRAME_SIZE;
	bool empty = map[0] == 0 && memcmp(map, map + 1, MAP_SIZE - 1) == 0;

	mem_forget(m->pages, empty ? PAGES_SIZE : FRAME_SIZE);
}

void
h2_memory_thread_end(void)
{
	for (struct slab *s = pool.slabs, *next; s != NULL; s = next) {
		next = s->next;
		free(s->bytes);
		free(s);
	}
	pool.slabs = NULL;
	pool.free = NULL;
	for (size_t i = 0; i < CLASSES; i++)
		for (; pool.blocks[i] != NULL; pool.kept[i]--) {
			struct block *b = pool.blocks[i];

			pool.blocks[i] = b->next;
			free(b);
		}
}
