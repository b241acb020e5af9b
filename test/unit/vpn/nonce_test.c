/*
 * Never do two packets have one nonce under one key. What is inside is always the same here: so
 * were both the same for two packets, these would be the same as well.
 */
#include "tunnelled.h"

#include <stdlib.h>

#define TEXT     40
#define SEEN_MAX 20000
#define A_PART   300 /* packets between two events */

struct sealed {
	uint8_t bytes[TEXT];
};

static struct sealed seen[SEEN_MAX];
static size_t count;
static uint64_t last[KEY_IDS]; /* number of a packet of each key */

static int
begin(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static void
send_some(struct rig *r, size_t most)
{
	for (size_t i = 0; i < most; i++) {
		uint8_t packet[DATA_HEAD + TEXT] = {0};
		struct cursor c = cursor_of(span_of(packet, sizeof packet));
		uint32_t head = 0, number = 0;

		assert_true(session_seal(r->s, packet + DATA_HEAD, TEXT, r->now));
		assert_true(cursor_be32(&c, &head) && cursor_be32(&c, &number));
		unsigned id = wire_key_id((uint8_t)(head >> 24));
		assert_true(number > last[id]);
		last[id] = number;
		assert_true(count < SEEN_MAX);
		memcpy(seen[count++].bytes, packet + DATA_HEAD, TEXT);
	}
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sealed));
}

static void
assert_none_came_twice(size_t of)
{
	assert_int_equal(count, of);
	qsort(seen, count, sizeof *seen, compare);
	for (size_t i = 1; i < count; i++)
		assert_memory_not_equal(seen[i - 1].bytes, seen[i].bytes, TEXT);
}

/* The beginning of a session; with the same ids on both sides, as of one who says again what was
 * said to the server before it was started anew. */
static struct rig *
begin_session(uint32_t proto, const char *ciphers)
{
	static const uint8_t client_id[SESSION_ID] = {1}, server_id[SESSION_ID] = {2};
	struct rig *r = opened();

	r->c.script.proto = proto;
	r->c.script.ciphers = ciphers;
	memcpy(r->c.id, client_id, SESSION_ID);
	memcpy(r->start.client_id, client_id, SESSION_ID);
	memcpy(r->start.server_id, server_id, SESSION_ID);
	memset(last, 0, sizeof last);
	rig_start(r);
	return r;
}

/* Its part of the keys is the same each time: the server's own must be enough. */
static void
say_always_the_same(struct client_key *k)
{
	memset(&k->mine, 7, sizeof k->mine);
}

static void
rekey(struct rig *r, bool by_client)
{
	if (by_client) {
		client_rekey(&r->c, rig_wall(r));
		say_always_the_same(r->c.next);
	} else {
		session_rekey(r->s, r->now, rig_wall(r));
	}
	send_some(r, A_PART); /* by the old key, while the new one is made */
	rig_exchange(r);
	memset(last + r->c.now->id, 0, sizeof *last);
	send_some(r, A_PART);
}

static void
live(uint32_t proto, const char *ciphers)
{
	struct rig *r = begin_session(proto, ciphers);

	say_always_the_same(r->c.now);
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	send_some(r, A_PART);
	for (unsigned i = 0; i < KEY_IDS + 2; i++) /* so that ids come again */
		rekey(r, i % 2 == 0);
	rig_close(r);
}

#define A_LIFE (A_PART * (1 + 2 * (KEY_IDS + 2)))

static void
over_rekeys_no_nonce_comes_again(void **state)
{
	(void)state;
	live(CLIENT_PROTO, "AES-256-GCM");
	assert_none_came_twice(A_LIFE);
}

/* Another worker, or the server after a restart, has the client's wrapped key and what he says, and
 * nothing else of what was. */
static void
in_another_worker_or_after_a_restart_no_nonce_comes_again(void **state)
{
	(void)state;
	live(CLIENT_PROTO, "CHACHA20-POLY1305");
	live(CLIENT_PROTO, "CHACHA20-POLY1305");
	assert_none_came_twice(2 * A_LIFE);
}

static void
with_the_older_derivation_no_nonce_comes_again(void **state)
{
	const uint32_t proto = CLIENT_PROTO & ~(uint32_t)(IV_TLS_EKM | IV_DYN_TLS_CRYPT);

	(void)state;
	live(proto, "AES-128-GCM");
	live(proto, "AES-128-GCM");
	assert_none_came_twice(2 * A_LIFE);
}

/* The control channel's nonce is the tag of what is said: it comes again with a repeated packet
 * alone, and each has a counter of its own. */
static void
no_two_control_packets_have_one_tag(void **state)
{
	struct rig *r = begin_session(CLIENT_PROTO, "AES-256-GCM");
	struct rig_packet p;

	(void)state;
	for (unsigned quiet = 0; quiet < 100;) {
		quiet = r->to_server.count + r->to_client.count > 0 ? 0 : quiet + 1;
		if (rig_get(&r->to_server, &p))
			rig_server_takes(r, &p);
		if (rig_get(&r->to_client, &p) && wire_is_control(wire_opcode(p.bytes[0]))) {
			assert_true(count < SEEN_MAX && p.len >= WRAP_OVERHEAD);
			memset(seen[count].bytes, 0, TEXT);
			memcpy(seen[count++].bytes, p.bytes + WRAP_HEAD, 32);
			if (rig_happens(r, 70)) /* the others are sent again */
				(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		}
		r->now += 50;
		session_tick(r->s, r->now, rig_wall(r));
		client_flush(&r->c, rig_wall(r));
	}
	assert_int_equal(r->ups, 1);
	assert_true(count > 5);
	assert_none_came_twice(count);
	rig_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(over_rekeys_no_nonce_comes_again, begin),
	    cmocka_unit_test_setup(in_another_worker_or_after_a_restart_no_nonce_comes_again,
				   begin),
	    cmocka_unit_test_setup(with_the_older_derivation_no_nonce_comes_again, begin),
	    cmocka_unit_test_setup(no_two_control_packets_have_one_tag, begin),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
