/*
 * How many may begin, and how often. Whoever is counted here has shown a key of ours, all others
 * are dropped before: so it bounds what can be done with a stolen profile, or by many of one
 * network.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "role/tunnel_private.h"
#include "serve/limiter.h"

#define KNOWN_MAX      4096 /* networks, and devices, that are counted */
#define OF_NETWORK_MAX 256  /* that are not in yet, at once */
#define OF_DEVICE_MAX  16
#define OF_STATIC_MAX  256 /* of all together whose key tells no device */
#define UNPROVEN_MAX   128 /* of all together, whose address may be anybody's */

/* After a restart a whole office, or a provider's customers behind one address, come at once. */
static const struct rate firsts = {.count = 200, .per_ms = SECOND_MS, .burst = 2000};

/* What is counted; devices have numbers of their own above these. */
enum { OF_NETWORK, UNPROVEN, DEVICES };

static const struct address nobody = {.family = 0};

/* Apart, since addresses of first packets may be made up: who comes from many at once would have
 * the places forgotten that are taken. */
struct crowd {
	struct limiter *rates, *places;
};

struct crowd *
crowd_new(void)
{
	struct crowd *c = MEM_NEW(struct crowd);

	*c = (struct crowd){limiter_new(KNOWN_MAX), limiter_new(KNOWN_MAX)};
	return c;
}

void
crowd_free(struct crowd *c)
{
	if (c == NULL)
		return;
	limiter_free(c->rates);
	limiter_free(c->places);
	free(c);
}

/* /24 or /64: what one customer is given, or a small provider has. */
static struct address
network_of(const struct address *a)
{
	return address_network(a, a->family == 4 ? 24 : a->family == 6 ? 64 : 0).base;
}

bool
crowd_may_begin(struct crowd *c, const struct address *from)
{
	struct address network = network_of(from);

	return limiter_ask(c->rates, OF_NETWORK, &firsts, &network, clock_ms()) == 0;
}

/* The first of these that there is no room for ends it; those before are given back. */
bool
crowd_enter(struct crowd *c, const struct beginner *b)
{
	struct address network = network_of(&b->from);

	if (!limiter_enter(c->places, DEVICES + b->device,
			   b->device != 0 ? OF_DEVICE_MAX : OF_STATIC_MAX, &nobody))
		return false;
	if (b->proven || limiter_enter(c->places, UNPROVEN, UNPROVEN_MAX, &nobody)) {
		if (limiter_enter(c->places, OF_NETWORK, OF_NETWORK_MAX, &network))
			return true;
		if (!b->proven)
			limiter_leave(c->places, UNPROVEN, &nobody);
	}
	limiter_leave(c->places, DEVICES + b->device, &nobody);
	return false;
}

void
crowd_leave(struct crowd *c, const struct beginner *b)
{
	struct address network = network_of(&b->from);

	limiter_leave(c->places, DEVICES + b->device, &nobody);
	limiter_leave(c->places, OF_NETWORK, &network);
	if (!b->proven)
		limiter_leave(c->places, UNPROVEN, &nobody);
}
