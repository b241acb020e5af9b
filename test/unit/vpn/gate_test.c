#include "unit.h"

#include <string.h>

#include "genuine.h"
#include "vpn/gate.h"

#define NOW  1700000000u /* seconds */
#define MS   (INT64_C(1000) * NOW)
#define SKEW 120000

static struct gate_settings settings = {.skew_ms = SKEW, .since_ms = MS - 3600000};
static struct gate *gate;

static int
begin(void **state)
{
	(void)state;
	wrap_server_key_make(settings.server_key);
	gate = gate_new(&settings);
	return gate != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	gate_free(gate);
	return 0;
}

static enum gate_verdict
judged(const struct buf *packet, int64_t now_ms)
{
	struct gate_first first;
	enum gate_verdict v = gate_judge(gate, buf_span(packet), now_ms, &first);

	explicit_bzero(&first, sizeof first);
	return v;
}

static enum gate_verdict
judged_once(struct buf packet, int64_t now_ms)
{
	enum gate_verdict v = judged(&packet, now_ms);

	buf_free(&packet);
	return v;
}

static void
a_genuine_reset_is_let_in_once(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf reset = genuine_reset(&c);
	struct gate_first first;

	(void)state;
	assert_int_equal(buf_len(&reset), 353); /* as stock clients send it */
	assert_int_equal(gate_judge(gate, buf_span(&reset), MS + 1500, &first), GATE_OPEN);
	assert_memory_equal(first.key.key, c.key, sizeof c.key);
	assert_int_equal(first.key.device, 17);
	assert_int_equal(first.head.counter, 0x0f000001);
	assert_int_equal(first.head.time, NOW);
	assert_memory_equal(first.head.session_id, c.id, SESSION_ID);
	assert_int_equal(first.late_ms, 1500);
	assert_true(first.can_resend);
	for (int64_t later = 0; later <= SKEW; later += 1000) {
		assert_int_equal(gate_judge(gate, buf_span(&reset), MS + later, &first),
				 GATE_REPLAYED);
		assert_int_equal(first.key.device, 17);
	}
	for (int64_t later = SKEW + 1; later <= 4 * SKEW; later += 1000)
		assert_int_equal(judged(&reset, MS + later), GATE_STALE);
	buf_free(&reset);
	genuine_free(&c);
}

static void
sent_again_by_the_client_it_is_another_packet(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW);

	(void)state;
	for (int64_t i = 0; i < 10; i++)
		assert_int_equal(judged_once(genuine_reset(&c), MS + i), GATE_OPEN);
	genuine_free(&c);
}

