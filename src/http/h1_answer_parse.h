/* The head of an answer (RFC 9112 §4-6), once its end was found by h1_scan(). Pure. */
#ifndef HTTP_H1_ANSWER_PARSE_H
#define HTTP_H1_ANSWER_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "http/exchange.h"

struct h1_status_line {
	unsigned status, version; /* version: 10 or 11 */
};

/* Without CRLF. */
MUST_CHECK bool h1_parse_status_line(struct span line, struct h1_status_line *out);

/* False where the beginning of one is wrong already, whatever follows. */
MUST_CHECK bool h1_parse_status_line_begun(struct span begun);

/* What an answer's fields mean, and those of them that are not of this connection only. */
struct h1_answer_head {
	struct h1_status_line line;
	struct field *fields;
	size_t field_count;
	struct span upgrade; /* of the Upgrade field, where Connection names it */
	int64_t length;      /* of Content-Length; LENGTH_NONE: there was none */
	bool chunked, close, keep_alive;
};

/* `head` is whole, with `lines` lines and the empty one; *out is in `memory`. NULL when it is
 * well-formed, else what is wrong with it. */
MUST_CHECK const char *h1_parse_answer(struct span head, size_t lines, struct arena *memory,
				       struct h1_answer_head *out);

#endif
