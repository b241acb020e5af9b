#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/holder.h"
#include "os/sock.h"

static struct address
at(uint8_t family, uint8_t last, uint16_t port)
{
	const uint8_t v4[4] = {127, 0, 0, last}, v6[16] = {[15] = last};
	const uint8_t any[16] = {0};

	if (last == 0)
		return family == 4 ? address_v4(any, port) : address_v6(any, port);
	return family == 4 ? address_v4(v4, port) : address_v6(v6, port);
}

static bool
is_held_by_us(struct address where)
{
	char text[192], expected[64];

	snprintf(expected, sizeof expected, "test-os-holder (pid %d", getpid());
	if (!holder_of_tcp(&where, text, sizeof text))
		return false;
	/* The kernel keeps 15 characters of a name. */
	assert_memory_equal(text, expected, strlen(expected));
	return true;
}

static void
a_listener_is_found_by_its_address_and_port(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct address one = at(family, 1, 0);
		int fd;

		assert_ok(sock_listen_tcp(&one, &fd));
		sock_local(fd, &one);
		assert_true(is_held_by_us(one));
		assert_true(is_held_by_us(at(family, 0, one.port)));
		assert_false(is_held_by_us(at(family, 2, one.port)));
		close(fd);
		assert_false(is_held_by_us(one));
	}
}

static void
a_listener_on_all_addresses_holds_each(void **state)
{
	struct address all = at(4, 0, 0);
	int fd;

	(void)state;
	assert_ok(sock_listen_tcp(&all, &fd));
	sock_local(fd, &all);
	assert_true(is_held_by_us(at(4, 1, all.port)));
	close(fd);
}

static void
a_connection_is_no_listener(void **state)
{
	struct address one = at(4, 1, 0), local, peer;
	int listener, fd, accepted;

	(void)state;
	assert_ok(sock_listen_tcp(&one, &listener));
	sock_local(listener, &one);
	assert_ok(sock_connect_tcp(&one, &fd));
	while ((accepted = sock_accept(listener, &peer)) < 0)
		continue;
	sock_local(fd, &local);
	assert_false(is_held_by_us(local));
	close(listener);
	close(fd);
	close(accepted);
}

static void
a_text_too_long_is_cut(void **state)
{
	struct address one = at(4, 1, 0);
	char text[8];
	int fd;

	(void)state;
	assert_ok(sock_listen_tcp(&one, &fd));
	sock_local(fd, &one);
	assert_true(holder_of_tcp(&one, text, sizeof text));
	assert_int_equal(strlen(text), 7);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_listener_is_found_by_its_address_and_port),
	    cmocka_unit_test(a_listener_on_all_addresses_holds_each),
	    cmocka_unit_test(a_connection_is_no_listener),
	    cmocka_unit_test(a_text_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
