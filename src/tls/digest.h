/* SHA-256, and HMAC-SHA256 under a key of the caller's. */
#ifndef TLS_DIGEST_H
#define TLS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define DIGEST_SIZE 32

/* False when OpenSSL cannot (memory). */
MUST_CHECK bool digest_of(struct span bytes, uint8_t out[DIGEST_SIZE]);
/* Of the parts one after the other: where one ends is not told. */
MUST_CHECK bool digest_keyed(struct span key, const struct span *parts, size_t count,
			     uint8_t out[DIGEST_SIZE]);

/* A key for one purpose from a master key: HKDF-Expand (RFC 5869 §2.3) with `label` as info. */
MUST_CHECK bool digest_derive(struct span master, const char *label, uint8_t out[DIGEST_SIZE]);

#endif
