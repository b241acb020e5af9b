/* What data keys are made of; for keys.c, and for tests that bring a key near its end. */
#ifndef VPN_KEYS_INNER_H
#define VPN_KEYS_INNER_H

#include "vpn/keys.h"
#include "vpn/replay.h"

#define NUMBER_MAX UINT32_MAX   /* no packet has a higher number: it has 32 bits */
#define GCM_MOST   (1ull << 36) /* packets and blocks together that a key of AES-GCM is good for */
#define NONCE_SALT 8            /* the part of a nonce that all packets have in common */

/* One direction. */
struct data_way {
	struct aead *aead;
	uint8_t salt[NONCE_SALT];
	uint64_t number; /* the highest so far */
	uint64_t used;   /* packets and blocks together */
};

struct data_keys {
	struct data_way out, in;
	struct replay seen;
	unsigned key_id;
	uint64_t most; /* that `used` may become */
};

#endif
