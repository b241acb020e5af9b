/* The body of an HTTP/1 request, by length or chunked (RFC 9112 §6, §7.1). Pure. */
#ifndef HTTP_H1_BODY_H
#define HTTP_H1_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

struct h1_body {
	uint64_t left;    /* of the body, or of this chunk */
	uint64_t allowed; /* bytes that further chunks may bring */
	uint32_t extra;   /* bytes of extensions and trailers so far */
	uint8_t digits;   /* of this chunk's size */
	uint8_t state;
	struct buf *trailers; /* where lines of a trailer section go, CRLF and all; NULL: nowhere */
};

/* What `trailers` must be able to hold. */
#define H1_TRAILERS_MAX 16384

struct h1_body h1_body_none(void);
struct h1_body h1_body_of_length(uint64_t length);
struct h1_body h1_body_chunked(uint64_t limit);

enum h1_body_got {
	H1_BODY_MORE, /* *data, maybe empty, and then what is still to come */
	H1_BODY_END,  /* *data, maybe empty, was the last of it */
	H1_BODY_BAD,
	H1_BODY_LARGE, /* more than `limit` */
};

/* Takes what it can; *data lies in what was taken. Call again on MORE while bytes are left. */
MUST_CHECK enum h1_body_got h1_body_take(struct h1_body *b, struct cursor *c, struct span *data);

bool h1_body_ended(const struct h1_body *b);

#endif
