/*
 * First packets. 'p' and a packet: as it came, at the time and from where the seeds were recorded.
 * 't' and what TCP brings. 'g' and what is to be in a packet, which is then wrapped as a client
 * with a key of ours does it: so what stands behind the wrap is explored too, and what becomes of
 * it is compared with what the packet says. 's' and the same, under the static key.
 */
#include "fuzz.h"
#include "tls/siv.h"
#include "vpn/greet.h"

#define RECORDED_MS INT64_C(1795294017606)
#define SKEW        120000
#define PORT        60408
#define GATE_RUNS   256 /* that one gate is used for: far fewer than fill it */

static struct greeter greeter;
static uint8_t static_key[WRAP_CLIENT_KEY];
static struct address from;

/* What came of the last packet. */
static enum gate_verdict verdict;
static struct gate_first first;
static struct session_start start;

/* Keys that count up: the seeds were recorded with these. */
static void
begin(void)
{
	static const uint8_t ip[4] = {127, 0, 0, 1};
	struct gate_settings settings = {.skew_ms = SKEW};
	static unsigned runs;

	if (runs++ % GATE_RUNS != 0)
		return;
	for (size_t i = 0; i < sizeof settings.server_key; i++)
		settings.server_key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof greeter.cookie_key; i++)
		greeter.cookie_key[i] = (uint8_t)i;
	from = address_v4(ip, PORT);
	gate_free(greeter.gate);
	greeter.gate = gate_new(&settings);
	check(greeter.gate != NULL);
	for (size_t i = 0; i < sizeof static_key; i++)
		static_key[i] = (uint8_t)i;
	gate_set_static(greeter.gate, static_key);
}

static bool
is_reset(uint8_t first_byte)
{
	return first_byte == 0x50 || first_byte == 0x38;
}

static bool
is_third(uint8_t first_byte)
{
	return first_byte == 0x58 || first_byte == 0x20 || first_byte == 0x28;
}

static enum greeting
greeted(struct span packet)
{
	static const struct session_start none;
	struct buf reply = buf_with_cap(80);
	enum greeting g =
	    greet(&greeter, packet, &from, RECORDED_MS, &verdict, &first, &start, &reply);

	check(buf_len(&reply) == (g != GREET_ANSWER ? 0 : packet.p[0] == 0x50 ? 72 : 66));
	check(g == GREET_NOBODY || (verdict == GATE_OPEN && packet.len >= RESET_V2));
	check(verdict == GATE_OPEN || is_reset(packet.p[0]));
	check(g == GREET_SESSION || memcmp(start.keys, none.keys, sizeof none.keys) == 0);
	check(start.answered == (g == GREET_SESSION && is_third(packet.p[0])));
	buf_free(&reply);
	return g;
}

static void
as_it_came(struct span packet)
{
	if (greeted(packet) == GREET_ANSWER)
		check(greeted(packet) == GREET_NOBODY && verdict == GATE_REPLAYED);
}

static void
as_tcp_brings_it(struct span seen)
{
	struct span packet = span_tail(seen, 2);

	if (!gate_fits_tcp(seen))
		return;
	if (packet.p[0] == 0x50)
		check(packet.len >= RESET_V3_MIN && packet.len <= RESET_V3_MAX);
	else
		check(packet.len == RESET_V2 && packet.p[0] == 0x38);
	if (gate_judge(greeter.gate, packet, RECORDED_MS, &first) == GATE_STRANGER)
		(void)gate_judge_static(greeter.gate, packet, RECORDED_MS, &first);
}

/* --- genuine packets */

struct made {
	uint8_t first, client[SESSION_ID];
	uint16_t late; /* seconds, and 32768 more */
	uint32_t counter;
	uint8_t cookie; /* odd: ours is put where the acknowledged id is */
	uint8_t body[PACKET_MAX];
	size_t len;
};

static bool
read_made(struct span bytes, struct made *m)
{
	struct cursor c = cursor_of(bytes);
	struct span client, body;

	*m = (struct made){.len = 0};
	if (!cursor_u8(&c, &m->first) || !cursor_span(&c, SESSION_ID, &client) ||
	    !cursor_be16(&c, &m->late) || !cursor_be32(&c, &m->counter) ||
	    !cursor_u8(&c, &m->cookie) || cursor_left(&c) > 700 ||
	    !cursor_span(&c, cursor_left(&c), &body))
		return false;
	span_put(m->client, client);
	span_put(m->body, body);
	m->len = body.len;
	return true;
}

static int64_t
late_ms(const struct made *m)
{
	return ((int64_t)m->late - 32768) * 1000 + RECORDED_MS % 1000;
}

static void
put_cookie(struct made *m)
{
	size_t at = 1 + (size_t)m->body[0] * 4;

	if (m->cookie % 2 == 1 && m->body[0] > 0 && at + SESSION_ID <= m->len)
		check(cookie_make(greeter.cookie_key, &from, m->client, RECORDED_MS, m->body + at));
}

