#include "unit.h"

#include <string.h>

#include "tls/wrap_key.h"
#include "vpn/wire.h"

static const unsigned controls[] = {OP_SOFT_RESET_V1,   OP_CONTROL_V1,      OP_ACK_V1,
				    OP_RESET_CLIENT_V2, OP_RESET_SERVER_V2, OP_RESET_CLIENT_V3,
				    OP_CONTROL_WKC_V1};

static bool
is_control(unsigned opcode)
{
	for (size_t i = 0; i < COUNT(controls); i++)
		if (controls[i] == opcode)
			return true;
	return false;
}

static void
the_first_byte_has_opcode_and_key(void **state)
{
	(void)state;
	assert_int_equal(wire_first(OP_RESET_CLIENT_V2, 0), 0x38);
	assert_int_equal(wire_first(OP_RESET_SERVER_V2, 0), 0x40);
	assert_int_equal(wire_first(OP_RESET_CLIENT_V3, 0), 0x50);
	assert_int_equal(wire_first(OP_DATA_V2, 7), 0x4f);
	for (unsigned first = 0; first < 256; first++)
		assert_int_equal(
		    wire_first(wire_opcode((uint8_t)first), wire_key_id((uint8_t)first)), first);
}

static void
only_control_packets_of_ours_are_read_or_written(void **state)
{
	static const uint8_t body[] = {0, 0, 0, 0, 7, 'x'};
	struct buf out = buf_with_cap(100);

	(void)state;
	for (unsigned opcode = 0; opcode < 300; opcode++) {
		bool has_id = is_control(opcode) && opcode != OP_ACK_V1;
		struct control c;

		assert_int_equal(wire_is_control(opcode), is_control(opcode));
		assert_int_equal(wire_has_id(opcode), has_id);
		assert_int_equal(control_read(opcode, span_of(body, sizeof body), &c), has_id);
		c = (struct control){.payload = has_id ? SPAN_OF("x") : SPAN_NONE};
		assert_int_equal(control_write(opcode, &c, &out), is_control(opcode));
		buf_taken(&out, buf_len(&out));
	}
	buf_free(&out);
}

static const uint8_t full[] = {
    2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe, /* acknowledges two */
    1, 2, 3, 4, 5, 6,    7,    8,    0,    0, 0, 9, 22, 3, 1,
};
#define FULL_PAYLOAD 3

static void
a_body_says_what_it_says(void **state)
{
	struct control c;

	(void)state;
	assert_true(control_read(OP_CONTROL_V1, span_of(full, sizeof full), &c));
	assert_int_equal(c.ack_count, 2);
	assert_int_equal(c.acks[0], 1);
	assert_int_equal(c.acks[1], 0xfffffffe);
	assert_memory_equal(c.acked, full + 9, SESSION_ID);
	assert_int_equal(c.id, 9);
	assert_ptr_equal(c.payload.p, full + sizeof full - FULL_PAYLOAD);
	assert_int_equal(c.payload.len, FULL_PAYLOAD);
}

static void
a_body_that_is_cut_is_none(void **state)
{
	struct control c;

	(void)state;
	for (size_t n = 0; n < sizeof full - FULL_PAYLOAD; n++)
		assert_false(control_read(OP_CONTROL_V1, span_of(full, n), &c));
	for (size_t n = sizeof full - FULL_PAYLOAD; n <= sizeof full; n++) {
		assert_true(control_read(OP_CONTROL_V1, span_of(full, n), &c));
		assert_int_equal(c.payload.len, n - (sizeof full - FULL_PAYLOAD));
	}
	for (size_t n = 0; n <= sizeof full; n++) /* what ends with the ids, and nothing else */
		assert_int_equal(control_read(OP_ACK_V1, span_of(full, n), &c), n == 17);
}

/* A count is only believed as far as there are bytes, and as there is room. */
static void
more_acknowledgements_than_there_is_room_for_are_refused(void **state)
{
	uint8_t body[1 + 255 * 4 + SESSION_ID + 4] = {0};
	struct control c;

	(void)state;
	for (unsigned count = 0; count < 256; count++) {
		body[0] = (uint8_t)count;
		assert_int_equal(control_read(OP_CONTROL_V1, span_of(body, sizeof body), &c),
				 count <= ACKS_MAX);
		assert_true(c.ack_count <= ACKS_MAX);
	}
}

