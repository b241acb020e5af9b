/* What unit tests look at in a talk. */
#ifndef TEST_HTTP_TALK_CHECK_H
#define TEST_HTTP_TALK_CHECK_H

#include "talk.h"
#include "unit.h"

#define HOST "Host: a\r\n"
#define END  "\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST
#define POST "POST /echo HTTP/1.1\r\n" HOST
#define TE   "Transfer-Encoding: chunked\r\n"

static inline unsigned
first_status(const struct talk *t)
{
	struct span out = buf_span(&t->out);
	uint64_t status = 0;

	if (!span_starts_with(out, SPAN_OF("HTTP/1.1 ")) || out.len < 12)
		return 0;
	for (size_t i = 9; i < 12; i++)
		status = status * 10 + (uint64_t)(out.p[i] - '0');
	return (unsigned)status;
}

static inline bool
out_has(const struct talk *t, const char *text)
{
	struct span out = buf_span(&t->out);

	return memmem(out.p, out.len, text, strlen(text)) != NULL;
}

static inline void
say(struct talk *t, const char *text)
{
	talk_say(t, span_str(text));
}

static inline void
assert_out(struct talk *t, const char *expected)
{
	buf_byte(&t->out, '\0') ? (void)0 : abort();
	assert_string_equal((const char *)buf_span(&t->out).p, expected);
}

static inline struct span
body_of(const struct talk *t)
{
	struct span out = buf_span(&t->out);
	const uint8_t *end = memmem(out.p, out.len, "\r\n\r\n", 4);

	assert_non_null(end);
	return span_tail(out, (size_t)(end - out.p) + 4);
}

#endif
