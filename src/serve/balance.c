#include "serve/balance.h"

#include "base/hash.h"

static bool
is_among(uint64_t among, size_t i)
{
	return (among >> i & 1) != 0;
}

unsigned
balance_turn(uint64_t among, size_t count, size_t turn)
{
	size_t i = turn % count;

	while (!is_among(among, i))
		i = (i + 1) % count;
	return (unsigned)i;
}

unsigned
balance_least(uint64_t among, size_t count, size_t turn, const uint64_t *active)
{
	unsigned first = balance_turn(among, count, turn), best = first;

	for (size_t k = 1; k < count; k++) {
		unsigned i = (unsigned)((first + k) % count);

		if (is_among(among, i) && active[i] < active[best])
			best = i;
	}
	return best;
}

/* The finisher of MurmurHash3: each bit of the input moves half of the output's. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

/* Who asks can choose his server, which is none of our secrets. */
uint64_t
balance_seed(struct span name)
{
	return mix(hash_bytes(HASH_START, name));
}

unsigned
balance_hash(uint64_t among, size_t count, const uint64_t *seeds, struct span key)
{
	uint64_t own = balance_seed(key), most = 0;
	unsigned best = balance_turn(among, count, 0);

	for (size_t i = 0; i < count; i++) {
		uint64_t weight = mix(own ^ seeds[i]);

		if (is_among(among, i) && weight >= most) {
			most = weight;
			best = (unsigned)i;
		}
	}
	return best;
}
