#include <stdlib.h>

#include "os/tun.h"
#include "role/tunnel_private.h"
#include "vpn/merge.h"
#include "vpn/thin.h"

#define FLOWS 8 /* at once: few clients send more within one batch */

/* Data that are joined, or acknowledgements of which the last counts. */
struct flow {
	struct inner who;
	struct merge merge;
	struct thin thin;
};

struct flows {
	struct flow list[FLOWS];
	size_t oldest; /* makes room for another */
};

_Static_assert(MERGE_PARTS <= TUN_PARTS, "a write takes them all");

struct flows *
flows_new(void)
{
	return MEM_NEW(struct flows);
}

void
flows_free(struct flows *f)
{
	free(f);
}

static bool
is_free(const struct flow *f)
{
	return f->merge.count == 0 && f->thin.packet == NULL;
}

/* What the interface does not take is lost. */
static void
write_alone(struct tunnel_worker *w, const uint8_t *bytes, size_t len)
{
	static const struct offload none = {.kind = OFFLOAD_NONE};
	const struct span packet = span_of(bytes, len);

	if (w->offloads)
		(void)!tun_write_super(w->queue.fd, &packet, 1, &none);
	else
		(void)!tun_write(w->queue.fd, bytes, len);
}

static void
leave(struct tunnel_worker *w, struct flow *f)
{
	struct offload how;

	if (f->merge.count > 0) {
		merge_finish(&f->merge, &how);
		(void)!tun_write_super(w->queue.fd, f->merge.parts, f->merge.count, &how);
	} else if (f->thin.packet != NULL) {
		write_alone(w, f->thin.packet, f->thin.is.len);
	}
	f->merge.count = 0;
	f->thin.packet = NULL;
}

void
flows_leave(struct tunnel_worker *w)
{
	for (size_t i = 0; i < FLOWS; i++)
		leave(w, &w->flows->list[i]);
}

static bool
same_flow(const struct inner *a, const struct inner *b)
{
	return a->protocol == b->protocol && address_equal(&a->from, &b->from) &&
	       address_equal(&a->to, &b->to);
}

static struct flow *
find(struct flows *f, const struct inner *who)
{
	for (size_t i = 0; i < FLOWS; i++)
		if (!is_free(&f->list[i]) && same_flow(&f->list[i].who, who))
			return &f->list[i];
	return NULL;
}

static struct flow *
place(struct tunnel_worker *w)
{
	struct flow *f = &w->flows->list[w->flows->oldest++ % FLOWS];

	leave(w, f);
	return f;
}

static bool
begin(struct flow *f, const struct inner *packet, uint8_t *bytes, size_t len)
{
	f->who = *packet;
	return merge_begin(&f->merge, bytes, len) || thin_begin(&f->thin, bytes, len);
}

static bool
add(struct flow *f, const uint8_t *bytes, size_t len)
{
	return f->merge.count > 0 ? merge_add(&f->merge, bytes, len)
				  : thin_add(&f->thin, bytes, len);
}

void
flows_take(struct tunnel_worker *w, const struct inner *packet, uint8_t *bytes, size_t len)
{
	struct flow *f = w->offloads ? find(w->flows, packet) : NULL;

	if (f != NULL && add(f, bytes, len))
		return;
	if (f != NULL)
		leave(w, f); /* in order */
	else if (w->offloads)
		f = place(w);
	if (f == NULL || !begin(f, packet, bytes, len))
		write_alone(w, bytes, len);
}
