#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/control_private.h"

struct numbers {
	pthread_mutex_t lock;
	uint64_t counters[MESSAGE_COUNTERS];
	uint64_t tunnels[TUNNEL_COUNTERS];
	int64_t started, counted;
};

struct numbers *
numbers_new(void)
{
	struct numbers *n = MEM_NEW(struct numbers);

	n->started = clock_wall_ms();
	pthread_mutex_init(&n->lock, NULL);
	return n;
}

void
numbers_free(struct numbers *n)
{
	if (n == NULL)
		return;
	pthread_mutex_destroy(&n->lock);
	free(n);
}

void
numbers_count(struct numbers *n, const struct message *m)
{
	pthread_mutex_lock(&n->lock);
	memcpy(n->counters, m->counters, sizeof n->counters);
	n->counted = clock_wall_ms();
	pthread_mutex_unlock(&n->lock);
}

void
numbers_count_tunnels(struct numbers *n, const uint64_t *counters)
{
	pthread_mutex_lock(&n->lock);
	memcpy(n->tunnels, counters, sizeof n->tunnels);
	pthread_mutex_unlock(&n->lock);
}

void
numbers_get(void *owner, struct api_numbers *out)
{
	struct control *c = owner;
	struct numbers *n = c->numbers;

	*out = (struct api_numbers){.started = n->started,
				    .requests = atomic_load(&c->requests),
				    .refused_busy = atomic_load(&c->busy),
				    .listeners_of_events = atomic_load(&c->watcher_count),
				    .vpn_admitted = atomic_load(&c->vpn_admitted),
				    .vpn_refused = atomic_load(&c->vpn_refused),
				    .vpn_in = atomic_load(&c->vpn_in),
				    .vpn_out = atomic_load(&c->vpn_out)};
	if (c->pool != NULL)
		pool_waiting(c->pool, &out->queued, &out->queued_slow);
	pthread_mutex_lock(&n->lock);
	memcpy(out->counters, n->counters, sizeof out->counters);
	memcpy(out->tunnels, n->tunnels, sizeof out->tunnels);
	out->counted = n->counted;
	pthread_mutex_unlock(&n->lock);
}
