#include "unit.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "tls/digest.h"
#include "tls/engine.h"
#include "tls/issue.h"

#define DAY    86400000ll
#define LABEL  "EXPORTER-OpenVPN-datakeys"
#define RECORD 16384
#define ALL    SIZE_MAX

/* A key and its certificate. */
struct pair {
	struct buf key, der, key_pem, pem;
	char serial[ISSUE_SERIAL_MAX];
};

static struct tls_library *lib;
static struct pair ca, other_ca, server, client;
static struct engine_context *serving, *calling;

static struct pair
empty_pair(void)
{
	return (struct pair){.key = buf_with_cap(4096),
			     .der = buf_with_cap(4096),
			     .key_pem = buf_with_cap(8192),
			     .pem = buf_with_cap(8192)};
}

static void
put_pem(struct pair *p)
{
	assert_true(issue_put_pem(&p->pem, "CERTIFICATE", buf_span(&p->der)));
	assert_true(issue_put_pem(&p->key_pem, "PRIVATE KEY", buf_span(&p->key)));
}

/* Valid from `from` to `to`, in days from now. */
static struct pair
issued(enum issue_use use, const char *name, const struct pair *issuer, int from, int to)
{
	int64_t now = clock_wall_ms();
	struct pair p = empty_pair();
	struct issue_request r = {
	    .use = use, .name = name, .not_before = now + from * DAY, .not_after = now + to * DAY};

	if (issuer != NULL) {
		r.issuer_certificate = buf_span(&issuer->der);
		r.issuer_key = buf_span(&issuer->key);
	}
	assert_ok(issue_make_key(ISSUE_P256, &p.key));
	assert_ok(issue_certificate(&r, buf_span(&p.key), &p.der, p.serial));
	put_pem(&p);
	return p;
}

static void
pair_free(struct pair *p)
{
	buf_wipe(&p->key);
	buf_wipe(&p->key_pem);
	buf_free(&p->der);
	buf_free(&p->pem);
}

static struct engine_context *
context(const struct pair *own, const struct pair *authority, bool serves)
{
	const struct engine_material m = {buf_span(&authority->pem), buf_span(&own->pem),
					  buf_span(&own->key_pem)};
	struct engine_context *c;

	assert_ok(engine_context_new(lib, &m, serves, &c));
	return c;
}

static int
begin(void **state)
{
	(void)state;
	lib = tls_library_new();
	assert_non_null(lib);
	ca = issued(ISSUE_CA, "Our CA", NULL, -1, 10);
	other_ca = issued(ISSUE_CA, "Other CA", NULL, -1, 10);
	server = issued(ISSUE_SERVER, "vpn.example.org", &ca, -1, 10);
	client = issued(ISSUE_CLIENT, "alice/laptop", &ca, -1, 10);
	serving = context(&server, &ca, true);
	calling = context(&client, &ca, false);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	engine_context_free(calling);
	engine_context_free(serving);
	pair_free(&client);
	pair_free(&server);
	pair_free(&other_ca);
	pair_free(&ca);
	tls_library_free(lib);
	return 0;
}

/* What `from` has for its peer, `step` bytes at a time; whether it had any. */
static bool
pass(struct engine *from, struct engine *to, size_t step)
{
	uint8_t bytes[2000];
	bool any = false;
	size_t n;

	while ((n = engine_take(from, bytes, step < sizeof bytes ? step : sizeof bytes)) > 0) {
		(void)engine_give(to, span_of(bytes, n));
		any = true;
	}
	return any;
}

struct engines {
	struct engine *server, *client;
};

static struct engines
engines(struct engine_context *s, struct engine_context *c)
{
	struct engines e = {engine_new(s), engine_new(c)};

	assert_non_null(e.server);
	assert_non_null(e.client);
	return e;
}

static void
engines_free(struct engines *e)
{
	engine_free(e->client);
	engine_free(e->server);
}

/* Until nobody has anything to say. */
static void
shake(struct engines *e, size_t step)
{
	bool going = true;

	(void)engine_begin(e->client);
	while (going) {
		going = pass(e->client, e->server, step);
		going |= pass(e->server, e->client, step);
	}
}

