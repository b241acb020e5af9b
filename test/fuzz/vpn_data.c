/*
 * Data packets in the hands of somebody else: delivered, changed, cut, repeated, made up. Just what
 * was sealed is opened, and once.
 */
#include <string.h>

#include "fuzz.h"
#include "vpn/keys.h"

#define INNER_MAX  200
#define PACKET_END (DATA_HEAD + INNER_MAX)

struct packet {
	uint8_t bytes[PACKET_END], inner[INNER_MAX];
	size_t len;
};

struct link {
	struct data_keys *from, *to;
	struct packet last;
	bool arrived; /* the last one, as it was sent */
};

/* Exactly as large as the packet: reading past its end is found. */
static bool
opens(struct link *l, const uint8_t *bytes, size_t len)
{
	uint8_t *packet = malloc(len > 0 ? len : 1);
	struct span inner;

	check(packet != NULL);
	span_put(packet, span_of(bytes, len));
	bool good = data_open(l->to, packet, len, &inner);
	if (good)
		check(span_equal(inner, span_of(l->last.inner, l->last.len - DATA_HEAD)));
	free(packet);
	return good;
}

static void
send_one(struct link *l, struct cursor *c)
{
	uint8_t len = 0;
	struct span inner;

	if (!cursor_u8(c, &len) || !cursor_span(c, len % (INNER_MAX + 1), &inner))
		inner = SPAN_NONE;
	l->last = (struct packet){.len = DATA_HEAD + inner.len};
	span_put(l->last.inner, inner);
	span_put(l->last.bytes + DATA_HEAD, inner);
	check(data_seal(l->from, len, l->last.bytes + DATA_HEAD, inner.len));
	l->arrived = false;
}

static void
deliver(struct link *l, struct cursor *c)
{
	(void)c;
	check(opens(l, l->last.bytes, l->last.len) == (l->last.len > 0 && !l->arrived));
	l->arrived = true;
}

static void
deliver_changed(struct link *l, struct cursor *c)
{
	struct packet changed = l->last;
	uint8_t at, mask;

	if (!cursor_u8(c, &at) || !cursor_u8(c, &mask) || mask == 0 || l->last.len == 0)
		return;
	changed.bytes[at % changed.len] ^= mask;
	check(!opens(l, changed.bytes, changed.len));
}

static void
deliver_cut(struct link *l, struct cursor *c)
{
	uint8_t len;

	if (cursor_u8(c, &len) && len < l->last.len)
		check(!opens(l, l->last.bytes, len));
}

static void
make_up(struct link *l, struct cursor *c)
{
	struct span bytes;
	uint8_t len;

	if (cursor_u8(c, &len) && cursor_span(c, len, &bytes))
		check(!opens(l, bytes.p, bytes.len));
}

static void
send_back(struct link *l, struct cursor *c)
{
	struct link mirror = {.from = l->to, .to = l->from, .last = l->last};

	(void)c;
	check(!opens(&mirror, l->last.bytes, l->last.len));
}

static void (*const steps[])(struct link *l, struct cursor *c) = {
    send_one, deliver, deliver_changed, deliver_cut, make_up, send_back,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(span_of(data, size));
	uint8_t material[DATA_KEYS], how, step;
	struct link l = {.arrived = true};

	for (size_t i = 0; i < sizeof material; i++)
		material[i] = (uint8_t)(i * 7 + 1);
	if (!cursor_u8(&c, &how))
		return 0;
	l.from = data_keys_new(how % AEAD_KINDS, material, how % KEY_IDS, how & 0x80);
	l.to = data_keys_new(how % AEAD_KINDS, material, how % KEY_IDS, !(how & 0x80));
	check(l.from != NULL && l.to != NULL);
	while (cursor_u8(&c, &step))
		steps[step % COUNT(steps)](&l, &c);
	check(!data_keys_are_worn(l.from) && !data_keys_are_worn(l.to));
	data_keys_free(l.from);
	data_keys_free(l.to);
	return 0;
}
