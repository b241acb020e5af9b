#include "unit.h"

#include <stdio.h>

#include "ask_check.h"

#define OK    "HTTP/1.1 200 OK\r\n"
#define END   "\r\n"
#define CL(n) "Content-Length: " #n "\r\n"
#define TE    "Transfer-Encoding: chunked\r\n"
#define CLOSE "Connection: close\r\n"
#define X16   "xxxxxxxxxxxxxxxx"
#define X256  X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define X1K   X256 X256 X256 X256
#define F4    "f: 1\r\nf: 1\r\nf: 1\r\nf: 1\r\n"

/* Answers to a GET that are none: the call fails so, the connection is never used again. */
static const struct hostile {
	const char *what;
	struct span bytes;
} hostiles[] = {
#define BAD(what, bytes)                                                                           \
	{                                                                                          \
		what,                                                                              \
		{                                                                                  \
			(const uint8_t *)(bytes), sizeof(bytes) - 1                                \
		}                                                                                  \
	}
    /* RFC 9112 §4: status line */
    BAD("§4 not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"),
    BAD("§4 HTTP/0.9", "<html>hello</html>"),
    BAD("§4 HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"),
    BAD("§4 HTTP/2 frames", "\0\0\6\4\0\0\0\0\0"),
    BAD("§4 TLS", "\026\003\003\000\001x"),
    BAD("§4 lower case", "http/1.1 200 OK\r\n\r\n"),
    BAD("§4 no status", "HTTP/1.1\r\n\r\n"),
    BAD("§4 two digits", "HTTP/1.1 20 OK\r\n\r\n"),
    BAD("§4 four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
    BAD("§4 signed", "HTTP/1.1 +20 OK\r\n\r\n"),
    BAD("§4 letters", "HTTP/1.1 abc OK\r\n\r\n"),
    BAD("§4 below 100", "HTTP/1.1 099 OK\r\n\r\n"),
    BAD("§4 zero", "HTTP/1.1 000 OK\r\n\r\n"),
    BAD("§4 two spaces", "HTTP/1.1  200 OK\r\n\r\n"),
    BAD("§4 tab", "HTTP/1.1\t200 OK\r\n\r\n"),
    BAD("§4 an empty line first", "\r\n" OK CL(0) END),
    BAD("§4 a space first", " " OK CL(0) END),
    BAD("§4 a byte order mark", "\357\273\277" OK CL(0) END),
    BAD("§2.3 HTTP/1.x", "HTTP/1.x 200 OK\r\n\r\n"),
    BAD("§2.3 HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n"),
    BAD("§4 a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    /* §2.2, §5: lines and fields */
    BAD("§2.2 bare LF after the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
    BAD("§2.2 bare LF after a field", OK "Content-Length: 0\n\r\n"),
    BAD("§2.2 bare LF at the end", OK CL(0) "\n"),
    BAD("§2.2 bare CR in the reason", "HTTP/1.1 200 O\rK\r\n" CL(0) END),
    BAD("§2.2 bare CR in a value", OK "f: a\rb\r\n" CL(0) END),
    BAD("§2.2 NUL in a value", OK "f: a\0b\r\n" CL(0) END),
    BAD("§2.2 NUL in the reason", "HTTP/1.1 200 \0\r\n" CL(0) END),
    BAD("§2.2 control character", OK "f: \001\r\n" CL(0) END),
    BAD("§5.1 space before the colon", OK "Content-Length : 0\r\n" END),
    BAD("§5.1 no colon", OK "field\r\n" CL(0) END),
    BAD("§5.1 empty name", OK ": x\r\n" CL(0) END),
    BAD("§5.1 a name that is no token", OK "a b: x\r\n" CL(0) END),
    BAD("§5.2 obs-fold", OK "f: a\r\n b\r\n" CL(0) END),
    BAD("§5.2 obs-fold before the first field", OK " f: a\r\n" CL(0) END),
    BAD("§5.2 folded Transfer-Encoding", OK "Transfer-Encoding:\r\n chunked\r\n" END),
    BAD("§5 one field too large", OK "f: " X1K X1K "\r\n" END),
    BAD("§5 a reason too large", "HTTP/1.1 200 " X1K X1K "\r\n"),
    BAD("§5 an endless head", OK "f: " X1K X1K),
    BAD("§5 too many fields", OK F4 F4 F4 F4 F4 END),
    /* §6: what frames the body */
    BAD("§6.3 two lengths", OK CL(3) CL(4) END "abc"),
    BAD("§6.3 a list of two lengths", OK "Content-Length: 3, 4\r\n" END "abc"),
    BAD("§6.3 a list that ends in a comma", OK "Content-Length: 3,\r\n" END "abc"),
    BAD("§6.3 a list that begins with one", OK "Content-Length: ,3\r\n" END "abc"),
    BAD("§6.3 negative", OK CL(-1) END),
    BAD("§6.3 signed", OK CL(+1) END "a"),
    BAD("§6.3 hexadecimal", OK CL(0x1) END "a"),
    BAD("§6.3 a fraction", OK CL(1.0) END "a"),
    BAD("§6.3 empty", OK "Content-Length:\r\n" END),
    BAD("§6.3 too large", OK CL(9223372036854775808) END),
    BAD("§6.3 larger still", OK CL(99999999999999999999) END),
    BAD("§6.3 a space inside", OK "Content-Length: 1 0\r\n" END),
    BAD("§6.1 both", OK TE CL(3) END "0\r\n\r\n"),
    BAD("§6.1 both, the other way round", OK CL(3) TE END "0\r\n\r\n"),
    BAD("§6.1 gzip", OK "Transfer-Encoding: gzip\r\n" END),
    BAD("§6.1 gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n" END "0\r\n\r\n"),
    BAD("§6.1 chunked, chunked", OK "Transfer-Encoding: chunked, chunked\r\n" END),
    BAD("§6.1 chunked twice", OK TE TE END "0\r\n\r\n"),
    BAD("§6.1 identity", OK "Transfer-Encoding: identity\r\n" END),
    BAD("§6.1 xchunked", OK "Transfer-Encoding: xchunked\r\n" END "0\r\n\r\n"),
    BAD("§6.1 quoted", OK "Transfer-Encoding: \"chunked\"\r\n" END "0\r\n\r\n"),
    BAD("§6.1 empty", OK "Transfer-Encoding:\r\n" END),
    BAD("§6.1 a parameter", OK "Transfer-Encoding: chunked;q=1\r\n" END "0\r\n\r\n"),
    BAD("§6.1 a vertical tab", OK "Transfer-Encoding: \vchunked\r\n" END "0\r\n\r\n"),
    BAD("§6.1 in HTTP/1.0", "HTTP/1.0 200 OK\r\n" TE END "0\r\n\r\n"),
    /* §7.1: chunks */
    BAD("§7.1 no size", OK TE END "\r\n"),
    BAD("§7.1 a size that is none", OK TE END "xyz\r\n"),
    BAD("§7.1 a negative size", OK TE END "-1\r\n"),
    BAD("§7.1 0x", OK TE END "0x5\r\nhello\r\n0\r\n\r\n"),
    BAD("§7.1 a space before the size", OK TE END " 5\r\nhello\r\n0\r\n\r\n"),
    BAD("§7.1 a size too large", OK TE END "10000000000000000\r\n"),
    BAD("§7.1 a size too long", OK TE END "00000000000000005\r\nhello\r\n"),
    BAD("§7.1 bare LF after the size", OK TE END "5\nhello\r\n0\r\n\r\n"),
    BAD("§7.1 bare CR after the size", OK TE END "5\rhello\r\n0\r\n\r\n"),
    BAD("§7.1 no CRLF after the data", OK TE END "5\r\nhello0\r\n\r\n"),
    BAD("§7.1 bare LF after the data", OK TE END "5\r\nhello\n0\r\n\r\n"),
    BAD("§7.1 more data than said", OK TE END "4\r\nhello\r\n0\r\n\r\n"),
    BAD("§7.1.1 a control character", OK TE END "5;a=\001\r\nhello\r\n0\r\n\r\n"),
    BAD("§7.1.1 bare LF in an extension", OK TE END "5;a\nhello\r\n0\r\n\r\n"),
    BAD("§7.1.2 a trailer without colon", OK TE END "0\r\nfoo\r\n\r\n"),
    BAD("§7.1.2 too many trailers", OK TE END "0\r\n" F4 F4 F4 F4 F4 END),
    BAD("§7.1.2 a folded trailer", OK TE END "0\r\na: b\r\n c\r\n\r\n"),
    BAD("§7.1.2 bare LF in trailers", OK TE END "0\r\na: b\n\r\n"),
    BAD("§7.1.2 a second head for trailers", OK TE END "0\r\n" OK CL(0) END),
    /* RFC 9110 §15.2: interim answers */
    BAD("RFC 9110 §15.2.2 a switch nobody asked for",
	"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    BAD("RFC 9110 §7.6.1 too many options",
	OK "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r\r\n" CL(0) END),
};

/* What goes on for ever, where a body may have a little of it. */
static const char *const endless[] = {OK TE END "5;", OK TE END "0\r\na: ", OK "a: "};

/* Answers that are: what is told of them, and whether another may follow. */
static const struct good {
	const char *what;
	struct span bytes;
	const char *log, *body;
	bool to_end; /* FIN follows */
	bool kept;
} goods[] = {
#define GOOD(what, bytes, log, body, kept)                                                         \
	{                                                                                          \
		what, {(const uint8_t *)(bytes), sizeof(bytes) - 1}, log, body, false, kept        \
	}
#define UNTIL(what, bytes, log, body)                                                              \
	{                                                                                          \
		what, {(const uint8_t *)(bytes), sizeof(bytes) - 1}, log, body, true, false        \
	}
    GOOD("a length", OK CL(5) END "hello", "H 200 5\nL\nO 0 0", "hello", true),
    GOOD("no body", OK CL(0) END, "H 200 0\nL\nO 0 0", "", true),
    GOOD("chunks", OK TE END "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n", "H 200 -2\nL\nO 0 0",
	 "hello!", true),
    GOOD("trailers", OK TE END "1\r\na\r\n0\r\nX-Sum:  1 \r\nHost: b\r\nContent-Length: 3\r\n\r\n",
	 "H 200 -2\nL x-sum=1\nO 0 0", "a", true),
    GOOD("an empty chunked body", OK TE END "0\r\n\r\n", "H 200 -2\nL\nO 0 0", "", true),
    GOOD("Chunked", OK "Transfer-encoding: Chunked\r\n" END "0\r\n\r\n", "H 200 -2\nL\nO 0 0", "",
	 true),
    GOOD("no reason", "HTTP/1.1 200 \r\n" CL(0) END, "H 200 0\nL\nO 0 0", "", true),
    GOOD("nor a space", "HTTP/1.1 200\r\n" CL(0) END, "H 200 0\nL\nO 0 0", "", true),
    GOOD("a reason of other bytes", "HTTP/1.1 404 \303\234\r\n" CL(0) END, "H 404 0\nL\nO 0 0", "",
	 true),
    GOOD("fields", OK "Content-Type: text/plain\r\nX-A:  b c \r\nX-A: d\r\n" CL(0) END,
	 "H 200 0 content-type=text/plain x-a=b c x-a=d\nL\nO 0 0", "", true),
    GOOD("an empty value", OK "a:\r\n" CL(0) END, "H 200 0 a=\nL\nO 0 0", "", true),
    GOOD("equal lengths", OK CL(2) "Content-Length: 2, 2\r\n" END "ab", "H 200 2\nL\nO 0 0", "ab",
	 true),
    GOOD("204", "HTTP/1.1 204 No Content\r\n" END, "H 204 -1\nL\nO 0 0", "", true),
    GOOD("204 with a length of 0", "HTTP/1.1 204 No Content\r\n" CL(0) END, "H 204 -1\nL\nO 0 0",
	 "", true),
    GOOD("204 with a length", "HTTP/1.1 204 No Content\r\n" CL(5) END, "H 204 -1\nL\nO 0 0", "",
	 false),
    GOOD("304", "HTTP/1.1 304 Not Modified\r\n" CL(5) "ETag: \"a\"\r\n" END,
	 "H 304 -1 etag=\"a\"\nL\nO 0 0", "", true),
    GOOD("close", OK CLOSE CL(2) END "ab", "H 200 2\nL\nO 0 0", "ab", false),
    GOOD("HTTP/1.0", "HTTP/1.0 200 OK\r\n" CL(2) END "ab", "H 200 2\nL\nO 0 0", "ab", false),
    GOOD("HTTP/1.0 kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" CL(2) END "ab",
	 "H 200 2\nL\nO 0 0", "ab", true),
    GOOD("HTTP/1.9", "HTTP/1.9 200 OK\r\n" CL(2) END "ab", "H 200 2\nL\nO 0 0", "ab", true),
    GOOD("100 first", "HTTP/1.1 100 Continue\r\n\r\n" OK CL(0) END, "I 100 0\nH 200 0\nL\nO 0 0",
	 "", true),
    GOOD("103 with its fields", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK CL(0) END,
	 "I 103 0 link=</a>\nH 200 0\nL\nO 0 0", "", true),
    GOOD("fields of one connection",
	 OK "Connection: x-hop, Keep-Alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
	    "Proxy-Connection: a\r\nTE: a\r\nUpgrade: h2c\r\nx-end: 1\r\n" CL(0) END,
	 "H 200 0 x-end=1\nL\nO 0 0", "", true),
    GOOD("a second answer smuggled behind a length", OK CL(2) END "ab" OK CL(0) END,
	 "H 200 2\nL\nO 0 0", "ab", false),
    GOOD("behind no body", OK CL(0) END "x", "H 200 0\nL\nO 0 0", "", false),
    GOOD("behind 204", "HTTP/1.1 204 No Content\r\n" END "0\r\n\r\n", "H 204 -1\nL\nO 0 0", "",
	 false),
    GOOD("behind 304", "HTTP/1.1 304 Not Modified\r\n" CL(2) END "ab", "H 304 -1\nL\nO 0 0", "",
	 false),
    GOOD("behind the last chunk", OK TE END "1\r\na\r\n0\r\n\r\n" OK CL(0) END,
	 "H 200 -2\nL\nO 0 0", "a", false),
    UNTIL("a body to the end", OK END "hello", "H 200 -2\nL\nO 0 0", "hello"),
    UNTIL("an empty one", OK END, "H 200 -2\nL\nO 0 0", ""),
    UNTIL("in HTTP/1.0", "HTTP/1.0 200 OK\r\n" END "hello" OK, "H 200 -2\nL\nO 0 0", "hello" OK),
};

static struct span
piece(struct span bytes, size_t at, size_t n)
{
	return span_head(span_tail(bytes, at), n);
}

/* Begins with a GET, already sent. */
static void
start(struct ask *a)
{
	ask_start(a, h1_caller_new);
	ask_one(a, NULL);
	ask_flush(a);
}

static void
what_is_no_answer_fails_the_call(void **state)
{
	struct ask a;

	(void)state;
	for (size_t i = 0; i < COUNT(hostiles); i++) {
		start(&a);
		ask_hear(&a, hostiles[i].bytes);
		if (a.calls[0].failures != 1 || a.calls[0].how != CALL_BAD)
			fail_msg("%s: was taken", hostiles[i].what);
		assert_true(caller_is_dead(a.caller));
		assert_true(a.calls[0].why[0] != '\0');
		assert_int_equal(caller_vacancies(a.caller), 0);
		ask_end(&a);
	}
}

static void
check_good(const struct good *g, size_t split)
{
	struct ask a;

	start(&a);
	ask_hear(&a, span_head(g->bytes, split));
	ask_hear(&a, span_tail(g->bytes, split));
	if (g->to_end)
		ask_hear_end(&a);
	struct ask_call *c = &a.calls[0];
	if (!span_equal(buf_span(&c->log), span_str(g->log)))
		fail_msg("%s, cut at %zu: %.*s", g->what, split, (int)buf_len(&c->log),
			 (const char *)buf_span(&c->log).p);
	if (!span_equal(buf_span(&c->body), span_str(g->body)))
		fail_msg("%s, cut at %zu: another body", g->what, split);
	if (caller_vacancies(a.caller) != (g->kept ? 1 : 0))
		fail_msg("%s, cut at %zu: kept or not?", g->what, split);
	assert_true(caller_is_dead(a.caller) != g->kept);
	ask_end(&a);
}

static void
every_split_of_an_answer_is_told_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++)
		for (size_t n = 0; n <= goods[i].bytes.len; n++)
			check_good(&goods[i], n);
}

static void
every_split_of_what_is_none_fails(void **state)
{
	struct ask a;

	(void)state;
	for (size_t i = 0; i < COUNT(hostiles); i++) {
		struct span bytes = hostiles[i].bytes;

		start(&a);
		for (size_t n = 0; n < bytes.len; n++)
			ask_hear(&a, piece(bytes, n, 1));
		if (a.calls[0].failures != 1 || a.calls[0].how != CALL_BAD)
			fail_msg("%s: was taken, byte by byte", hostiles[i].what);
		ask_end(&a);
	}
}

/* Whatever of an answer is there when the connection ends: it was cut, unless it was whole. */
static void
a_cut_answer_fails(void **state)
{
	struct ask a;

	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		for (size_t n = 0; n < goods[i].bytes.len; n++) {
			start(&a);
			ask_hear(&a, span_head(goods[i].bytes, n));
			ask_hear_end(&a);
			struct ask_call *c = &a.calls[0];
			assert_int_equal(c->failures + c->overs, 1);
			if (c->failures > 0)
				assert_int_equal(c->how, CALL_CUT);
			assert_true(caller_is_dead(a.caller));
			ask_end(&a);
		}
	}
}

