/* Where things stand in headers of IP, TCP and UDP, for those who write them. */
#ifndef VPN_TCPIP_H
#define VPN_TCPIP_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* RFC 791 §3.1 */
enum { V4_HEAD = 20, V4_TOTAL = 2, V4_ID = 4, V4_FRAGMENT = 6, V4_PROTOCOL = 9, V4_SUM = 10 };
enum { V4_DONT_FRAGMENT = 0x4000 };
/* RFC 8200 §3 */
enum { V6_HEAD = 40, V6_LEN = 4, V6_NEXT = 6 };
/* RFC 9293 §3.1 */
enum { TCP_HEAD = 20, TCP_SEQUENCE = 4, TCP_ACKNOWLEDGED = 8, TCP_OFFSET = 12 };
enum { TCP_FLAGS = 13, TCP_SUM = 16, TCP_URGENT = 18 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_CWR = 0x80 };
/* RFC 768 */
enum { UDP_HEAD = 8, UDP_LEN = 4, UDP_SUM = 6 };

static inline uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
be32_at(const uint8_t *p)
{
	return (uint32_t)be16_at(p) << 16 | be16_at(p + 2);
}

static inline bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

static inline void
put_be16_at(uint8_t *p, size_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static inline void
put_be32_at(uint8_t *p, uint32_t n)
{
	put_be16_at(p, n >> 16);
	put_be16_at(p + 2, n & UINT16_MAX);
}

#endif
