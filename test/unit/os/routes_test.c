#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "network.h"
#include "os/routes.h"

/* How often it is there. */
static size_t
count_of(const char *to, const char *device, const char *except)
{
	struct machine_route *routes;
	char text[NETWORK_TEXT_MAX];
	size_t count, found = 0;

	assert_ok(routes_list(except, &routes, &count));
	for (size_t i = 0; i < count; i++)
		found += strcmp(network_text(&routes[i].to, text), to) == 0 &&
			 strcmp(routes[i].device, device) == 0;
	free(routes);
	return found;
}

static void
an_empty_machine_has_none(void **state)
{
	struct machine_route *routes;
	size_t count;

	(void)state;
	assert_ok(routes_list(NULL, &routes, &count));
	assert_int_equal(count, 0);
	free(routes);
}

static void
routes_are_told_with_their_devices(void **state)
{
	(void)state;
	network_run("ip link add d0 type veth peer e0 && ip link set d0 up && ip link set e0 up && "
		    "ip addr add 192.0.2.1/25 dev d0 && ip addr add 2001:db8::1/48 dev d0 nodad && "
		    "ip link add d1 type veth peer e1 && ip link set d1 up && ip link set e1 up && "
		    "ip addr add 198.51.100.1/24 dev d1 && "
		    "ip route add default via 192.0.2.2 && ip -6 route add default dev d1");
	assert_int_equal(count_of("192.0.2.0/25", "d0", NULL), 1);
	assert_int_equal(count_of("2001:db8::/48", "d0", NULL), 1);
	assert_int_equal(count_of("198.51.100.0/24", "d1", NULL), 1);
	assert_int_equal(count_of("0.0.0.0/0", "d0", NULL), 1);
	assert_int_equal(count_of("::/0", "d1", NULL), 1);
	assert_int_equal(count_of("0.0.0.0/0", "d1", NULL), 0);
}

static void
one_device_can_be_left_out(void **state)
{
	(void)state;
	assert_int_equal(count_of("192.0.2.0/25", "d0", "d0"), 0);
	assert_int_equal(count_of("198.51.100.0/24", "d1", "d0"), 1);
}

static void
what_leads_nowhere_is_no_way(void **state)
{
	(void)state;
	network_run("ip route add blackhole 203.0.113.0/24 && "
		    "ip route add unreachable 203.0.113.128/25 && "
		    "ip route add 10.1.0.0/16 dev d0 table 77");
	assert_int_equal(count_of("203.0.113.0/24", "d0", NULL), 0);
	assert_int_equal(count_of("10.1.0.0/16", "d0", NULL), 0);
	assert_int_equal(count_of("192.0.2.1", "lo", NULL), 0); /* of the local table */
}

static void
a_route_by_several_ways_has_each(void **state)
{
	(void)state;
	network_run("ip route add 10.2.0.0/16 nexthop via 192.0.2.9 dev d0 "
		    "nexthop via 198.51.100.9 dev d1");
	assert_int_equal(count_of("10.2.0.0/16", "d0", NULL), 1);
	assert_int_equal(count_of("10.2.0.0/16", "d1", NULL), 1);
}

static void
more_than_fits_an_answer_is_told(void **state)
{
	struct machine_route *routes;
	size_t count;

	(void)state;
	network_run("for i in $(seq 0 9) ; do for k in $(seq 1 200); do "
		    "echo route add 10.20$i.$k.0/24 dev d1; done; done | ip -batch -");
	assert_ok(routes_list(NULL, &routes, &count));
	assert_true(count > 2000);
	free(routes);
	assert_int_equal(count_of("10.209.200.0/24", "d1", NULL), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_machine_has_none),
	    cmocka_unit_test(routes_are_told_with_their_devices),
	    cmocka_unit_test(one_device_can_be_left_out),
	    cmocka_unit_test(what_leads_nowhere_is_no_way),
	    cmocka_unit_test(a_route_by_several_ways_has_each),
	    cmocka_unit_test(more_than_fits_an_answer_is_told),
	};

	return network_of_our_own() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
