#include "unit.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "base/clock.h"
#include "tls/issue.h"

#define DAY 86400000ll

struct pair {
	struct buf key, certificate;
	char serial[ISSUE_SERIAL_MAX];
};

static void
pair_free(struct pair *p)
{
	buf_wipe(&p->key);
	buf_free(&p->certificate);
}

static struct issue_request
request(enum issue_use use, const char *name, const struct pair *issuer)
{
	int64_t now = clock_wall_ms();

	return (struct issue_request){
	    .use = use,
	    .name = name,
	    .not_before = now - DAY,
	    .not_after = now + 10 * DAY,
	    .issuer_certificate = issuer != NULL ? buf_span(&issuer->certificate) : SPAN_NONE,
	    .issuer_key = issuer != NULL ? buf_span(&issuer->key) : SPAN_NONE,
	};
}

static struct pair
issued(enum issue_key kind, const struct issue_request *r)
{
	struct pair p = {.key = buf_with_cap(8192), .certificate = buf_with_cap(8192)};

	assert_ok(issue_make_key(kind, &p.key));
	assert_ok(issue_certificate(r, buf_span(&p.key), &p.certificate, p.serial));
	return p;
}

static X509 *
parsed(const struct pair *p)
{
	const unsigned char *at = buf_span(&p->certificate).p;
	X509 *cert = d2i_X509(NULL, &at, (long)buf_len(&p->certificate));

	assert_non_null(cert);
	return cert;
}

