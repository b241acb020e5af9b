/*
 * TLS towards servers that answer in our place: who is trusted, and why somebody is not.
 * The connections are struct tls_conn, as those of clients.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "tls/conn.h"

#define TLS_AUTHORITIES_MAX (2 << 20) /* bytes of a file of them; the system's has 220 KB */

struct tls_client; /* what connections to one set of servers share; one per worker */

enum tls_trust {
	TLS_TRUST_CA,  /* a chain to one of `authorities`, and the name */
	TLS_TRUST_PIN, /* the certificate itself, by its SHA-256; no chain, no name, no dates */
	TLS_TRUST_ANY,
};

struct tls_client_settings {
	enum tls_trust trust;
	struct span authorities; /* PEM, for TLS_TRUST_CA; bad ones among them are passed over */
	const uint8_t (*pins)[32];
	size_t pin_count;
	const char *name;       /* asked for by SNI and verified: a DNS name or an IP address */
	const char **protocols; /* ALPN, the best first; NULL-ended; NULL: none is offered */
};

/* All is copied. An error when no authority is left to trust. */
MUST_CHECK struct err tls_client_new(struct tls_library *lib,
				     const struct tls_client_settings *settings,
				     struct tls_client **out);
void tls_client_free(struct tls_client *c); /* gives up the caller's share; NULL is fine */

/*
 * A connection to one of them; sessions of earlier ones are resumed. Then as any struct
 * tls_conn, beginning with tls_handshake(); tls_why() says in words what is wrong with a
 * certificate: "its certificate is self-signed", "expired on 3 May 2026", "is for other.name".
 */
struct tls_conn *tls_client_conn_new(struct tls_client *c, const struct tls_io *io, void *owner);

#endif
