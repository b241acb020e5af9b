#include "serve/limiter.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "tls/random.h"

#define SHARDS    64
#define BURST_MAX 1000000 /* more at once is no limit; keeps times within 64 bits */

struct key {
	uint64_t id;
	uint8_t ip[16]; /* an IPv6 client's /64, for that is what one client is given */
};

struct entry {
	struct list recent;
	struct entry *next; /* in its bucket */
	uint64_t hash;
	struct key key;
	int64_t due_us; /* when all that was asked is paid for: GCRA's theoretical arrival time */
	uint64_t active;
};

/* A part of all addresses, so that workers rarely meet. */
struct shard {
	pthread_mutex_t lock;
	size_t most, used, mask;
	struct entry *entries, **buckets;
	struct list recent; /* who was still for longest comes first */
};

struct limiter {
	struct shard shards[SHARDS];
	uint64_t seed, factor;
};

static void
shard_make(struct shard *s, size_t most)
{
	size_t buckets = 1;

	while (buckets < most)
		buckets *= 2;
	pthread_mutex_init(&s->lock, NULL);
	s->most = most;
	s->mask = buckets - 1;
	s->entries = mem_new(most * sizeof *s->entries);
	s->buckets = mem_new(buckets * sizeof *s->buckets);
	list_init(&s->recent);
}

struct limiter *
limiter_new(size_t most_addresses)
{
	struct limiter *l = MEM_NEW(struct limiter);

	for (size_t i = 0; i < SHARDS; i++)
		shard_make(&l->shards[i], (most_addresses + SHARDS - 1) / SHARDS);
	random_bytes((uint8_t *)&l->seed, sizeof l->seed);
	random_bytes((uint8_t *)&l->factor, sizeof l->factor);
	l->factor |= 1;
	return l;
}

void
limiter_free(struct limiter *l)
{
	for (size_t i = 0; l != NULL && i < SHARDS; i++) {
		pthread_mutex_destroy(&l->shards[i].lock);
		free(l->shards[i].entries);
		free(l->shards[i].buckets);
	}
	free(l);
}

static struct key
key_of(uint64_t id, const struct address *who)
{
	struct key key = {.id = id};

	memcpy(key.ip, who->ip, who->family == 6 ? 8 : who->family == 4 ? 4 : 0);
	key.ip[15] = who->family;
	return key;
}

/* Seeded: who knew which addresses share a bucket could make us walk long ones. */
static uint64_t
hash(const struct limiter *l, const struct key *key)
{
	uint64_t words[sizeof *key / sizeof(uint64_t)], h = l->seed;

	memcpy(words, key, sizeof words);
	for (size_t i = 0; i < COUNT(words); i++) {
		h = (h ^ words[i]) * l->factor;
		h ^= h >> 32;
	}
	return h;
}

static struct entry **
bucket(const struct shard *s, uint64_t hash)
{
	return &s->buckets[hash / SHARDS & s->mask];
}

static struct entry *
find(const struct shard *s, uint64_t hash, const struct key *key)
{
	struct entry *e = *bucket(s, hash);

	while (e != NULL && memcmp(&e->key, key, sizeof *key) != 0)
		e = e->next;
	return e;
}

static void
forget(struct shard *s, struct entry *e)
{
	struct entry **at = bucket(s, e->hash);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	list_remove(&e->recent);
}

static struct entry *
vacate(struct shard *s)
{
	if (s->used < s->most)
		return &s->entries[s->used++];
	struct entry *e = container_of(s->recent.next, struct entry, recent);
	forget(s, e);
	return e;
}

static struct entry *
find_or_add(struct shard *s, uint64_t hash, const struct key *key)
{
	struct entry *e = find(s, hash, key), **at;

	if (e != NULL) {
		list_remove(&e->recent);
	} else {
		e = vacate(s);
		at = bucket(s, hash);
		*e = (struct entry){.next = *at, .hash = hash, .key = *key, .due_us = INT64_MIN};
		*at = e;
	}
	list_append(&s->recent, &e->recent);
	return e;
}

/* How long one request is paid for. */
static int64_t
interval_us(const struct rate *rate)
{
	return (int64_t)(rate->per_ms * 1000 / rate->count);
}

static uint64_t
wait_ms(const struct entry *e, const struct rate *rate, int64_t now_us)
{
	uint64_t burst = rate->burst > 0 ? rate->burst : rate->count;
	int64_t ahead = interval_us(rate) * (int64_t)((burst < BURST_MAX ? burst : BURST_MAX) - 1);

	if (e == NULL || e->due_us <= now_us + ahead)
		return 0;
	return (uint64_t)(e->due_us - ahead - now_us + 999) / 1000;
}

/* The shard of `who`, locked. */
static struct shard *
lock(struct limiter *l, uint64_t h)
{
	struct shard *s = &l->shards[h % SHARDS];

	pthread_mutex_lock(&s->lock);
	return s;
}

uint64_t
limiter_wait(struct limiter *l, uint64_t id, const struct rate *rate, const struct address *who,
	     int64_t now_ms)
{
	struct key key = key_of(id, who);
	uint64_t h = hash(l, &key);
	struct shard *s = lock(l, h);
	uint64_t wait = rate->count > 0 ? wait_ms(find(s, h, &key), rate, now_ms * 1000) : 0;

	pthread_mutex_unlock(&s->lock);
	return wait;
}

uint64_t
limiter_ask(struct limiter *l, uint64_t id, const struct rate *rate, const struct address *who,
	    int64_t now_ms)
{
	struct key key = key_of(id, who);
	int64_t now = now_ms * 1000;
	uint64_t h = hash(l, &key);

	if (rate->count == 0)
		return 0;
	struct shard *s = lock(l, h);
	struct entry *e = find_or_add(s, h, &key);
	uint64_t wait = wait_ms(e, rate, now);
	if (wait == 0)
		e->due_us = (e->due_us > now ? e->due_us : now) + interval_us(rate);
	pthread_mutex_unlock(&s->lock);
	return wait;
}

bool
limiter_enter(struct limiter *l, uint64_t id, uint64_t most, const struct address *who)
{
	struct key key = key_of(id, who);
	uint64_t h = hash(l, &key);
	struct shard *s = lock(l, h);
	struct entry *e = find_or_add(s, h, &key);
	bool fits = e->active < most;

	e->active += fits;
	pthread_mutex_unlock(&s->lock);
	return fits;
}

/* It may have been forgotten meanwhile. */
void
limiter_leave(struct limiter *l, uint64_t id, const struct address *who)
{
	struct key key = key_of(id, who);
	uint64_t h = hash(l, &key);
	struct shard *s = lock(l, h);
	struct entry *e = find(s, h, &key);

	if (e != NULL && e->active > 0)
		e->active--;
	pthread_mutex_unlock(&s->lock);
}
