#include "tls/engine.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tls/library.h"

#define WAITING_MAX      (64 * 1024) /* bytes in either direction */
#define CERTIFICATES_MAX (32 * 1024) /* bytes of the peer's chain */
#define SERIAL_MAX       20          /* bytes (RFC 5280 §4.1.2.2) */

_Static_assert(HEX_SIZE(SERIAL_MAX) == ENGINE_SERIAL, "a serial number fits");

struct engine_context {
	struct tls_library *lib;
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	size_t shares; /* the caller's and each engine's; one thread, so no atomics */
	bool serves;
};

struct engine {
	struct engine_context *ctx;
	SSL *ssl;
	struct buf in, out; /* as they are on the wire */
	enum engine_state state;
	struct err why;
};

/* Bytes. */

/* Many engines wait for nothing at all: what is empty takes no memory. */
static size_t
take(struct buf *from, void *to, size_t max)
{
	struct span head = span_head(buf_span(from), max);

	span_put(to, head);
	buf_taken(from, head.len);
	if (buf_len(from) == 0)
		buf_free(from);
	return head.len;
}

static int
on_bio_read(BIO *bio, char *to, int len)
{
	struct engine *e = BIO_get_data(bio);
	size_t n = take(&e->in, to, len > 0 ? (size_t)len : 0);

	BIO_clear_retry_flags(bio);
	if (n > 0)
		return (int)n;
	BIO_set_retry_read(bio);
	return -1;
}

static int
on_bio_write(BIO *bio, const char *from, int len)
{
	struct engine *e = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	return buf_append(&e->out, span_of(from, len > 0 ? (size_t)len : 0)) ? len : -1;
}

static long
on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "engine");

	if (method == NULL)
		return NULL;
	BIO_meth_set_read(method, on_bio_read);
	BIO_meth_set_write(method, on_bio_write);
	BIO_meth_set_ctrl(method, on_bio_ctrl);
	return method;
}

/* The peer's certificate. */

/* To OpenSSL one that does not say what it is for is good for anything. */
static bool
is_made_for(X509 *cert, uint32_t use)
{
	return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(cert) & use) != 0;
}

/* As issue.c writes it, and nothing for numbers that it would not make. */
static bool
put_serial(X509 *cert, char out[ENGINE_SERIAL])
{
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	int len = serial != NULL && !BN_is_negative(serial) ? BN_num_bytes(serial) : 0;
	uint8_t bytes[SERIAL_MAX];
	bool fits = len > 0 && len <= SERIAL_MAX && BN_bn2bin(serial, bytes) == len;

	hex_write(span_of(bytes, fits ? (size_t)len : 0), out);
	BN_free(serial);
	return fits;
}

