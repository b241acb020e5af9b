/* What moves on when: windows, interim answers, other protocols, limits. */
#include "talk_check.h"

static void
say_much(struct talk *t, size_t n)
{
	uint8_t *bytes = malloc(n);

	assert_non_null(bytes);
	memset(bytes, 'x', n);
	talk_say(t, span_of(bytes, n));
	free(bytes);
}

#define HOLD "POST /hold HTTP/1.1\r\n" HOST

static void
a_handler_is_given_no_more_than_the_window(void **state)
{
	static const char *const heads[] = {HOLD "Content-Length: 90000\r\n" END,
					    HOLD TE END "15f90\r\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct talk t;

		talk_start(&t);
		say(&t, heads[i]);
		say_much(&t, 90000);
		assert_int_equal(t.held, EXCHANGE_WINDOW);
		assert_int_equal(buf_len(&t.in), 90000 - EXCHANGE_WINDOW);
		assert_false(session_wants_input(t.h1));
		assert_int_equal(session_state(t.h1), SESSION_ANSWERING);
		say(&t, i == 0 ? "" : "\r\n0\r\nf: x\r\n\r\n");
		assert_int_equal(t.held, EXCHANGE_WINDOW);
		exchange_taken(t.later, 1000);
		assert_int_equal(t.outputs, 1);
		assert_true(session_wants_input(t.h1));
		assert_int_equal(session_state(t.h1), SESSION_BODY);
		say(&t, "");
		assert_int_equal(t.held, EXCHANGE_WINDOW + 1000);
		exchange_taken(t.later, EXCHANGE_WINDOW);
		say(&t, "");
		assert_int_equal(t.held, 90000);
		assert_true(t.held_all);
		assert_int_equal(t.later->request.trailer_count, i);
		exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
		assert_int_equal(session_state(t.h1), SESSION_IDLE);
		talk_end(&t);
	}
}

static void
fin_waits_for_what_came_before_it(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, HOLD "Content-Length: 90000\r\n" END);
	say_much(&t, 90000);
	session_receive_end(t.h1);
	assert_int_equal(t.gones, 0);
	exchange_taken(t.later, EXCHANGE_WINDOW);
	say(&t, "");
	assert_true(t.held_all);
	exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	assert_int_equal(session_output(t.h1)->data != NULL, true);
	talk_end(&t);

	talk_start(&t); /* and if that was not all, it never will be */
	say(&t, HOLD "Content-Length: 90001\r\n" END);
	say_much(&t, 90000);
	session_receive_end(t.h1);
	assert_int_equal(t.gones, 0);
	exchange_taken(t.later, EXCHANGE_WINDOW);
	say(&t, "");
	assert_int_equal(t.gones, 1);
	assert_false(t.held_all);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
an_answer_before_the_body_is_taken_lets_the_rest_go(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, HOLD "Content-Length: 90000\r\n" END);
	say_much(&t, 90000);
	exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
	assert_int_equal(t.outputs, 1);
	say(&t, GET END);
	assert_int_equal(t.requests, 2);
	assert_int_equal(session_state(t.h1), SESSION_IDLE);
	talk_end(&t);
}

