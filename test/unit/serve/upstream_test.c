#include "serve/upstream.h"

#include <fcntl.h>

#include "serve/upstream_servers.h"

static void
a_request_is_answered(void **state)
{
	struct test *t = *state;
	struct asked a;

	ask(t, &a);
	assert_answered_by(&a, "1");
	assert_true(a.writable);
	assert_int_equal(atomic_load(&t->target[0].served), 1);
	assert_int_equal(atomic_load(&t->target[0].failures), 0);
	assert_non_null(memmem(buf_span(&t->servers[0].conns[0].got).p,
			       buf_len(&t->servers[0].conns[0].got), "GET /x HTTP/1.1\r\n", 17));
}

static void
a_body_goes_with_its_head(void **state)
{
	struct test *t = *state;
	struct asked a;

	for (int i = 0; i < 3; i++) {
		ask_with(t, &a, 0, false, SPAN_OF("some words and their END"));
		if (upstream_call_of(a.call) != NULL)
			asked_send_body(&a);
		test_run(t, PATIENCE_MS);
		assert_answered_by(&a, "1");
	}
	assert_int_equal(t->servers[0].conns[0].requests, 3);
}

static void
a_large_body_waits_for_room(void **state)
{
	static char body[900000];
	struct test *t = *state;
	struct asked a;

	memset(body, 'x', sizeof body);
	memcpy(body + sizeof body - 3, "END", 3);
	ask_with(t, &a, 0, false, span_of(body, sizeof body));
	test_run(t, PATIENCE_MS);
	assert_answered_by(&a, "1");
	assert_in_range(buf_len(&t->servers[0].conns[0].got), sizeof body, sizeof body + 300);
}

static void
a_kept_connection_is_used_again_the_latest_first(void **state)
{
	struct test *t = *state;
	struct asked a, b;

	ask_with(t, &a, 0, false, SPAN_NONE);
	ask_with(t, &b, 0, false, SPAN_NONE);
	while (!a.over || !b.over)
		test_run(t, PATIENCE_MS);
	assert_int_equal(t->servers[0].count, 2);
	const char *latest = a.got;
	if (a.got[0] == '1')
		latest = b.got; /* they end in the order in which they began */
	for (int i = 0; i < 3; i++) {
		struct asked again;

		ask_with(t, &again, 0, false, SPAN_NONE);
		assert_true(upstream_was_reused(again.call));
		assert_non_null(upstream_call_of(again.call));
		test_run(t, PATIENCE_MS);
		assert_answered_by(&again, latest);
		assert_false(again.writable);
	}
	assert_int_equal(t->servers[0].count, 2);
}

static void
who_asks_for_a_new_connection_gets_one(void **state)
{
	struct test *t = *state;
	struct asked a;

	ask(t, &a);
	ask_with(t, &a, 0, true, SPAN_NONE);
	assert_false(upstream_was_reused(a.call));
	test_run(t, PATIENCE_MS);
	assert_answered_by(&a, "2");
}

static void
a_connection_that_the_server_closed_is_not_used(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->servers[0].manner = MANNER_CLOSE;
	ask(t, &a);
	assert_answered_by(&a, "1");
	test_run(t, 20);
	t->servers[0].manner = MANNER_ANSWER;
	ask(t, &a);
	assert_answered_by(&a, "2");
}

