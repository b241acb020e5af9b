#include "unit.h"

#include "base/buf.h"

static void
what_is_added_is_held_in_order(void **state)
{
	struct buf b = buf_with_cap(64);

	(void)state;
	assert_true(buf_append(&b, SPAN_OF("ab")));
	assert_true(buf_byte(&b, 'c'));
	assert_true(buf_be16(&b, 0x0102));
	assert_true(buf_be32(&b, 0xA1B2C3D4));
	assert_true(buf_printf(&b, "%s=%d", "n", 5));
	assert_true(buf_append(&b, SPAN_NONE));
	assert_true(span_equal(buf_span(&b), SPAN_OF("abc\x01\x02\xA1\xB2\xC3\xD4n=5")));
	buf_free(&b);
	assert_int_equal(buf_len(&b), 0);
}

static void
the_cap_is_never_passed(void **state)
{
	struct buf b = buf_with_cap(5);

	(void)state;
	assert_true(buf_append(&b, SPAN_OF("abcd")));
	assert_false(buf_append(&b, SPAN_OF("ef")));
	assert_false(buf_be16(&b, 1));
	assert_false(buf_be32(&b, 1));
	assert_false(buf_printf(&b, "%s", "ef"));
	assert_null(buf_room(&b, 2));
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(buf_byte(&b, 'e'));
	assert_false(buf_byte(&b, 'f'));
	assert_true(span_equal(buf_span(&b), SPAN_OF("abcde")));
	buf_free(&b);
}

static void
a_buffer_without_cap_holds_nothing(void **state)
{
	struct buf b = buf_with_cap(0);

	(void)state;
	assert_false(buf_byte(&b, 'a'));
	assert_true(buf_append(&b, SPAN_NONE));
	buf_free(&b);
}

/* What is taken makes room, also where the memory must not grow for it. */
static void
taking_makes_room(void **state)
{
	struct buf b = buf_with_cap(300);
	uint8_t next = 0, expected = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		while (buf_byte(&b, next))
			next++;
		assert_int_equal(buf_len(&b), 300);
		size_t n = (size_t)(round * 7) % 301;
		for (size_t i = 0; i < n; i++, expected++)
			assert_int_equal(buf_span(&b).p[i], expected);
		buf_taken(&b, n);
	}
	assert_true(b.size <= 1024);
	buf_free(&b);
}

static void
room_counts_only_what_was_added(void **state)
{
	struct buf b = buf_with_cap(64);
	uint8_t *room = buf_room(&b, 10);

	(void)state;
	assert_non_null(room);
	room[0] = 'x';
	buf_added(&b, 1);
	assert_true(span_equal(buf_span(&b), SPAN_OF("x")));
	buf_free(&b);
}

static void
a_buffer_grows_as_needed(void **state)
{
	struct buf b = buf_with_cap(1 << 20);

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		assert_true(buf_be32(&b, i));
	struct cursor c = cursor_of(buf_span(&b));
	for (uint32_t i = 0, n; i < 100000; i++) {
		assert_true(cursor_be32(&c, &n));
		assert_int_equal(n, i);
	}
	assert_int_equal(cursor_left(&c), 0);
	buf_free(&b);
}

static void
a_freed_buffer_can_be_used_again(void **state)
{
	struct buf b = buf_with_cap(4);

	(void)state;
	assert_true(buf_append(&b, SPAN_OF("abcd")));
	buf_free(&b);
	assert_true(buf_append(&b, SPAN_OF("efgh")));
	assert_false(buf_byte(&b, 'i'));
	buf_wipe(&b);
	assert_int_equal(b.cap, 4);
	buf_wipe(&b);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_added_is_held_in_order),
	    cmocka_unit_test(the_cap_is_never_passed),
	    cmocka_unit_test(a_buffer_without_cap_holds_nothing),
	    cmocka_unit_test(taking_makes_room),
	    cmocka_unit_test(room_counts_only_what_was_added),
	    cmocka_unit_test(a_buffer_grows_as_needed),
	    cmocka_unit_test(a_freed_buffer_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
