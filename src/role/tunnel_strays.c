/*
 * Packets for clients of other workers. The kernel learns from what a worker writes to the
 * interface which queue the answers are for, so these are few: of flows that begin outside, and
 * between clients. They are handed over at the end of a turn, all together.
 */
#include <stdlib.h>

#include "role/tunnel_private.h"

#define BAG_MAX   (256 << 10)
#define BAGS_WAIT 16 /* at a worker; what comes to one that is so far behind is lost */

/* Packets for one worker, each with a head. */
struct bag {
	struct tunnel_worker *to;
	struct buf packets;
};

struct head {
	struct offload how;
	size_t len;
};

struct strays {
	struct bag **bags; /* one for each worker; NULL: there is nothing for it */
};

struct strays *
strays_new(const struct tunnel *t)
{
	struct strays *s = MEM_NEW(struct strays);

	s->bags = mem_new(t->worker_max * sizeof(struct bag *));
	return s;
}

static void
bag_free(struct bag *b)
{
	buf_free(&b->packets);
	free(b);
}

void
strays_free(struct strays *s)
{
	if (s == NULL)
		return;
	free(s->bags);
	free(s);
}

/* --- whose an address is */

void
strays_own(const struct tunnel_worker *w, uint32_t lease)
{
	atomic_store(&w->tunnel->owners[lease], (unsigned char)(w->number + 1));
}

/* Unless it is another worker's by now. */
void
strays_disown(const struct tunnel_worker *w, uint32_t lease)
{
	unsigned char own = (unsigned char)(w->number + 1);

	atomic_compare_exchange_strong(&w->tunnel->owners[lease], &own, 0);
}

struct tunnel_worker *
strays_owner(const struct tunnel_worker *w, const struct address *to)
{
	const struct tunnel *t = w->tunnel;
	unsigned owner =
	    atomic_load_explicit(&t->owners[lease_number(t->leases, to)], memory_order_relaxed);

	return owner > 0 && owner != w->number + 1 ? t->workers[owner - 1] : NULL;
}

/* --- handing over */

/* In the worker that they are for. */
static void
unpack(void *arg)
{
	struct bag *b = arg;

	while (buf_len(&b->packets) > 0) {
		struct head h = {.len = 0};

		span_put((uint8_t *)&h, span_head(buf_span(&b->packets), sizeof h));
		buf_taken(&b->packets, sizeof h);
		worker_deliver(b->to, b->packets.data + b->packets.start, h.len, &h.how);
		buf_taken(&b->packets, h.len);
	}
	atomic_fetch_sub(&b->to->bags_waiting, 1);
	bag_free(b);
}

void
strays_take(struct tunnel_worker *w, struct tunnel_worker *to, struct span packet,
	    const struct offload *how)
{
	struct bag **b = &w->strays->bags[to->number];
	const struct head h = {.how = *how, .len = packet.len};

	if (*b == NULL) {
		*b = MEM_NEW(struct bag);
		**b = (struct bag){.to = to, .packets = buf_with_cap(BAG_MAX)};
	}
	struct buf *packets = &(*b)->packets;
	/* Both or none: where a head ends the next packet begins. */
	if (buf_room(packets, sizeof h + packet.len) != NULL)
		(void)!(buf_append(packets, span_of(&h, sizeof h)) && buf_append(packets, packet));
}

void
strays_leave(struct tunnel_worker *w)
{
	for (unsigned i = 0; i < w->tunnel->worker_count; i++) {
		struct bag *b = w->strays->bags[i];

		if (b == NULL)
			continue;
		w->strays->bags[i] = NULL;
		if (atomic_fetch_add(&b->to->bags_waiting, 1) < BAGS_WAIT) {
			loop_post(b->to->loop, unpack, b);
		} else {
			atomic_fetch_sub(&b->to->bags_waiting, 1);
			bag_free(b);
		}
	}
}
