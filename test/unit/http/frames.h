/* HTTP/2 frames by hand (RFC 9113 §4.1, §6), as a server would send them or would not. */
#ifndef TEST_HTTP_FRAMES_H
#define TEST_HTTP_FRAMES_H

#include <stdio.h>
#include <stdlib.h>

#include <nghttp2/nghttp2.h>

#include "base/buf.h"

#define FRAME_HEAD 9
#define ENDS       NGHTTP2_FLAG_END_STREAM
#define WHOLE      NGHTTP2_FLAG_END_HEADERS

static inline void
frame_put(struct buf *to, uint8_t type, uint8_t flags, uint32_t stream, struct span payload)
{
	uint8_t head[FRAME_HEAD] = {(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8),
				    (uint8_t)payload.len, type, flags};

	head[5] = (uint8_t)(stream >> 24);
	head[6] = (uint8_t)(stream >> 16);
	head[7] = (uint8_t)(stream >> 8);
	head[8] = (uint8_t)stream;
	if (!buf_append(to, span_of(head, sizeof head)) || !buf_append(to, payload))
		abort();
}

static inline void
frame_settings(struct buf *to)
{
	frame_put(to, NGHTTP2_SETTINGS, 0, 0, SPAN_NONE);
}

/* A field as HPACK's literal that is not indexed (RFC 7541 §6.2.2), both shorter than 127. */
static inline void
frame_field(struct buf *block, struct span name, struct span value)
{
	if (!buf_byte(block, 0) || !buf_byte(block, (uint8_t)name.len) ||
	    !buf_append(block, name) || !buf_byte(block, (uint8_t)value.len) ||
	    !buf_append(block, value))
		abort();
}

/* "name=value,name=value"; a value may hold '='. */
static inline void
frame_headers(struct buf *to, uint8_t flags, uint32_t stream, const char *fields)
{
	struct buf block = buf_with_cap(65536);
	struct span rest = span_str(fields);

	while (rest.len > 0) {
		struct span one = span_head(rest, span_find(rest, ','));
		size_t equals = span_find(one, '=');

		frame_field(&block, span_head(one, equals), span_tail(one, equals + 1));
		rest = span_tail(rest, one.len + 1);
	}
	frame_put(to, NGHTTP2_HEADERS, (uint8_t)(flags | WHOLE), stream, buf_span(&block));
	buf_free(&block);
}

static inline void
frame_data(struct buf *to, uint8_t flags, uint32_t stream, const char *bytes)
{
	frame_put(to, NGHTTP2_DATA, flags, stream, span_str(bytes));
}

static inline void
frame_numbers(struct buf *to, uint8_t type, uint32_t stream, uint32_t a, uint32_t b, size_t len)
{
	uint8_t bytes[8] = {(uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a,
			    (uint8_t)(b >> 24), (uint8_t)(b >> 16), (uint8_t)(b >> 8), (uint8_t)b};

	frame_put(to, type, 0, stream, span_of(bytes, len));
}

static inline void
frame_reset(struct buf *to, uint32_t stream, uint32_t code)
{
	frame_numbers(to, NGHTTP2_RST_STREAM, stream, code, 0, 4);
}

static inline void
frame_goaway(struct buf *to, uint32_t last, uint32_t code)
{
	frame_numbers(to, NGHTTP2_GOAWAY, 0, last, code, 8);
}

static inline void
frame_window(struct buf *to, uint32_t stream, uint32_t more)
{
	frame_numbers(to, NGHTTP2_WINDOW_UPDATE, stream, more, 0, 4);
}

/* SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 §3). */
static inline void
frame_settings_connect(struct buf *to)
{
	frame_put(to, NGHTTP2_SETTINGS, 0, 0, span_of("\0\10\0\0\0\1", 6));
}

/* What a client sent, in words: "HEADERS 1 :method=GET ...\n", "DATA 1 hello END\n", ... */
struct frames_seen {
	nghttp2_hd_inflater *inflater;
	struct buf words;
};

static inline void
frames_say(struct frames_seen *s, struct span bytes)
{
	if (!buf_append(&s->words, bytes))
		abort();
}

static inline void
frames_inflate(struct frames_seen *s, struct span block)
{
	nghttp2_nv nv;
	int flags = 0;

	for (ssize_t n; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;
	     block = span_tail(block, (size_t)n)) {
		n = nghttp2_hd_inflate_hd2(s->inflater, &nv, &flags, block.p, block.len, 1);
		if (n < 0)
			abort();
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0)
			continue;
		frames_say(s, SPAN_OF(" "));
		frames_say(s, span_of(nv.name, nv.namelen));
		frames_say(s, SPAN_OF("="));
		frames_say(s, span_of(nv.value, nv.valuelen));
	}
	nghttp2_hd_inflate_end_headers(s->inflater);
}

static inline void
frames_read_one(struct frames_seen *s, const uint8_t *head, struct span payload)
{
	uint32_t stream =
	    (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
	char text[48];

	snprintf(text, sizeof text, "%s %u",
		 head[3] == NGHTTP2_HEADERS      ? "HEADERS"
		 : head[3] == NGHTTP2_DATA       ? "DATA"
		 : head[3] == NGHTTP2_RST_STREAM ? "RST"
						 : "?",
		 stream);
	frames_say(s, span_str(text));
	if (head[3] == NGHTTP2_HEADERS) {
		frames_inflate(s, payload);
	} else if (head[3] == NGHTTP2_DATA) {
		frames_say(s, SPAN_OF(" "));
		frames_say(s, payload);
	} else {
		snprintf(text, sizeof text, " %u", payload.p[3]);
		frames_say(s, span_str(text));
	}
	if (head[3] != NGHTTP2_RST_STREAM && (head[4] & ENDS) != 0)
		frames_say(s, SPAN_OF(" END"));
	frames_say(s, SPAN_OF("\n"));
}

/* Of streams only: not what the connection itself says. Frees with frames_free(). */
static inline struct frames_seen
frames_read(struct span sent)
{
	struct frames_seen s = {.words = buf_with_cap(1 << 22)};
	struct span rest = span_tail(sent, 24); /* the preface */

	if (nghttp2_hd_inflate_new(&s.inflater) != 0)
		abort();
	while (rest.len >= FRAME_HEAD) {
		size_t len = (size_t)rest.p[0] << 16 | (size_t)rest.p[1] << 8 | rest.p[2];
		uint8_t type = rest.p[3];

		if (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA || type == NGHTTP2_RST_STREAM)
			frames_read_one(&s, rest.p, span_of(rest.p + FRAME_HEAD, len));
		rest = span_tail(rest, FRAME_HEAD + len);
	}
	return s;
}

static inline void
frames_free(struct frames_seen *s)
{
	nghttp2_hd_inflate_del(s->inflater);
	buf_free(&s->words);
}

#endif
