#include "unit.h"

#include <string.h>

#include "vpn/wrap.h"

#define NOW 1700000000u

static uint8_t keys[WRAP_KEYS];
static const uint8_t id[SESSION_ID] = {1, 2, 3, 4, 5, 6, 7, 8};

static int
make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof keys; i++)
		keys[i] = (uint8_t)(i * 7 + 1);
	return 0;
}

struct pair {
	struct wrap *server, *client;
};

static struct pair
both(void)
{
	struct pair p = {wrap_new(keys, true), wrap_new(keys, false)};

	assert_non_null(p.server);
	assert_non_null(p.client);
	return p;
}

static void
done(struct pair *p)
{
	wrap_free(p->server);
	wrap_free(p->client);
}

static struct buf
sealed(struct wrap *w, struct span body, uint32_t now)
{
	struct buf out = buf_with_cap(PACKET_MAX * 2);

	assert_true(wrap_seal(w, 0x20, id, body, now, &out));
	return out;
}

static bool
opens(struct wrap *w, struct span packet)
{
	struct buf body = buf_with_cap(PACKET_MAX * 2);
	struct wrap_head head;
	bool good = wrap_open(w, packet, &head, &body);

	if (!good)
		assert_int_equal(buf_len(&body), 0);
	buf_free(&body);
	return good;
}

static void
each_opens_what_the_other_sealed_and_not_his_own(void **state)
{
	struct pair p = both();
	struct buf from_server = sealed(p.server, SPAN_OF("hello"), NOW);
	struct buf from_client = sealed(p.client, SPAN_OF("hello"), NOW);
	struct buf body = buf_with_cap(100);
	struct wrap_head head;

	(void)state;
	assert_true(wrap_open(p.client, buf_span(&from_server), &head, &body));
	assert_true(span_equal(buf_span(&body), SPAN_OF("hello")));
	assert_int_equal(head.first, 0x20);
	assert_memory_equal(head.session_id, id, sizeof id);
	assert_int_equal(head.counter, 1);
	assert_int_equal(head.time, NOW);
	assert_true(opens(p.server, buf_span(&from_client)));
	assert_false(opens(p.server, buf_span(&from_server)));
	assert_false(opens(p.client, buf_span(&from_client)));
	buf_free(&body);
	buf_free(&from_server);
	buf_free(&from_client);
	done(&p);
}

