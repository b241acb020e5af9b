#include "unit.h"

#include <string.h>

#include "tls/digest.h"
#include "vpn/keys_inner.h"

#define KEY_ID  3
#define PEER_ID 0x0a0b0c
#define LEN     100

static const enum aead_kind kinds[] = {AEAD_AES_256_GCM, AEAD_AES_128_GCM, AEAD_CHACHA20_POLY1305};

/* No byte of it is like the one before, and no slot like another. */
static const uint8_t *
material(void)
{
	static uint8_t bytes[DATA_KEYS];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	return bytes;
}

struct pair {
	struct data_keys *server, *client;
};

static struct pair
pair_of(enum aead_kind kind)
{
	struct pair p = {data_keys_new(kind, material(), KEY_ID, true),
			 data_keys_new(kind, material(), KEY_ID, false)};

	assert_non_null(p.server);
	assert_non_null(p.client);
	return p;
}

static void
pair_free(struct pair *p)
{
	data_keys_free(p->server);
	data_keys_free(p->client);
}

struct packet {
	uint8_t bytes[DATA_HEAD + LEN];
};

static uint8_t
plain_byte(size_t i)
{
	return (uint8_t)(0x45 + i);
}

static struct packet
plain(void)
{
	struct packet p = {{0}};

	for (size_t i = 0; i < LEN; i++)
		p.bytes[DATA_HEAD + i] = plain_byte(i);
	return p;
}

static struct packet
sealed(struct data_keys *k)
{
	struct packet p = plain();

	assert_true(data_seal(k, PEER_ID, p.bytes + DATA_HEAD, LEN));
	return p;
}

static uint32_t
number_of(const struct packet *p)
{
	struct cursor c = cursor_of(span_of(p->bytes + 4, 4));
	uint32_t number;

	assert_true(cursor_be32(&c, &number));
	return number;
}

static bool
opens(struct data_keys *k, struct packet p, size_t len)
{
	struct span inner = SPAN_OF("not touched");
	bool good = data_open(k, p.bytes, len, &inner);

	if (!good)
		assert_int_equal(inner.len, 0);
	for (size_t i = 0; i < inner.len; i++)
		assert_int_equal(inner.p[i], plain_byte(i));
	return good;
}

static bool
opens_whole(struct data_keys *k, struct packet p)
{
	return opens(k, p, sizeof p.bytes);
}

/* --- derivation */

static void
fill(uint8_t *to, size_t len, unsigned from)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(from + i);
}

struct said {
	struct key_random client, server;
	uint8_t client_id[SESSION_ID], server_id[SESSION_ID];
};

static struct said
said(void)
{
	struct said s = {.client_id = {0}};

	fill(s.client.pre_master, sizeof s.client.pre_master, 0x01);
	fill(s.client.r1, sizeof s.client.r1, 0x40);
	fill(s.client.r2, sizeof s.client.r2, 0x60);
	fill(s.server.pre_master, sizeof s.server.pre_master, 0xee);
	fill(s.server.r1, sizeof s.server.r1, 0x80);
	fill(s.server.r2, sizeof s.server.r2, 0xa0);
	fill(s.client_id, sizeof s.client_id, 0xc0);
	fill(s.server_id, sizeof s.server_id, 0xd0);
	return s;
}

static void
derive(const struct said *s, uint8_t out[DATA_KEYS])
{
	assert_true(keys_derive(&s->client, &s->server, s->client_id, s->server_id, out));
}

