#include "unit.h"

#include <stdlib.h>

#include "http/h2_inner.h"

#define FRAME 16394 /* what nghttp2 asks for */
#define MAP   4096

static int
set_up(void **state)
{
	struct h2_memory *m = calloc(1, sizeof *m);

	assert_non_null(m);
	assert_true(h2_memory_begin(m));
	*state = m;
	return 0;
}

static int
tear_down(void **state)
{
	h2_memory_end(*state);
	free(*state);
	h2_memory_thread_end();
	return 0;
}

static void *
get(struct h2_memory *m, size_t size)
{
	void *p = m->calls.malloc(size, m->calls.mem_user_data);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	return p;
}

static void
put(struct h2_memory *m, void *p)
{
	m->calls.free(p, m->calls.mem_user_data);
}

static void
assert_all(const void *p, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(((const uint8_t *)p)[i], value);
}

static const size_t sizes[] = {1, 15, 16, 17, 240, 1008, 1009, 5000, 8193, FRAME, 20480, 30000};

static void
what_is_resized_keeps_what_it_held(void **state)
{
	struct h2_memory *m = *state;

	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < COUNT(sizes); k++) {
			uint8_t *p = memset(get(m, sizes[i]), 'x', sizes[i]);
			size_t common = sizes[i] < sizes[k] ? sizes[i] : sizes[k];

			p = m->calls.realloc(p, sizes[k], m->calls.mem_user_data);
			assert_non_null(p);
			assert_all(p, common, 'x');
			memset(p, 'y', sizes[k]);
			put(m, p);
		}
	put(m, m->calls.realloc(NULL, 100, m->calls.mem_user_data));
	put(m, NULL);
}

/* Also what was in use before. */
static void
zeroed_memory_is_zero(void **state)
{
	static const size_t counts[] = {1, 10, MAP / 16, MAP};
	struct h2_memory *m = *state;

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(counts); i++) {
			void *p = m->calls.calloc(counts[i], 16, m->calls.mem_user_data);

			assert_non_null(p);
			assert_all(p, counts[i] * 16, 0);
			memset(p, 'x', counts[i] * 16);
			put(m, p);
		}
	assert_null(m->calls.calloc(SIZE_MAX / 8, 16, m->calls.mem_user_data));
}

static void
no_two_have_the_same_memory(void **state)
{
	struct h2_memory *m = *state;
	uint8_t *all[2 * COUNT(sizes)];

	for (size_t i = 0; i < COUNT(all); i++)
		all[i] = memset(get(m, sizes[i / 2]), (int)i, sizes[i / 2]);
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_all(all[i], sizes[i / 2], (uint8_t)i);
		put(m, all[i]);
	}
}

/* Many more than are kept. */
static void
blocks_come_and_go(void **state)
{
	struct h2_memory *m = *state;
	uint8_t *all[300];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(all); i++)
			all[i] = memset(get(m, 152), (int)i, 152);
		for (size_t i = 0; i < COUNT(all); i++) {
			assert_all(all[i], 152, (uint8_t)i);
			put(m, all[i]);
		}
	}
}

static void
who_rests_keeps_streams_and_forgets_frames(void **state)
{
	struct h2_memory *m = *state;
	uint8_t *frame = memset(get(m, FRAME), 'x', FRAME);
	uint8_t *map = m->calls.calloc(MAP / 16, 16, m->calls.mem_user_data);

	map[MAP - 1] = 1;
	h2_memory_rest(m);
	assert_all(frame, FRAME, 0);
	assert_all(map, MAP - 1, 0);
	assert_int_equal(map[MAP - 1], 1);
	map[MAP - 1] = 0;
	h2_memory_rest(m);
	assert_all(map, MAP, 0);
	put(m, frame);
	put(m, map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_resized_keeps_what_it_held, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(zeroed_memory_is_zero, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_two_have_the_same_memory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(blocks_come_and_go, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_rests_keeps_streams_and_forgets_frames, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