static struct engines
shaken(size_t step)
{
	struct engines e = engines(serving, calling);

	shake(&e, step);
	if (engine_begin(e.server) != ENGINE_OPEN || engine_begin(e.client) != ENGINE_OPEN)
		fail_msg("%zu at a time: %s, %s", step, engine_why(e.server), engine_why(e.client));
	return e;
}

static void
check_said(struct engine *from, struct engine *to, struct span text, size_t step)
{
	struct buf heard = buf_with_cap(1 << 16);

	assert_true(engine_write(from, text));
	assert_true(pass(from, to, step));
	assert_true(engine_read(to, &heard));
	assert_true(span_equal(buf_span(&heard), text));
	buf_free(&heard);
}

static void
check_same_keys(struct engine *a, struct engine *b)
{
	uint8_t one[256], two[256];

	assert_true(engine_export(a, LABEL, one, sizeof one));
	assert_true(engine_export(b, LABEL, two, sizeof two));
	assert_memory_equal(one, two, sizeof one);
	assert_true(engine_export(b, "EXPORTER-another", two, sizeof two));
	assert_memory_not_equal(one, two, sizeof one);
}

static void
check_peer(const struct engine *e, const struct pair *is, const char *name)
{
	struct engine_peer peer;
	uint8_t digest[DIGEST_SIZE];

	assert_true(engine_peer(e, &peer));
	assert_string_equal(peer.serial, is->serial);
	assert_string_equal(peer.name, name);
	assert_true(digest_of(buf_span(&is->der), digest));
	assert_memory_equal(peer.fingerprint, digest, sizeof digest);
}

static void
both_come_together_however_bytes_are_cut(void **state)
{
	static const size_t steps[] = {1, 2, 5, 6, 100, 1000, ALL};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct engines e = shaken(steps[i]);

		assert_string_equal(engine_version(e.server), "TLSv1.3");
		assert_string_equal(engine_why(e.server), "");
		check_peer(e.server, &client, "alice/laptop");
		check_peer(e.client, &server, "vpn.example.org");
		check_same_keys(e.server, e.client);
		check_said(e.client, e.server, SPAN_OF("one\0two"), steps[i]);
		check_said(e.server, e.client, SPAN_OF("three"), steps[i]);
		engines_free(&e);
	}
}

static void
nothing_is_to_be_had_before_it_is_open(void **state)
{
	struct engines e = engines(serving, calling);
	struct buf heard = buf_with_cap(100);
	struct engine_peer peer;
	uint8_t key[32];

	(void)state;
	assert_int_equal(engine_begin(e.client), ENGINE_HANDSHAKE);
	assert_int_equal(engine_give(e.server, SPAN_NONE), ENGINE_HANDSHAKE);
	assert_true(pass(e.client, e.server, ALL));
	assert_true(pass(e.server, e.client, ALL));
	/* Here the client is content; the server has yet to hear so. */
	assert_int_equal(engine_begin(e.client), ENGINE_OPEN);
	assert_true(engine_read(e.server, &heard));
	assert_int_equal(buf_len(&heard), 0);
	assert_false(engine_write(e.server, SPAN_OF("too early")));
	assert_false(engine_peer(e.server, &peer));
	assert_false(engine_export(e.server, LABEL, key, sizeof key));
	assert_true(engine_write(e.client, SPAN_OF("with the last of it")));
	assert_true(pass(e.client, e.server, ALL));
	assert_true(engine_read(e.server, &heard));
	assert_true(span_equal(buf_span(&heard), SPAN_OF("with the last of it")));
	buf_free(&heard);
	engines_free(&e);
}

static void
a_write_is_one_record(void **state)
{
	static uint8_t text[RECORD + 1], wire[RECORD + 300];
	static const size_t sizes[] = {1, 1024, RECORD};
	struct engines e = shaken(ALL);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_true(engine_write(e.server, span_of(text, sizes[i])));
		size_t n = engine_take(e.server, wire, sizeof wire);
		assert_int_equal(wire[0], 23);
		assert_int_equal(wire[3] << 8 | wire[4], n - 5);
		assert_int_equal(engine_give(e.client, span_of(wire, n)), ENGINE_OPEN);
	}
	assert_false(engine_write(e.server, SPAN_NONE));
	assert_false(engine_write(e.server, span_of(text, RECORD + 1)));
	check_said(e.client, e.server, SPAN_OF("goes on"), ALL);
	engines_free(&e);
}

