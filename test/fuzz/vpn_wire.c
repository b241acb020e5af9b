/*
 * Packets of OpenVPN. 'b', an opcode and a body: what is read is written again as it was. 'p' and a
 * packet as it came: it is no one's. 'w', where to change a bit, and a body: what is wrapped opens,
 * and no more once the bit is changed. 'r' and steps: no number is taken twice.
 */
#include "fuzz.h"
#include "vpn/replay.h"
#include "vpn/wrap.h"

#define STEPS_MAX 512

static const uint8_t keys[WRAP_KEYS] = "keys that everybody knows";
static const uint8_t id[SESSION_ID] = "session";

static void
read_and_write(struct span bytes)
{
	struct buf out = buf_with_cap(1 << 20);
	struct span body = span_tail(bytes, 1);
	struct control c;

	if (bytes.len < 1)
		return;
	if (control_read(bytes.p[0], body, &c)) {
		check(wire_is_control(bytes.p[0]) && c.ack_count <= ACKS_MAX);
		check(control_write(bytes.p[0], &c, &out) && span_equal(buf_span(&out), body));
	}
	buf_free(&out);
}

static void
open_as_it_is(struct span packet)
{
	struct buf body = buf_with_cap(PACKET_MAX);
	struct wrap *w = wrap_new(keys, true);
	struct span wrapped, key;
	struct wrap_head head;

	check(w != NULL);
	if (wire_split(packet, &wrapped, &key)) {
		check(wrapped.len > 0 && key.len > 0 && wrapped.len + key.len == packet.len);
		check(!wrap_open(w, wrapped, &head, &body));
	}
	check(wrap_head_read(packet, &head) == (packet.len >= WRAP_OVERHEAD));
	/* Who could make such a packet has guessed a tag of 256 bits. */
	check(!wrap_open(w, packet, &head, &body) && buf_len(&body) == 0);
	wrap_free(w);
	buf_free(&body);
}

static void
open_what_was_sealed(struct wrap *w, struct buf *packet, struct span body, size_t bit)
{
	struct buf out = buf_with_cap(PACKET_MAX);
	uint8_t *byte = packet->data + packet->start + bit / 8 % buf_len(packet);
	struct wrap_head head;

	check(wrap_open(w, buf_span(packet), &head, &out) && span_equal(buf_span(&out), body));
	check(wrap_take(w, &head) && !wrap_take(w, &head));
	*byte ^= (uint8_t)(1 << bit % 8);
	buf_taken(&out, buf_len(&out));
	check(!wrap_open(w, buf_span(packet), &head, &out) && buf_len(&out) == 0);
	buf_free(&out);
}

static void
open_changed(struct span bytes)
{
	struct buf packet = buf_with_cap(PACKET_MAX);
	struct wrap *client = wrap_new(keys, false), *server = wrap_new(keys, true);
	struct span body = span_tail(bytes, 2);

	check(client != NULL && server != NULL);
	if (body.len > 0 && wrap_seal(client, 0x20, id, body, 1700000000, &packet))
		open_what_was_sealed(server, &packet, body, (size_t)(bytes.p[0] << 8 | bytes.p[1]));
	wrap_free(client);
	wrap_free(server);
	buf_free(&packet);
}

static bool
is_among(uint64_t number, const uint64_t *taken, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (taken[i] == number)
			return true;
	return false;
}

/* Each step goes on from the number before: by a signed byte, shifted by another. */
static void
take_each_once(struct span steps)
{
	uint64_t taken[STEPS_MAX], number = 1;
	size_t count = 0;
	struct replay r;

	replay_begin(&r);
	for (size_t i = 0; i + 1 < steps.len && i / 2 < STEPS_MAX; i += 2) {
		uint64_t highest = r.highest;
		bool near, is_new;

		number += (uint64_t)(int8_t)steps.p[i] << steps.p[i + 1] % 60;
		near = number > highest || highest - number < REPLAY_WINDOW - 64;
		is_new = number > 0 && near && !is_among(number, taken, count);
		check(replay_would_take(&r, number) == is_new);
		check(replay_take(&r, number) == is_new);
		if (is_new)
			taken[count++] = number;
		check(r.highest == (is_new && number > highest ? number : highest));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		uint8_t kind;
		void (*try)(struct span bytes);
	} kinds[] = {
	    {'b', read_and_write},
	    {'p', open_as_it_is},
	    {'w', open_changed},
	    {'r', take_each_once},
	};

	for (size_t i = 0; i < COUNT(kinds) && size > 0; i++)
		if (kinds[i].kind == data[0])
			kinds[i].try(span_of(data + 1, size - 1));
	return 0;
}
