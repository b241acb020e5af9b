#include "unit.h"

#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>

#include "network.h"
#include "os/sock.h"
#include "os/tun.h"

static struct address
ip(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static void
close_all(const int *queues, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(queues[i]);
}

static void
the_first_free_number_names_it(void **state)
{
	char first[TUN_NAME], second[TUN_NAME];
	int a, b;

	(void)state;
	assert_ok(tun_make("sally%d", 1, &a, first));
	assert_ok(tun_make("sally%d", 1, &b, second));
	assert_string_equal(first, "sally0");
	assert_string_equal(second, "sally1");
	close(a);
	close(b);
}

static void
it_is_gone_with_its_last_queue(void **state)
{
	char name[TUN_NAME];
	int queues[3];

	(void)state;
	assert_ok(tun_make("sally%d", COUNT(queues), queues, name));
	close_all(queues, 2);
	assert_int_not_equal(if_nametoindex(name), 0);
	close(queues[2]);
	assert_int_equal(if_nametoindex(name), 0);
}

static void
one_that_was_removed_is_not_there(void **state)
{
	char name[TUN_NAME];
	int queues[2];

	(void)state;
	assert_ok(tun_make("sally%d", COUNT(queues), queues, name));
	assert_string_equal(name, "sally0");
	for (size_t i = 0; i < COUNT(queues); i++)
		assert_true(tun_is_there(queues[i]));
	network_run("ip link set sally0 up && ip link set sally0 down");
	for (size_t i = 0; i < COUNT(queues); i++)
		assert_true(tun_is_there(queues[i]));
	network_run("ip link del sally0");
	for (size_t i = 0; i < COUNT(queues); i++)
		assert_false(tun_is_there(queues[i]));
	close_all(queues, COUNT(queues));
}

static void
this_machine_has_the_device(void **state)
{
	(void)state;
	assert_ok(tun_look());
}

static void
a_name_that_is_taken_makes_none(void **state)
{
	char name[TUN_NAME];
	int queues[2] = {7, 7};

	(void)state;
	assert_fails(tun_make("lo", COUNT(queues), queues, name));
	assert_string_equal(name, "");
	assert_int_equal(queues[0], -1);
	assert_int_equal(queues[1], -1);
}

static ssize_t
put(int queue, bool offloads, const void *packet, size_t len)
{
	const struct offload none = {.kind = OFFLOAD_NONE};
	const struct span parts[] = {span_of(packet, 8),
				     span_of((const char *)packet + 8, len - 8)};

	return offloads ? tun_write_super(queue, parts, COUNT(parts), &none)
			: tun_write(queue, packet, len);
}

static ssize_t
get(int queue, bool offloads, void *to, size_t len)
{
	struct offload how;

	return offloads ? tun_read_super(queue, to, len, &how) : tun_read(queue, to, len);
}

/* An answer of the kernel's own, as ping(8) would get one: in by one end, out by the other. */
static void
ask_and_answer(bool offloads)
{
	static const uint8_t echo[] = {
	    0x45, 0, 0,  28, 0, 1, 0, 0, 64, 1, 0x66, 0x18, 10, 99,
	    0,    2, 10, 99, 0, 1, 8, 0, 0,  0, 0,    0,    0,  0,
	};
	uint8_t packet[2048] = {0};
	struct address at = ip("10.99.0.1");
	char name[TUN_NAME];
	int queue;
	ssize_t n = 0;

	if (offloads)
		assert_ok(tun_make_super("sally%d", 1, &queue, name, &offloads));
	else
		assert_ok(tun_make("sally%d", 1, &queue, name));
	assert_ok(tun_address(name, &at, 24));
	assert_ok(tun_up(name, 1400));
	assert_int_equal(put(queue, offloads, "\x10nothing at all", 15), SOCK_DEAD);
	memcpy(packet, echo, sizeof echo);
	packet[22] = 0xf7; /* the checksum of an echo request with nothing in it */
	packet[23] = 0xff;
	assert_true(put(queue, offloads, packet, sizeof echo) >= (ssize_t)sizeof echo);
	/* The kernel looks for IPv6 routers there, of its own accord. */
	for (int tries = 0; tries < 2000 && (n != sizeof echo || packet[0] != 0x45); tries++) {
		n = get(queue, offloads, packet, sizeof packet);
		if (n == SOCK_AGAIN)
			usleep(1000);
	}
	assert_int_equal(n, sizeof echo);
	assert_int_equal(packet[20], 0); /* an echo reply */
	close(queue);
}

static void
packets_pass_both_ways(void **state)
{
	(void)state;
	ask_and_answer(false);
	ask_and_answer(true);
}

static void
it_has_the_addresses_and_the_mtu_it_is_given(void **state)
{
	struct address v4 = ip("10.98.0.1"), v6 = ip("fd98::1");
	char name[TUN_NAME];
	int queue;

	(void)state;
	assert_ok(tun_make("sally%d", 1, &queue, name));
	assert_ok(tun_address(name, &v4, 20));
	assert_ok(tun_address(name, &v6, 64));
	assert_ok(tun_address(name, &v4, 20)); /* again is no fault */
	assert_ok(tun_up(name, 1320));
	network_run("ip addr show sally0 | grep -q 'inet 10.98.0.1/20 '");
	network_run("ip addr show sally0 | grep -q 'inet6 fd98::1/64 '");
	network_run("! ip addr show sally0 | grep -q tentative");
	network_run("ip link show sally0 | grep -q 'mtu 1320 '");
	network_run("ip route | grep -q '10.98.0.0/20 dev sally0'");
	close(queue);
}

static void
nothing_is_done_to_one_that_is_not_there(void **state)
{
	struct address v4 = ip("10.98.0.1");

	(void)state;
	assert_fails(tun_address("sally7", &v4, 24));
	assert_fails(tun_up("sally7", 1400));
}

static void
an_mtu_out_of_range_is_refused(void **state)
{
	char name[TUN_NAME];
	int queue;

	(void)state;
	assert_ok(tun_make("sally%d", 1, &queue, name));
	assert_fails(tun_up(name, 20));
	close(queue);
}

/* Children report by their status. */
static int
without_privileges(void)
{
	char name[TUN_NAME];
	int queue;
	cap_t none = cap_init();

	if (none == NULL || cap_set_proc(none) < 0)
		return 2;
	cap_free(none);
	struct err e = tun_make("sally%d", 1, &queue, name);
	return strstr(e.text, "CAP_NET_ADMIN") != NULL && queue == -1 ? 0 : 1;
}

static void
who_may_not_is_told_what_it_takes(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(without_privileges());
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(this_machine_has_the_device),
	    cmocka_unit_test(the_first_free_number_names_it),
	    cmocka_unit_test(it_is_gone_with_its_last_queue),
	    cmocka_unit_test(one_that_was_removed_is_not_there),
	    cmocka_unit_test(a_name_that_is_taken_makes_none),
	    cmocka_unit_test(packets_pass_both_ways),
	    cmocka_unit_test(it_has_the_addresses_and_the_mtu_it_is_given),
	    cmocka_unit_test(nothing_is_done_to_one_that_is_not_there),
	    cmocka_unit_test(an_mtu_out_of_range_is_refused),
	    cmocka_unit_test(who_may_not_is_told_what_it_takes),
	};

	return network_of_our_own() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
