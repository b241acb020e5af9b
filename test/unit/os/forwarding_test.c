#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "network.h"
#include "os/forwarding.h"

static int
value_of(const char *name)
{
	int value;

	assert_true(setting_read(name, &value));
	return value;
}

static void
write_all(const struct setting *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_ok(setting_write(&list[i]));
}

static void
a_setting_is_read_and_written(void **state)
{
	struct setting s = {.name = "net/ipv4/conf/lo/forwarding", .value = 1};

	(void)state;
	s.value = !value_of(s.name);
	assert_ok(setting_write(&s));
	assert_int_equal(value_of(s.name), s.value);
	s.value = !s.value;
	assert_ok(setting_write(&s));
	assert_int_equal(value_of(s.name), s.value);
}

static void
what_is_not_there_cannot_be_had(void **state)
{
	const struct setting s = {.name = "net/ipv4/conf/nobody/forwarding", .value = 1};
	int value = 7;

	(void)state;
	assert_false(setting_read(s.name, &value));
	assert_false(setting_read("kernel/hostname", &value));
	assert_false(setting_read("net/ipv4/conf", &value));
	assert_fails(setting_write(&s));
}

static void
of_ipv4_only_the_devices_named_forward(void **state)
{
	const struct setting off = {.name = "net/ipv4/conf/all/forwarding", .value = 0};
	const char *const devices[] = {"d0", "d1"};
	struct setting *list;
	size_t count;

	(void)state;
	assert_ok(setting_write(&off));
	list = forwarding_settings(4, devices, COUNT(devices), &count);
	assert_int_equal(count, 2);
	write_all(list, count);
	free(list);
	assert_int_equal(value_of("net/ipv4/conf/d0/forwarding"), 1);
	assert_int_equal(value_of("net/ipv4/conf/d1/forwarding"), 1);
	assert_int_equal(value_of("net/ipv4/conf/d2/forwarding"), 0);
	assert_false(forwarding_is_general(4));
}

/* By force_forwarding of the device, or by one flag for all: then none stops to hear of routers. */
static void
of_ipv6_nobody_stops_to_hear_of_routers(void **state)
{
	const char *const devices[] = {"d0"};
	struct setting *list;
	size_t count;

	(void)state;
	list = forwarding_settings(6, devices, COUNT(devices), &count);
	assert_true(count > 0);
	write_all(list, count);
	free(list);
	if (forwarding_is_general(6))
		assert_int_equal(value_of("net/ipv6/conf/d2/accept_ra"), 2);
	else
		assert_int_equal(value_of("net/ipv6/conf/d2/forwarding"), 0);
}

static void
nothing_is_set_for_no_device(void **state)
{
	size_t count = 7;

	(void)state;
	assert_null(forwarding_settings(6, NULL, 0, &count));
	assert_int_equal(count, 0);
	assert_null(forwarding_settings(4, NULL, 0, &count));
	assert_int_equal(count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_setting_is_read_and_written),
	    cmocka_unit_test(what_is_not_there_cannot_be_had),
	    cmocka_unit_test(of_ipv4_only_the_devices_named_forward),
	    cmocka_unit_test(of_ipv6_nobody_stops_to_hear_of_routers),
	    cmocka_unit_test(nothing_is_set_for_no_device),
	};

	if (!network_of_our_own())
		return 0;
	network_run(
	    "for i in 0 1 2; do ip link add d$i type veth peer e$i && ip link set d$i up; done");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