static void
unasked_words_end_a_kept_connection(void **state)
{
	struct test *t = *state;
	struct asked a;

	ask(t, &a);
	served_say(&t->servers[0].conns[0], "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
	test_run(t, 20);
	ask(t, &a);
	assert_answered_by(&a, "2");
}

/* Also where our turn ends between the two: what is not read yet may be anything. */
static void
a_second_answer_is_never_anothers(void **state)
{
	for (size_t size = 1; size < 64; size++) {
		struct test *t = *state;
		struct asked a, b;

		upstreams_free(t->up);
		t->scratch_size = size;
		test_begin(t);
		t->servers[0].manner = MANNER_TWICE;
		ask(t, &a);
		assert_answered_by(&a, "1");
		ask(t, &b);
		assert_answered_by(&b, "2");
		test_teardown(state);
		test_setup(state);
	}
}

static void
a_request_on_a_stale_connection_is_known_as_such(void **state)
{
	struct test *t = *state;
	struct asked a;

	ask(t, &a);
	t->servers[0].manner = MANNER_HANG_UP;
	ask(t, &a);
	assert_failed(&a, CALL_CUT, "");
	assert_true(a.reused);
	ask(t, &a);
	assert_failed(&a, CALL_CUT, "");
	assert_false(a.reused);
	assert_int_equal(atomic_load(&t->target[0].failures), 2);
}

static void
nonsense_is_no_answer(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->servers[0].manner = MANNER_NONSENSE;
	ask(t, &a);
	assert_failed(&a, CALL_BAD, "");
	t->servers[0].manner = MANNER_ANSWER;
	ask(t, &a);
	assert_answered_by(&a, "2");
}

static void
nobody_there_is_refused_and_passed_over(void **state)
{
	struct test *t = *state;
	struct asked a;

	server_stop(&t->servers[0]);
	assert_int_equal(upstream_choose(t->up, &t->proxy, SPAN_NONE, 0), 0);
	ask(t, &a);
	assert_failed(&a, CALL_REFUSED, "Connection refused");
	assert_true(atomic_load(&t->target[0].down_until) > loop_now(t->loop) + 9000);
	for (int i = 0; i < 4; i++)
		assert_int_equal(upstream_choose(t->up, &t->proxy, SPAN_NONE, 0), 1);
	/* Down, but all that is left. */
	assert_int_equal(upstream_choose(t->up, &t->proxy, SPAN_NONE, 2), 0);
	assert_int_equal(upstream_choose(t->up, &t->proxy, SPAN_NONE, 3), -1);
	atomic_store(&t->target[1].down_until, INT64_MAX);
	assert_in_range(upstream_choose(t->up, &t->proxy, SPAN_NONE, 0), 0, 1);
}

static void
a_server_that_is_reached_is_up_again(void **state)
{
	struct test *t = *state;
	struct asked a;

	atomic_store(&t->target[0].down_until, INT64_MAX);
	ask(t, &a);
	assert_answered_by(&a, "1");
	assert_int_equal(atomic_load(&t->target[0].down_until), 0);
}

static void
addresses_are_tried_in_turn(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->target[0].at[1] = t->servers[1].at;
	t->target[0].count = 2;
	server_stop(&t->servers[0]);
	ask(t, &a);
	assert_answered_by(&a, "1");
	assert_int_equal(t->servers[1].count, 1);
	assert_int_equal(atomic_load(&t->target[0].down_until), 0);
}

static void
a_name_without_addresses_is_refused(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->target[0].count = 0;
	ask(t, &a);
	assert_failed(&a, CALL_REFUSED, TARGET_NOWHERE);
}

/* A listener whose queue is full answers no SYN. */
static void
no_connection_in_time_is_a_timeout(void **state)
{
	static const uint8_t nowhere[] = {127, 0, 0, 1};
	struct test *t = *state;
	int listener = socket(AF_INET, SOCK_STREAM, 0), filler[4];
	struct asked a;

	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof name;
	assert_int_equal(bind(listener, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &len), 0);
	t->target[0].at[0] = address_v4(nowhere, ntohs(name.sin_port));
	for (size_t i = 0; i < COUNT(filler); i++)
		assert_ok(sock_connect_tcp(&t->target[0].at[0], &filler[i]));
	t->to.connect_timeout = 50;
	ask(t, &a);
	assert_failed(&a, CALL_TIMEOUT, "no connection in time");
	assert_true(atomic_load(&t->target[0].down_until) > 0);
	for (size_t i = 0; i < COUNT(filler); i++)
		close(filler[i]);
	close(listener);
}

static void
silence_is_a_timeout_before_the_head_and_after_it(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.answer_timeout = 50;
	t->servers[0].manner = MANNER_SILENT;
	ask(t, &a);
	assert_failed(&a, CALL_TIMEOUT, "no answer in time");
	assert_int_equal(a.status, 0);
	t->servers[0].manner = MANNER_HEAD;
	ask(t, &a);
	assert_failed(&a, CALL_TIMEOUT, "no answer in time");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.got, "123");
	test_run(t, 20);
	assert_int_equal(server_open(&t->servers[0]), 0);
	assert_int_equal(atomic_load(&t->target[0].down_until), 0);
}