static void
any_bit_changed_and_it_does_not_open(void **state)
{
	struct pair p = both();
	struct buf packet = sealed(p.client, SPAN_OF("a body"), NOW);
	uint8_t *bytes = packet.data + packet.start;

	(void)state;
	for (size_t bit = 0; bit < buf_len(&packet) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (opens(p.server, buf_span(&packet)))
			fail_msg("bit %zu", bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(opens(p.server, buf_span(&packet)));
	buf_free(&packet);
	done(&p);
}

static void
what_is_cut_or_longer_does_not_open(void **state)
{
	struct pair p = both();
	struct buf packet = sealed(p.client, SPAN_OF("a body"), NOW);
	uint8_t longer[200] = {0};
	size_t len = buf_len(&packet);

	(void)state;
	span_put(longer, buf_span(&packet));
	for (size_t n = 0; n <= sizeof longer; n++)
		assert_int_equal(opens(p.server, span_of(longer, n)), n == len);
	assert_false(opens(p.server, SPAN_NONE));
	buf_free(&packet);
	done(&p);
}

static void
the_head_is_there_as_soon_as_there_could_be_a_packet(void **state)
{
	uint8_t bytes[WRAP_OVERHEAD + 1] = {0x50, 1, 2, 3, 4, 5, 6, 7, 8,
					    0x0f, 0, 0, 1, 0, 0, 2, 3};
	struct wrap_head head;

	(void)state;
	for (size_t n = 0; n <= sizeof bytes; n++)
		assert_int_equal(wrap_head_read(span_of(bytes, n), &head), n >= WRAP_OVERHEAD);
	assert_int_equal(head.first, 0x50);
	assert_memory_equal(head.session_id, id, sizeof id);
	assert_int_equal(head.counter, 0x0f000001);
	assert_int_equal(head.time, 0x0203);
}

/* Which bytes of a key block are used for which way. */
static void
each_way_has_its_half_of_the_keys(void **state)
{
	struct pair p = both();
	struct buf packet = sealed(p.client, SPAN_OF("x"), NOW);

	(void)state;
	for (size_t i = 0; i < WRAP_KEYS; i++) {
		bool used = i >= 128 && i % 64 < 32;
		struct wrap *other;

		keys[i] ^= 1;
		other = wrap_new(keys, true);
		assert_non_null(other);
		assert_int_equal(opens(other, buf_span(&packet)), !used);
		wrap_free(other);
		keys[i] ^= 1;
	}
	buf_free(&packet);
	done(&p);
}

static void
no_counter_is_used_twice_and_the_time_stays(void **state)
{
	struct pair p = both();

	(void)state;
	for (uint32_t i = 1; i < 500; i++) {
		struct buf packet = sealed(p.server, SPAN_OF("the same"), NOW + i);
		struct wrap_head head;

		assert_true(wrap_head_read(buf_span(&packet), &head));
		assert_int_equal(head.counter, i);
		assert_int_equal(head.time, NOW + 1);
		assert_true(opens(p.client, buf_span(&packet)));
		assert_true(wrap_take(p.client, &head));
		assert_false(wrap_take(p.client, &head));
		buf_free(&packet);
	}
	done(&p);
}

static void
what_was_sent_before_is_gone_on_from(void **state)
{
	struct pair p = both();
	struct wrap_head head;

	(void)state;
	wrap_sent_before(p.server, 1, NOW);
	for (uint32_t i = 0; i < 3; i++) {
		struct buf packet = sealed(p.server, SPAN_OF("x"), NOW - 5 + 5 * i);

		assert_true(wrap_head_read(buf_span(&packet), &head));
		assert_int_equal(head.counter, 2 + i);
		assert_int_equal(head.time, NOW);
		buf_free(&packet);
	}
	done(&p);
}

static bool
takes(struct wrap *w, uint32_t time, uint32_t counter)
{
	const struct wrap_head head = {.first = 0x20, .counter = counter, .time = time};

	return wrap_take(w, &head);
}

static void
a_replay_is_not_taken_and_what_is_late_is(void **state)
{
	struct pair p = both();
	uint32_t base = 0x0f000001;

	(void)state;
	assert_false(takes(p.server, NOW, 0));
	assert_true(takes(p.server, NOW, base + 64));
	for (uint32_t i = 64; i > 0; i--) {
		assert_true(takes(p.server, NOW, base + i - 1));
		assert_false(takes(p.server, NOW, base + i - 1));
	}
	assert_false(takes(p.server, NOW, base + 64));
	assert_true(takes(p.server, NOW, base + 70000));
	assert_false(takes(p.server, NOW, base + 1000)); /* too late, though it never came */
	done(&p);
}

static void
the_time_counts_for_more_than_the_counter(void **state)
{
	struct pair p = both();

	(void)state;
	assert_true(takes(p.server, NOW, 500));
	assert_false(takes(p.server, NOW - 1, 501));
	assert_false(takes(p.server, 0, UINT32_MAX));
	assert_true(takes(p.server, NOW + 1, 1));
	assert_false(takes(p.server, NOW + 1, 1));
	assert_false(takes(p.server, NOW + 2, 0));
	assert_false(takes(p.server, NOW, 501));
	assert_true(takes(p.server, UINT32_MAX, UINT32_MAX));
	assert_false(takes(p.server, NOW + 1, 2));
	done(&p);
}

static void
what_does_not_fit_is_neither_sealed_nor_opened(void **state)
{
	static const uint8_t much[PACKET_MAX + 1];
	struct pair p = both();
	struct buf narrow = buf_with_cap(WRAP_OVERHEAD + 9), packet, body = buf_with_cap(9);
	struct wrap_head head;

	(void)state;
	assert_false(wrap_seal(p.server, 0x20, id, span_of(much, 10), NOW, &narrow));
	assert_int_equal(buf_len(&narrow), 0);
	assert_true(wrap_seal(p.server, 0x20, id, span_of(much, 9), NOW, &narrow));
	assert_int_equal(buf_len(&narrow), WRAP_OVERHEAD + 9);
	assert_int_equal(narrow.data[12], 1); /* what failed took no counter */
	packet = sealed(p.client, span_of(much, 10), NOW);
	assert_false(wrap_open(p.server, buf_span(&packet), &head, &body));
	assert_int_equal(buf_len(&body), 0);
	buf_free(&packet);
	packet = sealed(p.client, span_of(much, PACKET_MAX - WRAP_OVERHEAD), NOW);
	assert_true(opens(p.server, buf_span(&packet)));
	buf_free(&packet);
	packet = sealed(p.client, span_of(much, PACKET_MAX - WRAP_OVERHEAD + 1), NOW);
	assert_false(opens(p.server, buf_span(&packet)));
	buf_free(&packet);
	buf_free(&narrow);
	buf_free(&body);
	done(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_opens_what_the_other_sealed_and_not_his_own),
	    cmocka_unit_test(any_bit_changed_and_it_does_not_open),
	    cmocka_unit_test(what_is_cut_or_longer_does_not_open),
	    cmocka_unit_test(the_head_is_there_as_soon_as_there_could_be_a_packet),
	    cmocka_unit_test(each_way_has_its_half_of_the_keys),
	    cmocka_unit_test(no_counter_is_used_twice_and_the_time_stays),
	    cmocka_unit_test(what_was_sent_before_is_gone_on_from),
	    cmocka_unit_test(a_replay_is_not_taken_and_what_is_late_is),
	    cmocka_unit_test(the_time_counts_for_more_than_the_counter),
	    cmocka_unit_test(what_does_not_fit_is_neither_sealed_nor_opened),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