static void
what_has_no_room_waits(void **state)
{
	static uint8_t text[3000];
	struct engines e = shaken(ALL);
	struct buf heard = buf_with_cap(2000);

	(void)state;
	memset(text, 'x', sizeof text);
	assert_true(engine_write(e.client, span_of(text, sizeof text)));
	assert_true(engine_write(e.client, SPAN_OF("y")));
	assert_true(pass(e.client, e.server, ALL));
	assert_false(engine_read(e.server, &heard));
	assert_int_equal(buf_len(&heard), 2000);
	buf_taken(&heard, 2000);
	assert_true(engine_read(e.server, &heard));
	assert_int_equal(buf_len(&heard), 1001);
	assert_int_equal(heard.data[heard.end - 1], 'y');
	/* Full, but there is no more. */
	assert_true(engine_write(e.client, span_of(text, 999)));
	assert_true(pass(e.client, e.server, ALL));
	assert_true(engine_read(e.server, &heard));
	assert_int_equal(buf_len(&heard), 2000);
	buf_free(&heard);
	engines_free(&e);
}

static void
more_than_may_wait_is_the_end(void **state)
{
	static uint8_t text[(64 << 10) + 1];
	struct engines e = shaken(ALL);
	struct buf heard = buf_with_cap(1 << 17);
	size_t written = 0;

	(void)state;
	assert_int_equal(engine_give(e.client, span_of(text, sizeof text - 1)), ENGINE_OPEN);
	assert_int_equal(engine_give(e.client, span_of(text, 1)), ENGINE_FAILED);
	assert_string_equal(engine_why(e.client), "peer sends more than may wait");
	assert_int_equal(engine_give(e.client, SPAN_OF("x")), ENGINE_FAILED);
	assert_false(engine_read(e.client, &heard));
	assert_false(engine_write(e.client, SPAN_OF("x")));
	while (engine_write(e.server, span_of(text, 1000)))
		written += 1000;
	assert_in_range(written, 60000, 64 << 10);
	assert_string_equal(engine_why(e.server), "too much waits to be sent");
	assert_int_equal(engine_begin(e.server), ENGINE_FAILED);
	buf_free(&heard);
	engines_free(&e);
}

