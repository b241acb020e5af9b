#include "unit.h"

#include "access/outside.h"

static void
check_all(const char *const *texts, size_t count, bool outside)
{
	for (size_t i = 0; i < count; i++) {
		struct address a;

		if (!address_parse_ip(span_str(texts[i]), &a) || address_is_outside(&a) != outside)
			fail_msg("%s", texts[i]);
	}
}

static void
what_anybody_could_ask_is_outside(void **state)
{
	static const char *const texts[] = {
	    "1.1.1.1",          "9.255.255.255",  "11.0.0.0",     "100.63.255.255",
	    "100.128.0.0",      "172.15.255.255", "172.32.0.0",   "192.167.0.1",
	    "223.255.255.255",  "168.63.129.17",  "2606:4700::1", "2a00:1450:4001::1",
	    "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"};

	(void)state;
	check_all(texts, COUNT(texts), true);
}

static void
this_machine_its_networks_and_clouds_secrets_are_not(void **state)
{
	static const char *const texts[] = {"0.0.0.0",
					    "10.0.0.1",
					    "10.255.255.255",
					    "100.64.0.1",
					    "100.100.100.200",
					    "127.0.0.1",
					    "127.255.255.255",
					    "168.63.129.16",
					    "169.254.169.254",
					    "172.16.0.1",
					    "172.31.255.255",
					    "192.0.0.192",
					    "192.0.2.1",
					    "192.168.0.1",
					    "198.18.0.1",
					    "198.51.100.1",
					    "203.0.113.1",
					    "224.0.0.1",
					    "240.0.0.1",
					    "255.255.255.255",
					    "::",
					    "::1",
					    "::ffff:127.0.0.1",
					    "::ffff:10.1.2.3",
					    "::127.0.0.1",
					    "fe80::1",
					    "fec0::1",
					    "fc00::1",
					    "fd00:ec2::254",
					    "ff02::1",
					    "2001:db8::1",
					    "2001::1",
					    "2002:7f00:1::",
					    "64:ff9b::10.0.0.1",
					    "64:ff9b::127.0.0.1",
					    "64:ff9b:1::1",
					    "100::1",
					    "4000::1"};

	(void)state;
	check_all(texts, COUNT(texts), false);
	assert_false(address_is_outside(&(struct address){0}));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_anybody_could_ask_is_outside),
	    cmocka_unit_test(this_machine_its_networks_and_clouds_secrets_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