/* Against HMAC-MD5 and HMAC-SHA1 put together by hand, RFC 2246 §5. */
static void
the_older_derivation_is_the_known_one(void **state)
{
	static const uint8_t begins[] = {0xce, 0x49, 0x65, 0x10, 0x4b, 0xa5, 0x30, 0x0b,
					 0x45, 0x73, 0x4e, 0x6d, 0x79, 0x28, 0xd7, 0xd1};
	static const uint8_t ends[] = {0x25, 0xad, 0xdc, 0xfd, 0x86, 0x5d, 0x63, 0xff,
				       0x25, 0xb4, 0xa3, 0x94, 0x87, 0x54, 0x61, 0x0c};
	static const uint8_t digest[] = {0xaa, 0x4b, 0xe6, 0x8e, 0xf1, 0x04, 0x1d, 0xf1,
					 0xdb, 0x76, 0xf1, 0x23, 0x90, 0xc4, 0x70, 0x3c,
					 0x15, 0xcb, 0x52, 0x70, 0x79, 0x85, 0x93, 0x73,
					 0x5f, 0x87, 0xf6, 0x0d, 0x4f, 0xe9, 0xa3, 0xdd};
	struct said s = said();
	uint8_t keys[DATA_KEYS], of_all[DIGEST_SIZE];

	(void)state;
	derive(&s, keys);
	assert_memory_equal(keys, begins, sizeof begins);
	assert_memory_equal(keys + DATA_KEYS - sizeof ends, ends, sizeof ends);
	assert_true(digest_of(span_of(keys, sizeof keys), of_all));
	assert_memory_equal(of_all, digest, sizeof digest);
}

static void
all_that_both_said_matters_but_the_servers_own_secret(void **state)
{
	struct said s = said();
	uint8_t keys[DATA_KEYS], others[DATA_KEYS],
				     *const parts[] = {
					 s.client.pre_master, s.client.r1, s.client.r2, s.server.r1,
					 s.server.r2,         s.client_id, s.server_id,
				     };

	(void)state;
	derive(&s, keys);
	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i][SESSION_ID - 1] ^= 1;
		derive(&s, others);
		assert_memory_not_equal(keys, others, sizeof keys);
		parts[i][SESSION_ID - 1] ^= 1;
	}
	s.server.pre_master[0] ^= 1;
	derive(&s, others);
	assert_memory_equal(keys, others, sizeof keys);
}

/* --- packets */

static void
both_ways_and_by_every_cipher_packets_arrive(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct pair p = pair_of(kinds[i]);

		for (unsigned n = 0; n < 10; n++) {
			assert_true(opens_whole(p.client, sealed(p.server)));
			assert_true(opens_whole(p.server, sealed(p.client)));
		}
		pair_free(&p);
	}
}

/* The server sends by the second half of the key material, with what the hmac slot begins with. */
static void
a_sealed_packet_has_the_form_that_clients_know(void **state)
{
	static const uint8_t head[] = {OP_DATA_V2 << 3 | KEY_ID, 0x0a, 0x0b, 0x0c, 0, 0, 0, 2};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct aead *a = aead_new(kinds[i], material() + 128, false);
		struct pair p = pair_of(kinds[i]);
		uint8_t nonce[AEAD_NONCE] = {0, 0, 0, 2};
		struct packet out = sealed(p.server);

		assert_int_equal(number_of(&out), 1);
		out = sealed(p.server);
		assert_memory_equal(out.bytes, head, sizeof head);
		span_put(nonce + 4, span_of(material() + 192, 8));
		assert_true(aead_open(a, nonce, span_of(out.bytes, 8), out.bytes + DATA_HEAD, LEN,
				      out.bytes + 8));
		assert_memory_equal(out.bytes + DATA_HEAD, plain().bytes + DATA_HEAD, LEN);
		aead_free(a);
		pair_free(&p);
	}
}

static void
a_session_without_a_peer_id_has_its_own_form(void **state)
{
	static const uint8_t head[] = {OP_DATA_V2 << 3 | KEY_ID, 0xff, 0xff, 0xff, 0, 0, 0, 1};
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet out = plain();

	(void)state;
	assert_true(data_seal(p.server, PEER_ID_NONE, out.bytes + DATA_HEAD, LEN));
	assert_memory_equal(out.bytes, head, sizeof head);
	assert_true(opens_whole(p.client, out));
	pair_free(&p);
}

