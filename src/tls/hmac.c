#include "tls/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tls/random.h"

struct hmac {
	EVP_MAC_CTX *ctx;
	uint8_t key[HMAC_SIZE];
};

static EVP_MAC_CTX *
new_ctx(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

struct hmac *
hmac_new(void)
{
	EVP_MAC_CTX *ctx = new_ctx();
	struct hmac *h;

	if (ctx == NULL) {
		ERR_clear_error();
		return NULL;
	}
	h = MEM_NEW(struct hmac);
	h->ctx = ctx;
	random_bytes(h->key, sizeof h->key);
	return h;
}

void
hmac_free(struct hmac *h)
{
	if (h == NULL)
		return;
	EVP_MAC_CTX_free(h->ctx);
	explicit_bzero(h, sizeof *h);
	free(h);
}

static bool
add(struct hmac *h, struct span part)
{
	uint64_t len = part.len;

	return EVP_MAC_update(h->ctx, (const uint8_t *)&len, sizeof len) == 1 &&
	       (part.len == 0 || EVP_MAC_update(h->ctx, part.p, part.len) == 1);
}

bool
hmac_of(struct hmac *h, const struct span *parts, size_t count, uint8_t out[HMAC_SIZE])
{
	bool good = EVP_MAC_init(h->ctx, h->key, sizeof h->key, NULL) == 1;
	size_t len;

	for (size_t i = 0; i < count && good; i++)
		good = add(h, parts[i]);
	good = good && EVP_MAC_final(h->ctx, out, &len, HMAC_SIZE) == 1;
	if (!good)
		ERR_clear_error();
	return good;
}

bool
hmac_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
