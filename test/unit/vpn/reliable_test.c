#include "unit.h"

#include <stdlib.h>

#include "vpn/channel.h"
#include "vpn/reliable.h"

static const struct span hello = SPAN_INIT("hello");

static struct reliable *
new_reliable(uint32_t next_send, uint32_t next_receive)
{
	struct reliable *r = reliable_new(next_send, next_receive);

	assert_non_null(r);
	return r;
}

static void
fill(struct reliable *r)
{
	while (reliable_has_room(r))
		assert_true(reliable_send(r, OP_CONTROL_V1, hello, 0));
}

/* Sends what is due; how many that were. */
static size_t
send_due(struct reliable *r, int64_t now)
{
	struct reliable_packet p;
	size_t count = 0;

	while (reliable_due(r, now, &p))
		count++;
	return count;
}

static void
ack(struct reliable *r, uint32_t id, int64_t now)
{
	reliable_acked(r, &id, 1, now);
}

static bool
receive(struct reliable *r, uint32_t id)
{
	return reliable_received(r, OP_CONTROL_V1, id, hello);
}

static void
what_is_sent_is_due_at_once_and_again_after_longer_and_longer(void **state)
{
	static const int64_t waits[] = {500, 1000, 2000, 4000, 8000, 16000, 16000, 16000};
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;
	int64_t now = 7;

	assert_true(reliable_send(r, OP_RESET_SERVER_V2, hello, now));
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(reliable_when(r), now);
		assert_false(reliable_due(r, now - 1, &p));
		assert_true(reliable_due(r, now, &p));
		assert_int_equal(p.opcode, OP_RESET_SERVER_V2);
		assert_int_equal(p.id, 0);
		assert_true(span_equal(p.payload, hello));
		assert_false(reliable_due(r, now, &p));
		now += waits[i];
	}
	assert_false(reliable_all_acked(r));
	ack(r, 0, now);
	assert_true(reliable_all_acked(r));
	assert_int_equal(reliable_when(r), INT64_MAX);
	assert_false(reliable_due(r, INT64_MAX, &p));
	reliable_free(r);
	(void)state;
}

static void
what_is_due_comes_in_the_order_of_its_numbers(void **state)
{
	struct reliable *r = new_reliable(UINT32_MAX - 2, 0);
	struct reliable_packet p;

	fill(r);
	for (int64_t now = 0; now <= 500; now += 500)
		for (uint32_t i = 0; i < RELIABLE_SEND; i++) {
			assert_true(reliable_due(r, now, &p));
			assert_int_equal(p.id, (uint32_t)(UINT32_MAX - 2 + i));
		}
	reliable_free(r);
	(void)state;
}

static void
the_newest_is_never_further_from_the_oldest_than_the_window(void **state)
{
	struct reliable *r = new_reliable(0, 0);

	fill(r);
	assert_int_equal(send_due(r, 0), RELIABLE_SEND);
	for (uint32_t id = 1; id < RELIABLE_SEND; id++)
		ack(r, id, 0);
	assert_false(reliable_has_room(r));
	assert_false(reliable_send(r, OP_CONTROL_V1, hello, 0));
	ack(r, 0, 0);
	assert_true(reliable_has_room(r));
	assert_true(reliable_all_acked(r));
	fill(r);
	assert_int_equal(send_due(r, 0), RELIABLE_SEND);
	reliable_free(r);
	(void)state;
}

static void
what_is_too_long_is_not_sent_and_takes_no_number(void **state)
{
	static const uint8_t bytes[CONTROL_MAX + 1];
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;

	assert_false(reliable_send(r, OP_CONTROL_V1, span_of(bytes, CONTROL_MAX + 1), 0));
	assert_true(reliable_all_acked(r));
	assert_true(reliable_send(r, OP_CONTROL_V1, span_of(bytes, CONTROL_MAX), 0));
	assert_true(reliable_due(r, 0, &p));
	assert_int_equal(p.id, 0);
	assert_int_equal(p.payload.len, CONTROL_MAX);
	reliable_free(r);
	(void)state;
}