/* As a client would that was told no peer id; returns its length. */
static size_t
sealed_v1(uint32_t number, struct packet *out)
{
	struct aead *a = aead_new(AEAD_AES_256_GCM, material(), true);
	uint8_t nonce[AEAD_NONCE] = {0}, *number_at = out->bytes + 1, *text = out->bytes + 21;

	assert_non_null(a);
	for (size_t i = 0; i < LEN; i++)
		text[i] = plain_byte(i);
	out->bytes[0] = OP_DATA_V1 << 3 | KEY_ID;
	for (unsigned i = 0; i < 4; i++)
		number_at[i] = nonce[i] = (uint8_t)(number >> (24 - 8 * i));
	span_put(nonce + 4, span_of(material() + 64, 8));
	assert_true(aead_seal(a, nonce, span_of(number_at, 4), text, LEN, number_at + 4));
	aead_free(a);
	return 21 + LEN;
}

static void
the_short_form_is_read_too(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet v1 = plain();
	size_t len = sealed_v1(1, &v1);

	(void)state;
	assert_true(opens(p.server, v1, len));
	assert_false(opens(p.server, v1, len));
	len = sealed_v1(2, &v1);
	assert_true(opens(p.server, v1, len));
	/* Numbers are of the key, whatever the form: 1 and 2 were there. */
	assert_false(opens_whole(p.server, sealed(p.client)));
	assert_false(opens_whole(p.server, sealed(p.client)));
	assert_true(opens_whole(p.server, sealed(p.client)));
	pair_free(&p);
}

static void
flip_each(struct data_keys *k, struct packet packet, size_t len)
{
	for (size_t i = 0; i < len * 8; i++) {
		struct packet changed = packet;

		changed.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (opens(k, changed, len))
			fail_msg("byte %zu, bit %zu", i / 8, i % 8);
	}
	assert_true(opens(k, packet, len));
}

static void
any_bit_changed_and_it_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct pair p = pair_of(kinds[i]);

		flip_each(p.client, sealed(p.server), sizeof(struct packet));
		flip_each(p.server, sealed(p.client), sizeof(struct packet));
		pair_free(&p);
	}
}

static void
any_bit_of_the_short_form_changed_and_it_is_refused(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet v1 = plain();
	size_t len = sealed_v1(1, &v1);

	(void)state;
	flip_each(p.server, v1, len);
	pair_free(&p);
}

static void
cut_anywhere_it_is_refused(void **state)
{
	struct pair p = pair_of(AEAD_CHACHA20_POLY1305), q = pair_of(AEAD_AES_256_GCM);
	struct packet v2 = sealed(p.client), v1 = plain();
	size_t v1_len = sealed_v1(1, &v1);

	(void)state;
	for (size_t len = 0; len < sizeof v2.bytes; len++)
		assert_false(opens(p.server, v2, len));
	for (size_t len = 0; len < v1_len; len++)
		assert_false(opens(q.server, v1, len));
	assert_true(opens_whole(p.server, v2));
	pair_free(&p);
	pair_free(&q);
}

static void
an_empty_packet_is_one_too(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet empty = plain();

	(void)state;
	assert_true(data_seal(p.server, PEER_ID, empty.bytes + DATA_HEAD, 0));
	assert_false(opens(p.client, empty, DATA_HEAD - 1));
	assert_true(opens(p.client, empty, DATA_HEAD));
	pair_free(&p);
}

static void
control_packets_and_other_keys_are_refused(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet good = sealed(p.client);

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct packet other = good;

		other.bytes[0] = (uint8_t)first;
		if (first != wire_first(OP_DATA_V2, KEY_ID))
			assert_false(opens_whole(p.server, other));
	}
	/* The same key material under another id. */
	struct data_keys *next = data_keys_new(AEAD_AES_256_GCM, material(), KEY_ID + 1, true);
	assert_false(opens_whole(next, good));
	data_keys_free(next);
	pair_free(&p);
}

static void
what_is_sent_back_to_its_sender_is_refused(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);

	(void)state;
	assert_false(opens_whole(p.server, sealed(p.server)));
	assert_false(opens_whole(p.client, sealed(p.client)));
	pair_free(&p);
}

