#include "unit.h"

#include "servers.h"

static void
an_answer_is_passed_on(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, GET);
	assert_int_equal(t->count, 1);
	assert_true(span_equal(c->request.target, SPAN_OF("/x?y")));
	assert_true(span_equal(c->request.authority, SPAN_OF("example.org")));
	connects(c);
	answers(c, 200, 5, "content-type", "text/plain");
	says(c, "hello", true);
	assert_int_equal(t->over, 1);
	assert_false(c->cancelled);
	is_over(c);
	assert_seen(t, "HTTP/1.1 200 OK\r\n");
	assert_seen(t, "Content-Type: text/plain\r\n");
	assert_seen(t, "Content-Length: 5\r\n");
	assert_seen(t, "\r\n\r\nhello");
	assert_int_equal(c->call.taken, 5);
	assert_string_equal(t->served_by, "app");
}

static void
date_and_server_are_said_once_by_us(void **state)
{
	struct test *t = *state;

	sends(t, GET);
	connects(&t->asked[0]);
	answers(&t->asked[0], 200, 0, "x", "y");
	assert_seen(t, "Server: ours\r\n");
	assert_seen(t, "Date: Sun, 06 Nov");
	assert_not_seen(t, "theirs");
	assert_not_seen(t, "yesterday");
	says(&t->asked[0], "", true);
	is_over(&t->asked[0]);
}

static void
answers_without_a_body_end_with_their_head(void **state)
{
	static const struct {
		const char *what;
		unsigned status;
		int64_t length;
	} bare[] = {{HEAD, 200, 500}, {HEAD, 200, LENGTH_UNKNOWN}, {GET, 204, LENGTH_NONE},
		    {GET, 304, 500},  {GET, 304, LENGTH_NONE},     {GET, 200, 0}};
	struct test *t = *state;

	for (size_t i = 0; i < COUNT(bare); i++) {
		struct upstream_call *c = &t->asked[i];

		sends(t, bare[i].what);
		connects(c);
		answers(c, bare[i].status, bare[i].length, "x", "y");
		assert_int_equal(t->over, i + 1);
		assert_int_equal(t->status, bare[i].status);
		says(c, "", true);
		assert_false(c->cancelled);
		is_over(c);
	}
	assert_not_seen(t, "\r\n\r\n0");
}

static void
early_hints_are_passed_on(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];
	struct field fields[] = {{SPAN_OF("link"), SPAN_OF("</a.css>")},
				 {SPAN_OF("server"), SPAN_OF("theirs")}};

	sends(t, GET);
	connects(c);
	c->ops->interim(c->owner, 100, NULL, 0); /* nobody waits for it */
	c->ops->interim(c->owner, 103, fields, 2);
	assert_string_equal(seen(t), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
	answers(c, 200, 0, "x", "y");
	assert_seen(t, "200 OK");
}

