#include "unit.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/loop.h"
#include "os/relay.h"
#include "os/sock.h"

#define IDLE_MS 60000
#define MB      (1024u * 1024u)

static struct loop *loop;
static struct relay_shared *shared;

/* A peer of the relay: says `total` bytes of a known sequence, checks what it hears. */
struct peer {
	struct watch watch;
	int fd;
	uint64_t said, total, heard, expected;
	uint64_t seed, hears_seed;
	size_t chunk;       /* written at once */
	size_t slow;        /* read at once each millisecond; 0: all there is */
	bool reset_after;   /* instead of FIN */
	bool waits_for_fin; /* before its own FIN */
	bool fin_said, fin_heard, died, deaf;
	struct span prefix; /* heard before the sequence */
	struct timer tick;
};

struct pair {
	struct peer client, backend;
	struct relay *relay;
	struct relay_result result;
	int done;
};

/* Bytes that differ wherever one is missing, a word at a time. */
static void
sequence(uint64_t seed, uint64_t at, uint8_t *to, size_t len)
{
	for (size_t n; len > 0; at += n, to += n, len -= n) {
		uint64_t x = (at / 8 + seed) * 0x9e3779b97f4a7c15u, word = htole64(x ^ x >> 29);

		n = 8 - at % 8;
		if (n > len)
			n = len;
		memcpy(to, (const uint8_t *)&word + at % 8, n);
	}
}

static int
setup(void **state)
{
	(void)state;
	assert_ok(loop_new(&loop));
	shared = relay_shared_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	relay_shared_free(shared);
	loop_free(loop);
	return 0;
}

static void
tcp_pair(int pair[2])
{
	const uint8_t v4[4] = {127, 0, 0, 1};
	struct address at = address_v4(v4, 0), peer;
	int listener;

	assert_ok(sock_listen_tcp(&at, &listener));
	sock_local(listener, &at);
	assert_ok(sock_connect_tcp(&at, &pair[0]));
	while ((pair[1] = sock_accept(listener, &peer)) < 0)
		continue;
	assert_int_equal(sock_connected(pair[0]), 0);
	close(listener);
}

static void
unix_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			 0);
}

static void
says(struct peer *p)
{
	static uint8_t bytes[256 * 1024];

	while (p->said < p->total) {
		size_t len = p->chunk;
		ssize_t n;

		if (len > p->total - p->said)
			len = (size_t)(p->total - p->said);
		sequence(p->seed, p->said, bytes, len);
		n = sock_write(p->fd, bytes, len);
		if (n == SOCK_DEAD)
			p->died = true;
		if (n < 0)
			return;
		p->said += (uint64_t)n;
	}
	if (p->fin_said || (p->waits_for_fin && !p->fin_heard))
		return;
	p->fin_said = true;
	if (p->reset_after) {
		sock_reset_on_close(p->fd);
		watch_close(loop, &p->watch);
	} else {
		sock_half_close(p->fd);
	}
}

static void
check(struct peer *p, const uint8_t *bytes, size_t len)
{
	static uint8_t right[256 * 1024];

	for (; len > 0 && p->heard < p->prefix.len; len--)
		assert_int_equal(*bytes++, p->prefix.p[p->heard++]);
	sequence(p->hears_seed, p->heard - p->prefix.len, right, len);
	if (memcmp(bytes, right, len) != 0)
		fail_msg("after byte %llu one is wrong", (unsigned long long)p->heard);
	p->heard += len;
}

static void
hears(struct peer *p)
{
	static uint8_t bytes[256 * 1024];
	ssize_t n;

	while (!p->deaf) {
		n = sock_read(p->fd, bytes, p->slow > 0 ? p->slow : sizeof bytes);
		if (n > 0)
			check(p, bytes, (size_t)n);
		if (n == 0)
			p->fin_heard = true;
		if (n == SOCK_DEAD)
			p->died = true;
		if (n <= 0 || p->slow > 0)
			return;
	}
}