static void
a_body_is_as_long_as_its_request_may_be(void **state)
{
	static const struct {
		uint64_t most;
		const char *request;
		unsigned status;
	} samples[] = {
	    {3, POST "Content-Length: 3\r\n" END "abc", 200},
	    {3, POST "Content-Length: 4\r\n" END, 413},
	    {3, POST "Content-Length: 4\r\nExpect: 100-continue\r\n" END, 413},
	    {3, POST TE END "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 200},
	    {3, POST TE END "1\r\na\r\n3\r\n", 413},
	    {3, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 4\r\n" END, 413},
	    {3, "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n" END "abcd", 200},
	    {200000, HOLD "Content-Length: 150000\r\n" END, 0},
	    {200000, HOLD TE END "249f0\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct talk t;

		talk_start(&t);
		t.body_max = samples[i].most;
		say(&t, samples[i].request);
		if (first_status(&t) != samples[i].status)
			fail_msg("%s: %u", samples[i].request, first_status(&t));
		if (samples[i].status == 413)
			assert_int_equal(t.gones, 1);
		assert_int_equal(t.requests, 1);
		talk_end(&t);
	}
}

static void
who_clears_the_expectation_says_continue_itself(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t,
	    "POST /unasked HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n" END);
	assert_int_equal(buf_len(&t.out), 0);
	exchange_interim(t.later, 100, NULL, 0);
	assert_int_equal(t.outputs, 1);
	exchange_interim(t.later, 100, NULL, 0);
	say(&t, "ab");
	assert_out(&t, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(t.held_all);
	talk_end(&t);

	/* Nobody can tell a body that was not asked for from the next request. */
	talk_start(&t);
	say(&t,
	    "POST /unasked HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n" END);
	exchange_respond(t.later, 403, NULL, 0, SPAN_NONE);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_flush(&t, SIZE_MAX);
	assert_true(out_has(&t, "Connection: close\r\n"));
	talk_end(&t);
}

#define SWITCH "GET /switch HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n" END

static void
another_protocol_is_bounded_both_ways(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, SWITCH);
	assert_int_equal(t.switches, 1);
	t.deaf = true;
	say_much(&t, 300000);
	assert_false(session_wants_input(t.h1));
	assert_true(buf_len(session_output(t.h1)) <= 128 * 1024);
	assert_in_range(buf_len(&t.in), 300000 - 192 * 1024, 300000 - EXCHANGE_WINDOW);
	t.deaf = false;
	say(&t, "");
	session_receive_end(t.h1);
	talk_flush(&t, SIZE_MAX);
	assert_int_equal(body_of(&t).len, 300001);
	assert_int_equal(t.gones, 1);
	assert_int_equal(t.last_sent, 300001);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
another_protocol_ends_with_a_deadline(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, SWITCH);
	session_timed_out(t.h1);
	assert_int_equal(t.gones, 1);
	assert_int_equal(t.last_status, 101);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
fin_before_the_switch_is_told_after_it(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: x\r\n" END);
	session_receive_end(t.h1);
	t.later->handler = &talk_raw;
	exchange_switch(t.later, NULL, 0);
	assert_int_equal(t.outputs, 1);
	talk_flush(&t, SIZE_MAX);
	assert_int_equal(t.gones, 1);
	assert_true(span_equal(body_of(&t), SPAN_OF(".")));
	talk_end(&t);
}

/* A deadline is set anew for these alone. */
static void
progress_is_what_moves_a_request_on(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "POST /hold HTTP/1.1\r\nHo");
	assert_int_equal(t.h1->progress, 0);
	say(&t, "st: a\r\nContent-Length: 3\r\n\r\n");
	assert_int_equal(t.h1->progress, 1);
	say(&t, "a");
	assert_int_equal(t.h1->progress, 2);
	say(&t, "bc");
	assert_int_equal(t.h1->progress, 3);
	say(&t, GET END);
	assert_int_equal(t.h1->progress, 3);
	exchange_taken(t.later, 3);
	assert_int_equal(t.h1->progress, 4);
	exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
	assert_int_equal(t.h1->progress, 4);
	talk_flush(&t, SIZE_MAX);
	assert_int_equal(t.h1->progress, 5);
	talk_end(&t);
}

/* Rules are for every answer, ours included. */
static void
rules_change_the_fields_of_an_answer(void **state)
{
	static const struct field_rule rules[] = {
	    {FIELD_DEFAULT, SPAN_INIT("x-one"), SPAN_INIT("default")},
	    {FIELD_DEFAULT, SPAN_INIT("content-type"), SPAN_INIT("unused")},
	    {FIELD_ADD, SPAN_INIT("x-two"), SPAN_INIT("a")},
	    {FIELD_SET, SPAN_INIT("x-two"), SPAN_INIT("b")},
	    {FIELD_ADD, SPAN_INIT("x-two"), SPAN_INIT("c")},
	    {FIELD_SET, SPAN_INIT("x-gone"), SPAN_INIT("x")},
	    {FIELD_REMOVE, SPAN_INIT("x-gone"), SPAN_INIT("")},
	};
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END);
	t.later->rules = rules;
	t.later->rule_count = COUNT(rules);
	exchange_respond_status(t.later, 404, SPAN_NONE);
	talk_flush(&t, SIZE_MAX);
	assert_true(out_has(&t, "Content-Type: text/html; charset=utf-8\r\nX-One: default\r\n"
				"X-Two: b\r\nX-Two: c\r\nContent-Length: "));
	assert_false(out_has(&t, "X-Gone"));
	talk_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_handler_is_given_no_more_than_the_window),
	    cmocka_unit_test(fin_waits_for_what_came_before_it),
	    cmocka_unit_test(an_answer_before_the_body_is_taken_lets_the_rest_go),
	    cmocka_unit_test(a_body_is_as_long_as_its_request_may_be),
	    cmocka_unit_test(who_clears_the_expectation_says_continue_itself),
	    cmocka_unit_test(another_protocol_is_bounded_both_ways),
	    cmocka_unit_test(another_protocol_ends_with_a_deadline),
	    cmocka_unit_test(fin_before_the_switch_is_told_after_it),
	    cmocka_unit_test(progress_is_what_moves_a_request_on),
	    cmocka_unit_test(rules_change_the_fields_of_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
