#include "serve/encode.h"

#include <stdio.h>

#include "unit.h"

#include "decode.h"
#include "host.h"
#include "http/h1.h"
#include "http/pool.h"

#define LARGE 300000

static const char *const types[] = {"text/*", "application/json", NULL};
static uint8_t even[LARGE], random_bytes[LARGE];

/* A connection, and a handler that answers when the test says so. */
struct talk {
	struct http_session *h1;
	struct client client;
	struct http_settings settings;
	struct exchange *ex;
	unsigned gone, writable;
	struct span left; /* what `writable` goes on with */
	struct buf out;
	bool is_slow; /* takes nothing of what is sent */
};

static void
send_left(struct exchange *ex)
{
	struct talk *t = ex->handling;
	size_t len;
	uint8_t *room;

	while (t->left.len > 0 && (room = exchange_room(ex, &len)) != NULL) {
		struct span piece = span_head(t->left, len);

		memcpy(room, piece.p, piece.len);
		t->left = span_tail(t->left, piece.len);
		exchange_sent(ex, piece.len, t->left.len == 0);
	}
}

static void
on_writable(struct exchange *ex)
{
	((struct talk *)ex->handling)->writable++;
	send_left(ex);
}

static void
on_gone(struct exchange *ex)
{
	struct talk *t = ex->handling;

	t->gone++;
	t->ex = NULL;
}

static const struct handler_ops handler = {.writable = on_writable, .gone = on_gone};

static void
on_request(struct exchange *ex, void *owner)
{
	struct talk *t = owner;

	t->ex = ex;
	ex->handler = &handler;
	ex->handling = t;
	encode_answers(ex, types);
}

/* As the server does it: what is there goes out at once, and then handlers go on. */
static void
on_output(void *owner)
{
	struct talk *t = owner;
	struct buf *out = session_output(t->h1);

	while (!t->is_slow && buf_len(out) > 0) {
		assert_true(buf_append(&t->out, buf_span(out)));
		buf_taken(out, buf_len(out));
		session_sent(t->h1);
	}
}

static int64_t
on_now(void *owner)
{
	(void)owner;
	return 0;
}

static const struct http_host host = {on_request, host_over, on_output, host_date, on_now};

static void
ask(struct talk *t, const char *line, const char *fields)
{
	char head[512];

	*t = (struct talk){.out = buf_with_cap(DECODED_MAX),
			   .settings = {.header_bytes = 4096, .header_fields = 50}};
	t->h1 = h1_new(&host, t, &t->settings, &t->client);
	snprintf(head, sizeof head, "%s\r\nHost: x\r\n%s\r\n", line, fields);
	assert_int_equal(session_receive(t->h1, span_str(head)), strlen(head));
	assert_non_null(t->ex);
}

static void
end(struct talk *t)
{
	session_free(t->h1);
	buf_free(&t->out);
	pool_thread_end();
	encode_thread_end();
}

/* The answer so far, with a NUL. */
static const char *
answer(struct talk *t)
{
	uint8_t *nul;

	on_output(t);
	nul = buf_room(&t->out, 1);
	assert_non_null(nul);
	*nul = '\0';
	return (const char *)buf_span(&t->out).p;
}

static bool
has(struct talk *t, const char *line)
{
	const char *text = answer(t), *end_of_head = strstr(text, "\r\n\r\n");
	const char *at = strstr(text, line);

	return at != NULL && at < end_of_head;
}

static struct span
body(struct talk *t)
{
	const char *text = answer(t);
	size_t head = (size_t)(strstr(text, "\r\n\r\n") + 4 - text);

	return span_tail(buf_span(&t->out), head);
}

/* The last chunk (RFC 9112 §7.1). */
static bool
has_ended(struct talk *t)
{
	struct span sent = body(t);

	return sent.len > 0 && memmem(sent.p, sent.len, "\r\n0\r\n", 5) != NULL;
}

