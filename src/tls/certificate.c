#include "tls/certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

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

/* Not through OpenSSL's configuration syntax, where a comma in a name begins another. */
static bool
push_name(GENERAL_NAMES *names, const char *name)
{
	ASN1_OCTET_STRING *value = a2i_IPADDRESS(name);
	GENERAL_NAME *general = GENERAL_NAME_new();
	int type = value != NULL ? GEN_IPADD : GEN_DNS;

	if (value == NULL && (value = ASN1_IA5STRING_new()) != NULL &&
	    ASN1_STRING_set(value, name, -1) != 1) {
		ASN1_STRING_free(value);
		value = NULL;
	}
	if (value != NULL && general != NULL) {
		GENERAL_NAME_set0_value(general, type, value);
		if (sk_GENERAL_NAME_push(names, general) > 0)
			return true;
	} else {
		ASN1_STRING_free(value);
	}
	GENERAL_NAME_free(general);
	return false;
}

static bool
set_alternative_names(X509 *cert, const char *const *names, size_t count)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	bool critical =
	    X509_NAME_entry_count(X509_get_subject_name(cert)) == 0; /* RFC 5280 §4.2.1.6 */
	bool set = all != NULL;

	for (size_t i = 0; i < count && set; i++)
		set = push_name(all, names[i]);
	set = set && X509_add1_ext_i2d(cert, NID_subject_alt_name, all, critical, 0) == 1;
	GENERAL_NAMES_free(all);
	return set;
}

static bool
set_extensions(X509 *cert)
{
	static const struct {
		int nid;
		const char *value;
	} extensions[] = {
	    {NID_basic_constraints, "critical,CA:FALSE"},
	    {NID_key_usage, "critical,digitalSignature"},
	    {NID_ext_key_usage, "serverAuth"},
	    {NID_subject_key_identifier, "hash"},
	};
	X509V3_CTX context;

	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	for (size_t i = 0; i < COUNT(extensions); i++) {
		X509_EXTENSION *ext =
		    X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
		bool added = ext != NULL && X509_add_ext(cert, ext, -1) == 1;

		X509_EXTENSION_free(ext);
		if (!added)
			return false;
	}
	return true;
}

static bool
fill(X509 *cert, EVP_PKEY *key, const char *const *names, size_t count, unsigned days)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	       set_times(cert, days) && X509_set_pubkey(cert, key) == 1 &&
	       set_names_of_subject(cert, names[0]) && set_alternative_names(cert, names, count) &&
	       set_extensions(cert) && X509_sign(cert, key, EVP_sha256()) > 0;
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
