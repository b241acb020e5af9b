/*
 * What a client of the VPN gives instead of password and code, once they were right: so that a new
 * key or a short loss of the network asks nobody for another code. And instead of the password
 * alone, when it comes again with the code that it was asked for. We keep none of them: it is an
 * HMAC over whose it is, by which device, and since when.
 */
#ifndef ACCESS_VPN_TOKEN_H
#define ACCESS_VPN_TOKEN_H

#include "access/access.h"

enum vpn_token {
	VPN_TOKEN_SESSION, /* password and code were right */
	VPN_TOKEN_CODE,    /* the password was, a moment ago: the code is still to come */
	VPN_TOKEN_MACHINE, /* none was asked for: it says which machine this is, and no more */
};

bool vpn_token_is(enum vpn_token kind, struct span password);

/* In a->memory, wiped with it; letters, digits, '-' and '_'. `since`: when he gave his password.
 * `password_changed`: as the store had it before that one was looked at, which takes a while. */
MUST_CHECK struct outcome vpn_token_make(struct access *a, enum vpn_token kind,
					 const struct user *u, int64_t device, int64_t since,
					 int64_t password_changed, const char **out);

/* OUTCOME_STRANGER for one that is not his, of this device, or made before his password was
 * changed; and when more time has gone by since then than policy gives a session, or to type a code
 * in. */
MUST_CHECK struct outcome vpn_token_look(struct access *a, enum vpn_token kind,
					 const struct user *u, int64_t device, struct span token,
					 int64_t *since);

#endif
