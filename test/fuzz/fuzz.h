/* What fuzz targets share. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline void
check(bool holds)
{
	if (!holds)
		abort();
}

/* The size of the next piece of an input that comes in pieces: 1 to 16 bytes, or up to 256. */
static inline size_t
next_piece(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return 1 + ((*seed >> 16) & ((*seed >> 31) != 0 ? 15 : 255));
}

#endif
