#include "unit.h"

#include "servers.h"

static void
an_answer_of_unknown_length_ends_where_it_ends(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, GET);
	connects(c);
	answers(c, 200, LENGTH_UNKNOWN, "x", "y");
	says(c, "one", false);
	assert_seen(t, "one\r\n");
	says(c, "two", false);
	assert_int_equal(t->over, 0);
	says(c, "", true);
	assert_int_equal(t->over, 1);
	is_over(c);
	assert_seen(t, "two\r\n0\r\n\r\n");
}

static void
trailers_end_it_too(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	struct field trailer = {SPAN_OF("x-sum"), SPAN_OF("42")};

	sends(t, GET);
	connects(c);
	answers(c, 200, LENGTH_UNKNOWN, "x", "y");
	c->ops->body(c->owner, SPAN_OF("one"), true, &trailer, 1);
	is_over(c);
	assert_seen(t, "one\r\n0\r\nX-Sum: 42\r\n\r\n");
	assert_int_equal(t->over, 1);
}

/* In a body of known length there is no place for them. */
static void
announced_trailers_cost_the_length_where_they_are_wanted(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	struct field trailer = {SPAN_OF("x-sum"), SPAN_OF("42")};

	sends(t, "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
	connects(c);
	answers(c, 200, 3, "trailer", "x-sum");
	says(c, "one", false);
	c->ops->body(c->owner, SPAN_NONE, true, &trailer, 1);
	is_over(c);
	assert_seen(t, "0\r\nX-Sum: 42\r\n\r\n");
	sends(t, GET);
	c = &t->asked[1];
	connects(c);
	answers(c, 200, 3, "trailer", "x-sum");
	c->ops->body(c->owner, SPAN_OF("two"), true, &trailer, 1);
	is_over(c);
	assert_seen(t, "Content-Length: 3\r\n\r\ntwo");
	assert_int_equal(t->over, 2);
}

/* A head that nothing follows is not kept back for long. */
static void
a_head_is_sent_before_its_body(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, GET);
	connects(c);
	answers(c, 200, LENGTH_UNKNOWN, "content-type", "text/event-stream");
	passes_time(t, 5);
	assert_int_equal(buf_len(session_output(t->h1)), 0);
	assert_seen(t, "text/event-stream");
	assert_true(c->patient);
	says(c, "data: 1\n\n", false);
	assert_seen(t, "data: 1");
}

static void
a_slow_client_makes_the_server_wait(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	char piece[1025];
	size_t sent = 0;

	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\0';
	sends(t, GET);
	connects(c);
	t->slow = true;
	answers(c, 200, 512 * 1024, "x", "y");
	while (sent - c->call.taken < EXCHANGE_WINDOW) {
		says(c, piece, false);
		sent += sizeof piece - 1;
		assert_true(sent < 512 * 1024);
	}
	assert_true(c->call.taken > 0);
	t->slow = false;
	collect(t);
	assert_int_equal(c->call.taken, sent);
	while (sent < 512 * 1024) {
		sent += sizeof piece - 1;
		says(c, piece, sent == 512 * 1024);
	}
	assert_int_equal(t->over, 1);
	assert_int_equal(c->call.taken, sent);
	is_over(c);
}

/* The server's connection is free for others long before a slow client has it all. */
static void
what_is_kept_is_sent_after_the_server_is_done(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	char piece[30001];

	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\0';
	sends(t, GET);
	connects(c);
	t->slow = true;
	answers(c, 200, LENGTH_UNKNOWN, "x", "y");
	for (int i = 0; i < 4; i++)
		says(c, piece, i == 3);
	is_over(c);
	assert_int_equal(t->over, 0);
	t->slow = false;
	collect(t);
	assert_int_equal(t->over, 1);
	assert_true(buf_len(&t->out) > 120000);
	assert_true(strcmp(seen(t) + buf_len(&t->out) - 5, "0\r\n\r\n") == 0);
}

static void
a_body_waits_for_the_connection_and_for_room(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 10\r\n\r\n01234");
	assert_int_equal(c->request.length, 10);
	c->call.limit = 3;
	connects(c);
	assert_int_equal(buf_len(&c->call.got), 3);
	sends(t, "56789");
	c->call.limit = SIZE_MAX;
	assert_false(c->call.last);
	c->ops->writable(c->owner);
	assert_true(span_equal(buf_span(&c->call.got), SPAN_OF("0123456789")));
	assert_true(c->call.last);
	answers(c, 201, 0, "x", "y");
	says(c, "", true);
	is_over(c);
	assert_seen(t, "201 Created");
}

static void
a_slow_server_makes_the_client_wait(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	char piece[10001];

	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\0';
	sends(t, POST "Content-Length: 200000\r\n\r\n");
	connects(c);
	c->call.limit = 0;
	for (int i = 0; i < 20; i++)
		sends(t, piece);
	assert_true(buf_len(&t->in) >= 200000 - EXCHANGE_WINDOW - 10000);
	assert_int_equal(buf_len(&c->call.got), 0);
	while (!c->call.last) {
		c->call.limit = 5000;
		c->ops->writable(c->owner);
		feed(t);
	}
	assert_int_equal(buf_len(&c->call.got), 200000);
}

