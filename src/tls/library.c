#include "tls/library.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

const char *
library_reason(void)
{
	unsigned long error = ERR_peek_error();
	const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	return reason != NULL ? reason : "unknown error";
}

/* OpenSSL's first own complaint names the cause; the crypto's before it only the symptom. */
unsigned long
library_complaint(void)
{
	unsigned long found = ERR_peek_error(), error;

	while ((error = ERR_get_error()) != 0)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
			found = error;
			break;
		}
	ERR_clear_error();
	return found;
}

/* A peer's alert is an error whose number is the alert's, moved up. */
const char *
library_words(struct tls_library *lib, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	const char *text;

	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
		snprintf(lib->why, sizeof lib->why, "peer sent alert %s",
			 SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
		return lib->why;
	}
	text = error != 0 ? ERR_reason_error_string(error) : "";
	return text != NULL ? text : "TLS error";
}

/* The host's openssl.cnf is not read: what we offer is ours to say, and a chroot has no such file.
 */
static bool
load(struct tls_library *lib)
{
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL))
		return false;
	if ((lib->crypto = OSSL_LIB_CTX_new()) == NULL)
		return false;
	if ((lib->provider = OSSL_PROVIDER_load(lib->crypto, "default")) == NULL)
		return false;
	lib->ticket_cipher = EVP_CIPHER_fetch(lib->crypto, "AES-256-CBC", NULL);
	lib->sha256 = EVP_MD_fetch(lib->crypto, "SHA256", NULL);
	lib->bio = conn_bio_method();
	return lib->ticket_cipher != NULL && lib->sha256 != NULL && lib->bio != NULL;
}

struct tls_library *
tls_library_new(void)
{
	struct tls_library *lib = MEM_NEW(struct tls_library);

	if (load(lib))
		return lib;
	ERR_clear_error();
	tls_library_free(lib);
	return NULL;
}

void
tls_library_free(struct tls_library *lib)
{
	if (lib == NULL)
		return;
	trust_forget(&lib->trust);
	BIO_meth_free(lib->bio);
	EVP_MD_free(lib->sha256);
	EVP_CIPHER_free(lib->ticket_cipher);
	if (lib->provider != NULL)
		OSSL_PROVIDER_unload(lib->provider);
	OSSL_LIB_CTX_free(lib->crypto);
	explicit_bzero(lib, sizeof *lib);
	free(lib);
}