static void
an_answer_to_nothing_is_nobodys(void **state)
{
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	assert_true(caller_wants_input(a.caller));
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	assert_true(caller_is_dead(a.caller));
	ask_one(&a, NULL);
	assert_int_equal(a.count, 0);
	ask_end(&a);

	/* Nor is one that was there before the question had left. */
	ask_start(&a, h1_caller_new);
	a.deaf = true;
	ask_one(&a, NULL);
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	assert_int_equal(a.calls[0].how, CALL_UNSENT);
	assert_int_equal(a.calls[0].heads, 0);
	ask_end(&a);
}

static void
what_was_not_sent_may_be_asked_again(void **state)
{
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	a.deaf = true;
	ask_one(&a, NULL);
	ask_hear_end(&a);
	assert_int_equal(a.calls[0].how, CALL_UNSENT);
	ask_end(&a);

	start(&a);
	caller_fail(a.caller, CALL_CUT, "reset");
	assert_int_equal(a.calls[0].how, CALL_CUT);
	assert_string_equal(a.calls[0].why, "reset");
	ask_end(&a);
}

static void
calls_follow_each_other(void **state)
{
	struct ask a;

	(void)state;
	start(&a);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(caller_vacancies(a.caller), 0);
		ask_hear(&a, SPAN_OF(OK CL(2) END "ab"));
		assert_int_equal(caller_vacancies(a.caller), 1);
		ask_one(&a, NULL);
		ask_flush(&a);
	}
	assert_int_equal(a.count, 6);
	ask_hear_end(&a);
	assert_int_equal(a.calls[5].how, CALL_CUT);
	ask_end(&a);
}

