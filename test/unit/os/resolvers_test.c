#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "os/resolvers.h"

#define MOST 4

/* Their addresses, one after another. */
static void
assert_read(const char *text, const char *expected)
{
	struct address at[MOST];
	char found[MOST * ADDRESS_TEXT_MAX] = "", one[ADDRESS_TEXT_MAX];
	size_t count = resolvers_read(span_str(text), at, MOST);

	for (size_t i = 0, len = 0; i < count; i++)
		len += (size_t)snprintf(found + len, sizeof found - len, "%s%s", i > 0 ? " " : "",
					address_ip_text(&at[i], one));
	assert_string_equal(found, expected);
}

static void
servers_are_read_in_order(void **state)
{
	(void)state;
	assert_read("# made by hand\nsearch example.org\nnameserver 192.0.2.1\n"
		    "nameserver\t2001:db8::53 \noptions edns0\n",
		    "192.0.2.1 2001:db8::53");
	assert_read("  nameserver 192.0.2.1", "192.0.2.1");
}

static void
a_stub_of_this_machine_is_nobodys(void **state)
{
	(void)state;
	assert_read("nameserver 127.0.0.53\nnameserver ::1\n", "");
	assert_read("nameserver 127.0.0.53\nnameserver 192.0.2.1\n", "192.0.2.1");
	assert_read("nameserver ::ffff:127.0.0.1\n", "");
}

static void
what_is_no_server_is_passed_over(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read("\n\n\n", "");
	assert_read("nameserver\n", "");
	assert_read("nameserver fe80::1%eth0\nnameserver 1.2.3\nnameserver dns.example.org\n", "");
	assert_read("nameservers 192.0.2.1\n;nameserver 192.0.2.1\n", "");
}

static void
no_more_are_read_than_there_is_room_for(void **state)
{
	(void)state;
	assert_read("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n"
		    "nameserver 10.0.0.4\nnameserver 10.0.0.5\n",
		    "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(servers_are_read_in_order),
	    cmocka_unit_test(a_stub_of_this_machine_is_nobodys),
	    cmocka_unit_test(what_is_no_server_is_passed_over),
	    cmocka_unit_test(no_more_are_read_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
