/*
 * RFC 9112, section by section: what a client may send, what becomes of it, and what it may not.
 * Each sample is a test of its own, named by its section.
 */
#include <stdio.h>

#include "talk_check.h"

#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define SWITCH  "GET /switch HTTP/1.1\r\n" HOST
#define OPEN    SESSION_IDLE
#define CLOSED  SESSION_CLOSING

struct sample {
	const char *name;
	struct span bytes;
	unsigned statuses[4]; /* of the answers, in order */
	enum session_state state;
	const char *log;         /* requests as handlers saw them; NULL: not looked at */
	const char *has, *lacks; /* somewhere in the answers; NULL: not looked at */
	bool fin;                /* the client ends its side after it */
};

#define SAMPLE(name, text, ...)                                                                    \
	{                                                                                          \
		name, {(const uint8_t *)(text), sizeof(text) - 1}, __VA_ARGS__                     \
	}

static const struct sample samples[] = {
    /* §2.1, §2.2: messages */
    SAMPLE("section_2_1_request_line_fields_empty_line", GET END, {200}, OPEN, "GET a /?\n"),
    SAMPLE("section_2_1_nothing_is_answered_before_the_empty_line", GET, {0}, SESSION_HEAD, ""),
    SAMPLE("section_2_2_one_empty_line_before_is_ignored", "\r\n" GET END, {200}, OPEN),
    SAMPLE("section_2_2_one_between_requests_is_ignored", GET END "\r\n" GET END, {200, 200}, OPEN),
    SAMPLE("section_2_2_two_are_not", "\r\n\r\n" GET END, {400}, CLOSED, ""),
    SAMPLE("section_2_2_bare_lf_is_no_line_end", "GET / HTTP/1.1\nHost: a\n\n", {400}, CLOSED, ""),
    SAMPLE("section_2_2_bare_cr_is_refused", GET "f: a\rb\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_2_2_nul_is_refused", GET "f: a\0b\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_2_2_space_before_the_first_field", "GET / HTTP/1.1\r\n Host: a\r\n" END, {400},
	   CLOSED, ""),
    SAMPLE("section_2_2_octets_above_7f_are_no_text", GET "f: \303\274\377\r\n" END, {200}, OPEN),
    /* §2.3: versions */
    SAMPLE("section_2_3_1_0_is_answered_as_1_1", "GET / HTTP/1.0\r\n" HOST END, {200}, CLOSED,
	   .has = "HTTP/1.1 200"),
    SAMPLE("section_2_3_1_2_is_taken_as_1_1", "GET / HTTP/1.2\r\n" HOST END, {200}, OPEN),
    SAMPLE("section_2_3_name_in_lower_case", "GET / http/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_2_3_two_digits", "GET / HTTP/1.10\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_2_3_http_2_in_a_request_line", "GET / HTTP/2.0\r\n" HOST END, {505}, CLOSED),
    SAMPLE("section_2_3_http_0_9_has_no_version", "GET /\r\n", {400}, CLOSED, ""),
    SAMPLE("section_2_3_http_0_9_by_name", "GET / HTTP/0.9\r\n" HOST END, {505}, CLOSED, ""),
    /* §3: request line */
    SAMPLE("section_3_two_spaces", "GET  / HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_tab_for_a_space", "GET\t/ HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_space_at_the_end", "GET / HTTP/1.1 \r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_space_in_the_target", "GET /a b HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_1_methods_have_a_case", "get / HTTP/1.1\r\n" HOST END, {200}, OPEN,
	   "get a /?\n"),
    SAMPLE("section_3_1_any_token_is_a_method", "X-!#$%&'*+.^_`|~9 / HTTP/1.1\r\n" HOST END, {200},
	   OPEN),
    SAMPLE("section_3_1_no_token_is_none", "G(T / HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_1_longer_than_any_is_501",
	   "METHODMETHODMETHODMETHODMETHODMETHOD / HTTP/1.1\r\n" HOST END, {501}, CLOSED, ""),
    /* §3.2: target */
    SAMPLE("section_3_2_no_host", "GET / HTTP/1.1\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_3_2_no_host_in_1_0", "GET / HTTP/1.0\r\n" END, {200}, CLOSED, "GET  /?\n"),
    SAMPLE("section_3_2_two_hosts", GET HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_2_host_that_is_none", "GET / HTTP/1.1\r\nHost: a/b\r\n" END, {400}, CLOSED),
    SAMPLE("section_3_2_1_origin_form", "GET /x?y HTTP/1.1\r\n" HOST END, {200}, OPEN,
	   "GET a /x?y\n"),
    SAMPLE("section_3_2_1_fragment", "GET /x#y HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_2_2_absolute_form", "GET http://A:81/x HTTP/1.1\r\nHost: a:81\r\n" END, {200},
	   OPEN, "GET a:81 /x?\n"),
    SAMPLE("section_3_2_2_absolute_form_without_path", "GET http://a HTTP/1.1\r\n" HOST END, {200},
	   OPEN, "GET a /?\n"),
    SAMPLE("section_3_2_2_another_host", "GET http://b/ HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    SAMPLE("section_3_2_3_connect_is_501", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n" END, {501},
	   CLOSED, "", .lacks = "HTTP/1.1 200"),
    SAMPLE("section_3_2_4_asterisk", "OPTIONS * HTTP/1.1\r\n" HOST END, {200}, OPEN,
	   "OPTIONS a *?\n"),
    SAMPLE("section_3_2_4_asterisk_for_get", "GET * HTTP/1.1\r\n" HOST END, {400}, CLOSED, ""),
    /* §4: status line */
    SAMPLE("section_4_status_line", GET END, {200}, OPEN, .has = "HTTP/1.1 200 OK\r\n"),
    SAMPLE("section_4_reason_may_be_known_for_interim_ones", "GET /hint HTTP/1.1\r\n" HOST END,
	   {103, 200}, OPEN,
	   .has = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK"),
    SAMPLE("section_4_no_interim_answer_for_1_0", "GET /hint HTTP/1.0\r\n" HOST END, {200}, CLOSED),
    /* §5: fields */
    SAMPLE("section_5_names_in_any_case", "GET / HTTP/1.1\r\nhOST: a\r\n" END, {200}, OPEN),
    SAMPLE("section_5_1_space_before_the_colon", GET "f : a\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_5_1_space_around_the_value", "GET / HTTP/1.1\r\nHost:\t  a \t\r\n" END, {200},
	   OPEN, "GET a /?\n"),
    SAMPLE("section_5_1_none_around_it", "GET / HTTP/1.1\r\nHost:a\r\n" END, {200}, OPEN),
    SAMPLE("section_5_1_no_name", GET ": a\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_5_1_no_colon", GET "f\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_5_2_folded_line", GET "f: a\r\n b\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_5_2_folded_by_a_tab", GET "f: a\r\n\tb\r\n" END, {400}, CLOSED, ""),
    /* §6: body */
    SAMPLE("section_6_body_on_any_method",
	   "GET /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "ab", {200}, OPEN,
	   "GET a /echo?\n ab\n"),
    SAMPLE("section_6_1_chunked", POST TE END "2\r\nab\r\n0\r\n\r\n", {200}, OPEN,
	   "POST a /echo?\n ab\n"),
    SAMPLE("section_6_1_any_case", POST "transfer-encoding: CHUNKED\r\n" END "0\r\n\r\n", {200},
	   OPEN),
    SAMPLE("section_6_1_other_codings_are_501", POST "Transfer-Encoding: gzip, chunked\r\n" END,
	   {501}, CLOSED, ""),
    SAMPLE("section_6_1_chunked_not_last", POST "Transfer-Encoding: chunked, gzip\r\n" END, {501},
	   CLOSED, ""),
    SAMPLE("section_6_1_chunked_twice", POST TE TE END, {400}, CLOSED, ""),
    SAMPLE("section_6_1_not_with_a_length", POST TE "Content-Length: 3\r\n" END "0\r\n\r\n", {400},
	   CLOSED, ""),
    SAMPLE("section_6_1_not_in_1_0", "POST /echo HTTP/1.0\r\n" TE END "0\r\n\r\n", {400}, CLOSED,
	   ""),
    SAMPLE("section_6_1_no_chunks_for_1_0", "GET /trail HTTP/1.0\r\n" HOST END, {200}, CLOSED,
	   .has = "\r\n\r\nabc", .lacks = "Transfer-Encoding"),
    SAMPLE("section_6_2_length", POST "Content-Length: 003\r\n" END "abc", {200}, OPEN,
	   "POST a /echo?\n abc\n"),
    SAMPLE("section_6_2_sign", POST "Content-Length: +3\r\n" END "abc", {400}, CLOSED, ""),
    SAMPLE("section_6_2_overflow", POST "Content-Length: 18446744073709551617\r\n" END, {400},
	   CLOSED, ""),
    SAMPLE("section_6_2_none_in_304", "GET /304 HTTP/1.1\r\n" HOST END, {304}, OPEN,
	   .lacks = "Content-Length"),
    SAMPLE("section_6_3_1_head_has_no_body", "HEAD / HTTP/1.1\r\n" HOST END GET END, {200, 200},
	   OPEN, .has = "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK"),
    SAMPLE("section_6_3_3_both_is_an_attack",
	   POST "Content-Length: 4\r\n" TE END "0\r\n\r\n" GET END, {400}, CLOSED, ""),
    SAMPLE("section_6_3_4_framing_we_cannot_tell", POST "Transfer-Encoding: x\r\n" END "0\r\n\r\n",
	   {501}, CLOSED, ""),
    SAMPLE("section_6_3_5_two_lengths", POST "Content-Length: 3\r\nContent-Length: 4\r\n" END "abc",
	   {400}, CLOSED, ""),
    SAMPLE("section_6_3_5_a_list_of_lengths", POST "Content-Length: 3, 4\r\n" END "abc", {400},
	   CLOSED, ""),
    SAMPLE("section_6_3_5_a_list_of_equal_ones", POST "Content-Length: 3, 3\r\n" END "abc", {400},
	   CLOSED, ""),
    SAMPLE("section_6_3_5_not_a_number", POST "Content-Length: a\r\n" END, {400}, CLOSED, ""),
    SAMPLE("section_6_3_6_what_follows_is_the_next_request",
	   POST "Content-Length: 1\r\n" END "x" GET END, {200, 200}, OPEN,
	   "POST a /echo?\n x\nGET a /?\n"),
    SAMPLE("section_6_3_6_cut_short_is_not_answered", POST "Content-Length: 3\r\n" END "ab", {0},
	   CLOSED, "POST a /echo?\n", .fin = true),
    SAMPLE("section_6_3_7_no_length_is_no_body", POST END GET END, {200, 200}, OPEN,
	   "POST a /echo?\n \nGET a /?\n"),
    SAMPLE("section_6_3_8_1_0_gets_it_until_the_end", "GET /unknown HTTP/1.0\r\n" HOST END, {200},
	   CLOSED, .lacks = "Content-Length"),
    /* §7.1: chunks */
    SAMPLE("section_7_1_sizes_in_any_case",
	   POST TE END "a\r\n0123456789\r\n0A\r\n0123456789\r\n0\r\n\r\n", {200}, OPEN,
	   "POST a /echo?\n 01234567890123456789\n"),
    SAMPLE("section_7_1_size_of_many_zeros", POST TE END "000\r\n\r\n", {200}, OPEN),
    SAMPLE("section_7_1_size_with_a_sign", POST TE END "+1\r\na\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_size_0x1", POST TE END "0x1\r\na\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_size_that_overflows", POST TE END "ffffffffffffffff1\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_size_before_bare_lf", POST TE END "1\na\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_data_longer_than_said", POST TE END "1\r\nab\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_data_without_its_end", POST TE END "1\r\na0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_cut_short", POST TE END "5\r\nab", {0}, CLOSED, "POST a /echo?\n",
	   .fin = true),
    SAMPLE("section_7_1_without_its_last_chunk", POST TE END "1\r\na\r\n", {0}, CLOSED,
	   "POST a /echo?\n", .fin = true),
    SAMPLE("section_7_1_1_extensions_are_ignored", POST TE END "1;a=b;c=\"d\"\r\na\r\n0;e\r\n\r\n",
	   {200}, OPEN, "POST a /echo?\n a\n"),
    SAMPLE("section_7_1_1_space_before_one", POST TE END "1 ;a\r\na\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_1_bare_lf_in_one", POST TE END "1;a\nb\r\na\r\n0\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_2_trailers_are_given",
	   POST TE END "1\r\na\r\n0\r\nX-Sum: \t1 2 \r\nY:\r\n\r\n" GET END, {200, 200}, OPEN,
	   "POST a /echo?\n a\n +x-sum=1 2\n +y=\nGET a /?\n"),
    SAMPLE("section_7_1_2_not_those_that_frame",
	   POST TE END "0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: b\r\n\r\n" GET END,
	   {200, 200}, OPEN, "POST a /echo?\n \nGET a /?\n"),
    SAMPLE("section_7_1_2_nor_those_that_say_who_asks",
	   POST TE END
	   "0\r\nCookie: x\r\nAuthorization: x\r\nX-Forwarded-For: x\r\nIf-Match: x\r\n\r\n",
	   {200}, OPEN, "POST a /echo?\n \n"),
    SAMPLE("section_7_1_2_folded", POST TE END "0\r\nf: a\r\n b\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_2_no_colon", POST TE END "0\r\nf\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_2_space_before_the_colon", POST TE END "0\r\nf : a\r\n\r\n", {400}, CLOSED),
    SAMPLE("section_7_1_2_too_many",
	   POST TE END "0\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\ni:1\r\n"
		       "j:1\r\nk:1\r\nl:1\r\nm:1\r\nn:1\r\no:1\r\np:1\r\nq:1\r\n\r\n",
	   {431}, CLOSED, "POST a /echo?\n"),
    SAMPLE("section_7_1_2_of_answers", "GET /trail HTTP/1.1\r\n" HOST END GET END, {200, 200}, OPEN,
	   .has = "0003\r\nabc\r\n0\r\nGrpc-Status: 0\r\n\r\nHTTP/1.1 200",
	   .lacks = "Content-Length: 9"),
    SAMPLE("section_7_1_2_not_for_1_0", "GET /trail HTTP/1.0\r\n" HOST END, {200}, CLOSED,
	   .lacks = "Grpc-Status"),
    SAMPLE("section_7_1_2_nor_after_head", "HEAD /trail HTTP/1.1\r\n" HOST END GET END, {200, 200},
	   OPEN, .lacks = "Grpc-Status"),
    /* §8: incomplete messages */
    SAMPLE("section_8_half_a_head_is_not_answered", "GET / HTTP/1.1\r\nHo", {0}, CLOSED, "",
	   .fin = true),
    SAMPLE("section_8_a_short_answer_ends_the_connection",
	   "GET /short HTTP/1.1\r\n" HOST END GET END, {200}, CLOSED, "GET a /short?\n"),
    /* §9: connections */
    SAMPLE("section_9_3_persistent_by_default", GET END GET END GET END, {200, 200, 200}, OPEN,
	   .lacks = "Connection"),
    SAMPLE("section_9_3_not_in_1_0", "GET / HTTP/1.0\r\n" HOST END GET END, {200}, CLOSED,
	   .has = "Connection: close"),
    SAMPLE("section_9_3_but_if_asked_for",
	   "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n" HOST END GET END, {200, 200}, OPEN,
	   .has = "Connection: keep-alive"),
    SAMPLE("section_9_3_2_pipelined_answers_in_order",
	   "GET /304 HTTP/1.1\r\n" HOST END GET END "GET /304 HTTP/1.1\r\n" HOST END,
	   {304, 200, 304}, OPEN),
    SAMPLE("section_9_3_2_answered_although_fin_came", GET END GET END, {200, 200}, CLOSED,
	   .fin = true),
    SAMPLE("section_9_6_close_ends_it", GET "Connection: close\r\n" END GET END, {200}, CLOSED,
	   "GET a /?\n", .has = "Connection: close"),
    SAMPLE("section_9_6_close_in_a_list", GET "Connection: foo ,, CLOSE\r\n" END GET END, {200},
	   CLOSED, "GET a /?\n"),
    SAMPLE("section_9_6_close_outweighs_keep_alive",
	   "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n" HOST END, {200}, CLOSED),
    SAMPLE("section_9_6_our_last_answer_says_so", "GET /close HTTP/1.1\r\n" HOST END GET END, {200},
	   CLOSED, .has = "Connection: close"),
    /* RFC 9110 §7.8: Upgrade */
    SAMPLE("rfc9110_7_8_switched_and_raw_after", SWITCH UPGRADE END "GET / HTTP/1.1\r\n\r\n", {101},
	   SESSION_ANSWERING, "GET a /switch?\n",
	   .has = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    SAMPLE("rfc9110_7_8_fields_of_the_handler", SWITCH UPGRADE END, {101}, SESSION_ANSWERING,
	   .has = "Sec-Websocket-Accept: x\r\n"),
    SAMPLE("rfc9110_7_8_fin_is_passed_on", SWITCH UPGRADE END "hi", {101}, CLOSED,
	   .has = "\r\n\r\nhi.", .fin = true),
    SAMPLE("rfc9110_7_8_names_have_no_case",
	   SWITCH "Connection: keep-alive, uPGRADE\r\nUpgrade: WebSocket/13\r\n" END, {101},
	   SESSION_ANSWERING, .has = "Upgrade: websocket/13\r\n"),
    SAMPLE("rfc9110_7_8_not_without_connection", SWITCH "Upgrade: websocket\r\n" END, {426}, OPEN),
    SAMPLE("rfc9110_7_8_not_by_connection_alone", SWITCH "Connection: upgrade\r\n" END, {426},
	   OPEN),
    SAMPLE("rfc9110_7_8_not_in_1_0", "GET /switch HTTP/1.0\r\n" HOST UPGRADE END, {426}, CLOSED),
    SAMPLE("rfc9110_7_8_not_with_a_body", SWITCH UPGRADE "Content-Length: 1\r\n" END "x", {426},
	   OPEN),
    SAMPLE("rfc9110_7_8_not_with_chunks", SWITCH UPGRADE TE END "0\r\n\r\n", {426}, OPEN),
    SAMPLE("rfc9110_7_8_h2c_is_ignored", SWITCH "Connection: Upgrade\r\nUpgrade: h2c\r\n" END,
	   {426}, OPEN),
    SAMPLE("rfc9110_7_8_tls_is_ignored",
	   SWITCH "Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0\r\n" END, {426}, OPEN),
    SAMPLE("rfc9110_7_8_the_next_one_is_taken",
	   SWITCH "Connection: Upgrade\r\nUpgrade: h2c, (, foo/\r\nUpgrade: x/1, y\r\n" END, {101},
	   SESSION_ANSWERING, .has = "Upgrade: x/1\r\n"),
    SAMPLE("rfc9110_7_8_may_be_ignored", GET UPGRADE END GET END, {200, 200}, OPEN),
    /* RFC 9110 §9, §10.1.1 */
    SAMPLE("rfc9110_9_3_8_trace_is_501", "TRACE / HTTP/1.1\r\n" HOST END, {501}, CLOSED, ""),
    SAMPLE("rfc9110_10_1_1_continue", POST "Expect: 100-continue\r\nContent-Length: 1\r\n" END,
	   {100}, SESSION_BODY),
    SAMPLE("rfc9110_10_1_1_continue_then_the_answer",
	   POST "Expect: 100-continue\r\nContent-Length: 1\r\n" END "x" GET END, {100, 200, 200},
	   OPEN),
    SAMPLE("rfc9110_10_1_1_not_without_a_body", POST "Expect: 100-continue\r\n" END, {200}, OPEN),
    SAMPLE("rfc9110_10_1_1_not_for_1_0",
	   "POST /echo HTTP/1.0\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n" END, {0},
	   SESSION_BODY),
    SAMPLE("rfc9110_10_1_1_other_expectations", POST "Expect: 200-ok\r\n" END, {417}, CLOSED, ""),
    SAMPLE("rfc9110_15_5_14_known_to_be_too_long",
	   POST "Expect: 100-continue\r\nContent-Length: 100001\r\n" END, {413}, CLOSED,
	   .lacks = "100 Continue"),
    SAMPLE("rfc9110_15_5_14_found_to_be_too_long", POST TE END "1\r\na\r\n186a0\r\n", {413},
	   CLOSED),
};

static bool
holds(struct span out, const char *text)
{
	return memmem(out.p, out.len, text, strlen(text)) != NULL;
}

/* The status of the next answer in *out, which goes on behind its status line; 0: no more. */
static unsigned
next_status(struct span *out)
{
	static const char start[] = "HTTP/1.1 ";
	const uint8_t *at = out->len > 0 ? memmem(out->p, out->len, start, sizeof start - 1) : NULL;
	unsigned status;

	if (at == NULL)
		return 0;
	*out = span_tail(*out, (size_t)(at - out->p) + sizeof start - 1);
	return out->len >= 3 && sscanf((const char *)out->p, "%3u", &status) == 1 ? status : 0;
}

static void
check_statuses(const struct sample *s, struct span out)
{
	for (size_t i = 0; i < COUNT(s->statuses); i++) {
		unsigned status = next_status(&out);

		/* What a peer of another protocol says may look like ours. */
		if (status != s->statuses[i])
			fail_msg("answer %zu: %u, not %u", i + 1, status, s->statuses[i]);
		if (status == 0 || status == 101)
			return;
	}
}

static void
check_answers(const struct sample *s, const struct talk *t)
{
	struct span out = buf_span(&t->out);

	check_statuses(s, out);
	if (session_state(t->h1) != s->state)
		fail_msg("state %d, not %d", session_state(t->h1), s->state);
	if (s->log != NULL && !span_equal(buf_span(&t->log), span_str(s->log)))
		fail_msg("handlers saw %.*s", (int)buf_len(&t->log),
			 (const char *)buf_span(&t->log).p);
	if (s->has != NULL && !holds(out, s->has))
		fail_msg("not in %.*s", (int)out.len, (const char *)out.p);
	if (s->lacks != NULL && out.len > 0 && holds(out, s->lacks))
		fail_msg("%s is in %.*s", s->lacks, (int)out.len, (const char *)out.p);
}

/* In pieces of so many bytes. */
static void
run(const struct sample *s, size_t piece)
{
	struct talk t;

	talk_start(&t);
	for (size_t at = 0; at < s->bytes.len; at += piece)
		talk_say(&t, span_head(span_tail(s->bytes, at), piece));
	if (s->fin) {
		session_receive_end(t.h1);
		talk_say(&t, SPAN_NONE);
	}
	check_answers(s, &t);
	talk_end(&t);
	assert_true(t.overs >= t.requests);
}

static void
run_sample(void **state)
{
	const struct sample *s = *state;

	run(s, s->bytes.len);
	run(s, 1);
	run(s, 7);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(samples)];

	for (size_t i = 0; i < COUNT(samples); i++)
		tests[i] = (struct CMUnitTest){
		    .name = samples[i].name,
		    .test_func = run_sample,
		    .initial_state = (void *)(uintptr_t)&samples[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
