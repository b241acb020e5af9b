#include "tunnelled.h"

static void
a_flipped_bit_gets_no_answer(void **state)
{
	struct rig *r = opened();
	struct rig_packet first, changed;

	(void)state;
	rig_start(r);
	assert_true(rig_get(&r->to_server, &first));
	/* Of the wrapped key behind it only the length matters here: others have opened it. */
	for (size_t bit = 0; bit < 8 * (first.len - buf_len(&world.wrapped)); bit++) {
		changed = first;
		changed.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		rig_server_takes(r, &changed);
		assert_int_equal(r->to_client.sent, 0);
	}
	for (size_t n = 0; n < first.len; n++)
		session_receive(r->s, span_head(span_of(first.bytes, first.len), n), r->now,
				rig_wall(r));
	assert_int_equal(r->to_client.sent, 0);
	rig_server_takes(r, &first);
	assert_int_equal(r->to_client.sent, 1);
	rig_close(r);
}

/* Every packet of a whole connection, flipped before the genuine one and repeated after it. */
static void
what_is_not_genuine_is_dropped_without_a_sign(void **state)
{
	struct rig *r = opened();
	struct rig_packet p, changed;
	uint32_t bit = 0;

	(void)state;
	rig_start(r);
	for (unsigned i = 0; i < 1000; i++) {
		if (rig_get(&r->to_client, &p))
			(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		if (!rig_get(&r->to_server, &p))
			break;
		changed = p;
		bit = bit * 1664525 + 1013904223;
		changed.bytes[bit % (WRAP_OVERHEAD + 1)] ^= (uint8_t)(1u << (bit >> 16) % 8);
		unsigned sent = r->to_client.sent;
		rig_server_takes(r, &changed);
		assert_int_equal(r->to_client.sent, sent);
		changed = p;
		rig_server_takes(r, &p);
		sent = r->to_client.sent;
		rig_server_takes(r, &changed);
		assert_int_equal(r->to_client.sent, sent);
	}
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	assert_int_equal(r->asked, 1);
	rig_close(r);
}

static void
packets_of_another_session_are_dropped(void **state)
{
	struct rig *r = connected();
	unsigned sent = r->to_client.sent;

	(void)state;
	/* The same keys, so it is genuine; and a reset, as of a client that starts again. */
	r->c.id[0] ^= 1;
	client_packet(&r->c, r->c.now, OP_RESET_CLIENT_V3, 0, SPAN_NONE, rig_wall(r));
	client_packet(&r->c, r->c.now, OP_CONTROL_V1, 9, SPAN_OF("x"), rig_wall(r));
	rig_exchange(r);
	r->c.id[0] ^= 1;
	/* Its own id, but it acknowledges what another server session said. */
	r->c.server_id[0] ^= 1;
	client_packet(&r->c, r->c.now, OP_CONTROL_V1, 9, SPAN_OF("x"), rig_wall(r));
	rig_exchange(r);
	r->c.server_id[0] ^= 1;
	assert_int_equal(r->to_client.sent, sent);
	assert_flows(r);
	rig_close(r);
}

static void
a_hard_reset_within_a_session_is_a_retransmission(void **state)
{
	struct rig *r = connected();

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		client_packet(&r->c, r->c.now, OP_RESET_CLIENT_V3, 0, SPAN_NONE, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 3000);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->ups, 1);
	assert_int_equal(r->overs, 0);
	assert_flows(r);
	rig_close(r);
}

/* What opcode may not come, or not with this key or number. */
static void
what_is_out_of_place_is_dropped(void **state)
{
	static const struct {
		unsigned opcode, id;
	} rows[] = {
	    {OP_RESET_SERVER_V2, 0}, {OP_RESET_SERVER_V2, 9}, {OP_SOFT_RESET_V1, 0},
	    {OP_SOFT_RESET_V1, 9},   {OP_RESET_CLIENT_V2, 9}, {OP_RESET_CLIENT_V3, 9},
	    {OP_CONTROL_V1, 0},      {OP_CONTROL_WKC_V1, 0},
	};
	struct rig *r = connected();
	unsigned sent = r->to_client.sent;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		client_packet(&r->c, r->c.now, rows[i].opcode, rows[i].id, SPAN_NONE, rig_wall(r));
	rig_exchange(r);
	for (unsigned first = 0; first < 256; first++)
		if (!wire_is_control(wire_opcode((uint8_t)first)))
			client_seal(&r->c, first & ~7u, SPAN_OF("\0\0\0\0\0"), SPAN_NONE,
				    rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->to_client.sent, sent);
	assert_flows(r);
	rig_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flipped_bit_gets_no_answer),
	    cmocka_unit_test(what_is_not_genuine_is_dropped_without_a_sign),
	    cmocka_unit_test(packets_of_another_session_are_dropped),
	    cmocka_unit_test(a_hard_reset_within_a_session_is_a_retransmission),
	    cmocka_unit_test(what_is_out_of_place_is_dropped),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
