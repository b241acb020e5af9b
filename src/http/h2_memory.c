#include <stdlib.h>

#include "http/h2_inner.h"

/*
 * nghttp2 has a buffer for the largest frame for each connection, of which we use the first
 * few hundred bytes: DATA is framed elsewhere (h2_send_answer). From malloc() it would be
 * memory that something else has written to before, all 16 KiB of it. Here such buffers lie
 * in pages of their own, and those that were never written to are none.
 */
#define PAGE       4096
#define SLOT       (5 * PAGE)
#define LARGE      8192 /* less than this is malloc()'s */
#define SLAB_SLOTS 64

struct slab {
	struct slab *next;
	uint8_t *slots;
	size_t used; /* of them, ever */
};

/* A slot that was given back says which is next. */
struct slot {
	struct slot *next;
};

static _Thread_local struct {
	struct slab *slabs;
	struct slot *free;
} pool;

static struct slab *
slab_new(void)
{
	struct slab *slab = malloc(sizeof *slab);
	uint8_t *slots = slab != NULL ? aligned_alloc(PAGE, SLAB_SLOTS * SLOT) : NULL;

	if (slots == NULL) {
		free(slab);
		return NULL;
	}
	*slab = (struct slab){pool.slabs, slots, 0};
	return slab;
}

static void *
slot_get(void)
{
	struct slot *slot = pool.free;
	struct slab *slab = pool.slabs;

	if (slot != NULL) {
		pool.free = slot->next;
		return slot;
	}
	if (slab == NULL || slab->used == SLAB_SLOTS)
		if ((slab = slab_new()) == NULL)
			return NULL;
	pool.slabs = slab;
	return slab->slots + slab->used++ * SLOT;
}

static bool
is_slot(const void *p)
{
	uintptr_t at = (uintptr_t)p;

	if (at % PAGE != 0) /* almost never for what is malloc()'s */
		return false;
	for (const struct slab *s = pool.slabs; s != NULL; s = s->next)
		if (at - (uintptr_t)s->slots < SLAB_SLOTS * SLOT)
			return true;
	return false;
}

static void *
get(size_t size, void *unused)
{
	(void)unused;
	return size > LARGE && size <= SLOT ? slot_get() : malloc(size);
}

static void
put(void *p, void *unused)
{
	struct slot *slot = p;

	(void)unused;
	if (p == NULL || !is_slot(p)) {
		free(p);
		return;
	}
	slot->next = pool.free;
	pool.free = slot;
}

static void *
get_zeroed(size_t count, size_t size, void *unused)
{
	(void)unused;
	return calloc(count, size);
}

static void *
resize(void *p, size_t size, void *unused)
{
	if (p == NULL)
		return get(size, unused);
	if (!is_slot(p))
		return realloc(p, size);
	if (size <= SLOT)
		return p;
	void *grown = malloc(size);
	if (grown != NULL) {
		memcpy(grown, p, SLOT);
		put(p, unused);
	}
	return grown;
}

nghttp2_mem *
h2_memory(void)
{
	static nghttp2_mem memory = {NULL, get, put, get_zeroed, resize};

	return &memory; /* which each session copies */
}

void
h2_memory_end(void)
{
	struct slab *next;

	for (struct slab *s = pool.slabs; s != NULL; s = next) {
		next = s->next;
		free(s->slots);
		free(s);
	}
	pool.slabs = NULL;
	pool.free = NULL;
}