static void
who_has_time_is_waited_for(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.answer_timeout = 30;
	t->servers[0].manner = MANNER_HEAD;
	ask_with(t, &a, 0, false, SPAN_NONE);
	upstream_has_time(a.call);
	test_run(t, 120);
	assert_false(a.failed);
	assert_int_equal(a.status, 200);
	upstream_cancel(a.call);
}

/* The time runs while the server is to speak, not while we are. */
static void
a_body_that_is_slow_to_come_is_waited_for(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.answer_timeout = 40;
	ask_with(t, &a, 0, false, SPAN_OF("a body to its END"));
	struct span body = a.body;
	a.body = SPAN_NONE;
	test_run(t, 150);
	assert_false(a.failed);
	a.body = body;
	asked_send_body(&a);
	test_run(t, PATIENCE_MS);
	assert_answered_by(&a, "1");
}

static void
the_servers_time_begins_with_its_turn(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.answer_timeout = 200;
	t->servers[0].manner = MANNER_SILENT;
	ask_with(t, &a, 0, false, SPAN_OF("a body to its END"));
	struct span body = a.body;
	a.body = SPAN_NONE;
	test_run(t, 150);
	a.body = body;
	asked_send_body(&a);
	test_run(t, 150);
	assert_false(a.failed);
	test_run(t, PATIENCE_MS);
	assert_failed(&a, CALL_TIMEOUT, "no answer in time");
}

static void
what_is_cancelled_is_told_nothing(void **state)
{
	struct test *t = *state;
	struct asked a, b;

	ask_with(t, &a, 0, false, SPAN_NONE);
	upstream_cancel(a.call);
	t->servers[0].manner = MANNER_SILENT;
	ask_with(t, &b, 0, false, SPAN_NONE);
	test_run(t, 50);
	upstream_cancel(b.call);
	test_run(t, 50);
	assert_false(a.over || a.failed || b.over || b.failed);
	assert_int_equal(server_open(&t->servers[0]), 0);
}

static void
as_many_are_kept_as_there_may_be(void **state)
{
	struct test *t = *state;
	struct asked a[4];

	t->proxy.idle_connections = 2;
	for (size_t i = 0; i < COUNT(a); i++)
		ask_with(t, &a[i], 0, false, SPAN_NONE);
	test_run(t, 100);
	while (!t->impatient)
		test_run(t, 100);
	for (size_t i = 0; i < COUNT(a); i++)
		assert_true(a[i].over);
	assert_int_equal(server_open(&t->servers[0]), 2);
}

static void
there_are_no_more_than_clients_may_have(void **state)
{
	struct test *t = *state;
	struct asked a[3];

	t->config.limits.connections = 2;
	t->servers[0].manner = MANNER_SILENT;
	for (size_t i = 0; i < COUNT(a); i++)
		ask_with(t, &a[i], 0, false, SPAN_NONE);
	test_run(t, 100);
	assert_failed(&a[2], CALL_REFUSED, "no room");
	test_run(t, 50);
	assert_int_equal(atomic_load(&t->target[0].down_until), 0);
	upstream_cancel(a[0].call);
	t->servers[0].manner = MANNER_ANSWER;
	ask_with(t, &a[2], 0, false, SPAN_NONE);
	test_run(t, PATIENCE_MS);
	assert_true(a[2].over);
	upstream_cancel(a[1].call);
}

static void
none_is_kept_where_none_may_be_nor_for_too_long(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.idle_connections = 0;
	ask(t, &a);
	test_run(t, 20);
	assert_int_equal(server_open(&t->servers[0]), 0);
	t->proxy.idle_connections = 1;
	t->to.idle_timeout = 60;
	ask(t, &a);
	test_run(t, 20);
	assert_int_equal(server_open(&t->servers[0]), 1);
	test_run(t, 120);
	assert_int_equal(server_open(&t->servers[0]), 0);
}