static void
assert_decodes(struct talk *t, enum coding coding, struct span to, bool whole)
{
	bool ended, chunks_ended;
	struct buf chunks = decode_chunks(body(t), &chunks_ended);
	struct buf plain = decode(coding, buf_span(&chunks), &ended);

	assert_int_equal(chunks_ended, whole);
	assert_int_equal(ended, whole);
	assert_int_equal(buf_len(&plain), to.len);
	if (to.len > 0)
		assert_memory_equal(buf_span(&plain).p, to.p, to.len);
	buf_free(&chunks);
	buf_free(&plain);
}

static const struct field text_field = {SPAN_INIT("content-type"),
					SPAN_INIT("text/html; charset=utf-8")};

static const struct {
	const char *field;
	enum coding coding;
} coded[] = {
    {"Accept-Encoding: gzip\r\n", CODING_GZIP},
    {"Accept-Encoding: zstd\r\n", CODING_ZSTD},
    {"Accept-Encoding: br\r\n", CODING_BR},
};

static void
what_is_coded_decodes_to_what_was_given(void **state)
{
	const struct span bodies[] = {span_of(even, LARGE), span_of(random_bytes, LARGE),
				      span_of(even, 512)};

	(void)state;
	for (size_t i = 0; i < COUNT(coded) * COUNT(bodies); i++) {
		enum coding coding = coded[i % COUNT(coded)].coding;
		struct span whole = bodies[i / COUNT(coded)];
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i % COUNT(coded)].field);
		exchange_respond(t.ex, 200, &text_field, 1, whole);
		assert_true(has(&t, "\r\nContent-Encoding: "));
		assert_true(has(&t, "\r\nVary: Accept-Encoding\r\n"));
		assert_false(has(&t, "\r\nContent-Length"));
		assert_decodes(&t, coding, whole, true);
		assert_int_equal(t.gone, 1);
		end(&t);
	}
}

static const struct {
	const char *line, *fields;
	unsigned status;
	struct field field, more;
	size_t length;
	bool varies;
} plain[] = {
    {"GET / HTTP/1.1",
     "",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     true},
    {"GET / HTTP/1.1",
     "Accept-Encoding: deflate\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     true},
    {"GET / HTTP/1.1",
     "Accept-Encoding: br;q=0, gzip;q=0\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     true},
    {"GET / HTTP/1.0",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     true},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     511,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("image/png")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("x-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     206,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT(""), SPAN_INIT("")},
     1000,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT("content-encoding"), SPAN_INIT("aws-chunked")},
     1000,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT("content-range"), SPAN_INIT("bytes 0-9/10")},
     1000,
     false},
    {"GET / HTTP/1.1",
     "Accept-Encoding: gzip\r\n",
     200,
     {SPAN_INIT("content-type"), SPAN_INIT("text/css")},
     {SPAN_INIT("cache-control"), SPAN_INIT("public, No-Transform")},
     1000,
     false},
};

static void
what_is_not_worth_it_stays_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++) {
		struct field fields[] = {plain[i].field, plain[i].more};
		struct talk t;

		ask(&t, plain[i].line, plain[i].fields);
		exchange_respond(t.ex, plain[i].status, fields, plain[i].more.name.len > 0 ? 2 : 1,
				 span_of(even, plain[i].length));
		if (has(&t, "Content-Encoding: gzip") || has(&t, "\r\nVary") != plain[i].varies)
			fail_msg("%zu: %s", i, answer(&t));
		assert_int_equal(body(&t).len, plain[i].length);
		assert_true(has(&t, "\r\nContent-Length"));
		end(&t);
	}
}

static void
an_answer_without_a_body_is_left_alone(void **state)
{
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_respond_bare(t.ex, 304, &text_field, 1);
	assert_false(has(&t, "Content-Encoding"));
	assert_int_equal(t.gone, 1);
	end(&t);
}