static void
acks_of_what_was_not_sent_are_ignored(void **state)
{
	static const uint32_t ids[] = {0, 1, 4, 6, 11, UINT32_MAX};
	struct reliable *r = new_reliable(5, 0);

	fill(r);
	reliable_acked(r, ids, COUNT(ids), 0);
	/* Number 6 is ours, but not under way yet: nobody can have it. */
	assert_int_equal(send_due(r, 0), RELIABLE_SEND);
	reliable_acked(r, ids, 3, 0);
	assert_int_equal(send_due(r, 500), RELIABLE_SEND);
	ack(r, 6, 500);
	ack(r, 6, 500);
	assert_int_equal(send_due(r, 1500), RELIABLE_SEND - 1);
	reliable_free(r);
	(void)state;
}

static void
three_later_acks_send_it_again_at_once(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;

	fill(r);
	send_due(r, 0);
	ack(r, 2, 10);
	ack(r, 3, 10);
	ack(r, 3, 10);
	assert_int_equal(send_due(r, 10), 0);
	ack(r, 4, 10);
	assert_int_equal(reliable_when(r), 10);
	assert_true(reliable_due(r, 10, &p));
	assert_int_equal(p.id, 0);
	assert_true(reliable_due(r, 10, &p));
	assert_int_equal(p.id, 1);
	assert_false(reliable_due(r, 10, &p));
	/* Number 5 is behind those: nothing was said of it. */
	assert_int_equal(reliable_when(r), 500);
	reliable_free(r);
	(void)state;
}

static void
whatever_the_order_each_is_taken_once_and_in_turn(void **state)
{
	static const uint32_t order[] = {3, 1, 1, 0, 5, 0, 4, 2, 3, 5};
	struct reliable *r = new_reliable(0, UINT32_MAX - 1);
	struct reliable_packet p;
	uint32_t turn = 0;

	for (size_t i = 0; i < COUNT(order); i++) {
		uint8_t byte = (uint8_t)order[i];

		assert_true(reliable_received(r, OP_CONTROL_V1, UINT32_MAX - 1 + order[i],
					      span_of(&byte, 1)));
		while (reliable_next(r, &p)) {
			assert_int_equal(p.id, (uint32_t)(UINT32_MAX - 1 + turn));
			assert_int_equal(p.payload.len, 1);
			assert_int_equal(p.payload.p[0], turn++);
		}
	}
	assert_int_equal(turn, 6);
	reliable_free(r);
	(void)state;
}

static void
what_is_too_far_ahead_is_not_acknowledged(void **state)
{
	struct reliable *r = new_reliable(0, 1);
	struct reliable_packet p;

	assert_false(receive(r, 1 + RELIABLE_RECEIVE));
	assert_false(receive(r, UINT32_MAX));
	assert_false(receive(r, 1u << 31));
	assert_false(receive(r, 0)); /* before the first there was none */
	assert_false(reliable_owes_ack(r));
	assert_true(receive(r, RELIABLE_RECEIVE));
	assert_true(reliable_owes_ack(r));
	assert_false(reliable_next(r, &p));
	assert_true(receive(r, 1));
	assert_true(reliable_next(r, &p));
	assert_true(receive(r, 1 + RELIABLE_RECEIVE));
	assert_false(receive(r, 2 + RELIABLE_RECEIVE));
	reliable_free(r);
	(void)state;
}

static void
what_is_too_long_is_not_taken(void **state)
{
	static const uint8_t bytes[PACKET_MAX + 1];
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;

	assert_false(reliable_received(r, OP_CONTROL_V1, 0, span_of(bytes, PACKET_MAX + 1)));
	assert_false(reliable_owes_ack(r));
	assert_true(reliable_received(r, OP_CONTROL_V1, 0, span_of(bytes, PACKET_MAX)));
	assert_true(reliable_next(r, &p));
	assert_int_equal(p.payload.len, PACKET_MAX);
	reliable_free(r);
	(void)state;
}

