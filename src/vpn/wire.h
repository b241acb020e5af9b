/*
 * OpenVPN's packets as they are on the wire. Over UDP a datagram is one; over TCP each has its
 * length before it, in two bytes. Pure.
 */
#ifndef VPN_WIRE_H
#define VPN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

enum opcode {
	OP_SOFT_RESET_V1 = 3,
	OP_CONTROL_V1 = 4,
	OP_ACK_V1 = 5,
	OP_DATA_V1 = 6,
	OP_RESET_CLIENT_V2 = 7,
	OP_RESET_SERVER_V2 = 8,
	OP_DATA_V2 = 9,
	OP_RESET_CLIENT_V3 = 10, /* the client's wrapped key behind it, as behind the next */
	OP_CONTROL_WKC_V1 = 11,
};

#define SESSION_ID   8
#define KEY_IDS      8 /* 3 bits; 0 is of the first key alone */
#define PEER_ID_NONE 0xffffffu

#define CONTROL_MAX      1250 /* of a control packet that we send: the path's MTU is not known */
#define PACKET_MAX       2048 /* of one that we take */
#define RESET_V2         54   /* of one: nothing is in it but its number */
#define RESET_V3_MIN     336  /* of a whole one */
#define RESET_V3_MAX     1278
#define CONTROL_TEXT_MAX 1024 /* of a message inside TLS: clients' buffers are 2048 */

static inline uint8_t
wire_first(enum opcode opcode, unsigned key_id)
{
	return (uint8_t)(opcode << 3 | key_id);
}

static inline unsigned
wire_opcode(uint8_t first)
{
	return first >> 3;
}

static inline unsigned
wire_key_id(uint8_t first)
{
	return first & 7;
}

bool wire_is_control(unsigned opcode); /* one of ours but data */
bool wire_has_id(unsigned opcode);     /* is delivered reliably: all control packets but ACK_V1 */

/* What is inside the wrap of a control packet. */
#define ACKS_MAX 8
struct control {
	uint32_t acks[ACKS_MAX];
	size_t ack_count;
	uint8_t acked[SESSION_ID]; /* whose packets these are; only with acks */
	uint32_t id;               /* not of ACK_V1 */
	struct span payload;       /* bytes of TLS */
};

/* False for anything that is not whole and in range. The payload points into `body`. */
MUST_CHECK bool control_read(unsigned opcode, struct span body, struct control *out);
MUST_CHECK bool control_write(unsigned opcode, const struct control *c, struct buf *out);

/* Where the wrapped key of a V3 reset or a CONTROL_WKC_V1 begins: its length stands in the last
 * two bytes. False when that cannot be. */
MUST_CHECK bool wire_split(struct span packet, struct span *wrapped, struct span *key);

#endif
