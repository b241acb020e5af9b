/*
 * What a connection needs only while it asks or answers: arenas, and a buffer to write into.
 * Each thread keeps a few for the next request, so that idle connections hold none.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "base/buf.h"
#include "base/mem.h"

struct arena *pool_arena(void);
void pool_put_arena(struct arena *a);

/* Gives an empty `out` memory for at least `size` bytes, if there is any to be had. */
void pool_fill(struct buf *out, size_t size);
void pool_take_back(struct buf *out); /* `out` is empty */
#define POOL_BUFFER 4096              /* bytes; whoever wants more at once gets none */

/* Before a thread ends: frees what its connections left for each other. */
void pool_thread_end(void);

#endif
