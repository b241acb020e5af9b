#include "unit.h"

#include <stdio.h>

#include "http/h1_inner.h"
#include "talk_check.h"

#define X16  "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define X1K  X256 X256 X256 X256
#define F4   "f: 1\r\nf: 1\r\nf: 1\r\nf: 1\r\n"
#define Z16  "0000000000000000"

/* Each must be refused with this status, and be the last of its connection. */
static const struct hostile {
	const char *what;
	struct span bytes;
	unsigned status;
} hostiles[] = {
#define BAD(what, bytes, status)                                                                   \
	{                                                                                          \
		what, {(const uint8_t *)(bytes), sizeof(bytes) - 1}, status                        \
	}
    /* RFC 9112 §2.2: message parsing */
    BAD("§2.2 bare LF after the request line", "GET / HTTP/1.1\n" HOST END, 400),
    BAD("§2.2 bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    BAD("§2.2 bare LF as the empty line", GET "\n", 400),
    BAD("§2.2 bare CR in the request line", "GET /\r HTTP/1.1\r\n" HOST END, 400),
    BAD("§2.2 bare CR in a field value", GET "f: a\rb\r\n" END, 400),
    BAD("§2.2 CR CR LF", GET "\r\r\n", 400),
    BAD("§2.2 NUL in a field value", GET "f: a\0b\r\n" END, 400),
    BAD("§2.2 NUL in the target", "GET /\0 HTTP/1.1\r\n" HOST END, 400),
    BAD("§2.2 control character in a value", GET "f: a\001b\r\n" END, 400),
    BAD("§2.2 DEL in a value", GET "f: a\177b\r\n" END, 400),
    BAD("§2.2 white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n" END, 400),
    BAD("§2.2 tab before the first field", "GET / HTTP/1.1\r\n\tHost: a\r\n" END, 400),
    BAD("§2.2 two empty lines before the request", "\r\n\r\n" GET END, 400),
    BAD("§2.2 empty line of LF alone", "\n" GET END, 400),
    /* §3: request line */
    BAD("§3 no version (HTTP/0.9)", "GET /\r\n\r\n", 400),
    BAD("§3 method only", "GET\r\n\r\n", 400),
    BAD("§3 empty method", " / HTTP/1.1\r\n" HOST END, 400),
    BAD("§3 two spaces", "GET  / HTTP/1.1\r\n" HOST END, 400),
    BAD("§3 two spaces before the version", "GET /  HTTP/1.1\r\n" HOST END, 400),
    BAD("§3 space after the version", "GET / HTTP/1.1 \r\n" HOST END, 400),
    BAD("§3 tab between", "GET\t/\tHTTP/1.1\r\n" HOST END, 400),
    BAD("§3 space in the target", "GET /a b HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.1 no token", "GE(T / HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.1 method with a NUL", "GE\0T / HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.1 method too long", X16 X16 X16 " / HTTP/1.1\r\n" HOST END, 501),
    BAD("§3.1 method too long, then a bare CR", X16 X16 X16 "\rx\r\n", 501),
    BAD("§3.1 endless method", X16 X16 X16, 501),
    BAD("§3.1 SSH", "SSH-2.0-OpenSSH_9.2\r\n", 400),
    BAD("§3.1 an OpenVPN reset", "\000\016\070", 400),
    BAD("§3.1 TLS", "\026\003\001\002\000\001\000", 400),
    BAD("§3 target too long", "GET /" X1K " HTTP/1.1\r\n" HOST END, 414),
    BAD("more names in Connection than anybody needs",
	GET "Connection: a,b,c,d,e,f,g,h\r\nConnection: i,j,k,l,m,n,o,p,q\r\n" HOST END, 400),
    BAD("§2.3 HTTP/2.0", "GET / HTTP/2.0\r\n" HOST END, 505),
    BAD("§2.3 the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    BAD("§2.3 HTTP/0.9 by name", "GET / HTTP/0.9\r\n" HOST END, 505),
    BAD("§2.3 http/1.1", "GET / http/1.1\r\n" HOST END, 400),
    BAD("§2.3 HTTP/1", "GET / HTTP/1\r\n" HOST END, 400),
    BAD("§2.3 HTTP/1.10", "GET / HTTP/1.10\r\n" HOST END, 400),
    BAD("§2.3 HTTP/1,1", "GET / HTTP/1,1\r\n" HOST END, 400),
    BAD("§2.3 HTTP/+1.1", "GET / HTTP/+.1\r\n" HOST END, 400),
    BAD("§2.3 RTSP/1.0", "OPTIONS / RTSP/1.0\r\n\r\n", 400),
    /* §3.2: target */
    BAD("§3.2.1 no slash", "GET x HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 fragment", "GET /#x HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 byte above 0x7F", "GET /\303\274 HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 %00", "GET /%00 HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 % at the end", "GET /% HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 %4 at the end", "GET /%4 HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 %zz", "GET /%zz HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 above the root", "GET /.. HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 above the root later", "GET /a/../../b HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 above the root, encoded", "GET /%2e%2E/etc/passwd HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.1 above the root, half encoded", "GET /.%2e/x HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.2 no authority", "GET http:///x HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.2 other scheme", "GET ftp://a/ HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.2 user information", "GET http://u@a/ HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.2 Host disagrees", "GET http://b/ HTTP/1.1\r\n" HOST END, 400),
    BAD("§3.2.2 Host's port disagrees", "GET http://a:81/ HTTP/1.1\r\n" HOST END, 400),
    BAD("RFC 9110 §9.3.6 CONNECT a:443", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n" END, 501),
    BAD("RFC 9110 §9.3.6 CONNECT /", "CONNECT / HTTP/1.1\r\n" HOST END, 501),
    BAD("§3.2.4 GET *", "GET * HTTP/1.1\r\n" HOST END, 400),
    BAD("RFC 9110 §9.3.8 TRACE", "TRACE / HTTP/1.1\r\n" HOST END, 501),
    /* §3.2: Host */
    BAD("§3.2 no Host", "GET / HTTP/1.1\r\n" END, 400),
    BAD("§3.2 two Hosts", GET HOST END, 400),
    BAD("§3.2 two Hosts in 1.0", "GET / HTTP/1.0\r\n" HOST HOST END, 400),
    BAD("§3.2 empty Host", "GET / HTTP/1.1\r\nHost:\r\n" END, 400),
    BAD("§3.2 Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n" END, 400),
    BAD("§3.2 Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n" END, 400),
    BAD("§3.2 Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n" END, 400),
    BAD("§3.2 Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n" END, 400),
    BAD("§3.2 Host with a port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n" END, 400),
    BAD("§3.2 Host with letters for a port", "GET / HTTP/1.1\r\nHost: a:x\r\n" END, 400),
    BAD("§3.2 Host with half a bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n" END, 400),
    BAD("§3.2 a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n" END, 400),
    /* §5: fields */
    BAD("§5.1 space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n" END, 400),
    BAD("§5.1 tab before the colon", GET "f\t: a\r\n" END, 400),
    BAD("§5.1 no colon", GET "field\r\n" END, 400),
    BAD("§5.1 empty name", GET ": a\r\n" END, 400),
    BAD("§5.1 name that is no token", GET "f(x): a\r\n" END, 400),
    BAD("§5.1 name above 0x7F", GET "f\377: a\r\n" END, 400),
    BAD("§5.2 obs-fold", GET "f: a\r\n b\r\n" END, 400),
    BAD("§5.2 obs-fold with a tab", GET "f: a\r\n\tb\r\n" END, 400),
    BAD("RFC 6585 §5 one field too large", GET "f: " X1K "\r\n" END, 431),
    BAD("RFC 6585 §5 too many fields", GET F4 F4 F4 F4 END, 431),
    /* §6: length of the body */
    BAD("§6.1 Transfer-Encoding and Content-Length", POST TE "Content-Length: 3\r\n" END, 400),
    BAD("§6.1 the same, the other way round", POST "Content-Length: 3\r\n" TE END, 400),
    BAD("§6.1 gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n" END, 501),
    BAD("§6.1 chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n" END, 501),
    BAD("§6.1 xchunked", POST "Transfer-Encoding: xchunked\r\n" END, 501),
    BAD("§6.1 empty", POST "Transfer-Encoding:\r\n" END, 501),
    BAD("§6.1 chunked twice", POST TE TE END, 400),
    BAD("§6.1 quoted", POST "Transfer-Encoding: \"chunked\"\r\n" END, 501),
    BAD("§6.1 HTTP/1.0", "POST /echo HTTP/1.0\r\n" HOST TE END "0\r\n\r\n", 400),
    BAD("§6.2 sign", POST "Content-Length: +3\r\n" END, 400),
    BAD("§6.2 minus", POST "Content-Length: -3\r\n" END, 400),
    BAD("§6.2 hex", POST "Content-Length: 0x3\r\n" END, 400),
    BAD("§6.2 empty", POST "Content-Length:\r\n" END, 400),
    BAD("§6.2 inner space", POST "Content-Length: 1 2\r\n" END, 400),
    BAD("§6.2 too many digits", POST "Content-Length: 18446744073709551615\r\n" END, 400),
    BAD("§6.3 two of them", POST "Content-Length: 3\r\nContent-Length: 4\r\n" END, 400),
    BAD("§6.3 two equal ones", POST "Content-Length: 3\r\nContent-Length: 3\r\n" END, 400),
    BAD("§6.3 a list", POST "Content-Length: 3, 3\r\n" END, 400),
    BAD("RFC 9110 §15.5.14 too long", POST "Content-Length: 100001\r\n" END, 413),
    BAD("RFC 9110 §10.1.1 other expectation", POST "Expect: 200-ok\r\n" END, 417),
    /* §7.1: chunks */
    BAD("§7.1 no size", POST TE END "\r\n", 400),
    BAD("§7.1 sign", POST TE END "+1\r\n", 400),
    BAD("§7.1 0x", POST TE END "0x1\r\n", 400),
    BAD("§7.1 space after the size", POST TE END "1 \r\na\r\n", 400),
    BAD("§7.1 bare LF after the size", POST TE END "1\na\r\n", 400),
    BAD("§7.1 overflow", POST TE END "10000000000000000\r\n", 400),
    BAD("§7.1 too many zeros", POST TE END Z16 "1\r\na\r\n", 400),
    BAD("§7.1 no CRLF after the data", POST TE END "1\r\nab\r\n", 400),
    BAD("§7.1 bare LF after the data", POST TE END "1\r\na\n0\r\n\r\n", 400),
    BAD("§7.1 larger than allowed", POST TE END "186a1\r\n", 413),
    BAD("§7.1 largest of all", POST TE END "ffffffffffffffff\r\n", 413),
    BAD("§7.1 too large together", POST TE END "2\r\nab\r\n1869f\r\n", 413),
    BAD("§7.1.1 bare LF in an extension", POST TE END "1;x\na\r\n", 400),
    BAD("§7.1.1 CR in an extension", POST TE END "1;x\rx\r\na\r\n", 400),
    BAD("§7.1.1 NUL in an extension", POST TE END "1;\0\r\na\r\n", 400),
    BAD("§7.1.2 space before a trailer's colon", POST TE END "0\r\nf : a\r\n\r\n", 400),
    BAD("§7.1.2 trailer without a colon", POST TE END "0\r\nf\r\n\r\n", 400),
    BAD("§7.1.2 folded trailer", POST TE END "0\r\nf: a\r\n b\r\n\r\n", 400),
    BAD("§7.1.2 bare LF in a trailer", POST TE END "0\r\nf: a\n\r\n", 400),
};

static unsigned
out_count(const struct talk *t, const char *text)
{
	struct span out = buf_span(&t->out);
	const uint8_t *at = out.p, *end = out.p + out.len;
	unsigned n = 0;

	while (at != NULL && (at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
		at++;
		n++;
	}
	return n;
}

static void
hostile_requests_are_refused_and_end_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostiles); i++) {
		const struct hostile *s = &hostiles[i];
		struct talk t;

		talk_start(&t);
		talk_say(&t, s->bytes);
		if (first_status(&t) != s->status)
			fail_msg("%s: answered %u, not %u", s->what, first_status(&t), s->status);
		if (session_state(t.h1) != SESSION_CLOSING || !out_has(&t, "Connection: close\r\n"))
			fail_msg("%s: the connection goes on", s->what);
		if (t.overs != 1 || out_count(&t, "HTTP/1.1 ") != 1)
			fail_msg("%s: %u answers, %u logged", s->what, out_count(&t, "HTTP/1.1 "),
				 t.overs);
		/* Whatever follows is not a request any more. */
		say(&t, GET END);
		assert_int_equal(t.overs, 1);
		talk_end(&t);
	}
}

static void
assert_same_in_two(const char *what, struct span bytes, size_t cut, const struct talk *whole)
{
	struct talk t;

	talk_start(&t);
	talk_say(&t, span_head(bytes, cut));
	talk_say(&t, span_tail(bytes, cut));
	if (!span_equal(buf_span(&t.out), buf_span(&whole->out)) ||
	    !span_equal(buf_span(&t.log), buf_span(&whole->log)) ||
	    session_state(t.h1) != session_state(whole->h1))
		fail_msg("%s: cut at %zu, the outcome is another", what, cut);
	talk_end(&t);
}

static void
assert_same_byte_by_byte(const char *what, struct span bytes, const struct talk *whole)
{
	struct talk t;

	talk_start(&t);
	for (size_t i = 0; i < bytes.len; i++)
		talk_say(&t, span_of(bytes.p + i, 1));
	if (!span_equal(buf_span(&t.out), buf_span(&whole->out)) ||
	    !span_equal(buf_span(&t.log), buf_span(&whole->log)))
		fail_msg("%s: byte by byte, the outcome is another", what);
	talk_end(&t);
}

static void
assert_same_however_cut(const char *what, struct span bytes)
{
	struct talk whole;

	talk_start(&whole);
	talk_say(&whole, bytes);
	for (size_t cut = 0; cut <= bytes.len; cut += bytes.len > 2000 ? 97 : 1)
		assert_same_in_two(what, bytes, cut, &whole);
	assert_same_byte_by_byte(what, bytes, &whole);
	talk_end(&whole);
}

static void
every_split_of_a_hostile_request_is_refused_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostiles); i++)
		assert_same_however_cut(hostiles[i].what, hostiles[i].bytes);
}

