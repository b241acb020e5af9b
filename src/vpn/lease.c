#include "vpn/lease.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

#define WORD 64 /* bits */

/* Number n has the n-th bit, and the address n + 1 behind the network's own. */
struct leases {
	struct network v4, v6;
	uint32_t count;
	uint32_t *kept;
	size_t kept_count;
	uint64_t *held;   /* those that are kept */
	uint64_t taken[]; /* pages of both that nobody wrote to take no memory */
};

/* The network's own address, the server's and the broadcast address are for nobody. */
static uint32_t
count_v4(const struct network *v4)
{
	return (1u << (32 - v4->bits)) - 3;
}

/* The network's own address is that of its routers (RFC 4291 §2.6.1). */
static uint32_t
count_v6(const struct network *v6)
{
	return v6->bits > 96 ? (1u << (128 - v6->bits)) - 2 : UINT32_MAX;
}

struct leases *
leases_new(const struct network *v4, const struct network *v6)
{
	struct leases *l;

	assert(v4->base.family == 4 && v4->bits >= 8 && v4->bits <= 29);
	assert(v6->base.family == 0 || (v6->base.family == 6 && v6->bits <= 112));
	uint32_t count = count_v4(v4);
	if (v6->base.family == 6 && count_v6(v6) < count)
		count = count_v6(v6);
	size_t words = count / WORD + 1;
	if ((l = calloc(1, sizeof *l + 2 * words * sizeof l->taken[0])) == NULL)
		return NULL;
	l->held = l->taken + words;
	l->v4 = *v4;
	l->v6 = *v6;
	l->count = count;
	return l;
}

void
leases_free(struct leases *l)
{
	if (l != NULL)
		free(l->kept);
	free(l);
}

uint32_t
leases_count(const struct leases *l)
{
	return l->count;
}

static uint64_t
bit_of(uint32_t number)
{
	return 1ull << number % WORD;
}

static bool
is_taken(const struct leases *l, uint32_t number)
{
	return (l->taken[number / WORD] & bit_of(number)) != 0;
}

static bool
is_kept(const struct leases *l, uint32_t number)
{
	return (l->held[number / WORD] & bit_of(number)) != 0;
}

static bool
is_number(const struct leases *l, uint32_t number)
{
	return number > 0 && number <= l->count;
}

/* The first from `from` to `to` that is free, a word at a time; 0: none. */
static uint32_t
find_free(const struct leases *l, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at <= to; at = (at / WORD + 1) * WORD) {
		uint64_t in_use = l->taken[at / WORD] | l->held[at / WORD];
		uint64_t free_bits = ~in_use & ~(bit_of(at) - 1);

		if (free_bits != 0) {
			uint32_t found = at / WORD * WORD + (uint32_t)__builtin_ctzll(free_bits);

			return found <= to ? found : 0;
		}
	}
	return 0;
}

/* Where the search begins follows from the device alone, so that it ends at the same address even
 * where nobody remembers which one that was. */
static uint32_t
choose(const struct leases *l, int64_t device)
{
	uint32_t home = (uint32_t)(((uint64_t)device - 1) % l->count) + 1;
	uint32_t number = find_free(l, home, l->count);

	return number != 0 ? number : find_free(l, 1, home);
}

uint32_t
lease_take(struct leases *l, int64_t device, uint32_t wish)
{
	bool good = is_number(l, wish) && !is_taken(l, wish) && !is_kept(l, wish);
	uint32_t number = good ? wish : choose(l, device);

	if (number != 0)
		l->taken[number / WORD] |= bit_of(number);
	return number;
}

void
leases_keep(struct leases *l, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < l->kept_count; i++)
		l->held[l->kept[i] / WORD] &= ~bit_of(l->kept[i]);
	free(l->kept);
	l->kept = NULL;
	l->kept_count = 0;
	for (size_t i = 0; i < count; i++)
		if (is_number(l, numbers[i])) {
			l->held[numbers[i] / WORD] |= bit_of(numbers[i]);
			*MEM_PUSH(l->kept, l->kept_count) = numbers[i];
		}
}

bool
lease_claim(struct leases *l, uint32_t number)
{
	if (!is_number(l, number) || is_taken(l, number))
		return false;
	l->taken[number / WORD] |= bit_of(number);
	return true;
}

void
lease_give_back(struct leases *l, uint32_t number)
{
	if (number == 0)
		return;
	assert(is_number(l, number) && is_taken(l, number));
	l->taken[number / WORD] &= ~bit_of(number);
}

/* The last four bytes of an address as a number, and that much added to them: it never carries. */
static uint32_t
host_of(const uint8_t last[4])
{
	return (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 | (uint32_t)last[2] << 8 | last[3];
}

static void
add_host(uint8_t last[4], uint32_t host)
{
	for (unsigned i = 0; i < 4; i++)
		last[i] |= (uint8_t)(host >> (24 - 8 * i));
}

struct address
lease_v4(const struct leases *l, uint32_t number)
{
	struct address a = l->v4.base;

	assert(number <= l->count);
	add_host(a.ip, number + 1);
	return a;
}

struct address
lease_v6(const struct leases *l, uint32_t number)
{
	struct address a = l->v6.base;

	assert(number <= l->count);
	if (a.family == 6)
		add_host(a.ip + 12, number + 1);
	return a;
}

/* Host 0 is the network's own address and 1 the server's: both give no number. */
static uint32_t
number_of(const struct leases *l, uint32_t host)
{
	return host > 1 && is_number(l, host - 1) ? host - 1 : 0;
}

uint32_t
lease_number(const struct leases *l, const struct address *a)
{
	bool four = a->family == 4;
	const struct network *net = four ? &l->v4 : &l->v6;
	size_t last = four ? 0 : 12;

	/* Of IPv6, numbers are in the last four bytes alone. */
	if (!network_has(net, a) || memcmp(a->ip, net->base.ip, last) != 0)
		return 0;
	return number_of(l, host_of(a->ip + last) - host_of(net->base.ip + last));
}