/* What is not printable, or not ASCII, is a question mark. */
static void
put_name(X509 *cert, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	int len = at < 0 ? 0
			 : ASN1_STRING_to_UTF8(
			       &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	size_t n = 0;

	for (int i = 0; i < len && n < size - 1; i++)
		if (!utf8_continues(text[i]))
			out[n++] = text[i] >= ' ' && text[i] <= '~' ? (char)text[i] : '?';
	out[n] = '\0';
	OPENSSL_free(text);
}

static bool
describe(const struct engine_context *c, X509 *cert, struct engine_peer *out)
{
	*out =
	    (struct engine_peer){.expired = X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0};
	put_name(cert, out->name, sizeof out->name);
	return put_serial(cert, out->serial) &&
	       X509_digest(cert, c->lib->sha256, out->fingerprint, NULL) == 1;
}

static void
explain(const struct engine_context *c, X509_STORE_CTX *store, struct buf *why)
{
	if (X509_STORE_CTX_get_error(store) == X509_V_ERR_INVALID_PURPOSE &&
	    X509_STORE_CTX_get_error_depth(store) == 0)
		(void)!buf_printf(why, "its certificate is not meant for %s",
				  c->serves ? "clients" : "servers");
	else
		trust_explain(store, NULL, why);
}

static int
bears_expired(int good, X509_STORE_CTX *store)
{
	if (good || X509_STORE_CTX_get_error(store) != X509_V_ERR_CERT_HAS_EXPIRED ||
	    X509_STORE_CTX_get_error_depth(store) != 0)
		return good;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/* If not, `why` is in words, and the store's error is what the alert is made of. */
static bool
is_good(const struct engine_context *c, X509_STORE_CTX *store, struct buf *why)
{
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	struct engine_peer peer;

	if (c->serves)
		X509_STORE_CTX_set_verify_cb(store, bears_expired);
	if (X509_verify_cert(store) != 1) {
		explain(c, store, why);
		return false;
	}
	if (!is_made_for(cert, c->serves ? XKU_SSL_CLIENT : XKU_SSL_SERVER)) {
		X509_STORE_CTX_set_error_depth(store, 0);
		X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
		explain(c, store, why);
		return false;
	}
	if (!describe(c, cert, &peer)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		(void)!buf_append(why, SPAN_OF("its certificate has no usable serial number"));
		return false;
	}
	return true;
}

static int
on_verify(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct engine *e = SSL_get_app_data(ssl);
	struct buf why = buf_with_cap(ERR_TEXT_MAX);
	bool good = is_good(e->ctx, store, &why);

	(void)unused;
	if (!good)
		e->why = err_new("%.*s", (int)buf_len(&why),
				 buf_len(&why) > 0 ? (const char *)buf_span(&why).p : "");
	ERR_clear_error();
	buf_free(&why);
	return good;
}

/* Setting up. */

/* All that comes is here at once: reading ahead would only cost memory. */
static bool
set_up(struct engine_context *c)
{
	static const uint8_t id[] = "engine"; /* OpenSSL wants one, though nothing is resumed */
	SSL_CTX *ssl = SSL_CTX_new_ex(c->lib->crypto, NULL,
				      c->serves ? TLS_server_method() : TLS_client_method());

	c->ssl = ssl;
	c->bio = bio_method();
	if (c->bio == NULL || ssl == NULL || !context_set_up(ssl))
		return false;
	SSL_CTX_set_read_ahead(ssl, 0);
	SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ssl, CERTIFICATES_MAX);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, on_verify, NULL);
	return SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
	       SSL_CTX_set_session_id_context(ssl, id, sizeof id) == 1 &&
	       SSL_CTX_set_purpose(ssl, c->serves ? X509_PURPOSE_SSL_CLIENT
						  : X509_PURPOSE_SSL_SERVER) == 1;
}

static struct err
use_material(struct engine_context *c, const struct engine_material *m)
{
	const struct tls_pair pair = {m->certificate, m->key};
	X509_STORE *store;
	struct err e = trust_store(c->lib, m->authorities, &store);

	if (failed(e))
		return err_in(e, "the authority's certificate");
	SSL_CTX_set_cert_store(c->ssl, store); /* takes our share */
	return context_use_pair(c->lib, c->ssl, &pair);
}

struct err
engine_context_new(struct tls_library *lib, const struct engine_material *m, bool serves,
		   struct engine_context **out)
{
	struct engine_context *c = MEM_NEW(struct engine_context);
	struct err e = ERR_NONE;

	*out = NULL;
	*c = (struct engine_context){.lib = lib, .shares = 1, .serves = serves};
	ERR_clear_error();
	if (!set_up(c))
		e = err_new("cannot set up TLS: %s", library_reason());
	else
		e = use_material(c, m);
	ERR_clear_error();
	if (failed(e))
		engine_context_free(c);
	else
		*out = c;
	return e;
}

void
engine_context_free(struct engine_context *c)
{
	if (c == NULL || --c->shares > 0)
		return;
	SSL_CTX_free(c->ssl);
	BIO_meth_free(c->bio);
	free(c);
}

static bool
attach(struct engine *e)
{
	BIO *bio = BIO_new(e->ctx->bio);

	if (bio == NULL)
		return false;
	BIO_set_data(bio, e);
	BIO_set_init(bio, 1);
	SSL_set_bio(e->ssl, bio, bio);
	if (e->ctx->serves)
		SSL_set_accept_state(e->ssl);
	else
		SSL_set_connect_state(e->ssl);
	return SSL_set_app_data(e->ssl, e) == 1;
}