static void
a_packet_is_taken_once_in_whatever_order(void **state)
{
	struct pair p = pair_of(AEAD_AES_128_GCM);
	struct packet sent[64];

	(void)state;
	for (size_t i = 0; i < COUNT(sent); i++)
		sent[i] = sealed(p.client);
	for (size_t i = 0; i < COUNT(sent); i++) /* 29 and 64 have no common divisor */
		assert_true(opens_whole(p.server, sent[i * 29 % COUNT(sent)]));
	for (size_t i = 0; i < COUNT(sent); i++)
		assert_false(opens_whole(p.server, sent[i]));
	pair_free(&p);
}

static void
what_comes_too_late_is_refused_and_a_forged_number_moves_nothing(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet early = sealed(p.client), forged = sealed(p.client);

	(void)state;
	forged.bytes[4] = 0xff; /* a number far ahead */
	assert_false(opens_whole(p.server, forged));
	for (unsigned i = 0; i < 2048; i++)
		assert_true(opens_whole(p.server, sealed(p.client)));
	assert_true(opens_whole(p.server, early));
	early = sealed(p.client);
	for (unsigned i = 0; i < REPLAY_WINDOW; i++)
		assert_true(opens_whole(p.server, sealed(p.client)));
	assert_false(opens_whole(p.server, early));
	pair_free(&p);
}

static void
number_0_is_nobodys(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);
	struct packet v1 = plain();
	size_t len = sealed_v1(0, &v1);

	(void)state;
	assert_false(opens(p.server, v1, len));
	pair_free(&p);
}

/* --- when a key is used up */

static void
numbers_go_up_by_one_and_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct pair p = pair_of(kinds[i]);
		struct packet out;

		for (uint32_t n = 1; n < 100; n++) {
			out = sealed(p.server);
			assert_int_equal(number_of(&out), n);
		}
		p.server->out.number = NUMBER_MAX - 2;
		for (uint32_t n = NUMBER_MAX - 1; n != 0; n++) {
			out = sealed(p.server);
			assert_int_equal(number_of(&out), n);
			assert_true(opens_whole(p.client, out));
		}
		for (unsigned again = 0; again < 3; again++) {
			out = plain();
			assert_false(data_seal(p.server, PEER_ID, out.bytes + DATA_HEAD, LEN));
			/* Nothing has been written: no packet can be sent by mistake. */
			assert_memory_equal(out.bytes, plain().bytes, sizeof out.bytes);
		}
		pair_free(&p);
	}
}

/* A packet of 100 bytes is 7 blocks. */
static void
a_key_of_gcm_ends_with_its_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		bool gcm = kinds[i] != AEAD_CHACHA20_POLY1305;
		struct pair p = pair_of(kinds[i]);
		struct packet out = plain();

		sealed(p.server);
		assert_int_equal(p.server->out.used, 8);
		p.server->out.used = GCM_MOST - 15;
		sealed(p.server);
		assert_true(data_seal(p.server, PEER_ID, out.bytes + DATA_HEAD, LEN) != gcm);
		/* What is smaller fits still. */
		assert_true(data_seal(p.server, PEER_ID, out.bytes + DATA_HEAD, 6 * 16));
		assert_true(data_seal(p.server, PEER_ID, out.bytes + DATA_HEAD, 0) != gcm);
		pair_free(&p);
	}
}

static void
a_key_is_worn_before_it_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		bool gcm = kinds[i] != AEAD_CHACHA20_POLY1305;
		struct pair p = pair_of(kinds[i]);

		assert_false(data_keys_are_worn(p.server));
		p.server->out.used = GCM_MOST / 8 * 7 - 8;
		assert_false(data_keys_are_worn(p.server));
		sealed(p.server);
		assert_true(data_keys_are_worn(p.server) == gcm);
		p.server->out.used = 0;
		p.server->out.number = (1ull << 32) / 8 * 7 - 2;
		sealed(p.server);
		assert_false(data_keys_are_worn(p.server));
		sealed(p.server);
		assert_true(data_keys_are_worn(p.server));
		pair_free(&p);
	}
}

