#include "unit.h"

#include <stdio.h>

#include "ask_check.h"
#include "frames.h"

/* What a server says after its SETTINGS to one GET. */
struct talk {
	struct ask a;
	struct buf in;
};

static void
start(struct talk *t)
{
	ask_start(&t->a, h2_caller_new);
	t->in = buf_with_cap(1 << 22);
	frame_settings(&t->in);
}

static void
start_get(struct talk *t)
{
	start(t);
	ask_one(&t->a, NULL);
}

static void
hear(struct talk *t)
{
	ask_hear(&t->a, buf_span(&t->in));
	buf_free(&t->in);
}

static void
end(struct talk *t)
{
	buf_free(&t->in);
	ask_end(&t->a);
}

static void
assert_log(const struct ask_call *c, const char *expected)
{
	struct span log = buf_span(&c->log);

	if (!span_equal(log, span_str(expected)))
		fail_msg("told: %.*s", (int)log.len, (const char *)log.p);
}

static void
assert_sent(struct talk *t, const char *expected)
{
	ask_flush(&t->a);
	struct frames_seen seen = frames_read(buf_span(&t->a.sent));
	struct span words = buf_span(&seen.words);
	if (!span_equal(words, span_str(expected)))
		fail_msg("sent: %.*s", (int)words.len, (const char *)words.p);
	frames_free(&seen);
}

static void
a_get_is_answered(void **state)
{
	struct talk t;

	(void)state;
	start(&t);
	size_t vacancies = caller_vacancies(t.a.caller);
	ask_one(&t.a, NULL);
	frame_headers(&t.in, 0, 1, ":status=200,content-length=5,x-a=b");
	frame_data(&t.in, ENDS, 1, "hello");
	hear(&t);
	assert_log(&t.a.calls[0], "H 200 5 x-a=b\nL\nO 0 0");
	assert_true(span_equal(buf_span(&t.a.calls[0].body), SPAN_OF("hello")));
	assert_sent(&t, "HEADERS 1 :method=GET :scheme=http :authority=a :path=/ END\n");
	assert_false(caller_is_dead(t.a.caller));
	assert_int_equal(caller_vacancies(t.a.caller), vacancies);
	end(&t);
}

/* The events of a long answer, whatever way its bytes are cut. */
static void
every_split_is_told_alike(void **state)
{
	struct buf in = buf_with_cap(65536);

	(void)state;
	frame_settings(&in);
	frame_headers(&in, 0, 1, ":status=103,link=</a>");
	frame_headers(&in, 0, 1, ":status=200,x-a=b");
	frame_data(&in, 0, 1, "he");
	frame_data(&in, 0, 1, "llo");
	frame_headers(&in, ENDS, 1, "x-sum=1,content-length=5");
	for (size_t n = 0; n <= buf_len(&in); n++) {
		struct talk t;

		start_get(&t);
		ask_hear(&t.a, span_head(buf_span(&in), n));
		ask_hear(&t.a, span_tail(buf_span(&in), n));
		assert_log(&t.a.calls[0], "I 103 0 link=</a>\nH 200 -2 x-a=b\nL x-sum=1\nO 0 0");
		assert_true(span_equal(buf_span(&t.a.calls[0].body), SPAN_OF("hello")));
		end(&t);
	}
	buf_free(&in);
}

static void
many_calls_share_a_connection(void **state)
{
	struct talk t;

	(void)state;
	start(&t);
	for (int i = 0; i < 4; i++)
		ask_one(&t.a, NULL);
	frame_headers(&t.in, 0, 7, ":status=203");
	frame_headers(&t.in, ENDS, 3, ":status=201");
	frame_data(&t.in, ENDS, 7, "last first");
	frame_headers(&t.in, ENDS, 1, ":status=200");
	frame_headers(&t.in, ENDS, 5, ":status=202");
	hear(&t);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(t.a.calls[i].overs, 1);
		assert_int_equal(t.a.calls[i].status, 200 + i);
	}
	assert_true(caller_vacancies(t.a.caller) >= 90);
	end(&t);
}

