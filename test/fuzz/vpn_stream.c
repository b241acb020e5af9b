/*
 * A connection of the VPN's: what comes is cut into packets by the lengths before them, and what is
 * to go is put together so. The input says in which pieces bytes come, what is sent meanwhile, and
 * how slowly that is read. Behind it stands a client that only looks on.
 */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "os/sock.h"
#include "role/tunnel_private.h"

#define STEPS_MAX  200
#define STREAM_MAX (4 << 20)

static struct {
	struct tunnel_worker worker;
	struct tunnel tunnel;
	struct client *client; /* NULL: it is over */
	int peer;
	struct buf said, heard;   /* to the server and by it, each with what stood before it */
	struct buf sent, arrived; /* from it, and at the peer */
	bool no_packet;           /* what was said cannot be one */
} rig;

/* --- a client that does nothing by itself */

static void
hear(struct span packet)
{
	check(packet.len > 0 && packet.len <= PACKET_MAX);
	check(buf_be16(&rig.heard, (uint16_t)packet.len) && buf_append(&rig.heard, packet));
}

void
client_control(struct client *c, struct span packet)
{
	check(c == rig.client && wire_is_control(wire_opcode(packet.p[0])));
	hear(packet);
}

/* It is opened in place. */
bool
client_data(struct client *c, uint8_t *packet, size_t len)
{
	check(c == rig.client && !wire_is_control(wire_opcode(packet[0])));
	hear(span_of(packet, len));
	memset(packet, 0xa5, len);
	return true;
}

void
flows_leave(struct tunnel_worker *w)
{
	check(w == &rig.worker);
}

void
client_give_up(struct client *c, enum session_end end, const char *why)
{
	(void)why;
	check(c == rig.client);
	c->over = true;
	rig.no_packet = rig.no_packet || end == END_HANDSHAKE;
}

struct client *
client_new(struct tunnel_worker *w, struct session_start *start, int fd, const struct address *peer,
	   const struct address *local)
{
	check(start->stream && w == &rig.worker);
	rig.client = MEM_NEW(struct client);
	*rig.client = (struct client){.worker = w,
				      .fd = fd,
				      .stream = true,
				      .peer = *peer,
				      .local = *local,
				      .watch = {.fd = -1}};
	return rig.client;
}

