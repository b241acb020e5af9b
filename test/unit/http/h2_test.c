#include "unit.h"

#include "h2_talk.h"

#define NO_SETTINGS SPAN_OF("\0\0\0\4\0\0\0\0\0")

struct fixture {
	struct talk t;
	struct buf b;
};

static int
set_up(void **state)
{
	struct fixture *f = mem_new(sizeof *f);

	h2_talk_start(&f->t, NO_SETTINGS);
	f->b = buf_with_cap(TALK_MAX);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	struct talk *t = &f->t;

	session_free(t->h1);
	t->h1 = NULL;
	/* Whatever happened, each request was logged. */
	assert_true(t->overs >= t->requests);
	talk_end(t);
	h2_thread_end();
	buf_free(&f->b);
	free(f);
	return 0;
}

static void
a_request_is_answered(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/", true, NULL);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_false(seen.broken);
	assert_int_equal(seen.settings, 1);
	assert_int_equal(seen.acks, 1);
	assert_int_equal(seen.streams[1].status, 200);
	assert_int_equal(seen.streams[1].body, 5);
	assert_true(seen.streams[1].ended);
	assert_int_equal(f->t.overs, 1);
	assert_int_equal(session_state(f->t.h1), SESSION_IDLE);
}

/* The answer to HEAD, and those that have no body. */
static void
a_bare_answer_ends_with_its_head(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "HEAD", "/", true, NULL);
	put_request(&f->b, 3, "GET", "/304", true, NULL);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].status, 200);
	assert_int_equal(seen.streams[3].status, 304);
	assert_int_equal(seen.streams[1].data_frames + seen.streams[3].data_frames, 0);
	assert_true(seen.streams[1].ended && seen.streams[3].ended);
}

static void
a_body_is_echoed(void **state)
{
	static const char *const length[] = {"content-length", "11", NULL};
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/echo", false, length);
	put_frame(&f->b, NGHTTP2_DATA, 0, 1, SPAN_OF("hello "));
	put_request(&f->b, 3, "POST", "/echo", false, NULL);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, SPAN_OF("world"));
	put_frame(&f->b, NGHTTP2_DATA, 0, 3, SPAN_OF("abc"));
	put_frame(&f->b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 3,
		  SPAN_OF("\0\1x\1y"));
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].body, 11);
	assert_int_equal(seen.streams[3].body, 3);
}

/* Windows open as the handler takes what it was given, and no sooner. */
static void
a_body_that_is_not_taken_keeps_the_window_shut(void **state)
{
	struct fixture *f = *state;
	static uint8_t piece[16000];

	put_request(&f->b, 1, "POST", "/hold", false, NULL);
	for (int i = 0; i < 4; i++)
		put_frame(&f->b, NGHTTP2_DATA, 0, 1, span_of(piece, sizeof piece));
	h2_say(&f->t, &f->b);
	assert_int_equal(f->t.held, 64000);
	unsigned before = h2_seen(&f->t).windows;
	assert_int_equal(session_state(f->t.h1), SESSION_ANSWERING);
	exchange_taken(f->t.later, 64000);
	f->t.held = 0;
	talk_flush(&f->t, SIZE_MAX);
	assert_true(h2_seen(&f->t).windows >= before);
	assert_int_equal(session_state(f->t.h1), SESSION_BODY);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, span_of(piece, sizeof piece));
	h2_say(&f->t, &f->b);
	exchange_respond(f->t.later, 200, NULL, 0, SPAN_OF("late"));
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].status, 200);
}

static void
a_large_answer_waits_for_the_window(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/big", true, NULL);
	put_request(&f->b, 3, "GET", "/unknown", true, NULL);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].body + seen.streams[3].body, 65535);
	assert_int_equal(session_state(f->t.h1), SESSION_BODY);
	put_window(&f->b, 0, 10 * TALK_BIG);
	put_window(&f->b, 1, 10 * TALK_BIG);
	put_window(&f->b, 3, 10 * TALK_BIG);
	h2_say(&f->t, &f->b);
	seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].body, TALK_BIG);
	assert_int_equal(seen.streams[3].body, TALK_BIG);
	assert_true(seen.streams[1].ended && seen.streams[3].ended);
	assert_int_equal(session_state(f->t.h1), SESSION_IDLE);
}

