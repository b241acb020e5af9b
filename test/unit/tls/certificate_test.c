#include "peer.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>
#include <unistd.h>

#include "tls/issue.h"

static const char *const names[] = {"example.org", "*.example.org", "192.0.2.1", "2001:db8::1"};

static struct pem
pem_of_names(const char *const *list, size_t count)
{
	struct pem pem = {buf_with_cap(1 << 16), buf_with_cap(1 << 16)};

	assert_ok(certificate_self_signed(list, count, 90, &pem.chain, &pem.key));
	return pem;
}

static void
ours_says_what_it_was_made_for(void **state)
{
	struct pem pem = pem_of_names(names, COUNT(names));
	struct certificate_info info;
	int64_t now = time(NULL);

	(void)state;
	assert_ok(certificate_inspect(buf_span(&pem.chain), buf_span(&pem.key), &info));
	assert_string_equal(info.key_type, "ECDSA");
	assert_true(info.self_signed);
	assert_int_equal(strlen(info.sha256), 64);
	assert_in_range(now - info.not_before, 3590, 3610);
	assert_in_range(info.not_after - now, 90 * 86400 - 10, 90 * 86400 + 10);
	assert_ok(certificate_inspect(buf_span(&pem.chain), SPAN_NONE, &info));
	pem_free(&pem);
}

static X509 *
parse(const struct pem *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->chain.data, (int)buf_len(&pem->chain));
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(cert);
	return cert;
}

static void
ours_is_a_servers_and_no_authority(void **state)
{
	struct pem pem = pem_of_names(names, COUNT(names));
	X509 *cert = parse(&pem);
	char cn[80];

	(void)state;
	assert_int_equal(X509_check_ca(cert), 0);
	assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_SERVER);
	assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0), 1);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn, sizeof cn);
	assert_string_equal(cn, "example.org");
	assert_true(ASN1_STRING_length(X509_get0_serialNumber(cert)) == 16);
	X509_free(cert);
	pem_free(&pem);
}

static void
names_are_judged_as_browsers_do(void **state)
{
	static const struct {
		const char *name;
		bool has;
	} samples[] = {
	    {"example.org", true},
	    {"EXAMPLE.org", true},
	    {"www.example.org", true},
	    {"*.example.org", true},
	    {"a.b.example.org", false},
	    {"example.net", false},
	    {"org", false},
	    {"", false},
	    {".example.org", false},
	    {"192.0.2.1", true},
	    {"192.0.2.2", false},
	    {"2001:db8::1", true},
	    {"2001:DB8:0:0::1", true},
	    {"2001:db8::2", false},
	};
	struct pem pem = pem_of_names(names, COUNT(names));

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		if (certificate_has_name(buf_span(&pem.chain), samples[i].name) != samples[i].has)
			fail_msg("\"%s\"", samples[i].name);
	assert_false(certificate_has_name(SPAN_OF("no certificate"), "example.org"));
	assert_false(certificate_has_name(SPAN_NONE, "example.org"));
	pem_free(&pem);
}

/* What stands in one name is one name, whatever OpenSSL's configuration would make of it. */
static void
a_name_cannot_bring_another(void **state)
{
	const char *const sly[] = {"a.example,DNS:bank.example", "b.example\n"};
	struct pem pem = pem_of_names(sly, COUNT(sly));

	(void)state;
	assert_false(certificate_has_name(buf_span(&pem.chain), "bank.example"));
	assert_false(certificate_has_name(buf_span(&pem.chain), "a.example"));
	pem_free(&pem);
}

static void
a_long_name_stands_in_the_alternative_names(void **state)
{
	char label[] = "a234567890123456789012345678901234567890123456789012345678901.example";
	const char *const list[] = {label};
	struct pem pem = pem_of_names(list, 1);
	X509 *cert = parse(&pem);

	(void)state;
	assert_true(certificate_has_name(buf_span(&pem.chain), label));
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 0);
	X509_free(cert);
	pem_free(&pem);
}

static void
two_never_share_key_or_serial(void **state)
{
	struct pem one = pem_of_names(names, 1), two = pem_of_names(names, 1);
	struct certificate_info info;
	X509 *a = parse(&one), *b = parse(&two);

	(void)state;
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)),
			     0);
	assert_fails(certificate_inspect(buf_span(&one.chain), buf_span(&two.key), &info));
	X509_free(a);
	X509_free(b);
	pem_free(&one);
	pem_free(&two);
}

