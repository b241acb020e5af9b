/* Content codings (RFC 9110 §8.4.1), made as bytes come. */
#ifndef SERVE_ENCODE_H
#define SERVE_ENCODE_H

#include "http/accept.h"
#include "http/exchange.h"

#define ENCODE_WORTH_MIN 512 /* bytes: below, what is saved is not worth the field that says so */

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
