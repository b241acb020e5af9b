/* What the VPN engine asks: may this device, with these words of its user, connect? */
#ifndef ACCESS_VPN_H
#define ACCESS_VPN_H

#include "access/admission.h"
#include "access/rules.h"
#include "access/signin.h"

struct vpn_request {
	const char *serial; /* of the certificate that TLS has verified against our CA, hex */
	struct span name, password, code; /* empty where the client gave none */
	struct address from;
	const char *client; /* "OpenVPN 2.6.14 linux"; may be NULL */
};

/* All in the access's memory. */
struct vpn_admitted {
	struct grant grant;
	const char *user_name, *device_name;
	const char *address; /* that is kept for the device; NULL: none */
	const char *token; /* a secret: stands for his password and code from now on; NULL: none */
	int64_t known_since;   /* when the token was first made: of all who come with it the same */
	const char *challenge; /* a secret: see vpn_admit(); else NULL */
};

/*
 * Certificate, device and user are good; a locked device's user has given his password, and a code
 * where he needs one, or the token that he got for them. A refusal's text is for the person at the
 * client. Slow for locked devices, unless the password is a token.
 *
 * Where the code alone is missing it is refused as well, but with a challenge, which stands for the
 * password of the same user when he comes with the code, on the same device and soon.
 */
MUST_CHECK struct outcome vpn_admit(struct access *a, const struct vpn_request *r,
				    const struct implied *implied, struct vpn_admitted *out);

/* Whether it would still be admitted, without asking anybody again, and what it gets: after a
 * change. Any refusal but OUTCOME_DOWN and OUTCOME_BUSY ends it. */
MUST_CHECK struct outcome vpn_still(struct access *a, int64_t user, int64_t device,
				    const struct implied *implied, struct vpn_admitted *out);

/* In the engine's words; lives as long as both what it is made of and a->memory. */
void vpn_admission(struct access *a, const struct vpn_admitted *of, struct admission *out);

/* Keeps what the engine tells. Of a kind that is not known: OUTCOME_INVALID. */
MUST_CHECK struct outcome vpn_note(struct access *a, const struct admission_note *n);

#endif
