/* Faults that implementations of the protocol had: a test for each pattern, with what it was found
 * as. That an address counts once a packet was authentic is tested where addresses are: live. */
#include "tunnelled.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/mem.h"
#include "vpn/cookie.h"
#include "vpn/inner.h"
#include "vpn/keys_inner.h"
#include "vpn/session_inner.h"

static void
deliver(struct rig *r)
{
	struct rig_packet p;

	while (rig_get(&r->to_server, &p))
		rig_server_takes(r, &p);
}

/* --- assertions that a peer could reach */

/* CVE-2014-8104, CVE-2017-7478, CVE-2025-2704: of any length, authentic, and with nothing in it
 * that makes sense. */
static void
no_length_of_a_control_packet_is_too_short_or_too_long(void **state)
{
	static const unsigned opcodes[] = {OP_CONTROL_V1, OP_ACK_V1, OP_CONTROL_WKC_V1,
					   OP_RESET_CLIENT_V3, OP_SOFT_RESET_V1};
	static const uint8_t fills[] = {0x00, 0x01, 0xff};
	static uint8_t body[PACKET_MAX];
	struct rig *r = connected();

	(void)state;
	for (size_t f = 0; f < COUNT(fills); f++) {
		memset(body, fills[f], sizeof body);
		for (size_t len = 0; len < sizeof body - WRAP_OVERHEAD; len += len < 64 ? 1 : 61)
			for (size_t o = 0; o < COUNT(opcodes); o++) {
				client_seal(&r->c, opcodes[o] << 3, span_of(body, len), SPAN_NONE,
					    rig_wall(r));
				deliver(r);
			}
	}
	assert_int_equal(r->overs, 0);
	assert_flows(r);
	rig_close(r);
}

/* The same of data; of these no more than the tag is true. */
static void
no_length_of_a_data_packet_is_too_short_or_too_long(void **state)
{
	static uint8_t packet[DATA_HEAD + PACKET_MAX];
	struct rig *r = connected();
	struct span inner;

	(void)state;
	for (size_t len = 0; len <= PACKET_MAX; len += len < 64 ? 1 : 61) {
		memset(packet, 0x60, sizeof packet);
		assert_true(data_seal(r->c.now->data, r->c.peer_id, packet + DATA_HEAD, len));
		assert_true(session_open(r->s, packet, DATA_HEAD + len, r->now, &inner));
		assert_int_equal(inner.len, len);
		assert_false(session_open(r->s, packet, len, r->now, &inner));
	}
	assert_flows(r);
	rig_close(r);
}

/* CVE-2017-7479: numbers at their end. */
static void
a_number_that_goes_round_ends_the_key_alone(void **state)
{
	struct rig *r = connected();
	uint8_t packet[DATA_HEAD + 16] = {0};

	(void)state;
	for (uint32_t id = UINT32_MAX - 20; id != 0; id++)
		client_packet(&r->c, r->c.now, OP_CONTROL_V1, id, SPAN_OF("x"), rig_wall(r));
	deliver(r);
	assert_flows(r);
	r->c.now->data->out.number = NUMBER_MAX - 1;
	assert_true(client_gets_through(r, r->c.now));
	assert_false(data_seal(r->c.now->data, 0, packet + DATA_HEAD, 16));
	r->s->now->data->out.number = NUMBER_MAX;
	assert_false(session_seal(r->s, packet + DATA_HEAD, 16, r->now));
	rig_pass(r, 120000);
	assert_int_equal(r->overs, 0);
	assert_true(info_of(r).keys >= 2);
	assert_flows(r);
	rig_close(r);
}

/* CVE-2017-7508, CVE-2025-12106: IPv6 whose lengths lie; each on a heap of its own, so that a byte
 * beyond it is seen. */
