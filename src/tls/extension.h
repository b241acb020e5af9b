/* Extensions of a certificate in the making. For src/tls/ only. */
#ifndef TLS_EXTENSION_H
#define TLS_EXTENSION_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/attr.h"

struct extension {
	int nid;
	const char *value; /* a constant, as x509v3_config(5) has it */
};

/* Adds them. `issuer` may be `cert`; its key identifier must stand in it already. */
MUST_CHECK bool extensions_add(X509 *cert, X509 *issuer, const struct extension *at, size_t count);

/* Alternative names: DNS names, "*.x", IP addresses. */
MUST_CHECK bool extensions_add_names(X509 *cert, const char *const *names, size_t count);

#endif