static void
peer_ready(struct watch *w, uint32_t events)
{
	struct peer *p = container_of(w, struct peer, watch);

	(void)events;
	if (p->slow == 0)
		hears(p);
	says(p);
}

static void
peer_tick(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, tick);

	hears(p);
	if (!p->fin_said || p->waits_for_fin)
		says(p);
	if (!p->fin_heard && !p->died)
		timer_set(loop, t, 1, peer_tick);
}

static void
start_peer(struct peer *p, int fd)
{
	p->fd = fd;
	if (p->chunk == 0)
		p->chunk = 65536;
	assert_ok(watch_start(loop, &p->watch, fd, READY_IN | READY_OUT | READY_RDHUP | READY_EDGE,
			      peer_ready));
	if (p->slow > 0)
		timer_set(loop, &p->tick, 1, peer_tick);
}

static void
stop_soon(struct timer *t)
{
	(void)t;
	loop_stop(loop);
}

static struct timer soon;

static void
relay_done(void *owner, const struct relay_result *result)
{
	struct pair *pair = owner;

	pair->result = *result;
	pair->done++;
	timer_set(loop, &soon, 20, stop_soon); /* lets the peers hear the end */
}

static void
start(struct pair *pair, void (*make)(int pair[2]), struct span first, uint64_t idle_ms)
{
	int a[2], b[2];

	make(a);
	make(b);
	pair->client.seed = pair->backend.hears_seed = 1000;
	pair->backend.seed = pair->client.hears_seed = 777777;
	pair->backend.prefix = first;
	start_peer(&pair->client, a[0]);
	start_peer(&pair->backend, b[0]);
	assert_ok(
	    relay_start(loop, shared, a[1], b[1], first, idle_ms, relay_done, pair, &pair->relay));
}

static void
finish(struct pair *pair)
{
	timer_stop(&soon);
	timer_stop(&pair->client.tick);
	timer_stop(&pair->backend.tick);
	watch_close(loop, &pair->client.watch);
	watch_close(loop, &pair->backend.watch);
}

static void
gives_up(struct timer *t)
{
	(void)t;
	fail_msg("nothing happens any more");
}

static void
run(void)
{
	struct timer patience = {0};

	timer_set(loop, &patience, 40000, gives_up);
	loop_run(loop);
	timer_stop(&patience);
}

static void
assert_all_arrived(const struct pair *pair)
{
	assert_int_equal(pair->done, 1);
	assert_int_equal(pair->result.end, RELAY_FINISHED);
	assert_int_equal(pair->backend.heard, pair->client.total + pair->backend.prefix.len);
	assert_int_equal(pair->client.heard, pair->backend.total);
	assert_int_equal(pair->result.from_client, pair->client.total);
	assert_int_equal(pair->result.from_backend, pair->backend.total);
	assert_true(pair->client.fin_heard && pair->backend.fin_heard);
}

/* By copying and by splicing: all of it is counted among what all relays moved. */
static void
exchange(void (*make)(int pair[2]), struct pair pair)
{
	uint64_t before[2], after[2];

	relay_shared_bytes(shared, &before[0], &before[1]);
	start(&pair, make, SPAN_NONE, IDLE_MS);
	run();
	assert_all_arrived(&pair);
	relay_shared_bytes(shared, &after[0], &after[1]);
	assert_int_equal(after[0] - before[0], pair.client.total);
	assert_int_equal(after[1] - before[1], pair.backend.total);
	finish(&pair);
}

static const uint64_t sizes[] = {0,      1,      2,      1000,   65535,   65536,         65537,
				 262143, 262144, 262145, 400000, 1 << 20, (10 << 20) + 1};

static void
every_size_arrives_whole_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t j = 0; j < COUNT(sizes); j += 1 + (i > 0 && i + 1 < COUNT(sizes)) * 3) {
			struct pair p = {.client.total = sizes[i], .backend.total = sizes[j]};

			exchange(tcp_pair, p);
		}
}

static void
unix_sockets_are_relayed_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		exchange(unix_pair, (struct pair){.client.total = sizes[i],
						  .backend.total = sizes[COUNT(sizes) - 1 - i]});
}

