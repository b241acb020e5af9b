/*
 * "Key method 2": what client and server tell each other first, inside TLS. Random bytes for the
 * older way to derive data keys, options, name and password, and what the client is able to.
 */
#ifndef VPN_KEY_METHOD_H
#define VPN_KEY_METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "tls/aead.h"

#define CREDENTIAL_MAX 4096 /* of a name or password; longer ones are no sign-in */
#define PEER_INFO_MAX  4096
#define KEY_METHOD_MAX 16384 /* of all of it */

struct key_random {
	uint8_t pre_master[48]; /* the client's alone */
	uint8_t r1[32], r2[32];
};

/* IV_PROTO's bits. */
enum iv_proto {
	IV_DATA_V2 = 1 << 1,
	IV_REQUEST_PUSH = 1 << 2, /* may be pushed to at once */
	IV_TLS_EKM = 1 << 3,
	IV_AUTH_PENDING = 1 << 4,
	IV_DNS_OLD = 1 << 6,
	IV_CC_EXIT = 1 << 7,
	IV_AUTH_FAIL_TEMP = 1 << 8,
	IV_DYN_TLS_CRYPT = 1 << 9,
	IV_AEAD_EPOCH = 1 << 10,
	IV_DNS = 1 << 11,
	IV_PUSH_UPDATE = 1 << 12,
};

#define PEER_TEXT 64
struct peer_info {
	char version[PEER_TEXT], platform[PEER_TEXT],
	    gui[PEER_TEXT]; /* printable; "" if not told */
	uint32_t proto;     /* enum iv_proto */
	bool tells_ciphers; /* by IV_CIPHERS, or by what stands for it */
	unsigned ciphers;   /* then: bits by enum aead_kind */
	unsigned mtu;       /* 0: not told */
	bool stub_v2;       /* it knows "compress stub-v2" */
	bool lzo;           /* its options have comp-lzo */
	bool sso_crtext, sso_webauth;
	bool tcp_nonlinear;
};

/* What the client sent. The spans point into the bytes read. */
struct key_method {
	struct key_random random;
	struct span options, name, password; /* without their NULs */
	struct peer_info peer;
	bool too_long; /* name or password: what was said of them is not here */
};

enum key_method_result { KEY_METHOD_MORE, KEY_METHOD_DONE, KEY_METHOD_BAD };

/*
 * Reads a client's message from all bytes so far; *used is its length. What the client says of
 * itself may be missing: the message then ends with the password, and with what TLS gave at once,
 * so whole records are to be given. *out is all zero unless done; its random is to be wiped.
 */
enum key_method_result key_method_read(struct span bytes, struct key_method *out, size_t *used);

/* The server's own; `options` (what it would say as --opt-verify, never empty). */
MUST_CHECK bool key_method_write(const struct key_random *r, const char *options, struct buf *out);

/* "AES-256-GCM", and which one a name is: AEAD_KINDS for none of ours. No case. */
const char *cipher_name(enum aead_kind kind);
enum aead_kind cipher_of(struct span name);

/* The first in `order` (of `count`) that the client has; AEAD_KINDS: none. `options` of a client
 * that tells no list has its one cipher. */
enum aead_kind cipher_choose(const enum aead_kind *order, size_t count,
			     const struct key_method *client);

#endif