/* One begun in `over` must not be answered by what came before it. */
static void
a_smuggled_answer_meets_no_next_call(void **state)
{
	struct ask a;

	(void)state;
	start(&a);
	a.habit = ASK_AGAIN;
	ask_hear(&a, SPAN_OF(OK CL(2) END "ab" OK CL(4) END "evil"));
	assert_int_equal(a.count, 1);
	assert_true(caller_is_dead(a.caller));
	ask_end(&a);

	start(&a);
	a.habit = ASK_AGAIN;
	ask_hear(&a, SPAN_OF(OK CL(2) END "ab"));
	assert_int_equal(a.count, 2);
	a.habit = 0;
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	assert_int_equal(a.calls[1].overs, 1);
	ask_end(&a);
}

static void
head_has_a_length_and_no_body(void **state)
{
	struct call_request r = ask_get();
	struct ask a;

	(void)state;
	r.method = METHOD_HEAD;
	r.method_name = SPAN_OF("HEAD");
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_hear(&a, SPAN_OF(OK CL(500) END));
	assert_int_equal(a.calls[0].overs, 1);
	assert_int_equal(a.calls[0].length, 500);
	ask_one(&a, &r);
	ask_hear(&a, SPAN_OF(OK TE END));
	assert_int_equal(a.calls[1].overs, 1);
	assert_int_equal(a.calls[1].length, LENGTH_UNKNOWN);
	assert_int_equal(caller_vacancies(a.caller), 1);
	ask_end(&a);
}

