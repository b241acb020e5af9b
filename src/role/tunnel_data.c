/* Packets of data: from the tunnel's interface or another client to a client, and from it. */
#include "role/tunnel_private.h"
#include "vpn/keys.h"
#include "vpn/segment.h"
#include "vpn/tcpip.h"

/* IP, TCP or UDP, and our own head around a packet inside, on a path of 1492 bytes (PPPoE). */
#define PATH          1492
#define UDP_AROUND(v) ((v) == 4 ? 20 + 8 + 24 : 40 + 8 + 24)
#define TCP_AROUND(v) ((v) == 4 ? 20 + 20 + 2 + 24 : 40 + 20 + 2 + 24)
#define IP_TCP        40 /* inside: what the MSS does not count */

/* --- to it */

static void
clamp(const struct client *c, const struct inner *packet, uint8_t *inner, size_t len)
{
	unsigned around = c->stream ? TCP_AROUND(c->peer.family) : UDP_AROUND(c->peer.family);

	if (packet->protocol == PROTOCOL_TCP)
		inner_clamp(inner, len, PATH - around - IP_TCP);
}

/* Where a packet of so many bytes is to be put, to leave with others; NULL: it is lost. */
static uint8_t *
room(struct client *c, size_t len)
{
	uint8_t *packet = c->stream ? stream_room(c, DATA_HEAD + len)
				    : burst_room(c->worker->burst, c, DATA_HEAD + len);

	return packet != NULL ? packet + DATA_HEAD : NULL;
}

static void
seal(struct client *c, uint8_t *inner, size_t len)
{
	if (!session_seal(c->session, inner, len, loop_now(c->worker->loop)))
		return;
	if (c->stream)
		stream_add(c, DATA_HEAD + len);
	else
		burst_add(c->worker->burst, DATA_HEAD + len);
}

void
client_deliver(struct client *c, const struct inner *packet, struct span bytes)
{
	uint8_t *inner = c->up && bytes.len <= SEGMENT_MAX ? room(c, bytes.len) : NULL;

	if (inner == NULL)
		return;
	span_put(inner, bytes);
	clamp(c, packet, inner, bytes.len);
	seal(c, inner, bytes.len);
}

void
client_deliver_super(struct client *c, struct span bytes, const struct offload *how)
{
	struct segments s;
	uint8_t *inner;
	size_t len;

	if (!c->up || !segments_begin(&s, bytes, how))
		return;
	while ((len = segments_next_len(&s)) > 0 && (inner = room(c, len)) != NULL) {
		segments_next(&s, inner);
		seal(c, inner, len);
	}
}

/* --- from it */

static bool
is_own(const struct client *c, const struct address *from)
{
	return address_same_ip(from, from->family == 4 ? &c->pass->terms.ip4 : &c->pass->terms.ip6);
}

/* Where it goes among our clients; NULL: to another worker's, or the network. */
static struct client *
neighbour(const struct client *c, const struct inner *packet)
{
	struct address to = packet->to;

	to.port = 0;
	return places_find(&c->worker->inside, &to);
}

static bool
may_reach(const struct client *c, const struct client *other, const struct tunnel_worker *far,
	  const struct inner *packet)
{
	if (other != NULL || far != NULL)
		return other != c && c->pass->who.client_to_client;
	return reach_allows(c->pass->reach, c->pass->reach_count, packet);
}

/* What came out of the tunnel: to another client where that is allowed, else to the network. What
 * machines say on a cable, to find each other, is nothing to count. */
static void
route(struct client *c, uint8_t *bytes, size_t len)
{
	static const struct offload whole = {.kind = OFFLOAD_NONE};
	struct inner packet;

	if (!inner_read(span_of(bytes, len), &packet) || inner_is_local(&packet))
		return;
	struct client *other = neighbour(c, &packet);
	struct tunnel_worker *far = other == NULL ? strays_owner(c->worker, &packet.to) : NULL;
	if (!is_own(c, &packet.from)) {
		c->foreign++;
	} else if (!may_reach(c, other, far, &packet)) {
		c->denied++;
	} else if (other != NULL) {
		client_deliver(other, &packet, span_of(bytes, len));
	} else if (far != NULL) {
		strays_take(c->worker, far, span_of(bytes, len), &whole);
	} else {
		clamp(c, &packet, bytes, len);
		flows_take(c->worker, &packet, bytes, len);
	}
}

bool
client_data(struct client *c, uint8_t *packet, size_t len)
{
	struct span inner;

	if (!session_open(c->session, packet, len, loop_now(c->worker->loop), &inner))
		return false;
	if (inner.len > 0 && c->pass != NULL)
		route(c, packet + (inner.p - packet), inner.len);
	return true;
}
