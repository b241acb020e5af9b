/*
 * What HTTP/1.1 sends, written by hand: it is on every request's way. Heads of answers
 * (RFC 9112 §4), and the framing of bodies (§6, §7.1) by either side.
 */
#ifndef HTTP_H1_WRITE_H
#define HTTP_H1_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "http/exchange.h"

struct h1_answer {
	unsigned status;
	const struct field *fields;
	size_t field_count;
	int64_t length; /* for Content-Length; LENGTH_NONE or LENGTH_UNKNOWN: none is sent */
	bool chunked, close, keep_alive;
	struct span date, server; /* empty: not sent */
	struct span protocol;     /* switched to; empty: none */
};

/* How many bytes it will be, at most. */
size_t h1_head_size(const struct h1_answer *a);

/* Writes it to `to`, which has room for h1_head_size(); returns where it ends. */
uint8_t *h1_put_head(uint8_t *to, const struct h1_answer *a);

/* How many bytes the lines of these fields are, at most. */
size_t h1_fields_size(const struct field *fields, size_t count);

#define H1_OUTPUT_MAX  (128 * 1024)
#define H1_OUTPUT_FULL (H1_OUTPUT_MAX / 2) /* nothing is begun and no body goes on above this */

/*
 * How much of a body may be put next into `out`, which is not above H1_OUTPUT_FULL; `left`: bytes
 * of it that are to come, or LENGTH_UNKNOWN.
 */
size_t h1_piece_size(const struct buf *out, int64_t left);

/* The end of a chunked body with trailers (§7.1.2), but those that must not be. */
size_t h1_trailers_size(const struct field *fields, size_t count);
uint8_t *h1_put_trailers(uint8_t *to, const struct field *fields, size_t count);

/*
 * A chunk: "01F4\r\n", as wide for any length up to H1_CHUNK_MAX, so that it can be reserved
 * before that is known; the data; CRLF. Around it goes also the last one, which is empty.
 */
#define H1_CHUNK_MAX    0xFFFF
#define H1_CHUNK_HEAD   6
#define H1_CHUNK_LAST   "0\r\n\r\n"
#define H1_CHUNK_AROUND (H1_CHUNK_HEAD + 2 + sizeof H1_CHUNK_LAST - 1)

/* Puts what goes around `length` bytes at to + H1_CHUNK_HEAD; returns how many it all is. */
size_t h1_put_chunk(uint8_t *to, size_t length);

#endif
