/*
 * Whom a client of TLS trusts, and the words for whom it does not. For src/tls/ only.
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include <openssl/x509.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct tls_library;

/*
 * The certificates in `pem` as a store; the caller's share is given up with X509_STORE_free().
 * The same bytes give the same store as long as the library remembers it: reading the system's
 * 140 takes 30 ms, and a reload seldom changes them.
 */
MUST_CHECK struct err trust_store(struct tls_library *lib, struct span pem, X509_STORE **out);

#define TRUST_STORES 8 /* that a library remembers, the latest used first */
struct trust_cache {
	struct trust_entry {
		uint8_t digest[32]; /* SHA-256 of the PEM */
		X509_STORE *store;
	} at[TRUST_STORES];
	size_t count;
};
void trust_forget(struct trust_cache *cache);

/* What is wrong with the peer's certificate, after X509_verify_cert() said no: "its certificate
 * expired on 3 May 2026 (SHA-256 …)". `name` is what it was to be for; may be NULL. */
void trust_explain(X509_STORE_CTX *failed, const char *name, struct buf *out);

/* "SHA-256 9f86d0…", as a pin is written. */
void trust_put_digest(struct buf *out, const uint8_t digest[32]);

#endif
