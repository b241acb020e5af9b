#include "greeting.h"
#include "stock.h"

static struct buf
reset(void)
{
	return genuine_reset(&client);
}

static struct buf
third(const uint8_t server_id[SESSION_ID])
{
	struct control c = {.ack_count = 1, .id = 1, .payload = SPAN_OF("ClientHello")};

	span_put(c.acked, span_of(server_id, SESSION_ID));
	return genuine_packet(&client, OP_CONTROL_WKC_V1, &c);
}

static void
a_reset_is_answered(void **state)
{
	struct buf packet = reset(), body = buf_with_cap(100);
	struct wrap *w = wrap_new(client.key, false);
	struct wrap_head head;
	struct control c;

	(void)state;
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	assert_int_equal(got.verdict, GATE_OPEN);
	assert_int_equal(got.first.key.device, 17);
	assert_int_equal(buf_len(&got.reply), 72); /* to 353: nothing is amplified */
	assert_true(wrap_open(w, buf_span(&got.reply), &head, &body));
	assert_int_equal(head.first, 0x40);
	assert_int_equal(head.counter, 1);
	assert_int_equal(head.time, NOW);
	assert_true(cookie_is_good(greeter.cookie_key, &from, client.id, MS, head.session_id));
	assert_true(control_read(OP_RESET_SERVER_V2, buf_span(&body), &c));
	assert_int_equal(c.ack_count, 1);
	assert_int_equal(c.acks[0], 0);
	assert_memory_equal(c.acked, client.id, SESSION_ID);
	assert_int_equal(c.id, 0);
	assert_true(span_equal(c.payload, SPAN_OF("\x00\x01\x00\x02\x00\x01")));
	wrap_free(w);
	buf_free(&body);
	buf_free(&packet);
}

static void
who_acknowledges_the_answer_gets_a_session(void **state)
{
	uint8_t id[SESSION_ID];
	struct buf packet;

	(void)state;
	reset_is_answered(reset(), MS, id);
	packet = third(id);
	assert_int_equal(greeted_at(buf_span(&packet), MS + 1999), GREET_SESSION);
	assert_int_equal(got.verdict, GATE_OPEN);
	assert_int_equal(got.first.key.device, 17);
	assert_int_equal(got.first.late_ms, 1999);
	assert_int_equal(buf_len(&got.reply), 0);
	assert_memory_equal(got.start.keys, client.key, WRAP_KEYS);
	assert_int_equal(got.start.device, 17);
	assert_memory_equal(got.start.client_id, client.id, SESSION_ID);
	assert_memory_equal(got.start.server_id, id, SESSION_ID);
	assert_int_equal(got.start.peer_id, PEER_ID_NONE);
	assert_true(got.start.answered);
	assert_int_equal(got.start.answered_time, NOW + 1); /* not before any answer's */
	assert_false(got.start.stream);
	buf_free(&packet);
}

/* The keys of its profile were made by ours; both packets are as it sent them. */
static void
a_stock_client_gets_its_session(void **state)
{
	static const uint8_t loopback[4] = {127, 0, 0, 1};
	struct span packet = span_of(stock_reset, sizeof stock_reset);

	(void)state;
	for (size_t i = 0; i < WRAP_SERVER_KEY; i++)
		settings.server_key[i] = (uint8_t)i;
	for (size_t i = 0; i < COOKIE_KEY; i++)
		greeter.cookie_key[i] = (uint8_t)i;
	gate_free(greeter.gate);
	greeter.gate = gate_new(&settings);
	from = address_v4(loopback, STOCK_PORT);
	assert_int_equal(greeted_at(packet, STOCK_MS), GREET_ANSWER);
	assert_int_equal(got.first.key.device, STOCK_DEVICE);
	packet = span_of(stock_third, sizeof stock_third);
	assert_int_equal(greeted_at(packet, STOCK_MS), GREET_SESSION);
	assert_int_equal(got.start.device, STOCK_DEVICE);
	assert_memory_equal(got.start.client_id, stock_reset + 1, SESSION_ID);
	from.port++;
	assert_true(ignores_at(packet, STOCK_MS));
}