static void
ipv6_that_is_not_what_it_says_is_no_packet(void **state)
{
	static const uint8_t next[] = {0, 6, 17, 43, 44, 50, 51, 58, 59, 60, 135, 255};
	struct inner out;
	uint32_t luck = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = i % 120;
		uint8_t *packet = mem_new(len + 1);

		for (size_t k = 0; k < len; k++) {
			luck = luck * 1664525 + 1013904223;
			packet[k] = (uint8_t)(luck >> 24);
		}
		if (len > 0)
			packet[0] = 0x60;
		if (len > 40) {
			packet[4] = 0;
			packet[5] = (uint8_t)(len - 40);
			packet[6] = next[i / 120 % COUNT(next)];
			packet[40] = next[i % COUNT(next)];
		}
		uint8_t *exact = memcpy(malloc(len > 0 ? len : 1), packet, len);
		if (inner_read(span_of(exact, len), &out))
			assert_true(len >= 40);
		inner_clamp(exact, len, 1300);
		free(exact);
		free(packet);
	}
}

/* CVE-2026-35058, and the underflow of July 2026: a wrapped key that says that it is longer, or
 * shorter, than what there is. */
static void
no_length_of_a_wrapped_key_leads_out_of_the_packet(void **state)
{
	uint8_t server[WRAP_SERVER_KEY];
	struct buf packet = buf_with_cap(4096);
	struct wrap_key key;
	struct span front, behind;

	(void)state;
	wrap_server_key_make(server);
	assert_true(wrap_key_make(server, 7, &packet));
	for (size_t len = 0; len <= buf_len(&packet); len++)
		for (unsigned says = 0; says < 0x10000; says += says < 1100 ? 1 : 4099) {
			uint8_t *exact = memcpy(malloc(len + 1), buf_span(&packet).p, len);

			if (len >= 2) {
				exact[len - 2] = (uint8_t)(says >> 8);
				exact[len - 1] = (uint8_t)says;
			}
			if (wire_split(span_of(exact, len), &front, &behind))
				assert_true(front.len + behind.len == len && behind.len == says);
			if (len % 16 == 0)
				(void)!wrap_key_open(server, span_of(exact, len), &key);
			free(exact);
		}
	buf_wipe(&packet);
}

/* --- what a handshake leaves behind */

/* CVE-2017-7521, CVE-2026-12932, CVE-2026-13698. */
static void
handshakes_leave_nothing_behind(void **state)
{
	size_t before = 0;

	(void)state;
	for (unsigned i = 0; i < 900; i++) {
		struct rig *r = opened();
		struct rig_packet p;

		if (i == 600) /* OpenSSL and malloc have what they keep */
			before = mallinfo2().uordblks;
		r->answer = i % 4 == 1 ? RIG_WAITS : i % 4 == 2 ? RIG_REFUSES : RIG_ADMITS;
		if (i % 4 == 3)
			r->c.context = world.clients[RIG_STRANGER];
		rig_start(r);
		for (unsigned k = 0; k < i % 60; k++) { /* ends at any place */
			if (rig_get(&r->to_server, &p))
				rig_server_takes(r, &p);
			if (rig_get(&r->to_client, &p))
				(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		}
		rig_close(r);
	}
	assert_true(mallinfo2().uordblks <= before + 8192);
}

/* --- the order of things */

static void
admit(struct rig *r)
{
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
}

static void
refuse(struct rig *r)
{
	session_refuse(r->s, "no", r->now, rig_wall(r));
}

static void
end(struct rig *r)
{
	session_kill(r->s, false, "enough", r->now, rig_wall(r));
}

static void
challenge(struct rig *r)
{
	const struct session_challenge c = {"anna", "state", "Code"};

	session_challenge(r->s, &c, r->now, rig_wall(r));
}

/* CVE-2020-15078, CVE-2022-0547: nothing is to be had before all is decided, and it is decided
 * once. */
static void
of_two_verdicts_the_first_holds(void **state)
{
	static void (*const verdicts[])(struct rig * r) = {admit, refuse, end, challenge};

	(void)state;
	for (size_t first = 0; first < COUNT(verdicts); first++)
		for (size_t second = 0; second < COUNT(verdicts); second++) {
			struct rig *r = opened();

			r->answer = RIG_WAITS;
			rig_connect(r);
			assert_int_equal(r->asked, 1);
			assert_false(client_was_told(&r->c, "PUSH_REPLY"));
			verdicts[first](r);
			verdicts[second](r);
			rig_exchange(r);
			rig_pass(r, 8000);
			assert_int_equal(r->ups, first == 0);
			assert_int_equal(client_was_told(&r->c, "PUSH_REPLY"), first == 0);
			if (first > 0)
				assert_int_equal(r->overs, 1);
			rig_close(r);
		}
}

/* CVE-2023-46850, CVE-2026-40215, CVE-2026-12996, CVE-2026-13117: what is on its way when its
 * session ends, at any place of its life, is nobody's but the one's who sends it. */
static void
packets_on_their_way_outlive_their_session(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps < 24; steps++) {
		struct rig *r = opened();
		struct rig_packet p;

		r->answer = steps % 3 == 2 ? RIG_KILLS : RIG_ADMITS;
		rig_start(r);
		for (unsigned i = 0; i < steps; i++) {
			if (rig_get(&r->to_server, &p))
				rig_server_takes(r, &p);
			if (rig_get(&r->to_client, &p))
				(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		}
		deliver(r);
		end(r);
		session_free(r->s);
		r->s = NULL;
		r->overs = 1; /* nothing more is given to it */
		rig_exchange(r);
		rig_close(r);
	}
}

/* CVE-2024-5594: what is no plain text is no message, and none becomes one by what it has in it. */
static void
messages_with_control_characters_are_not_obeyed(void **state)
{
	struct rig *r = connected();
	char text[] = "EXIT?";

	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		if (c == '\r' || c == '\n') /* at the end they are trimmed */
			continue;
		text[4] = (char)c;
		client_say(&r->c, text, rig_wall(r));
		rig_exchange(r);
		assert_int_equal(r->overs, 0);
		assert_null(session_ending(r->s));
	}
	assert_flows(r);
	rig_close(r);
}