/* As a peer does that believes `ca` alone. X509_V_OK: good for that purpose. */
static int
verify(const struct pair *leaf, const struct pair *ca, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *cert = parsed(leaf), *root = parsed(ca);
	int error;

	assert_true(X509_STORE_add_cert(store, root) == 1);
	assert_true(X509_STORE_CTX_init(ctx, store, cert, NULL) == 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	(void)X509_verify_cert(ctx);
	error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(root);
	X509_free(cert);
	return error;
}

static void
each_is_good_for_its_own_use_alone(void **state)
{
	static const enum issue_key kinds[] = {ISSUE_P256, ISSUE_RSA_2048, ISSUE_RSA_3072};
	static const char *const names[] = {"vpn.example.org", "192.0.2.1", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct issue_request r = request(ISSUE_CA, "test CA", NULL);
		struct pair ca = issued(kinds[i], &r), server, client;

		r = request(ISSUE_SERVER, "vpn.example.org", &ca);
		r.dns_names = names;
		server = issued(kinds[i], &r);
		r = request(ISSUE_CLIENT, "alice/laptop", &ca);
		client = issued(kinds[i], &r);
		assert_int_equal(verify(&server, &ca, X509_PURPOSE_SSL_SERVER), X509_V_OK);
		assert_int_equal(verify(&client, &ca, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
		assert_int_not_equal(verify(&server, &ca, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
		assert_int_not_equal(verify(&client, &ca, X509_PURPOSE_SSL_SERVER), X509_V_OK);
		pair_free(&client);
		pair_free(&server);
		pair_free(&ca);
	}
}

static void
names_stand_where_they_are_looked_for(void **state)
{
	static const char *const names[] = {"vpn.example.org", "192.0.2.1", "2001:db8::1", NULL};
	struct issue_request r = request(ISSUE_CA, "test CA", NULL);
	struct pair ca = issued(ISSUE_P256, &r), server;
	char name[65];
	X509 *cert;

	(void)state;
	r = request(ISSUE_SERVER, "b\xC3\xBCro, O=Evil/CN=x", &ca);
	r.dns_names = names;
	server = issued(ISSUE_P256, &r);
	cert = parsed(&server);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 1);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
	assert_string_equal(name, r.name);
	assert_int_equal(X509_check_host(cert, "vpn.example.org", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(cert, "192.0.2.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "2001:db8::1", 0), 1);
	assert_int_equal(X509_check_host(cert, "example.org", 0, 0, NULL), 0);
	X509_free(cert);
	pair_free(&server);
	pair_free(&ca);
}

static void
serial_numbers_are_random_and_as_told(void **state)
{
	struct issue_request r = request(ISSUE_CA, "test CA", NULL);
	struct pair a = issued(ISSUE_P256, &r), b = issued(ISSUE_P256, &r);
	X509 *cert = parsed(&a);
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = BN_bn2hex(serial);

	(void)state;
	assert_string_not_equal(a.serial, b.serial);
	assert_int_equal(strlen(a.serial), 32);
	assert_int_equal(strspn(a.serial, "0123456789abcdef"), 32);
	assert_int_equal(strcasecmp(hex, a.serial), 0);
	OPENSSL_free(hex);
	BN_free(serial);
	X509_free(cert);
	pair_free(&a);
	pair_free(&b);
}

static void
what_another_authority_issued_is_not_believed(void **state)
{
	struct issue_request r = request(ISSUE_CA, "test CA", NULL);
	struct pair ours = issued(ISSUE_P256, &r), other = issued(ISSUE_P256, &r), leaf;

	(void)state;
	r = request(ISSUE_CLIENT, "alice", &ours);
	leaf = issued(ISSUE_P256, &r);
	assert_int_equal(verify(&leaf, &ours, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	assert_int_not_equal(verify(&leaf, &other, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	pair_free(&leaf);
	pair_free(&other);
	pair_free(&ours);
}

static void
check_refused(const struct issue_request *r, struct span key)
{
	struct buf out = buf_with_cap(8192);
	char serial[ISSUE_SERIAL_MAX];

	assert_fails(issue_certificate(r, key, &out, serial));
	assert_int_equal(buf_len(&out), 0);
	buf_free(&out);
}

static void
nothing_is_signed_with_what_does_not_fit(void **state)
{
	struct issue_request r = request(ISSUE_CA, "test CA", NULL), bad;
	struct pair ca = issued(ISSUE_P256, &r), other = issued(ISSUE_P256, &r), leaf;
	struct span key;

	(void)state;
	r = request(ISSUE_CLIENT, "alice", &ca);
	leaf = issued(ISSUE_P256, &r);
	key = buf_span(&leaf.key);
	bad = r, bad.issuer_key = buf_span(&other.key);
	check_refused(&bad, key);
	bad = r, bad.issuer_key = SPAN_NONE;
	check_refused(&bad, key);
	bad = r, bad.issuer_key = span_head(r.issuer_key, r.issuer_key.len - 1);
	check_refused(&bad, key);
	bad = r, bad.issuer_certificate = span_head(r.issuer_certificate, 100);
	check_refused(&bad, key);
	/* A device's certificate signs nothing. */
	bad = r, bad.issuer_certificate = buf_span(&leaf.certificate), bad.issuer_key = key;
	check_refused(&bad, key);
	bad = r, bad.name = "";
	check_refused(&bad, key);
	bad = r, bad.name = "\xFF\xFE";
	check_refused(&bad, key);
	bad = r, bad.name = "0123456789012345678901234567890123456789012345678901234567890123+";
	check_refused(&bad, key);
	bad = r, bad.not_after = bad.not_before;
	check_refused(&bad, key);
	check_refused(&r, SPAN_NONE);
	check_refused(&r, SPAN_OF("no key"));
	check_refused(&r, span_head(key, key.len - 1));
	pair_free(&leaf);
	pair_free(&other);
	pair_free(&ca);
}

static void
pem_is_as_openssl_writes_it(void **state)
{
	struct buf out = buf_with_cap(4096), narrow = buf_with_cap(100);
	uint8_t bytes[50] = {0};

	(void)state;
	assert_true(issue_put_pem(&out, "CERTIFICATE", span_of(bytes, sizeof bytes)));
	assert_true(buf_byte(&out, '\0'));
	assert_string_equal(out.data,
			    "-----BEGIN CERTIFICATE-----\n"
			    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
			    "AAA=\n"
			    "-----END CERTIFICATE-----\n");
	assert_false(issue_put_pem(&narrow, "CERTIFICATE", span_of(bytes, sizeof bytes)));
	buf_free(&narrow);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_good_for_its_own_use_alone),
	    cmocka_unit_test(names_stand_where_they_are_looked_for),
	    cmocka_unit_test(serial_numbers_are_random_and_as_told),
	    cmocka_unit_test(what_another_authority_issued_is_not_believed),
	    cmocka_unit_test(nothing_is_signed_with_what_does_not_fit),
	    cmocka_unit_test(pem_is_as_openssl_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