/* What comes of each: the log of requests seen, and how the connection stands then. */
static const struct valid {
	const char *what, *bytes, *log;
	enum session_state state;
} valids[] = {
    {"GET", GET END, "GET a /?\n", SESSION_IDLE},
    {"one empty line before", "\r\n" GET END, "GET a /?\n", SESSION_IDLE},
    {"names in any case", "GET / HTTP/1.1\r\nhOsT: A.Example\r\n" END, "GET a.example /?\n",
     SESSION_IDLE},
    {"no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\n" END, "GET a /?\n", SESSION_IDLE},
    {"much space around the value", "GET / HTTP/1.1\r\nHost: \t a \t \r\n" END, "GET a /?\n",
     SESSION_IDLE},
    {"empty value", GET "f:\r\n" END, "GET a /?\n", SESSION_IDLE},
    {"obs-text in a value", GET "f: \303\274\r\n" END, "GET a /?\n", SESSION_IDLE},
    {"port", "GET / HTTP/1.1\r\nHost: a:8443\r\n" END, "GET a:8443 /?\n", SESSION_IDLE},
    {"IPv6", "GET / HTTP/1.1\r\nHost: [2001:DB8::1]:443\r\n" END, "GET [2001:db8::1]:443 /?\n",
     SESSION_IDLE},
    {"query", "GET /x?a=%zz&b=|{}? HTTP/1.1\r\n" HOST END, "GET a /x?a=%zz&b=|{}?\n", SESSION_IDLE},
    {"dot segments", "GET /a/./b/../%2e/c/ HTTP/1.1\r\n" HOST END, "GET a /a/c/?\n", SESSION_IDLE},
    {"empty segments", "GET //a///b HTTP/1.1\r\n" HOST END, "GET a /a/b?\n", SESSION_IDLE},
    {"encoded", "GET /%41%20b HTTP/1.1\r\n" HOST END, "GET a /A b?\n", SESSION_IDLE},
    {"absolute-form", "GET HTTPS://A/x?y HTTP/1.1\r\n" HOST END, "GET a /x?y\n", SESSION_IDLE},
    {"absolute-form without path", "GET http://a HTTP/1.1\r\n" HOST END, "GET a /?\n",
     SESSION_IDLE},
    {"absolute-form, query only", "GET http://a?x HTTP/1.1\r\n" HOST END, "GET a /?x\n",
     SESSION_IDLE},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST END, "OPTIONS a *?\n", SESSION_IDLE},
    {"OPTIONS http://a", "OPTIONS http://a HTTP/1.1\r\n" HOST END, "OPTIONS a *?\n", SESSION_IDLE},
    {"a method of others", "PROPFIND / HTTP/1.1\r\n" HOST END, "PROPFIND a /?\n", SESSION_IDLE},
    {"HTTP/1.2 is 1.1", "GET / HTTP/1.2\r\n" HOST END, "GET a /?\n", SESSION_IDLE},
    {"1.0 closes", "GET / HTTP/1.0\r\n" END, "GET  /?\n", SESSION_CLOSING},
    {"1.0 kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n" END, "GET  /?\n", SESSION_IDLE},
    {"close", GET "Connection: te, Close\r\n" END, "GET a /?\n", SESSION_CLOSING},
    {"a handler that wants to close", "GET /close HTTP/1.1\r\n" HOST END, "GET a /close?\n",
     SESSION_CLOSING},
    {"body by length", POST "Content-Length: 3\r\n" END "abc", "POST a /echo?\n abc\n",
     SESSION_IDLE},
    {"no body", POST "Content-Length: 0\r\n" END, "POST a /echo?\n \n", SESSION_IDLE},
    {"chunks", POST TE END "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
     "POST a /echo?\n abc0123456789\n", SESSION_IDLE},
    {"Chunked", POST "Transfer-Encoding: Chunked\r\n" END "0\r\n\r\n", "POST a /echo?\n \n",
     SESSION_IDLE},
    {"extensions", POST TE END "1;a=\"b;c\"\r\na\r\n0;x\r\n\r\n", "POST a /echo?\n a\n",
     SESSION_IDLE},
    {"trailers", POST TE END "1\r\na\r\n0\r\nT: x\r\nContent-Length: 9\r\n\r\n",
     "POST a /echo?\n a\n +t=x\n", SESSION_IDLE},
    {"body nobody wants", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "abcde" GET END,
     "POST a /?\nGET a /?\n", SESSION_IDLE},
    {"chunks nobody wants", "POST / HTTP/1.1\r\n" HOST TE END "1\r\na\r\n0\r\n\r\n" GET END,
     "POST a /?\nGET a /?\n", SESSION_IDLE},
    {"pipelined",
     GET END "GET /2 HTTP/1.1\r\n" HOST END POST "Content-Length: 1\r\n" END "x" GET END,
     "GET a /?\nGET a /2?\nPOST a /echo?\n x\nGET a /?\n", SESSION_IDLE},
    {"nothing after close", GET "Connection: close\r\n" END GET END, "GET a /?\n", SESSION_CLOSING},
    {"expects 100", POST "Expect: 100-Continue\r\nContent-Length: 2\r\n" END "ab",
     "POST a /echo?\n ab\n", SESSION_IDLE},
    {"promises more than it has", "GET /short HTTP/1.1\r\n" HOST END GET END, "GET a /short?\n",
     SESSION_CLOSING},
    {"large", "GET /big HTTP/1.1\r\n" HOST END GET END, "GET a /big?\nGET a /?\n", SESSION_IDLE},
    {"of unknown length", "GET /unknown HTTP/1.1\r\n" HOST END GET END,
     "GET a /unknown?\nGET a /?\n", SESSION_IDLE},
    {"half a request", "GET / HTTP/1.1\r\nHos", "", SESSION_HEAD},
    {"half an empty line", "\r", "", SESSION_HEAD},
    {"an empty line", "\r\n", "", SESSION_HEAD},
    {"half a body", POST "Content-Length: 2\r\n" END "a", "POST a /echo?\n", SESSION_BODY},
    {"no answer yet", "GET /later HTTP/1.1\r\n" HOST END GET END, "GET a /later?\n",
     SESSION_ANSWERING},
};

