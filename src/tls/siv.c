#include "tls/siv.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "tls/hmac.h"

struct siv {
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;
};

static EVP_CIPHER_CTX *
new_cipher(const uint8_t *key)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	EVP_CIPHER_CTX *ctx = cipher != NULL ? EVP_CIPHER_CTX_new() : NULL;

	if (ctx != NULL && EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

static EVP_MAC_CTX *
new_mac(const uint8_t *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	if (ctx != NULL && EVP_MAC_init(ctx, key, SIV_KEY, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MAC_free(mac);
	return ctx;
}

struct siv *
siv_new(const uint8_t cipher[SIV_KEY], const uint8_t mac[SIV_KEY])
{
	struct siv *s = calloc(1, sizeof *s);

	if (s != NULL && (s->cipher = new_cipher(cipher)) != NULL &&
	    (s->mac = new_mac(mac)) != NULL)
		return s;
	ERR_clear_error();
	siv_free(s);
	return NULL;
}

void
siv_free(struct siv *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->cipher);
	EVP_MAC_CTX_free(s->mac);
	free(s);
}

static bool
add(struct siv *s, struct span part)
{
	return part.len == 0 || EVP_MAC_update(s->mac, part.p, part.len) == 1;
}

/* HMAC-SHA256(Ka, about ‖ plain); without a key to begin with, the one before is meant. */
static bool
tag_of(struct siv *s, struct span about, struct span plain, uint8_t tag[SIV_TAG])
{
	size_t len;

	return EVP_MAC_init(s->mac, NULL, 0, NULL) == 1 && add(s, about) && add(s, plain) &&
	       EVP_MAC_final(s->mac, tag, &len, SIV_TAG) == 1;
}

/* AES-256-CTR(Ke, the tag's first half); the same both ways. */
static bool
encipher(struct siv *s, const uint8_t *tag, struct span from, uint8_t *to)
{
	int n;

	return from.len <= INT_MAX && EVP_EncryptInit_ex2(s->cipher, NULL, NULL, tag, NULL) == 1 &&
	       (from.len == 0 || EVP_EncryptUpdate(s->cipher, to, &n, from.p, (int)from.len) == 1);
}

bool
siv_seal(struct siv *s, struct span about, struct span plain, uint8_t tag[SIV_TAG], uint8_t *out)
{
	if (tag_of(s, about, plain, tag) && encipher(s, tag, plain, out))
		return true;
	ERR_clear_error();
	return false;
}

bool
siv_open(struct siv *s, struct span about, const uint8_t tag[SIV_TAG], struct span sealed,
	 uint8_t *out)
{
	uint8_t expected[SIV_TAG];
	bool good = encipher(s, tag, sealed, out) &&
		    tag_of(s, about, span_of(out, sealed.len), expected) &&
		    hmac_equal(expected, tag, SIV_TAG);

	/* The right tag of a forgery is for nobody to know: with it, it would be none. */
	explicit_bzero(expected, sizeof expected);
	if (good)
		return true;
	ERR_clear_error();
	if (sealed.len > 0)
		explicit_bzero(out, sealed.len);
	return false;
}