static void
clients_that_count_from_one_cannot_resend(void **state)
{
	static const struct {
		uint32_t counter;
		bool can;
	} samples[] = {{1, false},         {0x0effffff, false}, {0x0f000000, true},
		       {0x0fffffff, true}, {0x10000000, false}, {0xff000001, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct genuine c = genuine_client(settings.server_key, 17, NOW);
		struct gate_first first;
		struct buf reset;

		c.counter = samples[i].counter - 1;
		reset = genuine_reset(&c);
		assert_int_equal(gate_judge(gate, buf_span(&reset), MS, &first), GATE_OPEN);
		assert_int_equal(first.can_resend, samples[i].can);
		buf_free(&reset);
		genuine_free(&c);
	}
}

/* Nothing is told of a stranger, and the genuine packet is still taken after all of them. */
static void
any_bit_changed_and_it_is_a_strangers(void **state)
{
	static const struct gate_first none;
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf reset = genuine_reset(&c);
	uint8_t *bytes = reset.data + reset.start;
	struct gate_first first;

	(void)state;
	for (size_t bit = 0; bit < buf_len(&reset) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (gate_judge(gate, buf_span(&reset), MS, &first) != GATE_STRANGER)
			fail_msg("bit %zu", bit);
		assert_memory_equal(&first, &none, sizeof none);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(judged(&reset, MS), GATE_OPEN);
	buf_free(&reset);
	genuine_free(&c);
}

static void
what_is_cut_or_has_something_behind_is_a_strangers(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf reset = genuine_reset(&c);
	uint8_t bytes[RESET_V3_MAX + 10] = {0};
	size_t len = buf_len(&reset);
	struct gate_first first;

	(void)state;
	span_put(bytes, buf_span(&reset));
	for (size_t n = 0; n <= sizeof bytes; n++)
		if (n != len)
			assert_int_equal(gate_judge(gate, span_of(bytes, n), MS, &first),
					 GATE_STRANGER);
	for (size_t n = 1; n <= len; n++)
		assert_int_equal(gate_judge(gate, span_tail(buf_span(&reset), n), MS, &first),
				 GATE_STRANGER);
	assert_int_equal(judged(&reset, MS), GATE_OPEN);
	buf_free(&reset);
	genuine_free(&c);
}

static void
another_servers_client_is_a_stranger(void **state)
{
	uint8_t other[WRAP_SERVER_KEY];
	struct genuine c;

	(void)state;
	wrap_server_key_make(other);
	c = genuine_client(other, 17, NOW);
	assert_int_equal(judged_once(genuine_reset(&c), MS), GATE_STRANGER);
	genuine_free(&c);
}

/* Each wrapped with the right key, which is then brought along with another's packet. */
static void
one_clients_packet_under_anothers_key_is_a_strangers(void **state)
{
	struct genuine a = genuine_client(settings.server_key, 1, NOW);
	struct genuine b = genuine_client(settings.server_key, 2, NOW);
	struct buf reset;

	(void)state;
	span_put(a.key, span_of(b.key, sizeof b.key));
	reset = genuine_reset(&a);
	assert_int_equal(judged(&reset, MS), GATE_STRANGER);
	buf_free(&reset);
	genuine_free(&a);
	genuine_free(&b);
}

static void
a_first_packet_that_is_not_the_first_is_a_strangers(void **state)
{
	static const struct control samples[] = {
	    {.id = 1},
	    {.id = UINT32_MAX},
	    {.id = 0, .ack_count = 1},
	    {.id = 0, .ack_count = ACKS_MAX},
	};
	static const uint8_t firsts[] = {0x51, 0x57, 0x38, 0x40, 0x58, 0x20, 0x48};
	static const uint8_t no_acks[] = {0, 0, 0, 0, 0};
	struct genuine c = genuine_client(settings.server_key, 17, NOW);

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_int_equal(
		    judged_once(genuine_packet(&c, OP_RESET_CLIENT_V3, &samples[i]), MS),
		    GATE_STRANGER);
	for (size_t i = 0; i < COUNT(firsts); i++) {
		struct buf packet = genuine_seal(&c, firsts[i], span_of(no_acks, sizeof no_acks));

		assert_true(buf_append(&packet, buf_span(&c.wrapped_key)));
		assert_int_equal(judged_once(packet, MS), GATE_STRANGER);
	}
	for (size_t n = 0; n < sizeof no_acks; n++) {
		struct buf packet = genuine_seal(&c, 0x50, span_of(no_acks, n));

		assert_true(buf_append(&packet, buf_span(&c.wrapped_key)));
		assert_int_equal(judged_once(packet, MS), GATE_STRANGER);
	}
	genuine_free(&c);
}

static void
a_clock_too_far_off_is_told_by_how_much(void **state)
{
	static const struct {
		int64_t late;
		enum gate_verdict verdict;
	} samples[] = {
	    {0, GATE_OPEN},          {SKEW, GATE_OPEN},       {-SKEW, GATE_OPEN},
	    {SKEW + 1, GATE_STALE},  {-SKEW - 1, GATE_STALE}, {86400000, GATE_STALE},
	    {-86400000, GATE_STALE}, {MS, GATE_STALE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct genuine c = genuine_client(settings.server_key, 17, NOW);
		struct gate_first first;
		struct buf reset;

		c.time = (uint32_t)((MS - samples[i].late) / 1000);
		reset = genuine_reset(&c);
		assert_int_equal(gate_judge(gate, buf_span(&reset),
					    (int64_t)c.time * 1000 + samples[i].late, &first),
				 samples[i].verdict);
		assert_int_equal(first.late_ms, samples[i].late);
		assert_int_equal(first.key.device, 17);
		buf_free(&reset);
		genuine_free(&c);
	}
}

static void
stamps_from_before_the_start_are_stale(void **state)
{
	struct gate_settings late = settings;
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf reset = genuine_reset(&c);
	struct gate *fresh;
	struct gate_first first;

	(void)state;
	assert_int_equal(judged(&reset, MS), GATE_OPEN);
	/* As after a restart half a second later: what was seen is not known any more. */
	late.since_ms = MS + 500;
	fresh = gate_new(&late);
	assert_non_null(fresh);
	assert_int_equal(gate_judge(fresh, buf_span(&reset), MS + 600, &first), GATE_STALE);
	assert_int_equal(first.late_ms, 600);
	buf_free(&reset);
	c.time = NOW + 1;
	reset = genuine_reset(&c);
	assert_int_equal(gate_judge(fresh, buf_span(&reset), MS + 600, &first), GATE_OPEN);
	gate_free(fresh);
	buf_free(&reset);
	genuine_free(&c);
}

/* As when it was wrong while the machine started: nobody is to wait until that time comes. */
static void
a_clock_set_back_behind_the_start_lets_in_whoever_begins_now(void **state)
{
	static const int64_t back = 3600000;
	struct genuine c = genuine_client(settings.server_key, 17, NOW), before = c, now = c;
	struct gate_settings wrong = settings;

	(void)state;
	gate_free(gate);
	wrong.since_ms = MS;
	gate = gate_new(&wrong);
	assert_non_null(gate);
	struct buf seen = genuine_reset(&c);
	assert_int_equal(judged(&seen, MS), GATE_OPEN);
	before.time = NOW - (uint32_t)(back / 1000) - 1;
	now.time = NOW - (uint32_t)(back / 1000);
	assert_int_equal(judged_once(genuine_reset(&now), MS - back + 300), GATE_OPEN);
	assert_int_equal(judged_once(genuine_reset(&before), MS - back + 400), GATE_STALE);
	assert_int_not_equal(judged(&seen, MS - back + 500), GATE_OPEN);
	assert_int_not_equal(judged(&seen, MS), GATE_OPEN);
	buf_free(&seen);
	genuine_free(&c);
}

/* Seen once while the clock was wrong, a packet is not new again when it is right. */
static void
a_clock_that_jumps_makes_no_replay_good(void **state)
{
	static const int64_t jumps[] = {2 * SKEW + 1, 3600000, INT64_C(86400000) * 365};

	(void)state;
	for (size_t i = 0; i < COUNT(jumps); i++) {
		struct genuine c = genuine_client(settings.server_key, 17, NOW);
		struct buf reset = genuine_reset(&c);
		struct genuine ahead = c;

		assert_int_equal(judged(&reset, MS), GATE_OPEN);
		ahead.time = (uint32_t)((MS + jumps[i]) / 1000);
		assert_int_equal(judged_once(genuine_reset(&ahead), MS + jumps[i]), GATE_OPEN);
		assert_int_equal(judged(&reset, MS + jumps[i]), GATE_STALE);
		assert_int_not_equal(judged(&reset, MS), GATE_OPEN);
		buf_free(&reset);
		genuine_free(&c);
		gate_free(gate);
		gate = gate_new(&settings);
	}
}

/* The memory is bounded; what had to be forgotten is refused by its age. */
static void
a_flood_under_one_key_makes_no_replay_good(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW - 60);
	struct buf early = genuine_reset(&c), reset;

	(void)state;
	assert_int_equal(judged(&early, MS), GATE_OPEN);
	c.time = NOW;
	reset = genuine_reset(&c);
	assert_int_equal(judged(&reset, MS), GATE_OPEN);
	c.time = NOW + 1;
	for (size_t i = 0; i < GATE_SEEN_PART - 2; i++)
		assert_int_equal(judged_once(genuine_reset(&c), MS), GATE_OPEN);
	assert_int_equal(judged(&early, MS), GATE_REPLAYED);
	assert_int_equal(judged_once(genuine_reset(&c), MS), GATE_OPEN);
	assert_int_equal(judged(&early, MS), GATE_STALE);
	assert_int_equal(judged(&reset, MS), GATE_REPLAYED);
	assert_int_equal(judged_once(genuine_reset(&c), MS), GATE_OPEN);
	assert_int_equal(judged(&reset, MS), GATE_STALE);
	for (size_t i = 0; i < 3 * GATE_SEEN_PART; i++)
		assert_int_not_equal(judged(&early, MS), GATE_OPEN);
	buf_free(&early);
	buf_free(&reset);
	genuine_free(&c);
}

/* Even who sets his clock to the latest that is taken, so that others' stamps are as old as his. */
static void
a_flood_under_one_key_shuts_few_others_out(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW + SKEW / 1000);
	unsigned in = 0;

	(void)state;
	for (size_t i = 0; i < 2 * GATE_SEEN_PART; i++) {
		struct buf reset = genuine_reset(&c);

		(void)judged(&reset, MS);
		buf_free(&reset);
	}
	for (uint64_t device = 100; device < 300; device++) {
		struct genuine other = genuine_client(settings.server_key, device, NOW);

		in += judged_once(genuine_reset(&other), MS) == GATE_OPEN;
		genuine_free(&other);
	}
	assert_true(in > 180); /* 197 of 200 are to be expected */
	genuine_free(&c);
}

static void
what_is_too_old_to_come_again_takes_no_room(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW);

	(void)state;
	for (size_t i = 0; i < 3 * GATE_SEEN_PART; i++) {
		int64_t now = MS + (int64_t)i * 1000;

		c.time = NOW + (uint32_t)i;
		assert_int_equal(judged_once(genuine_reset(&c), now), GATE_OPEN);
		c.time -= SKEW / 1000; /* with fewer than there is room for, none is too old */
		assert_int_equal(judged_once(genuine_reset(&c), now), GATE_OPEN);
	}
	genuine_free(&c);
}