static struct call_request
post(int64_t length)
{
	struct call_request r = ask_post(length);

	r.secure = true;
	return r;
}

#define POST "HEADERS 1 :method=POST :scheme=https :authority=a :path=/"

static void
bodies_go_out_with_their_length(void **state)
{
	struct call_request r = post(5);
	struct talk t;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	ask_say(&t.a.calls[0], SPAN_OF("hello, more"), false);
	assert_sent(&t, POST " content-length=5\nDATA 1 hello END\n");
	frame_headers(&t.in, ENDS, 1, ":status=204");
	hear(&t);
	assert_log(&t.a.calls[0], "H 204 -1\nL\nO 0 0");
	end(&t);
}

static void
trailers_go_both_ways(void **state)
{
	static const struct field trailers[] = {{SPAN_INIT("x-sum"), SPAN_INIT("1")},
						{SPAN_INIT("host"), SPAN_INIT("evil")},
						{SPAN_INIT("bad"), SPAN_INIT("a\r\nb")}};
	struct call_request r = post(LENGTH_UNKNOWN);
	struct talk t;

	(void)state;
	r.wants_trailers = true;
	start(&t);
	ask_one(&t.a, &r);
	hear(&t);
	assert_int_equal(t.a.calls[0].writables > 0, 1);
	ask_say(&t.a.calls[0], SPAN_OF("abc"), false);
	ask_flush(&t.a);
	call_trailers(t.a.calls[0].call, trailers, COUNT(trailers));
	assert_sent(&t, POST " te=trailers\nDATA 1 abc\nHEADERS 1 x-sum=1 END\n");
	frame_headers(&t.in, 0, 1, ":status=200");
	frame_headers(&t.in, ENDS, 1, "grpc-status=0");
	hear(&t);
	assert_log(&t.a.calls[0], "H 200 -2\nL grpc-status=0\nO 0 0");
	end(&t);
}

/* As gRPC answers what it refuses: a head that is the end, too. */
static void
an_answer_may_be_a_head_alone(void **state)
{
	struct call_request r = ask_get();
	struct talk t;

	(void)state;
	r.method = METHOD_HEAD;
	r.method_name = SPAN_OF("HEAD");
	start_get(&t);
	ask_one(&t.a, &r);
	frame_headers(&t.in, ENDS, 1, ":status=200,grpc-status=12");
	frame_headers(&t.in, ENDS, 3, ":status=200,content-length=500");
	hear(&t);
	assert_log(&t.a.calls[0], "H 200 0 grpc-status=12\nL\nO 0 0");
	assert_log(&t.a.calls[1], "H 200 500\nL\nO 0 0");
	end(&t);
}

static void
what_is_of_one_connection_is_not_sent(void **state)
{
	static const struct field fields[] = {
	    {SPAN_INIT("connection"), SPAN_INIT("x")},
	    {SPAN_INIT("host"), SPAN_INIT("evil")},
	    {SPAN_INIT("upgrade"), SPAN_INIT("h2c")},
	    {SPAN_INIT("te"), SPAN_INIT("gzip")},
	    {SPAN_INIT("keep-alive"), SPAN_INIT("5")},
	    {SPAN_INIT("content-length"), SPAN_INIT("5")},
	    {SPAN_INIT("cookie"), SPAN_INIT("a=b; c")},
	    {SPAN_INIT("transfer-encoding"), SPAN_INIT("x")},
	};
	struct call_request r = ask_get();
	struct talk t;

	(void)state;
	r.fields = fields;
	r.field_count = COUNT(fields);
	start(&t);
	ask_one(&t.a, &r);
	assert_sent(&t,
		    "HEADERS 1 :method=GET :scheme=http :authority=a :path=/ cookie=a=b; c END\n");
	ask_hear_end(&t.a);
	assert_int_equal(t.a.calls[0].how, CALL_CUT);
	end(&t);
}

