/* Segments of a TCP connection, or datagrams, for tests. */
#ifndef TEST_UNIT_VPN_FLOW_H
#define TEST_UNIT_VPN_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "vpn/checksum.h"
#include "vpn/tcpip.h"

#define FLOW_PACKET 1500

struct flow_packet {
	uint8_t bytes[FLOW_PACKET];
	size_t len;
};

static inline size_t
flow_transport(const struct flow_packet *p)
{
	return p->bytes[0] >> 4 == 4 ? V4_HEAD : V6_HEAD;
}

/* After anything was changed in it. */
static inline void
flow_sum(struct flow_packet *p)
{
	size_t at = flow_transport(p), body = p->len - at;
	uint8_t *ip = p->bytes, *sum = ip + at + TCP_SUM;

	if (at == V4_HEAD) {
		put_be16_at(ip + V4_TOTAL, p->len);
		checksum_put(ip + V4_SUM, 0);
		checksum_put(ip + V4_SUM, (uint16_t)~checksum_fold(checksum_add(0, ip, V4_HEAD)));
	} else {
		put_be16_at(ip + V6_LEN, body);
	}
	checksum_put(sum, 0);
	checksum_put(sum, (uint16_t)~checksum_fold(checksum_add(
			      checksum_pseudo(ip, PROTOCOL_TCP, body), ip + at, body)));
}

/* `payload` bytes at `sequence`, with 12 bytes of options as Linux has them. */
static inline void
flow_make(struct flow_packet *p, bool v4, uint32_t sequence, size_t payload)
{
	static const uint8_t ip4[V4_HEAD] = {0x45, 0, 0,  0,  0, 9, 0x40, 0,  64, 6,
					     0,    0, 10, 86, 0, 2, 10,   86, 0,  1};
	static const uint8_t ip6[V6_HEAD] = {0x60, 0, 0, 0, 0, 0, 6, 64, 0xfd, 0, 0,    0, 0, 0,
					     0,    0, 0, 0, 0, 0, 0, 0,  0,    2, 0xfd, 0, 0, 0,
					     0,    0, 0, 0, 0, 0, 0, 0,  0,    0, 0,    1};
	static const uint8_t tcp[] = {0x12, 0x34, 0x14, 0x51, 0, 0, 0, 0, 0, 0, 0,
				      7,    0x80, 0x10, 1,    0, 0, 0, 0, 0, 1, 1,
				      8,    10,   0,    0,    1, 1, 0, 0, 2, 2};
	size_t at = v4 ? V4_HEAD : V6_HEAD;

	memcpy(p->bytes, v4 ? ip4 : ip6, at);
	memcpy(p->bytes + at, tcp, sizeof tcp);
	put_be32_at(p->bytes + at + TCP_SEQUENCE, sequence);
	p->len = at + sizeof tcp + payload;
	for (size_t i = 0; i < payload; i++)
		p->bytes[at + sizeof tcp + i] = (uint8_t)((sequence + i) * 7);
	flow_sum(p);
}

#endif