static void
half_close_is_passed_on_in_either_order(void **state)
{
	(void)state;
	exchange(tcp_pair, (struct pair){.client.total = 100,
					 .backend = {.total = 3 * MB, .waits_for_fin = true}});
	exchange(tcp_pair, (struct pair){.client = {.total = 3 * MB, .waits_for_fin = true},
					 .backend.total = 100});
}

static void
small_and_odd_writes_keep_their_order(void **state)
{
	(void)state;
	exchange(tcp_pair, (struct pair){.client = {.total = 300000, .chunk = 7},
					 .backend = {.total = 500000, .chunk = 1461}});
}

static void
the_first_bytes_come_before_the_clients(void **state)
{
	struct pair pair = {.client.total = 70000, .backend.total = 10};

	(void)state;
	start(&pair, tcp_pair, SPAN_OF("PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n"), IDLE_MS);
	run();
	assert_all_arrived(&pair);
	finish(&pair);
}

static void
shrink_buffers(int pair[2], int size)
{
	tcp_pair(pair);
	for (int i = 0; i < 2; i++) {
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		setsockopt(pair[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
}

static void
tiny_pair(int pair[2])
{
	shrink_buffers(pair, 8192);
}

static void
modest_pair(int pair[2])
{
	shrink_buffers(pair, 100000);
}

/* Held at most: a chunk each way, and a pipe of the kernel's. */
static void
a_slow_reader_slows_the_writer(void **state)
{
	struct pair pair = {.client.slow = 3000, .backend.total = 8 * MB};
	struct mallinfo2 before = mallinfo2();

	(void)state;
	pair.client.waits_for_fin = true;
	start(&pair, modest_pair, SPAN_NONE, IDLE_MS);
	timer_set(loop, &soon, 200, stop_soon);
	loop_run(loop);
	assert_int_equal(pair.done, 0);
	assert_true(pair.backend.said < 5 * MB);
	assert_true(mallinfo2().uordblks < before.uordblks + 256 * 1024);
	pair.client.slow = 200000;
	run();
	assert_all_arrived(&pair);
	finish(&pair);
}

static void
tiny_buffers_lose_nothing(void **state)
{
	(void)state;
	exchange(tiny_pair, (struct pair){.client.total = 300000, .backend.total = 400000});
}

static void
a_reset_is_passed_on(void **state)
{
	struct pair a = {.client = {.total = 10, .reset_after = true},
			 .backend.waits_for_fin = true};
	struct pair b = {.backend = {.total = 10, .reset_after = true},
			 .client.waits_for_fin = true};

	(void)state;
	start(&a, tcp_pair, SPAN_NONE, IDLE_MS);
	run();
	assert_int_equal(a.done, 1);
	assert_int_equal(a.result.end, RELAY_CLIENT_RESET);
	assert_true(a.backend.died);
	finish(&a);
	start(&b, tcp_pair, SPAN_NONE, IDLE_MS);
	run();
	assert_int_equal(b.done, 1);
	assert_int_equal(b.result.end, RELAY_BACKEND_RESET);
	assert_true(b.client.died);
	assert_int_equal(b.client.heard, 10); /* said before */
	finish(&b);
}

/* Even while nothing is read from it, because the other side is slow. */
static void
a_reset_is_seen_behind_a_full_buffer(void **state)
{
	struct pair pair = {.client.deaf = true, .backend.total = 20 * MB};

	(void)state;
	pair.client.waits_for_fin = true;
	start(&pair, tiny_pair, SPAN_NONE, IDLE_MS);
	timer_set(loop, &soon, 50, stop_soon);
	loop_run(loop);
	sock_reset_on_close(pair.backend.fd);
	watch_close(loop, &pair.backend.watch);
	run();
	assert_int_equal(pair.done, 1);
	assert_int_equal(pair.result.end, RELAY_BACKEND_RESET);
	finish(&pair);
}

static void
silence_ends_it_but_any_byte_puts_that_off(void **state)
{
	struct pair pair = {.client.waits_for_fin = true, .backend.waits_for_fin = true};
	uint64_t in, out, before_in, before_out;

	(void)state;
	relay_shared_bytes(shared, &before_in, &before_out);
	start(&pair, tcp_pair, SPAN_NONE, 500);
	for (int i = 0; i < 3; i++) {
		timer_set(loop, &soon, 200, stop_soon);
		loop_run(loop);
		assert_int_equal(pair.done, 0);
		relay_bytes(pair.relay, &in, &out);
		assert_int_equal(in, i);
		assert_int_equal(out, 0);
		relay_shared_bytes(shared, &in, &out);
		assert_int_equal(in - before_in, i);
		assert_int_equal(out, before_out);
		pair.client.total++;
		says(&pair.client);
	}
	run();
	assert_int_equal(pair.done, 1);
	assert_int_equal(pair.result.end, RELAY_IDLE);
	assert_int_equal(pair.result.from_client, 3);
	assert_true(pair.client.fin_heard && pair.backend.fin_heard);
	finish(&pair);
}

static void
it_can_be_stopped(void **state)
{
	struct pair pair = {.client = {.total = 50 * MB}, .backend.deaf = true};

	(void)state;
	start(&pair, tcp_pair, SPAN_NONE, IDLE_MS);
	timer_set(loop, &soon, 30, stop_soon);
	loop_run(loop);
	assert_int_equal(pair.done, 0);
	relay_stop(pair.relay);
	assert_int_equal(pair.done, 1);
	assert_int_equal(pair.result.end, RELAY_STOPPED);
	finish(&pair);
}

/* Urgent data stops a read short of what is there. */
static void
urgent_data_does_not_stall_it(void **state)
{
	struct pair pair = {.client.waits_for_fin = true, .backend.waits_for_fin = true};
	uint8_t bytes[3];

	(void)state;
	start(&pair, tcp_pair, SPAN_NONE, IDLE_MS);
	sequence(pair.client.seed, 0, bytes, sizeof bytes);
	assert_int_equal(send(pair.client.fd, bytes, 2, 0), 2);
	assert_int_equal(send(pair.client.fd, "!", 1, MSG_OOB), 1);
	assert_int_equal(send(pair.client.fd, bytes + 2, 1, 0), 1);
	pair.client.said = pair.client.total = 3;
	timer_set(loop, &soon, 50, stop_soon);
	loop_run(loop);
	assert_int_equal(pair.backend.heard, 3);
	relay_stop(pair.relay);
	finish(&pair);
}

static size_t
open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
run_until_all_is_heard(const struct pair *pair)
{
	struct timer patience = {0};

	timer_set(loop, &patience, 40000, gives_up);
	while (pair->backend.heard < pair->client.total) {
		timer_set(loop, &soon, 20, stop_soon);
		loop_run(loop);
	}
	timer_stop(&patience);
}

static void
an_idle_relay_holds_no_pipe(void **state)
{
	struct pair pair = {.client.total = 20 * MB, .backend.waits_for_fin = true};
	size_t at_start;

	(void)state;
	pair.client.waits_for_fin = true;
	start(&pair, tcp_pair, SPAN_NONE, IDLE_MS);
	at_start = open_descriptors();
	run_until_all_is_heard(&pair);
	assert_int_equal(pair.backend.heard, 20 * MB);
	assert_int_equal(open_descriptors(), at_start + 2);
	timer_set(loop, &soon, 2100, stop_soon);
	loop_run(loop);
	assert_int_equal(open_descriptors(), at_start);
	relay_stop(pair.relay);
	finish(&pair);
}

static void
without_descriptors_for_a_pipe_it_copies(void **state)
{
	struct pair pair = {.client.total = 10 * MB, .backend.total = 10 * MB};
	struct rlimit was, none;

	(void)state;
	start(&pair, tcp_pair, SPAN_NONE, IDLE_MS);
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	run();
	setrlimit(RLIMIT_NOFILE, &was);
	assert_all_arrived(&pair);
	finish(&pair);
}

static void
a_fast_pair_does_not_starve_a_small_one(void **state)
{
	struct pair fast = {.client.total = 1000000000000, .backend.waits_for_fin = true};
	struct pair small = {.client.total = 10, .backend.total = 10};

	(void)state;
	start(&fast, unix_pair, SPAN_NONE, IDLE_MS);
	start(&small, tcp_pair, SPAN_NONE, IDLE_MS);
	run();
	assert_all_arrived(&small);
	assert_int_equal(fast.done, 0);
	relay_stop(fast.relay);
	finish(&fast);
	finish(&small);
}

static const struct peer *awaited;
static uint64_t awaited_bytes;

static void
stop_when_heard(struct timer *t)
{
	if (awaited->heard == awaited_bytes)
		loop_stop(loop);
	else
		timer_set(loop, t, 1, stop_when_heard);
}

static void
run_until_heard(const struct peer *by, uint64_t bytes)
{
	struct timer look = {0};

	awaited = by;
	awaited_bytes = bytes;
	timer_set(loop, &look, 1, stop_when_heard);
	run();
}

/* Neither FIN nor anything else comes behind it to push it on. */
static void
the_last_of_much_is_not_waited_with(void **state)
{
	static const uint64_t tails[] = {1, 100, 65536, 262143, 262144, 262145};

	(void)state;
	for (size_t i = 0; i < COUNT(tails); i++) {
		struct pair pair = {
		    .client.waits_for_fin = true,
		    .backend = {.total = 16 * MB + tails[i], .waits_for_fin = true},
		};

		start(&pair, i % 2 == 0 ? tcp_pair : unix_pair, SPAN_NONE, IDLE_MS);
		run_until_heard(&pair.client, pair.backend.total);
		assert_int_equal(pair.done, 0);
		relay_stop(pair.relay);
		finish(&pair);
	}
}

static void
much_one_way_keeps_no_little_waiting_the_other_way(void **state)
{
	struct pair pair = {
	    .client = {.total = 16 * MB + 100, .waits_for_fin = true},
	    .backend = {.total = 1000000000000},
	};

	(void)state;
	start(&pair, tcp_pair, SPAN_NONE, IDLE_MS);
	run_until_heard(&pair.backend, pair.client.total);
	relay_stop(pair.relay);
	finish(&pair);
}

static void
sockets_that_cannot_be_watched_stay_the_callers(void **state)
{
	struct relay *relay;
	struct pair pair = {0};
	int a[2];

	(void)state;
	tcp_pair(a);
	assert_fails(
	    relay_start(loop, shared, a[0], -1, SPAN_OF("x"), 5, relay_done, &pair, &relay));
	assert_null(relay);
	assert_int_equal(pair.done, 0);
	assert_int_equal(close(a[0]), 0);
	assert_int_equal(close(a[1]), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_size_arrives_whole_both_ways),
	    TEST(unix_sockets_are_relayed_too),
	    TEST(half_close_is_passed_on_in_either_order),
	    TEST(small_and_odd_writes_keep_their_order),
	    TEST(the_first_bytes_come_before_the_clients),
	    TEST(a_slow_reader_slows_the_writer),
	    TEST(tiny_buffers_lose_nothing),
	    TEST(a_reset_is_passed_on),
	    TEST(a_reset_is_seen_behind_a_full_buffer),
	    TEST(silence_ends_it_but_any_byte_puts_that_off),
	    TEST(it_can_be_stopped),
	    TEST(urgent_data_does_not_stall_it),
	    TEST(an_idle_relay_holds_no_pipe),
	    TEST(without_descriptors_for_a_pipe_it_copies),
	    TEST(a_fast_pair_does_not_starve_a_small_one),
	    TEST(the_last_of_much_is_not_waited_with),
	    TEST(much_one_way_keeps_no_little_waiting_the_other_way),
	    TEST(sockets_that_cannot_be_watched_stay_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
