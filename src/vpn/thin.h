/*
 * Of TCP acknowledgements that came out of the tunnel one after the other, the last says what all
 * of them said: the others need not trouble the network (RFC 3449 §5.2.1). As of segments that are
 * joined before they are acknowledged, one covers at most 64 KiB. Pure; nothing is copied.
 */
#ifndef VPN_THIN_H
#define VPN_THIN_H

#include "vpn/segment_head.h"

#define THIN_MAX 65535

struct thin {
	const uint8_t *packet; /* the last; NULL: there is none */
	struct segment_head is;
	uint32_t before; /* what the first acknowledges */
};

/* Begins with a packet whose bytes stay where they are. False for all that is more than an
 * acknowledgement: data, what begins or ends, and a SACK, of which none may be lost. */
MUST_CHECK bool thin_begin(struct thin *t, const uint8_t *packet, size_t len);

/* Another of the same flow, which the caller has seen to, in the former's place; false when it
 * does not say all that it said. The same number again is such: it tells of a loss (RFC 5681 §2).
 */
MUST_CHECK bool thin_add(struct thin *t, const uint8_t *packet, size_t len);

#endif
