/* What a client is told once it is let in: PUSH_REPLY, cut into messages that clients can take. */
#ifndef VPN_PUSH_H
#define VPN_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/buf.h"
#include "tls/aead.h"

/* What is said of the network; the lists are the caller's. */
struct push_terms {
	struct address ip4, gateway4; /* family 0: none */
	unsigned bits4;
	struct address ip6, gateway6;
	unsigned bits6;
	const struct network *routes;
	size_t route_count;
	bool everything; /* a full tunnel, IPv6 too */
	bool block_ipv6; /* which then must not leak */
	const struct address *dns;
	size_t dns_count;
	const char *domain;              /* NULL: none */
	unsigned ping_s, ping_restart_s; /* 0: none */
	const char *token;               /* auth-token: its password from now on; NULL: none */
	const char *token_user;          /* its name then, if it gave none; NULL: not told */
};

/* What is said of the connection. */
struct push_line {
	uint32_t peer_id; /* PEER_ID_NONE: none */
	enum aead_kind cipher;
	bool tls_ekm, cc_exit, dyn_tls_crypt;
	bool flags_known; /* the client knows `protocol-flags`; else `key-derivation` */
	unsigned mtu;     /* 0: not told */
	const char *stub; /* "compress stub-v2"; NULL: none */
	bool datagrams;   /* by UDP nothing shows that it leaves but its word, and what comes
			     faster than it reads is lost */
};

#define PUSH_MESSAGES_MAX 64

/*
 * Adds the messages, each with the NUL that ends it; none is longer than CONTROL_TEXT_MAX. False
 * when they do not fit, or there would be more than PUSH_MESSAGES_MAX.
 */
MUST_CHECK bool push_write(const struct push_terms *t, const struct push_line *l, struct buf *out);

#endif
