/* HTTP/2 for `struct talk`: frames to say, and what came of each stream. */
#ifndef TEST_HTTP_H2_TALK_H
#define TEST_HTTP_H2_TALK_H

#include <nghttp2/nghttp2.h>

#include "http/h2.h"
#include "talk.h"

#define SEEN_MAX 512 /* streams by number */

struct seen_stream {
	unsigned status, interim, resets;
	uint32_t code; /* of the last reset */
	size_t body, data_frames, trailers;
	bool ended;
};

struct seen {
	struct seen_stream streams[SEEN_MAX];
	unsigned settings, acks, pings, goaways, windows;
	uint32_t goaway_code, goaway_last;
	uint64_t window; /* granted for the connection */
	uint8_t ping[8];
	bool broken; /* no frames */
};

/* As talk_start(); the preface is said. */
static inline void
h2_talk_start(struct talk *t, struct span settings)
{
	talk_start(t);
	session_free(t->h1);
	if ((t->h1 = h2_new(&talk_host, t, &t->settings, &t->client)) == NULL)
		abort();
	talk_say(t, SPAN_OF(H2_PREFACE));
	talk_say(t, settings);
}

static inline void
put_byte(struct buf *b, unsigned value)
{
	if (!buf_byte(b, (uint8_t)value))
		abort();
}

static inline void
put_head(struct buf *b, size_t length, unsigned type, unsigned flags, uint32_t stream)
{
	put_byte(b, (unsigned)(length >> 16));
	if (!buf_be16(b, (uint16_t)length))
		abort();
	put_byte(b, type);
	put_byte(b, flags);
	if (!buf_be32(b, stream))
		abort();
}

static inline void
put_frame(struct buf *b, unsigned type, unsigned flags, uint32_t stream, struct span payload)
{
	put_head(b, payload.len, type, flags, stream);
	talk_note(b, payload);
}

/* HPACK's plainest form: a literal without indexing (RFC 7541 §6.2.2). */
static inline void
put_field(struct buf *b, const char *name, const char *value)
{
	size_t len = strlen(value);

	put_byte(b, 0);
	put_byte(b, (unsigned)strlen(name));
	talk_note(b, span_str(name));
	if (len < 127) {
		put_byte(b, (unsigned)len);
	} else {
		put_byte(b, 127);
		for (len -= 127; len >= 128; len /= 128)
			put_byte(b, (unsigned)(len % 128 | 128));
		put_byte(b, (unsigned)len);
	}
	talk_note(b, span_str(value));
}

/* A request; `more` are names and values in turn, and NULL. */
static inline void
put_request(struct buf *b, uint32_t stream, const char *method, const char *path, bool ends,
	    const char *const *more)
{
	struct buf block = buf_with_cap(TALK_MAX);

	put_field(&block, ":method", method);
	put_field(&block, ":scheme", "https");
	put_field(&block, ":path", path);
	put_field(&block, ":authority", "h");
	for (; more != NULL && more[0] != NULL; more += 2)
		put_field(&block, more[0], more[1]);
	put_frame(b, NGHTTP2_HEADERS,
		  NGHTTP2_FLAG_END_HEADERS | (ends ? NGHTTP2_FLAG_END_STREAM : 0), stream,
		  buf_span(&block));
	buf_free(&block);
}

static inline void
put_window(struct buf *b, uint32_t stream, uint32_t n)
{
	uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	put_frame(b, NGHTTP2_WINDOW_UPDATE, 0, stream, span_of(bytes, sizeof bytes));
}

static inline void
put_reset(struct buf *b, uint32_t stream)
{
	put_frame(b, NGHTTP2_RST_STREAM, 0, stream, SPAN_OF("\0\0\0\x08"));
}

/* Says what is in `b`, and empties it. */
static inline void
h2_say(struct talk *t, struct buf *b)
{
	talk_say(t, buf_span(b));
	buf_taken(b, buf_len(b));
}

static inline void
see_field(struct seen_stream *s, const nghttp2_nv *nv, bool had_status)
{
	unsigned status;

	if (nv->namelen != 7 || memcmp(nv->name, ":status", 7) != 0) {
		s->trailers += had_status;
		return;
	}
	status = (unsigned)atol((const char *)nv->value);
	if (status < 200)
		s->interim++;
	else
		s->status = status;
}

static inline bool
see_fields(nghttp2_hd_inflater *inflater, struct seen_stream *s, struct span block)
{
	bool had_status = s->status != 0;
	int flags = 0;

	while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
		nghttp2_nv nv;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block.p, block.len, 1);

		if (n < 0)
			return false;
		block = span_tail(block, (size_t)n);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
			see_field(s, &nv, had_status);
	}
	return nghttp2_hd_inflate_end_headers(inflater) == 0;
}

static inline uint32_t
be32_at(struct span s, size_t at)
{
	struct cursor c = cursor_of(span_tail(s, at));
	uint32_t n = 0;

	return cursor_be32(&c, &n) ? n : 0;
}

static inline void
see_connection(struct seen *seen, unsigned type, unsigned flags, struct span payload)
{
	if (type == NGHTTP2_SETTINGS)
		*(flags & NGHTTP2_FLAG_ACK ? &seen->acks : &seen->settings) += 1;
	if (type == NGHTTP2_PING && (flags & NGHTTP2_FLAG_ACK) == 0 && payload.len == 8)
		memcpy(seen->ping, payload.p, 8);
	seen->pings += type == NGHTTP2_PING;
	if (type == NGHTTP2_WINDOW_UPDATE) {
		seen->windows++;
		seen->window += be32_at(payload, 0);
	}
	if (type == NGHTTP2_GOAWAY) {
		seen->goaways++;
		seen->goaway_last = be32_at(payload, 0);
		seen->goaway_code = be32_at(payload, 4);
	}
}

static inline bool
see_frame(nghttp2_hd_inflater *inflater, struct seen *seen, unsigned type, unsigned flags,
	  uint32_t stream, struct span payload)
{
	struct seen_stream *s = &seen->streams[stream % SEEN_MAX];

	if (stream == 0)
		see_connection(seen, type, flags, payload);
	if (type == NGHTTP2_HEADERS && !see_fields(inflater, s, payload))
		return false;
	if (type == NGHTTP2_DATA) {
		s->body += payload.len;
		s->data_frames++;
	}
	if (type == NGHTTP2_RST_STREAM) {
		s->resets++;
		s->code = be32_at(payload, 0);
	}
	if (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA)
		s->ended |= (flags & NGHTTP2_FLAG_END_STREAM) != 0;
	return true;
}

/* What all that was sent so far comes to. */
static inline struct seen
h2_seen(const struct talk *t)
{
	struct cursor c = cursor_of(buf_span(&t->out));
	struct seen seen = {0};
	nghttp2_hd_inflater *inflater;
	uint32_t length, stream;
	uint8_t type, flags;
	struct span payload;

	if (nghttp2_hd_inflate_new(&inflater) != 0)
		abort();
	while (cursor_left(&c) > 0 && !seen.broken)
		seen.broken = !cursor_be24(&c, &length) || !cursor_u8(&c, &type) ||
			      !cursor_u8(&c, &flags) || !cursor_be32(&c, &stream) ||
			      !cursor_span(&c, length, &payload) ||
			      !see_frame(inflater, &seen, type, flags, stream, payload);
	nghttp2_hd_inflate_del(inflater);
	return seen;
}

#endif
