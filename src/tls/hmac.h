/*
 * HMAC-SHA256 (RFC 2104) under a key that nobody knows: names for secrets, good for as long
 * as the process lives. Not for two threads at once.
 */
#ifndef TLS_HMAC_H
#define TLS_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define HMAC_SIZE 32

struct hmac;

struct hmac *hmac_new(void);    /* NULL when OpenSSL cannot be set up */
void hmac_free(struct hmac *h); /* NULL is fine */

/* Of all parts and where each ends. False when memory is short. */
MUST_CHECK bool hmac_of(struct hmac *h, const struct span *parts, size_t count,
			uint8_t out[HMAC_SIZE]);

/* Whether both are the same, in a time that does not tell where they differ. */
bool hmac_equal(const void *a, const void *b, size_t len);

#endif