static void
what_must_not_get_out_does_not(void **state)
{
	static const struct field bad[] = {{SPAN_INIT("a"), SPAN_INIT("b\r\nc: d")},
					   {SPAN_INIT("a\n"), SPAN_INIT("b")},
					   {SPAN_INIT(":path"), SPAN_INIT("/x")},
					   {SPAN_INIT(""), SPAN_INIT("b")},
					   {SPAN_INIT("a"), SPAN_INIT("\0")}};
	struct talk t;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct call_request r = ask_get();

		r.fields = &bad[i];
		r.field_count = 1;
		start(&t);
		ask_one(&t.a, &r);
		hear(&t);
		assert_int_equal(t.a.calls[0].how, CALL_BAD);
		assert_sent(&t, "");
		end(&t);
	}
}

/* Answers of one stream that are none: that call fails, the others go on. */
static void
a_malformed_answer_fails_one_call(void **state)
{
	static const struct {
		const char *what, *fields, *data;
	} bad[] = {
	    {"§8.3 no status", "x-a=b", NULL},
	    {"§8.3 a status that is none", ":status=2x0", NULL},
	    {"§8.3 a status of two digits", ":status=20", NULL},
	    {"§8.3 a status of zeros", ":status=000", NULL},
	    {"§8.3 two statuses", ":status=200,:status=200", NULL},
	    {"§8.3 a status after fields", "a=b,:status=200", NULL},
	    {"§8.3 another pseudo-field", ":status=200,:path=/", NULL},
	    {"§8.2.1 upper case", ":status=200,X-A=b", NULL},
	    {"§8.2.1 a name that is no token", ":status=200,a b=c", NULL},
	    {"§8.2.1 CR LF in a value", ":status=200,a=b\r\nc: d", NULL},
	    {"§8.2.1 LF in a value", ":status=200,a=b\nc", NULL},
	    {"§8.2.1 CR in a name", ":status=200,a\r=b", NULL},
	    {"§8.2.2 connection", ":status=200,connection=close", NULL},
	    {"§8.2.2 transfer-encoding", ":status=200,transfer-encoding=chunked", NULL},
	    {"§8.2.2 upgrade", ":status=200,upgrade=x", NULL},
	    {"§8.1.1 less than its length", ":status=200,content-length=9", "short"},
	    {"§8.1.1 more than its length", ":status=200,content-length=2", "longer"},
	    {"§8.1.1 two lengths", ":status=200,content-length=5,content-length=5", "hello"},
	    {"§8.1.1 a length that is none", ":status=200,content-length=+5", "hello"},
	    {"§8.1.1 a body of 204", ":status=204", "hello"},
	    {"§8.1.1 a body of 304", ":status=304", "hello"},
	    {"§8.6 101", ":status=101", NULL},
	    {"§8.1 the end of 100", ":status=100", ""},
	    {"too many fields",
	     ":status=200,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=,a=", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct talk t;

		start_get(&t);
		ask_one(&t.a, NULL);
		frame_headers(&t.in, 0, 1, bad[i].fields);
		frame_data(&t.in, ENDS, 1, bad[i].data != NULL ? bad[i].data : "");
		frame_headers(&t.in, ENDS, 3, ":status=200");
		hear(&t);
		if (t.a.calls[0].failures != 1 || t.a.calls[0].how != CALL_BAD)
			fail_msg("%s: was taken", bad[i].what);
		if (t.a.calls[1].overs != 1)
			fail_msg("%s: failed another call", bad[i].what);
		assert_false(caller_is_dead(t.a.caller));
		end(&t);
	}
}

static void
a_head_that_is_too_large_fails(void **state)
{
	struct talk t;
	char fields[16 * 128] = ":status=200";

	(void)state;
	for (int i = 0; i < 15; i++)
		snprintf(fields + strlen(fields), sizeof fields - strlen(fields), ",n%d=%0100d", i,
			 i);
	start_get(&t);
	frame_headers(&t.in, ENDS, 1, fields);
	hear(&t);
	assert_int_equal(t.a.calls[0].how, CALL_BAD);
	assert_string_equal(t.a.calls[0].why, "a header that is too large");
	end(&t);
}

/* What breaks the connection fails all. */
static void
what_is_no_http2_fails_all_calls(void **state)
{
	static const struct {
		const char *what;
		struct span bytes;
	} bad[] = {
	    {"HTTP/1.1", SPAN_INIT("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")},
	    {"SSH", SPAN_INIT("SSH-2.0-OpenSSH_9.2\r\n")},
	    {"a frame too large", SPAN_INIT("\377\377\377\4\0\0\0\0\0")},
	    {"no SETTINGS first", SPAN_INIT("\0\0\10\6\0\0\0\0\0abcdefgh")},
	    {"SETTINGS of a stream", SPAN_INIT("\0\0\0\4\0\0\0\0\1")},
	    {"DATA of no stream", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\1\0\0\0\0\0\0x")},
	    {"HEADERS of an idle stream", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\11\210")},
	    {"PUSH_PROMISE", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\5\5\4\0\0\0\1\0\0\0\2\210")},
	    {"HPACK that is none", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\377")},
	    {"a HEADERS frame and another", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\1\1\0\0\0\0\1\210"
						      "\0\0\0\0\0\0\0\0\1")},
	    {"WINDOW_UPDATE of 0", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\4\10\0\0\0\0\0\0\0\0\0")},
	    {"a PING too short", SPAN_INIT("\0\0\0\4\0\0\0\0\0\0\0\1\6\0\0\0\0\0x")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct talk t;

		start_get(&t);
		ask_one(&t.a, NULL);
		ask_hear(&t.a, bad[i].bytes);
		ask_hear_end(&t.a);
		for (int k = 0; k < 2; k++)
			if (t.a.calls[k].failures != 1 || t.a.calls[k].how != CALL_BAD)
				fail_msg("%s: call %d: %s", bad[i].what, k, t.a.calls[k].why);
		assert_true(caller_is_dead(t.a.caller));
		end(&t);
	}
}

static void
what_the_server_did_not_see_may_be_asked_again(void **state)
{
	struct talk t;

	(void)state;
	start_get(&t);
	ask_one(&t.a, NULL);
	ask_one(&t.a, NULL);
	frame_reset(&t.in, 1, NGHTTP2_REFUSED_STREAM);
	frame_goaway(&t.in, 3, NGHTTP2_NO_ERROR);
	hear(&t);
	assert_int_equal(t.a.calls[0].how, CALL_UNSENT);
	assert_int_equal(t.a.calls[2].how, CALL_UNSENT);
	assert_int_equal(t.a.calls[1].failures, 0);
	assert_int_equal(caller_vacancies(t.a.caller), 0);
	assert_false(caller_is_dead(t.a.caller));
	frame_headers(&t.in, ENDS, 3, ":status=200");
	hear(&t);
	assert_int_equal(t.a.calls[1].overs, 1);
	assert_true(caller_is_dead(t.a.caller));
	end(&t);
}

static void
an_answer_that_is_broken_off_is_cut(void **state)
{
	static const uint32_t codes[] = {NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR,
					 NGHTTP2_REFUSED_STREAM};

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		struct talk t;

		start_get(&t);
		frame_headers(&t.in, 0, 1, ":status=200");
		frame_data(&t.in, 0, 1, "half");
		frame_reset(&t.in, 1, codes[i]);
		hear(&t);
		assert_int_equal(t.a.calls[0].failures, 1);
		assert_int_equal(t.a.calls[0].how, CALL_CUT);
		end(&t);
	}
}

static void
an_early_answer_ends_the_request(void **state)
{
	struct call_request r = post(LENGTH_UNKNOWN);
	struct talk t;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	ask_say(&t.a.calls[0], SPAN_OF("abc"), false);
	frame_headers(&t.in, ENDS, 1, ":status=413");
	hear(&t);
	assert_log(&t.a.calls[0], "H 413 0\nL\nO 0 0");
	assert_sent(&t, POST "\nDATA 1 abc\nRST 1 8\n");
	end(&t);
}

static void
a_body_cut_short_is_never_taken_for_whole(void **state)
{
	struct call_request r = post(5);
	struct talk t;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	hear(&t);
	ask_say(&t.a.calls[0], SPAN_OF("hel"), true);
	assert_int_equal(t.a.calls[0].failures, 0); /* not from within call_sent() */
	ask_flush(&t.a);
	assert_int_equal(t.a.calls[0].failures, 1);
	struct frames_seen seen = frames_read(buf_span(&t.a.sent));
	assert_null(memmem(buf_span(&seen.words).p, buf_len(&seen.words), "END", 3));
	frames_free(&seen);
	end(&t);
}

/* Nobody takes: the server is given no more window, for this call only. */
static void
a_slow_owner_holds_up_nobody_else(void **state)
{
	static char piece[16384 + 1];
	struct talk t;

	(void)state;
	memset(piece, 'x', sizeof piece - 1);
	start_get(&t);
	ask_one(&t.a, NULL);
	t.a.habit = ASK_HOLDS;
	frame_headers(&t.in, 0, 1, ":status=200");
	for (int i = 0; i < 4; i++)
		frame_data(&t.in, 0, 1, piece);
	hear(&t);
	assert_int_equal(t.a.calls[0].held, EXCHANGE_WINDOW);
	assert_true(caller_wants_input(t.a.caller));
	frame_headers(&t.in, 0, 3, ":status=200");
	for (int i = 0; i < 4; i++)
		frame_data(&t.in, 0, 3, piece);
	hear(&t);
	assert_int_equal(t.a.calls[1].held, EXCHANGE_WINDOW);

	/* One that takes no notice of its window. */
	frame_data(&t.in, 0, 1, piece);
	hear(&t);
	assert_int_equal(t.a.calls[0].failures, 1);
	assert_int_equal(t.a.calls[0].how, CALL_BAD);
	end(&t);
}

static void
what_is_taken_opens_the_window(void **state)
{
	static char piece[16384 + 1];
	struct talk t;

	(void)state;
	memset(piece, 'x', sizeof piece - 1);
	start_get(&t);
	frame_headers(&t.in, 0, 1, ":status=200");
	hear(&t);
	for (int i = 0; i < 40; i++) {
		frame_data(&t.in, 0, 1, piece);
		hear(&t);
	}
	frame_data(&t.in, ENDS, 1, "");
	hear(&t);
	assert_int_equal(t.a.calls[0].overs, 1);
	assert_int_equal(buf_len(&t.a.calls[0].body), 40 * 16384);
	end(&t);
}

static void
a_slow_server_is_not_flooded(void **state)
{
	static const uint8_t zeros[20000];
	struct call_request r = post(1 << 20);
	size_t sent = 0, n;
	struct talk t;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	hear(&t);
	for (int i = 0; i < 50; i++) {
		while ((n = ask_say(&t.a.calls[0], span_of(zeros, sizeof zeros), false)) > 0)
			sent += n;
		ask_flush(&t.a);
	}
	assert_in_range(sent, 65535, 65535 + (64 << 10));
	unsigned told = t.a.calls[0].writables;
	frame_window(&t.in, 1, 30000);
	frame_window(&t.in, 0, 30000);
	hear(&t);
	assert_true(t.a.calls[0].writables > told);
	end(&t);
}

static void
floods_end_the_connection(void **state)
{
	static const struct {
		uint8_t type;
		size_t len;
		uint32_t stream;
	} floods[] = {
	    {NGHTTP2_PING, 8, 0},     {NGHTTP2_SETTINGS, 0, 0},      {NGHTTP2_DATA, 0, 1},
	    {NGHTTP2_PRIORITY, 5, 1}, {NGHTTP2_WINDOW_UPDATE, 4, 1}, {0x77, 8, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(floods); i++) {
		struct talk t;

		start_get(&t);
		frame_headers(&t.in, 0, 1, ":status=200");
		hear(&t);
		t.a.deaf = true;
		for (int k = 0; k < 40000; k++) {
			frame_numbers(&t.in, floods[i].type, floods[i].stream, 1, 0, floods[i].len);
			if (k % 100 == 0)
				hear(&t);
		}
		hear(&t);
		if (!caller_is_dead(t.a.caller))
			fail_msg("frames of type %u", floods[i].type);
		assert_int_equal(t.a.calls[0].failures, 1);
		assert_int_equal(t.a.calls[0].how, CALL_BAD);
		assert_true(buf_len(caller_output(t.a.caller)) < 65536 + 20000);
		end(&t);
	}
}

static void
an_endless_head_ends_the_connection(void **state)
{
	struct talk t;
	struct buf block = buf_with_cap(65536);

	(void)state;
	for (int i = 0; i < 100; i++)
		frame_field(&block, SPAN_OF("a"),
			    SPAN_OF("0123456789012345678901234567890123456789"));
	start_get(&t);
	frame_put(&t.in, NGHTTP2_HEADERS, 0, 1, buf_span(&block));
	for (int i = 0; i < 200; i++)
		frame_put(&t.in, NGHTTP2_CONTINUATION, 0, 1, buf_span(&block));
	hear(&t);
	assert_int_equal(t.a.calls[0].how, CALL_BAD);
	assert_true(caller_is_dead(t.a.caller));
	buf_free(&block);
	end(&t);
}

static struct call_request
upgrade(void)
{
	static const struct field key[] = {{SPAN_INIT("sec-websocket-key"), SPAN_INIT("abc")},
					   {SPAN_INIT("sec-websocket-version"), SPAN_INIT("13")}};
	struct call_request r = ask_get();

	r.protocol = SPAN_OF("websocket");
	r.fields = key;
	r.field_count = COUNT(key);
	return r;
}

#define CONNECT                                                                                    \
	"HEADERS 1 :method=CONNECT :protocol=websocket :scheme=http :authority=a :path=/ "         \
	"sec-websocket-version=13\n"

static void
protocols_are_switched_when_the_server_says_it_can(void **state)
{
	struct call_request r = upgrade();
	struct talk t;
	size_t len;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	assert_sent(&t, "");
	buf_free(&t.in);
	frame_settings_connect(&t.in);
	hear(&t);
	struct ask_call *c = &t.a.calls[0];
	assert_sent(&t, CONNECT);
	assert_null(call_room(c->call, &len));
	frame_headers(&t.in, 0, 1, ":status=200");
	frame_data(&t.in, 0, 1, "hi");
	hear(&t);
	assert_true(c->switched);
	ask_say(c, SPAN_OF("ho"), false);
	frame_data(&t.in, ENDS, 1, "bye");
	hear(&t);
	assert_int_equal(c->lasts, 1);
	assert_int_equal(c->overs, 0);
	ask_say(c, SPAN_OF("bye"), true);
	assert_int_equal(c->overs, 0); /* not from within call_sent() */
	ask_flush(&t.a);
	assert_int_equal(c->overs, 1);
	assert_sent(&t, CONNECT "DATA 1 ho\nDATA 1 bye END\n");
	end(&t);
}

static void
protocols_are_refused_when_it_cannot(void **state)
{
	struct call_request r = upgrade();
	struct talk t;

	(void)state;
	start(&t);
	ask_one(&t.a, &r);
	hear(&t);
	assert_int_equal(t.a.calls[0].how, CALL_REFUSED);
	assert_sent(&t, "");
	assert_false(caller_is_dead(t.a.caller));
	end(&t);
}

static void
a_cancelled_call_is_reset_and_the_others_go_on(void **state)
{
	struct talk t;

	(void)state;
	start_get(&t);
	ask_one(&t.a, NULL);
	ask_flush(&t.a);
	t.a.calls[0].cancelled = true;
	call_cancel(t.a.calls[0].call);
	assert_true(buf_len(caller_output(t.a.caller)) > 0);
	frame_headers(&t.in, 0, 1, ":status=200");
	frame_data(&t.in, ENDS, 1, "late");
	frame_headers(&t.in, ENDS, 3, ":status=200");
	hear(&t);
	assert_int_equal(t.a.calls[0].heads, 0);
	assert_int_equal(t.a.calls[1].overs, 1);
	end(&t);
}

/* In each thing it is told, an owner may cancel, or free everything. */
static void
owners_may_do_anything_when_told(void **state)
{
	static const char events[] = "IHBLOFW";
	static const unsigned habits[] = {ASK_CANCELS, ASK_FREES, ASK_CANCELS | ASK_FREES,
					  ASK_CANCELS | ASK_HOLDS, ASK_FREES | ASK_AGAIN};

	(void)state;
	for (size_t e = 0; e < sizeof events - 1; e++) {
		for (size_t h = 0; h < COUNT(habits) * 2; h++) {
			struct call_request r = post(4);
			struct talk t;

			start(&t);
			t.a.habit = habits[h / 2];
			t.a.when = events[e];
			ask_one(&t.a, &r);
			ask_one(&t.a, NULL);
			ask_flush(&t.a);
			frame_headers(&t.in, 0, 1, ":status=103");
			frame_headers(&t.in, 0, 1, ":status=200");
			frame_data(&t.in, 0, 1, "ab");
			frame_data(&t.in, 0, 1, "cd");
			if (h % 2 == 0)
				frame_headers(&t.in, ENDS, 1, "x=y");
			else
				frame_reset(&t.in, 1, NGHTTP2_INTERNAL_ERROR);
			frame_headers(&t.in, ENDS, 3, ":status=200");
			hear(&t);
			ask_hear_end(&t.a);
			end(&t);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_get_is_answered),
	    cmocka_unit_test(every_split_is_told_alike),
	    cmocka_unit_test(many_calls_share_a_connection),
	    cmocka_unit_test(bodies_go_out_with_their_length),
	    cmocka_unit_test(trailers_go_both_ways),
	    cmocka_unit_test(an_answer_may_be_a_head_alone),
	    cmocka_unit_test(what_is_of_one_connection_is_not_sent),
	    cmocka_unit_test(what_must_not_get_out_does_not),
	    cmocka_unit_test(a_malformed_answer_fails_one_call),
	    cmocka_unit_test(a_head_that_is_too_large_fails),
	    cmocka_unit_test(what_is_no_http2_fails_all_calls),
	    cmocka_unit_test(what_the_server_did_not_see_may_be_asked_again),
	    cmocka_unit_test(an_answer_that_is_broken_off_is_cut),
	    cmocka_unit_test(an_early_answer_ends_the_request),
	    cmocka_unit_test(a_body_cut_short_is_never_taken_for_whole),
	    cmocka_unit_test(a_slow_owner_holds_up_nobody_else),
	    cmocka_unit_test(what_is_taken_opens_the_window),
	    cmocka_unit_test(a_slow_server_is_not_flooded),
	    cmocka_unit_test(floods_end_the_connection),
	    cmocka_unit_test(an_endless_head_ends_the_connection),
	    cmocka_unit_test(protocols_are_switched_when_the_server_says_it_can),
	    cmocka_unit_test(protocols_are_refused_when_it_cannot),
	    cmocka_unit_test(a_cancelled_call_is_reset_and_the_others_go_on),
	    cmocka_unit_test(owners_may_do_anything_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, ask_teardown);
}
