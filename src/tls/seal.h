/*
 * Secrets at rest: AES-256-GCM with a random nonce. What is sealed says which key and format it
 * is of, so that either can change.
 */
#ifndef TLS_SEAL_H
#define TLS_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define SEAL_KEY      32
#define SEAL_OVERHEAD 29 /* format, nonce, tag */

/* `about` is bound to it ("totp of user 7"): what was sealed for one thing opens for no other. */
MUST_CHECK bool seal(const uint8_t key[SEAL_KEY], const char *about, struct span secret,
		     struct buf *out);

/* False, and nothing added, unless it is just what was sealed. `out` is to be wiped. */
MUST_CHECK bool unseal(const uint8_t key[SEAL_KEY], const char *about, struct span sealed,
		       struct buf *out);

#endif
