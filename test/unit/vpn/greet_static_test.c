/* Clients of tls-crypt without a wrapped key. */
#include "greeting.h"

static const unsigned thirds[] = {OP_CONTROL_V1, OP_ACK_V1};

static int
begin(void **state)
{
	int status = greeting_begin(state);

	wrap_static_key_make(client.key);
	client.counter = 0; /* as such clients have it */
	if (status == 0)
		gate_set_static(greeter.gate, client.key);
	return status;
}

static bool
ignores_once(struct buf packet)
{
	bool did = ignores(buf_span(&packet));

	buf_free(&packet);
	return did;
}

static struct buf
reset(void)
{
	const struct control c = {.id = 0};

	return genuine_packet(&client, OP_RESET_CLIENT_V2, &c);
}

static struct buf
third(unsigned opcode, const uint8_t server_id[SESSION_ID])
{
	struct control c = {.ack_count = 1, .id = opcode == OP_ACK_V1 ? 0 : 1};

	if (opcode != OP_ACK_V1)
		c.payload = SPAN_OF("ClientHello");
	span_put(c.acked, span_of(server_id, SESSION_ID));
	return genuine_packet(&client, opcode, &c);
}

static void
a_reset_is_answered(void **state)
{
	struct buf packet = reset(), body = buf_with_cap(100);
	struct wrap *w = wrap_new(client.key, false);
	struct wrap_head head;
	struct control c;

	(void)state;
	assert_int_equal(buf_len(&packet), RESET_V2);
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	assert_int_equal(got.verdict, GATE_OPEN);
	assert_int_equal(got.first.key.device, 0);
	assert_int_equal(buf_len(&got.reply), 66);
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
	assert_int_equal(c.payload.len, 0); /* there is no wrapped key to be sent again */
	wrap_free(w);
	buf_free(&body);
	buf_free(&packet);
}

static void
who_acknowledges_the_answer_gets_a_session(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (size_t i = 0; i < COUNT(thirds); i++) {
		struct buf packet = third(thirds[i], id);

		assert_int_equal(greeted_at(buf_span(&packet), MS + 1999), GREET_SESSION);
		assert_int_equal(got.verdict, GATE_OPEN);
		assert_int_equal(buf_len(&got.reply), 0);
		assert_memory_equal(got.start.keys, client.key, WRAP_KEYS);
		assert_int_equal(got.start.device, 0); /* its certificate tells */
		assert_memory_equal(got.start.client_id, client.id, SESSION_ID);
		assert_memory_equal(got.start.server_id, id, SESSION_ID);
		assert_true(got.start.answered);
		assert_int_equal(got.start.answered_time, NOW + 1);
		assert_false(got.start.stream);
		buf_free(&packet);
	}
}

static void
assert_off(const uint8_t id[SESSION_ID])
{
	assert_true(ignores_once(reset()));
	assert_int_equal(got.verdict, GATE_STRANGER);
	for (size_t i = 0; i < COUNT(thirds); i++)
		assert_true(ignores_once(third(thirds[i], id)));
}

/* What is genuine is nobody's after the key was taken away, and before one was set. */
static void
where_it_is_off_nobody_is_answered(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	gate_set_static(greeter.gate, NULL);
	assert_off(id);
	gate_free(greeter.gate);
	greeter.gate = gate_new(&settings);
	assert_off(id);
	gate_set_static(greeter.gate, client.key);
	reset_is_answered(reset(), MS, id);
}

/* Least of all one of no key at all, which is what is there where it is off. */
static void
another_key_is_nobodys(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0)
			wrap_static_key_make(client.key);
		else
			memset(client.key, 0, sizeof client.key);
		if (i == 2)
			gate_set_static(greeter.gate, NULL);
		assert_true(ignores_once(reset()));
		for (size_t k = 0; k < COUNT(thirds); k++)
			assert_true(ignores_once(third(thirds[k], id)));
	}
}

static void
a_reset_that_is_refused_says_why(void **state)
{
	struct buf packet = reset();

	(void)state;
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	assert_true(ignores(buf_span(&packet)));
	assert_int_equal(got.verdict, GATE_REPLAYED);
	buf_free(&packet);
	packet = reset();
	assert_true(ignores_at(buf_span(&packet), MS + SKEW + 1));
	assert_int_equal(got.verdict, GATE_STALE);
	assert_int_equal(got.first.late_ms, SKEW + 1);
	assert_true(ignores_at(buf_span(&packet), MS - SKEW - 1));
	assert_int_equal(got.verdict, GATE_STALE);
	buf_free(&packet);
}

static void
no_bit_may_change(void **state)
{
	static const struct gate_first none;
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	struct buf packets[] = {reset(), third(OP_CONTROL_V1, id), third(OP_ACK_V1, id)};
	for (size_t i = 0; i < COUNT(packets); i++) {
		uint8_t *bytes = packets[i].data + packets[i].start;

		for (size_t bit = 0; bit < buf_len(&packets[i]) * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!ignores(buf_span(&packets[i])))
				fail_msg("packet %zu, bit %zu", i, bit);
			assert_memory_equal(&got.first, &none, sizeof none);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_not_equal(greeted(buf_span(&packets[i])), GREET_NOBODY);
		buf_free(&packets[i]);
	}
}

