/* Which numbers were seen already, in a window that moves with the highest. Pure. */
#ifndef VPN_REPLAY_H
#define VPN_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_WINDOW 4096 /* a multiple of 64; one word of it is kept free, as RFC 6479 has it */

struct replay {
	uint64_t highest;
	uint64_t bits[REPLAY_WINDOW / 64];
};

void replay_begin(struct replay *r);
bool replay_would_take(const struct replay *r, uint64_t number); /* 0 is never taken */
bool replay_take(struct replay *r, uint64_t number); /* only once the packet is authenticated */

#endif