/* A deaf peer makes us hold no more than the output's limit. */
static void
output_is_bounded(void **state)
{
	struct fixture *f = *state;

	f->t.deaf = true;
	put_window(&f->b, 0, 1 << 30);
	for (uint32_t i = 1; i < 20; i += 2) {
		put_request(&f->b, i, "GET", "/big", true, NULL);
		put_window(&f->b, i, 1 << 30);
	}
	h2_say(&f->t, &f->b);
	assert_true(buf_len(session_output(f->t.h1)) <= 96 * 1024);
	assert_false(session_wants_input(f->t.h1));
	f->t.deaf = false;
	talk_flush(&f->t, 1000);
	struct seen seen = h2_seen(&f->t);
	for (uint32_t i = 1; i < 20; i += 2)
		assert_int_equal(seen.streams[i].body, TALK_BIG);
}

static void
a_broken_answer_resets_its_stream(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/short", true, NULL);
	put_request(&f->b, 3, "GET", "/abort", true, NULL);
	put_request(&f->b, 5, "GET", "/", true, NULL);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].code, NGHTTP2_INTERNAL_ERROR);
	assert_int_equal(seen.streams[3].status, 500);
	assert_int_equal(seen.streams[5].status, 200);
}

static void
an_answer_may_come_late(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/later", true, NULL);
	put_request(&f->b, 3, "GET", "/", true, NULL);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[3].status, 200);
	assert_int_equal(session_state(f->t.h1), SESSION_ANSWERING);
	exchange_respond(f->t.later, 200, NULL, 0, SPAN_OF("late"));
	assert_null(f->t.later);
	assert_true(f->t.outputs > 0);
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].body, 4);
}

/* What it gave back while it was idle is there again when it is needed. */
static void
who_rested_goes_on(void **state)
{
	struct fixture *f = *state;

	put_window(&f->b, 0, 1 << 30);
	for (uint32_t i = 1; i < 9; i += 2) {
		put_request(&f->b, i, "GET", "/big", true, NULL);
		put_window(&f->b, i, 1 << 30);
		h2_say(&f->t, &f->b);
		assert_int_equal(session_state(f->t.h1), SESSION_IDLE);
		assert_true(session_may_rest(f->t.h1));
		session_rest(f->t.h1);
	}
	struct seen seen = h2_seen(&f->t);
	for (uint32_t i = 1; i < 9; i += 2)
		assert_true(seen.streams[i].ended && seen.streams[i].body == TALK_BIG);
}

static void
who_leaves_is_told_to_the_handler(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/later", true, NULL);
	h2_say(&f->t, &f->b);
	assert_int_equal(f->t.gones, 0);
	put_reset(&f->b, 1);
	h2_say(&f->t, &f->b);
	assert_int_equal(f->t.gones, 1);
	assert_int_equal(f->t.overs, 1);
	assert_null(f->t.later);
}

static void
trailers_and_interim_answers_are_sent(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/trail", true, NULL);
	put_request(&f->b, 3, "GET", "/hint", true, NULL);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_true(seen.streams[1].ended && seen.streams[1].trailers > 0);
	assert_true(seen.streams[3].ended && seen.streams[3].interim > 0);
}

static void
a_body_beyond_the_limit_is_413(void **state)
{
	static const char *const length[] = {"content-length", "20", NULL};
	struct fixture *f = *state;

	f->t.body_max = 10;
	put_request(&f->b, 1, "POST", "/echo", false, length);
	put_request(&f->b, 3, "POST", "/echo", false, NULL);
	put_frame(&f->b, NGHTTP2_DATA, 0, 3, SPAN_OF("eleven byte"));
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].status, 413);
	assert_int_equal(seen.streams[3].status, 413);
	assert_int_equal(seen.streams[1].resets + seen.streams[3].resets, 0);
}

/* RFC 9113 §8.1: a client that is told to stop at once may take it for a failure. */
static void
what_comes_after_the_answer_is_for_nobody(void **state)
{
	struct fixture *f = *state;
	static uint8_t piece[16000];

	put_request(&f->b, 1, "POST", "/", false, NULL);
	h2_say(&f->t, &f->b);
	assert_true(h2_seen(&f->t).streams[1].ended);
	assert_int_equal(session_state(f->t.h1), SESSION_DISCARDING);
	uint32_t before = f->t.h1->progress;
	for (int i = 0; i < 6; i++) {
		put_frame(&f->b, NGHTTP2_DATA, 0, 1, span_of(piece, sizeof piece));
		h2_say(&f->t, &f->b);
	}
	assert_int_equal(f->t.h1->progress, before);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, SPAN_NONE);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].resets, 0);
	assert_int_equal(session_state(f->t.h1), SESSION_IDLE);
	/* Something came behind its end, which is what curl waits for. */
	unsigned windows = h2_seen(&f->t).windows;
	put_request(&f->b, 3, "POST", "/", false, NULL);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3, SPAN_OF("late"));
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).windows, windows);
	put_request(&f->b, 5, "POST", "/", false, NULL);
	h2_say(&f->t, &f->b);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 5, SPAN_OF("late"));
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).windows, windows + 1);
}

