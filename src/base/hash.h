/*
 * FNV-1a, 64 bits: cheap, and good enough to tell things apart that nobody made to be alike.
 * Whoever may choose the bytes can choose the hash.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

#define HASH_START 14695981039346656037u
#define HASH_PRIME 1099511628211u

/* Of what `h` is of, and then of `bytes`; begins with HASH_START. */
static inline uint64_t
hash_bytes(uint64_t h, struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ bytes.p[i]) * HASH_PRIME;
	return h;
}

static inline uint64_t
hash_number(uint64_t h, uint64_t n)
{
	for (unsigned bits = 0; bits < 64; bits += 8)
		h = (h ^ (uint8_t)(n >> bits)) * HASH_PRIME;
	return h;
}

#endif