static void
what_is_no_tls_is_the_end(void **state)
{
	static uint8_t zeros[(64 << 10) + 1], long_hello[] = {22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF};
	const struct span all[] = {
	    SPAN_OF("GET / HTTP/1.1\r\n\r\n"),
	    SPAN_OF("SSH-2.0-x\r\n"),
	    span_of(zeros, 5),
	    span_of(zeros, sizeof zeros),
	    span_of(long_hello, 9),
	    SPAN_OF("\x16\x03\x01\xFF"
		    "\xFF"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct engine *e = engine_new(serving);

		if (engine_give(e, all[i]) != ENGINE_FAILED || engine_why(e)[0] == '\0')
			fail_msg("sample %zu", i);
		engine_free(e);
	}
}

/* Each byte of the client's second flight counts: its certificate, its proof, its last word. */
static void
no_bit_of_the_clients_answer_can_be_changed(void **state)
{
	uint8_t flight[4096];
	size_t len = 1;

	(void)state;
	for (size_t at = 0; at < len; at += 7) {
		struct engines e = engines(serving, calling);

		(void)engine_begin(e.client);
		assert_true(pass(e.client, e.server, ALL));
		assert_true(pass(e.server, e.client, ALL));
		len = engine_take(e.client, flight, sizeof flight);
		assert_in_range(len, 500, sizeof flight - 1);
		/* First comes a record that means nothing (RFC 8446 §D.4). */
		at = at < 6 ? 6 : at;
		flight[at] ^= (uint8_t)(1 << at % 8);
		/* A signature, and so a flight, may be shorter than the one before. */
		if (at < len && engine_give(e.server, span_of(flight, len)) == ENGINE_OPEN)
			fail_msg("byte %zu", at);
		engines_free(&e);
	}
}

static void
no_bit_of_what_is_said_can_be_changed(void **state)
{
	uint8_t wire[100], bad[100];
	struct buf heard = buf_with_cap(100);

	(void)state;
	for (size_t at = 0; at < 5 + 4 + 17; at++) {
		struct engines e = shaken(ALL);

		assert_true(engine_write(e.client, SPAN_OF("said")));
		assert_int_equal(engine_take(e.client, wire, sizeof wire), 5 + 4 + 17);
		memcpy(bad, wire, sizeof bad);
		bad[at] ^= (uint8_t)(1 << at % 8);
		(void)engine_give(e.server, span_of(bad, 5 + 4 + 17));
		bool fine = engine_read(e.server, &heard);
		/* A record that became longer is still awaited. */
		if ((fine && at != 3 && at != 4) || buf_len(&heard) != 0)
			fail_msg("byte %zu", at);
		engines_free(&e);
	}
	buf_free(&heard);
}

/* Contexts and authorities. */

static void
an_engine_keeps_its_context(void **state)
{
	struct engine_context *s = context(&server, &ca, true), *c = context(&client, &ca, false);
	struct engines e = engines(s, c);

	(void)state;
	engine_context_free(s);
	engine_context_free(c);
	shake(&e, ALL);
	check_said(e.client, e.server, SPAN_OF("still there"), ALL);
	engines_free(&e);
	engine_free(NULL);
	engine_context_free(NULL);
}

static void
material_that_does_not_fit_is_refused(void **state)
{
	const struct span authorities = buf_span(&ca.pem), certificate = buf_span(&server.pem),
			  key = buf_span(&server.key_pem), other = buf_span(&client.key_pem);
	const struct engine_material bad[] = {
	    {SPAN_NONE, certificate, key},
	    {SPAN_OF("no PEM"), certificate, key},
	    {key, certificate, key},
	    {authorities, SPAN_NONE, key},
	    {authorities, SPAN_OF("no PEM"), key},
	    {authorities, certificate, SPAN_NONE},
	    {authorities, certificate, certificate},
	    {authorities, certificate, other},
	};
	struct engine_context *c;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_fails(engine_context_new(lib, &bad[i], true, &c));
		assert_null(c);
	}
}

/* --- a client of OpenSSL's own */

struct raw {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
	struct engine *engine; /* the server */
	int reason;            /* OpenSSL's last */
};

static void
use(SSL_CTX *ctx, const struct pair *own)
{
	const unsigned char *cert = buf_span(&own->der).p, *key = buf_span(&own->key).p;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &key, (long)buf_len(&own->key));

	assert_int_equal(SSL_CTX_use_certificate_ASN1(ctx, (int)buf_len(&own->der), cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pkey), 1);
	EVP_PKEY_free(pkey);
}