/* Clients of 2.5 send their wrapped key only with the reset. */
static void
who_cannot_resend_gets_a_session_at_once(void **state)
{
	uint8_t before[SESSION_ID];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct buf packet;

		client.counter = i;
		packet = reset();
		assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
		assert_int_equal(buf_len(&got.reply), 0);
		assert_memory_equal(got.start.keys, client.key, WRAP_KEYS);
		assert_int_equal(got.start.device, 17);
		assert_memory_equal(got.start.client_id, client.id, SESSION_ID);
		assert_false(got.start.answered);
		assert_int_equal(got.start.answered_time, 0);
		if (i > 0)
			assert_memory_not_equal(got.start.server_id, before, SESSION_ID);
		span_put(before, span_of(got.start.server_id, SESSION_ID));
		assert_true(ignores(buf_span(&packet)));
		assert_int_equal(got.verdict, GATE_REPLAYED);
		buf_free(&packet);
	}
}

static void
a_reset_that_is_refused_says_why_and_whose_it_is(void **state)
{
	struct buf packet = reset();

	(void)state;
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	assert_true(ignores(buf_span(&packet)));
	assert_int_equal(got.verdict, GATE_REPLAYED);
	assert_int_equal(got.first.key.device, 17);
	buf_free(&packet);
	packet = reset();
	assert_true(ignores_at(buf_span(&packet), MS + SKEW + 1));
	assert_int_equal(got.verdict, GATE_STALE);
	assert_int_equal(got.first.key.device, 17);
	assert_int_equal(got.first.late_ms, SKEW + 1);
	assert_true(ignores_at(buf_span(&packet), MS - SKEW - 1));
	assert_int_equal(got.verdict, GATE_STALE);
	assert_int_equal(got.first.late_ms, -SKEW - 1);
	buf_free(&packet);
}

static void
no_bit_of_a_reset_may_change(void **state)
{
	struct buf packet = reset();
	uint8_t *bytes = packet.data + packet.start;

	(void)state;
	for (size_t bit = 0; bit < buf_len(&packet) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!ignores(buf_span(&packet)))
			fail_msg("bit %zu", bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	buf_free(&packet);
}

static void
no_bit_of_a_third_packet_may_change(void **state)
{
	static const struct gate_first none;
	uint8_t id[SESSION_ID], *bytes;
	struct buf packet;

	(void)state;
	reset_is_answered(reset(), MS, id);
	packet = third(id);
	bytes = packet.data + packet.start;
	for (size_t bit = 0; bit < buf_len(&packet) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!ignores(buf_span(&packet)))
			fail_msg("bit %zu", bit);
		if (bit >= 8)
			assert_int_equal(got.verdict, GATE_OPEN);
		assert_memory_equal(&got.first, &none, sizeof none);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
	buf_free(&packet);
}

static void
what_is_cut_or_longer_is_nobodys(void **state)
{
	uint8_t id[SESSION_ID], longer[PACKET_MAX + 100] = {0};
	struct buf packets[2];

	(void)state;
	reset_is_answered(reset(), MS, id);
	packets[0] = reset();
	packets[1] = third(id);
	for (size_t i = 0; i < COUNT(packets); i++) {
		memset(longer, 0, sizeof longer);
		span_put(longer, buf_span(&packets[i]));
		for (size_t n = 0; n < sizeof longer; n++)
			if (n != buf_len(&packets[i]))
				assert_true(ignores(span_of(longer, n)));
		assert_int_not_equal(greeted(buf_span(&packets[i])), GREET_NOBODY);
		buf_free(&packets[i]);
	}
}

static void
an_answer_is_good_at_its_address_only(void **state)
{
	static const uint8_t other[4] = {192, 0, 2, 8}, mine[4] = {192, 0, 2, 7};
	uint8_t id[SESSION_ID];
	struct buf packet;

	(void)state;
	reset_is_answered(reset(), MS, id);
	packet = third(id);
	from = address_v4(other, 1194);
	assert_true(ignores(buf_span(&packet)));
	from = address_v4(mine, 1195);
	assert_true(ignores(buf_span(&packet)));
	from = (struct address){.family = 0};
	assert_true(ignores(buf_span(&packet)));
	from = address_v4(mine, 1194);
	assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
	buf_free(&packet);
}

static void
an_answer_is_good_for_three_slots(void **state)
{
	uint8_t id[SESSION_ID];
	struct buf packet;

	(void)state;
	reset_is_answered(reset(), MS, id);
	packet = third(id);
	assert_int_equal(greeted_at(buf_span(&packet), MS + 3 * COOKIE_SLOT_MS - 1), GREET_SESSION);
	assert_true(ignores_at(buf_span(&packet), MS + 3 * COOKIE_SLOT_MS));
	assert_true(ignores_at(buf_span(&packet), MS + 100 * COOKIE_SLOT_MS));
	assert_true(ignores_at(buf_span(&packet), MS - 1));
	buf_free(&packet);
}

static void
an_answer_is_good_for_its_client_and_server_only(void **state)
{
	uint8_t id[SESSION_ID];
	struct buf packet;

	(void)state;
	reset_is_answered(reset(), MS, id);
	client.id[0] ^= 1;
	packet = third(id);
	assert_true(ignores(buf_span(&packet)));
	buf_free(&packet);
	client.id[0] ^= 1;
	packet = third(id);
	greeter.cookie_key[31] ^= 1;
	assert_true(ignores(buf_span(&packet)));
	greeter.cookie_key[31] ^= 1;
	assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
	buf_free(&packet);
}

/* Genuine, under the client's own key, but not what follows our answer. */
static void
a_third_packet_that_answers_nothing_is_nobodys(void **state)
{
	static const struct {
		size_t acks;
		uint32_t ack, id;
		bool right;
	} samples[] = {
	    {1, 0, 1, true},           {1, 1, 1, true},  {1, 0, 0, true},
	    {2, 0, 1, true},           {0, 0, 1, false}, {1, 2, 1, false},
	    {1, UINT32_MAX, 1, false}, {1, 0, 2, false}, {1, 0, UINT32_MAX, false},
	    {8, 2, 1, false},
	};
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct control c = {.ack_count = samples[i].acks, .id = samples[i].id};
		struct buf packet;

		if (c.ack_count > 0)
			c.acks[c.ack_count - 1] = samples[i].ack;
		span_put(c.acked, span_of(id, SESSION_ID));
		packet = genuine_packet(&client, OP_CONTROL_WKC_V1, &c);
		if (samples[i].right)
			assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
		else
			assert_true(ignores(buf_span(&packet)));
		buf_free(&packet);
	}
}

