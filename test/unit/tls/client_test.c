#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/client.h"
#include "tls/peer.h"

#define DAY 86400

/* Both ends are ours, joined by memory. */
struct end {
	struct buf *in, *out;
};

struct pair {
	struct buf to_server, to_client;
	struct end client_end, server_end;
	struct tls_context *site;
	struct tls_conn *client, *server;
};

static ssize_t
end_recv(void *owner, void *to, size_t len)
{
	struct end *e = owner;
	struct span held = span_head(buf_span(e->in), len);

	if (held.len == 0)
		return TLS_IO_AGAIN;
	memcpy(to, held.p, held.len);
	buf_taken(e->in, held.len);
	return (ssize_t)held.len;
}

static ssize_t
end_send(void *owner, const void *from, size_t len)
{
	struct end *e = owner;

	return buf_append(e->out, span_of(from, len)) ? (ssize_t)len : TLS_IO_AGAIN;
}

static const struct tls_io end_io = {end_recv, end_send};

/* Until both are done or one has failed; whether the client is content. */
static bool
shake(struct pair *p)
{
	enum tls_result client = TLS_WANT_RECV, server = TLS_WANT_RECV;

	for (int i = 0; i < 20 && client != TLS_FAILED; i++) {
		client = tls_handshake(p->client);
		server = tls_handshake(p->server);
		if (client == TLS_DONE && server == TLS_DONE)
			return true;
	}
	return false;
}

static void
pair_open(struct pair *p, struct tls_library *lib, struct tls_client *client, const struct pem *pem,
	  bool tickets)
{
	const struct tls_pair pairs[] = {pem_pair(pem)};

	*p = (struct pair){.to_server = buf_with_cap(1 << 18), .to_client = buf_with_cap(1 << 18)};
	p->client_end = (struct end){&p->to_client, &p->to_server};
	p->server_end = (struct end){&p->to_server, &p->to_client};
	if (tickets) {
		struct tls_ticket_keys keys = {.count = 1};

		memset(&keys.keys[0], 7, sizeof keys.keys[0]);
		tls_library_set_tickets(lib, &keys);
	}
	assert_ok(tls_context_new(lib, "a.example", pairs, 1, &p->site));
	p->server = tls_conn_new(p->site, &end_io, &p->server_end);
	p->client = tls_client_conn_new(client, &end_io, &p->client_end);
	assert_non_null(p->server);
	assert_non_null(p->client);
}

static void
pair_close(struct pair *p)
{
	tls_conn_free(p->client);
	tls_conn_free(p->server);
	tls_context_free(p->site);
	buf_free(&p->to_server);
	buf_free(&p->to_client);
}

/* "" when the client is content, else what it says. */
static const char *
verdict(const struct tls_client_settings *settings, const struct pem *server)
{
	static char said[1100];
	struct tls_library *lib = tls_library_new();
	struct tls_client *client;
	struct pair p;

	assert_ok(tls_client_new(lib, settings, &client));
	pair_open(&p, lib, client, server, false);
	bool content = shake(&p);
	snprintf(said, sizeof said, "%s", content ? "" : tls_why(p.client));
	if (!content)
		assert_string_not_equal(said, "");
	pair_close(&p);
	tls_client_free(client);
	tls_library_free(lib);
	return said;
}

static void
digest_of(const struct pem *pem, uint8_t digest[32])
{
	struct certificate_info info;
	unsigned byte;

	assert_ok(certificate_inspect(buf_span(&pem->chain), SPAN_NONE, &info));
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(sscanf(info.sha256 + 2 * i, "%2x", &byte), 1);
		digest[i] = (uint8_t)byte;
	}
}

/* One that `issuer` (NULL: itself) signs, valid from `from` to `to`, in seconds from now. */
struct made {
	X509 *cert;
	EVP_PKEY *key;
	struct pem pem;
};