static void
who_goes_on_after_the_answer_is_told_to_stop(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/", false, NULL);
	put_request(&f->b, 3, "POST", "/echo", false, NULL);
	h2_say(&f->t, &f->b);
	session_timed_out(f->t.h1);
	talk_flush(&f->t, SIZE_MAX);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].code, NGHTTP2_NO_ERROR);
	assert_int_equal(seen.streams[1].resets, 1);
	assert_int_equal(seen.streams[3].resets, 0);
	assert_int_equal(session_state(f->t.h1), SESSION_BODY);
}

/* What its handler was given and did not take must not shut the window for good. */
static void
an_answer_opens_the_window_that_its_handler_kept_shut(void **state)
{
	struct fixture *f = *state;
	static uint8_t piece[16000];

	put_request(&f->b, 1, "POST", "/hold", false, NULL);
	for (int i = 0; i < 4; i++)
		put_frame(&f->b, NGHTTP2_DATA, 0, 1, span_of(piece, sizeof piece));
	h2_say(&f->t, &f->b);
	exchange_respond(f->t.later, 401, NULL, 0, SPAN_OF("no"));
	talk_flush(&f->t, SIZE_MAX);
	for (int i = 0; i < 4; i++)
		put_frame(&f->b, NGHTTP2_DATA, i == 3 ? NGHTTP2_FLAG_END_STREAM : 0, 1,
			  span_of(piece, sizeof piece));
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].resets, 0);
	assert_int_equal(session_state(f->t.h1), SESSION_IDLE);
}

static void
a_continue_is_said_to_who_waits_for_it(void **state)
{
	static const char *const expects[] = {"expect", "100-continue", NULL};
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/echo", false, expects);
	put_request(&f->b, 3, "GET", "/", true, expects);
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].interim, 1);
	assert_int_equal(seen.streams[3].interim, 0);
}

static void
a_handler_may_say_continue_itself_once(void **state)
{
	static const char *const expects[] = {"expect", "100-continue", NULL};
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/later", false, expects);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].interim, 0);
	f->t.later->request.expects_continue = false;
	exchange_interim(f->t.later, 100, NULL, 0);
	exchange_interim(f->t.later, 100, NULL, 0);
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].interim, 1);
}

/* RFC 9113 §8.2.3. */
static void
crumbs_of_a_cookie_are_one(void **state)
{
	static const char *const crumbs[] = {"cookie", "a=1",    "x", "y", "cookie",
					     "b=2",    "cookie", "",  NULL};
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/later", true, crumbs);
	h2_say(&f->t, &f->b);
	const struct request *r = &f->t.later->request;
	assert_int_equal(r->field_count, 2);
	assert_true(span_equal(*request_field(r, SPAN_OF("cookie")), SPAN_OF("a=1; b=2; ")));
}

static void
another_protocol_has_the_stream_to_itself(void **state)
{
	static const char *const protocol[] = {":protocol", "WebSocket", NULL};
	struct fixture *f = *state;

	put_request(&f->b, 1, "CONNECT", "/switch", false, protocol);
	put_frame(&f->b, NGHTTP2_DATA, 0, 1, SPAN_OF("ping"));
	h2_say(&f->t, &f->b);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].status, 200);
	assert_int_equal(f->t.switches, 1);
	assert_false(seen.streams[1].ended);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, SPAN_NONE);
	h2_say(&f->t, &f->b);
}

static void
a_drain_warns_and_then_ends(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/later", true, NULL);
	h2_say(&f->t, &f->b);
	session_drain(f->t.h1);
	talk_flush(&f->t, SIZE_MAX);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.goaways, 1);
	assert_int_equal(seen.goaway_last, INT32_MAX);
	put_request(&f->b, 3, "GET", "/", true, NULL);
	put_frame(&f->b, NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, span_of(seen.ping, 8));
	put_request(&f->b, 5, "GET", "/", true, NULL);
	h2_say(&f->t, &f->b);
	seen = h2_seen(&f->t);
	assert_int_equal(seen.goaways, 2);
	assert_int_equal(seen.streams[3].status, 200);
	exchange_respond(f->t.later, 200, NULL, 0, SPAN_OF("late"));
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].status, 200);
	assert_int_equal(session_state(f->t.h1), SESSION_CLOSING);
}

