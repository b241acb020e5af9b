#include "tls/certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "tls/extension.h"
#include "tls/library.h"
#include "tls/pem.h"

#define CN_MAX      64 /* RFC 5280, ub-common-name */
#define SERIAL_BITS 128
#define STRENGTH    112 /* bits of security, as security level 2 will want: RSA 2048, EC 224 */

/* The first certificate of a file. */
static struct err
first_of(struct span pem, X509 **out)
{
	STACK_OF(X509) * chain;
	struct err e = pem_read_chain(NULL, pem, &chain);

	*out = NULL;
	if (failed(e))
		return e;
	*out = sk_X509_shift(chain);
	sk_X509_pop_free(chain, X509_free);
	return e;
}

static struct err
check_key(X509 *cert, struct span pem)
{
	EVP_PKEY *key;
	struct err e = pem_read_key(NULL, pem, &key);

	if (failed(e))
		return e;
	if (X509_check_private_key(cert, key) != 1)
		e = err_new("the key does not belong to the certificate");
	EVP_PKEY_free(key);
	return e;
}

static bool
seconds_of(const ASN1_TIME *time, int64_t *seconds)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*seconds = timegm(&tm);
	return true;
}

static bool
describe(X509 *cert, struct certificate_info *info)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	uint8_t digest[32];

	if (type == NULL || X509_digest(cert, EVP_sha256(), digest, NULL) != 1 ||
	    !seconds_of(X509_get0_notBefore(cert), &info->not_before) ||
	    !seconds_of(X509_get0_notAfter(cert), &info->not_after))
		return false;
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(info->sha256 + 2 * i, 3, "%02x", digest[i]);
	snprintf(info->key_type, sizeof info->key_type, "%s",
		 strcmp(type, "EC") == 0 ? "ECDSA" : type);
	info->self_signed = X509_self_signed(cert, 1) == 1;
	return true;
}

struct err
certificate_inspect(struct span chain, struct span key, struct certificate_info *info)
{
	X509 *cert;
	struct err e = first_of(chain, &cert);

	*info = (struct certificate_info){0};
	if (failed(e))
		return e;
	if (!describe(cert, info))
		e = err_new("the certificate is malformed");
	else if (EVP_PKEY_get_security_bits(X509_get0_pubkey(cert)) < STRENGTH)
		e = err_new("the certificate's key is too small: RSA needs 2048 bits or more");
	else if (key.len > 0)
		e = check_key(cert, key);
	ERR_clear_error();
	X509_free(cert);
	return e;
}

/* Browsers read the alternative names only, and a star for one whole label (RFC 9525 §6.3). */
bool
certificate_has_name(struct span chain, const char *name)
{
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	ASN1_OCTET_STRING *ip = NULL;
	X509 *cert;
	int has;

	/* To OpenSSL a dot in front means "any name below". */
	if (name[0] == '\0' || name[0] == '.' || failed(first_of(chain, &cert)))
		return false;
	if ((ip = a2i_IPADDRESS(name)) != NULL)
		has = X509_check_ip(cert, ASN1_STRING_get0_data(ip), (size_t)ASN1_STRING_length(ip),
				    0);
	else
		has = X509_check_host(cert, name, 0, flags, NULL);
	ERR_clear_error();
	ASN1_OCTET_STRING_free(ip);
	X509_free(cert);
	return has == 1;
}

/* The name is for certificate_has_name(): OpenSSL would fall back on the common name. */
static bool
leads_to_a_root(STACK_OF(X509) * chain)
{
	X509_STORE *roots = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool leads = roots != NULL && ctx != NULL && X509_STORE_set_default_paths(roots) == 1 &&
		     X509_STORE_CTX_init(ctx, roots, sk_X509_value(chain, 0), chain) == 1 &&
		     X509_STORE_CTX_set_default(ctx, "ssl_server") == 1 &&
		     X509_verify_cert(ctx) == 1;

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(roots);
	return leads;
}

bool
certificate_is_trusted(struct span chain, const char *name)
{
	STACK_OF(X509) * certificates;

	if (!certificate_has_name(chain, name) ||
	    failed(pem_read_chain(NULL, chain, &certificates)))
		return false;
	bool trusted = leads_to_a_root(certificates);
	ERR_clear_error();
	sk_X509_pop_free(certificates, X509_free);
	return trusted;
}

static bool
set_serial(X509 *cert)
{
	BIGNUM *serial = BN_new();
	bool set = serial != NULL &&
		   BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		   BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;

	BN_free(serial);
	return set;
}

/* An hour back, for visitors whose clock is slow. */
static bool
set_times(X509 *cert, unsigned days)
{
	return X509_time_adj_ex(X509_getm_notBefore(cert), 0, -3600, NULL) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), (int)days, 0, NULL) != NULL;
}

/* A name too long for the subject stands in the alternative names alone. */
static bool
set_names_of_subject(X509 *cert, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	if (strlen(name) <= CN_MAX &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
				       (const unsigned char *)name, -1, -1, 0) != 1)
		return false;
	return X509_set_issuer_name(cert, subject) == 1;
}

static bool
fill(X509 *cert, EVP_PKEY *key, const char *const *names, size_t count, unsigned days)
{
	static const struct extension extensions[] = {
	    {NID_basic_constraints, "critical,CA:FALSE"},
	    {NID_key_usage, "critical,digitalSignature"},
	    {NID_ext_key_usage, "serverAuth"},
	    {NID_subject_key_identifier, "hash"},
	};

	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	       set_times(cert, days) && X509_set_pubkey(cert, key) == 1 &&
	       set_names_of_subject(cert, names[0]) && extensions_add_names(cert, names, count) &&
	       extensions_add(cert, cert, extensions, COUNT(extensions)) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

/* Moves what the memory BIO holds, and wipes it there. */
static bool
drain(BIO *from, struct buf *to)
{
	char *bytes;
	long len = BIO_get_mem_data(from, &bytes);
	bool fits = len > 0 && buf_append(to, span_of(bytes, (size_t)len));

	if (len > 0)
		explicit_bzero(bytes, (size_t)len);
	return fits;
}

static bool
put_pem(X509 *cert, EVP_PKEY *key, struct buf *to)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool put = bio != NULL &&
		   (cert != NULL ? PEM_write_bio_X509(bio, cert)
				 : PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
								 NULL)) == 1 &&
		   drain(bio, to);

	BIO_free(bio);
	return put;
}

struct err
certificate_self_signed(const char *const *names, size_t count, unsigned days, struct buf *chain,
			struct buf *key_out)
{
	EVP_PKEY *key = NULL;
	X509 *cert = X509_new();
	struct err e = ERR_NONE;

	ERR_clear_error();
	if (count == 0 || days == 0 || days > CERTIFICATE_DAYS_MAX)
		e = err_new("a certificate needs a name and 1 to %d days", CERTIFICATE_DAYS_MAX);
	else if (cert == NULL || (key = EVP_EC_gen("P-256")) == NULL ||
		 !fill(cert, key, names, count, days) || !put_pem(cert, NULL, chain) ||
		 !put_pem(NULL, key, key_out))
		e = err_new("cannot make a certificate: %s", library_reason());
	ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(key);
	return e;
}
