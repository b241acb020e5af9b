#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "network.h"
#include "os/nft.h"

#define LIST_MAX (1 << 20)

static bool
is_listed(const char *text)
{
	struct buf list = buf_with_cap(LIST_MAX);

	assert_ok(nft_list(&list));
	assert_true(buf_byte(&list, '\0'));
	bool found = strstr((const char *)buf_span(&list).p, text) != NULL;
	buf_free(&list);
	return found;
}

static void
commands_are_carried_out(void **state)
{
	(void)state;
	assert_ok(nft_run("table inet hall { chain door { type filter hook forward priority 0; "
			  "policy drop; iifname \"sally0\" accept comment \"ours\"; }; }"));
	assert_true(is_listed("\"name\": \"hall\""));
	assert_true(is_listed("\"comment\": \"ours\""));
	assert_true(is_listed("\"handle\":"));
	assert_true(is_listed("\"policy\": \"drop\""));
	assert_ok(nft_run("delete table inet hall"));
	assert_false(is_listed("\"hall\""));
}

static void
all_of_them_or_none(void **state)
{
	(void)state;
	assert_fails(nft_run("add table inet hall\nadd chain inet nowhere door\n"));
	assert_false(is_listed("\"hall\""));
}

static void
a_refusal_says_why(void **state)
{
	struct err e = nft_run("delete table inet nowhere");

	(void)state;
	assert_non_null(strstr(e.text, "No such file or directory"));
	assert_null(strchr(e.text, '\n'));
	assert_fails(nft_run("make tea"));
}

static void
a_list_that_does_not_fit_is_an_error(void **state)
{
	struct buf list = buf_with_cap(20);

	(void)state;
	assert_fails(nft_list(&list));
	assert_int_equal(buf_len(&list), 0);
	buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands_are_carried_out),
	    cmocka_unit_test(all_of_them_or_none),
	    cmocka_unit_test(a_refusal_says_why),
	    cmocka_unit_test(a_list_that_does_not_fit_is_an_error),
	};

	return network_of_our_own() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