static void
guessed_ids_are_nobodys(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		struct buf packet;

		memset(id, (int)i, sizeof id);
		packet = third(id);
		assert_true(ignores(buf_span(&packet)));
		buf_free(&packet);
		packet = third(client.id);
		assert_true(ignores(buf_span(&packet)));
		buf_free(&packet);
	}
}

/* Under the static key of tls-crypt it would be another matter; here is none. */
static void
all_other_packets_are_nobodys(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (unsigned first = 0; first < 256; first++) {
		struct control c = {.ack_count = 1};
		struct buf body = buf_with_cap(100), packet;

		if (first == 0x50 || first == 0x58)
			continue;
		span_put(c.acked, span_of(id, SESSION_ID));
		assert_true(control_write(OP_CONTROL_V1, &c, &body));
		packet = genuine_seal(&client, (uint8_t)first, buf_span(&body));
		assert_true(ignores(buf_span(&packet)));
		assert_true(buf_append(&packet, buf_span(&client.wrapped_key)));
		assert_true(ignores(buf_span(&packet)));
		assert_int_equal(got.verdict, first == 0x38 ? GATE_STRANGER : GATE_OPEN);
		buf_free(&packet);
		buf_free(&body);
	}
	assert_true(ignores(SPAN_NONE));
}

static void
without_room_for_it_there_is_no_answer(void **state)
{
	struct buf packet = reset();

	(void)state;
	buf_free(&got.reply);
	got.reply = buf_with_cap(71);
	assert_true(ignores(buf_span(&packet)));
	buf_free(&packet);
}

#define WITH_A_GREETER(test) cmocka_unit_test_setup_teardown(test, greeting_begin, greeting_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_A_GREETER(a_reset_is_answered),
	    WITH_A_GREETER(who_acknowledges_the_answer_gets_a_session),
	    WITH_A_GREETER(a_stock_client_gets_its_session),
	    WITH_A_GREETER(who_cannot_resend_gets_a_session_at_once),
	    WITH_A_GREETER(a_reset_that_is_refused_says_why_and_whose_it_is),
	    WITH_A_GREETER(no_bit_of_a_reset_may_change),
	    WITH_A_GREETER(no_bit_of_a_third_packet_may_change),
	    WITH_A_GREETER(what_is_cut_or_longer_is_nobodys),
	    WITH_A_GREETER(an_answer_is_good_at_its_address_only),
	    WITH_A_GREETER(an_answer_is_good_for_three_slots),
	    WITH_A_GREETER(an_answer_is_good_for_its_client_and_server_only),
	    WITH_A_GREETER(a_third_packet_that_answers_nothing_is_nobodys),
	    WITH_A_GREETER(guessed_ids_are_nobodys),
	    WITH_A_GREETER(all_other_packets_are_nobodys),
	    WITH_A_GREETER(without_room_for_it_there_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