static void
head_is_answered_as_get_would_be(void **state)
{
	struct talk t;

	(void)state;
	ask(&t, "HEAD / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_respond(t.ex, 200, &text_field, 1, span_of(even, 1000));
	assert_true(has(&t, "\r\nContent-Encoding: gzip\r\n"));
	assert_false(has(&t, "\r\nContent-Length"));
	assert_int_equal(body(&t).len, 0);
	end(&t);
}

static void
validators_and_vary_say_what_was_done(void **state)
{
	const struct field fields[] = {
	    text_field,
	    {SPAN_OF("etag"), SPAN_OF("\"abc\"")},
	    {SPAN_OF("accept-ranges"), SPAN_OF("bytes")},
	    {SPAN_OF("vary"), SPAN_OF("Cookie")},
	};
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_respond(t.ex, 200, fields, COUNT(fields), span_of(even, 1000));
	assert_true(has(&t, "\r\nEtag: W/\"abc\"\r\n"));
	assert_true(has(&t, "\r\nVary: Cookie, Accept-Encoding\r\n"));
	assert_false(has(&t, "Accept-Ranges"));
	end(&t);
	ask(&t, "GET / HTTP/1.1", "");
	exchange_respond(t.ex, 200, fields, COUNT(fields), span_of(even, 1000));
	assert_true(has(&t, "\r\nEtag: \"abc\"\r\n"));
	assert_true(has(&t, "\r\nVary: Cookie, Accept-Encoding\r\n"));
	assert_true(has(&t, "Accept-Ranges"));
	end(&t);
}

static void
vary_is_not_said_twice(void **state)
{
	const struct field fields[] = {text_field,
				       {SPAN_OF("vary"), SPAN_OF("Cookie, accept-encoding")}};
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_respond(t.ex, 200, fields, COUNT(fields), span_of(even, 1000));
	assert_true(has(&t, "\r\nVary: Cookie, accept-encoding\r\n"));
	end(&t);
}

static void
put(struct exchange *ex, struct span bytes, bool last)
{
	size_t len;
	uint8_t *room = exchange_room(ex, &len);

	assert_non_null(room);
	assert_true(len >= bytes.len);
	if (bytes.len > 0)
		memcpy(room, bytes.p, bytes.len);
	exchange_sent(ex, bytes.len, last);
}

/* Server-sent events must not wait for more of them. */
static void
a_piece_that_leaves_room_goes_out_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i].field);
		exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
		put(t.ex, SPAN_OF("data: one\n\n"), false);
		assert_decodes(&t, coded[i].coding, SPAN_OF("data: one\n\n"), false);
		put(t.ex, SPAN_OF("data: two\n\n"), false);
		put(t.ex, SPAN_NONE, false);
		assert_decodes(&t, coded[i].coding, SPAN_OF("data: one\n\ndata: two\n\n"), false);
		put(t.ex, SPAN_NONE, true);
		assert_decodes(&t, coded[i].coding, SPAN_OF("data: one\n\ndata: two\n\n"), true);
		assert_int_equal(t.gone, 1);
		end(&t);
	}
}

static void
trailers_follow_the_last_of_it(void **state)
{
	const struct field trailer = {SPAN_OF("x-sum"), SPAN_OF("42")};
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\nTE: trailers\r\n");
	exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
	put(t.ex, SPAN_OF("some"), false);
	exchange_trailers(t.ex, &trailer, 1);
	assert_true(has_ended(&t));
	assert_non_null(memmem(body(&t).p, body(&t).len, "X-Sum: 42\r\n", 11));
	assert_decodes(&t, CODING_GZIP, SPAN_OF("some"), true);
	assert_int_equal(t.gone, 1);
	end(&t);
}

/* Random bytes do not get smaller: more comes out than there is room for. */
static void
who_reads_slowly_gets_all_of_it_in_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		struct span whole = span_of(random_bytes, LARGE);
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i].field);
		t.is_slow = true;
		t.left = whole;
		exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
		send_left(t.ex);
		t.is_slow = false;
		assert_decodes(&t, coded[i].coding, whole, true);
		assert_true(t.writable > 0);
		assert_int_equal(t.gone, 1);
		end(&t);
	}
}

/* The same where the answer is given whole, and somebody else keeps its rest. */
static void
a_whole_answer_to_who_reads_slowly(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		struct span whole = span_of(random_bytes, LARGE);
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i].field);
		t.is_slow = true;
		exchange_respond(t.ex, 200, &text_field, 1, whole);
		assert_int_equal(t.gone, 0);
		t.is_slow = false;
		assert_decodes(&t, coded[i].coding, whole, true);
		assert_int_equal(t.gone, 1);
		end(&t);
	}
}

