#include "unit.h"

#include "flow.h"
#include "vpn/thin.h"

#define TIMESTAMP (TCP_HEAD + 4)

/* An acknowledgement of all before `number`. */
static struct flow_packet
ack(bool v4, uint32_t number)
{
	struct flow_packet p;

	flow_make(&p, v4, 99, 0);
	put_be32_at(p.bytes + flow_transport(&p) + TCP_ACKNOWLEDGED, number);
	flow_sum(&p);
	return p;
}

static uint8_t *
tcp_at(struct flow_packet *p, size_t offset)
{
	return p->bytes + flow_transport(p) + offset;
}

static void
the_last_of_them_is_left(void **state)
{
	struct flow_packet p[4];
	struct thin t;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		for (uint32_t i = 0; i < COUNT(p); i++)
			p[i] = ack(v4, UINT32_MAX - 2000 + i * 1448);
		put_be16_at(tcp_at(&p[2], 14), 9); /* the window is its own */
		flow_sum(&p[2]);
		assert_true(thin_begin(&t, p[0].bytes, p[0].len));
		for (size_t i = 1; i < COUNT(p); i++) {
			assert_true(thin_add(&t, p[i].bytes, p[i].len));
			assert_ptr_equal(t.packet, p[i].bytes);
			assert_int_equal(t.is.len, p[i].len);
		}
	}
}

static void
what_is_behind_a_packet_is_not_its_own(void **state)
{
	struct flow_packet p = ack(true, 5);
	struct thin t;

	(void)state;
	assert_true(thin_begin(&t, p.bytes, p.len + 9));
	assert_int_equal(t.is.len, p.len);
}

static void
no_acknowledgement_stands_for_more_than_64_kib(void **state)
{
	struct flow_packet first = ack(true, 1000), most = ack(true, 1000 + THIN_MAX),
			   more = ack(true, 1001 + THIN_MAX);
	struct thin t;

	(void)state;
	assert_true(thin_begin(&t, first.bytes, first.len));
	assert_true(thin_add(&t, most.bytes, most.len));
	assert_false(thin_add(&t, more.bytes, more.len));
}

/* Three of the same number make a sender send again (RFC 5681 §3.2). */
static void
the_same_or_an_earlier_number_is_not_lost(void **state)
{
	struct flow_packet first = ack(true, 1000), again = ack(true, 1000), old = ack(true, 999);
	struct thin t;

	(void)state;
	assert_true(thin_begin(&t, first.bytes, first.len));
	assert_false(thin_add(&t, again.bytes, again.len));
	assert_false(thin_add(&t, old.bytes, old.len));
	assert_ptr_equal(t.packet, first.bytes);
}

static void
nothing_but_acknowledgements_is_begun_with(void **state)
{
	struct flow_packet p;
	struct thin t;

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		p = ack(true, 1000);
		*tcp_at(&p, TCP_FLAGS) = (uint8_t)flags;
		flow_sum(&p);
		assert_true(thin_begin(&t, p.bytes, p.len) == (flags == TCP_ACK));
		assert_true((t.packet == NULL) == (flags != TCP_ACK));
	}
	flow_make(&p, true, 99, 1);
	assert_false(thin_begin(&t, p.bytes, p.len));
	p = ack(true, 1000);
	*tcp_at(&p, TCP_HEAD + 2) = 5; /* SACK */
	flow_sum(&p);
	assert_false(thin_begin(&t, p.bytes, p.len));
	p = ack(true, 1000);
	for (size_t len = 0; len < p.len; len++)
		assert_false(thin_begin(&t, p.bytes, len));
}

static void
one_without_options_is_one_too(void **state)
{
	struct flow_packet p[2] = {ack(true, 1000), ack(true, 2000)};
	struct thin t;

	(void)state;
	for (size_t i = 0; i < COUNT(p); i++) {
		*tcp_at(&p[i], TCP_OFFSET) = 0x50;
		p[i].len -= 12;
		flow_sum(&p[i]);
	}
	assert_true(thin_begin(&t, p[0].bytes, p[0].len));
	assert_true(thin_add(&t, p[1].bytes, p[1].len));
}

/* Of every bit of the headers: where it is another, or the packet is damaged, both are left. */
static void
what_differs_in_anything_else_is_not_taken_for_it(void **state)
{
	static const size_t free4[] = {V4_ID, V4_ID + 1};
	struct thin t;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++)
		for (size_t bit = 0; bit < 8 * ack(v4, 0).len; bit++) {
			struct flow_packet first = ack(v4, 1000), next = ack(v4, 2000);
			size_t at = bit / 8, tcp = flow_transport(&next);
			bool own = v4 && (at == free4[0] || at == free4[1]);

			assert_true(thin_begin(&t, first.bytes, first.len));
			next.bytes[at] ^= (uint8_t)(1 << bit % 8);
			assert_false(thin_add(&t, next.bytes, next.len)); /* a wrong checksum */
			if (at < tcp + TCP_ACKNOWLEDGED &&
			    !(v4 && at >= V4_SUM && at < V4_SUM + 2) &&
			    !(v4 && (at == V4_TOTAL || at == V4_TOTAL + 1)) &&
			    !(!v4 && (at == V6_LEN || at == V6_LEN + 1))) {
				flow_sum(&next);
				assert_true(thin_add(&t, next.bytes, next.len) == own);
			}
		}
}

static void
an_older_timestamp_replaces_no_younger_one(void **state)
{
	struct flow_packet first = ack(true, 1000), next = ack(true, 2000);
	struct thin t;

	(void)state;
	put_be32_at(tcp_at(&first, TIMESTAMP), 7);
	flow_sum(&first);
	put_be32_at(tcp_at(&next, TIMESTAMP), 6);
	flow_sum(&next);
	assert_true(thin_begin(&t, first.bytes, first.len));
	assert_false(thin_add(&t, next.bytes, next.len));
	put_be32_at(tcp_at(&next, TIMESTAMP), 8);
	flow_sum(&next);
	assert_true(thin_add(&t, next.bytes, next.len));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_of_them_is_left),
	    cmocka_unit_test(what_is_behind_a_packet_is_not_its_own),
	    cmocka_unit_test(no_acknowledgement_stands_for_more_than_64_kib),
	    cmocka_unit_test(the_same_or_an_earlier_number_is_not_lost),
	    cmocka_unit_test(nothing_but_acknowledgements_is_begun_with),
	    cmocka_unit_test(one_without_options_is_one_too),
	    cmocka_unit_test(what_differs_in_anything_else_is_not_taken_for_it),
	    cmocka_unit_test(an_older_timestamp_replaces_no_younger_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
