#include <stdlib.h>

#include "os/datagram.h"
#include "role/tunnel_private.h"

struct burst {
	int fd;
	struct address peer, local;
	size_t each;  /* the first's length, which none exceeds */
	size_t count; /* 0: nothing waits */
	size_t len;
	bool closed; /* the last was shorter: no other may follow */
	uint8_t bytes[DATAGRAM_BURST_BYTES];
};

struct burst *
burst_new(void)
{
	return MEM_NEW(struct burst);
}

void
burst_free(struct burst *b)
{
	free(b);
}

static bool
fits(const struct burst *b, const struct client *c, size_t len)
{
	return !b->closed && b->count < DATAGRAM_BURST && len <= b->each &&
	       b->len + len <= sizeof b->bytes && b->fd == c->fd &&
	       address_equal(&b->peer, &c->peer) && address_equal(&b->local, &c->local);
}

uint8_t *
burst_room(struct burst *b, const struct client *c, size_t len)
{
	if (b->count > 0 && !fits(b, c, len))
		burst_leave(b);
	if (b->count == 0) {
		b->fd = c->fd;
		b->peer = c->peer;
		b->local = c->local;
		b->each = len;
	}
	return b->bytes + b->len;
}

void
burst_add(struct burst *b, size_t len)
{
	b->len += len;
	b->count++;
	b->closed = len < b->each;
}

/* Also where they are longer than the path takes: only one by one are they fragmented. */
static void
send_each(const struct burst *b)
{
	struct span rest = span_of(b->bytes, b->len);

	for (; rest.len > 0; rest = span_tail(rest, b->each))
		datagram_send(b->fd, span_head(rest, b->each), &b->peer, &b->local);
}

void
burst_leave(struct burst *b)
{
	if (b->count == 1 || (b->count > 1 && !datagram_send_burst(b->fd, span_of(b->bytes, b->len),
								   b->each, &b->peer, &b->local)))
		send_each(b);
	b->count = b->len = 0;
	b->closed = false;
}
