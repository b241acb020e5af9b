#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/listening.h"
#include "os/sock.h"

static const struct address anywhere = {.family = 4, .ip = {127, 0, 0, 1}};

/* How many entries there are for that place; *first is one of them. */
static size_t
count_of(const struct address *at, bool udp, struct listening *first)
{
	size_t count, found = 0;
	struct listening *all = listening_all(&count);

	for (size_t i = 0; i < count; i++)
		if (all[i].udp == udp && address_equal(&all[i].at, at) && found++ == 0)
			*first = all[i];
	free(all);
	return found;
}

static void
a_listener_is_told_with_its_process(void **state)
{
	struct address at = anywhere;
	struct listening l;
	int fd;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &fd));
	sock_local(fd, &at);
	assert_int_equal(count_of(&at, false, &l), 1);
	assert_int_equal(l.pid, getpid());
	/* The kernel keeps 15 characters of a name. */
	assert_string_equal(l.process, "test-os-listeni");
	assert_int_equal(count_of(&at, true, &l), 0);
	close(fd);
	assert_int_equal(count_of(&at, false, &l), 0);
}

static void
sockets_of_one_group_are_one_listener(void **state)
{
	struct address at = anywhere;
	struct listening l;
	int fds[3];

	(void)state;
	for (size_t i = 0; i < COUNT(fds); i++) {
		assert_ok(sock_listen_tcp(&at, &fds[i]));
		sock_local(fds[i], &at);
	}
	assert_int_equal(count_of(&at, false, &l), 1);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

static void
what_is_connected_does_not_listen(void **state)
{
	struct address at = anywhere, local;
	struct listening l;
	int listener, client;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &listener));
	sock_local(listener, &at);
	assert_ok(sock_connect_tcp(&at, &client));
	sock_local(client, &local);
	local = address_v4((const uint8_t[]){127, 0, 0, 1}, local.port);
	assert_int_equal(count_of(&local, false, &l), 0);
	close(client);
	close(listener);
}

static void
a_list_is_in_order(void **state)
{
	size_t count;
	struct listening *all = listening_all(&count);

	(void)state;
	for (size_t i = 1; i < count; i++)
		assert_true(all[i - 1].udp < all[i].udp ||
			    (all[i - 1].udp == all[i].udp && all[i - 1].at.port <= all[i].at.port));
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_listener_is_told_with_its_process),
	    cmocka_unit_test(sockets_of_one_group_are_one_listener),
	    cmocka_unit_test(what_is_connected_does_not_listen),
	    cmocka_unit_test(a_list_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
