/*
 * OpenVPN over UDP. Data say whose they are by peer id, wherever they come from; a client whose
 * address has changed is believed once a packet of its own was authentic (float). Control packets
 * are told by the address that they come from.
 */
#include "base/clock.h"
#include "os/datagram.h"
#include "os/sock.h"
#include "role/tunnel_private.h"

#define A_TURN 4 /* of DATAGRAMS each */

/* One datagram, and how it came. */
struct arrival {
	struct tunnel_worker *worker;
	int fd;
	struct address from, local;
	uint8_t *bytes;
	size_t len;
};

static struct client *
by_peer_id(const struct arrival *a)
{
	const struct tunnel_worker *w = a->worker;
	uint32_t id, slot;

	if (wire_opcode(a->bytes[0]) != OP_DATA_V2 || a->len < 4)
		return places_find(&w->outside, &a->from);
	id = (uint32_t)a->bytes[1] << 16 | (uint32_t)a->bytes[2] << 8 | a->bytes[3];
	slot = id / w->tunnel->worker_count;
	if (id == PEER_ID_NONE)
		return places_find(&w->outside, &a->from);
	return slot < w->peer_count && id % w->tunnel->worker_count == w->number ? w->peers[slot]
										 : NULL;
}

/* Its packet was authentic: it is where that came from. An address of somebody else is not taken.
 */
static void
follow(struct client *c, const struct arrival *a)
{
	struct tunnel_worker *w = a->worker;
	char was[ADDRESS_TEXT_MAX], is[ADDRESS_TEXT_MAX];

	c->local = a->local;
	c->fd = a->fd;
	if (address_equal(&c->peer, &a->from) || places_find(&w->outside, &a->from) != NULL)
		return;
	log_peer(&w->limit, "vpn: %s/%s moved from %s to %s", c->pass->who.user_name,
		 c->pass->who.device_name, address_text(&c->peer, was), address_text(&a->from, is));
	places_remove(&c->outside);
	c->peer = c->outside.at = a->from;
	places_add(&w->outside, &c->outside);
}

static void
data(const struct arrival *a)
{
	struct client *c = by_peer_id(a);

	if (c == NULL || c->stream)
		return;
	if (client_data(c, a->bytes, a->len))
		follow(c, a);
	client_settle(c);
}

/* Whoever was at this address before is there no more, if the cookie shows who receives there now,
 * and this was not recorded when somebody before him did. Without a cookie only the same device
 * takes its own place. */
static bool
makes_room(struct client *c, const struct session_start *start, uint32_t stamp)
{
	if (c == NULL)
		return true;
	if (stamp < c->stamp || (!start->answered && c->device != start->device))
		return false;
	client_give_up(c, END_LEFT, "another connection began at its address");
	client_settle(c);
	return true;
}

static void
begin(const struct arrival *a, struct session_start *start, uint32_t stamp)
{
	struct client *c;

	if (!makes_room(places_find(&a->worker->outside, &a->from), start, stamp) ||
	    (c = client_new(a->worker, start, a->fd, &a->from, &a->local)) == NULL)
		return;
	c->stamp = stamp;
	client_control(c, span_of(a->bytes, a->len));
	client_settle(c);
}

static void
stranger(const struct arrival *a)
{
	struct buf reply = buf_with_cap(CONTROL_MAX);
	enum gate_verdict verdict = GATE_STRANGER;
	struct session_start start = {.device = 0};
	struct gate_first first = {.late_ms = 0};
	enum greeting g = tunnel_greet(a->worker->tunnel, span_of(a->bytes, a->len), &a->from,
				       &verdict, &first, &start, &reply);

	if (g != GREET_NOBODY && !start.answered &&
	    !crowd_may_begin(a->worker->tunnel->crowd, &a->from))
		g = GREET_NOBODY;
	if (g == GREET_ANSWER)
		datagram_send(a->fd, buf_span(&reply), &a->from, &a->local);
	else if (g == GREET_SESSION)
		begin(a, &start, first.head.time);
	else if (verdict != GATE_STRANGER && verdict != GATE_OPEN)
		tunnel_note(a->worker->tunnel, verdict, &first, &a->from);
	explicit_bzero(&first, sizeof first);
	explicit_bzero(&start, sizeof start);
	buf_free(&reply);
}

/* A client that was started again, at the same port. What it may begin with, greet() knows. */
static bool
begins_anew(const struct client *c, const struct arrival *a)
{
	unsigned opcode = wire_opcode(a->bytes[0]);
	struct wrap_head head;

	return opcode != OP_SOFT_RESET_V1 && wrap_head_read(span_of(a->bytes, a->len), &head) &&
	       memcmp(head.session_id, c->session_id, SESSION_ID) != 0;
}

static void
control(const struct arrival *a)
{
	struct client *c = places_find(&a->worker->outside, &a->from);

	if (c == NULL || c->stream || begins_anew(c, a)) {
		stranger(a);
		return;
	}
	client_control(c, span_of(a->bytes, a->len));
	client_settle(c);
}

static void
take(struct arrival *a)
{
	if (wire_is_control(wire_opcode(a->bytes[0])))
		control(a);
	else
		data(a);
}

/* What has become one was several, of which each is of its own kind. */
static void
take_each(struct arrival *a, const struct datagram *d)
{
	a->from = d->from;
	a->local = d->local;
	for (size_t at = 0; at < d->len; at += d->each) {
		a->bytes = d->bytes + at;
		a->len = d->len - at < d->each ? d->len - at : d->each;
		if (a->len <= PACKET_MAX)
			take(a);
	}
}

void
datagrams_take(struct tunnel_worker *w, int fd)
{
	struct arrival a = {.worker = w, .fd = fd};
	const struct datagram *list;
	size_t n;

	for (unsigned i = 0; i < A_TURN; i++) {
		n = datagrams_receive(w->datagrams, fd, &list);
		for (size_t k = 0; k < n; k++)
			take_each(&a, &list[k]);
		flows_leave(w);
		w->pace.turn += (unsigned)n;
		if (n < DATAGRAMS)
			return;
	}
}
