#include <stdlib.h>

#include "vpn/session_inner.h"

void
session_use_next(struct session *s, int64_t now)
{
	key_free(s->old);
	s->old = s->now;
	s->old_until = now + (int64_t)s->settings->transition_ms;
	s->old_talks_until = now + (int64_t)s->settings->hand_window_ms;
	s->now = s->next;
	s->next = NULL;
	s->now->deadline = INT64_MAX;
	s->rekey_at = now + (int64_t)s->settings->rekey_ms;
}

static bool
flows(const struct session *s)
{
	return s->up && !s->ending.set && !s->sentence.set;
}

bool
session_seal(struct session *s, uint8_t *inner, size_t len, int64_t now)
{
	if (!flows(s) || !data_seal(s->now->data, s->start.peer_id, inner, len))
		return false;
	s->sent = now;
	s->bytes_out += len;
	return true;
}

void
session_keep_alive(struct session *s, int64_t now)
{
	uint8_t packet[DATA_HEAD + sizeof data_ping];

	memcpy(packet + DATA_HEAD, data_ping, sizeof data_ping);
	s->sent = now;
	if (data_seal(s->now->data, s->start.peer_id, packet + DATA_HEAD, sizeof data_ping))
		s->ops->send(s->owner, span_of(packet, sizeof packet));
}

/* A packet under the next key shows that the client has it. */
bool
session_open(struct session *s, uint8_t *packet, size_t len, int64_t now, struct span *inner)
{
	struct key *k = len > 0 && flows(s) ? key_of(s, wire_key_id(packet[0])) : NULL;

	if (k == NULL || k->data == NULL || !data_open(k->data, packet, len, inner))
		return false;
	s->heard = now;
	if (k == s->next)
		session_use_next(s, now);
	if (data_is_exit(*inner))
		session_end_by(s, END_LEFT, "the client left", NULL, now);
	if (data_is_ping(*inner) || data_is_exit(*inner))
		*inner = SPAN_NONE;
	s->bytes_in += inner->len;
	return true;
}