/* `own` may be NULL: it shows no certificate. */
static struct raw
raw(const struct pair *own, int most)
{
	struct raw r = {.ctx = SSL_CTX_new(TLS_client_method()), .engine = engine_new(serving)};

	SSL_CTX_set_security_level(r.ctx, 0);
	SSL_CTX_set_min_proto_version(r.ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(r.ctx, most);
	if (own != NULL)
		use(r.ctx, own);
	r.ssl = SSL_new(r.ctx);
	r.in = BIO_new(BIO_s_mem());
	r.out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(r.in, -1);
	SSL_set_bio(r.ssl, r.in, r.out);
	SSL_set_connect_state(r.ssl);
	assert_non_null(r.engine);
	return r;
}

static void
raw_free(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	engine_free(r->engine);
	ERR_clear_error();
}

/* Both ways; whether anything moved. */
static bool
raw_pass(struct raw *r, size_t step)
{
	uint8_t bytes[2000];
	size_t max = step < sizeof bytes ? step : sizeof bytes;
	bool any = false;
	int n;

	while ((n = BIO_read(r->out, bytes, (int)max)) > 0) {
		(void)engine_give(r->engine, span_of(bytes, (size_t)n));
		any = true;
	}
	while ((n = (int)engine_take(r->engine, bytes, max)) > 0) {
		assert_int_equal(BIO_write(r->in, bytes, n), n);
		any = true;
	}
	return any;
}

static enum engine_state
raw_shake(struct raw *r, size_t step)
{
	do {
		ERR_clear_error();
		if (SSL_do_handshake(r->ssl) <= 0 && ERR_peek_error() != 0)
			r->reason = ERR_GET_REASON(ERR_peek_error());
	} while (raw_pass(r, step));
	return engine_begin(r->engine);
}

static void
clients_limited_to_1_2_come_in_too(void **state)
{
	static const size_t steps[] = {1, 5, ALL};
	uint8_t one[256], two[256], byte;

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct raw r = raw(&client, TLS1_2_VERSION);
		struct buf heard = buf_with_cap(100);

		assert_int_equal(raw_shake(&r, steps[i]), ENGINE_OPEN);
		assert_string_equal(engine_version(r.engine), "TLSv1.2");
		check_peer(r.engine, &client, "alice/laptop");
		assert_true(engine_export(r.engine, LABEL, one, sizeof one));
		assert_int_equal(SSL_export_keying_material(r.ssl, two, sizeof two, LABEL,
							    strlen(LABEL), NULL, 0, 0),
				 1);
		assert_memory_equal(one, two, sizeof one);
		assert_int_equal(SSL_write(r.ssl, "?", 1), 1);
		assert_true(engine_write(r.engine, SPAN_OF("!")));
		assert_true(raw_pass(&r, steps[i]));
		assert_true(engine_read(r.engine, &heard));
		assert_true(span_equal(buf_span(&heard), SPAN_OF("?")));
		assert_int_equal(SSL_read(r.ssl, &byte, 1), 1);
		assert_int_equal(byte, '!');
		buf_free(&heard);
		raw_free(&r);
	}
}

static void
older_clients_and_weak_suites_stay_out(void **state)
{
	static const char *const weak[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
					   "ECDHE-ECDSA-AES256-SHA384",
					   "DHE-RSA-AES128-GCM-SHA256"};
	struct raw r = raw(&client, TLS1_1_VERSION);

	(void)state;
	assert_int_equal(raw_shake(&r, ALL), ENGINE_FAILED);
	assert_string_equal(engine_why(r.engine), "unsupported protocol");
	raw_free(&r);
	for (size_t i = 0; i < COUNT(weak); i++) {
		r = raw(&client, TLS1_2_VERSION);
		assert_int_equal(SSL_set_cipher_list(r.ssl, weak[i]), 1);
		assert_int_equal(raw_shake(&r, ALL), ENGINE_FAILED);
		assert_string_equal(engine_why(r.engine), "no shared cipher");
		raw_free(&r);
	}
}

static void
nothing_is_left_to_resume(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct raw r = raw(&client, versions[i]), again = raw(&client, versions[i]);
		uint8_t byte;

		assert_int_equal(raw_shake(&r, ALL), ENGINE_OPEN);
		/* A ticket of 1.3 would come with what is read first. */
		assert_true(engine_write(r.engine, SPAN_OF("!")));
		assert_true(raw_pass(&r, ALL));
		assert_int_equal(SSL_read(r.ssl, &byte, 1), 1);
		SSL_SESSION *session = SSL_get1_session(r.ssl);
		assert_false(SSL_SESSION_has_ticket(session));
		assert_int_equal(SSL_set_session(again.ssl, session), 1);
		assert_int_equal(raw_shake(&again, ALL), ENGINE_OPEN);
		assert_false(SSL_session_reused(again.ssl));
		SSL_SESSION_free(session);
		raw_free(&again);
		raw_free(&r);
	}
}

static void
nothing_is_negotiated_twice(void **state)
{
	struct raw r = raw(&client, TLS1_2_VERSION);
	struct buf heard = buf_with_cap(100);
	const char *version;

	(void)state;
	assert_int_equal(raw_shake(&r, ALL), ENGINE_OPEN);
	assert_int_equal(SSL_renegotiate(r.ssl), 1);
	(void)SSL_do_handshake(r.ssl);
	assert_true(BIO_pending(r.out) > 0);
	(void)raw_pass(&r, ALL);
	/* It says no, by an alert, and remains what it was. */
	assert_true(engine_read(r.engine, &heard));
	assert_int_equal(buf_len(&heard), 0);
	version = engine_version(r.engine);
	assert_string_equal(version, "TLSv1.2");
	assert_true(engine_write(r.engine, SPAN_OF("!")));
	buf_free(&heard);
	raw_free(&r);
}

