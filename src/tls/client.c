#include "tls/client.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/mem.h"
#include "tls/library.h"

#define SESSIONS      8    /* kept of each client, the newest */
#define PROTOCOLS_MAX 64   /* bytes of an ALPN list */
#define EXPLAINED_MAX 1024 /* bytes of words */

/* For those who are known by their certificate alone: RSA from 1024 bits, as old devices have. */
#define LEVEL_WITHOUT_CHAIN 1

struct tls_client {
	struct tls_context ctx;
	enum tls_trust trust;
	char *name;
	bool by_name; /* it is no IP address */
	uint8_t (*pins)[32];
	size_t pin_count;
	SSL_SESSION *sessions[SESSIONS]; /* the newest last */
	size_t session_count;
};

/* Sessions. */

/* The owner of the first reference is us if we say so. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_client *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (c->session_count == SESSIONS) {
		SSL_SESSION_free(c->sessions[0]);
		c->session_count--;
		memmove(&c->sessions[0], &c->sessions[1], c->session_count * sizeof c->sessions[0]);
	}
	c->sessions[c->session_count++] = session;
	return 1;
}

/* The newest. A ticket of TLS 1.3 is used once, so that nobody can tell two connections to be
 * of one client (RFC 8446 §C.4). */
static bool
resume(struct tls_client *c, SSL *ssl)
{
	if (c->session_count == 0)
		return true;
	SSL_SESSION *newest = c->sessions[c->session_count - 1];
	bool set = SSL_set_session(ssl, newest) == 1;
	if (SSL_SESSION_get_protocol_version(newest) >= TLS1_3_VERSION ||
	    SSL_SESSION_is_resumable(newest) != 1) {
		SSL_SESSION_free(newest);
		c->session_count--;
	}
	return set;
}

/* Verification. */

static bool
is_pinned(const struct tls_client *c, const uint8_t digest[32])
{
	bool found = false;

	for (size_t i = 0; i < c->pin_count; i++)
		found |= CRYPTO_memcmp(c->pins[i], digest, 32) == 0;
	return found;
}

static bool
verify_pin(const struct tls_client *c, X509_STORE_CTX *store, struct buf *why)
{
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (cert == NULL || X509_digest(cert, c->ctx.lib->sha256, digest, NULL) != 1)
		return false;
	if (is_pinned(c, digest))
		return true;
	if (buf_append(why, SPAN_OF("its certificate is not the pinned one (")))
		trust_put_digest(why, digest);
	(void)!buf_byte(why, ')');
	return false;
}

static bool
verify_chain(const struct tls_client *c, X509_STORE_CTX *store, struct buf *why)
{
	if (X509_verify_cert(store) == 1)
		return true;
	trust_explain(store, c->name, why);
	return false;
}