/* Hundreds of kilobytes that become hundreds of bytes: the output never fills. */
static void
what_shrinks_to_nothing_gives_others_their_turn(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i].field);
		t.is_slow = true;
		t.left = span_of(even, LARGE);
		exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
		send_left(t.ex);
		assert_true(t.left.len > LARGE / 2);
		t.is_slow = false;
		assert_decodes(&t, coded[i].coding, span_of(even, LARGE), true);
		assert_true(t.writable >= 2);
		end(&t);
	}
}

static void
who_goes_away_leaves_nothing_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		struct talk t;

		ask(&t, "GET / HTTP/1.1", coded[i].field);
		t.is_slow = true;
		t.left = span_of(random_bytes, LARGE);
		exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
		send_left(t.ex);
		end(&t);
		assert_int_equal(t.gone, 1);
	}
}

static void
an_answer_cut_short_is_not_ended_as_if_it_were_whole(void **state)
{
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_start(t.ex, 200, &text_field, 1, 1000);
	put(t.ex, SPAN_OF("some"), true);
	assert_false(has_ended(&t));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	end(&t);
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
	exchange_start(t.ex, 200, &text_field, 1, LENGTH_UNKNOWN);
	put(t.ex, SPAN_OF("some"), false);
	exchange_abort(t.ex);
	assert_false(has_ended(&t));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	end(&t);
}

static void
a_known_length_ends_by_itself(void **state)
{
	struct talk t;

	(void)state;
	ask(&t, "GET / HTTP/1.1", "Accept-Encoding: zstd\r\n");
	exchange_start(t.ex, 200, &text_field, 1, 600);
	put(t.ex, span_of(even, 300), false);
	put(t.ex, span_of(even + 300, 300), false);
	assert_decodes(&t, CODING_ZSTD, span_of(even, 600), true);
	end(&t);
}

/* Memory is what it costs: from some number on answers go out as they are. */
static void
only_so_many_are_compressed_at_once(void **state)
{
	static struct talk talks[64];
	size_t compressed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(talks); i++) {
		ask(&talks[i], "GET / HTTP/1.1", "Accept-Encoding: gzip\r\n");
		exchange_start(talks[i].ex, 200, &text_field, 1, LENGTH_UNKNOWN);
		compressed += has(&talks[i], "Content-Encoding: gzip");
		assert_true(has(&talks[i], "\r\nVary: Accept-Encoding"));
	}
	assert_true(compressed > 0 && compressed < COUNT(talks));
	for (size_t i = 0; i < COUNT(talks); i++)
		put(talks[i].ex, SPAN_OF("x"), true);
	for (size_t i = 0; i < COUNT(talks); i++)
		assert_int_equal(talks[i].gone, 1);
	for (size_t i = 0; i < COUNT(talks); i++)
		end(&talks[i]);
}

static int
setup(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < LARGE; i++) {
		seed = seed * 1664525 + 1013904223;
		random_bytes[i] = (uint8_t)(seed >> 24);
		even[i] = (uint8_t) "all work and no play "[i % 21];
	}
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_coded_decodes_to_what_was_given),
	    cmocka_unit_test(what_is_not_worth_it_stays_as_it_is),
	    cmocka_unit_test(an_answer_without_a_body_is_left_alone),
	    cmocka_unit_test(head_is_answered_as_get_would_be),
	    cmocka_unit_test(validators_and_vary_say_what_was_done),
	    cmocka_unit_test(vary_is_not_said_twice),
	    cmocka_unit_test(a_piece_that_leaves_room_goes_out_at_once),
	    cmocka_unit_test(trailers_follow_the_last_of_it),
	    cmocka_unit_test(who_reads_slowly_gets_all_of_it_in_the_end),
	    cmocka_unit_test(a_whole_answer_to_who_reads_slowly),
	    cmocka_unit_test(what_shrinks_to_nothing_gives_others_their_turn),
	    cmocka_unit_test(who_goes_away_leaves_nothing_behind),
	    cmocka_unit_test(an_answer_cut_short_is_not_ended_as_if_it_were_whole),
	    cmocka_unit_test(a_known_length_ends_by_itself),
	    cmocka_unit_test(only_so_many_are_compressed_at_once),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
