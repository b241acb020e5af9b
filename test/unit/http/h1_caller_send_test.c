/* What HTTP/1.1 asks of servers: heads written anew, bodies and their ends. */
#include "unit.h"

#include "ask_check.h"

#define OK    "HTTP/1.1 200 OK\r\n"
#define END   "\r\n"
#define CL(n) "Content-Length: " #n "\r\n"
#define TE    "Transfer-Encoding: chunked\r\n"

static void
a_request_is_written_anew(void **state)
{
	static const struct field fields[] = {
	    {SPAN_INIT("accept"), SPAN_INIT("*/*")},
	    {SPAN_INIT("connection"), SPAN_INIT("x-a")},
	    {SPAN_INIT("transfer-encoding"), SPAN_INIT("chunked")},
	    {SPAN_INIT("content-length"), SPAN_INIT("7")},
	    {SPAN_INIT("host"), SPAN_INIT("evil")},
	    {SPAN_INIT("expect"), SPAN_INIT("x")},
	    {SPAN_INIT("upgrade"), SPAN_INIT("h2c")},
	    {SPAN_INIT("te"), SPAN_INIT("gzip")},
	    {SPAN_INIT("x-forwarded-for"), SPAN_INIT("192.0.2.1")},
	};
	struct call_request r = ask_get();
	struct ask a;

	(void)state;
	r.target = SPAN_OF("/a?b=c");
	r.authority = SPAN_OF("example.org:8080");
	r.fields = fields;
	r.field_count = COUNT(fields);
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_assert_sent(&a, "GET /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n"
			    "X-Forwarded-For: 192.0.2.1\r\n\r\n");
	ask_end(&a);
}

static void
what_must_not_get_out_does_not(void **state)
{
	static const struct {
		struct span method, authority, target, name, value, protocol;
	} bad[] = {
#define GET SPAN_INIT("GET")
#define A   SPAN_INIT("a")
#define S   SPAN_INIT("/")
#define N   SPAN_INIT("n")
#define V   SPAN_INIT("v")
#define P   SPAN_INIT("p")
	    {SPAN_INIT("GE T"), A, S, N, V, P},
	    {SPAN_INIT("GET\r\n"), A, S, N, V, P},
	    {SPAN_INIT(""), A, S, N, V, P},
	    {GET, SPAN_INIT("a\r\nx: y"), S, N, V, P},
	    {GET, SPAN_INIT("a b"), S, N, V, P},
	    {GET, SPAN_INIT("a\0b"), S, N, V, P},
	    {GET, A, SPAN_INIT("/ HTTP/1.1\r\nx: y"), N, V, P},
	    {GET, A, SPAN_INIT("/a b"), N, V, P},
	    {GET, A, SPAN_INIT("/\n"), N, V, P},
	    {GET, A, SPAN_INIT("/\303\274"), N, V, P},
	    {GET, A, SPAN_INIT(""), N, V, P},
	    {GET, A, S, SPAN_INIT("a b"), V, P},
	    {GET, A, S, SPAN_INIT("a:"), V, P},
	    {GET, A, S, SPAN_INIT("a\r\n"), V, P},
	    {GET, A, S, SPAN_INIT(""), V, P},
	    {GET, A, S, N, SPAN_INIT("a\r\nb: c"), P},
	    {GET, A, S, N, SPAN_INIT("a\nb"), P},
	    {GET, A, S, N, SPAN_INIT("a\rb"), P},
	    {GET, A, S, N, SPAN_INIT("a\0b"), P},
	    {GET, A, S, N, SPAN_INIT("\177"), P},
	    {GET, A, S, N, V, SPAN_INIT("p\r\nx: y")},
	    {GET, A, S, N, V, SPAN_INIT("p p")},
	    {GET, A, S, N, V, SPAN_INIT("ppppppppppppppppppppppppppppppppp")},
#undef GET
#undef A
#undef S
#undef N
#undef V
#undef P
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct field f = {bad[i].name, bad[i].value};
		struct call_request r = {.method = METHOD_GET,
					 .method_name = bad[i].method,
					 .authority = bad[i].authority,
					 .target = bad[i].target,
					 .fields = &f,
					 .field_count = 1,
					 .protocol = bad[i].protocol,
					 .length = LENGTH_NONE};
		struct ask a;

		ask_start(&a, h1_caller_new);
		ask_one(&a, &r);
		assert_int_equal(buf_len(caller_output(a.caller)), 0);
		assert_true(caller_is_dead(a.caller));
		ask_flush(&a);
		assert_int_equal(a.calls[0].failures, 1);
		assert_int_equal(a.calls[0].how, CALL_BAD);
		ask_end(&a);
	}
}

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static void
bodies_go_out_by_length(void **state)
{
	struct call_request r = ask_post(5);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	assert_int_equal(ask_say(&a.calls[0], SPAN_OF("he"), false), 2);
	assert_int_equal(ask_say(&a.calls[0], SPAN_OF("llo, and more"), false), 3);
	ask_assert_sent(&a, POST CL(5) END "hello");
	assert_true(a.outputs > 0);
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	assert_int_equal(a.calls[0].overs, 1);
	assert_int_equal(caller_vacancies(a.caller), 1);
	ask_end(&a);
}

