#include <stdlib.h>

#include "http/h2_inner.h"
#include "http/pool.h"

#define KEPT 8

/* Large output buffers for those connections that send just now. */
static _Thread_local struct {
	uint8_t *buffers[KEPT];
	size_t count;
} pool;

static bool
widen(struct h2 *h)
{
	uint8_t *data = pool.count > 0 ? pool.buffers[--pool.count] : malloc(H2_OUTPUT_MAX);
	struct span held = buf_span(&h->out);

	if (data == NULL)
		return false;
	if (held.len > 0)
		memcpy(data, held.p, held.len);
	buf_taken(&h->out, held.len);
	if (h->out.data != NULL)
		pool_take_back(&h->out);
	h->out = (struct buf){
	    .data = data, .end = held.len, .size = H2_OUTPUT_MAX, .cap = H2_OUTPUT_MAX};
	return true;
}

uint8_t *
h2_output_room(struct h2 *h, size_t n)
{
	if (h->out.data == NULL && h->peak <= POOL_BUFFER)
		pool_fill(&h->out, n);
	if (h->out.size < H2_OUTPUT_MAX && buf_len(&h->out) + n > h->out.size && !widen(h))
		return NULL;
	return buf_room(&h->out, n);
}

void
h2_output_give_back(struct h2 *h)
{
	struct buf *out = &h->out;

	if (out->data == NULL || buf_len(out) > 0)
		return;
	h->peak = h->filled;
	h->filled = 0;
	if (out->size < H2_OUTPUT_MAX) {
		pool_take_back(out);
	} else if (pool.count < KEPT) {
		pool.buffers[pool.count++] = out->data;
		*out = buf_with_cap(H2_OUTPUT_MAX);
	} else {
		buf_free(out);
	}
}

void
h2_thread_end(void)
{
	while (pool.count > 0)
		free(pool.buffers[--pool.count]);
	h2_memory_thread_end();
}

void
h2_flush(struct h2 *h)
{
	const uint8_t *data;
	ssize_t n = 0;

	if (h->closed)
		return;
	h->calls++;
	h->pulls = 0;
	while (buf_len(&h->out) <= H2_OUTPUT_FULL &&
	       (n = nghttp2_session_mem_send(h->ng, &data)) > 0) {
		uint8_t *to = h2_output_room(h, (size_t)n);

		if (to == NULL) {
			n = NGHTTP2_ERR_NOMEM;
			break;
		}
		memcpy(to, data, (size_t)n);
		buf_added(&h->out, (size_t)n);
	}
	h->calls--;
	if (buf_len(&h->out) > h->filled)
		h->filled = (uint32_t)buf_len(&h->out);
	h->closed |= n < 0;
}