static void
a_peer_that_ends_tls_has_ended(void **state)
{
	struct raw r = raw(&client, TLS1_3_VERSION);
	struct buf heard = buf_with_cap(100);

	(void)state;
	assert_int_equal(raw_shake(&r, ALL), ENGINE_OPEN);
	assert_int_equal(SSL_write(r.ssl, "last", 4), 4);
	(void)SSL_shutdown(r.ssl);
	assert_true(raw_pass(&r, ALL));
	assert_false(engine_read(r.engine, &heard));
	assert_true(span_equal(buf_span(&heard), SPAN_OF("last")));
	assert_string_equal(engine_why(r.engine), "peer has ended TLS");
	assert_int_equal(engine_give(r.engine, SPAN_OF("x")), ENGINE_FAILED);
	buf_free(&heard);
	raw_free(&r);
}

/* Updates of keys, which a peer may send without end (RFC 8446 §4.6.3), each with an answer. */
static void
answers_that_nobody_takes_do_not_pile_up(void **state)
{
	struct raw r = raw(&client, TLS1_3_VERSION);
	struct buf heard = buf_with_cap(100);
	uint8_t bytes[4096];
	int i, n;

	(void)state;
	assert_int_equal(raw_shake(&r, ALL), ENGINE_OPEN);
	for (i = 0; i < 10000 && engine_begin(r.engine) == ENGINE_OPEN; i++) {
		assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		(void)SSL_do_handshake(r.ssl);
		while ((n = BIO_read(r.out, bytes, sizeof bytes)) > 0)
			(void)engine_give(r.engine, span_of(bytes, (size_t)n));
		(void)!engine_read(r.engine, &heard);
	}
	assert_in_range(i, 1000, 9999);
	assert_string_equal(engine_why(r.engine), "too much waits to be sent");
	buf_free(&heard);
	raw_free(&r);
}

/* --- whom it believes */

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Of the authority's, as issue.c would not make it: any number, name and use (NULL: none told). */
static struct pair
odd(const char *serial, struct span name, const char *extended_use)
{
	const unsigned char *issuer_der = buf_span(&ca.der).p, *issuer_key = buf_span(&ca.key).p;
	X509 *issuer = d2i_X509(NULL, &issuer_der, (long)buf_len(&ca.der)), *cert = X509_new();
	EVP_PKEY *signer = d2i_AutoPrivateKey(NULL, &issuer_key, (long)buf_len(&ca.key));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	struct pair p = empty_pair();
	BIGNUM *number = NULL;

	assert_true(BN_hex2bn(&number, serial) > 0);
	assert_non_null(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)));
	X509_set_version(cert, X509_VERSION_3);
	X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(cert), 1, 0, NULL);
	X509_set_pubkey(cert, key);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	if (name.len > 0)
		assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(cert),
							    NID_commonName, V_ASN1_UTF8STRING,
							    name.p, (int)name.len, -1, 0),
				 1);
	if (extended_use != NULL)
		add_extension(cert, NID_ext_key_usage, extended_use);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	int len = i2d_X509(cert, &der);
	assert_true(buf_append(&p.der, span_of(der, (size_t)len)));
	OPENSSL_free(der);
	der = NULL;
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert_true(buf_append(&p.key, span_of(der, (size_t)len)));
	OPENSSL_free(der);
	put_pem(&p);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(key);
	EVP_PKEY_free(signer);
	X509_free(cert);
	X509_free(issuer);
	BN_free(number);
	return p;
}

