/*
 * A session and a client, between them a network, and an owner, that do what the input says. The
 * first byte says who the client is and what its owner thinks of it. Nobody is let in who was not
 * admitted, nothing comes through the tunnel that was not sealed for it, and it ends once.
 */
#include "../unit/vpn/rig.h"
#include "fuzz.h"

#define STEPS_MAX 256

static struct rig_world world;
static struct rig rig;

enum habit {
	HABIT_WAITS = 1,    /* the owner answers when the input says so, or not at all */
	HABIT_REFUSES = 2,  /* with the one before: it asks for a code */
	HABIT_STRANGER = 4, /* the client's certificate is of another authority */
	HABIT_ANSWERED = 8, /* its reset was answered before */
	HABIT_ASKS = 16,    /* is not to be pushed to before it asks */
	HABIT_OLD = 32,     /* no exporter, and one wrap for all keys */
	HABIT_STREAM = 64,
	HABIT_TICKS = 128, /* rekeys and keep-alives by the clock */
};

static uint8_t
byte_of(struct cursor *c)
{
	uint8_t byte = 0;

	return cursor_u8(c, &byte) ? byte : 0;
}

static struct span
some_of(struct cursor *c)
{
	struct span bytes = SPAN_NONE;
	size_t n = byte_of(c);

	if (n > cursor_left(c))
		n = cursor_left(c);
	check(cursor_span(c, n, &bytes));
	return bytes;
}

/* --- the network */

static void
to_server(struct rig *r, struct cursor *c)
{
	struct rig_packet p;

	(void)c;
	if (rig_get(&r->to_server, &p))
		rig_server_takes(r, &p);
}

