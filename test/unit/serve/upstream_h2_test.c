/* Upstreams that are asked by HTTP/2: calls that share a connection. */
#include "host.h"
#include "http/h2.h"
#include "serve/upstream_servers.h"

#define CALLS 5

/* Server 0 speaks HTTP/2, with the sessions that serve clients; "/silent" is never answered. */
struct shared {
	struct test *t;
	struct http_session *sessions[CONNS];
	struct http_settings settings;
	struct client client;
};

static struct shared *now;

static struct exchange *silent;

static void
forget_silent(struct exchange *ex)
{
	(void)ex;
	silent = NULL;
}

static void
on_request(struct exchange *ex, void *owner)
{
	static const struct handler_ops waits = {.gone = forget_silent};
	struct served *s = owner;
	char number = (char)('0' + (int)s->number);

	s->requests++;
	if (s->server->manner == MANNER_SILENT) {
		silent = ex;
		ex->handler = &waits;
		return;
	}
	exchange_respond(ex, 200, NULL, 0, span_of(&number, 1));
}

static int64_t
on_now(void *owner)
{
	return loop_now(((struct served *)owner)->server->loop);
}

static const struct http_host host = {on_request, host_over, host_output, host_date, on_now, NULL};

static void
h2_ready(struct watch *w, uint32_t events)
{
	struct served *s = container_of(w, struct served, watch);
	struct http_session *h2 = now->sessions[s->number - 1];
	struct buf *out = session_output(h2);
	uint8_t bytes[16384];
	ssize_t n;

	(void)events;
	while ((n = sock_read(s->fd, bytes, sizeof bytes)) > 0) {
		assert_true(buf_append(&s->got, span_of(bytes, (size_t)n)));
		buf_taken(&s->got, session_receive(h2, buf_span(&s->got)));
	}
	while (buf_len(out) > 0) {
		if (sock_write(s->fd, buf_span(out).p, buf_len(out)) != (ssize_t)buf_len(out))
			break;
		buf_taken(out, buf_len(out));
		session_sent(h2);
	}
	if (n == SOCK_AGAIN)
		return;
	s->closed = true;
	served_close(s);
}

static void
h2_accept(struct watch *w, uint32_t events)
{
	struct server *server = container_of(w, struct server, watch);
	unsigned before = server->count;

	server_ready(w, events);
	for (unsigned i = before; i < server->count; i++) {
		server->conns[i].watch.ready = h2_ready;
		now->sessions[i] = h2_new(&host, &server->conns[i], &now->settings, &now->client);
		assert_non_null(now->sessions[i]);
	}
}

static int
setup(void **state)
{
	void *test;

	assert_int_equal(test_setup(&test), 0);
	now = calloc(1, sizeof *now);
	now->t = test;
	now->settings =
	    (struct http_settings){.header_bytes = 8192, .header_fields = 50, .body_bytes = 1000};
	now->t->servers[0].watch.ready = h2_accept;
	now->t->proxy.http2 = true;
	*state = now;
	return 0;
}

static int
teardown(void **state)
{
	void *test = now->t;

	(void)state;
	for (size_t i = 0; i < CONNS; i++)
		session_free(now->sessions[i]);
	test_teardown(&test);
	h2_thread_end();
	free(now);
	return 0;
}

static void
run_all(struct test *t, struct asked *a, size_t count)
{
	for (size_t i = 0; i < count; i++)
		while (!a[i].over && !a[i].failed)
			test_run(t, PATIENCE_MS);
}

static void
calls_share_one_connection(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a[CALLS];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < CALLS; i++)
			ask_with(t, &a[i], 0, false, SPAN_NONE);
		run_all(t, a, CALLS);
		for (size_t i = 0; i < CALLS; i++)
			assert_answered_by(&a[i], "1");
		test_run(t, 20);
	}
	assert_int_equal(t->servers[0].count, 1);
	assert_int_equal(t->servers[0].conns[0].requests, 3 * CALLS);
	assert_int_equal(atomic_load(&t->target[0].served), 3 * CALLS);
}

static void
a_body_is_sent_too(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a;

	for (int i = 0; i < 2; i++) {
		ask_with(t, &a, 0, false, SPAN_OF("words"));
		if (upstream_call_of(a.call) != NULL)
			asked_send_body(&a);
		run_all(t, &a, 1);
		assert_answered_by(&a, "1");
	}
}

static void
one_that_ends_leaves_the_others(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked waits, a[2];

	t->servers[0].manner = MANNER_SILENT;
	t->proxy.answer_timeout = 60;
	ask_with(t, &waits, 0, false, SPAN_NONE);
	test_run(t, 20);
	t->servers[0].manner = MANNER_ANSWER;
	ask_with(t, &a[0], 0, false, SPAN_NONE);
	ask_with(t, &a[1], 0, false, SPAN_NONE);
	upstream_cancel(a[1].call);
	run_all(t, &a[0], 1);
	assert_answered_by(&a[0], "1");
	run_all(t, &waits, 1);
	assert_failed(&waits, CALL_TIMEOUT, "no answer in time");
	test_run(t, 20);
	assert_null(silent); /* it was told */
	ask(t, &a[0]);
	assert_answered_by(&a[0], "1");
	assert_true(t->servers[0].count == 1 && !a[1].over && !a[1].failed);
}

static void
the_end_of_a_connection_ends_all_its_calls(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a[CALLS];

	t->servers[0].manner = MANNER_SILENT;
	for (size_t i = 0; i < CALLS; i++)
		ask_with(t, &a[i], 0, false, SPAN_NONE);
	test_run(t, 30);
	served_close(&t->servers[0].conns[0]);
	run_all(t, a, CALLS);
	for (size_t i = 0; i < CALLS; i++)
		assert_failed(&a[i], CALL_CUT, "");
}

static void
nobody_there_is_told_to_all_that_wait(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a[CALLS];

	server_stop(&t->servers[0]);
	for (size_t i = 0; i < CALLS; i++)
		ask_with(t, &a[i], 0, false, SPAN_NONE);
	upstream_cancel(a[1].call);
	a[1].over = true;
	run_all(t, a, CALLS);
	for (size_t i = 0; i < CALLS; i++)
		if (i != 1)
			assert_failed(&a[i], CALL_REFUSED, "Connection refused");
}

static void
a_server_of_another_version_is_no_answer(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a;

	ask_with(t, &a, 1, false, SPAN_NONE);
	run_all(t, &a, 1);
	assert_true(a.failed);
	assert_in_range(a.how, CALL_CUT, CALL_BAD);
}

static void
with_a_proxy_header_each_has_its_own(void **state)
{
	struct test *t = ((struct shared *)*state)->t;
	struct asked a[2];

	t->to.proxy_protocol = PROXY_HEADER_V2;
	ask_with(t, &a[0], 1, false, SPAN_NONE);
	ask_with(t, &a[1], 1, false, SPAN_NONE);
	run_all(t, a, 2);
	assert_int_equal(t->servers[1].count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(calls_share_one_connection),
	    TEST(a_body_is_sent_too),
	    TEST(one_that_ends_leaves_the_others),
	    TEST(the_end_of_a_connection_ends_all_its_calls),
	    TEST(nobody_there_is_told_to_all_that_wait),
	    TEST(a_server_of_another_version_is_no_answer),
	    TEST(with_a_proxy_header_each_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
