/*
 * Keys of tls-crypt-v2. The server has one, and wraps each client's own with it; a client brings
 * its wrapped key along in its first packet, so the server keeps none of them, and learns from the
 * metadata inside which device it is before it has said anything.
 */
#ifndef TLS_WRAP_KEY_H
#define TLS_WRAP_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define WRAP_SERVER_KEY 128 /* cipher[64] hmac[64]; the first 32 of each are used */
#define WRAP_CLIENT_KEY 256 /* "Kc": such a pair for each direction */
#define WRAPPED_MIN     (32 + WRAP_CLIENT_KEY + 2) /* "WKc": tag, enciphered, length */
#define WRAPPED_MAX     1024

#define WRAP_CLIENT_LABEL "OpenVPN tls-crypt-v2 client key" /* of its PEM */
#define WRAP_STATIC_LABEL "OpenVPN Static key V1"           /* no PEM: hexadecimal is inside */

void wrap_server_key_make(uint8_t key[WRAP_SERVER_KEY]);

/* The static key of tls-crypt, without v2: one for all clients that cannot bring their own. */
void wrap_static_key_make(uint8_t key[WRAP_CLIENT_KEY]);

/* Adds a new client key and the same wrapped, as the client's PEM has them: Kc ‖ WKc. */
MUST_CHECK bool wrap_key_make(const uint8_t server[WRAP_SERVER_KEY], uint64_t device,
			      struct buf *out);

struct wrap_key {
	uint8_t key[WRAP_CLIENT_KEY];
	uint64_t device; /* 0: the metadata names none, as in keys that openvpn made */
};

/* False, and nothing in *out, unless `wrapped` is just what was wrapped with this server's key. */
MUST_CHECK bool wrap_key_open(const uint8_t server[WRAP_SERVER_KEY], struct span wrapped,
			      struct wrap_key *out);

#endif