static void
check_refused(const struct pair *own, const char *why)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct engine_peer peer;
	uint8_t key[32], byte;

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct raw r = raw(own, versions[i]);

		assert_int_equal(raw_shake(&r, ALL), ENGINE_FAILED);
		if (strncmp(engine_why(r.engine), why, strlen(why)) != 0)
			fail_msg("\"%s\", not \"%s\"", engine_why(r.engine), why);
		assert_false(engine_peer(r.engine, &peer));
		assert_false(engine_export(r.engine, LABEL, key, sizeof key));
		assert_false(engine_write(r.engine, SPAN_OF("x")));
		/* It was told, by an alert; in 1.3 when it is at it already. */
		ERR_clear_error();
		assert_true(SSL_read(r.ssl, &byte, 1) <= 0);
		if (r.reason == 0)
			r.reason = ERR_GET_REASON(ERR_peek_error());
		assert_true(r.reason > SSL_AD_REASON_OFFSET);
		raw_free(&r);
	}
}

static void
who_is_not_believed_stays_out(void **state)
{
	struct pair all[] = {
	    issued(ISSUE_CLIENT, "alice", &other_ca, -1, 10),
	    issued(ISSUE_CLIENT, "alice", &other_ca, -10, -1),
	    issued(ISSUE_SERVER, "alice", &ca, -10, -1),
	    issued(ISSUE_CLIENT, "alice", &ca, 1, 10),
	    issued(ISSUE_SERVER, "alice", &ca, -1, 10),
	    issued(ISSUE_CLIENT, "alice", NULL, -1, 10),
	    odd("01", SPAN_OF("alice"), NULL),
	    odd("01", SPAN_OF("alice"), "anyExtendedKeyUsage"),
	    odd("01", SPAN_OF("alice"), "codeSigning"),
	    odd("00", SPAN_OF("alice"), "clientAuth"),
	    odd("-01", SPAN_OF("alice"), "clientAuth"),
	    odd("010000000000000000000000000000000000000000", SPAN_OF("alice"), "clientAuth"),
	};
	static const char *const said[COUNT(all)] = {
	    "its certificate is issued by \"Other CA\", which is not trusted",
	    "its certificate is issued by \"Other CA\", which is not trusted",
	    "its certificate is not meant for clients",
	    "its certificate is not valid before ",
	    "its certificate is not meant for clients",
	    "its certificate is self-signed",
	    "its certificate is not meant for clients",
	    "its certificate is not meant for clients",
	    "its certificate is not meant for clients",
	    "its certificate has no usable serial number",
	    "its certificate has no usable serial number",
	    "its certificate has no usable serial number",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		check_refused(&all[i], said[i]);
		pair_free(&all[i]);
	}
	check_refused(NULL, "peer did not return a certificate");
}

/* He is to be told so in words, which an alert has not. */
static void
a_client_that_has_expired_is_known_as_such(void **state)
{
	struct pair old = issued(ISSUE_CLIENT, "alice", &ca, -10, -1);
	struct engine_context *c = context(&old, &ca, false);
	struct engines e = engines(serving, c);
	struct engine_peer peer;

	(void)state;
	shake(&e, ALL);
	assert_true(engine_peer(e.server, &peer));
	assert_true(peer.expired);
	assert_string_equal(peer.name, "alice");
	engines_free(&e);
	engine_context_free(c);
	pair_free(&old);
	e = engines(serving, calling);
	shake(&e, ALL);
	assert_true(engine_peer(e.server, &peer) && !peer.expired);
	engines_free(&e);
}

static void
a_server_that_has_expired_is_not_believed(void **state)
{
	struct pair old = issued(ISSUE_SERVER, "vpn.example.org", &ca, -10, -1);
	struct engine_context *c = context(&old, &ca, true);
	struct engines e = engines(c, calling);

	(void)state;
	shake(&e, ALL);
	assert_int_equal(engine_begin(e.client), ENGINE_FAILED);
	assert_memory_equal(engine_why(e.client), "its certificate expired on ", 27);
	engines_free(&e);
	engine_context_free(c);
	pair_free(&old);
}

/* Another's certificate, which anybody may have seen, and a key that is not its own. OpenSSL lets
 * nobody do so: it is made to believe that the certificate's key is ours. */
