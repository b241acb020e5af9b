#include "peer.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static struct tls_library *lib;

static int
set_up(void **state)
{
	(void)state;
	lib = tls_library_new();
	return lib == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_library_free(lib);
	return 0;
}

static void
move(BIO *from, struct buf *to)
{
	char *bytes;
	long len = BIO_get_mem_data(from, &bytes);

	assert_true(buf_append(to, span_of(bytes, (size_t)len)));
	BIO_free(from);
}

/* `key` and a certificate it has signed itself. */
static struct pem
pem_of(EVP_PKEY *key, const EVP_MD *md, const EVP_CIPHER *passphrase)
{
	struct pem pem = {buf_with_cap(1 << 16), buf_with_cap(1 << 16)};
	BIO *chain = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());
	X509 *cert = X509_new();
	char word[] = "open sesame";

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
				   (const unsigned char *)"rsa", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, md) > 0);
	PEM_write_bio_X509(chain, cert);
	PEM_write_bio_PKCS8PrivateKey(secret, key, passphrase, NULL, 0, NULL, word);
	X509_free(cert);
	move(chain, &pem.chain);
	move(secret, &pem.key);
	return pem;
}

static struct pem
pem_rsa(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	struct pem pem = pem_of(key, EVP_sha256(), NULL);

	EVP_PKEY_free(key);
	return pem;
}

static struct err
try(const struct tls_pair *pairs, size_t count)
{
	struct tls_context *ctx;
	struct err e = tls_context_new(lib, "example.org", pairs, count, &ctx);

	assert_true(failed(e) == (ctx == NULL));
	tls_context_free(ctx);
	return e;
}

static void
assert_refused(struct tls_pair pair, const char *why)
{
	struct err e = try(&pair, 1);

	if (strcmp(e.text, why) != 0)
		fail_msg("\"%s\", not \"%s\"", e.text, why);
	assert_int_equal(ERR_peek_error(), 0);
}

/* The client's signature algorithms say which it can check. */
static void
rsa_and_ecdsa_stand_beside_each_other(void **state)
{
	static const struct {
		const char *algorithms;
		int type;
	} clients[] = {{"ECDSA+SHA256:RSA-PSS+SHA256", EVP_PKEY_EC},
		       {"RSA-PSS+SHA256", EVP_PKEY_RSA}};
	struct pem ecdsa = pem_ecdsa("example.org"), rsa = pem_rsa(2048);
	struct tls_pair pairs[] = {pem_pair(&rsa), pem_pair(&ecdsa)};
	struct tls_context *ctx;

	(void)state;
	assert_ok(tls_context_new(lib, "example.org", pairs, 2, &ctx));
	for (size_t i = 0; i < 2 * COUNT(clients); i++) {
		struct peer p = {0};

		peer_open(&p, ctx);
		SSL_set_max_proto_version(p.ssl, i < 2 ? TLS1_3_VERSION : TLS1_2_VERSION);
		assert_int_equal(SSL_set1_sigalgs_list(p.ssl, clients[i % 2].algorithms), 1);
		assert_true(peer_shake(&p));
		X509 *cert = SSL_get1_peer_certificate(p.ssl);
		assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(cert)), clients[i % 2].type);
		X509_free(cert);
		peer_close(&p);
	}
	tls_context_free(ctx);
	pem_free(&ecdsa);
	pem_free(&rsa);
}

static void
a_context_needs_a_certificate(void **state)
{
	(void)state;
	assert_fails(try(NULL, 0));
}

static void
two_of_a_type_are_refused(void **state)
{
	struct pem one = pem_ecdsa("example.org"), two = pem_ecdsa("example.org");
	struct tls_pair pairs[] = {pem_pair(&one), pem_pair(&two)};
	struct err e = try(pairs, 2);

	(void)state;
	assert_string_equal(e.text, "there is a certificate of the same key type already");
	pem_free(&one);
	pem_free(&two);
}

static void
pairs_that_do_not_serve_are_refused_with_the_reason(void **state)
{
	struct pem good = pem_ecdsa("example.org"), other = pem_ecdsa("example.org"),
		   small = pem_rsa(1024);
	struct certificate_info info;
	struct span chain = buf_span(&good.chain), key = buf_span(&good.key);
	struct span half = span_head(chain, chain.len / 2);

	(void)state;
	assert_refused((struct tls_pair){SPAN_NONE, key}, "the certificate file is empty");
	assert_refused((struct tls_pair){chain, SPAN_NONE}, "the key file is empty");
	assert_refused((struct tls_pair){key, key},
		       "the certificate file holds no certificate (PEM)");
	assert_refused((struct tls_pair){chain, chain}, "the key file holds no private key (PEM)");
	assert_refused((struct tls_pair){chain, buf_span(&other.key)},
		       "the key does not belong to the certificate");
	assert_refused(pem_pair(&small),
		       "the certificate's key is too small: RSA needs 2048 bits or more");
	assert_fails(try(&(struct tls_pair){half, key}, 1));
	/* Who only looks at the files is to know as well. */
	assert_fails(certificate_inspect(buf_span(&small.chain), SPAN_NONE, &info));
	pem_free(&good);
	pem_free(&other);
	pem_free(&small);
}

/* Broken anywhere, a file is refused or read as what it says; never a crash. */
static void
a_broken_file_is_refused(void **state)
{
	struct pem good = pem_ecdsa("example.org");
	struct span chain = buf_span(&good.chain);
	uint8_t *bytes = malloc(chain.len);
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < chain.len; i += 7) {
		struct certificate_info info;

		memcpy(bytes, chain.p, chain.len);
		bytes[i] = '~';
		refused += failed(
		    certificate_inspect(span_of(bytes, chain.len), buf_span(&good.key), &info));
	}
	assert_true(refused > chain.len / 7 / 2);
	free(bytes);
	pem_free(&good);
}

static void
a_passphrase_is_never_asked_for(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct pem pem = pem_of(key, EVP_sha256(), EVP_aes_256_cbc());

	(void)state;
	assert_refused(pem_pair(&pem),
		       "the key is protected by a passphrase: store it without one");
	EVP_PKEY_free(key);
	pem_free(&pem);
}

static void
certificate_and_key_may_be_one_file(void **state)
{
	struct pem pem = pem_ecdsa("example.org");
	struct span both;

	(void)state;
	assert_true(buf_append(&pem.key, buf_span(&pem.chain)));
	both = buf_span(&pem.key);
	assert_ok(try(&(struct tls_pair){both, both}, 1));
	pem_free(&pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rsa_and_ecdsa_stand_beside_each_other),
	    cmocka_unit_test(a_context_needs_a_certificate),
	    cmocka_unit_test(two_of_a_type_are_refused),
	    cmocka_unit_test(pairs_that_do_not_serve_are_refused_with_the_reason),
	    cmocka_unit_test(a_broken_file_is_refused),
	    cmocka_unit_test(a_passphrase_is_never_asked_for),
	    cmocka_unit_test(certificate_and_key_may_be_one_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