static void
to_client(struct rig *r, struct cursor *c)
{
	struct rig_packet p;

	(void)c;
	if (rig_get(&r->to_client, &p))
		(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
}

static void
lose(struct rig *r, struct cursor *c)
{
	struct rig_packet p;

	(void)rig_get(byte_of(c) % 2 ? &r->to_server : &r->to_client, &p);
}

static void
swap(struct rig *r, struct cursor *c)
{
	struct rig_line *l = byte_of(c) % 2 ? &r->to_server : &r->to_client;
	struct rig_packet p;

	if (rig_get(l, &p))
		rig_put(l, span_of(p.bytes, p.len));
}

static void
repeat(struct rig *r, struct cursor *c)
{
	struct rig_line *l = byte_of(c) % 2 ? &r->to_server : &r->to_client;

	if (l->count > 0)
		rig_put(l, span_of(l->packets[l->first].bytes, l->packets[l->first].len));
}

/* Where it is authenticated whatever is inside. */
static void
flip(struct rig *r, struct cursor *c)
{
	unsigned bit = byte_of(c) << 8 | byte_of(c), sent = r->to_client.sent;
	struct rig_packet p;

	if (!rig_get(&r->to_server, &p) || r->overs > 0)
		return;
	bit %= 8 * WRAP_OVERHEAD;
	p.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	rig_server_takes(r, &p);
	check(r->to_client.sent == sent);
}

static void
cut(struct rig *r, struct cursor *c)
{
	unsigned keep = byte_of(c), sent = r->to_client.sent;
	struct rig_packet p;

	if (!rig_get(&r->to_server, &p) || r->overs > 0 || keep >= p.len)
		return;
	p.len = keep;
	rig_server_takes(r, &p);
	check(r->to_client.sent == sent);
}

static void
exchange(struct rig *r, struct cursor *c)
{
	(void)c;
	rig_exchange(r);
}

static void
wait(struct rig *r, struct cursor *c)
{
	int64_t n = byte_of(c);

	rig_pass(r, n < 128 ? n * 10 : n * 100);
}

/* --- the client, who has all keys and may say anything */

static void
say(struct rig *r, struct span bytes)
{
	if (r->c.now->state == ENGINE_OPEN && engine_write(r->c.now->tls, bytes))
		client_flush(&r->c, rig_wall(r));
}

static void
say_words(struct rig *r, struct cursor *c)
{
	static const struct span words[] = {
	    SPAN_INIT("PUSH_REQUEST\0"),
	    SPAN_INIT("EXIT\0"),
	    SPAN_INIT("CR_RESPONSE,c2VjcmV0\0"),
	    SPAN_INIT("PUSH_REQUEST\r\n\0PUSH_REQUEST\0"),
	};

	say(r, words[byte_of(c) % COUNT(words)]);
}

static void
say_bytes(struct rig *r, struct cursor *c)
{
	say(r, some_of(c));
}

static void
send_body(struct rig *r, struct cursor *c)
{
	uint8_t first = byte_of(c);

	client_seal(&r->c, first, some_of(c), byte_of(c) % 2 ? r->c.wrapped : SPAN_NONE,
		    rig_wall(r));
}

static void
rekey(struct rig *r, struct cursor *c)
{
	(void)c;
	if (r->c.up && r->c.next == NULL)
		client_rekey(&r->c, rig_wall(r));
}

static void
send_data(struct rig *r, struct cursor *c)
{
	struct client_key *const keys[] = {r->c.now, r->c.next, r->c.old};
	uint8_t packet[DATA_HEAD + 16], how = byte_of(c);
	struct client_key *k = keys[how % 3];
	bool flipped = how >= 128;
	struct span inner;

	if (k == NULL || k->data == NULL || r->overs > 0)
		return;
	memset(packet, 0x45, sizeof packet);
	check(data_seal(k->data, r->c.peer_id, packet + DATA_HEAD, 16));
	if (flipped)
		packet[how % sizeof packet] ^= (uint8_t)(1u << how % 8);
	if (!session_open(r->s, packet, sizeof packet, r->now, &inner))
		return;
	check(!flipped && r->ups == 1 && inner.len == 16 && inner.p[0] == 0x45);
}

static void
take_data(struct rig *r, struct cursor *c)
{
	uint8_t packet[DATA_HEAD + 16];
	struct span inner;

	(void)c;
	memset(packet, 0x60, sizeof packet);
	if (!session_seal(r->s, packet + DATA_HEAD, 16, r->now))
		return;
	check(r->ups == 1 && r->overs == 0);
	inner = client_receive(&r->c, packet, sizeof packet, rig_wall(r));
	check(inner.len == 0 || (inner.len == 16 && inner.p[0] == 0x60));
}

/* --- the owner */

static void
decide(struct rig *r, struct cursor *c)
{
	uint8_t how = byte_of(c);

	if (r->overs > 0)
		return;
	switch (how % 4) {
	case 0:
		r->admits += r->asked > 0;
		session_admit(r->s, &r->terms, r->now, rig_wall(r));
		break;
	case 1:
		session_refuse(r->s, "refused,\x01", r->now, rig_wall(r));
		break;
	case 2:
		session_kill(r->s, how >= 128, "killed", r->now, rig_wall(r));
		break;
	default:
		if (how >= 128)
			session_challenge(r->s, &rig_challenge, r->now, rig_wall(r));
		else
			session_rekey(r->s, r->now, rig_wall(r));
	}
}

static void (*const steps[])(struct rig *r, struct cursor *c) = {
    to_server, to_client, lose,      swap,      repeat, flip,      cut,    exchange,
    wait,      say_words, say_bytes, send_body, rekey,  send_data, decide, take_data,
};

/* --- a life */

static void
begin(struct rig *r, uint8_t habits)
{
	rig_open(r, &world);
	if ((habits & HABIT_WAITS) != 0) {
		r->answer = (habits & HABIT_REFUSES) != 0 ? RIG_ASKS : RIG_WAITS;
		r->c.script.more = "IV_SSO=crtext\n";
	} else if ((habits & HABIT_REFUSES) != 0) {
		r->answer = RIG_REFUSES;
	}
	if ((habits & HABIT_STRANGER) != 0)
		r->c.context = world.clients[RIG_STRANGER];
	if ((habits & HABIT_ASKS) != 0)
		r->c.script.proto &= ~(uint32_t)IV_REQUEST_PUSH;
	if ((habits & HABIT_OLD) != 0)
		r->c.script.proto &= ~(uint32_t)(IV_TLS_EKM | IV_DYN_TLS_CRYPT);
	if ((habits & HABIT_TICKS) != 0) {
		r->settings.rekey_ms = 20000;
		r->settings.ping_ms = 1000;
		r->settings.silence_ms = 30000;
		r->settings.transition_ms = 15000;
	}
	r->start.answered = (habits & HABIT_ANSWERED) != 0;
	r->start.answered_time = (uint32_t)(RIG_WALL / 1000);
	r->start.stream = (habits & HABIT_STREAM) != 0;
	rig_start(r);
}

static void
look(const struct rig *r, uint8_t habits)
{
	struct session_info info;

	session_info(r->s, &info);
	check(r->ups <= 1 && r->overs <= 1 && info.up == (r->ups == 1));
	check(r->ups == 0 || r->answer == RIG_ADMITS || r->admits > 0);
	check(r->ups == 0 || r->answer != RIG_REFUSES);
	check((habits & HABIT_STRANGER) == 0 || r->asked == 0);
	check(r->overs == 0 || session_when(r->s) == INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(span_of(data, size));
	uint8_t habits = byte_of(&c);

	if (world.lib == NULL)
		rig_world_make(&world);
	begin(&rig, habits);
	for (unsigned i = 0; i < STEPS_MAX && cursor_left(&c) > 0; i++) {
		steps[byte_of(&c) % COUNT(steps)](&rig, &c);
		look(&rig, habits);
	}
	rig_pass(&rig, 6000);
	look(&rig, habits);
	rig_close(&rig);
	return 0;
}