static void
what_the_peer_has_sent_wears_a_key_too(void **state)
{
	struct pair p = pair_of(AEAD_AES_256_GCM);

	(void)state;
	assert_true(opens_whole(p.server, sealed(p.client)));
	assert_int_equal(p.server->in.used, 8);
	assert_int_equal(p.server->in.number, 1);
	assert_false(data_keys_are_worn(p.server));
	p.client->out.number = (1ull << 32) / 8 * 7;
	struct packet high = sealed(p.client), forged = high;
	forged.bytes[DATA_HEAD] ^= 1;
	assert_false(opens_whole(p.server, forged));
	assert_false(data_keys_are_worn(p.server));
	assert_true(opens_whole(p.server, high));
	assert_true(data_keys_are_worn(p.server));
	pair_free(&p);
}

/* --- what is not for the tunnel */

static void
a_ping_and_a_good_bye_are_known_exactly(void **state)
{
	static const uint8_t leaving[] = {0x28, 0x7f, 0x34, 0x6b, 0xd4, 0xef, 0x7a, 0x81, 0x2d,
					  0x56, 0xb8, 0xd3, 0xaf, 0xc5, 0x45, 0x9c, 0x06};
	uint8_t bytes[32] = {0};

	(void)state;
	assert_true(data_is_ping(span_of(data_ping, sizeof data_ping)));
	assert_true(data_is_exit(span_of(leaving, sizeof leaving)));
	assert_false(data_is_exit(span_of(data_ping, sizeof data_ping)));
	assert_false(data_is_ping(SPAN_NONE));
	assert_false(data_is_exit(SPAN_NONE));
	for (size_t len = 0; len < sizeof bytes; len++) {
		span_put(bytes, span_of(data_ping, sizeof data_ping));
		assert_true(data_is_ping(span_of(bytes, len)) == (len == sizeof data_ping));
		span_put(bytes, span_of(leaving, sizeof leaving));
		assert_true(data_is_exit(span_of(bytes, len)) == (len == sizeof leaving));
	}
	for (size_t i = 0; i < sizeof leaving * 8; i++) {
		span_put(bytes, span_of(leaving, sizeof leaving));
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(data_is_exit(span_of(bytes, sizeof leaving)));
	}
	data_keys_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_older_derivation_is_the_known_one),
	    cmocka_unit_test(all_that_both_said_matters_but_the_servers_own_secret),
	    cmocka_unit_test(both_ways_and_by_every_cipher_packets_arrive),
	    cmocka_unit_test(a_sealed_packet_has_the_form_that_clients_know),
	    cmocka_unit_test(a_session_without_a_peer_id_has_its_own_form),
	    cmocka_unit_test(the_short_form_is_read_too),
	    cmocka_unit_test(any_bit_changed_and_it_is_refused),
	    cmocka_unit_test(any_bit_of_the_short_form_changed_and_it_is_refused),
	    cmocka_unit_test(cut_anywhere_it_is_refused),
	    cmocka_unit_test(an_empty_packet_is_one_too),
	    cmocka_unit_test(control_packets_and_other_keys_are_refused),
	    cmocka_unit_test(what_is_sent_back_to_its_sender_is_refused),
	    cmocka_unit_test(a_packet_is_taken_once_in_whatever_order),
	    cmocka_unit_test(what_comes_too_late_is_refused_and_a_forged_number_moves_nothing),
	    cmocka_unit_test(number_0_is_nobodys),
	    cmocka_unit_test(numbers_go_up_by_one_and_end),
	    cmocka_unit_test(a_key_of_gcm_ends_with_its_blocks),
	    cmocka_unit_test(a_key_is_worn_before_it_ends),
	    cmocka_unit_test(what_the_peer_has_sent_wears_a_key_too),
	    cmocka_unit_test(a_ping_and_a_good_bye_are_known_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
