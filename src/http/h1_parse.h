/*
 * The head of an HTTP/1 request (RFC 9112 §2-5): found, then read. Pure.
 *
 * Where something can be wrong, functions return the status that says so; 0: nothing.
 * Each verdict hangs on a prefix of the head only, so it is the same however
 * the bytes arrive.
 */
#ifndef HTTP_H1_PARSE_H
#define HTTP_H1_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "http/exchange.h"

/* How far a head was looked through; zeroed to begin with. */
struct h1_scan {
	uint32_t at, line, lines; /* bytes seen, where the line began, lines complete */
};

enum h1_scanned { H1_SCAN_MORE, H1_SCAN_LINE, H1_SCAN_END, H1_SCAN_BAD };

/*
 * Goes on from where it stopped, to the end of the next line. `in` begins with the head
 * and is less than 4 GiB. BAD: a control character, or CR and LF not together (§2.2).
 */
enum h1_scanned h1_scan(struct h1_scan *s, struct span in);

/* A request line, as lengths into it, so that it may be moved. */
struct h1_line {
	uint32_t method, target; /* bytes */
	uint16_t version;        /* 10 or 11 */
	uint8_t known;           /* enum method */
};

/* `line` is without CRLF. */
MUST_CHECK unsigned h1_parse_line(struct span line, struct h1_line *out);

/* The same as far as it can be told from the beginning of one. */
MUST_CHECK unsigned h1_parse_line_begun(struct span begun);

/* One field line without CRLF; its name is made lower case where it stands. */
MUST_CHECK unsigned h1_parse_field(uint8_t *line, size_t len, struct field *out);

/*
 * All of `p`, lines that each end in CRLF, into `out`, which has room for as many fields; they
 * point into `p`. *count grows by one for each.
 */
MUST_CHECK unsigned h1_parse_fields(uint8_t *p, size_t len, struct field *out, size_t *count);

/*
 * The same for a trailer section, at most `most` of them, into memory of its own; those that
 * must not stand there (RFC 9110 §6.5.1) are left out.
 */
MUST_CHECK unsigned h1_parse_trailers(struct span lines, size_t most, struct arena *memory,
				      struct field **fields, size_t *count);

/* What the fields mean for the connection and the body. */
struct h1_meaning {
	struct span host;        /* of the Host field, unchecked */
	struct span protocol;    /* of the Upgrade field, if it is to be heeded */
	int64_t length;          /* of the body, or LENGTH_NONE, or LENGTH_UNKNOWN: chunked */
	unsigned hosts, options; /* of Connection */
	bool chunked, has_length, close, keep_alive, expects_continue, upgrades;
};

MUST_CHECK unsigned h1_parse_meaning(const struct request *r, struct h1_meaning *out);

#endif