/* What came of it: the status, how many were asked, and whether the last one freshly. */
static const struct {
	const char *what;
	enum call_failure how;
	bool connected, reused;
	int members;
	unsigned status;
	size_t asked;
	const char *request;
} failures[] = {
    {"refused, one", CALL_REFUSED, false, false, 1, 503, 1, GET},
    {"refused, three", CALL_REFUSED, false, false, 3, 503, 3, GET},
    {"refused, POST", CALL_REFUSED, false, false, 3, 503, 3, POST "Content-Length: 3\r\n\r\nabc"},
    {"not trusted", CALL_TLS, false, false, 1, 502, 1, GET},
    {"no connection in time", CALL_TIMEOUT, false, false, 2, 504, 2, GET},
    {"no answer in time", CALL_TIMEOUT, true, false, 2, 504, 1, GET},
    {"nonsense", CALL_BAD, true, false, 2, 502, 1, GET},
    {"cut", CALL_CUT, true, false, 1, 502, 2, GET},
    {"cut, others", CALL_CUT, true, false, 3, 502, 2, GET},
    {"cut, POST", CALL_CUT, true, false, 3, 502, 1, POST "Content-Length: 0\r\n\r\n"},
    {"cut, kept", CALL_CUT, true, true, 1, 502, 3, GET},
    {"cut, kept, POST", CALL_CUT, true, true, 3, 502, 1, POST "Content-Length: 0\r\n\r\n"},
    {"unsent, kept, POST", CALL_UNSENT, false, true, 1, 502, 3,
     POST "Content-Length: 3\r\n\r\nabc"},
    {"unsent, PATCH", CALL_UNSENT, false, false, 1, 502, 2,
     "PATCH /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
    {"cut, body gone", CALL_CUT, true, true, 3, 502, 1,
     "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"},
    {"cut, switching", CALL_CUT, true, true, 3, 502, 1,
     "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
};

static void
fail_all(struct test *t, size_t row)
{
	for (size_t i = 0; i < t->count; i++) {
		struct upstream_call *c = &t->asked[i];

		assert_true(i == 0 || c->fresh || c->member != t->asked[i - 1].member);
		c->reused = failures[row].reused && !c->fresh;
		if (failures[row].connected)
			connects(c);
		fails(c, failures[row].how);
	}
}

static void
what_fails_is_asked_again_where_that_is_safe(void **state)
{
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct test *t = *state;

		t->members = failures[i].members;
		sends(t, failures[i].request);
		fail_all(t, i);
		if (t->count != failures[i].asked || t->status != failures[i].status)
			fail_msg("%s: %u after %zu", failures[i].what, t->status, t->count);
		assert_int_equal(t->over, 1);
		teardown(state);
		setup(state);
	}
}

static void
retries_off_is_none(void **state)
{
	struct test *t = *state;

	t->members = 3;
	t->proxy.retries = 0;
	sends(t, GET);
	fails(&t->asked[0], CALL_REFUSED);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->status, 503);
}

static void
nobody_is_asked_again_after_a_word_of_the_answer(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	t->members = 3;
	sends(t, GET);
	connects(c);
	c->ops->interim(c->owner, 102, NULL, 0);
	fails(c, CALL_CUT);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->status, 502);
}

static void
a_second_server_answers(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[1];

	t->members = 2;
	t->servers[1].text = "other";
	sends(t, POST "Content-Length: 3\r\n\r\nabc");
	fails(&t->asked[0], CALL_REFUSED);
	assert_int_equal(c->member, 1);
	connects(c);
	assert_true(span_equal(buf_span(&c->call.got), SPAN_OF("abc")));
	assert_true(c->call.last);
	answers(c, 200, 2, "x", "y");
	says(c, "ok", true);
	is_over(c);
	assert_string_equal(t->served_by, "other");
	assert_int_equal(t->status, 200);
}

static void
nobody_to_ask_is_a_503(void **state)
{
	struct test *t = *state;

	t->members = 0;
	sends(t, GET);
	assert_int_equal(t->count, 0);
	assert_int_equal(t->status, 503);
}

/* The peer must be able to tell: the last chunk is missing, the connection ends. */
static void
an_answer_cut_short_is_cut_short(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, GET);
	connects(c);
	answers(c, 200, LENGTH_UNKNOWN, "x", "y");
	says(c, "half", false);
	fails(c, CALL_CUT);
	assert_int_equal(t->count, 1);
	assert_int_equal(t->over, 1);
	assert_not_seen(t, "0\r\n\r\n");
	assert_int_equal(session_state(t->h1), SESSION_CLOSING);
}

static void
a_client_that_leaves_is_no_trouble(void **state)
{
	for (int when = 0; when < 6; when++) {
		struct test *t = *state;
		struct upstream_call *c = &t->asked[0];

		sends(t, POST "Content-Length: 6\r\n\r\nabc");
		if (when > 0)
			connects(c);
		if (when > 1)
			c->ops->interim(c->owner, 103, NULL, 0);
		if (when > 2)
			answers(c, 200, 9, "x", "y");
		if (when > 3)
			says(c, "abc", false);
		t->slow = when > 4;
		leaves(t);
		assert_true(c->cancelled);
		assert_int_equal(t->over, 1);
		teardown(state);
		setup(state);
	}
}

/* The server says all that it announced, but not that this was all; nobody gives it the rest of
 * the request. */