static void
a_chunked_body_and_its_trailers_go_on(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Transfer-Encoding: chunked\r\n\r\n");
	assert_int_equal(c->request.length, LENGTH_UNKNOWN);
	connects(c);
	sends(t, "3\r\nabc\r\n");
	assert_true(span_equal(buf_span(&c->call.got), SPAN_OF("abc")));
	sends(t, "0\r\nX-Sum: 1\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
	assert_true(c->call.last);
	assert_int_equal(c->call.trailers, 1);
}

static void
an_empty_chunked_body_ends(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	assert_false(c->call.last);
	connects(c);
	assert_true(c->call.last);
	assert_int_equal(buf_len(&c->call.got), 0);
}

/* RFC 9110 §10.1.1. */
static void
continue_is_asked_of_the_server(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	assert_true(c->request.expects_continue);
	connects(c);
	assert_string_equal(seen(t), "");
	c->ops->interim(c->owner, 100, NULL, 0);
	c->ops->interim(c->owner, 100, NULL, 0);
	assert_string_equal(seen(t), "HTTP/1.1 100 Continue\r\n\r\n");
	sends(t, "abc");
	assert_true(c->call.last);
}

static void
a_server_that_refuses_the_body_is_heard_first(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	connects(c);
	answers(c, 417, 0, "x", "y");
	assert_not_seen(t, "100 Continue");
	assert_seen(t, "417 Expectation Failed");
	assert_int_equal(t->over, 1);
	assert_true(c->cancelled);
}

/* It sends first, and reads then: what nobody will take must not stand in its way. */
static void
a_request_whose_answer_is_there_goes_on_to_nobody(void **state)
{
	static char body[EXCHANGE_WINDOW + 1];
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	memset(body, 'x', sizeof body - 1);
	sends(t, POST "Content-Length: 200000\r\n\r\n");
	connects(c);
	c->call.limit = 0;
	sends(t, body);
	assert_false(session_wants_input(t->h1));
	t->slow = true;
	answers(c, 200, 9, "x", "y");
	says(c, "abc", false);
	is_over(c);
	assert_true(session_wants_input(t->h1));
	sends(t, body);
	assert_true(session_wants_input(t->h1));
}

static void
a_server_that_says_nothing_gets_the_body_after_a_second(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	connects(c);
	passes_time(t, 900);
	assert_string_equal(seen(t), "");
	passes_time(t, 200);
	assert_string_equal(seen(t), "HTTP/1.1 100 Continue\r\n\r\n");
	c->ops->interim(c->owner, 100, NULL, 0);
	assert_string_equal(seen(t), "HTTP/1.1 100 Continue\r\n\r\n");
}

/* What the server did not get of the body is of no use to it once it has answered. */
static void
an_early_answer_ends_the_request(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 6\r\n\r\nabc");
	connects(c);
	answers(c, 403, 2, "x", "y");
	says(c, "no", true);
	is_over(c);
	assert_seen(t, "403 Forbidden");
	sends(t, "def");
	sends(t, GET);
	assert_int_equal(t->count, 2);
}

static void
a_body_that_grows_too_large_is_our_answer(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	char big[30001];

	t->settings.body_bytes = 20000;
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	t->settings.body_bytes = 20000;
	sends(t, POST "Transfer-Encoding: chunked\r\n\r\n");
	connects(c);
	sends(t, "7530\r\n");
	sends(t, big);
	assert_true(c->cancelled);
	assert_int_equal(t->status, 413);
}

static void
switches(struct test *t, struct upstream_call *c)
{
	struct field fields[] = {{SPAN_OF("sec-websocket-accept"), SPAN_OF("proof")}};
	struct call_answer answer = {.status = 101,
				     .fields = fields,
				     .field_count = 1,
				     .length = LENGTH_UNKNOWN,
				     .switched = true};

	sends(t, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		 "Sec-WebSocket-Key: key\r\n\r\n");
	assert_true(span_equal(c->request.protocol, SPAN_OF("websocket")));
	connects(c);
	c->ops->head(c->owner, &answer);
}

static void
another_protocol_is_passed_both_ways(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	switches(t, c);
	assert_true(c->patient);
	assert_seen(t, "101 Switching Protocols");
	assert_seen(t, "Sec-Websocket-Accept: proof");
	sends(t, "ping");
	assert_true(span_equal(buf_span(&c->call.got), SPAN_OF("ping")));
	says(c, "pong", false);
	assert_seen(t, "\r\n\r\npong");
	session_receive_end(t->h1);
	assert_true(c->call.last);
	says(c, "bye", false);
	says(c, "", true);
	assert_seen(t, "pongbye");
	assert_int_equal(t->over, 1);
	assert_true(c->cancelled);
}

static void
a_tunnel_ends_with_either_side(void **state)
{
	struct test *t = *state;

	switches(t, &t->asked[0]);
	leaves(t);
	assert_true(t->asked[0].cancelled);
	teardown(state);
	setup(state);
	t = *state;
	switches(t, &t->asked[0]);
	fails(&t->asked[0], CALL_CUT);
	assert_int_equal(t->over, 1);
	assert_int_equal(session_state(t->h1), SESSION_CLOSING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_of_unknown_length_ends_where_it_ends),
	    TEST(trailers_end_it_too),
	    TEST(announced_trailers_cost_the_length_where_they_are_wanted),
	    TEST(a_head_is_sent_before_its_body),
	    TEST(a_slow_client_makes_the_server_wait),
	    TEST(what_is_kept_is_sent_after_the_server_is_done),
	    TEST(a_body_waits_for_the_connection_and_for_room),
	    TEST(a_slow_server_makes_the_client_wait),
	    TEST(a_chunked_body_and_its_trailers_go_on),
	    TEST(an_empty_chunked_body_ends),
	    TEST(continue_is_asked_of_the_server),
	    TEST(a_server_that_refuses_the_body_is_heard_first),
	    TEST(a_request_whose_answer_is_there_goes_on_to_nobody),
	    TEST(a_server_that_says_nothing_gets_the_body_after_a_second),
	    TEST(an_early_answer_ends_the_request),
	    TEST(a_body_that_grows_too_large_is_our_answer),
	    TEST(another_protocol_is_passed_both_ways),
	    TEST(a_tunnel_ends_with_either_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
