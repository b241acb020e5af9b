/*
 * What a connection needs only while it answers: an arena, and a buffer to answer into.
 * Each thread keeps a few for the next request, so that idle connections hold none.
 */
#ifndef HTTP_H1_POOL_H
#define HTTP_H1_POOL_H

#include "base/buf.h"
#include "base/mem.h"

struct arena *h1_pool_arena(void);
void h1_pool_put_arena(struct arena *a);

/* Gives an empty `out` memory for at least `size` bytes, if there is any to be had. */
void h1_pool_fill(struct buf *out, size_t size);
void h1_pool_take_back(struct buf *out); /* `out` is empty */

#endif