static void
what_is_cut_or_longer_is_nobodys(void **state)
{
	uint8_t id[SESSION_ID], longer[PACKET_MAX + 100];

	(void)state;
	reset_is_answered(reset(), MS, id);
	struct buf packets[] = {reset(), third(OP_CONTROL_V1, id), third(OP_ACK_V1, id)};
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

/* Genuine, but with what no first packet has. */
static void
a_reset_that_says_more_is_nobodys(void **state)
{
	const struct control samples[] = {{.id = 1}, {.ack_count = 1}, {.payload = SPAN_OF("x")}};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_true(ignores_once(genuine_packet(&client, OP_RESET_CLIENT_V2, &samples[i])));
}

static void
an_answer_is_good_for_its_client_and_address_and_time(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (size_t i = 0; i < COUNT(thirds); i++) {
		struct buf packet = third(thirds[i], id);

		from.port++;
		assert_true(ignores(buf_span(&packet)));
		from.port--;
		assert_true(ignores_at(buf_span(&packet), MS + 3 * COOKIE_SLOT_MS));
		assert_true(ignores_at(buf_span(&packet), MS - 1));
		assert_int_equal(greeted(buf_span(&packet)), GREET_SESSION);
		buf_free(&packet);
		client.id[0] ^= 1;
		assert_true(ignores_once(third(thirds[i], id)));
		client.id[0] ^= 1;
		id[7] ^= 1;
		assert_true(ignores_once(third(thirds[i], id)));
		id[7] ^= 1;
	}
}

static void
a_third_packet_that_answers_nothing_is_nobodys(void **state)
{
	static const struct {
		unsigned opcode;
		size_t acks;
		uint32_t ack, id;
	} samples[] = {
	    {OP_CONTROL_V1, 0, 0, 1}, {OP_CONTROL_V1, 1, 2, 1}, {OP_CONTROL_V1, 1, 0, 2},
	    {OP_CONTROL_V1, 8, 2, 1}, {OP_ACK_V1, 0, 0, 0},     {OP_ACK_V1, 1, 2, 0},
	};
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct control c = {.ack_count = samples[i].acks, .id = samples[i].id};

		if (c.ack_count > 0)
			c.acks[c.ack_count - 1] = samples[i].ack;
		span_put(c.acked, span_of(id, SESSION_ID));
		assert_true(ignores_once(genuine_packet(&client, samples[i].opcode, &c)));
	}
}

/* Of another key id, or of a kind that needs a wrapped key. */
static void
all_other_packets_are_nobodys(void **state)
{
	uint8_t id[SESSION_ID];

	(void)state;
	reset_is_answered(reset(), MS, id);
	for (unsigned first = 0; first < 256; first++) {
		struct control c = {.ack_count = 1};
		struct buf body = buf_with_cap(100);

		span_put(c.acked, span_of(id, SESSION_ID));
		assert_true(control_write(OP_CONTROL_V1, &c, &body));
		if (first != 0x20)
			assert_true(
			    ignores_once(genuine_seal(&client, (uint8_t)first, buf_span(&body))));
		buf_free(&body);
	}
}

static void
by_tcp_it_has_the_form_of_one_for_the_static_key_alone(void **state)
{
	uint8_t bytes[2 + RESET_V2] = {0, RESET_V2};
	struct buf packet = reset();
	struct gate_first first;

	(void)state;
	span_put(bytes + 2, buf_span(&packet));
	assert_true(gate_fits_tcp(span_of(bytes, sizeof bytes)));
	assert_int_equal(gate_judge(greeter.gate, buf_span(&packet), MS, &first), GATE_STRANGER);
	assert_int_equal(gate_judge_static(greeter.gate, buf_span(&packet), MS, &first), GATE_OPEN);
	buf_free(&packet);
}

static void
who_has_a_wrapped_key_is_answered_as_ever(void **state)
{
	struct genuine other = genuine_client(settings.server_key, 18, NOW);
	struct buf packet = genuine_reset(&other);

	(void)state;
	assert_int_equal(greeted(buf_span(&packet)), GREET_ANSWER);
	assert_int_equal(got.first.key.device, 18);
	assert_int_equal(buf_len(&got.reply), 72);
	buf_free(&packet);
	genuine_free(&other);
}

static void
without_room_for_it_there_is_no_answer(void **state)
{
	(void)state;
	buf_free(&got.reply);
	got.reply = buf_with_cap(65);
	assert_true(ignores_once(reset()));
}

#define WITH_A_GREETER(test) cmocka_unit_test_setup_teardown(test, begin, greeting_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_A_GREETER(a_reset_is_answered),
	    WITH_A_GREETER(who_acknowledges_the_answer_gets_a_session),
	    WITH_A_GREETER(where_it_is_off_nobody_is_answered),
	    WITH_A_GREETER(another_key_is_nobodys),
	    WITH_A_GREETER(a_reset_that_is_refused_says_why),
	    WITH_A_GREETER(no_bit_may_change),
	    WITH_A_GREETER(what_is_cut_or_longer_is_nobodys),
	    WITH_A_GREETER(a_reset_that_says_more_is_nobodys),
	    WITH_A_GREETER(an_answer_is_good_for_its_client_and_address_and_time),
	    WITH_A_GREETER(a_third_packet_that_answers_nothing_is_nobodys),
	    WITH_A_GREETER(all_other_packets_are_nobodys),
	    WITH_A_GREETER(by_tcp_it_has_the_form_of_one_for_the_static_key_alone),
	    WITH_A_GREETER(who_has_a_wrapped_key_is_answered_as_ever),
	    WITH_A_GREETER(without_room_for_it_there_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