static void
valid_requests_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valids); i++) {
		const struct valid *v = &valids[i];
		struct talk t;

		talk_start(&t);
		say(&t, v->bytes);
		if (!span_equal(buf_span(&t.log), span_str(v->log)))
			fail_msg("%s: saw %.*s", v->what, (int)buf_len(&t.log),
				 (const char *)buf_span(&t.log).p);
		if (session_state(t.h1) != v->state)
			fail_msg("%s: state %d", v->what, session_state(t.h1));
		talk_end(&t);
		assert_int_equal(t.overs, t.requests);
	}
}

static void
every_split_of_a_valid_request_gives_the_same_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valids); i++)
		assert_same_however_cut(valids[i].what, span_str(valids[i].bytes));
}

#define DATE_LINE "Date: " TALK_DATE "\r\n"

static void
an_answer_looks_as_it_should(void **state)
{
	static const struct {
		const char *request, *answer;
	} samples[] = {
	    {GET END, "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 5\r\n\r\nhello"},
	    {"HEAD / HTTP/1.1\r\n" HOST END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 5\r\n\r\n"},
	    {"GET /304 HTTP/1.1\r\n" HOST END, "HTTP/1.1 304 Not Modified\r\n" DATE_LINE "\r\n"},
	    {GET "Connection: close\r\n" END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 5\r\nConnection: close\r\n\r\nhello"},
	    {"GET / HTTP/1.0\r\n" END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 5\r\nConnection: close\r\n\r\nhello"},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE
	     "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"},
	    {"GET /short HTTP/1.1\r\n" HOST END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 10\r\n\r\nshort"},
	    {"HEAD /unknown HTTP/1.1\r\n" HOST END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Transfer-Encoding: chunked\r\n\r\n"},
	    {"HEAD /big HTTP/1.1\r\n" HOST END,
	     "HTTP/1.1 200 OK\r\n" DATE_LINE "Content-Length: 300000\r\n\r\n"},
	    {"HEAD /%00 HTTP/1.1\r\n" HOST END,
	     "HTTP/1.1 400 Bad Request\r\n" DATE_LINE "Content-Type: text/html; charset=utf-8\r\n"
	     "Content-Length: 147\r\nConnection: close\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct talk t;

		talk_start(&t);
		say(&t, samples[i].request);
		assert_out(&t, samples[i].answer);
		talk_end(&t);
	}
}

static void
the_server_field_is_sent_when_it_is_set(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	t.settings.server_name = "gate";
	say(&t, GET END);
	assert_true(out_has(&t, "\r\nServer: gate\r\n"));
	talk_end(&t);
}

/* The body of the only answer in `t`, whose chunks are put together. */
static bool
is_big_body(struct span body, bool chunked)
{
	struct h1_body b = chunked ? h1_body_chunked(TALK_BIG) : h1_body_of_length(body.len);
	struct cursor c = cursor_of(body);
	enum h1_body_got got;
	struct span data;
	uint64_t at = 0;

	do {
		got = h1_body_take(&b, &c, &data);
		for (size_t i = 0; i < data.len; i++)
			if (data.p[i] != talk_byte(at++))
				return false;
	} while (got == H1_BODY_MORE && cursor_left(&c) > 0);
	return got == H1_BODY_END && at == TALK_BIG && cursor_left(&c) == 0;
}

static void
a_large_body_arrives_whole(void **state)
{
	static const struct {
		const char *request;
		bool chunked;
	} samples[] = {
	    {"GET /big HTTP/1.1\r\n" HOST END, false},
	    {"GET /unknown HTTP/1.1\r\n" HOST END, true},
	    {"GET /unknown HTTP/1.0\r\n" END, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct talk t;

		talk_start(&t);
		say(&t, samples[i].request);
		assert_true(is_big_body(body_of(&t), samples[i].chunked));
		assert_int_equal(t.last_sent, TALK_BIG);
		assert_int_equal(t.gones, 1);
		talk_end(&t);
	}
}

/* A peer that takes a few bytes at a time bounds what we hold, and still gets all. */
static void
a_slow_reader_costs_no_more_than_the_output_cap(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	t.deaf = true;
	say(&t, "GET /big HTTP/1.1\r\n" HOST END GET END);
	assert_int_equal(session_state(t.h1), SESSION_ANSWERING);
	assert_in_range(buf_len(session_output(t.h1)), 60000, 128 * 1024);
	t.deaf = false;
	while (talk_flush(&t, 777))
		assert_true(buf_len(session_output(t.h1)) <= 128 * 1024);
	assert_int_equal(t.requests, 1);
	assert_true(is_big_body(body_of(&t), false));
	say(&t, "");
	assert_int_equal(t.requests, 2);
	talk_end(&t);
}

/* Answers that nobody takes stop the requests, not the memory. */
static void
pipelined_requests_wait_for_room(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	t.deaf = true;
	for (int i = 0; i < 3000; i++)
		say(&t, GET END);
	assert_true(buf_len(session_output(t.h1)) < 80000);
	assert_true(t.requests < 1500);
	assert_int_equal(session_state(t.h1), SESSION_ANSWERING);
	t.deaf = false;
	talk_flush(&t, SIZE_MAX);
	say(&t, "");
	assert_int_equal(t.requests, 3000);
	assert_int_equal(out_count(&t, "HTTP/1.1 200 OK"), 3000);
	assert_int_equal(session_state(t.h1), SESSION_IDLE);
	talk_end(&t);
}

static void
nothing_is_taken_while_an_answer_is_awaited(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END GET END);
	assert_int_equal(buf_len(&t.in), sizeof(GET END) - 1);
	assert_int_equal(session_state(t.h1), SESSION_ANSWERING);
	exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
	assert_null(t.later);
	assert_int_equal(t.outputs, 1);
	assert_int_equal(t.overs, 1);
	say(&t, "");
	assert_int_equal(t.requests, 2);
	assert_true(out_has(&t, "\r\n\r\nlateHTTP/1.1 200 OK"));
	talk_end(&t);
}

static void
a_late_answer_to_head_ends_it_too(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "HEAD /later HTTP/1.1\r\n" HOST END);
	exchange_start(t.later, 200, NULL, 0, 10);
	assert_true(t.later->answered);
	exchange_sent(t.later, 0, true);
	assert_null(t.later);
	assert_int_equal(session_state(t.h1), SESSION_IDLE);
	talk_end(&t);
}

/* An answer larger than all room, from a handler that is not asked again. */
static void
a_whole_answer_may_be_larger_than_the_room(void **state)
{
	struct talk t;
	char *body = calloc(1, TALK_BIG);

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < TALK_BIG; i++)
		body[i] = (char)talk_byte(i);
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END);
	exchange_respond(t.later, 200, NULL, 0, span_of(body, TALK_BIG));
	free(body);
	assert_int_equal(t.gones, 0);
	talk_flush(&t, 1000);
	assert_true(is_big_body(body_of(&t), false));
	assert_int_equal(t.gones, 1);
	talk_end(&t);
}

static void
an_answer_cut_short_closes_the_connection(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END);
	exchange_start(t.later, 200, NULL, 0, LENGTH_UNKNOWN);
	exchange_abort(t.later);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	assert_true(session_will_close(t.h1));
	talk_flush(&t, SIZE_MAX);
	assert_false(out_has(&t, "\r\n0\r\n\r\n"));
	talk_end(&t);
}

static void
an_answer_given_up_before_it_began_is_500(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /abort HTTP/1.1\r\n" HOST END);
	assert_int_equal(first_status(&t), 500);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
who_expects_100_gets_it_only_if_the_body_is_wanted(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, POST "Expect: 100-continue\r\nContent-Length: 2\r\n" END);
	assert_out(&t, "HTTP/1.1 100 Continue\r\n\r\n");
	say(&t, "ab");
	assert_int_equal(session_state(t.h1), SESSION_IDLE);
	talk_end(&t);

	/* RFC 9110 §10.1.1: the client may leave the body out, so nobody knows what comes next. */
	talk_start(&t);
	say(&t, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n" END);
	assert_int_equal(first_status(&t), 200);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);

	talk_start(&t); /* HTTP/1.0 cannot expect */
	say(&t, "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" END "x");
	assert_int_equal(first_status(&t), 200);
	talk_end(&t);
}

static void
a_body_too_long_to_drain_ends_the_connection(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "POST / HTTP/1.1\r\n" HOST "Content-Length: 70000\r\n" END);
	assert_true(out_has(&t, "Connection: close\r\n"));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);

	talk_start(&t); /* nobody can know how long it will be */
	say(&t, "POST / HTTP/1.1\r\n" HOST TE END);
	for (int i = 0; i < 65; i++) {
		assert_int_equal(session_state(t.h1), SESSION_BODY);
		say(&t, "400\r\n" X1K "\r\n");
	}
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

