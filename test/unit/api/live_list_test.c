/* Lists of what lives in memory, page by page. */
#include "api/live_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "unit.h"

#define MANY 10000

struct thing {
	int64_t id, size;
	const char *name;
};

static int64_t
id_of(const void *row)
{
	return ((const struct thing *)row)->id;
}

static int64_t
size_of(const void *row)
{
	return ((const struct thing *)row)->size;
}

static const char *
name_of(const void *row, struct arena *memory)
{
	(void)memory;
	return ((const struct thing *)row)->name;
}

static const struct live_sort sorts[] = {
    {.name = "id", .number = id_of},
    {.name = "size", .number = size_of},
    {.name = "name", .text = name_of},
    {.name = NULL},
};
static const struct live_list things = {sizeof(struct thing), id_of, sorts};

struct scene {
	struct arena *memory;
	struct thing all[MANY + 1];
	size_t count;
};

/* Names and sizes that many share, some of none, in an order of nobody's. */
static int
scene_begin(void **state)
{
	static const char *const names[] = {"una",
					    "otto",
					    NULL,
					    "",
					    "\x1f",
					    "a\x1f"
					    "7",
					    "Una"};
	struct scene *s = *state = MEM_NEW(struct scene);

	s->memory = arena_new();
	for (; s->count < 50; s->count++)
		s->all[s->count] = (struct thing){.id = (int64_t)(1 + s->count * 37 % 50),
						  .size = (int64_t)(s->count % 4) - 2,
						  .name = names[s->count % COUNT(names)]};
	return 0;
}

static int
scene_end(void **state)
{
	struct scene *s = *state;

	arena_free(s->memory);
	free(s);
	return 0;
}

/* The page, of which texts live as long as the scene. */
static struct outcome
ask(struct scene *s, const struct page *page, struct thing **at, size_t *count, const char **next)
{
	void *rows = s->all;
	struct outcome o;

	*count = s->count;
	o = live_list_page(&things, page, s->memory, &rows, count, next);
	*at = rows;
	return o;
}

static int
compare(const struct thing *a, const struct thing *b, const char *sort)
{
	int by = 0;

	if (strcmp(sort, "size") == 0)
		by = (a->size > b->size) - (a->size < b->size);
	if (strcmp(sort, "name") == 0)
		by = strcmp(a->name != NULL ? a->name : "", b->name != NULL ? b->name : "");
	return by != 0 ? by : (a->id > b->id) - (a->id < b->id);
}

/* All pages, one after the other; `between` is done to the list after each. */
static size_t
walk(struct scene *s, struct page page, void (*between)(struct scene *s, const struct thing *last))
{
	const char *next = NULL;
	struct thing last = {.id = 0};
	size_t seen = 0;

	do {
		struct thing *at;
		size_t count;

		page.after = next;
		assert_false(refused(ask(s, &page, &at, &count, &next)));
		for (size_t i = 0; i < count; last = at[i++])
			if (seen++ > 0)
				assert_true((compare(&last, &at[i], page.sort) < 0) !=
					    page.descending);
		if (between != NULL)
			between(s, &last);
	} while (next != NULL);
	return seen;
}

static void
pages_have_each_row_once_however_sorted(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; sorts[i].name != NULL; i++)
		for (unsigned limit = 1; limit <= 51; limit++)
			for (int descending = 0; descending < 2; descending++)
				assert_int_equal(s->count,
						 walk(s,
						      (struct page){.sort = sorts[i].name,
								    .limit = limit,
								    .descending = descending != 0},
						      NULL));
}

/* The row where the page ended goes, and one comes that stood before it. */
static void
replace_last(struct scene *s, const struct thing *last)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->all[i].id == last->id)
			s->all[i] = (struct thing){.id = last->id, .size = -9, .name = ""};
}

static void
a_page_goes_on_though_rows_come_and_go(void **state)
{
	struct scene *s = *state;

	assert_int_equal(s->count,
			 walk(s, (struct page){.sort = "size", .limit = 1}, replace_last));
}

