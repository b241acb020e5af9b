#include "unit.h"

#include <poll.h>
#include <unistd.h>

#include "os/datagram.h"
#include "os/sock.h"

static void
await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 5000), 1);
}

static struct address
of_text(const char *text)
{
	struct address a;

	assert_true(address_parse(span_str(text), &a));
	return a;
}

static struct datagrams *room;

static int
make_room(void **state)
{
	(void)state;
	room = datagrams_new();
	return 0;
}

static int
free_room(void **state)
{
	(void)state;
	datagrams_free(room);
	return 0;
}

static void
assert_one_came(int fd, const char *text, const struct datagram **out)
{
	await(fd);
	assert_int_equal(datagrams_receive(room, fd, out), 1);
	assert_int_equal((*out)->len, strlen(text));
	assert_int_equal((*out)->each, strlen(text));
	assert_memory_equal((*out)->bytes, text, strlen(text));
}

/* Both ends on loopback; where the server is asked is where it answers from. */
static void
ask_and_answer(const char *any, const char *asked)
{
	struct address at = of_text(any), to = of_text(asked);
	const struct address none = {.family = 0};
	const struct datagram *got;
	int server, client;

	assert_false(failed(datagram_open(&at, &server)));
	sock_local(server, &at);
	to.port = at.port;
	at.port = 0;
	assert_false(failed(datagram_open(&at, &client)));
	assert_int_equal(datagrams_receive(room, server, &got), 0);
	datagram_send(client, SPAN_OF("question"), &to, &none);
	assert_one_came(server, "question", &got);
	assert_memory_equal(got->local.ip, to.ip, sizeof to.ip);
	datagram_send(server, SPAN_OF("answer"), &got->from, &got->local);
	assert_one_came(client, "answer", &got);
	assert_true(address_equal(&got->from, &to));
	close(server);
	close(client);
}

static void
an_answer_leaves_from_the_address_that_was_asked(void **state)
{
	(void)state;
	ask_and_answer("0.0.0.0:0", "127.0.0.3:0");
	ask_and_answer("[::]:0", "[::1]:0");
}

#define EACH  100
#define BURST 6

/* A burst, cut by the kernel or by whoever it is read by: `joins`. */
static void
send_and_count(bool joins)
{
	struct address at = of_text("127.0.0.1:0"), to;
	const struct address none = {.family = 0};
	uint8_t bytes[(BURST - 1) * EACH + 1];
	const struct datagram *list;
	int from, fd;
	size_t sum = 0, count = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i / EACH);
	assert_ok(datagram_open(&at, &fd));
	assert_ok(datagram_open(&at, &from));
	sock_local(fd, &to);
	if (joins)
		datagram_join(fd);
	assert_true(datagram_send_burst(from, span_of(bytes, sizeof bytes), EACH, &to, &none));
	while (sum < sizeof bytes) {
		await(fd);
		size_t n = datagrams_receive(room, fd, &list);

		for (size_t i = 0; i < n; i++, count++) {
			assert_memory_equal(list[i].bytes, bytes + sum, list[i].len);
			assert_true(list[i].each == EACH || list[i].len == 1);
			sum += list[i].len;
		}
	}
	assert_int_equal(sum, sizeof bytes);
	assert_int_equal(count, joins ? 1 : BURST);
	close(fd);
	close(from);
}

static void
a_burst_arrives_as_it_was_cut(void **state)
{
	(void)state;
	send_and_count(false);
	send_and_count(true);
}

static void
a_burst_of_more_than_the_kernel_takes_is_refused(void **state)
{
	static uint8_t bytes[40000];
	struct address at = of_text("127.0.0.1:0"), to;
	const struct address none = {.family = 0};
	const struct datagram *list;
	int fd;

	(void)state;
	assert_ok(datagram_open(&at, &fd));
	sock_local(fd, &to);
	assert_false(datagram_send_burst(fd, span_of(bytes, sizeof bytes), 1, &to, &none));
	assert_int_equal(datagrams_receive(room, fd, &list), 0);
	close(fd);
}

static void
workers_share_a_port(void **state)
{
	struct address at = of_text("127.0.0.1:0");
	int one, two;

	(void)state;
	assert_false(failed(datagram_open(&at, &one)));
	sock_local(one, &at);
	assert_false(failed(datagram_open(&at, &two)));
	close(one);
	close(two);
}

#define WORKERS 3

/* By a peer id, then by a session id, of each remainder; what is too short comes to anybody. */
static void
packets_come_to_the_worker_whose_they_are(void **state)
{
	struct address at = of_text("127.0.0.1:0"), none = {.family = 0};
	const struct datagram *got;
	int fds[WORKERS], from;

	(void)state;
	assert_ok(datagram_open(&at, &from));
	for (size_t i = 0; i < WORKERS; i++) {
		assert_ok(datagram_open(&at, &fds[i]));
		sock_local(fds[i], &at);
	}
	datagram_steer(fds[0], WORKERS);
	for (unsigned n = 0; n < 20 * WORKERS; n++) {
		const uint8_t data[] = {9 << 3 | 1, 0, (uint8_t)(n >> 8), (uint8_t)n, 7};
		const uint8_t control[] = {10 << 3, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 7,
					   7,       7, 7};

		datagram_send(from, span_of(data, sizeof data), &at, &none);
		await(fds[n % WORKERS]);
		assert_int_equal(datagrams_receive(room, fds[n % WORKERS], &got), 1);
		assert_int_equal(got->len, sizeof data);
		datagram_send(from, span_of(control, sizeof control), &at, &none);
		await(fds[n % WORKERS]);
		assert_int_equal(datagrams_receive(room, fds[n % WORKERS], &got), 1);
		assert_int_equal(got->len, sizeof control);
	}
	datagram_send(from, SPAN_OF("x"), &at, &none);
	await(fds[0]);
	for (size_t i = 0; i < WORKERS; i++)
		close(fds[i]);
	close(from);
}

static void
who_holds_a_port_is_told(void **state)
{
	struct address at = of_text("127.0.77.1:0"); /* where others take few ports */
	int fd, tcp;

	(void)state;
	assert_ok(sock_listen_tcp(&at, &tcp)); /* one of TCP is nothing to it */
	sock_local(tcp, &at);
	assert_ok(datagram_check_free(&at));
	assert_ok(datagram_open(&at, &fd));
	sock_local(fd, &at);
	struct err e = datagram_check_free(&at);
	assert_non_null(strstr(e.text, "/udp is held by test-os-datagra (pid "));
	assert_non_null(strstr(e.text, "`vpn` block"));
	close(fd);
	assert_ok(datagram_check_free(&at));
	close(tcp);
}

static void
an_address_that_is_not_ours_is_an_error(void **state)
{
	struct address at = of_text("192.0.2.1:1194");
	int fd;

	(void)state;
	struct err e = datagram_open(&at, &fd);
	assert_true(failed(e));
	assert_non_null(strstr(e.text, "192.0.2.1:1194/udp"));
	assert_int_equal(fd, -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_leaves_from_the_address_that_was_asked),
	    cmocka_unit_test(a_burst_arrives_as_it_was_cut),
	    cmocka_unit_test(a_burst_of_more_than_the_kernel_takes_is_refused),
	    cmocka_unit_test(workers_share_a_port),
	    cmocka_unit_test(packets_come_to_the_worker_whose_they_are),
	    cmocka_unit_test(who_holds_a_port_is_told),
	    cmocka_unit_test(an_address_that_is_not_ours_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_room, free_room);
}