static void
what_never_ends_is_bounded(void **state)
{
	struct ask a;

	(void)state;
	for (size_t i = 0; i < COUNT(endless); i++) {
		start(&a);
		ask_hear(&a, span_str(endless[i]));
		for (int k = 0; k < 16; k++)
			ask_hear(&a, SPAN_OF(X1K));
		assert_int_equal(a.calls[0].how, CALL_BAD);
		ask_end(&a);
	}
}

static void
interim_answers_are_bounded(void **state)
{
	struct ask a;

	(void)state;
	start(&a);
	for (int i = 0; i < 40; i++)
		ask_hear(&a, SPAN_OF("HTTP/1.1 102 Processing\r\n\r\n"));
	assert_int_equal(a.calls[0].how, CALL_BAD);
	assert_true(caller_is_dead(a.caller));
	ask_end(&a);
}

/* Nobody takes: no more than the window is given, and the rest is not lost. */
static void
a_slow_owner_is_not_flooded(void **state)
{
	enum { ALL = 200000 };
	uint8_t *bytes = calloc(1, ALL);
	struct ask a;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < ALL; i++)
		bytes[i] = (uint8_t)(i * 7);
	start(&a);
	a.habit = ASK_HOLDS;
	ask_hear(&a, SPAN_OF(OK CL(200000) END));
	ask_hear(&a, span_of(bytes, 100000));
	struct ask_call *c = &a.calls[0];
	assert_int_equal(c->held, EXCHANGE_WINDOW);
	assert_false(caller_wants_input(a.caller));
	unsigned told = a.outputs;
	ask_take(&a, c, 60000);
	assert_true(a.outputs > told);
	assert_true(caller_wants_input(a.caller));
	assert_int_equal(buf_len(&c->body), 100000);
	ask_hear(&a, span_of(bytes + 100000, 100000));
	ask_hear_end(&a);
	assert_int_equal(c->failures, 0);
	while (c->overs == 0)
		ask_take(&a, c, c->held);
	assert_int_equal(buf_len(&c->body), ALL);
	assert_memory_equal(buf_span(&c->body).p, bytes, ALL);
	ask_end(&a);
	free(bytes);
}

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"