static void
the_first_of_two_with_one_number_counts(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;

	assert_true(reliable_received(r, OP_CONTROL_V1, 1, hello));
	assert_true(reliable_received(r, OP_RESET_CLIENT_V2, 1, SPAN_OF("other")));
	assert_true(reliable_received(r, OP_CONTROL_V1, 0, SPAN_NONE));
	assert_true(reliable_next(r, &p));
	assert_int_equal(p.payload.len, 0);
	assert_true(reliable_next(r, &p));
	assert_int_equal(p.opcode, OP_CONTROL_V1);
	assert_true(span_equal(p.payload, hello));
	assert_false(reliable_next(r, &p));
	reliable_free(r);
	(void)state;
}

static void
acks_are_those_owed_then_the_last_ones_again(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	uint32_t ids[ACKS_MAX];

	assert_int_equal(reliable_acks(r, ids, ACKS_MAX), 0);
	for (uint32_t id = 0; id < 3; id++)
		assert_true(receive(r, id));
	assert_int_equal(reliable_acks(r, ids, 2), 2);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 1);
	assert_true(reliable_owes_ack(r));
	assert_int_equal(reliable_acks(r, ids, 2), 2);
	assert_int_equal(ids[0], 2);
	assert_int_equal(ids[1], 1);
	assert_false(reliable_owes_ack(r));
	assert_int_equal(reliable_acks(r, ids, ACKS_MAX), 3);
	assert_int_equal(ids[0], 2);
	assert_int_equal(ids[1], 1);
	assert_int_equal(ids[2], 0);
	reliable_free(r);
	(void)state;
}

static void
a_duplicate_is_acknowledged_again(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;
	uint32_t ids[ACKS_MAX];

	assert_true(receive(r, 0));
	assert_true(receive(r, 0));
	assert_int_equal(reliable_acks(r, ids, ACKS_MAX), 1);
	assert_false(reliable_owes_ack(r));
	assert_true(receive(r, 0)); /* still kept */
	assert_true(reliable_owes_ack(r));
	assert_int_equal(reliable_acks(r, ids, ACKS_MAX), 1);
	assert_true(reliable_next(r, &p));
	assert_true(receive(r, 0)); /* taken already */
	assert_int_equal(reliable_acks(r, ids, ACKS_MAX), 1);
	assert_int_equal(ids[0], 0);
	assert_false(reliable_next(r, &p));
	reliable_free(r);
	(void)state;
}

static void
no_more_acks_are_kept_than_a_window_has(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;
	uint32_t ids[2 * RELIABLE_RECEIVE];

	for (uint32_t id = 0; id < RELIABLE_RECEIVE; id++) {
		assert_true(receive(r, id));
		assert_true(reliable_next(r, &p));
	}
	/* It comes again, and is acknowledged then. */
	assert_false(receive(r, RELIABLE_RECEIVE));
	assert_false(reliable_next(r, &p));
	assert_true(receive(r, 0));
	assert_int_equal(reliable_acks(r, ids, COUNT(ids)), RELIABLE_RECEIVE);
	for (uint32_t id = 0; id < RELIABLE_RECEIVE; id++)
		assert_int_equal(ids[id], id);
	assert_true(receive(r, RELIABLE_RECEIVE));
	assert_int_equal(reliable_acks(r, ids, COUNT(ids)), ACKS_MAX);
	assert_int_equal(ids[0], RELIABLE_RECEIVE);
	reliable_free(r);
	(void)state;
}

/* A channel that loses so many of a hundred, repeats some, and delays as it likes. */
struct weather {
	uint32_t seed;
	unsigned loss, twice;
};

static uint8_t
weather_fate(void *arg)
{
	struct weather *w = arg;
	unsigned dice[3];

	for (size_t i = 0; i < COUNT(dice); i++) {
		w->seed = w->seed * 1664525 + 1013904223;
		dice[i] = (w->seed >> 16) % 100;
	}
	return (uint8_t)((dice[0] < w->loss ? FATE_LOST : 0) |
			 (dice[1] < w->twice ? FATE_TWICE : 0) | (dice[2] & FATE_DELAY));
}

