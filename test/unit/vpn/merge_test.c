#include "unit.h"

#include "flow.h"
#include "vpn/merge.h"
#include "vpn/segment.h"

#define COUNT_OF 5
#define SIZE     1000

static struct flow_packet packets[COUNT_OF], kept[COUNT_OF];

/* The last is shorter, and is pushed, as a sender's last is. */
static void
make_all(bool v4, size_t last)
{
	for (size_t i = 0; i < COUNT_OF; i++) {
		struct flow_packet *p = &packets[i];

		flow_make(p, v4, UINT32_MAX - SIZE + (uint32_t)(i * SIZE),
			  i < COUNT_OF - 1 ? SIZE : last);
		if (v4)
			put_be16_at(p->bytes + V4_ID, 9 + i);
		if (i == COUNT_OF - 1)
			p->bytes[flow_transport(p) + TCP_FLAGS] |= TCP_PSH;
		flow_sum(p);
		kept[i] = *p;
	}
}

static void
merge_all(struct merge *m)
{
	assert_true(merge_begin(m, packets[0].bytes, packets[0].len));
	for (size_t i = 1; i < COUNT_OF; i++)
		assert_true(merge_add(m, packets[i].bytes, packets[i].len));
}

static size_t
flatten(const struct merge *m, uint8_t *to)
{
	size_t len = 0;

	for (size_t i = 0; i < m->count; i++) {
		span_put(to + len, m->parts[i]);
		len += m->parts[i].len;
	}
	return len;
}

static void
what_was_joined_is_cut_into_the_same(void **state)
{
	uint8_t super[COUNT_OF * FLOW_PACKET], one[SEGMENT_MAX];
	static const size_t lasts[] = {1, 7, SIZE};
	struct segments s;
	struct offload how;
	struct merge m;

	(void)state;
	for (size_t round = 0; round < 2 * COUNT(lasts); round++) {
		make_all(round % 2 == 0, lasts[round / 2]);
		merge_all(&m);
		merge_finish(&m, &how);
		assert_int_equal(how.kind, round % 2 == 0 ? OFFLOAD_TCP4 : OFFLOAD_TCP6);
		assert_int_equal(how.segment, SIZE);
		assert_true(segments_begin(&s, span_of(super, flatten(&m, super)), &how));
		for (size_t i = 0; i < COUNT_OF; i++) {
			assert_int_equal(segments_next_len(&s), kept[i].len);
			segments_next(&s, one);
			assert_memory_equal(one, kept[i].bytes, kept[i].len);
		}
		assert_int_equal(segments_next_len(&s), 0);
	}
}

static void
one_alone_stays_as_it_is(void **state)
{
	struct offload how;
	struct merge m;

	(void)state;
	make_all(true, SIZE);
	assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
	merge_finish(&m, &how);
	assert_int_equal(how.kind, OFFLOAD_NONE);
	assert_false(how.sum);
	assert_memory_equal(packets[0].bytes, kept[0].bytes, kept[0].len);
}

/* Bytes that may differ from one segment to the next: whatever else does, they are not joined. */
static bool
may_differ(bool v4, size_t at)
{
	if (v4 && (at == V4_ID || at == V4_ID + 1))
		return true;
	size_t tcp = at - (v4 ? V4_HEAD : V6_HEAD);
	return at >= (v4 ? V4_HEAD : V6_HEAD) + 32u || (tcp == TCP_FLAGS);
}

static void
a_difference_in_any_other_byte_is_not_joined(void **state)
{
	struct merge m;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++)
		for (size_t at = 0; at < (v4 ? V4_HEAD : V6_HEAD) + 32u; at++) {
			make_all(v4 != 0, SIZE);
			if (may_differ(v4 != 0, at))
				continue;
			packets[1].bytes[at] ^= 0x10;
			if (flow_transport(&packets[1]) == (v4 ? V4_HEAD : V6_HEAD) && at > V4_ID)
				flow_sum(&packets[1]);
			assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
			if (memcmp(packets[1].bytes, kept[1].bytes, kept[1].len) != 0)
				assert_false(merge_add(&m, packets[1].bytes, packets[1].len));
		}
}

static void
flags_that_say_more_are_neither_first_nor_joined(void **state)
{
	struct merge m;

	(void)state;
	for (unsigned bit = 0; bit < 8; bit++) {
		make_all(true, SIZE);
		packets[1].bytes[V4_HEAD + TCP_FLAGS] ^= (uint8_t)(1u << bit);
		flow_sum(&packets[1]);
		assert_false(merge_begin(&m, packets[1].bytes, packets[1].len));
		assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
		assert_int_equal(merge_add(&m, packets[1].bytes, packets[1].len),
				 1u << bit == TCP_PSH);
		assert_false(merge_add(&m, packets[2].bytes, packets[2].len));
	}
}

/* Each bit of a segment that was corrupted on its way keeps it out. */
static void
a_wrong_checksum_is_not_joined(void **state)
{
	struct merge m;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		make_all(v4 != 0, SIZE);
		for (size_t i = 0; i < packets[1].len * 8; i++) {
			packets[1].bytes[i / 8] ^= (uint8_t)(1u << i % 8);
			assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
			/* In IPv6 the traffic class and flow are in no checksum, nor the hops:
			 * those are compared. */
			assert_false(merge_add(&m, packets[1].bytes, packets[1].len));
			packets[1].bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		}
	}
}

static void
nothing_follows_a_shorter_one_a_gap_or_too_many(void **state)
{
	struct merge m;
	size_t n = 1;

	(void)state;
	make_all(true, SIZE);
	flow_make(&packets[1], true, UINT32_MAX, SIZE - 1);
	flow_make(&packets[2], true, SIZE - 2, SIZE - 1);
	assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
	assert_false(merge_add(&m, packets[2].bytes, packets[2].len));
	assert_true(merge_add(&m, packets[1].bytes, packets[1].len));
	assert_false(merge_add(&m, packets[2].bytes, packets[2].len));

	make_all(true, SIZE);
	flow_make(&packets[1], true, UINT32_MAX, SIZE + 1);
	assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
	assert_false(merge_add(&m, packets[1].bytes, packets[1].len));

	for (; n < 2 * MERGE_PARTS; n++) {
		flow_make(&packets[1], true, UINT32_MAX - SIZE + (uint32_t)(n * SIZE), SIZE);
		if (!merge_add(&m, packets[1].bytes, packets[1].len))
			break;
	}
	assert_int_equal(n, MERGE_PARTS);
}

static void
cut_anywhere_it_is_neither_first_nor_joined(void **state)
{
	struct merge m;

	(void)state;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		make_all(v4 != 0, SIZE);
		for (size_t n = 0; n < packets[1].len; n++) {
			assert_false(merge_begin(&m, packets[1].bytes, n));
			assert_int_equal(m.count, 0);
			assert_true(merge_begin(&m, packets[0].bytes, packets[0].len));
			assert_false(merge_add(&m, packets[1].bytes, n));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_joined_is_cut_into_the_same),
	    cmocka_unit_test(one_alone_stays_as_it_is),
	    cmocka_unit_test(a_difference_in_any_other_byte_is_not_joined),
	    cmocka_unit_test(flags_that_say_more_are_neither_first_nor_joined),
	    cmocka_unit_test(a_wrong_checksum_is_not_joined),
	    cmocka_unit_test(nothing_follows_a_shorter_one_a_gap_or_too_many),
	    cmocka_unit_test(cut_anywhere_it_is_neither_first_nor_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