void
client_free(struct client *c)
{
	check(c == rig.client);
	rig.client = NULL;
	list_remove(&c->unsent);
	watch_stop(rig.worker.loop, &c->watch);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void
client_settle(struct client *c)
{
	if (c->over)
		client_free(c);
}

/* --- the two sides */

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
turn(void)
{
	loop_post(rig.worker.loop, stop, rig.worker.loop);
	loop_run(rig.worker.loop);
	if (rig.client != NULL && list_linked(&rig.client->unsent)) {
		stream_flush(rig.client);
		client_settle(rig.client);
	}
}

static void
say(struct span bytes)
{
	ssize_t n = bytes.len > 0 ? sock_write(rig.peer, bytes.p, bytes.len) : 0;

	if (n > 0)
		check(buf_append(&rig.said, span_head(bytes, (size_t)n)));
}

static void
read_some(size_t most)
{
	static uint8_t bytes[1 << 16];
	ssize_t n = sock_read(rig.peer, bytes, most < sizeof bytes ? most : sizeof bytes);

	if (n > 0)
		check(buf_append(&rig.arrived, span_of(bytes, (size_t)n)));
}

static void
send_control(size_t len)
{
	uint8_t packet[CONTROL_MAX];

	memset(packet, (int)len, sizeof packet);
	len = 1 + len % sizeof packet;
	stream_send(rig.client, span_of(packet, len));
	if (!rig.client->over)
		check(buf_be16(&rig.sent, (uint16_t)len) &&
		      buf_append(&rig.sent, span_of(packet, len)));
	client_settle(rig.client);
}

/* With too much waiting there is no room: the packet is lost, and nothing of it was begun. */
static void
send_data(size_t len)
{
	uint8_t *to;

	len = 1 + len % PACKET_MAX;
	if ((to = stream_room(rig.client, len)) == NULL)
		return;
	memset(to, (int)len, len);
	check(buf_be16(&rig.sent, (uint16_t)len) && buf_append(&rig.sent, span_of(to, len)));
	stream_add(rig.client, len);
}

/* --- what must hold */

static struct span
whole_packets(struct span bytes)
{
	struct cursor c = cursor_of(bytes);
	struct span packet;
	size_t whole = 0;

	while (cursor_vec16(&c, &packet) && packet.len > 0 && packet.len <= PACKET_MAX)
		whole = bytes.len - cursor_left(&c);
	return span_head(bytes, whole);
}

/* All whole packets were heard, in order and as they were, and nothing else. */
static void
look(void)
{
	struct span whole = whole_packets(buf_span(&rig.said));
	struct span heard = buf_span(&rig.heard);
	struct span arrived = buf_span(&rig.arrived), sent = buf_span(&rig.sent);

	check(heard.len <= whole.len && span_equal(heard, span_head(whole, heard.len)));
	check(arrived.len <= sent.len && span_equal(arrived, span_head(sent, arrived.len)));
	if (rig.client == NULL)
		return;
	check(heard.len == whole.len && !rig.no_packet);
	check(buf_len(&rig.client->in) <= 2 + PACKET_MAX);
}

/* --- a life */

static uint8_t
next_byte(struct span *script)
{
	uint8_t byte = script->len > 0 ? script->p[0] : 0;

	*script = span_tail(*script, 1);
	return byte;
}

static struct span
next_bytes(struct span *script)
{
	size_t n = next_byte(script);
	struct span bytes = span_head(*script, n);

	*script = span_tail(*script, bytes.len);
	return bytes;
}

/* One of any length and with its length before it; of it `cut` bytes are missing. */
static void
say_packet(size_t len, size_t cut)
{
	uint8_t packet[2 + PACKET_MAX + 16];
	size_t all = 2 + len;

	memset(packet, (int)(len & 1 ? 0x48 : 0x20), sizeof packet);
	packet[0] = (uint8_t)(len >> 8);
	packet[1] = (uint8_t)len;
	say(span_of(packet, all > cut ? all - cut : all));
}

static void
step(struct span *script)
{
	uint8_t op = next_byte(script);
	size_t n = (size_t)next_byte(script) << 8 | op;

	switch (op % 8) {
	case 0:
		say(next_bytes(script));
		break;
	case 1:
	case 2:
		say_packet(n % (PACKET_MAX + 8), 0);
		break;
	case 3:
		say_packet(n % PACKET_MAX, n % 61);
		break;
	case 4:
		send_control(n);
		break;
	case 5:
		for (size_t i = 0; i < 1 + n % 64 && rig.client != NULL; i++)
			send_data(n);
		break;
	case 6:
		read_some(n);
		break;
	default:
		shutdown(rig.peer, n & 256 ? SHUT_WR : SHUT_RD);
	}
	if ((op & 0x80) == 0)
		turn();
}

static void
start(void)
{
	static uint8_t scratch[TUNNEL_SCRATCH];
	struct gate_first first = {.late_ms = 0};
	const struct address nobody = {.family = 0};
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	memset(&rig, 0, sizeof rig);
	rig.worker.scratch = scratch;
	rig.worker.tunnel = &rig.tunnel;
	list_init(&rig.worker.unsent);
	rig.said = rig.heard = rig.sent = rig.arrived = buf_with_cap(STREAM_MAX);
	check(!failed(loop_new(&rig.worker.loop)));
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	rig.peer = fds[1];
	stream_begin(&rig.worker, fds[0], &first, &nobody, &nobody);
	check(rig.client != NULL);
}

/* What was sent before the peer left arrives whole, unless it stopped to hear. */
static void
finish(void)
{
	turn();
	look();
	close(rig.peer);
	for (unsigned i = 0; i < 8 && rig.client != NULL; i++)
		turn();
	if (rig.client != NULL) /* there was more than is read in so many turns */
		client_free(rig.client);
	loop_free(rig.worker.loop);
	buf_free(&rig.said);
	buf_free(&rig.heard);
	buf_free(&rig.sent);
	buf_free(&rig.arrived);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span script = span_of(data, size);

	start();
	for (unsigned i = 0; i < STEPS_MAX && script.len > 0 && rig.client != NULL; i++) {
		step(&script);
		if (rig.client == NULL || buf_len(&rig.said) > STREAM_MAX / 2 ||
		    buf_len(&rig.sent) > STREAM_MAX / 2)
			break;
	}
	finish();
	return 0;
}
