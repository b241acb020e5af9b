/*
 * Session tickets (RFC 5077 §4): AES-256-CBC, then HMAC-SHA256, under keys that
 * all workers share, so that a client may come back to any of them.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "tls/library.h"

/* What OpenSSL's callback may say. */
enum { TICKET_ERROR = -1, TICKET_NO_KEY = 0, TICKET_GOOD = 1, TICKET_RENEW = 2 };

struct err
tls_ticket_keys_rotate(struct tls_ticket_keys *keys)
{
	struct tls_ticket_key fresh;
	struct err e = ERR_NONE;

	if (RAND_bytes(fresh.name, sizeof fresh.name) != 1 ||
	    RAND_priv_bytes(fresh.cipher, sizeof fresh.cipher) != 1 ||
	    RAND_priv_bytes(fresh.mac, sizeof fresh.mac) != 1) {
		e = err_new("cannot make a ticket key: %s", library_reason());
	} else {
		/* The last place is overwritten: that is how the oldest goes. */
		memmove(&keys->keys[1], &keys->keys[0], sizeof keys->keys - sizeof keys->keys[0]);
		keys->keys[0] = fresh;
		if (keys->count < TLS_TICKET_KEYS)
			keys->count++;
	}
	explicit_bzero(&fresh, sizeof fresh);
	return e;
}

void
tls_library_set_tickets(struct tls_library *lib, const struct tls_ticket_keys *keys)
{
	explicit_bzero(&lib->tickets, sizeof lib->tickets);
	for (size_t i = 0; i < keys->count && i < TLS_TICKET_KEYS; i++)
		lib->tickets.keys[lib->tickets.count++] = keys->keys[i];
}

static bool
mac_init(EVP_MAC_CTX *mac, const struct tls_ticket_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_init(mac, key->mac, sizeof key->mac, params) == 1;
}

static int
seal(const struct tls_library *lib, uint8_t *name, uint8_t *iv, EVP_CIPHER_CTX *cipher,
     EVP_MAC_CTX *mac)
{
	const struct tls_ticket_key *key = &lib->tickets.keys[0];
	int iv_len = EVP_CIPHER_get_iv_length(lib->ticket_cipher);

	if (lib->tickets.count == 0)
		return TICKET_NO_KEY;
	memcpy(name, key->name, sizeof key->name);
	if (RAND_bytes_ex(lib->crypto, iv, (size_t)iv_len, 0) != 1 ||
	    EVP_EncryptInit_ex2(cipher, lib->ticket_cipher, key->cipher, iv, NULL) != 1 ||
	    !mac_init(mac, key))
		return TICKET_ERROR;
	return TICKET_GOOD;
}

static int
open_with(const struct tls_library *lib, size_t i, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
	  EVP_MAC_CTX *mac)
{
	const struct tls_ticket_key *key = &lib->tickets.keys[i];

	if (EVP_DecryptInit_ex2(cipher, lib->ticket_cipher, key->cipher, iv, NULL) != 1 ||
	    !mac_init(mac, key))
		return TICKET_ERROR;
	return i == 0 ? TICKET_GOOD : TICKET_RENEW;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	  EVP_MAC_CTX *mac, int sealing)
{
	const struct tls_context *ctx = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct tls_library *lib = ctx->lib;

	if (sealing)
		return seal(lib, name, iv, cipher, mac);
	for (size_t i = 0; i < lib->tickets.count; i++)
		if (memcmp(name, lib->tickets.keys[i].name, sizeof lib->tickets.keys[i].name) == 0)
			return open_with(lib, i, iv, cipher, mac);
	return TICKET_NO_KEY;
}

void
ticket_use(SSL_CTX *ssl)
{
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
}
