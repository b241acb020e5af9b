/* Making keys, and certificates signed by our own authority. */
#ifndef TLS_ISSUE_H
#define TLS_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum issue_key { ISSUE_P256, ISSUE_RSA_2048, ISSUE_RSA_3072 };
enum issue_use { ISSUE_CA, ISSUE_SERVER, ISSUE_CLIENT };

#define ISSUE_SERIAL_MAX 41 /* hex of 20 bytes (RFC 5280 §4.1.2.2), with the NUL */

struct issue_request {
	enum issue_use use;            /* its extended key usage and basic constraints go by this */
	const char *name;              /* common name, at most 64 characters */
	const char *organization;      /* of a CA: may be NULL */
	const char *const *dns_names;  /* of a server; NULL-ended, NULL: none */
	int64_t not_before, not_after; /* ms */
	struct span issuer_certificate, issuer_key; /* DER, PKCS#8; empty: it signs itself */
};

/* A new key as PKCS#8 DER. The buffer is to be wiped. */
MUST_CHECK struct err issue_make_key(enum issue_key kind, struct buf *key);

/* Adds the certificate, DER; its serial number has 126 random bits. */
MUST_CHECK struct err issue_certificate(const struct issue_request *request, struct span key,
					struct buf *certificate, char serial[ISSUE_SERIAL_MAX]);

/* PEM of what is DER: "CERTIFICATE", "PRIVATE KEY". */
MUST_CHECK bool issue_put_pem(struct buf *out, const char *label, struct span der);

#endif