static void
protocols_are_switched_both_ways(void **state)
{
	static const struct field key[] = {{SPAN_INIT("sec-websocket-key"), SPAN_INIT("abc")}};
	struct call_request r = ask_upgrade(key, 1);
	struct ask a;
	size_t len;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_assert_sent(&a, "GET / HTTP/1.1\r\nHost: a\r\nSec-Websocket-Key: abc\r\n"
			    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	struct ask_call *c = &a.calls[0];
	assert_null(call_room(c->call, &len));
	ask_hear(&a, SPAN_OF(SWITCH "Sec-WebSocket-Accept: x\r\n\r\n\x81\x00"));
	assert_true(c->switched);
	assert_true(span_equal(buf_span(&c->body), SPAN_OF("\x81\x00")));
	buf_taken(&a.sent, buf_len(&a.sent));
	ask_say(c, SPAN_OF("\x88\x80"), false);
	ask_assert_sent(&a, "\x88\x80");
	ask_hear_end(&a);
	assert_int_equal(c->lasts, 1);
	assert_int_equal(c->overs, 0);
	assert_false(caller_is_dead(a.caller));
	assert_false(caller_wants_input(a.caller));
	ask_say(c, SPAN_OF("bye"), true);
	assert_int_equal(c->overs, 0); /* not from within call_sent() */
	assert_true(caller_output_ended(a.caller));
	ask_flush(&a);
	assert_int_equal(c->overs, 1);
	assert_true(caller_is_dead(a.caller));
	ask_end(&a);
}

static void
our_end_of_a_tunnel_may_come_first(void **state)
{
	struct call_request r = ask_upgrade(NULL, 0);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_hear(&a, SPAN_OF(SWITCH END));
	ask_say(&a.calls[0], SPAN_NONE, true);
	ask_flush(&a);
	assert_true(caller_output_ended(a.caller));
	ask_hear(&a, SPAN_OF("still"));
	assert_int_equal(a.calls[0].overs, 0);
	ask_hear_end(&a);
	assert_int_equal(a.calls[0].overs, 1);
	assert_true(span_equal(buf_span(&a.calls[0].body), SPAN_OF("still")));
	ask_end(&a);
}

static void
a_refused_switch_is_an_answer(void **state)
{
	struct call_request r = ask_upgrade(NULL, 0);
	struct ask a;

	(void)state;
	ask_start(&a, h1_caller_new);
	ask_one(&a, &r);
	ask_hear(&a, SPAN_OF("HTTP/1.1 403 Forbidden\r\n" CL(2) END "no"));
	assert_int_equal(a.calls[0].overs, 1);
	assert_false(a.calls[0].switched);
	/* Who knows what it took for spoken. */
	assert_true(caller_is_dead(a.caller));
	ask_end(&a);
}

static void
a_switch_to_something_else_is_bad(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
	    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n",
	    "HTTP/1.1 101 x\r\n\r\n",
	};
	struct call_request r = ask_upgrade(NULL, 0);
	struct ask a;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		ask_start(&a, h1_caller_new);
		ask_one(&a, &r);
		ask_hear(&a, span_str(answers[i]));
		assert_int_equal(a.calls[0].how, CALL_BAD);
		ask_end(&a);
	}
}

