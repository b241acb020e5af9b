/*
 * What the files of this layer share: the OpenSSL side of a library and a
 * context. For src/tls/ only; all others use context.h.
 */
#ifndef TLS_LIBRARY_H
#define TLS_LIBRARY_H

#include <openssl/bio.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "tls/context.h"
#include "tls/trust.h"

/* A record as it is sent: header, plaintext, and no more than so much around it (RFC 8446 §5.2). */
#define RECORD_DATA_MAX 16384
#define RECORD_MAX      (5 + RECORD_DATA_MAX + 256)

/*
 * What one call may gather before it is sent: some records, and a ticket. Four records a
 * send cost 18 % less CPU per byte than one (0.45 s per GB to 0.54, over loopback).
 */
#define GATHER_MAX (4 * RECORD_MAX + 4096)

struct tls_library {
	OSSL_LIB_CTX *crypto;
	OSSL_PROVIDER *provider;
	BIO_METHOD *bio;           /* conn.c's */
	EVP_CIPHER *ticket_cipher; /* fetched once: a fetch costs more than sealing a ticket */
	EVP_MD *sha256;            /* likewise */
	struct trust_cache trust;
	struct tls_ticket_keys tickets;
	size_t gathered; /* by the call under way; always 0 between calls */
	uint8_t gather[GATHER_MAX];
	char why[160]; /* what library_words() put together last */
};

struct tls_context {
	struct tls_library *lib;
	SSL_CTX *ssl;
	size_t shares; /* the caller's and each connection's; one thread, so no atomics */
	struct tls_client *client; /* whose it is; NULL: a site's */
};

/* What both sides of TLS have in common: versions, suites, groups, modes. */
MUST_CHECK bool context_set_up(SSL_CTX *ssl);
MUST_CHECK struct err context_use_pair(const struct tls_library *lib, SSL_CTX *ssl,
				       const struct tls_pair *pair);

/* client.c's part in a connection's beginning, and in its context's end. */
MUST_CHECK bool client_begin(struct tls_client *client, SSL *ssl);
void client_end(struct tls_client *client);

/* Has tls_why() say so, whatever OpenSSL says. */
void conn_explain(SSL *ssl, struct span words);

/* The last reason OpenSSL left behind, for a sentence; empties its queue. */
const char *library_reason(void);

/* The error that tells best why TLS failed, 0: none; empties OpenSSL's queue. */
unsigned long library_complaint(void);
/* The words for it; valid until the next call for this library. */
const char *library_words(struct tls_library *lib, unsigned long error);

/* How conn.c speaks to OpenSSL. NULL when memory is short. */
BIO_METHOD *conn_bio_method(void);

/* Has `ssl` seal and open tickets with its library's keys. */
void ticket_use(SSL_CTX *ssl);

#endif