static void
nothing_is_left_of_a_request_that_breaks_off_behind_its_answer(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t, POST "Content-Length: 6\r\n\r\nabc");
	connects(c);
	answers(c, 200, 2, "x", "y");
	says(c, "ok", false);
	assert_int_equal(t->over, 1);
	assert_true(c->cancelled);
}

/* Its connection fails while it is being written to, so within our own calls. */
static void
a_client_that_breaks_off_is_no_trouble(void **state)
{
	for (int when = 0; when < 4; when++) {
		struct test *t = *state;
		struct upstream_call *c = &t->asked[0];

		sends(t, POST "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n");
		connects(c);
		t->breaks = true;
		if (when == 0)
			c->ops->interim(c->owner, 100, NULL, 0);
		else if (when == 1)
			fails(c, CALL_BAD);
		else
			answers(c, 200, 9, "x", "y");
		if (when == 2)
			says(c, "abc", false);
		else if (when == 3)
			passes_time(t, 5);
		assert_true(when == 1 || c->cancelled);
		assert_int_equal(t->over, 1);
		teardown(state);
		setup(state);
	}
}

/* Some of it is sent, and that it cannot be is known while the rest is still at hand. */
static void
a_client_that_breaks_off_in_an_error_is_no_trouble(void **state)
{
	struct test *t = *state;

	t->pages = true;
	sends(t, GET);
	connects(&t->asked[0]);
	t->breaks = true;
	fails(&t->asked[0], CALL_BAD);
	assert_int_equal(t->over, 1);
}

/* What is sent at once makes room for more, and asks for it. */
static void
a_large_error_is_sent_whole(void **state)
{
	struct test *t = *state;

	t->pages = true;
	sends(t, GET);
	connects(&t->asked[0]);
	fails(&t->asked[0], CALL_BAD);
	assert_int_equal(t->over, 1);
	assert_int_equal(t->status, 502);
	assert_true(buf_len(&t->out) > 256 * 1024);
}

static void
a_switch_that_is_not_granted_is_an_answer(void **state)
{
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	sends(t,
	      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	connects(c);
	answers(c, 200, 2, "x", "y");
	says(c, "no", true);
	is_over(c);
	assert_seen(t, "\r\n\r\nno");
}

/* RFC 9110 §7.6.2. */
static void
options_ends_where_it_says(void **state)
{
	struct test *t = *state;

	sends(t, "OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
	assert_int_equal(t->count, 0);
	assert_int_equal(t->status, 204);
}

static void
compressing_is_done_where_asked_for(void **state)
{
	static const char *types[] = {"text/plain", NULL};
	struct test *t = *state;
	struct upstream_call *c = &t->asked[0];

	t->route.policy.compress = COMPRESS_ALL;
	t->route.policy.compress_types = types;
	sends(t, "GET /x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
	connects(c);
	answers(c, 200, LENGTH_UNKNOWN, "content-type", "text/plain");
	says(c, "hello", false);
	says(c, "", true);
	is_over(c);
	assert_seen(t, "Content-Encoding: gzip");
	assert_not_seen(t, "hello");
	assert_int_equal(t->over, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_is_passed_on),
	    TEST(date_and_server_are_said_once_by_us),
	    TEST(answers_without_a_body_end_with_their_head),
	    TEST(early_hints_are_passed_on),
	    TEST(what_fails_is_asked_again_where_that_is_safe),
	    TEST(retries_off_is_none),
	    TEST(nobody_is_asked_again_after_a_word_of_the_answer),
	    TEST(a_second_server_answers),
	    TEST(nobody_to_ask_is_a_503),
	    TEST(an_answer_cut_short_is_cut_short),
	    TEST(a_client_that_leaves_is_no_trouble),
	    TEST(nothing_is_left_of_a_request_that_breaks_off_behind_its_answer),
	    TEST(a_client_that_breaks_off_is_no_trouble),
	    TEST(a_client_that_breaks_off_in_an_error_is_no_trouble),
	    TEST(a_large_error_is_sent_whole),
	    TEST(a_switch_that_is_not_granted_is_an_answer),
	    TEST(options_ends_where_it_says),
	    TEST(compressing_is_done_where_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
