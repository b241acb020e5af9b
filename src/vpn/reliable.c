#include "vpn/reliable.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_TIMEOUT_MS 500
#define MOST_TIMEOUT_MS  16000
#define LATER_ACKS       3 /* of packets behind it: then it was lost, not slow */

struct packet {
	unsigned opcode;
	uint32_t id;
	size_t len;
	uint8_t bytes[];
};

struct sending {
	struct packet *packet; /* NULL: free */
	int64_t due;
	int64_t timeout; /* 0: not sent yet */
	unsigned later_acks;
};

struct reliable {
	struct sending sending[RELIABLE_SEND];
	uint32_t next_send;

	struct packet *kept[RELIABLE_RECEIVE]; /* in no order; NULL: free */
	struct packet *taken;                  /* the last that reliable_next() gave out */
	uint32_t first_receive, next_receive;

	uint32_t owed[RELIABLE_RECEIVE];
	size_t owed_count;
	uint32_t recent[ACKS_MAX]; /* acknowledged already, the last one first */
	size_t recent_count;
};

struct reliable *
reliable_new(uint32_t next_send, uint32_t next_receive)
{
	struct reliable *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->next_send = next_send;
	r->first_receive = r->next_receive = next_receive;
	return r;
}

void
reliable_free(struct reliable *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < RELIABLE_SEND; i++)
		free(r->sending[i].packet);
	for (size_t i = 0; i < RELIABLE_RECEIVE; i++)
		free(r->kept[i]);
	free(r->taken);
	free(r);
}

static struct packet *
packet_new(unsigned opcode, uint32_t id, struct span payload)
{
	struct packet *p = malloc(sizeof *p + payload.len);

	if (p == NULL)
		return NULL;
	p->opcode = opcode;
	p->id = id;
	p->len = payload.len;
	span_put(p->bytes, payload);
	return p;
}

static void
show(const struct packet *p, struct reliable_packet *out)
{
	out->opcode = p->opcode;
	out->id = p->id;
	out->payload = span_of(p->bytes, p->len);
}

/* How long ago its number was given out, counted in numbers: these go round. */
static uint32_t
age(const struct reliable *r, const struct sending *s)
{
	return r->next_send - s->packet->id;
}

/*
 * It is not how many wait that counts, but how far the newest would be from the oldest: the peer
 * drops what is too far ahead of the one it waits for.
 */
bool
reliable_has_room(const struct reliable *r)
{
	for (size_t i = 0; i < RELIABLE_SEND; i++)
		if (r->sending[i].packet != NULL && age(r, &r->sending[i]) >= RELIABLE_SEND)
			return false;
	return true;
}

bool
reliable_send(struct reliable *r, unsigned opcode, struct span payload, int64_t now)
{
	struct sending *s = r->sending;

	if (!reliable_has_room(r) || payload.len > CONTROL_MAX)
		return false;
	while (s->packet != NULL)
		s++;
	*s = (struct sending){.packet = packet_new(opcode, r->next_send, payload), .due = now};
	if (s->packet == NULL)
		return false;
	r->next_send++;
	return true;
}

static void
hurry_those_before(struct reliable *r, uint32_t acked_age, int64_t now)
{
	for (struct sending *s = r->sending; s < r->sending + RELIABLE_SEND; s++)
		if (s->packet != NULL && age(r, s) > acked_age && ++s->later_acks == LATER_ACKS &&
		    s->due > now)
			s->due = now;
}

static void
acked(struct reliable *r, uint32_t id, int64_t now)
{
	for (struct sending *s = r->sending; s < r->sending + RELIABLE_SEND; s++) {
		/* Nobody can have what was not sent. */
		if (s->packet == NULL || s->packet->id != id || s->timeout == 0)
			continue;
		hurry_those_before(r, age(r, s), now);
		free(s->packet);
		s->packet = NULL;
		return;
	}
}

void
reliable_acked(struct reliable *r, const uint32_t *ids, size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++)
		acked(r, ids[i], now);
}