static void
a_certificate_without_its_key_is_of_no_use(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	const unsigned char *der;
	unsigned char *point;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct raw r = raw(NULL, versions[i]);
		EVP_PKEY *key = EVP_EC_gen("P-256");

		der = buf_span(&client.der).p;
		X509 *stolen = d2i_X509(NULL, &der, (long)buf_len(&client.der));
		len = EVP_PKEY_get1_encoded_public_key(key, &point);
		assert_int_equal(
		    EVP_PKEY_set1_encoded_public_key(X509_get0_pubkey(stolen), point, len), 1);
		assert_int_equal(SSL_use_certificate(r.ssl, stolen), 1);
		assert_int_equal(SSL_use_PrivateKey(r.ssl, key), 1);
		assert_int_equal(raw_shake(&r, ALL), ENGINE_FAILED);
		assert_string_equal(engine_why(r.engine), "bad signature");
		OPENSSL_free(point);
		EVP_PKEY_free(key);
		X509_free(stolen);
		raw_free(&r);
	}
}

static void
a_client_believes_servers_alone(void **state)
{
	struct pair strange = issued(ISSUE_SERVER, "vpn.example.org", &other_ca, -1, 10);
	struct engine_context *bad[] = {context(&client, &ca, true), context(&strange, &ca, true)};
	static const char *const said[] = {
	    "its certificate is not meant for servers",
	    "its certificate is issued by \"Other CA\", which is not trusted"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct engines e = engines(bad[i], calling);

		shake(&e, ALL);
		assert_int_equal(engine_begin(e.client), ENGINE_FAILED);
		assert_memory_equal(engine_why(e.client), said[i], strlen(said[i]));
		assert_int_equal(engine_begin(e.server), ENGINE_FAILED);
		assert_memory_equal(engine_why(e.server), "peer sent alert ", 16);
		engines_free(&e);
		engine_context_free(bad[i]);
	}
	pair_free(&strange);
}

static void
check_name(const char *serial, struct span name, const char *said)
{
	struct pair p = odd(serial, name, "clientAuth");
	struct engine_context *c = context(&p, &ca, false);
	struct engines e = engines(serving, c);
	struct engine_peer peer;

	shake(&e, ALL);
	assert_true(engine_peer(e.server, &peer));
	assert_string_equal(peer.name, said);
	assert_string_equal(peer.serial, serial);
	engines_free(&e);
	engine_context_free(c);
	pair_free(&p);
}

static void
names_are_printable_and_numbers_whole(void **state)
{
	static const char most[] = "0123456789abcdef0123456789abcdef0123456789abcdef"
				   "0123456789abcdef";

	(void)state;
	check_name("7fffffffffffffffffffffffffffffffffffffff", SPAN_OF("b\xC3\xBCro/x"), "b?ro/x");
	check_name("ffffffffffffffffffffffffffffffffffffffff", SPAN_OF("a\nb\x7F\0c"), "a?b??c");
	check_name("01", span_str(most), most);
	check_name("80", SPAN_NONE, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_come_together_however_bytes_are_cut),
	    cmocka_unit_test(nothing_is_to_be_had_before_it_is_open),
	    cmocka_unit_test(a_write_is_one_record),
	    cmocka_unit_test(what_has_no_room_waits),
	    cmocka_unit_test(more_than_may_wait_is_the_end),
	    cmocka_unit_test(what_is_no_tls_is_the_end),
	    cmocka_unit_test(no_bit_of_the_clients_answer_can_be_changed),
	    cmocka_unit_test(no_bit_of_what_is_said_can_be_changed),
	    cmocka_unit_test(an_engine_keeps_its_context),
	    cmocka_unit_test(material_that_does_not_fit_is_refused),
	    cmocka_unit_test(clients_limited_to_1_2_come_in_too),
	    cmocka_unit_test(older_clients_and_weak_suites_stay_out),
	    cmocka_unit_test(nothing_is_left_to_resume),
	    cmocka_unit_test(nothing_is_negotiated_twice),
	    cmocka_unit_test(a_peer_that_ends_tls_has_ended),
	    cmocka_unit_test(answers_that_nobody_takes_do_not_pile_up),
	    cmocka_unit_test(who_is_not_believed_stays_out),
	    cmocka_unit_test(a_client_that_has_expired_is_known_as_such),
	    cmocka_unit_test(a_server_that_has_expired_is_not_believed),
	    cmocka_unit_test(a_certificate_without_its_key_is_of_no_use),
	    cmocka_unit_test(a_client_believes_servers_alone),
	    cmocka_unit_test(names_are_printable_and_numbers_whole),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