static void
a_handler_may_end_the_connection(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/close", true, NULL);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].status, 200);
	assert_int_equal(h2_seen(&f->t).goaways, 1);
	assert_true(session_will_close(f->t.h1));
}

static void
who_says_fin_gets_what_it_asked_for(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "GET", "/later", true, NULL);
	put_request(&f->b, 3, "POST", "/echo", false, NULL);
	h2_say(&f->t, &f->b);
	session_receive_end(f->t.h1);
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[3].resets, 1);
	assert_int_equal(session_state(f->t.h1), SESSION_ANSWERING);
	exchange_respond(f->t.later, 200, NULL, 0, SPAN_OF("late"));
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].body, 4);
	assert_int_equal(session_state(f->t.h1), SESSION_CLOSING);
}

static void
a_body_that_does_not_come_is_408(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/echo", false, NULL);
	put_request(&f->b, 3, "GET", "/later", true, NULL);
	h2_say(&f->t, &f->b);
	assert_int_equal(session_state(f->t.h1), SESSION_BODY);
	session_timed_out(f->t.h1); /* it has moved since it began */
	session_timed_out(f->t.h1);
	talk_flush(&f->t, SIZE_MAX);
	struct seen seen = h2_seen(&f->t);
	assert_int_equal(seen.streams[1].status, 408);
	assert_int_equal(seen.streams[3].resets, 0);
}

static void
an_answer_nobody_lets_through_is_given_up(void **state)
{
	struct fixture *f = *state;
	uint32_t before;

	put_request(&f->b, 1, "GET", "/big", true, NULL);
	h2_say(&f->t, &f->b);
	session_timed_out(f->t.h1);
	before = f->t.h1->progress;
	put_window(&f->b, 0, 5);
	put_window(&f->b, 1, 5);
	h2_say(&f->t, &f->b);
	assert_int_equal(f->t.h1->progress, before);
	session_timed_out(f->t.h1);
	talk_flush(&f->t, SIZE_MAX);
	assert_int_equal(h2_seen(&f->t).streams[1].code, NGHTTP2_CANCEL);
}

static void
too_many_fields_are_431_and_far_too_many_the_end(void **state)
{
	struct fixture *f = *state;
	char value[1001] = "";
	const char *const large[] = {"x", value, NULL};
	const char *const huge[] = {"x", value, "x", value, "x", value,
				    "x", value, "x", value, NULL};

	memset(value, 'v', sizeof value - 1);
	put_request(&f->b, 1, "GET", "/", true, large);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].status, 431);
	put_request(&f->b, 3, "GET", "/", true, huge);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(session_state(f->t.h1), SESSION_CLOSING);
	assert_int_equal(f->t.requests, 0);
}

static void
assert_calmed(struct fixture *f)
{
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(session_state(f->t.h1), SESSION_CLOSING);
}

static void
requests_that_are_all_cancelled_end_it(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i < 600; i += 2) {
		put_request(&f->b, i, "GET", "/later", true, NULL);
		put_reset(&f->b, i);
		h2_say(&f->t, &f->b);
	}
	assert_calmed(f);
	assert_true(f->t.requests < 220);
	assert_int_equal(f->t.overs, f->t.requests);
}

static void
a_few_cancelled_among_others_do_not(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i < 1200; i += 4) {
		put_request(&f->b, i, "GET", "/later", true, NULL);
		put_reset(&f->b, i);
		put_request(&f->b, i + 2, "GET", "/", true, NULL);
		h2_say(&f->t, &f->b);
	}
	assert_int_equal(h2_seen(&f->t).goaways, 0);
	assert_int_equal(f->t.requests, 600);
}

static void
empty_pieces_of_a_body_end_it(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/echo", false, NULL);
	for (int i = 0; i < 3000; i++)
		put_frame(&f->b, NGHTTP2_DATA, 0, 1, SPAN_NONE);
	assert_calmed(f);
}

static void
small_pieces_of_a_body_do_not(void **state)
{
	struct fixture *f = *state;

	put_request(&f->b, 1, "POST", "/echo", false, NULL);
	for (int i = 0; i < 5000; i++)
		put_frame(&f->b, NGHTTP2_DATA, 0, 1, SPAN_OF("x"));
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, SPAN_NONE);
	h2_say(&f->t, &f->b);
	assert_int_equal(h2_seen(&f->t).streams[1].body, 5000);
}

