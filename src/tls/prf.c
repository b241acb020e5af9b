/* P_MD5 and P_SHA-1, one over the other: TLS has left it behind, keys of older clients need it. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "tls/engine.h"

/* OpenSSL takes what it is given as something it could write to, and does not. */
static OSSL_PARAM
octets(const char *name, struct span bytes)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes.p, bytes.len);
}

/* Parts of the seed are joined: label, then seed. */
static bool
derive(EVP_KDF_CTX *ctx, struct span secret, struct span label, struct span seed, uint8_t *out,
       size_t len)
{
	char digest[] = "MD5-SHA1";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
	    octets(OSSL_KDF_PARAM_SECRET, secret),
	    octets(OSSL_KDF_PARAM_SEED, label),
	    octets(OSSL_KDF_PARAM_SEED, seed),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_KDF_derive(ctx, out, len, params) == 1;
}

bool
engine_prf(struct span secret, const char *label, struct span seed, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	bool good = ctx != NULL && derive(ctx, secret, span_str(label), seed, out, len);

	if (!good)
		ERR_clear_error();
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}