static void
bodies_go_out_in_chunks_with_trailers(void **state)
{
	static const struct field trailers[] = {
	    {SPAN_INIT("x-sum"), SPAN_INIT("1")},
	    {SPAN_INIT("content-length"), SPAN_INIT("5")},
	    {SPAN_INIT("bad"), SPAN_INIT("a\r\nb: c")},
	};
	struct call_request r = ask_post(LENGTH_UNKNOWN);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_say(&a.calls[0], SPAN_OF("hello"), false);
	ask_say(&a.calls[0], SPAN_OF("!"), false);
	call_trailers(a.calls[0].call, trailers, COUNT(trailers));
	ask_assert_sent(&a, POST TE END "0005\r\nhello\r\n0001\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n");
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	assert_int_equal(caller_vacancies(a.caller), 1);
	ask_end(&a);
}

static void
an_empty_chunked_body_ends(void **state)
{
	struct call_request r = ask_post(LENGTH_UNKNOWN);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_say(&a.calls[0], SPAN_NONE, true);
	ask_assert_sent(&a, POST TE END "0\r\n\r\n");
	ask_end(&a);
}

static void
methods_that_anticipate_content_say_there_is_none(void **state)
{
	struct call_request r = ask_post(LENGTH_NONE);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_assert_sent(&a, POST CL(0) END);
	ask_end(&a);
}

static void
expectations_are_passed_on_where_there_is_a_body(void **state)
{
	struct call_request r = ask_post(3), get = ask_get();
	struct ask a;

	(void)state;
	r.expects_continue = get.expects_continue = true;
	r.wants_trailers = true;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_assert_sent(&a, POST
			"TE: trailers\r\nConnection: TE\r\n" CL(3) "Expect: 100-continue\r\n" END);
	ask_hear(&a, SPAN_OF("HTTP/1.1 100 Continue\r\n\r\n"));
	assert_true(span_equal(buf_span(&a.calls[0].log), SPAN_OF("I 100 0\n")));
	ask_say(&a.calls[0], SPAN_OF("abc"), true);
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	ask_one(&a, &get);
	ask_flush(&a);
	assert_true(span_equal(span_tail(buf_span(&a.sent), buf_len(&a.sent) - 30),
			       SPAN_OF("abcGET / HTTP/1.1\r\nHost: a\r\n\r\n")));
	ask_end(&a);
}

static void
a_body_cut_short_is_never_taken_for_whole(void **state)
{
	struct call_request r = ask_post(5);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_say(&a.calls[0], SPAN_OF("hel"), true);
	assert_int_equal(a.calls[0].failures, 0); /* not from within call_sent() */
	assert_true(caller_is_dead(a.caller));
	ask_flush(&a);
	assert_int_equal(a.calls[0].failures, 1);
	ask_end(&a);
}

static void
an_answer_before_the_request_was_sent_ends_both(void **state)
{
	struct call_request r = ask_post(5);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_say(&a.calls[0], SPAN_OF("hel"), false);
	ask_hear(&a, SPAN_OF("HTTP/1.1 413 Too Large\r\n" CL(2) END "no"));
	assert_int_equal(a.calls[0].overs, 1);
	assert_int_equal(a.calls[0].status, 413);
	assert_true(caller_is_dead(a.caller));
	ask_end(&a);
}

static void
a_slow_server_is_not_flooded(void **state)
{
	static const uint8_t zeros[50000];
	struct call_request r = ask_post(1 << 20);
	size_t sent = 0, n;
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	a.deaf = true;
	ask_one(&a, &r);
	while ((n = ask_say(&a.calls[0], span_of(zeros, sizeof zeros), false)) > 0)
		sent += n;
	assert_in_range(sent, 50000, 200000);
	assert_int_equal(a.calls[0].writables, 0);
	a.deaf = false;
	ask_flush(&a);
	assert_int_equal(a.calls[0].writables, 1);
	ask_end(&a);
}

static void
a_websocket_without_a_key_is_given_one(void **state)
{
	struct call_request r = ask_upgrade(NULL, 0);
	struct ask a, b;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_start(&b, h1_caller_new);
	ask_one(&a, &r);
	ask_one(&b, &r);
	ask_flush(&a);
	ask_flush(&b);
	struct span sent = buf_span(&a.sent);
	struct span tail = SPAN_OF("==\r\nSec-WebSocket-Version: 13\r\n\r\n");
	assert_true(span_equal(span_tail(sent, sent.len - tail.len), tail));
	assert_int_equal(buf_len(&a.sent), buf_len(&b.sent));
	assert_false(span_equal(sent, buf_span(&b.sent)));
	ask_end(&a);
	ask_end(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_is_written_anew),
	    cmocka_unit_test(what_must_not_get_out_does_not),
	    cmocka_unit_test(bodies_go_out_by_length),
	    cmocka_unit_test(bodies_go_out_in_chunks_with_trailers),
	    cmocka_unit_test(an_empty_chunked_body_ends),
	    cmocka_unit_test(methods_that_anticipate_content_say_there_is_none),
	    cmocka_unit_test(expectations_are_passed_on_where_there_is_a_body),
	    cmocka_unit_test(a_body_cut_short_is_never_taken_for_whole),
	    cmocka_unit_test(an_answer_before_the_request_was_sent_ends_both),
	    cmocka_unit_test(a_slow_server_is_not_flooded),
	    cmocka_unit_test(a_websocket_without_a_key_is_given_one),
	};

	return cmocka_run_group_tests(tests, NULL, ask_teardown);
}
