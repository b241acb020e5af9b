#include "tls/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "tls/random.h"

/* What is sealed: this byte, the nonce, the bytes enciphered, the tag. */
#define FORMAT   1
#define NONCE    12
#define TAG      16
#define SEAL_MAX (1 << 30) /* to OpenSSL a length is an int */

_Static_assert(SEAL_OVERHEAD == 1 + NONCE + TAG, "as the header says");

/* Key, nonce, and what is bound without being in it: the format and what the secret is about. */
static bool
begin(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t *nonce, const char *about,
      bool sealing)
{
	static const uint8_t format = FORMAT;
	size_t len = strlen(about);
	int n;

	return len < SEAL_MAX &&
	       EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, sealing) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &n, &format, sizeof format) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)about, (int)len) == 1;
}

/* With no bytes there is nothing to update, and OpenSSL may take NULL for its end. */
static bool
pass(EVP_CIPHER_CTX *ctx, struct span bytes, uint8_t *to)
{
	int n;

	return bytes.len == 0 || EVP_CipherUpdate(ctx, to, &n, bytes.p, (int)bytes.len) == 1;
}

bool
seal(const uint8_t key[SEAL_KEY], const char *about, struct span secret, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *to = secret.len <= SEAL_MAX ? buf_room(out, secret.len + SEAL_OVERHEAD) : NULL;
	bool good = false;
	int n;

	if (to != NULL && ctx != NULL) {
		uint8_t *nonce = to + 1, *text = nonce + NONCE, *tag = text + secret.len;

		*to = FORMAT;
		random_bytes(nonce, NONCE);
		good = begin(ctx, key, nonce, about, true) && pass(ctx, secret, text) &&
		       EVP_CipherFinal_ex(ctx, tag, &n) == 1 &&
		       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1;
	}
	if (good)
		buf_added(out, secret.len + SEAL_OVERHEAD);
	else
		ERR_clear_error();
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

struct sealed {
	struct span nonce, text, tag;
};

static bool
take_apart(struct span bytes, struct sealed *out)
{
	struct cursor c = cursor_of(bytes);
	uint8_t format;

	return bytes.len <= SEAL_MAX && cursor_u8(&c, &format) && format == FORMAT &&
	       cursor_span(&c, NONCE, &out->nonce) && cursor_left(&c) >= TAG &&
	       cursor_span(&c, cursor_left(&c) - TAG, &out->text) &&
	       cursor_span(&c, TAG, &out->tag);
}

/* OpenSSL takes the tag as something it could write to, and does not. */
static bool
expect(EVP_CIPHER_CTX *ctx, struct span tag)
{
	uint8_t copy[TAG];

	span_put(copy, tag);
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, copy) == 1;
}

bool
unseal(const uint8_t key[SEAL_KEY], const char *about, struct span sealed, struct buf *out)
{
	EVP_CIPHER_CTX *ctx;
	struct sealed parts;
	uint8_t *to, end[TAG];
	bool good;
	int n;

	if (!take_apart(sealed, &parts) || (to = buf_room(out, parts.text.len + 1)) == NULL ||
	    (ctx = EVP_CIPHER_CTX_new()) == NULL)
		return false;
	good = begin(ctx, key, parts.nonce.p, about, false) && pass(ctx, parts.text, to) &&
	       expect(ctx, parts.tag) && EVP_CipherFinal_ex(ctx, end, &n) == 1;
	if (good) {
		buf_added(out, parts.text.len);
	} else {
		explicit_bzero(to, parts.text.len);
		ERR_clear_error();
	}
	EVP_CIPHER_CTX_free(ctx);
	return good;
}