static void
another_skew_holds_from_then_on_and_makes_no_replay_good(void **state)
{
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf seen = genuine_reset(&c), late = genuine_reset(&c);

	(void)state;
	gate_set_skew(gate, 10000);
	assert_int_equal(judged(&seen, MS), GATE_OPEN);
	assert_int_equal(judged(&late, MS + 30000), GATE_STALE); /* by now the first is forgotten */
	gate_set_skew(gate, SKEW);
	assert_int_not_equal(judged(&seen, MS + 31000), GATE_OPEN);
	c.time = NOW + 1;
	assert_int_equal(judged_once(genuine_reset(&c), MS + 32000), GATE_OPEN);
	gate_set_skew(gate, 10000);
	assert_int_equal(judged_once(genuine_reset(&c), MS + 32000), GATE_STALE);
	buf_free(&seen);
	buf_free(&late);
	genuine_free(&c);
}

static void
a_third_packets_key_is_opened_again(void **state)
{
	const struct control control = {.id = 1, .payload = SPAN_OF("TLS")};
	struct genuine c = genuine_client(settings.server_key, 17, NOW);
	struct buf packet = genuine_packet(&c, OP_CONTROL_WKC_V1, &control);
	struct buf reset = genuine_reset(&c);
	uint8_t *bytes = packet.data + packet.start;
	size_t len = buf_len(&packet), from = len - buf_len(&c.wrapped_key);
	struct wrap_key key;

	(void)state;
	assert_true(gate_open_again(gate, buf_span(&packet), &key));
	assert_int_equal(key.device, 17);
	assert_memory_equal(key.key, c.key, sizeof c.key);
	assert_false(gate_open_again(gate, buf_span(&reset), &key));
	for (size_t n = 0; n < len; n++)
		assert_false(gate_open_again(gate, span_head(buf_span(&packet), n), &key));
	for (size_t bit = from * 8; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(gate_open_again(gate, buf_span(&packet), &key));
		assert_int_equal(key.device, 0);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_free(&packet);
	buf_free(&reset);
	genuine_free(&c);
}

static void
only_one_whole_reset_has_the_form_of_one(void **state)
{
	static uint8_t bytes[2 + RESET_V3_MAX + 2];

	(void)state;
	for (size_t len = 0; len <= RESET_V3_MAX + 2; len++) {
		bool v3 = len >= RESET_V3_MIN && len <= RESET_V3_MAX, v2 = len == RESET_V2;

		bytes[0] = (uint8_t)(len >> 8);
		bytes[1] = (uint8_t)len;
		for (unsigned first = 0; first < 256; first++) {
			bytes[2] = (uint8_t)first;
			assert_int_equal(gate_fits_tcp(span_of(bytes, 2 + len)),
					 (v3 && first == 0x50) || (v2 && first == 0x38));
		}
		bytes[2] = v2 ? 0x38 : 0x50;
		assert_false(gate_fits_tcp(span_of(bytes, 2 + len + 1)));
		assert_false(gate_fits_tcp(span_of(bytes, 1 + len)));
	}
	for (size_t n = 0; n < 5; n++)
		assert_false(gate_fits_tcp(span_of(bytes, n)));
	assert_false(gate_fits_tcp(SPAN_NONE));
}

#define WITH_A_GATE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_A_GATE(a_genuine_reset_is_let_in_once),
	    WITH_A_GATE(sent_again_by_the_client_it_is_another_packet),
	    WITH_A_GATE(clients_that_count_from_one_cannot_resend),
	    WITH_A_GATE(any_bit_changed_and_it_is_a_strangers),
	    WITH_A_GATE(what_is_cut_or_has_something_behind_is_a_strangers),
	    WITH_A_GATE(another_servers_client_is_a_stranger),
	    WITH_A_GATE(one_clients_packet_under_anothers_key_is_a_strangers),
	    WITH_A_GATE(a_first_packet_that_is_not_the_first_is_a_strangers),
	    WITH_A_GATE(a_clock_too_far_off_is_told_by_how_much),
	    WITH_A_GATE(stamps_from_before_the_start_are_stale),
	    WITH_A_GATE(a_clock_set_back_behind_the_start_lets_in_whoever_begins_now),
	    WITH_A_GATE(a_clock_that_jumps_makes_no_replay_good),
	    WITH_A_GATE(a_flood_under_one_key_makes_no_replay_good),
	    WITH_A_GATE(a_flood_under_one_key_shuts_few_others_out),
	    WITH_A_GATE(what_is_too_old_to_come_again_takes_no_room),
	    WITH_A_GATE(another_skew_holds_from_then_on_and_makes_no_replay_good),
	    WITH_A_GATE(a_third_packets_key_is_opened_again),
	    cmocka_unit_test(only_one_whole_reset_has_the_form_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
