/* Which content codings (RFC 9110 §8.4.1) a client takes. Pure. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "http/field.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING_BR };
#define CODING_COUNT 4

struct span coding_name(enum coding c); /* "gzip"; "identity" */

/* What a client would rather have than the bytes as they are, best first. */
struct codings {
	uint8_t count, at[CODING_COUNT]; /* of enum coding, never CODING_IDENTITY */
};

/* By Accept-Encoding (RFC 9110 §12.5.3); of what it likes as much: br, zstd, gzip. */
struct codings codings_accepted(const struct field *fields, size_t count);
bool codings_have(const struct codings *codings, enum coding c);

#endif
