/* The Internet's checksum (RFC 1071), and what of TCP and UDP it is of besides their bytes. */
#ifndef VPN_CHECKSUM_H
#define VPN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* A sum that is under way, in any byte order: it comes out the same (RFC 1071 §2B). */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len); /* `len` even, but at last */

/* The pseudo-header of an IP packet's `len` bytes of that protocol. */
uint64_t checksum_pseudo(const uint8_t *ip, uint8_t protocol, size_t len);

uint16_t checksum_fold(uint64_t sum); /* to 16 bits, not inverted; to be stored as it is */

/* Stored as it is, that is in the order of the bytes summed. */
static inline void
checksum_put(uint8_t *to, uint16_t sum)
{
	memcpy(to, &sum, sizeof sum);
}

#endif