/* The answer is out already: a second one would answer the next request. */
static void
a_bad_body_after_its_answer_is_not_answered_again(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "POST / HTTP/1.1\r\n" HOST TE END "zz\r\n" GET END);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	assert_int_equal(out_count(&t, "HTTP/1.1 "), 1);
	assert_int_equal(t.overs, 1);
	talk_end(&t);
}

static void
fin_lets_answers_under_way_be_sent(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END GET END);
	session_receive_end(t.h1);
	assert_int_equal(session_state(t.h1), SESSION_ANSWERING);
	exchange_respond(t.later, 200, NULL, 0, SPAN_OF("late"));
	say(&t, "");
	assert_int_equal(t.requests, 2);
	assert_int_equal(out_count(&t, "HTTP/1.1 200 OK"), 2);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
fin_ends_what_is_not_whole(void **state)
{
	static const char *const begun[] = {"",
					    "\r\n",
					    "GET / HT",
					    GET,
					    POST "Content-Length: 2\r\n" END "a",
					    "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END};

	(void)state;
	for (size_t i = 0; i < COUNT(begun); i++) {
		struct talk t;

		talk_start(&t);
		say(&t, begun[i]);
		session_receive_end(t.h1);
		assert_int_equal(session_state(t.h1), SESSION_CLOSING);
		assert_int_equal(t.overs, t.requests);
		talk_end(&t);
	}
}

static void
a_deadline_is_408_only_for_who_began_to_ask(void **state)
{
	static const struct {
		const char *begun;
		unsigned status;
	} samples[] = {{"", 0},
		       {"G", 408},
		       {"\r\n", 408},
		       {GET, 408},
		       {POST "Content-Length: 2\r\n" END "a", 408},
		       {"GET /later HTTP/1.1\r\n" HOST END, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct talk t;

		talk_start(&t);
		say(&t, samples[i].begun);
		session_timed_out(t.h1);
		talk_flush(&t, SIZE_MAX);
		assert_int_equal(first_status(&t), samples[i].status);
		assert_int_equal(session_state(t.h1), SESSION_CLOSING);
		talk_end(&t);
	}
}

static void
a_drain_ends_after_the_request_under_way(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	session_drain(t.h1);
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);

	talk_start(&t);
	say(&t, "GET / HTTP/1.1\r\nHo");
	session_drain(t.h1);
	say(&t, "st: a\r\n" END GET END);
	assert_int_equal(t.requests, 1);
	assert_true(out_has(&t, "Connection: close\r\n"));
	assert_int_equal(session_state(t.h1), SESSION_CLOSING);
	talk_end(&t);
}

static void
whoever_is_freed_under_way_is_told(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "GET /later HTTP/1.1\r\n" HOST END);
	talk_end(&t);
	assert_int_equal(t.gones, 1);
	assert_int_equal(t.overs, 1);
}

