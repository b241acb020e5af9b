#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/sock.h"

static struct address
loopback(int family)
{
	static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};

	return family == 4 ? address_v4(v4, 0) : address_v6(v6, 0);
}

static void
wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	assert_int_equal(poll(&p, 1, 5000), 1);
}

struct trio {
	int listener, client, server;
	struct address at, peer;
};

static void
join(struct trio *t, int family)
{
	t->at = loopback(family);
	assert_ok(sock_listen_tcp(&t->at, &t->listener));
	sock_local(t->listener, &t->at);
	assert_int_not_equal(t->at.port, 0);
	assert_int_equal(sock_accept(t->listener, &t->peer), -1);
	assert_ok(sock_connect_tcp(&t->at, &t->client));
	wait_for(t->client, POLLOUT);
	assert_int_equal(sock_connected(t->client), 0);
	wait_for(t->listener, POLLIN);
	t->server = sock_accept(t->listener, &t->peer);
	assert_true(t->server >= 0);
}

static void
part(struct trio *t)
{
	close(t->listener);
	close(t->client);
	close(t->server);
}

static void
both_ends_know_each_other(void **state)
{
	const int families[] = {4, 6};

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		struct address local;
		struct trio t;

		join(&t, families[i]);
		sock_local(t.client, &local);
		assert_true(address_equal(&local, &t.peer));
		sock_local(t.server, &local);
		assert_true(address_equal(&local, &t.at));
		assert_true(fcntl(t.server, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(t.server, F_GETFD) & FD_CLOEXEC);
		part(&t);
	}
}

static void
a_socket_that_is_none_has_no_address(void **state)
{
	struct address a = {.family = 4};

	(void)state;
	sock_local(-1, &a);
	assert_int_equal(a.family, 0);
}

static void
reads_tell_data_fin_and_reset_apart(void **state)
{
	struct trio t;
	char bytes[8];

	(void)state;
	join(&t, 4);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), SOCK_AGAIN);
	assert_int_equal(sock_write(t.client, "hello", 5), 5);
	wait_for(t.server, POLLIN);
	assert_int_equal(sock_peek(t.server, bytes, sizeof bytes), 5);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), 5);
	assert_memory_equal(bytes, "hello", 5);
	sock_half_close(t.client);
	wait_for(t.server, POLLIN);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), 0);
	assert_int_equal(sock_write(t.server, "still", 5), 5);
	wait_for(t.client, POLLIN);
	assert_int_equal(sock_read(t.client, bytes, sizeof bytes), 5);
	sock_reset_on_close(t.server);
	close(t.server);
	wait_for(t.client, POLLIN);
	assert_int_equal(sock_read(t.client, bytes, sizeof bytes), SOCK_DEAD);
	assert_int_equal(sock_write(t.client, "x", 1), SOCK_DEAD); /* and no SIGPIPE */
	close(t.client);
	close(t.listener);
}

/* Sooner than by the 200 ms after which the kernel sends what it kept back. */
static void
the_last_bytes_leave_with_fin(void **state)
{
	struct trio t;
	char bytes[8];

	(void)state;
	join(&t, 4);
	assert_int_equal(sock_write_more(t.client, "bye", 3), 3);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), SOCK_AGAIN);
	sock_half_close(t.client);
	wait_for(t.server, POLLIN | POLLRDHUP);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), 3);
	assert_int_equal(sock_read(t.server, bytes, sizeof bytes), 0);
	part(&t);
}

static void
a_full_socket_says_again(void **state)
{
	static char much[1 << 20];
	struct trio t;
	ssize_t n;

	(void)state;
	join(&t, 4);
	while ((n = sock_write(t.client, much, sizeof much)) > 0)
		continue;
	assert_int_equal(n, SOCK_AGAIN);
	part(&t);
}

static int
get_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static void
small_writes_are_not_held_back_on_either_side(void **state)
{
	struct trio t;

	(void)state;
	join(&t, 4);
	assert_int_equal(get_option(t.server, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get_option(t.client, IPPROTO_TCP, TCP_NODELAY), 1);
	part(&t);
}

static void
workers_share_a_port_but_its_check_sees_them(void **state)
{
	struct address at = loopback(4);
	int one, two;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &one));
	sock_local(one, &at);
	assert_ok(sock_listen_tcp(&at, &two));
	assert_fails(sock_check_free(&at));
	close(one);
	close(two);
	assert_ok(sock_check_free(&at));
	assert_ok(sock_check_free(&at));
}