static void
a_proxy_header_comes_first_and_its_connection_is_one_clients(void **state)
{
	static const char header[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\nGET /x ";
	struct test *t = *state;
	struct asked a;

	t->to.proxy_protocol = PROXY_HEADER_V1;
	for (unsigned i = 0; i < 2; i++) {
		ask(t, &a);
		assert_true(a.over);
		struct span got = buf_span(&t->servers[0].conns[i].got);
		assert_true(span_starts_with(got, span_str(header)));
	}
	test_run(t, 20);
	assert_int_equal(t->servers[0].count, 2);
	assert_int_equal(server_open(&t->servers[0]), 0);
}

static void
a_unix_socket_is_as_good(void **state)
{
	struct test *t = *state;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct server *s = &t->servers[0];
	char dir[] = "/tmp/upstream-test-XXXXXX";
	struct asked a;

	assert_non_null(mkdtemp(dir));
	snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", dir);
	server_stop(s);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(s->fd, 4), 0);
	assert_ok(watch_start(t->loop, &s->watch, s->fd, READY_IN, server_ready));
	t->target[0].count = 0;
	t->target[0].name = "socket";
	t->target[0].directory = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		ask(t, &a);
		assert_answered_by(&a, "1");
	}
	unlink(name.sun_path);
	ask_with(t, &a, 0, true, SPAN_NONE);
	test_run(t, PATIENCE_MS);
	assert_failed(&a, CALL_REFUSED, "No such file");
	close(t->target[0].directory);
	rmdir(dir);
}

/* Server 0 with a certificate of its own making, for localhost. */
static void
secure(struct test *t, struct buf *chain)
{
	const char *names[] = {"localhost"};
	struct buf key = buf_with_cap(1 << 16);

	*chain = buf_with_cap(1 << 16);
	assert_ok(certificate_self_signed(names, 1, 30, chain, &key));
	const struct tls_pair pair = {buf_span(chain), buf_span(&key)};
	assert_ok(tls_context_new(t->tls, "localhost", &pair, 1, &t->servers[0].tls));
	buf_wipe(&key);
	t->proxy.scheme = SCHEME_HTTPS;
}

static void
https_is_asked_of_whom_we_trust(void **state)
{
	struct test *t = *state;
	struct buf chain;
	struct asked a;

	secure(t, &chain);
	t->authorities[0] = buf_span(&chain);
	for (int i = 0; i < 3; i++) {
		ask(t, &a);
		assert_answered_by(&a, "1");
	}
	buf_free(&chain);
}

static void
who_is_not_trusted_hears_nothing(void **state)
{
	struct test *t = *state;
	uint8_t pins[1][32] = {{1}};
	struct buf chain;
	struct asked a;

	secure(t, &chain);
	t->proxy.verify = VERIFY_PIN;
	t->proxy.pins = pins;
	t->proxy.pin_count = 1;
	ask(t, &a);
	assert_failed(&a, CALL_TLS, "its certificate is not the pinned one");
	assert_int_equal(buf_len(&t->servers[0].conns[0].got), 0);
	assert_true(atomic_load(&t->target[0].down_until) > 0);
	buf_free(&chain);
}

static void
without_authorities_https_says_why_it_fails(void **state)
{
	struct test *t = *state;
	struct buf chain;
	struct asked a;

	secure(t, &chain);
	for (int i = 0; i < 2; i++) {
		ask(t, &a);
		assert_failed(&a, CALL_TLS, "/etc/ca.pem: ");
	}
	buf_free(&chain);
}

static void
a_server_in_clear_is_no_tls(void **state)
{
	struct test *t = *state;
	struct asked a;

	t->proxy.scheme = SCHEME_HTTPS;
	t->proxy.verify = VERIFY_OFF;
	t->to.connect_timeout = 80;
	ask(t, &a);
	assert_failed(&a, CALL_TLS, "no TLS handshake in time");
}