/* In each thing it is told, an owner may cancel, or free everything. */
static void
owners_may_do_anything_when_told(void **state)
{
	static const char events[] = "IHBLOFW";
	static const unsigned habits[] = {ASK_CANCELS, ASK_FREES, ASK_CANCELS | ASK_FREES,
					  ASK_CANCELS | ASK_HOLDS, ASK_FREES | ASK_AGAIN};
	static const char *const answers[] = {
	    "HTTP/1.1 103 x\r\n\r\n" OK TE END "1\r\na\r\n1\r\nb\r\n0\r\n\r\n" OK,
	    "HTTP/1.1 100 x\r\n\r\n" OK CL(4) END "abcd",
	    OK CL(0) END,
	    OK END "abc",
	    "nonsense",
	};

	(void)state;
	for (size_t e = 0; e < sizeof events - 1; e++) {
		for (size_t h = 0; h < COUNT(habits) * COUNT(answers); h++) {
			struct call_request r = ask_post(4);
			struct ask a;

			ask_start(&a, h1_caller_new);
			a.habit = habits[h % COUNT(habits)];
			a.when = events[e];
			ask_one(&a, &r);
			ask_flush(&a);
			ask_hear(&a, span_str(answers[h / COUNT(habits)]));
			ask_hear_end(&a);
			ask_end(&a);
		}
	}
}