static void
what_cannot_be_made_is_refused(void **state)
{
	struct buf chain = buf_with_cap(1 << 16), key = buf_with_cap(1 << 16);
	struct buf tiny = buf_with_cap(100);

	(void)state;
	assert_fails(certificate_self_signed(names, 0, 90, &chain, &key));
	assert_fails(certificate_self_signed(names, 1, 0, &chain, &key));
	assert_fails(certificate_self_signed(names, 1, CERTIFICATE_DAYS_MAX + 1, &chain, &key));
	assert_fails(certificate_self_signed(names, 1, 90, &chain, &tiny));
	buf_free(&chain);
	buf_wipe(&key);
	buf_wipe(&tiny);
}

/* Makes `path`, of mkstemp()'s form, a file of authorities that OpenSSL takes for the machine's
 * own. */
static void
trust_alone(struct span pem, char *path)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, pem.p, pem.len) == (ssize_t)pem.len);
	close(fd);
	setenv("SSL_CERT_FILE", path, 1);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
}

struct made {
	struct buf key, certificate;
	struct pem pem;
};

static void
make_signed(struct made *m, const struct issue_request *request)
{
	char serial[ISSUE_SERIAL_MAX];

	*m = (struct made){buf_with_cap(1 << 16), buf_with_cap(1 << 16), {buf_with_cap(1 << 16)}};
	assert_ok(issue_make_key(ISSUE_P256, &m->key));
	assert_ok(issue_certificate(request, buf_span(&m->key), &m->certificate, serial));
	assert_true(issue_put_pem(&m->pem.chain, "CERTIFICATE", buf_span(&m->certificate)));
}

static void
made_free(struct made *m)
{
	buf_wipe(&m->key);
	buf_free(&m->certificate);
	buf_free(&m->pem.chain);
}

static void
whom_the_machine_trusts_is_trusted_by_his_names_for_now(void **state)
{
	static const char *const dns[] = {"vpn.example.org", NULL};
	const int64_t now = (int64_t)time(NULL) * 1000, day = 86400000;
	struct issue_request request = {
	    .use = ISSUE_CA, .name = "Root", .not_before = now - day, .not_after = now + day};
	struct pem other = pem_of_names(names, COUNT(names));
	char believed[] = "/tmp/certificate_test.XXXXXX",
	     another[] = "/tmp/certificate_test.XXXXXX";
	struct made ca, good, old;

	(void)state;
	make_signed(&ca, &request);
	request = (struct issue_request){.use = ISSUE_SERVER,
					 .name = "common.example.org",
					 .dns_names = dns,
					 .not_before = now - day,
					 .not_after = now + day,
					 .issuer_certificate = buf_span(&ca.certificate),
					 .issuer_key = buf_span(&ca.key)};
	make_signed(&good, &request);
	request.not_after = now - day / 2;
	make_signed(&old, &request);
	trust_alone(buf_span(&ca.pem.chain), believed);
	assert_true(certificate_is_trusted(buf_span(&good.pem.chain), "vpn.example.org"));
	assert_false(certificate_is_trusted(buf_span(&good.pem.chain), "common.example.org"));
	assert_false(certificate_is_trusted(buf_span(&good.pem.chain), ""));
	assert_false(certificate_is_trusted(buf_span(&old.pem.chain), "vpn.example.org"));
	assert_false(certificate_is_trusted(buf_span(&other.chain), "example.org"));
	assert_false(certificate_is_trusted(SPAN_OF("no PEM"), "vpn.example.org"));
	trust_alone(buf_span(&other.chain), another);
	assert_false(certificate_is_trusted(buf_span(&good.pem.chain), "vpn.example.org"));
	unlink(believed);
	unlink(another);
	made_free(&ca);
	made_free(&good);
	made_free(&old);
	pem_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ours_says_what_it_was_made_for),
	    cmocka_unit_test(ours_is_a_servers_and_no_authority),
	    cmocka_unit_test(names_are_judged_as_browsers_do),
	    cmocka_unit_test(a_name_cannot_bring_another),
	    cmocka_unit_test(a_long_name_stands_in_the_alternative_names),
	    cmocka_unit_test(two_never_share_key_or_serial),
	    cmocka_unit_test(what_cannot_be_made_is_refused),
	    cmocka_unit_test(whom_the_machine_trusts_is_trusted_by_his_names_for_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