static int
on_verify(X509_STORE_CTX *store, void *arg)
{
	struct tls_client *c = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct buf why = buf_with_cap(EXPLAINED_MAX);
	bool good = true;

	if (c->trust == TLS_TRUST_CA)
		good = verify_chain(c, store, &why);
	else if (c->trust == TLS_TRUST_PIN)
		good = verify_pin(c, store, &why);
	if (buf_len(&why) > 0)
		conn_explain(ssl, buf_span(&why));
	else if (!good)
		conn_explain(ssl, SPAN_OF("its certificate cannot be read"));
	/* The alert it is told: certificate_unknown, where OpenSSL has no better word. */
	if (!good && X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	if (good)
		X509_STORE_CTX_set_error(store, X509_V_OK);
	buf_free(&why);
	return good;
}

/* Setting up. */

static bool
set_protocols(SSL_CTX *ssl, const char **protocols)
{
	struct buf list = buf_with_cap(PROTOCOLS_MAX);
	bool set = true;

	for (size_t i = 0; protocols != NULL && protocols[i] != NULL && set; i++)
		set = buf_byte(&list, (uint8_t)strlen(protocols[i])) &&
		      buf_append(&list, span_str(protocols[i]));
	/* This one says 0 when all is well. */
	if (set && buf_len(&list) > 0)
		set =
		    SSL_CTX_set_alpn_protos(ssl, buf_span(&list).p, (unsigned)buf_len(&list)) == 0;
	buf_free(&list);
	return set;
}

/* Common names do not count, nor does a star for a part of a label (RFC 9525 §6.3). */
static bool
set_name(const struct tls_client *c)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(c->ctx.ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return c->by_name ? X509_VERIFY_PARAM_set1_host(param, c->name, 0) == 1
			  : X509_VERIFY_PARAM_set1_ip_asc(param, c->name) == 1;
}

/* A certificate among the authorities is trusted whatever it is, one that issues others or not. */
static struct err
set_trust(struct tls_client *c, struct span authorities)
{
	X509_STORE *store;
	struct err e;

	if (c->trust != TLS_TRUST_CA) {
		SSL_CTX_set_security_level(c->ctx.ssl, LEVEL_WITHOUT_CHAIN);
		return ERR_NONE;
	}
	if (c->name == NULL)
		return err_new("there is no name to verify a certificate for");
	e = trust_store(c->ctx.lib, authorities, &store);
	if (failed(e))
		return e;
	SSL_CTX_set_cert_store(c->ctx.ssl, store); /* takes our share */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->ctx.ssl), X509_V_FLAG_PARTIAL_CHAIN);
	return set_name(c) ? ERR_NONE : err_new("cannot verify for %s", c->name);
}

static struct err
set_up(struct tls_client *c, const struct tls_client_settings *settings)
{
	SSL_CTX *ssl = SSL_CTX_new_ex(c->ctx.lib->crypto, NULL, TLS_client_method());

	c->ctx.ssl = ssl;
	if (ssl == NULL || SSL_CTX_set_app_data(ssl, c) != 1 || !context_set_up(ssl) ||
	    !set_protocols(ssl, settings->protocols))
		return err_new("cannot set up TLS: %s", library_reason());
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ssl, on_session);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, on_verify, c);
	return set_trust(c, settings->authorities);
}

static void
copy_settings(struct tls_client *c, const struct tls_client_settings *settings)
{
	struct address ip;

	c->trust = settings->trust;
	if (settings->name != NULL) {
		size_t len = strlen(settings->name);

		c->name = mem_new(len + 1);
		memcpy(c->name, settings->name, len);
		c->by_name = !address_parse_ip(span_str(c->name), &ip);
	}
	c->pins = mem_new(settings->pin_count * sizeof *c->pins);
	if (settings->pin_count > 0)
		memcpy(c->pins, settings->pins, settings->pin_count * sizeof *c->pins);
	c->pin_count = settings->pin_count;
}

struct err
tls_client_new(struct tls_library *lib, const struct tls_client_settings *settings,
	       struct tls_client **out)
{
	struct tls_client *c = MEM_NEW(struct tls_client);

	*out = NULL;
	c->ctx = (struct tls_context){.lib = lib, .shares = 1, .client = c};
	copy_settings(c, settings);
	ERR_clear_error();
	struct err e = set_up(c, settings);
	ERR_clear_error();
	if (failed(e))
		tls_client_free(c);
	else
		*out = c;
	return e;
}

void
tls_client_free(struct tls_client *c)
{
	if (c != NULL)
		tls_context_free(&c->ctx);
}

void
client_end(struct tls_client *c)
{
	while (c->session_count > 0)
		SSL_SESSION_free(c->sessions[--c->session_count]);
	free(c->pins);
	free(c->name);
	free(c);
}

/* Names only: an address is not told by SNI (RFC 6066 §3). */
bool
client_begin(struct tls_client *c, SSL *ssl)
{
	if (c->by_name && SSL_set_tlsext_host_name(ssl, c->name) != 1)
		return false;
	return resume(c, ssl);
}

struct tls_conn *
tls_client_conn_new(struct tls_client *c, const struct tls_io *io, void *owner)
{
	return tls_conn_new(&c->ctx, io, owner);
}
