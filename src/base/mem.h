/*
 * Memory whose size no peer decides: when it is not to be had, the process ends.
 * An arena hands out pieces that all go at once: a configuration, a request.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/attr.h"
#include "base/span.h"

/* Zeroed; freed with free(). Never NULL. */
void *mem_new(size_t size);
#define MEM_NEW(type) ((type *)mem_new(sizeof(type)))

char *mem_text(const char *text); /* a copy; NULL of NULL */

/* Grows an array of `*count` elements by one zeroed element and returns it. */
#define MEM_PUSH(array, count)                                                                     \
	((array) = mem_grow((array), (count), sizeof *(array)), &(array)[(count)++])
void *mem_grow(void *array, size_t count, size_t size);

/* What whole pages hold is needed no more: until written to they take no memory, and read as 0. */
void mem_forget(void *pages, size_t size);

/* Whole pages that free() has kept go back to the kernel: a look at all that is free, in all
 * threads' heaps. */
void mem_trim(void);

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */

/* Forgets all pieces but keeps the first block for the next ones. */
void arena_reset(struct arena *a);

/* Calls `fn` when all pieces go, the last told first; it must not ask this arena for more. */
void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg);

/* Zeroed, aligned for anything, lives as long as the arena. Never NULL. */
void *arena_get(struct arena *a, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_get((a), sizeof(type)))

/* A copy with a NUL after it, which is not counted. */
char *arena_copy(struct arena *a, struct span bytes);
struct span arena_span(struct arena *a, struct span bytes); /* the same, as a span */
char *arena_lower(struct arena *a, struct span bytes);      /* with text_lower() for each */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

/* A secret: the string is overwritten when all pieces go. */
void arena_wipes(struct arena *a, char *text);

/* MEM_PUSH for an array in an arena; sizes double, old ones are left behind. */
#define ARENA_PUSH(a, array, count)                                                                \
	((array) = arena_grow((a), (array), (count), sizeof *(array)), &(array)[(count)++])
void *arena_grow(struct arena *a, void *array, size_t count, size_t size);

#endif