static int64_t
time_through(struct weather w, uint32_t first)
{
	static struct channel c;

	c = (struct channel){.messages = 100, .fate = weather_fate, .arg = &w};
	c.ends[0] = new_reliable(first, 1);
	c.ends[1] = new_reliable(1, first);
	const char *fault = channel_run(&c);
	if (fault != NULL)
		fail_msg("loss %u, seed %u: %s", w.loss, w.seed, fault);
	reliable_free(c.ends[0]);
	reliable_free(c.ends[1]);
	return c.now;
}

static void
everything_arrives_once_and_in_order_through_any_weather(void **state)
{
	static const unsigned losses[] = {0, 20, 40, 80};

	for (size_t i = 0; i < COUNT(losses); i++)
		for (uint32_t seed = 0; seed < 100; seed++) {
			struct weather w = {seed, losses[i], seed % 4 * 20};

			time_through(w, seed % 2 == 0 ? 0 : UINT32_MAX - seed % 64);
		}
	(void)state;
}

static uint8_t
no_fate(void *arg)
{
	(void)arg;
	return FATE_UNHURT;
}

static void
on_a_good_channel_nothing_is_sent_twice(void **state)
{
	static struct channel c;

	c = (struct channel){.messages = 600, .fate = no_fate};
	c.ends[0] = new_reliable(0, 0);
	c.ends[1] = new_reliable(0, 0);
	assert_null(channel_run(&c));
	/* A window, and one packet that acknowledges all of it. */
	assert_int_equal(c.packets, 2 * (600 + 600 / RELIABLE_SEND));
	assert_int_equal(c.now, 10 * (600 / RELIABLE_SEND));
	reliable_free(c.ends[0]);
	reliable_free(c.ends[1]);
	(void)state;
}

/* As long as a handshake may take, for far more than a handshake has. */
static void
a_fifth_lost_costs_seconds_not_minutes(void **state)
{
	int64_t sum = 0;

	for (uint32_t seed = 0; seed < 100; seed++)
		sum += time_through((struct weather){seed, 20, 10}, 0);
	assert_true(sum / 100 < 60000);
	(void)state;
}

static void
nothing_is_freed_twice_or_left(void **state)
{
	struct reliable *r = new_reliable(0, 0);
	struct reliable_packet p;

	reliable_free(NULL);
	fill(r);
	assert_true(receive(r, 0));
	assert_true(receive(r, 5));
	assert_true(reliable_next(r, &p));
	reliable_free(r);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sent_is_due_at_once_and_again_after_longer_and_longer),
	    cmocka_unit_test(what_is_due_comes_in_the_order_of_its_numbers),
	    cmocka_unit_test(the_newest_is_never_further_from_the_oldest_than_the_window),
	    cmocka_unit_test(what_is_too_long_is_not_sent_and_takes_no_number),
	    cmocka_unit_test(acks_of_what_was_not_sent_are_ignored),
	    cmocka_unit_test(three_later_acks_send_it_again_at_once),
	    cmocka_unit_test(whatever_the_order_each_is_taken_once_and_in_turn),
	    cmocka_unit_test(what_is_too_far_ahead_is_not_acknowledged),
	    cmocka_unit_test(what_is_too_long_is_not_taken),
	    cmocka_unit_test(the_first_of_two_with_one_number_counts),
	    cmocka_unit_test(acks_are_those_owed_then_the_last_ones_again),
	    cmocka_unit_test(a_duplicate_is_acknowledged_again),
	    cmocka_unit_test(no_more_acks_are_kept_than_a_window_has),
	    cmocka_unit_test(everything_arrives_once_and_in_order_through_any_weather),
	    cmocka_unit_test(on_a_good_channel_nothing_is_sent_twice),
	    cmocka_unit_test(a_fifth_lost_costs_seconds_not_minutes),
	    cmocka_unit_test(nothing_is_freed_twice_or_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