static void
put_pem(struct made *m)
{
	char *bytes;
	BIO *bio = BIO_new(BIO_s_mem());

	m->pem = (struct pem){buf_with_cap(1 << 16), buf_with_cap(1 << 16)};
	assert_int_equal(PEM_write_bio_X509(bio, m->cert), 1);
	long len = BIO_get_mem_data(bio, &bytes);
	assert_true(buf_append(&m->pem.chain, span_of(bytes, (size_t)len)));
	(void)BIO_reset(bio);
	assert_int_equal(PEM_write_bio_PrivateKey(bio, m->key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_get_mem_data(bio, &bytes);
	assert_true(buf_append(&m->pem.key, span_of(bytes, (size_t)len)));
	BIO_free(bio);
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static struct made
make(const char *name, const char *alternative, const struct made *issuer, long from, long to)
{
	struct made m = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
	X509_NAME *subject = X509_get_subject_name(m.cert);

	X509_set_version(m.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(m.cert), 1 + (issuer != NULL));
	X509_time_adj_ex(X509_getm_notBefore(m.cert), 0, from, NULL);
	X509_time_adj_ex(X509_getm_notAfter(m.cert), 0, to, NULL);
	X509_set_pubkey(m.cert, m.key);
	X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(m.cert,
			     issuer != NULL ? X509_get_subject_name(issuer->cert) : subject);
	if (issuer == NULL)
		add_extension(m.cert, NID_basic_constraints, "critical,CA:TRUE");
	if (alternative != NULL)
		add_extension(m.cert, NID_subject_alt_name, alternative);
	assert_true(X509_sign(m.cert, issuer != NULL ? issuer->key : m.key, EVP_sha256()) > 0);
	put_pem(&m);
	return m;
}

static void
unmake(struct made *m)
{
	X509_free(m->cert);
	EVP_PKEY_free(m->key);
	pem_free(&m->pem);
}

static void
a_chain_and_a_name_that_fit_are_trusted(void **state)
{
	struct made ca = make("Our CA", NULL, NULL, -DAY, DAY);
	struct made leaf =
	    make("x", "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1", &ca, -DAY, DAY);
	static const char *const names[] = {"a.example", "A.Example", "x.b.example", "192.0.2.1",
					    "2001:db8::1"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(
		    verdict(&(struct tls_client_settings){.authorities = buf_span(&ca.pem.chain),
							  .name = names[i]},
			    &leaf.pem),
		    "");
	unmake(&leaf);
	unmake(&ca);
}

static void
a_certificate_among_the_authorities_is_trusted_itself(void **state)
{
	struct made ca = make("Our CA", NULL, NULL, -DAY, DAY);
	struct made leaf = make("x", "DNS:a.example", &ca, -DAY, DAY);

	(void)state;
	assert_string_equal(
	    verdict(&(struct tls_client_settings){.authorities = buf_span(&leaf.pem.chain),
						  .name = "a.example"},
		    &leaf.pem),
	    "");
	unmake(&leaf);
	unmake(&ca);
}

static void
who_is_not_trusted_is_said_in_words(void **state)
{
	struct made ca = make("Our CA", NULL, NULL, -10 * DAY, DAY);
	struct made other = make("Other\n\"CA\"", NULL, NULL, -DAY, DAY);
	struct made root_over = make("Old CA", NULL, NULL, -10 * DAY, -DAY);
	struct made good = make("x", "DNS:a.example,IP:192.0.2.7", &ca, -DAY, DAY);
	struct made old = make("x", "DNS:a.example", &ca, -5 * DAY, -DAY);
	struct made early = make("x", "DNS:a.example", &ca, DAY, 2 * DAY);
	struct made strange = make("x", "DNS:a.example", &other, -DAY, DAY);
	struct made nameless = make("a.example", NULL, &ca, -DAY, DAY);
	struct made partial = make("x", "DNS:a*.example", &ca, -DAY, DAY);
	struct made of_old = make("x", "DNS:a.example", &root_over, -DAY, DAY);
	struct pem self = pem_ecdsa("a.example");
	const struct {
		const struct pem *server;
		const struct pem *trusted;
		const char *name, *said;
	} cases[] = {
	    {&self, &ca.pem, "a.example", "its certificate is self-signed (SHA-256 "},
	    {&old.pem, &ca.pem, "a.example", "its certificate expired on "},
	    {&early.pem, &ca.pem, "a.example", "its certificate is not valid before "},
	    {&good.pem, &ca.pem, "b.example",
	     "its certificate is for a.example, 192.0.2.7, not for b.example ("},
	    {&good.pem, &ca.pem, "192.0.2.8",
	     "its certificate is for a.example, 192.0.2.7, not for 192.0.2.8 ("},
	    {&good.pem, &ca.pem, "x", "its certificate is for a.example"},
	    {&nameless.pem, &ca.pem, "a.example", "its certificate is for no name at all"},
	    {&partial.pem, &ca.pem, "ab.example", "its certificate is for a*.example"},
	    {&strange.pem, &ca.pem, "a.example",
	     "its certificate is issued by \"Other\\x0A\\x22CA\\x22\", which is not trusted ("},
	    {&of_old.pem, &root_over.pem, "a.example",
	     "in its certificate's chain, \"Old CA\" expired on "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct tls_client_settings settings = {
		    .authorities = buf_span(&cases[i].trusted->chain), .name = cases[i].name};
		const char *said = verdict(&settings, cases[i].server);

		if (strncmp(said, cases[i].said, strlen(cases[i].said)) != 0)
			fail_msg("case %zu: %s", i, said);
	}
	pem_free(&self);
	struct made *all[] = {&of_old, &partial, &nameless,  &strange, &early,
			      &old,    &good,    &root_over, &other,   &ca};
	for (size_t i = 0; i < COUNT(all); i++)
		unmake(all[i]);
}

/* Of anybody. */
static struct tls_client *
trusting(struct tls_library *lib)
{
	const struct tls_client_settings settings = {.trust = TLS_TRUST_ANY};
	struct tls_client *client;

	assert_ok(tls_client_new(lib, &settings, &client));
	return client;
}

static void
who_speaks_no_tls_is_told_from_who_does_it_wrong(void **state)
{
	struct tls_library *lib = tls_library_new();
	struct pem self = pem_ecdsa("a.example");
	struct tls_client *client;
	struct pair p;

	(void)state;
	client = trusting(lib);
	pair_open(&p, lib, client, &self, false);
	assert_true(buf_append(&p.to_client, SPAN_OF("HTTP/1.1 400 Bad Request\r\n\r\n")));
	assert_int_equal(tls_handshake(p.client), TLS_FAILED);
	assert_string_equal(tls_why(p.client), "it does not speak TLS");
	pair_close(&p);
	tls_client_free(client);
	pem_free(&self);
	tls_library_free(lib);
}

static void
a_pin_is_enough_and_only_the_right_one(void **state)
{
	struct made ca = make("Our CA", NULL, NULL, -DAY, DAY);
	struct made old = make("x", "DNS:other.example", &ca, -5 * DAY, -DAY);
	uint8_t pins[2][32] = {{0}};
	struct tls_client_settings settings = {.trust = TLS_TRUST_PIN,
					       .pins = (const uint8_t(*)[32])pins,
					       .pin_count = 2,
					       .name = "a.example"};

	(void)state;
	digest_of(&old.pem, pins[1]);
	assert_string_equal(verdict(&settings, &old.pem), "");
	pins[1][31] ^= 1;
	const char *said = verdict(&settings, &old.pem);
	assert_non_null(strstr(said, "its certificate is not the pinned one (SHA-256 "));
	settings.pin_count = 0;
	assert_string_not_equal(verdict(&settings, &old.pem), "");
	unmake(&old);
	unmake(&ca);
}

static void
with_trust_in_anybody_anybody_is_trusted(void **state)
{
	struct pem self = pem_ecdsa("a.example");

	(void)state;
	assert_string_equal(verdict(&(struct tls_client_settings){.trust = TLS_TRUST_ANY}, &self),
			    "");
	pem_free(&self);
}

static void
bad_certificates_among_authorities_are_passed_over(void **state)
{
	struct made ca = make("Our CA", NULL, NULL, -DAY, DAY);
	struct made leaf = make("x", "DNS:a.example", &ca, -DAY, DAY);
	struct buf bundle = buf_with_cap(1 << 16);

	(void)state;
	assert_true(buf_append(
	    &bundle, SPAN_OF("# a comment\n-----BEGIN CERTIFICATE-----\n!!!!\n"
			     "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAAAA\n"
			     "-----END CERTIFICATE-----\n")));
	assert_true(buf_append(&bundle, buf_span(&ca.pem.chain)));
	assert_string_equal(verdict(&(struct tls_client_settings){.authorities = buf_span(&bundle),
								  .name = "a.example"},
				    &leaf.pem),
			    "");
	buf_free(&bundle);
	unmake(&leaf);
	unmake(&ca);
}

static void
without_authorities_or_a_name_there_is_no_client(void **state)
{
	struct tls_library *lib = tls_library_new();
	struct pem self = pem_ecdsa("a.example");
	struct tls_client *c;
	const struct tls_client_settings bad[] = {
	    {.name = "a.example"},
	    {.name = "a.example", .authorities = SPAN_OF("no PEM at all")},
	    {.name = "a.example",
	     .authorities = SPAN_OF("-----BEGIN CERTIFICATE-----\nAAAA\n"
				    "-----END CERTIFICATE-----\n")},
	    {.name = "a.example", .authorities = SPAN_OF("-----BEGIN CERTIFICATE-----\n")},
	    {.authorities = buf_span(&self.chain)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_fails(tls_client_new(lib, &bad[i], &c));
		assert_null(c);
	}
	tls_client_free(NULL);
	pem_free(&self);
	tls_library_free(lib);
}

static void
protocols_are_offered_and_one_agreed_on(void **state)
{
	struct tls_library *lib = tls_library_new();
	struct pem self = pem_ecdsa("a.example");
	const char *protocols[] = {"http/1.1", NULL};
	struct tls_client *client;
	struct pair p;

	(void)state;
	assert_ok(tls_client_new(
	    lib, &(struct tls_client_settings){.trust = TLS_TRUST_ANY, .protocols = protocols},
	    &client));
	pair_open(&p, lib, client, &self, false);
	assert_true(shake(&p));
	assert_true(span_equal(tls_alpn(p.client), SPAN_OF("http/1.1")));
	pair_close(&p);
	tls_client_free(client);
	pem_free(&self);
	tls_library_free(lib);
}

static void
exchange_a_byte(struct pair *p)
{
	uint8_t byte;
	size_t n;

	tls_send_ticket(p->server);
	assert_int_equal(tls_write(p->client, SPAN_OF("?"), &n), TLS_DONE);
	assert_int_equal(tls_read(p->server, &byte, 1, &n), TLS_DONE);
	assert_int_equal(tls_write(p->server, SPAN_OF("!"), &n), TLS_DONE);
	assert_int_equal(tls_read(p->client, &byte, 1, &n), TLS_DONE);
	assert_int_equal(byte, '!');
}

static void
a_session_is_resumed_once_for_each_ticket(void **state)
{
	struct tls_library *lib = tls_library_new();
	struct pem self = pem_ecdsa("a.example");
	static const bool resumed[] = {false, true, true};
	struct tls_client *client;
	struct pair p;

	(void)state;
	assert_ok(tls_client_new(lib,
				 &(struct tls_client_settings){.authorities = buf_span(&self.chain),
							       .name = "a.example"},
				 &client));
	for (size_t i = 0; i < COUNT(resumed); i++) {
		pair_open(&p, lib, client, &self, true);
		assert_true(shake(&p));
		assert_int_equal(tls_resumed(p.client), resumed[i]);
		exchange_a_byte(&p);
		pair_close(&p);
	}
	/* None was sent this time, and the last one is used up. */
	pair_open(&p, lib, client, &self, true);
	assert_true(shake(&p));
	assert_true(tls_resumed(p.client));
	pair_close(&p);
	pair_open(&p, lib, client, &self, true);
	assert_true(shake(&p));
	assert_false(tls_resumed(p.client));
	pair_close(&p);
	tls_client_free(client);
	pem_free(&self);
	tls_library_free(lib);
}

/* Connections may outlive the configuration that made their client. */
static void
a_connection_keeps_its_client(void **state)
{
	struct tls_library *lib = tls_library_new();
	struct pem self = pem_ecdsa("a.example");
	struct tls_client *client;
	struct pair p;

	(void)state;
	client = trusting(lib);
	pair_open(&p, lib, client, &self, true);
	tls_client_free(client);
	assert_true(shake(&p));
	exchange_a_byte(&p);
	pair_close(&p);
	pem_free(&self);
	tls_library_free(lib);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_chain_and_a_name_that_fit_are_trusted),
	    cmocka_unit_test(a_certificate_among_the_authorities_is_trusted_itself),
	    cmocka_unit_test(who_is_not_trusted_is_said_in_words),
	    cmocka_unit_test(who_speaks_no_tls_is_told_from_who_does_it_wrong),
	    cmocka_unit_test(a_pin_is_enough_and_only_the_right_one),
	    cmocka_unit_test(with_trust_in_anybody_anybody_is_trusted),
	    cmocka_unit_test(bad_certificates_among_authorities_are_passed_over),
	    cmocka_unit_test(without_authorities_or_a_name_there_is_no_client),
	    cmocka_unit_test(protocols_are_offered_and_one_agreed_on),
	    cmocka_unit_test(a_session_is_resumed_once_for_each_ticket),
	    cmocka_unit_test(a_connection_keeps_its_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