static void
an_idle_connection_holds_next_to_nothing(void **state)
{
	struct talk t;

	(void)state;
	assert_true(sizeof(struct h1) < 300);
	talk_start(&t);
	say(&t, GET END "GET /big HTTP/1.1\r\n" HOST END);
	assert_null(session_output(t.h1)->data);
	assert_null(container_of(t.h1, struct h1, session)->now);
	talk_end(&t);
}

/* A head that comes byte by byte is looked at once: this would take minutes otherwise. */
static void
a_slow_head_costs_linear_time(void **state)
{
	struct talk t;
	size_t size = 1 << 20;
	uint8_t *head = malloc(size);

	(void)state;
	assert_non_null(head);
	memset(head, 'x', size);
	memcpy(head, "GET /", 5);
	talk_start(&t);
	t.settings.header_bytes = size + 1;
	for (size_t n = 0; n <= size; n++)
		assert_int_equal(session_receive(t.h1, span_of(head, n)), 0);
	assert_int_equal(session_state(t.h1), SESSION_HEAD);
	free(head);
	talk_end(&t);
}

static void
new_settings_hold_from_the_next_request_on(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, GET END);
	t.settings = (struct http_settings){.header_bytes = 20, .header_fields = 1};
	say(&t, GET END);
	assert_int_equal(t.last_status, 431);
	talk_end(&t);
}

