/*
 * Delivery of control packets: each is numbered, acknowledged by itself, and sent again until it
 * is. Pure: told the time, says what to send when. Times in ms by a clock that never jumps.
 */
#ifndef VPN_RELIABLE_H
#define VPN_RELIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"
#include "vpn/wire.h"

#define RELIABLE_SEND    6  /* sent and not acknowledged at once */
#define RELIABLE_RECEIVE 12 /* numbers ahead that are kept until their turn */

struct reliable;

/* Numbers to begin with: 0 and 0, or 1 and 1 after a stateless reset. NULL when memory is short. */
struct reliable *reliable_new(uint32_t next_send, uint32_t next_receive);
void reliable_free(struct reliable *r); /* NULL is fine */

/* --- what we send */

bool reliable_has_room(const struct reliable *r);
/* Takes a copy, to be sent at once: only with room, and of at most CONTROL_MAX bytes. */
MUST_CHECK bool reliable_send(struct reliable *r, unsigned opcode, struct span payload,
			      int64_t now);
/* The peer has it. Unknown numbers are ignored. */
void reliable_acked(struct reliable *r, const uint32_t *ids, size_t count, int64_t now);

struct reliable_packet {
	unsigned opcode;
	uint32_t id;
	struct span payload; /* valid until the next call */
};
/* The next one whose time has come, first or again; its time is set anew. */
bool reliable_due(struct reliable *r, int64_t now, struct reliable_packet *out);
/* When to ask again; INT64_MAX: nothing waits. */
int64_t reliable_when(const struct reliable *r);
bool reliable_all_acked(const struct reliable *r);

/* --- what we receive */

/*
 * A packet of that number has come. One ahead of its turn is kept (a copy of its payload, at most
 * PACKET_MAX bytes); a duplicate is acknowledged again; one that is too far ahead is not, so that
 * it comes again. False: it may not be used, and nothing is acknowledged.
 */
bool reliable_received(struct reliable *r, unsigned opcode, uint32_t id, struct span payload);
/* Takes the one whose turn it is; valid until the next call. */
bool reliable_next(struct reliable *r, struct reliable_packet *out);

/* Numbers to acknowledge with the packet that goes out next: first those that the peer waits for,
 * then the last ones once more, in case a packet was lost. At most `max`. */
size_t reliable_acks(struct reliable *r, uint32_t *ids, size_t max);
bool reliable_owes_ack(const struct reliable *r);

#endif
