/*
 * Two deliveries with a bad channel between them: it loses, delays and repeats as it is told, one
 * byte for each packet. Numbered messages go both ways; whoever gets one out of turn, twice, or
 * not as it was sent, stops it.
 */
#ifndef TEST_CHANNEL_H
#define TEST_CHANNEL_H

#include "vpn/reliable.h"

#define CHANNEL_FLIGHTS 256
#define CHANNEL_MESSAGE 40
#define CHANNEL_LONGEST (4 * 60 * 60 * 1000) /* ms, until there is no hope left */

/* What becomes of a packet. */
#define FATE_LOST   0x80
#define FATE_TWICE  0x40
#define FATE_DELAY  0x3f /* so many times 16 ms, besides the 5 that each takes */
#define FATE_UNHURT 0

struct flight {
	int64_t at; /* when it arrives; 0: none */
	unsigned to;
	unsigned opcode;
	uint32_t id;
	uint32_t acks[ACKS_MAX];
	size_t ack_count;
	uint8_t bytes[CHANNEL_MESSAGE];
	size_t len;
};

struct channel {
	struct reliable *ends[2];
	uint32_t sent[2], got[2]; /* messages */
	uint32_t messages;        /* that each end has to say */
	unsigned packets;         /* of both, acknowledgements too */
	int64_t now;
	struct flight flights[CHANNEL_FLIGHTS];
	uint8_t (*fate)(void *arg);
	void *arg;
	const char *fault; /* NULL: none */
};

/* The message of that number, which both ends know. */
static inline size_t
channel_message(uint32_t number, uint8_t bytes[CHANNEL_MESSAGE])
{
	size_t len = number % (CHANNEL_MESSAGE + 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number >> (i % 4 * 8));
	return len;
}

static inline void
channel_fly(struct channel *c, const struct flight *packet, int64_t takes)
{
	struct flight *f = c->flights;

	while (f < c->flights + CHANNEL_FLIGHTS && f->at != 0)
		f++;
	if (f == c->flights + CHANNEL_FLIGHTS)
		return;
	*f = *packet;
	f->at = c->now + takes;
}

static inline void
channel_post(struct channel *c, const struct flight *packet)
{
	uint8_t fate = c->fate(c->arg);
	int64_t takes = 5 + 16 * (fate & FATE_DELAY);

	c->packets++;
	if ((fate & FATE_LOST) != 0)
		return;
	channel_fly(c, packet, takes);
	if ((fate & FATE_TWICE) != 0)
		channel_fly(c, packet, 2 * takes);
}

static inline void
channel_say(struct channel *c, unsigned end)
{
	struct reliable *r = c->ends[end];
	struct flight f = {.to = 1 - end};
	struct reliable_packet p;
	uint8_t bytes[CHANNEL_MESSAGE];

	while (c->sent[end] < c->messages && reliable_has_room(r)) {
		struct span message = span_of(bytes, channel_message(c->sent[end], bytes));

		if (!reliable_send(r, OP_CONTROL_V1, message, c->now))
			c->fault = "there was room, but nothing could be sent";
		c->sent[end]++;
	}
	while (reliable_due(r, c->now, &p)) {
		f.opcode = p.opcode;
		f.id = p.id;
		f.len = p.payload.len;
		span_put(f.bytes, p.payload);
		f.ack_count = reliable_acks(r, f.acks, ACKS_MAX / 2);
		channel_post(c, &f);
	}
	while (reliable_owes_ack(r)) {
		f.opcode = OP_ACK_V1;
		f.ack_count = reliable_acks(r, f.acks, ACKS_MAX);
		channel_post(c, &f);
	}
}

static inline void
channel_hear(struct channel *c, const struct flight *f)
{
	struct reliable *r = c->ends[f->to];
	struct reliable_packet p;
	uint8_t bytes[CHANNEL_MESSAGE];

	reliable_acked(r, f->acks, f->ack_count, c->now);
	if (f->opcode != OP_ACK_V1)
		(void)!reliable_received(r, f->opcode, f->id, span_of(f->bytes, f->len));
	while (reliable_next(r, &p)) {
		struct span message = span_of(bytes, channel_message(c->got[f->to]++, bytes));

		if (p.opcode != OP_CONTROL_V1 || !span_equal(p.payload, message))
			c->fault = "a message is not the one whose turn it is";
	}
}

/* When the next thing happens; INT64_MAX: never. */
static inline int64_t
channel_when(const struct channel *c)
{
	int64_t a = reliable_when(c->ends[0]), b = reliable_when(c->ends[1]);
	int64_t when = a < b ? a : b;

	for (size_t i = 0; i < CHANNEL_FLIGHTS; i++)
		if (c->flights[i].at != 0 && c->flights[i].at < when)
			when = c->flights[i].at;
	return when;
}

static inline void
channel_land(struct channel *c)
{
	for (size_t i = 0; i < CHANNEL_FLIGHTS; i++) {
		struct flight f = c->flights[i];

		if (f.at == 0 || f.at > c->now)
			continue;
		c->flights[i].at = 0;
		channel_hear(c, &f);
	}
}

/* Until all was said, heard and acknowledged. NULL, or what went wrong. */
static inline const char *
channel_run(struct channel *c)
{
	while (c->fault == NULL && c->now < CHANNEL_LONGEST) {
		channel_say(c, 0);
		channel_say(c, 1);
		int64_t when = channel_when(c);

		if (when == INT64_MAX)
			break;
		c->now = when > c->now ? when : c->now;
		channel_land(c);
	}
	if (c->fault != NULL)
		return c->fault;
	for (unsigned end = 0; end < 2; end++)
		if (!reliable_all_acked(c->ends[end]) || c->got[end] != c->messages)
			return "not all has arrived";
	return NULL;
}

#endif