static struct buf
own_key(void)
{
	struct buf key = buf_with_cap(2048);
	uint8_t server_key[WRAP_SERVER_KEY];

	for (size_t i = 0; i < sizeof server_key; i++)
		server_key[i] = (uint8_t)i;
	check(wrap_key_make(server_key, 17, &key));
	return key;
}

/* By the second half of the key; what else is there comes behind it. */
static struct buf
wrapped(const struct made *m, struct span key)
{
	struct buf out = buf_with_cap(PACKET_MAX * 2);
	struct siv *siv = siv_new(key.p + 128, key.p + 192);
	uint8_t *to;

	to = buf_room(&out, WRAP_OVERHEAD + m->len);
	check(siv != NULL && to != NULL && buf_byte(&out, m->first));
	check(buf_append(&out, span_of(m->client, SESSION_ID)) && buf_be32(&out, m->counter));
	check(buf_be32(&out, (uint32_t)((RECORDED_MS - late_ms(m)) / 1000)));
	check(siv_seal(siv, span_of(to, WRAP_HEAD), span_of(m->body, m->len), to + WRAP_HEAD,
		       to + WRAP_OVERHEAD));
	buf_added(&out, SIV_TAG + m->len);
	check(buf_append(&out, span_tail(key, WRAP_CLIENT_KEY)));
	siv_free(siv);
	return out;
}

static enum greeting
reset_deserves(const struct made *m, size_t packet)
{
	static const uint8_t none[5];

	if (packet > RESET_V3_MAX || m->len < sizeof none ||
	    memcmp(m->body, none, sizeof none) != 0 || late_ms(m) > SKEW || late_ms(m) < -SKEW)
		return GREET_NOBODY;
	return m->counter >> 24 == 0x0f ? GREET_ANSWER : GREET_SESSION;
}

/* Nobody guesses a cookie: it must have been put there. */
static enum greeting
third_deserves(const struct made *m)
{
	size_t acks = m->body[0], at = 1 + acks * 4;
	const uint8_t *id = m->body + at + SESSION_ID;

	if (m->cookie % 2 == 0 || acks == 0 || acks > ACKS_MAX ||
	    (m->first == 0x28 ? m->len != at + SESSION_ID : m->len < at + SESSION_ID + 4))
		return GREET_NOBODY;
	for (const uint8_t *ack = m->body + 1; ack < m->body + at; ack += 4)
		if (ack[0] != 0 || ack[1] != 0 || ack[2] != 0 || ack[3] > 1)
			return GREET_NOBODY;
	if (m->first == 0x28)
		return GREET_SESSION;
	return id[0] == 0 && id[1] == 0 && id[2] == 0 && id[3] <= 1 ? GREET_SESSION : GREET_NOBODY;
}

static enum greeting
static_reset_deserves(const struct made *m)
{
	static const uint8_t none[5];

	return m->len == sizeof none && memcmp(m->body, none, sizeof none) == 0 &&
		       late_ms(m) <= SKEW && late_ms(m) >= -SKEW
		   ? GREET_ANSWER
		   : GREET_NOBODY;
}

static void
with_the_static_key(struct span bytes)
{
	struct made m;
	struct buf packet;
	enum greeting right = GREET_NOBODY;

	if (!read_made(bytes, &m))
		return;
	put_cookie(&m);
	packet = wrapped(&m, span_of(static_key, sizeof static_key));
	if (m.first == 0x38)
		right = static_reset_deserves(&m);
	if (m.first == 0x20 || m.first == 0x28)
		right = third_deserves(&m);
	/* The key is the same in each run, and the gate often too: it may have seen this. */
	check(greeted(buf_span(&packet)) == right ||
	      (right == GREET_ANSWER && verdict == GATE_REPLAYED));
	if (right == GREET_SESSION)
		check(start.device == 0 && memcmp(start.client_id, m.client, SESSION_ID) == 0);
	if (m.first == 0x38)
		check(greeted(buf_span(&packet)) == GREET_NOBODY);
	buf_free(&packet);
}

static void
as_a_client_makes_it(struct span bytes)
{
	struct made m;
	struct buf packet, key;
	enum greeting right = GREET_NOBODY;

	if (!read_made(bytes, &m))
		return;
	put_cookie(&m);
	key = own_key();
	packet = wrapped(&m, buf_span(&key));
	buf_free(&key);
	if (m.first == 0x50)
		right = reset_deserves(&m, buf_len(&packet));
	if (m.first == 0x58)
		right = third_deserves(&m);
	check(greeted(buf_span(&packet)) == right);
	if (right == GREET_SESSION)
		check(start.device == 17 && memcmp(start.client_id, m.client, SESSION_ID) == 0);
	if (m.first == 0x50)
		check(greeted(buf_span(&packet)) == GREET_NOBODY);
	buf_free(&packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		uint8_t kind;
		void (*try)(struct span bytes);
	} kinds[] = {
	    {'p', as_it_came},
	    {'t', as_tcp_brings_it},
	    {'g', as_a_client_makes_it},
	    {'s', with_the_static_key},
	};

	begin();
	for (size_t i = 0; i < COUNT(kinds) && size > 0; i++)
		if (kinds[i].kind == data[0])
			kinds[i].try(span_of(data + 1, size - 1));
	return 0;
}