static void
a_cancelled_call_leaves_a_dead_connection(void **state)
{
	struct ask a;

	(void)state;
	start(&a);
	call_cancel(a.calls[0].call);
	a.calls[0].cancelled = true;
	assert_true(caller_is_dead(a.caller));
	assert_int_equal(buf_len(caller_output(a.caller)), 0);
	ask_hear(&a, SPAN_OF(OK CL(0) END));
	ask_end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_answer_fails_the_call),
	    cmocka_unit_test(every_split_of_an_answer_is_told_alike),
	    cmocka_unit_test(every_split_of_what_is_none_fails),
	    cmocka_unit_test(a_cut_answer_fails),
	    cmocka_unit_test(an_answer_to_nothing_is_nobodys),
	    cmocka_unit_test(what_was_not_sent_may_be_asked_again),
	    cmocka_unit_test(calls_follow_each_other),
	    cmocka_unit_test(a_smuggled_answer_meets_no_next_call),
	    cmocka_unit_test(head_has_a_length_and_no_body),
	    cmocka_unit_test(what_never_ends_is_bounded),
	    cmocka_unit_test(interim_answers_are_bounded),
	    cmocka_unit_test(a_slow_owner_is_not_flooded),
	    cmocka_unit_test(protocols_are_switched_both_ways),
	    cmocka_unit_test(our_end_of_a_tunnel_may_come_first),
	    cmocka_unit_test(a_refused_switch_is_an_answer),
	    cmocka_unit_test(a_switch_to_something_else_is_bad),
	    cmocka_unit_test(owners_may_do_anything_when_told),
	    cmocka_unit_test(a_cancelled_call_leaves_a_dead_connection),
	};

	return cmocka_run_group_tests(tests, NULL, ask_teardown);
}
