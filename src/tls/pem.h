/* Certificates and keys out of PEM files. For src/tls/ only. */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

/*
 * All certificates in `pem`, the server's own first; freed with sk_X509_pop_free().
 * `crypto` may be NULL: OpenSSL's own context.
 */
MUST_CHECK struct err pem_read_chain(OSSL_LIB_CTX *crypto, struct span pem, STACK_OF(X509) * *out);

/* The private key in `pem`; freed with EVP_PKEY_free(). */
MUST_CHECK struct err pem_read_key(OSSL_LIB_CTX *crypto, struct span pem, EVP_PKEY **out);

#endif
