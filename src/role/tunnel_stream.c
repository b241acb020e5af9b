/*
 * OpenVPN over TCP: each packet has its length before it, in two bytes. The connection was edge's,
 * which only peeked at it: the client's first packet is still to be read.
 */
#include <stdlib.h>
#include <unistd.h>

#include "os/sock.h"
#include "role/tunnel_private.h"
#include "tls/random.h"

#define LENGTH       2
#define OUT_MAX      (512 << 10)
#define OUT_DATA_MAX (256 << 10) /* with more waiting, packets of data are lost, as on any link */
#define READS        16          /* of the scratch in a turn: then others get theirs */

static void
packet(struct client *c, uint8_t *bytes, size_t len)
{
	c->worker->pace.turn++;
	if (wire_is_control(wire_opcode(bytes[0])))
		client_control(c, span_of(bytes, len));
	else
		client_data(c, bytes, len);
}

/* Takes the whole packets at the front; returns how many bytes they were. Sets over for what can be
 * no packet. */
static size_t
take_packets(struct client *c, uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (!c->over && len - at >= LENGTH) {
		size_t n = (size_t)bytes[at] << 8 | bytes[at + 1];

		if (n == 0 || n > PACKET_MAX) {
			client_give_up(c, END_HANDSHAKE, "what it sent was no packet");
		} else if (len - at - LENGTH < n) {
			break;
		} else {
			packet(c, bytes + at + LENGTH, n);
			at += LENGTH + n;
		}
	}
	return at;
}

/* What is left at the end is a packet's beginning, or of a client that is given up. */
static void
take(struct client *c, uint8_t *bytes, size_t len)
{
	size_t used = take_packets(c, bytes, len);

	flows_leave(c->worker);
	buf_free(&c->in);
	if (!c->over && used < len && !buf_append(&c->in, span_of(bytes + used, len - used)))
		client_give_up(c, END_SILENT, "there is no memory for it");
}

static void
gone(struct client *c)
{
	client_give_up(c, END_LEFT, "it closed the connection");
}

/* Reads on only where there was more than room: else what comes meanwhile waits for the next turn.
 */
static void
read_some(struct client *c)
{
	uint8_t *all = c->worker->scratch;
	bool more = true;

	for (unsigned i = 0; i < READS && more && !c->over; i++) {
		struct span begun = buf_span(&c->in);
		uint8_t *to = span_put(all, begun);
		size_t room = TUNNEL_SCRATCH - begun.len;
		ssize_t n = sock_read(c->fd, to, room);

		if (n == SOCK_AGAIN)
			return;
		if (n <= 0)
			gone(c);
		else
			take(c, all, begun.len + (size_t)n);
		more = n == (ssize_t)room;
	}
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct client *c = container_of(watch, struct client, watch);

	if (events & READY_OUT)
		stream_flush(c);
	if (events & (READY_ERR | READY_HUP))
		gone(c);
	else if (events & READY_IN)
		read_some(c);
	client_settle(c);
}

void
stream_flush(struct client *c)
{
	list_remove(&c->unsent);
	while (buf_len(&c->out) > 0) {
		struct span all = buf_span(&c->out);
		ssize_t n = sock_write(c->fd, all.p, all.len);

		if (n < 0)
			break;
		buf_taken(&c->out, (size_t)n);
	}
	bool waits = buf_len(&c->out) > 0;
	if (!waits)
		buf_free(&c->out);
	if (waits == c->waits)
		return;
	c->waits = waits;
	if (failed(
		watch_change(c->worker->loop, &c->watch, waits ? READY_IN | READY_OUT : READY_IN)))
		gone(c);
}

/* Written at the end of the turn, with all that is for it by then. */
static void
queue(struct client *c)
{
	if (!list_linked(&c->unsent))
		list_append(&c->worker->unsent, &c->unsent);
}

void
stream_send(struct client *c, struct span bytes)
{
	if (!buf_be16(&c->out, (uint16_t)bytes.len) || !buf_append(&c->out, bytes))
		client_give_up(c, END_SILENT, "it does not read");
	queue(c);
}

uint8_t *
stream_room(struct client *c, size_t len)
{
	if (buf_len(&c->out) + LENGTH + len > OUT_DATA_MAX)
		return NULL;
	uint8_t *to = buf_room(&c->out, LENGTH + len);
	return to != NULL ? to + LENGTH : NULL;
}

void
stream_add(struct client *c, size_t len)
{
	if (!buf_be16(&c->out, (uint16_t)len))
		return;
	buf_added(&c->out, len);
	queue(c);
}

void
stream_begin(struct tunnel_worker *w, int fd, struct gate_first *first, const struct address *peer,
	     const struct address *local)
{
	struct session_start start = {.device = first->key.device, .stream = true};
	struct client *c;

	span_put(start.keys, span_of(first->key.key, sizeof first->key.key));
	span_put(start.client_id, span_of(first->head.session_id, SESSION_ID));
	random_bytes(start.server_id, sizeof start.server_id);
	c = client_new(w, &start, fd, peer, local);
	explicit_bzero(&start, sizeof start);
	if (c == NULL) {
		close(fd);
		return;
	}
	c->in = buf_with_cap(LENGTH + PACKET_MAX);
	c->out = buf_with_cap(OUT_MAX);
	if (failed(watch_start(w->loop, &c->watch, fd, READY_IN, ready)))
		client_free(c);
	else
		client_settle(c);
}