/* What nobody took of bodies whose streams ended is the connection's window's again. */
static void
no_window_is_lost_with_its_stream(void **state)
{
	struct fixture *f = *state;
	static uint8_t piece[16000];
	uint64_t said = 0;

	for (uint32_t i = 1; i < 300; i += 2) {
		put_request(&f->b, i, "POST", "/hold", false, NULL);
		for (int k = 0; k < 4; k++, said += sizeof piece)
			put_frame(&f->b, NGHTTP2_DATA, 0, i, span_of(piece, sizeof piece));
		put_reset(&f->b, i);
		h2_say(&f->t, &f->b);
		f->t.held = 0;
	}
	assert_int_equal(h2_seen(&f->t).goaways, 0);
	assert_true(h2_seen(&f->t).window + 65535 >= said);
}

/* The same requests, however the bytes are cut: the same comes of each stream. */
static void
every_split_gives_the_same_answers(void **state)
{
	struct fixture *f = *state;
	struct talk whole, cut;

	put_request(&f->b, 1, "POST", "/echo", false, NULL);
	put_request(&f->b, 3, "GET", "/", true, NULL);
	put_frame(&f->b, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, SPAN_OF("body"));
	put_request(&f->b, 5, "GET", "/abort", true, NULL);
	put_request(&f->b, 7, "GET", "relative", true, NULL);
	h2_talk_start(&whole, NO_SETTINGS);
	talk_say(&whole, buf_span(&f->b));
	struct seen expected = h2_seen(&whole);
	for (size_t i = 1; i < buf_len(&f->b); i++) {
		h2_talk_start(&cut, NO_SETTINGS);
		talk_say(&cut, span_head(buf_span(&f->b), i));
		talk_say(&cut, span_tail(buf_span(&f->b), i));
		struct seen seen = h2_seen(&cut);
		assert_memory_equal(seen.streams + 1, expected.streams + 1,
				    8 * sizeof *seen.streams);
		assert_true(span_equal(buf_span(&cut.log), buf_span(&whole.log)));
		talk_end(&cut);
	}
	talk_end(&whole);
}

static void
bytes_that_are_no_http2_end_it(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	session_free(t.h1);
	t.h1 = h2_new(&talk_host, &t, &t.settings, &t.client);
	assert_non_null(t.h1);
	assert_int_equal(session_state(t.h1), SESSION_HEAD);
	talk_say(&t, SPAN_OF("GET / HTTP/1.1\r\n\r\n"));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	assert_int_equal(t.requests, 0);
	talk_end(&t);
	h2_thread_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(a_request_is_answered),
	    TEST(a_bare_answer_ends_with_its_head),
	    TEST(a_body_is_echoed),
	    TEST(a_body_that_is_not_taken_keeps_the_window_shut),
	    TEST(a_large_answer_waits_for_the_window),
	    TEST(output_is_bounded),
	    TEST(a_broken_answer_resets_its_stream),
	    TEST(an_answer_may_come_late),
	    TEST(who_rested_goes_on),
	    TEST(who_leaves_is_told_to_the_handler),
	    TEST(trailers_and_interim_answers_are_sent),
	    TEST(a_body_beyond_the_limit_is_413),
	    TEST(what_comes_after_the_answer_is_for_nobody),
	    TEST(who_goes_on_after_the_answer_is_told_to_stop),
	    TEST(an_answer_opens_the_window_that_its_handler_kept_shut),
	    TEST(a_continue_is_said_to_who_waits_for_it),
	    TEST(a_handler_may_say_continue_itself_once),
	    TEST(crumbs_of_a_cookie_are_one),
	    TEST(another_protocol_has_the_stream_to_itself),
	    TEST(a_drain_warns_and_then_ends),
	    TEST(a_handler_may_end_the_connection),
	    TEST(who_says_fin_gets_what_it_asked_for),
	    TEST(a_body_that_does_not_come_is_408),
	    TEST(an_answer_nobody_lets_through_is_given_up),
	    TEST(too_many_fields_are_431_and_far_too_many_the_end),
	    TEST(requests_that_are_all_cancelled_end_it),
	    TEST(a_few_cancelled_among_others_do_not),
	    TEST(empty_pieces_of_a_body_end_it),
	    TEST(small_pieces_of_a_body_do_not),
	    TEST(no_window_is_lost_with_its_stream),
	    TEST(every_split_gives_the_same_answers),
	    cmocka_unit_test(bytes_that_are_no_http2_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