static void
retired_they_keep_nothing_but_end_what_they_began(void **state)
{
	struct test *t = *state;
	struct asked a, b;

	ask(t, &a);
	ask_with(t, &b, 0, true, SPAN_NONE);
	upstreams_retire(t->up);
	test_run(t, PATIENCE_MS);
	assert_answered_by(&b, "2");
	test_run(t, 20);
	assert_int_equal(server_open(&t->servers[0]), 0);
}

static void
freed_they_fail_what_they_began(void **state)
{
	struct test *t = *state;
	struct asked a, b, c;

	t->servers[0].manner = MANNER_SILENT;
	ask_with(t, &a, 0, false, SPAN_NONE);
	test_run(t, 50);
	ask_with(t, &b, 0, false, SPAN_NONE);
	t->target[1].count = 0;
	ask_with(t, &c, 1, false, SPAN_NONE);
	upstreams_free(t->up);
	t->up = NULL;
	assert_failed(&a, CALL_BAD, "given up");
	assert_failed(&b, CALL_BAD, "given up");
	assert_failed(&c, CALL_BAD, "given up");
	upstreams_free(NULL);
}

static void
asked_again(void *owner)
{
	struct asked *a = owner, *next = (struct asked *)a->body.p;

	a->over = true;
	ask_with(a->test, next, 0, false, SPAN_NONE);
	assert_true(upstream_was_reused(next->call));
}

/* What asks in the very moment that a connection becomes free may have it. */
static void
one_that_is_over_makes_room_at_once(void **state)
{
	static const struct call_ops ops = {asked_interim,  asked_head,   asked_body,
					    asked_writable, asked_failed, asked_again};
	const struct call_request request = {.method_name = SPAN_OF("GET"),
					     .authority = SPAN_OF("a.example"),
					     .target = SPAN_OF("/x"),
					     .length = LENGTH_NONE};
	struct test *t = *state;
	struct asked b, a = {.test = t, .body = {(const uint8_t *)&b, 0}};

	a.call = upstream_ask(t->up, &t->proxy, 0, false, NULL, &request, &ops, &a);
	test_run(t, PATIENCE_MS);
	assert_true(a.over);
	assert_answered_by(&b, "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_request_is_answered),
	    TEST(a_body_goes_with_its_head),
	    TEST(a_large_body_waits_for_room),
	    TEST(a_kept_connection_is_used_again_the_latest_first),
	    TEST(who_asks_for_a_new_connection_gets_one),
	    TEST(a_connection_that_the_server_closed_is_not_used),
	    TEST(unasked_words_end_a_kept_connection),
	    TEST(a_second_answer_is_never_anothers),
	    TEST(a_request_on_a_stale_connection_is_known_as_such),
	    TEST(nonsense_is_no_answer),
	    TEST(nobody_there_is_refused_and_passed_over),
	    TEST(a_server_that_is_reached_is_up_again),
	    TEST(addresses_are_tried_in_turn),
	    TEST(a_name_without_addresses_is_refused),
	    TEST(no_connection_in_time_is_a_timeout),
	    TEST(silence_is_a_timeout_before_the_head_and_after_it),
	    TEST(who_has_time_is_waited_for),
	    TEST(a_body_that_is_slow_to_come_is_waited_for),
	    TEST(the_servers_time_begins_with_its_turn),
	    TEST(what_is_cancelled_is_told_nothing),
	    TEST(as_many_are_kept_as_there_may_be),
	    TEST(there_are_no_more_than_clients_may_have),
	    TEST(none_is_kept_where_none_may_be_nor_for_too_long),
	    TEST(a_proxy_header_comes_first_and_its_connection_is_one_clients),
	    TEST(a_unix_socket_is_as_good),
	    TEST(https_is_asked_of_whom_we_trust),
	    TEST(who_is_not_trusted_hears_nothing),
	    TEST(without_authorities_https_says_why_it_fails),
	    TEST(a_server_in_clear_is_no_tls),
	    TEST(retired_they_keep_nothing_but_end_what_they_began),
	    TEST(freed_they_fail_what_they_began),
	    TEST(one_that_is_over_makes_room_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
