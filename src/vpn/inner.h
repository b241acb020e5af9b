/* The IP packets inside: whose they are, where to, and which TCP segments are too long. Pure. */
#ifndef VPN_INNER_H
#define VPN_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/span.h"

struct inner {
	struct address from, to; /* ports of TCP and UDP; 0 of others and of later fragments */
	uint8_t protocol;        /* the IP protocol's number */
};

/*
 * False for what is no whole IPv4 or IPv6 packet, and for what is not what it seems: with a source
 * route, with IPv4's addresses in IPv6, or cut before its ports. Bytes behind the packet's end do
 * not matter. IPv6's extension headers are walked, at most 8.
 */
MUST_CHECK bool inner_read(struct span packet, struct inner *out);

/* Whether it is for the nearest cable alone, from or to: no packet that anybody routes. */
bool inner_is_local(const struct inner *packet);

/* Lowers the MSS of a SYN to what fits a tunnel of `mss` for IPv4, 20 less for IPv6, and sets the
 * checksum right (RFC 1624). Anything else stays as it is. */
void inner_clamp(uint8_t *packet, size_t len, unsigned mss);

/* One row of what a client may reach; the first that fits decides, and none denies. */
struct reach {
	struct network to;
	bool allow;
	uint8_t protocol;            /* 0: any */
	uint16_t port_from, port_to; /* 0 and 65535: any, also of packets without ports, which no
					other range has */
	bool written, route;         /* by a rule; and whether as the client itself */
};
bool reach_allows(const struct reach *rows, size_t count, const struct inner *packet);

#endif
