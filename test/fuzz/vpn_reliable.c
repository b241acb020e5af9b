/*
 * Delivery of control packets. An even first byte: two against each other, through a channel that
 * does to each packet what its byte says; all arrives, once and in order. An odd one: one alone,
 * against a peer that says what it likes.
 */
#include "../unit/vpn/channel.h"
#include "base/buf.h"
#include "fuzz.h"
#include "vpn/reliable.h"

#define FATES_MAX 4096 /* then the channel is good */
#define MESSAGES  24
#define NEAR      16 /* how far from its turn a number of the peer's may be */

static uint8_t
next_fate(void *arg)
{
	struct cursor *c = arg;
	uint8_t fate;

	return cursor_u8(c, &fate) ? fate : FATE_UNHURT;
}

/* Numbers begin so that they soon go round, or do not. */
static uint32_t
first_number(uint8_t byte)
{
	return (uint32_t)(int8_t)byte;
}

static void
two_against_each_other(uint32_t a, uint32_t b, struct span fates)
{
	static struct channel c;
	struct cursor input = cursor_of(span_head(fates, FATES_MAX));

	c = (struct channel){.messages = MESSAGES, .fate = next_fate, .arg = &input};
	c.ends[0] = reliable_new(a, b);
	c.ends[1] = reliable_new(b, a);
	check(channel_run(&c) == NULL);
	reliable_free(c.ends[0]);
	reliable_free(c.ends[1]);
}

/* One alone, and what is known of it. */
struct alone {
	struct reliable *r;
	uint32_t next_send, next_receive;
	int64_t now;
	bool seen[256]; /* numbers that were taken, by how far they are from the first */
	uint32_t first;
};

static void
hear(struct alone *a, uint8_t byte)
{
	uint32_t id = a->next_receive + byte % (2 * NEAR) - NEAR, from_first = id - a->first;
	bool known = from_first < a->next_receive - a->first;
	bool taken = reliable_received(a->r, OP_CONTROL_V1, id, span_of(&byte, byte / 128));

	check(!taken || known || id - a->next_receive < RELIABLE_RECEIVE);
	if (taken)
		a->seen[from_first % 256] = true;
}

static void
take(struct alone *a)
{
	struct reliable_packet p;

	while (reliable_next(a->r, &p)) {
		check(p.id == a->next_receive && a->seen[(p.id - a->first) % 256]);
		/* What is far behind is made room for. */
		a->next_receive++;
		a->seen[(p.id - a->first + 128) % 256] = false;
	}
}

static void
answer(struct alone *a, uint8_t byte)
{
	uint32_t ids[ACKS_MAX];
	size_t max = byte % (ACKS_MAX + 1);
	size_t count = reliable_acks(a->r, ids, max);

	check(count <= max);
	for (size_t i = 0; i < count; i++) {
		uint32_t from_first = ids[i] - a->first;

		check(from_first < a->next_receive - a->first + RELIABLE_RECEIVE);
		for (size_t k = 0; k < i; k++)
			check(ids[i] != ids[k]);
	}
}

static void
say(struct alone *a, uint8_t byte)
{
	static const uint8_t bytes[CONTROL_MAX + 1];
	bool room = reliable_has_room(a->r);
	size_t len = byte < 8 ? CONTROL_MAX + 1 : byte;

	if (reliable_send(a->r, OP_CONTROL_V1, span_of(bytes, len), a->now)) {
		check(room && len <= CONTROL_MAX);
		a->next_send++;
	}
}

static void
be_acked(struct alone *a, uint8_t byte)
{
	uint32_t ids[] = {a->next_send - byte % NEAR, a->next_send + byte / NEAR};

	reliable_acked(a->r, ids, COUNT(ids), a->now);
}

static void
pass_time(struct alone *a, uint8_t byte)
{
	struct reliable_packet p;

	a->now += 64 * (int64_t)byte;
	while (reliable_due(a->r, a->now, &p))
		check(a->next_send - p.id - 1 < RELIABLE_SEND);
	check(reliable_when(a->r) > a->now);
	check(reliable_all_acked(a->r) == (reliable_when(a->r) == INT64_MAX));
}

static void
against_a_liar(uint32_t next_send, uint32_t next_receive, struct span input)
{
	static void (*const deeds[])(struct alone * a, uint8_t byte) = {hear, hear,     answer,
									say,  be_acked, pass_time};
	static struct alone a;
	struct cursor c = cursor_of(input);
	uint8_t deed, byte;

	a = (struct alone){.r = reliable_new(next_send, next_receive),
			   .next_send = next_send,
			   .next_receive = next_receive,
			   .first = next_receive};
	while (cursor_u8(&c, &deed) && cursor_u8(&c, &byte)) {
		deeds[deed % COUNT(deeds)](&a, byte);
		if (deed >= 128)
			take(&a);
	}
	take(&a);
	reliable_free(a.r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_tail(span_of(data, size), 3);

	if (size < 3)
		return 0;
	if (data[0] % 2 == 0)
		two_against_each_other(first_number(data[1]), first_number(data[2]), rest);
	else
		against_a_liar(first_number(data[1]), first_number(data[2]), rest);
	return 0;
}
