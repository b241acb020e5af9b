#include <stdlib.h>

#include "vpn/session_inner.h"

/*
 * Of a packet's bytes those that are TLS: with all around them it is never longer than 1200, which
 * goes through any path as one datagram.
 */
#define PACKET_ROOM 1200
#define ACKS_BESIDE 4 /* acknowledgements in a packet that carries something else */
#define TLS_ROOM    (PACKET_ROOM - WRAP_OVERHEAD - 1 - 4 * ACKS_BESIDE - SESSION_ID - 4)

_Static_assert(PACKET_ROOM <= CONTROL_MAX, "nobody needs to take a longer one");

/* --- one key, and which there are */

struct key *
key_new(const struct session *s, unsigned id, int64_t now)
{
	bool began = id == 0 && s->start.answered;
	struct key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	*k = (struct key){.id = id,
			  .began = began,
			  .deadline = now + (int64_t)s->settings->hand_window_ms,
			  .heard = buf_with_cap(KEY_METHOD_MAX),
			  .challenge = buf_with_cap(CONTROL_TEXT_MAX),
			  .delivery = reliable_new(began, began),
			  .tls = engine_new(s->settings->engine)};
	if (k->delivery == NULL || k->tls == NULL) {
		key_free(k);
		return NULL;
	}
	return k;
}

void
key_fall_silent(struct key *k)
{
	reliable_free(k->delivery);
	engine_free(k->tls);
	k->delivery = NULL;
	k->tls = NULL;
	buf_wipe(&k->heard);
	buf_wipe(&k->challenge);
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	key_fall_silent(k);
	data_keys_free(k->data);
	explicit_bzero(k, sizeof *k);
	free(k);
}

void
key_heard(struct key *k, size_t n)
{
	buf_taken(&k->heard, n);
	if (buf_len(&k->heard) == 0)
		buf_wipe(&k->heard);
}

struct key *
key_of(const struct session *s, unsigned id)
{
	struct key *const keys[] = {s->now, s->next, s->old};

	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i] != NULL && keys[i]->id == id)
			return keys[i];
	return NULL;
}

/* 0 is of the first alone. */
unsigned
key_next_id(const struct session *s)
{
	return s->now->id % (KEY_IDS - 1) + 1;
}

bool
key_begin_next(struct session *s, int64_t now)
{
	if (!s->up || s->ending.set || s->next != NULL)
		return false;
	return (s->next = key_new(s, key_next_id(s), now)) != NULL;
}

/* --- out */

static void
send_packet(struct session *s, const struct key *k, unsigned opcode, const struct control *c,
	    int64_t wall_ms)
{
	struct buf body = buf_with_cap(CONTROL_MAX), packet = buf_with_cap(CONTROL_MAX);

	/* What could not be sent for want of memory is sent again like what was lost. */
	if (control_write(opcode, c, &body) &&
	    wrap_seal(session_wrap(s, k->id), wire_first(opcode, k->id), s->start.server_id,
		      buf_span(&body), (uint32_t)(wall_ms / 1000), &packet))
		s->ops->send(s->owner, buf_span(&packet));
	buf_wipe(&body);
	buf_free(&packet);
}

static struct control
control_begin(struct session *s, struct key *k, size_t acks)
{
	struct control c = {0};

	c.ack_count = reliable_acks(k->delivery, c.acks, acks);
	memcpy(c.acked, s->start.client_id, SESSION_ID);
	return c;
}

/* The first of what we say; TLS follows it. */
void
key_begin(struct session *s, struct key *k, int64_t now)
{
	unsigned opcode = k->id == 0 ? OP_RESET_SERVER_V2 : OP_SOFT_RESET_V1;

	if (!k->began)
		k->began = reliable_send(k->delivery, opcode, SPAN_NONE, now);
	if (!k->began)
		session_fail(s, k, "memory is short", now);
}

bool
key_gather(struct session *s, struct key *k, int64_t now)
{
	uint8_t bytes[TLS_ROOM];
	size_t n;

	while (reliable_has_room(k->delivery) && (n = engine_take(k->tls, bytes, sizeof bytes)) > 0)
		if (!reliable_send(k->delivery, OP_CONTROL_V1, span_of(bytes, n), now)) {
			session_fail(s, k, "memory is short", now);
			return false;
		}
	return true;
}

void
key_flush(struct session *s, struct key *k, int64_t now, int64_t wall_ms)
{
	uint8_t payload[CONTROL_MAX];
	struct reliable_packet p;

	(void)key_gather(s, k, now);
	while (reliable_due(k->delivery, now, &p)) {
		struct span copy = span_of(payload, p.payload.len);

		span_put(payload, p.payload);
		struct control c = control_begin(s, k, ACKS_BESIDE);
		c.id = p.id;
		c.payload = copy;
		send_packet(s, k, p.opcode, &c, wall_ms);
	}
	if (reliable_owes_ack(k->delivery)) {
		struct control c = control_begin(s, k, ACKS_MAX);

		send_packet(s, k, OP_ACK_V1, &c, wall_ms);
	}
}

/* --- in */

void
key_receive(struct session *s, struct key *k, unsigned opcode, const struct control *c, int64_t now)
{
	struct reliable_packet p;

	reliable_acked(k->delivery, c->acks, c->ack_count, now);
	if (!wire_has_id(opcode) || s->ending.set ||
	    !reliable_received(k->delivery, opcode, c->id, c->payload))
		return;
	while (reliable_next(k->delivery, &p))
		if (p.id == 0)
			key_begin(s, k, now);
		else if (k->state != ENGINE_FAILED)
			k->state = engine_give(k->tls, p.payload);
}
