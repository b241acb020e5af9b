#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tls/library.h"
#include "tls/pem.h"

/* TLS 1.2: a fresh key for each session, and AEAD (RFC 9325 §4.2). 1.3 has no others. */
#define CIPHERS_1_2                                                                                \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

#define SESSION_LIFETIME (2 * 3600) /* seconds */

#define OPTIONS                                                                                    \
	(SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_COMPRESSION |      \
	 SSL_OP_NO_RENEGOTIATION) /* the first two are a server's alone */

/* Without NO_AUTO_CHAIN a certificate that stands alone is looked up in every handshake. */
#define MODES                                                                                      \
	(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |                                \
	 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN)

/* The best first. OpenSSL 3.0 does not know the first list's hybrid, and refuses that list whole.
 */
static const char *const groups[] = {"X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384"};

/* The best first (RFC 7301 §3.2); the last is all that `curl --http1.0` offers. */
static const char *const protocols[] = {"h2", "http/1.1", "http/1.0"};

static const struct {
	int reason;
	const char *text;
} refusals[] = {
    {SSL_R_EE_KEY_TOO_SMALL, "the certificate's key is too small: RSA needs 2048 bits or more"},
    {SSL_R_CA_KEY_TOO_SMALL, "a key in the chain is too small: RSA needs 2048 bits or more"},
    {SSL_R_CA_MD_TOO_WEAK, "a certificate in the chain is signed with a weak digest"},
    {SSL_R_PRIVATE_KEY_MISMATCH, "the key does not belong to the certificate"},
    {SSL_R_NOT_REPLACING_CERTIFICATE, "there is a certificate of the same key type already"},
    {SSL_R_UNKNOWN_CERTIFICATE_TYPE, "TLS has no use for a key of this type"},
};

static struct err
refusal(void)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	for (size_t i = 0; i < COUNT(refusals); i++)
		if (refusals[i].reason == reason) {
			ERR_clear_error();
			return err_new("%s", refusals[i].text);
		}
	return err_new("the certificate cannot be used: %s", library_reason());
}

struct err
context_use_pair(const struct tls_library *lib, SSL_CTX *ssl, const struct tls_pair *pair)
{
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	struct err e = ERR_NONE;

	if (failed(e = pem_read_chain(lib->crypto, pair->chain, &chain)))
		goto out;
	if (failed(e = pem_read_key(lib->crypto, pair->key, &key)))
		goto out;
	own = sk_X509_shift(chain);
	if (X509_check_private_key(own, key) != 1)
		e = err_new("the key does not belong to the certificate");
	else if (SSL_CTX_use_cert_and_key(ssl, own, key, chain, 0) != 1)
		e = refusal();
out:
	ERR_clear_error();
	X509_free(own);
	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	return e;
}

static bool
offers(struct span list, struct span protocol)
{
	struct cursor c = cursor_of(list);
	struct span name;

	while (cursor_vec8(&c, &name))
		if (span_equal(name, protocol))
			return true;
	return false;
}

/* None in common: no_application_protocol, which is fatal (RFC 7301 §3.2). */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
	unsigned int in_len, void *unused)
{
	(void)ssl, (void)unused;
	for (size_t i = 0; i < COUNT(protocols); i++) {
		struct span ours = span_str(protocols[i]);

		if (!offers(span_of(in, in_len), ours))
			continue;
		*out = ours.p;
		*out_len = (unsigned char)ours.len;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/*
 * The name chose the context before there was a connection. This only has OpenSSL
 * acknowledge it, as a server that uses the name shall (RFC 6066 §3).
 */
static int
on_servername(SSL *ssl, int *alert, void *unused)
{
	(void)alert, (void)unused;
	return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != NULL ? SSL_TLSEXT_ERR_OK
									  : SSL_TLSEXT_ERR_NOACK;
}

static bool
set_groups(SSL_CTX *ssl)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (SSL_CTX_set1_groups_list(ssl, groups[i]) == 1)
			return true;
	return false;
}

bool
context_set_up(SSL_CTX *ssl)
{
	SSL_CTX_set_security_level(ssl, 2);
	SSL_CTX_set_options(ssl, OPTIONS);
	SSL_CTX_set_mode(ssl, MODES);
	SSL_CTX_set_read_ahead(ssl, 1);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ssl, CIPHERS_1_2) == 1 &&
	       SSL_CTX_set_ciphersuites(ssl, CIPHERS_1_3) == 1 && set_groups(ssl);
}

/* A ticket is good for one `id` only, even when two sites' contexts share the keys. */
static bool
set_sessions(struct tls_library *lib, SSL_CTX *ssl, const char *id)
{
	uint8_t digest[SSL_MAX_SID_CTX_LENGTH];

	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ssl, SESSION_LIFETIME);
	ticket_use(ssl);
	return EVP_Q_digest(lib->crypto, "SHA256", NULL, id, strlen(id), digest, NULL) == 1 &&
	       SSL_CTX_set_session_id_context(ssl, digest, sizeof digest) == 1 &&
	       SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_max_early_data(ssl, 0) == 1;
}

static struct err
set_up(struct tls_context *ctx, const char *id)
{
	SSL_CTX *ssl = SSL_CTX_new_ex(ctx->lib->crypto, NULL, TLS_server_method());

	ctx->ssl = ssl;
	if (ssl == NULL || SSL_CTX_set_app_data(ssl, ctx) != 1 || !context_set_up(ssl) ||
	    !set_sessions(ctx->lib, ssl, id))
		return err_new("cannot set up TLS: %s", library_reason());
	SSL_CTX_set_alpn_select_cb(ssl, on_alpn, NULL);
	SSL_CTX_set_tlsext_servername_callback(ssl, on_servername);
	return ERR_NONE;
}

struct err
tls_context_new(struct tls_library *lib, const char *id, const struct tls_pair *pairs, size_t count,
		struct tls_context **out)
{
	struct tls_context *ctx = MEM_NEW(struct tls_context);
	struct err e;

	*out = NULL;
	*ctx = (struct tls_context){.lib = lib, .shares = 1};
	ERR_clear_error();
	e = count > 0 ? set_up(ctx, id) : err_new("TLS needs a certificate");
	for (size_t i = 0; i < count && !failed(e); i++)
		e = context_use_pair(lib, ctx->ssl, &pairs[i]);
	ERR_clear_error();
	if (failed(e))
		tls_context_free(ctx);
	else
		*out = ctx;
	return e;
}

void
tls_context_free(struct tls_context *ctx)
{
	if (ctx == NULL)
		return;
	assert(ctx->shares > 0);
	if (--ctx->shares > 0)
		return;
	SSL_CTX_free(ctx->ssl);
	if (ctx->client != NULL)
		client_end(ctx->client);
	else
		free(ctx);
}
