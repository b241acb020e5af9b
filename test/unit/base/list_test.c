#include "unit.h"

#include <string.h>

#include "base/list.h"

struct item {
	int number;
	struct list link;
};

/* The numbers in order, and the same backwards, or it fails. */
static void
expect(const struct list *l, const char *numbers)
{
	char forwards[16] = "", backwards[16] = "";
	size_t n = 0;

	for (struct list *at = l->next; at != l; at = at->next)
		forwards[n++] = (char)('0' + container_of(at, struct item, link)->number);
	for (struct list *at = l->prev; at != l; at = at->prev)
		backwards[--n] = (char)('0' + container_of(at, struct item, link)->number);
	assert_int_equal(n, 0);
	assert_string_equal(forwards, numbers);
	assert_string_equal(backwards, numbers);
	assert_int_equal(list_empty(l), numbers[0] == '\0');
}

static void
elements_stay_in_the_order_they_came(void **state)
{
	struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
	struct list l;

	(void)state;
	list_init(&l);
	expect(&l, "");
	for (size_t i = 0; i < COUNT(items); i++)
		list_append(&l, &items[i].link);
	expect(&l, "012");
	list_remove(&items[1].link);
	expect(&l, "02");
	list_append(&l, &items[1].link);
	expect(&l, "021");
	list_remove(&items[1].link);
	list_remove(&items[0].link);
	list_remove(&items[2].link);
	expect(&l, "");
}

static void
an_element_knows_whether_it_is_in_a_list(void **state)
{
	struct item item = {.number = 1};
	struct list l;

	(void)state;
	list_init(&l);
	assert_false(list_linked(&item.link));
	list_append(&l, &item.link);
	assert_true(list_linked(&item.link));
	list_remove(&item.link);
	assert_false(list_linked(&item.link));
}

static void
removing_twice_is_harmless(void **state)
{
	struct item a = {.number = 1}, b = {.number = 2};
	struct list l;

	(void)state;
	list_init(&l);
	list_remove(&a.link);
	list_remove(&l);
	list_append(&l, &a.link);
	list_append(&l, &b.link);
	list_remove(&a.link);
	list_remove(&a.link);
	expect(&l, "2");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elements_stay_in_the_order_they_came),
	    cmocka_unit_test(an_element_knows_whether_it_is_in_a_list),
	    cmocka_unit_test(removing_twice_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
