/*
 * Authenticated encryption in place, for packets: one key, one direction, one thread. The context
 * is made once; a packet only sets its nonce.
 */
#ifndef TLS_AEAD_H
#define TLS_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define AEAD_NONCE   12
#define AEAD_TAG     16
#define AEAD_KEY_MAX 32

enum aead_kind { AEAD_AES_256_GCM, AEAD_AES_128_GCM, AEAD_CHACHA20_POLY1305, AEAD_KINDS };

struct aead;

/* `key` has 16 bytes for AEAD_AES_128_GCM, else 32. NULL when OpenSSL cannot (memory). */
struct aead *aead_new(enum aead_kind kind, const uint8_t *key, bool seals);
void aead_free(struct aead *a); /* wipes; NULL is fine */

/* `bytes` become ciphertext, and `tag` is theirs and that of `about`, which stays clear. */
MUST_CHECK bool aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], struct span about,
			  uint8_t *bytes, size_t len, uint8_t tag[AEAD_TAG]);

/* False, and `bytes` are of no use, unless it is just what was sealed. */
MUST_CHECK bool aead_open(struct aead *a, const uint8_t nonce[AEAD_NONCE], struct span about,
			  uint8_t *bytes, size_t len, const uint8_t tag[AEAD_TAG]);

#endif
