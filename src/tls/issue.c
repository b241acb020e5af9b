#include "tls/issue.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/encode.h"
#include "tls/extension.h"
#include "tls/library.h"
#include "tls/random.h"

#define SERIAL   16
#define PEM_LINE 64 /* RFC 7468 §2 */
#define DER_MAX  (1 << 20)

_Static_assert(HEX_SIZE(SERIAL) <= ISSUE_SERIAL_MAX, "a serial number fits");

/* The subject's key identifier stands before the authority's, which may be the same one. */
/* clang-format off */
static const struct extension of_ca[] = {
	{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	{NID_key_usage, "critical,keyCertSign,cRLSign"},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid:always"},
}, of_server[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_ext_key_usage, "serverAuth"},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid:always"},
}, of_client[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_ext_key_usage, "clientAuth"},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid:always"},
};
static const struct use {
	const struct extension *extensions;
	size_t count;
} uses[] = {
	[ISSUE_CA]     = {of_ca, COUNT(of_ca)},
	[ISSUE_SERVER] = {of_server, COUNT(of_server)},
	[ISSUE_CLIENT] = {of_client, COUNT(of_client)},
};
/* clang-format on */

static EVP_PKEY *
make_key(enum issue_key kind)
{
	switch (kind) {
	case ISSUE_P256:
		return EVP_EC_gen("P-256");
	case ISSUE_RSA_2048:
		return EVP_RSA_gen(2048);
	case ISSUE_RSA_3072:
		return EVP_RSA_gen(3072);
	}
	return NULL;
}

static bool
put_key(EVP_PKEY *key, struct buf *out)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	bool put = len > 0 && buf_append(out, span_of(der, (size_t)len));

	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	PKCS8_PRIV_KEY_INFO_free(info);
	return put;
}

struct err
issue_make_key(enum issue_key kind, struct buf *out)
{
	struct err e = ERR_NONE;
	EVP_PKEY *key;

	ERR_clear_error();
	key = make_key(kind);
	if (key == NULL || !put_key(key, out))
		e = err_new("cannot make a key: %s", library_reason());
	ERR_clear_error();
	EVP_PKEY_free(key);
	return e;
}

/* NULL unless it is all of `der`. */
static EVP_PKEY *
key_of(struct span der)
{
	const unsigned char *p = der.p;
	EVP_PKEY *key =
	    der.len > 0 && der.len <= DER_MAX ? d2i_AutoPrivateKey(NULL, &p, (long)der.len) : NULL;

	if (key != NULL && p != der.p + der.len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static X509 *
certificate_of(struct span der)
{
	const unsigned char *p = der.p;
	X509 *cert = der.len > 0 && der.len <= DER_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (cert != NULL && p != der.p + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

/* The highest bit but one is always set: the number is positive, and its hex has one length. */
static bool
set_serial(X509 *cert, char text[ISSUE_SERIAL_MAX])
{
	uint8_t bytes[SERIAL];
	BIGNUM *serial;
	bool set;

	random_bytes(bytes, sizeof bytes);
	bytes[0] = (uint8_t)((bytes[0] & 0x3F) | 0x40);
	serial = BN_bin2bn(bytes, sizeof bytes, NULL);
	set = serial != NULL && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;
	BN_free(serial);
	hex_write(span_of(bytes, sizeof bytes), text);
	return set;
}

static bool
add_entry(X509_NAME *name, int nid, const char *value)
{
	return value == NULL ||
	       X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)value,
					  -1, -1, 0) == 1;
}

static bool
set_names(X509 *cert, X509 *issuer, const struct issue_request *r)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	size_t count = 0;

	while (r->dns_names != NULL && r->dns_names[count] != NULL)
		count++;
	return add_entry(subject, NID_organizationName, r->organization) &&
	       add_entry(subject, NID_commonName, r->name) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	       (count == 0 || extensions_add_names(cert, r->dns_names, count));
}

static bool
set_times(X509 *cert, const struct issue_request *r)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), r->not_before / 1000) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), r->not_after / 1000) != NULL;
}

static bool
fill(X509 *cert, EVP_PKEY *key, X509 *issuer, const struct issue_request *r, char *serial)
{
	const struct use *use = &uses[r->use];

	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, serial) &&
	       set_times(cert, r) && X509_set_pubkey(cert, key) == 1 &&
	       set_names(cert, issuer, r) &&
	       extensions_add(cert, issuer, use->extensions, use->count);
}

static bool
put_certificate(X509 *cert, struct buf *out)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	bool put = len > 0 && buf_append(out, span_of(der, (size_t)len));

	OPENSSL_free(der);
	return put;
}

/* What takes part in it; `issuer` and `signer` are the new ones themselves where it signs itself.
 */
struct issuing {
	EVP_PKEY *key, *signer;
	X509 *cert, *issuer;
};

static struct err
gather(const struct issue_request *r, struct span key, struct issuing *i)
{
	bool itself = r->issuer_certificate.len == 0;

	if ((i->key = key_of(key)) == NULL)
		return err_new("the key cannot be read");
	if ((i->cert = X509_new()) == NULL)
		return err_new("out of memory");
	i->issuer = itself ? i->cert : certificate_of(r->issuer_certificate);
	i->signer = itself ? i->key : key_of(r->issuer_key);
	if (i->issuer == NULL || i->signer == NULL)
		return err_new("the authority's certificate or key cannot be read");
	if (!itself && X509_check_private_key(i->issuer, i->signer) != 1)
		return err_new("the key is not that of the authority's certificate");
	if (!itself && X509_check_ca(i->issuer) != 1)
		return err_new("the issuer's certificate is not an authority's");
	return ERR_NONE;
}

static void
let_go(struct issuing *i)
{
	if (i->issuer != i->cert)
		X509_free(i->issuer);
	if (i->signer != i->key)
		EVP_PKEY_free(i->signer);
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
}

struct err
issue_certificate(const struct issue_request *r, struct span key, struct buf *certificate,
		  char serial[ISSUE_SERIAL_MAX])
{
	struct issuing i = {NULL};
	struct err e;

	ERR_clear_error();
	serial[0] = '\0';
	if (r->name == NULL || r->name[0] == '\0' || r->not_after <= r->not_before)
		return err_new("a certificate needs a name, and to end after it begins");
	e = gather(r, key, &i);
	if (!failed(e) && (!fill(i.cert, i.key, i.issuer, r, serial) ||
			   X509_sign(i.cert, i.signer, EVP_sha256()) <= 0 ||
			   !put_certificate(i.cert, certificate)))
		e = err_new("cannot make a certificate for \"%.64s\": %s", r->name,
			    library_reason());
	ERR_clear_error();
	let_go(&i);
	return e;
}

bool
issue_put_pem(struct buf *out, const char *label, struct span der)
{
	return buf_printf(out, "-----BEGIN %s-----\n", label) && base64_put(out, der, PEM_LINE) &&
	       buf_printf(out, "-----END %s-----\n", label);
}