struct engine *
engine_new(struct engine_context *c)
{
	struct engine *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	ERR_clear_error();
	*e = (struct engine){
	    .ctx = c, .in = buf_with_cap(WAITING_MAX), .out = buf_with_cap(WAITING_MAX)};
	c->shares++;
	if ((e->ssl = SSL_new(c->ssl)) != NULL && attach(e))
		return e;
	ERR_clear_error();
	engine_free(e);
	return NULL;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	SSL_free(e->ssl);
	engine_context_free(e->ctx);
	buf_free(&e->in);
	buf_free(&e->out);
	free(e);
}

/* Running. */

/* A certificate's fault was put into words already. */
static void
fail(struct engine *e, const char *why)
{
	if (!failed(e->why))
		e->why = err_new("%s", why);
	e->state = ENGINE_FAILED;
	buf_free(&e->in);
}

static void
fail_by_queue(struct engine *e)
{
	unsigned long error = library_complaint();

	fail(e, error != 0 ? library_words(e->ctx->lib, error) : "too much waits to be sent");
}

/* Whether the last call into OpenSSL, which returned `ret`, did what it was to do. */
static bool
is_done(struct engine *e, int ret)
{
	if (ret == 1)
		return true;
	switch (SSL_get_error(e->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return false;
	case SSL_ERROR_ZERO_RETURN:
		fail(e, "peer has ended TLS");
		return false;
	default:
		fail_by_queue(e);
		return false;
	}
}

enum engine_state
engine_begin(struct engine *e)
{
	if (e->state != ENGINE_HANDSHAKE)
		return e->state;
	ERR_clear_error();
	if (is_done(e, SSL_do_handshake(e->ssl)))
		e->state = ENGINE_OPEN;
	return e->state;
}

enum engine_state
engine_give(struct engine *e, struct span bytes)
{
	if (e->state == ENGINE_FAILED)
		return e->state;
	if (!buf_append(&e->in, bytes))
		fail(e, "peer sends more than may wait");
	return engine_begin(e);
}

size_t
engine_take(struct engine *e, uint8_t *to, size_t max)
{
	return take(&e->out, to, max);
}

/* Looks whether there is more: then OpenSSL knows how much of it is in this record. */
static size_t
next_size(struct engine *e)
{
	uint8_t first;
	size_t n;

	ERR_clear_error();
	return is_done(e, SSL_peek_ex(e->ssl, &first, 1, &n)) ? (size_t)SSL_pending(e->ssl) : 0;
}

bool
engine_read(struct engine *e, struct buf *out)
{
	size_t n;

	while (e->state == ENGINE_OPEN && (n = next_size(e)) > 0) {
		size_t left = out->cap - buf_len(out);
		uint8_t *room = left > 0 ? buf_room(out, n < left ? n : left) : NULL;

		if (room == NULL)
			return false;
		if (is_done(e, SSL_read_ex(e->ssl, room, n < left ? n : left, &n)))
			buf_added(out, n);
	}
	return e->state != ENGINE_FAILED;
}

bool
engine_write(struct engine *e, struct span bytes)
{
	size_t n;

	if (e->state != ENGINE_OPEN || bytes.len == 0 || bytes.len > RECORD_DATA_MAX)
		return false;
	ERR_clear_error();
	return is_done(e, SSL_write_ex(e->ssl, bytes.p, bytes.len, &n));
}

bool
engine_export(struct engine *e, const char *label, uint8_t *out, size_t len)
{
	if (e->state == ENGINE_OPEN &&
	    SSL_export_keying_material(e->ssl, out, len, label, strlen(label), NULL, 0, 0) == 1)
		return true;
	ERR_clear_error();
	return false;
}

bool
engine_peer(const struct engine *e, struct engine_peer *out)
{
	X509 *cert = e->state == ENGINE_OPEN ? SSL_get0_peer_certificate(e->ssl) : NULL;
	bool known = cert != NULL && describe(e->ctx, cert, out);

	ERR_clear_error();
	return known;
}

const char *
engine_version(const struct engine *e)
{
	return SSL_get_version(e->ssl);
}

const char *
engine_why(const struct engine *e)
{
	return e->why.text;
}
