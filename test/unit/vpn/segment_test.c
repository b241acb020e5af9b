#include "unit.h"

#include "flow.h"
#include "vpn/segment.h"

#define SIZE 500

/* A packet of `payload` bytes, and how it is to be cut. */
static struct offload
super_of(struct flow_packet *p, bool v4, size_t payload)
{
	flow_make(p, v4, 1000, payload);
	return (struct offload){.kind = v4 ? OFFLOAD_TCP4 : OFFLOAD_TCP6,
				.segment = SIZE,
				.sum = true,
				.sum_from = (uint16_t)flow_transport(p),
				.sum_at = TCP_SUM};
}

static bool
sums_are_right(const uint8_t *p, size_t len, size_t transport, uint8_t protocol)
{
	size_t body = len - transport;

	if (transport == V4_HEAD && checksum_fold(checksum_add(0, p, V4_HEAD)) != UINT16_MAX)
		return false;
	return checksum_fold(checksum_add(checksum_pseudo(p, protocol, body), p + transport,
					  body)) == UINT16_MAX;
}

static void
the_last_has_what_is_left_and_what_ends_the_flow(void **state)
{
	uint8_t one[SEGMENT_MAX];
	struct flow_packet p;
	struct segments s;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		struct offload how = super_of(&p, v4 != 0, 2 * SIZE + 1);
		size_t tcp = flow_transport(&p), total = 0;

		p.bytes[tcp + TCP_FLAGS] = TCP_CWR | TCP_ACK | TCP_PSH | TCP_FIN;
		assert_true(segments_begin(&s, span_of(p.bytes, p.len), &how));
		for (unsigned i = 0; i < 3; i++) {
			size_t len = segments_next_len(&s), payload = len - tcp - 32;

			assert_int_equal(payload, i < 2 ? SIZE : 1);
			segments_next(&s, one);
			assert_true(sums_are_right(one, len, tcp, PROTOCOL_TCP));
			assert_int_equal(be32_at(one + tcp + TCP_SEQUENCE), 1000 + total);
			assert_int_equal(one[tcp + TCP_FLAGS],
					 TCP_ACK | (i == 0 ? TCP_CWR : 0) |
					     (i == 2 ? TCP_PSH | TCP_FIN : 0));
			assert_memory_equal(one + tcp + 32, p.bytes + tcp + 32 + total, payload);
			if (v4)
				assert_int_equal(be16_at(one + V4_ID), 9 + i);
			total += payload;
		}
		assert_int_equal(segments_next_len(&s), 0);
	}
}

static void
datagrams_are_cut_too(void **state)
{
	uint8_t one[SEGMENT_MAX];
	struct flow_packet p;
	struct segments s;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		struct offload how = super_of(&p, v4 != 0, SIZE);
		size_t at = flow_transport(&p), sizes[] = {200, 200, SIZE + 32 - UDP_HEAD - 400};

		how.kind = OFFLOAD_UDP;
		how.segment = 200;
		how.sum_at = UDP_SUM;
		assert_true(segments_begin(&s, span_of(p.bytes, p.len), &how));
		for (size_t i = 0; i < COUNT(sizes); i++) {
			size_t len = segments_next_len(&s);

			assert_int_equal(len, at + UDP_HEAD + sizes[i]);
			segments_next(&s, one);
			assert_int_equal(be16_at(one + at + UDP_LEN), UDP_HEAD + sizes[i]);
			assert_true(sums_are_right(one, len, at, PROTOCOL_UDP));
		}
		assert_int_equal(segments_next_len(&s), 0);
	}
}

static void
what_cannot_be_is_refused(void **state)
{
	struct flow_packet p;
	struct segments s;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		const struct offload good = super_of(&p, v4 != 0, SIZE + 1);
		struct offload bad[] = {good, good, good, good, good, good};

		bad[0].kind = OFFLOAD_NONE;
		bad[1].kind = v4 ? OFFLOAD_TCP6 : OFFLOAD_TCP4;
		bad[2].segment = 0;
		bad[3].segment = UINT16_MAX;
		bad[4].sum_from = UINT16_MAX;
		bad[5].sum_from = V4_HEAD - 1;
		assert_true(segments_begin(&s, span_of(p.bytes, p.len), &good));
		for (size_t i = 0; i < COUNT(bad); i++)
			assert_false(segments_begin(&s, span_of(p.bytes, p.len), &bad[i]));
		for (size_t n = 0; n <= flow_transport(&p) + 32; n++)
			assert_false(segments_begin(&s, span_of(p.bytes, n), &good));
		p.bytes[flow_transport(&p) + TCP_OFFSET] = 0x40;
		assert_false(segments_begin(&s, span_of(p.bytes, p.len), &good));
	}
}

/* As the kernel leaves it: with the sum of the pseudo-header in its place. */
static void
a_checksum_that_was_left_is_made(void **state)
{
	struct flow_packet p, whole;
	struct offload how;

	(void)state;
	for (size_t len = 0; len < 70; len++) {
		how = super_of(&whole, len % 2 == 0, len);
		how.kind = OFFLOAD_NONE;
		p = whole;
		size_t at = flow_transport(&p);
		checksum_put(p.bytes + at + TCP_SUM,
			     checksum_fold(checksum_pseudo(p.bytes, PROTOCOL_TCP, p.len - at)));
		assert_true(segment_finish(p.bytes, p.len, &how));
		assert_memory_equal(p.bytes, whole.bytes, p.len);
		how.sum_at = (uint16_t)(p.len - at - 1);
		assert_false(segment_finish(p.bytes, p.len, &how));
		how.sum = false;
		assert_true(segment_finish(p.bytes, p.len, &how));
		assert_memory_equal(p.bytes, whole.bytes, p.len);
	}
}

/* RFC 1071 §3's numbers. */
static void
the_rfcs_example_sums_as_it_says(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const uint8_t sum[] = {0xdd, 0xf2};
	uint8_t got[2];

	(void)state;
	checksum_put(got, checksum_fold(checksum_add(0, bytes, sizeof bytes)));
	assert_memory_equal(got, sum, sizeof sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_has_what_is_left_and_what_ends_the_flow),
	    cmocka_unit_test(datagrams_are_cut_too),
	    cmocka_unit_test(what_cannot_be_is_refused),
	    cmocka_unit_test(a_checksum_that_was_left_is_made),
	    cmocka_unit_test(the_rfcs_example_sums_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
