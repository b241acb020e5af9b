/*
 * Encryption that needs no nonce, as tls-crypt has it: the tag is HMAC-SHA256 of all that is told,
 * and its first half the counter that AES-256-CTR begins with. One direction, one thread.
 */
#ifndef TLS_SIV_H
#define TLS_SIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define SIV_KEY 32
#define SIV_TAG 32

struct siv;

struct siv *siv_new(const uint8_t cipher[SIV_KEY], const uint8_t mac[SIV_KEY]); /* NULL: memory */
void siv_free(struct siv *s); /* wipes; NULL is fine */

/* `out` gets as many bytes as `plain` has; it may be the same memory. `about` stays clear. */
MUST_CHECK bool siv_seal(struct siv *s, struct span about, struct span plain, uint8_t tag[SIV_TAG],
			 uint8_t *out);

/* False, and nothing of use in `out`, unless it is just what was sealed. In constant time. */
MUST_CHECK bool siv_open(struct siv *s, struct span about, const uint8_t tag[SIV_TAG],
			 struct span sealed, uint8_t *out);

#endif
