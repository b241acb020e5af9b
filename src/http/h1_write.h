/* The head of an HTTP/1.1 answer (RFC 9112 §4), written by hand: it is on every request's way. */
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

/* The end of a chunked body with trailers (RFC 9112 §7.1.2), but those that must not be. */
size_t h1_trailers_size(const struct field *fields, size_t count);
uint8_t *h1_put_trailers(uint8_t *to, const struct field *fields, size_t count);

/* "01F4\r\n" before a chunk's data (RFC 9112 §7.1): as wide for any length up to 0xFFFF. */
#define H1_CHUNK_MAX  0xFFFF
#define H1_CHUNK_HEAD 6
void h1_put_chunk_head(uint8_t to[H1_CHUNK_HEAD], size_t length);

#endif