static void
what_is_written_reads_the_same(void **state)
{
	struct buf out = buf_with_cap(2048);

	(void)state;
	for (size_t i = 0; i < COUNT(controls); i++)
		for (size_t acks = 0; acks <= ACKS_MAX; acks++) {
			bool has_id = wire_has_id(controls[i]);
			struct control c = {.ack_count = acks, .id = has_id ? 0x12345678 : 0}, back;

			for (size_t n = 0; n < acks; n++)
				c.acks[n] = (uint32_t)(n * 0x01020304);
			memset(c.acked, acks > 0 ? 0xa5 : 0, sizeof c.acked);
			c.payload = has_id ? SPAN_OF("bytes of TLS") : SPAN_NONE;
			assert_true(control_write(controls[i], &c, &out));
			assert_true(control_read(controls[i], buf_span(&out), &back));
			assert_true(span_equal(c.payload, back.payload));
			c.payload = back.payload;
			assert_memory_equal(&c, &back, sizeof c);
			buf_taken(&out, buf_len(&out));
		}
	buf_free(&out);
}

static void
what_cannot_be_written_leaves_nothing(void **state)
{
	struct control c = {.ack_count = ACKS_MAX, .payload = SPAN_OF("bytes of TLS")};
	struct buf out = buf_with_cap(1 + ACKS_MAX * 4 + SESSION_ID + 4 + 12);
	struct buf narrow = buf_with_cap(out.cap - 1);

	(void)state;
	assert_false(control_write(OP_CONTROL_V1, &c, &narrow));
	assert_int_equal(buf_len(&narrow), 0);
	assert_false(control_write(OP_ACK_V1, &c, &out)); /* which has no payload */
	c.ack_count = ACKS_MAX + 1;
	assert_false(control_write(OP_CONTROL_V1, &c, &out));
	c.ack_count = SIZE_MAX;
	assert_false(control_write(OP_CONTROL_V1, &c, &out));
	assert_int_equal(buf_len(&out), 0);
	c.ack_count = ACKS_MAX;
	assert_true(control_write(OP_CONTROL_V1, &c, &out));
	assert_int_equal(buf_len(&out), out.cap);
	buf_free(&out);
	buf_free(&narrow);
}

/* CVE pattern: a length that is subtracted before it is looked at. */
static void
a_wrapped_key_is_only_where_it_can_be(void **state)
{
	static uint8_t packet[PACKET_MAX];
	static const size_t lengths[] = {0,
					 1,
					 2,
					 3,
					 WRAPPED_MIN - 1,
					 WRAPPED_MIN,
					 WRAPPED_MIN + 1,
					 354,
					 WRAPPED_MAX,
					 WRAPPED_MAX + 1,
					 PACKET_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++)
		for (unsigned said = 0; said <= UINT16_MAX; said++) {
			struct span all = span_of(packet, lengths[i]), wrapped, key;
			bool right =
			    said >= WRAPPED_MIN && said <= WRAPPED_MAX && said < lengths[i];

			if (all.len >= 2) {
				packet[all.len - 2] = (uint8_t)(said >> 8);
				packet[all.len - 1] = (uint8_t)said;
			}
			assert_int_equal(wire_split(all, &wrapped, &key), right);
			if (!right)
				continue;
			assert_ptr_equal(wrapped.p, packet);
			assert_int_equal(key.len, said);
			assert_ptr_equal(key.p, packet + wrapped.len);
			assert_int_equal(wrapped.len + key.len, all.len);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_byte_has_opcode_and_key),
	    cmocka_unit_test(only_control_packets_of_ours_are_read_or_written),
	    cmocka_unit_test(a_body_says_what_it_says),
	    cmocka_unit_test(a_body_that_is_cut_is_none),
	    cmocka_unit_test(more_acknowledgements_than_there_is_room_for_are_refused),
	    cmocka_unit_test(what_is_written_reads_the_same),
	    cmocka_unit_test(what_cannot_be_written_leaves_nothing),
	    cmocka_unit_test(a_wrapped_key_is_only_where_it_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
