/*
 * Keys that the database must not hold: one file beside it, from which all others are derived.
 * Who has only the database can read no secret in it, nor write its audit log anew.
 */
#ifndef PKI_VAULT_H
#define PKI_VAULT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct vault;

/* Reads `path` (0600, 32 bytes as hex), making it if it is not there and `may_make`. */
MUST_CHECK struct err vault_open(const char *path, bool may_make, struct vault **out);
MUST_CHECK struct err vault_of(const uint8_t master[32], struct vault **out); /* for tests */
void vault_free(struct vault *v); /* wipes; NULL is fine */

MUST_CHECK bool vault_seal(const struct vault *v, const char *about, struct span secret,
			   struct buf *out);
MUST_CHECK bool vault_unseal(const struct vault *v, const char *about, struct span sealed,
			     struct buf *out);

/* HMAC-SHA256 under the key for "audit", over all parts and where each ends. */
MUST_CHECK bool vault_mac(const struct vault *v, const struct span *parts, size_t count,
			  uint8_t out[32]);

#endif
