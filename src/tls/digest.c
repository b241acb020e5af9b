#include "tls/digest.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

bool
digest_of(struct span bytes, uint8_t out[DIGEST_SIZE])
{
	if (EVP_Digest(bytes.p, bytes.len, out, NULL, EVP_sha256(), NULL) == 1)
		return true;
	ERR_clear_error();
	return false;
}

/* An empty key is a key (RFC 2104 §2), but to EVP_MAC_init() NULL means the one before. */
static bool
begin(EVP_MAC_CTX *ctx, struct span key)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	static const uint8_t none;

	return EVP_MAC_init(ctx, key.len > 0 ? key.p : &none, key.len, params) == 1;
}

bool
digest_keyed(struct span key, const struct span *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	bool good = ctx != NULL && begin(ctx, key);
	size_t len;

	for (size_t i = 0; i < count && good; i++)
		good = parts[i].len == 0 || EVP_MAC_update(ctx, parts[i].p, parts[i].len) == 1;
	good = good && EVP_MAC_final(ctx, out, &len, DIGEST_SIZE) == 1;
	if (!good)
		ERR_clear_error();
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return good;
}

/* One block of output is all that is needed: T(1) = HMAC(master, info ‖ 1). */
bool
digest_derive(struct span master, const char *label, uint8_t out[DIGEST_SIZE])
{
	const struct span parts[] = {span_str(label), SPAN_OF("\x01")};

	return digest_keyed(master, parts, COUNT(parts), out);
}
