#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
is_zero(const void *p, size_t n)
{
	const uint8_t *bytes = p;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void
new_memory_is_zero_and_never_null(void **state)
{
	void *some = mem_new(1000), *none = mem_new(0);

	(void)state;
	assert_true(is_zero(some, 1000));
	assert_non_null(none);
	free(some);
	free(none);
}

static void
an_array_keeps_its_elements_as_it_grows(void **state)
{
	struct pair {
		int a, b;
	} *pairs = NULL;
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct pair *p = MEM_PUSH(pairs, count);

		assert_true(is_zero(p, sizeof *p));
		*p = (struct pair){i, -i};
	}
	assert_int_equal(count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pairs[i].a + pairs[i].b, 0);
	assert_int_equal(pairs[999].a, 999);
	free(pairs);
}

static void
a_secret_is_overwritten_when_the_arena_lets_go_of_it(void **state)
{
	struct arena *a = arena_new();
	char *other = arena_copy(a, SPAN_OF("known")), *secret = arena_copy(a, SPAN_OF("hunter2"));

	(void)state;
	arena_wipes(a, secret);
	assert_string_equal(secret, "hunter2");
	arena_reset(a); /* which keeps the block that they are in */
	assert_true(is_zero(secret, strlen("hunter2")));
	assert_string_equal(other, "known");
	arena_free(a);
}

static void
pieces_of_an_arena_do_not_overlap(void **state)
{
	struct arena *a = arena_new();
	uint8_t *pieces[600];

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		pieces[i] = arena_get(a, i);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		assert_true(is_zero(pieces[i], i));
		memset(pieces[i], (int)(i & 0xFF), i);
	}
	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i & 0xFF);
	arena_free(a);
}

static void
a_piece_may_be_larger_than_a_block(void **state)
{
	struct arena *a = arena_new();
	uint8_t *large = arena_get(a, 1 << 20), *small = arena_get(a, 16);

	(void)state;
	assert_true(is_zero(large, 1 << 20));
	memset(large, 1, 1 << 20);
	assert_true(is_zero(small, 16));
	arena_free(a);
}

static void
an_arena_is_as_new_when_reset(void **state)
{
	struct arena *a = arena_new();
	void *first = arena_get(a, 64);

	(void)state;
	memset(first, 0xFF, 64);
	for (int i = 0; i < 100; i++)
		memset(arena_get(a, 1000), 0xFF, 1000);
	arena_reset(a);
	uint8_t *again = arena_get(a, 64);
	assert_ptr_equal(again, first);
	assert_true(is_zero(again, 64));
	arena_reset(a);
	arena_reset(a);
	arena_free(a);
	arena_free(NULL);
}

static void
copies_end_with_a_nul(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(arena_copy(a, SPAN_OF("abc")), "abc");
	assert_string_equal(arena_copy(a, SPAN_NONE), "");
	assert_string_equal(arena_printf(a, "%s-%d", "x", 42), "x-42");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	assert_int_equal(strlen(arena_printf(a, "%*d", 9000, 1)), 9000);
	arena_free(a);
}

static void
an_array_in_an_arena_keeps_its_elements_too(void **state)
{
	struct arena *a = arena_new();
	size_t count = 0;
	int *n = NULL;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int *p = ARENA_PUSH(a, n, count);

		assert_int_equal(*p, 0);
		*p = i;
	}
	for (int i = 0; i < 3000; i++)
		assert_int_equal(n[i], i);
	arena_free(a);
}

static char order[8];

static void
note(void *letter)
{
	strncat(order, letter, 1);
}

static void
what_was_deferred_is_called_once_and_last_first(void **state)
{
	struct arena *a = arena_new();
	char letters[] = "abc";

	(void)state;
	arena_defer(a, note, letters);
	arena_get(a, 5000);
	arena_defer(a, note, letters + 1);
	arena_reset(a);
	assert_string_equal(order, "ba");
	arena_defer(a, note, letters + 2);
	arena_free(a);
	assert_string_equal(order, "bac");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_memory_is_zero_and_never_null),
	    cmocka_unit_test(an_array_keeps_its_elements_as_it_grows),
	    cmocka_unit_test(a_secret_is_overwritten_when_the_arena_lets_go_of_it),
	    cmocka_unit_test(pieces_of_an_arena_do_not_overlap),
	    cmocka_unit_test(a_piece_may_be_larger_than_a_block),
	    cmocka_unit_test(an_arena_is_as_new_when_reset),
	    cmocka_unit_test(copies_end_with_a_nul),
	    cmocka_unit_test(an_array_in_an_arena_keeps_its_elements_too),
	    cmocka_unit_test(what_was_deferred_is_called_once_and_last_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
