#include "unit.h"

#include <errno.h>
#include <string.h>

static void
no_text_is_no_error(void **state)
{
	(void)state;
	assert_false(failed(ERR_NONE));
	assert_true(failed(err_new("x")));
}

/* A maker of errors cannot, by a slip, say that all is well. */
static void
an_error_without_text_is_still_one(void **state)
{
	const char *nothing = "";

	(void)state;
	assert_true(failed(err_new("%s", nothing)));
	errno = ENOENT;
	assert_true(failed(err_sys("%s", nothing)));
}

static void
an_error_of_the_system_says_what_errno_means(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_string_equal(err_sys("open %s", "x").text, "open x: No such file or directory");
}

static void
where_it_happened_is_put_before_it(void **state)
{
	(void)state;
	assert_string_equal(err_in(err_new("why"), "in %d", 7).text, "in 7: why");
	assert_false(failed(err_in(ERR_NONE, "in %d", 7)));
}

static void
a_long_text_is_cut(void **state)
{
	struct err e = err_new("%*d", 2 * ERR_TEXT_MAX, 1);

	(void)state;
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	assert_int_equal(strlen(err_in(e, "in").text), ERR_TEXT_MAX - 1);
	assert_int_equal(strlen(err_in(e, "%*d", 2 * ERR_TEXT_MAX, 1).text), ERR_TEXT_MAX - 1);
	errno = ENOENT;
	assert_int_equal(strlen(err_sys("%*d", 2 * ERR_TEXT_MAX, 1).text), ERR_TEXT_MAX - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_text_is_no_error),
	    cmocka_unit_test(an_error_without_text_is_still_one),
	    cmocka_unit_test(an_error_of_the_system_says_what_errno_means),
	    cmocka_unit_test(where_it_happened_is_put_before_it),
	    cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
