#include "vpn/checksum.h"

#include <endian.h>

#define STEP 32

static uint64_t
word_at(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* Both halves: what is carried has room above them. */
static uint64_t
halves(uint64_t w)
{
	return (w & UINT32_MAX) + (w >> 32);
}

/* In sums that do not wait for each other. */
static uint64_t
add_steps(const uint8_t **p, size_t *len)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; *len >= STEP; *p += STEP, *len -= STEP) {
		a += halves(word_at(*p));
		b += halves(word_at(*p + 8));
		c += halves(word_at(*p + 16));
		d += halves(word_at(*p + 24));
	}
	return a + b + c + d;
}

uint64_t
checksum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	uint16_t word;

	sum += add_steps(&bytes, &len);
	for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		sum += word;
	}
	if (len > 0) {
		const uint8_t last[] = {*bytes, 0};

		memcpy(&word, last, sizeof word);
		sum += word;
	}
	return sum;
}

uint64_t
checksum_pseudo(const uint8_t *ip, uint8_t protocol, size_t len)
{
	uint64_t sum = (uint64_t)htobe32((uint32_t)len) + htobe16(protocol);

	return ip[0] >> 4 == 4 ? checksum_add(sum, ip + 12, 8) : checksum_add(sum, ip + 8, 32);
}

uint16_t
checksum_fold(uint64_t sum)
{
	sum = halves(halves(sum));
	while (sum >> 16 != 0)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}