/* CVE-2024-28882: who was put out is gone when it is time, whatever he does meanwhile. */
static void
who_is_put_out_cannot_stay_by_going_on(void **state)
{
	struct rig *r = connected();
	int64_t began = r->now;

	(void)state;
	end(r);
	for (unsigned i = 0; i < 1000 && r->overs == 0; i++) {
		struct rig_packet p;

		while (rig_get(&r->to_client, &p)) /* hears nothing */
			;
		client_packet(&r->c, r->c.now, OP_CONTROL_V1, 100 + i, SPAN_OF("x"), rig_wall(r));
		if (r->c.next == NULL)
			client_rekey(&r->c, rig_wall(r));
		deliver(r);
		r->now += 20;
		if (r->overs == 0)
			session_tick(r->s, r->now, rig_wall(r));
	}
	assert_int_equal(r->overs, 1);
	assert_in_range(r->now - began, 0, LINGER_MS + 20);
	rig_close(r);
}

/* CVE-2025-13086: a check that is the wrong way round is found by what must not pass. */
static void
of_all_ids_the_one_that_was_made_is_good(void **state)
{
	const struct address from = {4, {192, 0, 2, 1}, 1194};
	const uint8_t client[SESSION_ID] = {1, 2, 3};
	uint8_t key[COOKIE_KEY], id[SESSION_ID], other[SESSION_ID];

	(void)state;
	random_bytes(key, sizeof key);
	assert_true(cookie_make(key, &from, client, RIG_WALL, id));
	assert_true(cookie_is_good(key, &from, client, RIG_WALL, id));
	for (unsigned i = 0; i < 100000; i++) {
		random_bytes(other, sizeof other);
		assert_false(cookie_is_good(key, &from, client, RIG_WALL, other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_length_of_a_control_packet_is_too_short_or_too_long),
	    cmocka_unit_test(no_length_of_a_data_packet_is_too_short_or_too_long),
	    cmocka_unit_test(a_number_that_goes_round_ends_the_key_alone),
	    cmocka_unit_test(ipv6_that_is_not_what_it_says_is_no_packet),
	    cmocka_unit_test(no_length_of_a_wrapped_key_leads_out_of_the_packet),
	    cmocka_unit_test(handshakes_leave_nothing_behind),
	    cmocka_unit_test(of_two_verdicts_the_first_holds),
	    cmocka_unit_test(packets_on_their_way_outlive_their_session),
	    cmocka_unit_test(messages_with_control_characters_are_not_obeyed),
	    cmocka_unit_test(who_is_put_out_cannot_stay_by_going_on),
	    cmocka_unit_test(of_all_ids_the_one_that_was_made_is_good),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