static int64_t
longer(int64_t timeout)
{
	if (timeout == 0)
		return FIRST_TIMEOUT_MS;
	return timeout < MOST_TIMEOUT_MS / 2 ? 2 * timeout : MOST_TIMEOUT_MS;
}

bool
reliable_due(struct reliable *r, int64_t now, struct reliable_packet *out)
{
	struct sending *oldest = NULL;

	for (struct sending *s = r->sending; s < r->sending + RELIABLE_SEND; s++)
		if (s->packet != NULL && s->due <= now &&
		    (oldest == NULL || age(r, s) > age(r, oldest)))
			oldest = s;
	if (oldest == NULL)
		return false;
	oldest->timeout = longer(oldest->timeout);
	oldest->due = now + oldest->timeout;
	oldest->later_acks = 0;
	show(oldest->packet, out);
	return true;
}

int64_t
reliable_when(const struct reliable *r)
{
	int64_t when = INT64_MAX;

	for (size_t i = 0; i < RELIABLE_SEND; i++)
		if (r->sending[i].packet != NULL && r->sending[i].due < when)
			when = r->sending[i].due;
	return when;
}

bool
reliable_all_acked(const struct reliable *r)
{
	return reliable_when(r) == INT64_MAX;
}

static struct packet **
find_kept(struct reliable *r, uint32_t id)
{
	for (size_t i = 0; i < RELIABLE_RECEIVE; i++)
		if (r->kept[i] != NULL && r->kept[i]->id == id)
			return &r->kept[i];
	return NULL;
}

/* Its number is within the window, so that there is a place for each. */
static bool
keep(struct reliable *r, unsigned opcode, uint32_t id, struct span payload)
{
	struct packet **place = r->kept;

	while (*place != NULL)
		place++;
	return (*place = packet_new(opcode, id, payload)) != NULL;
}

static bool
has_id(const uint32_t *ids, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

bool
reliable_received(struct reliable *r, unsigned opcode, uint32_t id, struct span payload)
{
	bool was_taken = id - r->first_receive < r->next_receive - r->first_receive;
	bool is_owed = has_id(r->owed, r->owed_count, id);

	if (payload.len > PACKET_MAX || (!is_owed && r->owed_count == COUNT(r->owed)))
		return false;
	if (!was_taken) {
		if (id - r->next_receive >= RELIABLE_RECEIVE)
			return false;
		if (find_kept(r, id) == NULL && !keep(r, opcode, id, payload))
			return false;
	}
	if (!is_owed)
		r->owed[r->owed_count++] = id;
	return true;
}

bool
reliable_next(struct reliable *r, struct reliable_packet *out)
{
	struct packet **next = find_kept(r, r->next_receive);

	free(r->taken);
	r->taken = NULL;
	if (next == NULL)
		return false;
	r->taken = *next;
	*next = NULL;
	r->next_receive++;
	show(r->taken, out);
	return true;
}

/* To the front, from where it stood or instead of the last. */
static void
remember_ack(struct reliable *r, uint32_t id)
{
	size_t at = 0;

	while (at < r->recent_count && r->recent[at] != id)
		at++;
	if (at == r->recent_count && at < ACKS_MAX)
		r->recent_count++;
	else if (at == r->recent_count)
		at--;
	memmove(r->recent + 1, r->recent, at * sizeof r->recent[0]);
	r->recent[0] = id;
}

size_t
reliable_acks(struct reliable *r, uint32_t *ids, size_t max)
{
	size_t count = r->owed_count < max ? r->owed_count : max;

	for (size_t i = 0; i < count; i++) {
		ids[i] = r->owed[i];
		remember_ack(r, ids[i]);
	}
	r->owed_count -= count;
	memmove(r->owed, r->owed + count, r->owed_count * sizeof r->owed[0]);
	for (size_t i = 0; i < r->recent_count && count < max; i++)
		if (!has_id(ids, count, r->recent[i]))
			ids[count++] = r->recent[i];
	return count;
}

bool
reliable_owes_ack(const struct reliable *r)
{
	return r->owed_count > 0;
}
