#include "base/hash.h"
#include "role/tunnel_private.h"

static uint64_t
hash_of(const struct address *a)
{
	uint64_t h = hash_bytes(HASH_START, span_of(a->ip, a->family == 4 ? 4 : 16));

	return hash_number(h, a->port);
}

void
places_init(struct places *p)
{
	for (size_t i = 0; i < PLACES; i++)
		list_init(&p->buckets[i]);
}

void
places_add(struct places *p, struct place *place)
{
	list_append(&p->buckets[hash_of(&place->at) % PLACES], &place->link);
}

void
places_remove(struct place *place)
{
	list_remove(&place->link);
}

struct client *
places_find(const struct places *p, const struct address *at)
{
	const struct list *bucket = &p->buckets[hash_of(at) % PLACES];

	for (struct list *l = bucket->next; l != bucket; l = l->next) {
		struct place *place = container_of(l, struct place, link);

		if (address_equal(&place->at, at))
			return place->client;
	}
	return NULL;
}