static void
without_a_word_the_first_column_sorts(void **state)
{
	struct scene *s = *state;
	struct thing *at;
	const char *next;
	size_t count;

	assert_false(refused(ask(s, &(struct page){.limit = 3}, &at, &count, &next)));
	assert_int_equal(3, count);
	assert_int_equal(1, at[0].id);
	assert_non_null(next);
	assert_false(
	    refused(ask(s, &(struct page){.limit = 3, .descending = true}, &at, &count, &next)));
	assert_int_equal(50, at[0].id);
	s->count = 0;
	assert_false(refused(ask(s, &(struct page){.limit = 3}, &at, &count, &next)));
	assert_int_equal(0, count);
	assert_null(next);
}

static void
what_is_no_column_and_no_place_is_refused(void **state)
{
	static const char *const afters[] = {"",
					     "7",
					     "\x1f"
					     "7",
					     "x\x1f"
					     "7",
					     "7\x1f",
					     "7\x1fx",
					     "-\x1f"
					     "7",
					     "99999999999999999999\x1f"
					     "7"};
	struct scene *s = *state;
	struct thing *at;
	const char *next;
	size_t count;
	struct outcome o =
	    ask(s, &(struct page){.sort = "password", .limit = 1}, &at, &count, &next);

	assert_int_equal(OUTCOME_INVALID, o.kind);
	assert_string_equal("sort", o.field);
	for (size_t i = 0; i < COUNT(afters); i++) {
		o = ask(s, &(struct page){.sort = "size", .after = afters[i], .limit = 1}, &at,
			&count, &next);
		assert_int_equal(OUTCOME_INVALID, o.kind);
		assert_string_equal("after", o.field);
	}
}

static void
addresses_sort_as_numbers_do(void **state)
{
	/* In their order. */
	static const char *const samples[] = {
	    NULL,         "9.0.0.1",          "10.0.0.2:80",       "10.0.0.2:443",
	    "10.0.0.10",  "[2001:db8::9]:80", "[2001:db8::10]:80", "2001:db8:1::",
	    "no address",
	};
	struct scene *s = *state;

	for (size_t i = 1; i < COUNT(samples); i++)
		if (strcmp(live_address(samples[i - 1], s->memory),
			   live_address(samples[i], s->memory)) >= 0)
			fail_msg("%s is not after %s", samples[i], samples[i - 1]);
}

static void
sums_of_bytes_do_not_overflow(void **state)
{
	(void)state;
	assert_true(live_bytes(3, 4) == 7);
	assert_true(live_bytes(INT64_MAX, 1) == INT64_MAX);
	assert_true(live_bytes(INT64_MAX, INT64_MAX) == INT64_MAX);
}

/* A second is many times what it takes, also with sanitizers. */
static void
ten_thousand_rows_are_quick(void **state)
{
	struct scene *s = *state;
	struct thing *at;
	const char *next;
	size_t count;
	int64_t began = clock_ms();

	for (s->count = 0; s->count < MANY; s->count++)
		s->all[s->count] =
		    (struct thing){.id = (int64_t)s->count + 1,
				   .name = arena_printf(s->memory, "%zu", s->count * 7919 % MANY)};
	assert_false(
	    refused(ask(s, &(struct page){.sort = "name", .limit = 100}, &at, &count, &next)));
	assert_string_equal("0", at[0].name);
	assert_int_equal(100, count);
	assert_true(clock_ms() - began < 1000);
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(pages_have_each_row_once_however_sorted),
	    scene_test(a_page_goes_on_though_rows_come_and_go),
	    scene_test(without_a_word_the_first_column_sorts),
	    scene_test(what_is_no_column_and_no_place_is_refused),
	    scene_test(addresses_sort_as_numbers_do),
	    scene_test(sums_of_bytes_do_not_overflow),
	    scene_test(ten_thousand_rows_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
