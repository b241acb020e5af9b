#include "tls/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

static const char *const names[AEAD_KINDS] = {
    [AEAD_AES_256_GCM] = "AES-256-GCM",
    [AEAD_AES_128_GCM] = "AES-128-GCM",
    [AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

struct aead {
	EVP_CIPHER_CTX *ctx;
	bool seals;
};

struct aead *
aead_new(enum aead_kind kind, const uint8_t *key, bool seals)
{
	struct aead *a = calloc(1, sizeof *a);
	EVP_CIPHER *cipher;

	assert(kind < AEAD_KINDS);
	cipher = EVP_CIPHER_fetch(NULL, names[kind], NULL);
	if (a != NULL && cipher != NULL && (a->ctx = EVP_CIPHER_CTX_new()) != NULL &&
	    EVP_CipherInit_ex2(a->ctx, cipher, key, NULL, seals, NULL) == 1) {
		a->seals = seals;
	} else {
		ERR_clear_error();
		aead_free(a);
		a = NULL;
	}
	EVP_CIPHER_free(cipher); /* the context has its own share */
	return a;
}

void
aead_free(struct aead *a)
{
	if (a == NULL)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	free(a);
}

/* Under the key it has; to OpenSSL a length is an int, and no bytes may be its end. */
static bool
pass(struct aead *a, const uint8_t *nonce, struct span about, uint8_t *bytes, size_t len)
{
	int n;

	return len <= INT_MAX && about.len <= INT_MAX &&
	       EVP_CipherInit_ex2(a->ctx, NULL, NULL, nonce, -1, NULL) == 1 &&
	       (about.len == 0 ||
		EVP_CipherUpdate(a->ctx, NULL, &n, about.p, (int)about.len) == 1) &&
	       (len == 0 || EVP_CipherUpdate(a->ctx, bytes, &n, bytes, (int)len) == 1);
}

bool
aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], struct span about, uint8_t *bytes,
	  size_t len, uint8_t tag[AEAD_TAG])
{
	uint8_t none[AEAD_TAG];
	int n;

	assert(a->seals);
	if (pass(a, nonce, about, bytes, len) && EVP_CipherFinal_ex(a->ctx, none, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, tag) == 1)
		return true;
	ERR_clear_error();
	return false;
}

/* OpenSSL takes the tag as something it could write to, and does not. */
static bool
is_genuine(struct aead *a, const uint8_t *tag)
{
	uint8_t expected[AEAD_TAG], none[AEAD_TAG];
	int n;

	span_put(expected, span_of(tag, AEAD_TAG));
	return EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, expected) == 1 &&
	       EVP_CipherFinal_ex(a->ctx, none, &n) == 1;
}

bool
aead_open(struct aead *a, const uint8_t nonce[AEAD_NONCE], struct span about, uint8_t *bytes,
	  size_t len, const uint8_t tag[AEAD_TAG])
{
	assert(!a->seals);
	if (pass(a, nonce, about, bytes, len) && is_genuine(a, tag))
		return true;
	ERR_clear_error();
	/* What it would have been is nobody's to see: it tells of the key's stream. */
	if (len > 0)
		explicit_bzero(bytes, len);
	return false;
}
