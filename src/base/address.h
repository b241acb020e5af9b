/*
 * An IP address with a port, and a network (CIDR). IPv4-mapped IPv6 addresses
 * are unwrapped when they are made, so that one host has one form.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

struct address {
	uint8_t family; /* 4, 6, or 0: unknown, or a Unix socket */
	uint8_t ip[16]; /* network order; 4 bytes used for IPv4 */
	uint16_t port;  /* host order */
};

struct network {
	struct address base; /* bits past `bits` are zero, port 0 */
	uint8_t bits;
};

#define ADDRESS_TEXT_MAX 56 /* "[v6]:port" with its NUL */
#define NETWORK_TEXT_MAX 60 /* "v6/bits" with its NUL */

struct address address_v4(const uint8_t ip[4], uint16_t port);
struct address address_v6(const uint8_t ip[16], uint16_t port); /* unwraps ::ffff:a.b.c.d */

/* "192.0.2.1" or "2001:db8::1" (no brackets, no zone), port 0. No names. */
MUST_CHECK bool address_parse_ip(struct span text, struct address *out);

/* "192.0.2.1:443" or "[2001:db8::1]:443". */
MUST_CHECK bool address_parse(struct span text, struct address *out);

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. Refuses bits set past the prefix. */
MUST_CHECK bool network_parse(struct span text, struct network *out);

/* The first `bits` of it; past them all is 0. `bits` is at most what its family has. */
struct network address_network(const struct address *a, unsigned bits);

bool address_equal(const struct address *a, const struct address *b); /* with the port */
bool address_same_ip(const struct address *a, const struct address *b);
/* Whether it is for the nearest cable alone, so that nobody routes to it: multicast, and link-local
 * addresses (RFC 3927, RFC 4291 §2.5.6). */
bool address_is_on_a_cable(const struct address *a);
bool network_equal(const struct network *a, const struct network *b);
bool network_has(const struct network *net, const struct address *a);
bool network_any_has(const struct network *list, size_t count, const struct address *a);

/* Writes "ip:port" or "[ip]:port"; address_ip_text() without port and brackets. "-" for unknown. */
const char *address_text(const struct address *a, char text[ADDRESS_TEXT_MAX]);
const char *address_ip_text(const struct address *a, char text[ADDRESS_TEXT_MAX]);

/* Writes "10.0.0.0/8", as network_parse() reads it. */
const char *network_text(const struct network *net, char text[NETWORK_TEXT_MAX]);

#endif
