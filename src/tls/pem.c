#include "tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/library.h"

#define PEM_MAX   (1 << 20) /* bytes of a file */
#define CHAIN_MAX 16        /* certificates: each is sent in every full handshake */

static struct err
pem_open(struct span pem, const char *what, BIO **out)
{
	*out = NULL;
	ERR_clear_error();
	if (pem.len == 0 || pem.len > PEM_MAX)
		return err_new("the %s file is %s", what, pem.len == 0 ? "empty" : "too large");
	if ((*out = BIO_new_mem_buf(pem.p, (int)pem.len)) == NULL)
		return err_new("out of memory");
	return ERR_NONE;
}

/* Keys are read unattended: OpenSSL must not ask for a passphrase on the terminal. */
static int
refuse_passphrase(char *to, int size, int writing, void *asked)
{
	(void)to, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static X509 *
next_certificate(OSSL_LIB_CTX *crypto, BIO *bio)
{
	X509 *made = X509_new_ex(crypto, NULL), *cert = made;
	bool asked;

	if (made != NULL && PEM_read_bio_X509(bio, &cert, refuse_passphrase, &asked) != NULL)
		return cert;
	/* A certificate that does not parse has freed what it was given. */
	if (cert != NULL)
		X509_free(cert);
	return NULL;
}

struct err
pem_read_chain(OSSL_LIB_CTX *crypto, struct span pem, STACK_OF(X509) * *out)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *cert;
	BIO *bio;
	struct err e = pem_open(pem, "certificate", &bio);

	*out = NULL;
	if (failed(e))
		goto out;
	while (chain != NULL && sk_X509_num(chain) < CHAIN_MAX &&
	       (cert = next_certificate(crypto, bio)) != NULL)
		if (sk_X509_push(chain, cert) <= 0)
			X509_free(cert);
	/* The end looks like an error too: no further "-----BEGIN". */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		e = err_new("the certificate file cannot be read: %s",
			    ERR_peek_error() != 0 ? library_reason() : "too many certificates");
	else if (sk_X509_num(chain) <= 0)
		e = err_new("the certificate file holds no certificate (PEM)");
	if (failed(e))
		goto out;
	*out = chain;
	chain = NULL;
out:
	ERR_clear_error();
	BIO_free(bio);
	sk_X509_pop_free(chain, X509_free);
	return e;
}

struct err
pem_read_key(OSSL_LIB_CTX *crypto, struct span pem, EVP_PKEY **out)
{
	bool passphrase = false;
	BIO *bio;
	struct err e = pem_open(pem, "key", &bio);

	*out = NULL;
	if (failed(e))
		return e;
	*out = PEM_read_bio_PrivateKey_ex(bio, NULL, refuse_passphrase, &passphrase, crypto, NULL);
	if (*out == NULL && passphrase)
		e = err_new("the key is protected by a passphrase: store it without one");
	else if (*out == NULL)
		e = err_new("the key file holds no private key (PEM)");
	ERR_clear_error();
	BIO_free(bio);
	return e;
}