static void
what_is_no_http_gets_a_whole_answer(void **state)
{
	struct buf out = buf_with_cap(4096), small = buf_with_cap(64);

	(void)state;
	assert_true(h1_plain_to_tls(&out, SPAN_OF(TALK_DATE), "gate"));
	assert_true(buf_byte(&out, '\0'));
	const char *text = (const char *)buf_span(&out).p;
	assert_non_null(strstr(text, "HTTP/1.1 400 Bad Request\r\nServer: gate\r\nDate: "));
	assert_non_null(strstr(text, "Connection: close\r\n\r\n<!DOCTYPE html>"));
	assert_non_null(strstr(text, "The plain HTTP request was sent to HTTPS port"));
	buf_free(&out);
	assert_true(h1_bad_request(&out, SPAN_OF(TALK_DATE), NULL));
	buf_free(&out);
	assert_false(h1_bad_request(&small, SPAN_OF(TALK_DATE), NULL));
	buf_free(&small);
	pool_thread_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hostile_requests_are_refused_and_end_the_connection),
	    cmocka_unit_test(every_split_of_a_hostile_request_is_refused_alike),
	    cmocka_unit_test(valid_requests_are_understood),
	    cmocka_unit_test(every_split_of_a_valid_request_gives_the_same_answer),
	    cmocka_unit_test(an_answer_looks_as_it_should),
	    cmocka_unit_test(the_server_field_is_sent_when_it_is_set),
	    cmocka_unit_test(a_large_body_arrives_whole),
	    cmocka_unit_test(a_slow_reader_costs_no_more_than_the_output_cap),
	    cmocka_unit_test(pipelined_requests_wait_for_room),
	    cmocka_unit_test(nothing_is_taken_while_an_answer_is_awaited),
	    cmocka_unit_test(a_late_answer_to_head_ends_it_too),
	    cmocka_unit_test(a_whole_answer_may_be_larger_than_the_room),
	    cmocka_unit_test(an_answer_cut_short_closes_the_connection),
	    cmocka_unit_test(an_answer_given_up_before_it_began_is_500),
	    cmocka_unit_test(who_expects_100_gets_it_only_if_the_body_is_wanted),
	    cmocka_unit_test(a_body_too_long_to_drain_ends_the_connection),
	    cmocka_unit_test(a_bad_body_after_its_answer_is_not_answered_again),
	    cmocka_unit_test(fin_lets_answers_under_way_be_sent),
	    cmocka_unit_test(fin_ends_what_is_not_whole),
	    cmocka_unit_test(a_deadline_is_408_only_for_who_began_to_ask),
	    cmocka_unit_test(a_drain_ends_after_the_request_under_way),
	    cmocka_unit_test(whoever_is_freed_under_way_is_told),
	    cmocka_unit_test(an_idle_connection_holds_next_to_nothing),
	    cmocka_unit_test(a_slow_head_costs_linear_time),
	    cmocka_unit_test(new_settings_hold_from_the_next_request_on),
	    cmocka_unit_test(what_is_no_http_gets_a_whole_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