static void
the_holder_of_a_port_is_named(void **state)
{
	struct address at = loopback(4);
	char expected[64];
	struct err e;
	int held;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &held));
	sock_local(held, &at);
	e = sock_check_free(&at);
	snprintf(expected, sizeof expected, "%u/tcp is held by test-os-sock (pid %d", at.port,
		 getpid());
	if (strstr(e.text, expected) == NULL)
		fail_msg("%s", e.text);
	assert_non_null(strstr(e.text, "listen on another port with `listen`"));
	close(held);
}

static void
an_address_of_another_machine_is_refused(void **state)
{
	const uint8_t other[4] = {192, 0, 2, 1};
	struct address at = address_v4(other, 0);
	struct err e;
	int fd;

	(void)state;
	e = sock_listen_tcp(&at, &fd);
	assert_non_null(strstr(e.text, "192.0.2.1 is not an address of this machine"));
	assert_int_equal(fd, -1);
}

static void
nobody_listening_is_told_when_asked(void **state)
{
	struct address at = loopback(4);
	int listener, fd;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &listener));
	sock_local(listener, &at);
	close(listener);
	struct err e = sock_connect_tcp(&at, &fd);
	if (!failed(e)) {
		wait_for(fd, POLLOUT);
		assert_int_not_equal(sock_connected(fd), 0);
		close(fd);
	}
}

static void
a_unix_socket_is_reached_through_its_directory(void **state)
{
	char dir[] = "/tmp/sock-test-XXXXXX";
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct address peer;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), dirfd, fd, server;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(name.sun_path, sizeof name.sun_path, "%s/app.sock", dir);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(listener, 5), 0);
	dirfd = open(dir, O_PATH | O_DIRECTORY);
	assert_ok(sock_own_directory());
	assert_ok(sock_connect_unix(dirfd, "app.sock", &fd));
	server = sock_accept(listener, &peer);
	assert_true(server >= 0);
	assert_int_equal(peer.family, 0);
	close(fd);
	close(server);
	assert_fails(sock_connect_unix(dirfd, "none.sock", &fd));
	assert_int_equal(fd, -1);
	assert_fails(sock_connect_unix(dirfd, "../app.sock", &fd));
	assert_fails(sock_connect_unix(dirfd, "", &fd));
	unlink(name.sun_path);
	rmdir(dir);
	close(listener);
	close(dirfd);
}

static void
out_of_descriptors_is_told_apart(void **state)
{
	struct rlimit was, none;
	struct address peer;
	struct trio t;
	int more, last;

	(void)state;
	join(&t, 4);
	assert_ok(sock_connect_tcp(&t.at, &more));
	wait_for(t.listener, POLLIN);
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(sock_accept(t.listener, &peer), -2);
	setrlimit(RLIMIT_NOFILE, &was);
	last = sock_accept(t.listener, &peer); /* it was kept waiting, not lost */
	assert_true(last >= 0);
	close(last);
	close(more);
	part(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ends_know_each_other),
	    cmocka_unit_test(a_socket_that_is_none_has_no_address),
	    cmocka_unit_test(reads_tell_data_fin_and_reset_apart),
	    cmocka_unit_test(the_last_bytes_leave_with_fin),
	    cmocka_unit_test(a_full_socket_says_again),
	    cmocka_unit_test(small_writes_are_not_held_back_on_either_side),
	    cmocka_unit_test(workers_share_a_port_but_its_check_sees_them),
	    cmocka_unit_test(the_holder_of_a_port_is_named),
	    cmocka_unit_test(an_address_of_another_machine_is_refused),
	    cmocka_unit_test(nobody_listening_is_told_when_asked),
	    cmocka_unit_test(a_unix_socket_is_reached_through_its_directory),
	    cmocka_unit_test(out_of_descriptors_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
