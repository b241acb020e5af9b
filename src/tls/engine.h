/*
 * TLS in memory: bytes in, bytes out, for a protocol that brings its own packets. Both ends are
 * here, the client's for tests. TLS 1.2 and 1.3, both sides show a certificate; no tickets, no
 * renegotiation, no resumption.
 */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tls/context.h"

struct engine_context; /* one for each thread */

struct engine_material {
	struct span authorities;      /* PEM: the peer's certificate must be of one of these */
	struct span certificate, key; /* PEM */
};

/* The peer's certificate must be in force and say that it is made for a client (for a server, where
 * `serves` is false) by its extended key usage. Whether it is revoked is for others to say; and a
 * client whose own has expired shakes hands nevertheless, so that it can be told so in words. */
MUST_CHECK struct err engine_context_new(struct tls_library *lib, const struct engine_material *m,
					 bool serves, struct engine_context **out);
void engine_context_free(struct engine_context *c); /* engines keep it alive; NULL is fine */

struct engine;

enum engine_state {
	ENGINE_HANDSHAKE, /* goes on when more bytes are given */
	ENGINE_OPEN,
	ENGINE_FAILED, /* engine_why(); an alert may be there to be taken; or the peer has ended */
};

struct engine *engine_new(struct engine_context *c); /* NULL when memory is short */
void engine_free(struct engine *e);                  /* wipes; NULL is fine */

/* The peer's bytes, cut anywhere. At most 64 KiB wait in either direction: more fails. */
enum engine_state engine_give(struct engine *e, struct span bytes);
/* A client's first step. */
enum engine_state engine_begin(struct engine *e);

/* Takes up to `max` bytes that are for the peer; returns how many. */
size_t engine_take(struct engine *e, uint8_t *to, size_t max);

/* Adds all that the peer has said so far; false when `out` is full, which loses nothing, or the
 * engine fails. */
MUST_CHECK bool engine_read(struct engine *e, struct buf *out);
/* One record of its own (1 byte to 16 KiB). */
MUST_CHECK bool engine_write(struct engine *e, struct span bytes);

/* RFC 5705, without a context. */
MUST_CHECK bool engine_export(struct engine *e, const char *label, uint8_t *out, size_t len);

#define ENGINE_SERIAL 41
struct engine_peer {
	char serial[ENGINE_SERIAL]; /* lower-case hex, as the store has it */
	char name[65];              /* its common name, printable */
	uint8_t fingerprint[32];    /* SHA-256 of the certificate */
	bool expired;
};
/* Of the certificate that was verified; false before ENGINE_OPEN. */
MUST_CHECK bool engine_peer(const struct engine *e, struct engine_peer *out);

const char *engine_version(const struct engine *e); /* "TLSv1.3" */
const char *engine_why(const struct engine *e);     /* for the log; valid until the next call */

/* The key derivation of TLS 1.0 (RFC 2246 §5), which OpenVPN has used for its data keys. */
MUST_CHECK bool engine_prf(struct span secret, const char *label, struct span seed, uint8_t *out,
			   size_t len);

#endif
