/* Which network a new VPN gets. */
#include "unit.h"

#include "cli/network.h"
#include "config/config.h"

static struct machine_route
route(const char *to)
{
	struct machine_route r = {.device = "eth0"};

	assert_true(network_parse(span_str(to), &r.to));
	return r;
}

static void
whatever_is_chosen_meets_no_route(void **state)
{
	const struct machine_route routes[] = {
	    route("0.0.0.0/0"),    route("::/0"),          route("192.168.1.0/24"),
	    route("10.64.0.0/11"), route("10.100.3.0/24"), route("10.200.0.7/32"),
	};

	(void)state;
	for (unsigned start = 0; start < 256; start++) {
		struct network net;

		assert_true(network_pick(routes, COUNT(routes), start, &net));
		assert_int_equal(20, net.bits);
		assert_int_equal(10, net.base.ip[0]);
		for (size_t i = 2; i < COUNT(routes); i++)
			assert_false(config_networks_meet(&routes[i].to, &net));
	}
}

static void
another_start_is_another_network(void **state)
{
	struct network a, b;

	(void)state;
	assert_true(network_pick(NULL, 0, 1, &a));
	assert_true(network_pick(NULL, 0, 2, &b));
	assert_false(address_equal(&a.base, &b.base));
}

static void
what_is_rarer_is_taken_when_all_else_is_routed(void **state)
{
	const struct machine_route routes[] = {route("10.0.0.0/8"), route("172.16.0.0/12"),
					       route("100.64.0.0/10")};
	struct network net;

	(void)state;
	assert_true(network_pick(routes, 1, 7, &net));
	assert_int_equal(172, net.base.ip[0]);
	assert_true(network_pick(routes, 2, 7, &net));
	assert_int_equal(100, net.base.ip[0]);
	assert_false(network_pick(routes, 3, 7, &net));
}

/* It is written into the file as it is printed. */
static void
every_choice_is_a_good_configuration_without_a_warning(void **state)
{
	const struct config_defaults defaults = {"/etc/sallyport/sallyport.conf", true};
	const struct machine_route ten = route("10.0.0.0/8");

	(void)state;
	for (unsigned start = 0; start < 512; start++) {
		struct buf text = buf_with_cap(1024), errors = buf_with_cap(4096);
		char shown[NETWORK_TEXT_MAX];
		struct network net;

		assert_true(network_pick(&ten, start % 2, start / 2, &net));
		assert_true(buf_printf(&text, "vpn { network %s }\n", network_text(&net, shown)));
		struct config *c = config_read(buf_span(&text), &defaults, &errors);
		assert_non_null(c);
		assert_int_equal(0, c->warning_count);
		config_free(c);
		buf_free(&text);
		buf_free(&errors);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_is_chosen_meets_no_route),
	    cmocka_unit_test(another_start_is_another_network),
	    cmocka_unit_test(what_is_rarer_is_taken_when_all_else_is_routed),
	    cmocka_unit_test(every_choice_is_a_good_configuration_without_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
