/*
 * Content codings (RFC 9110 §8.4.1): which one a client takes, and making it as bytes come.
 */
#ifndef SERVE_ENCODE_H
#define SERVE_ENCODE_H

#include "http/exchange.h"

#define ENCODE_WORTH_MIN 512 /* bytes: below, what is saved is not worth the field that says so */

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING_BR };
#define CODING_COUNT 4

struct span coding_name(enum coding c); /* "gzip"; "identity" */

/* What a client would rather have than the bytes as they are, best first. */
struct codings {
	uint8_t count, at[CODING_COUNT]; /* of enum coding, never CODING_IDENTITY */
};

/* By Accept-Encoding (RFC 9110 §12.5.3); of what it likes as much: br, zstd, gzip. */
struct codings codings_accepted(const struct request *r);

/* Whether a media type is one of `types` (NULL-ended, or NULL; "text/" and "text/" with a star
 * for all of a kind); its parameters do not matter. */
bool coding_suits_type(const char *const *types, struct span media_type);

/*
 * Has all that is answered on `ex` from now on compressed, where it is worth it: a type of
 * `types`, a known length of not too little or none, no coding yet, a status with a body.
 * To be called before the answer begins; answers of other kinds are left as they are, with
 * Vary where that depended on the request. Few at a time: then none, for want of memory.
 */
void encode_answers(struct exchange *ex, const char *const *types);

/* Before a thread ends: frees what its answers left for each other. */
void encode_thread_end(void);

#endif
