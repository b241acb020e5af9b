/*
 * What a worker needs to answer TLS for its sites. Nothing is shared between
 * threads: a library context each, because OpenSSL 3.0's shared one costs 10 %
 * of a handshake.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

struct tls_library; /* one per thread */

/* NULL when OpenSSL cannot be set up. Freed after its connections and contexts; NULL is fine. */
struct tls_library *tls_library_new(void);
void tls_library_free(struct tls_library *lib);

/* Keys that seal session tickets: the newest seals, all of them open. */
#define TLS_TICKET_KEYS 3
struct tls_ticket_keys {
	struct tls_ticket_key {
		uint8_t name[16], cipher[32], mac[32];
	} keys[TLS_TICKET_KEYS];
	size_t count; /* keys[0] is the newest */
};

/* Puts a new random key in front; the oldest is wiped. */
MUST_CHECK struct err tls_ticket_keys_rotate(struct tls_ticket_keys *keys);

/* The library's own copy from now on. Without keys there are no tickets. */
void tls_library_set_tickets(struct tls_library *lib, const struct tls_ticket_keys *keys);

struct tls_pair {
	struct span chain, key; /* PEM */
};

struct tls_context; /* one per site and worker; connections keep it alive */

/*
 * TLS 1.2 and 1.3, forward-secret AEAD suites, security level 2; offers "h2",
 * "http/1.1" and "http/1.0" by ALPN. `pairs` of different key types stand beside each other (ECDSA,
 * RSA). Sessions of one `id` (a site's first name) resume in its own contexts only.
 */
MUST_CHECK struct err tls_context_new(struct tls_library *lib, const char *id,
				      const struct tls_pair *pairs, size_t count,
				      struct tls_context **out);
void tls_context_free(struct tls_context *ctx); /* gives up the caller's share; NULL is fine */

#endif
