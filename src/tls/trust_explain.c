/* Why a certificate is not trusted, for whoever reads the log. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/address.h"
#include "base/text.h"
#include "tls/library.h"
#include "tls/trust.h"

#define NAMES_SHOWN 4
#define NAME_SHOWN  100 /* bytes of one; the peer wrote it */

/* Explanations are cut where the buffer ends: its cap is what a log line bears. */
static void
put(struct buf *out, struct span text)
{
	(void)!buf_append(out, span_head(text, out->cap - buf_len(out)));
}

static void
put_peers(struct buf *out, struct span text)
{
	(void)!text_put_escaped(out, text, NAME_SHOWN, false);
}

void
trust_put_digest(struct buf *out, const uint8_t digest[32])
{
	put(out, SPAN_OF("SHA-256 "));
	for (size_t i = 0; i < 32; i++)
		(void)!buf_printf(out, "%02x", digest[i]);
}

static void
put_date(struct buf *out, const ASN1_TIME *time)
{
	static const char *const months[] = {
	    "January", "February", "March",     "April",   "May",      "June",
	    "July",    "August",   "September", "October", "November", "December",
	};
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 || tm.tm_mon < 0 || tm.tm_mon > 11)
		put(out, SPAN_OF("a day that cannot be read"));
	else
		(void)!buf_printf(out, "%d %s %d", tm.tm_mday, months[tm.tm_mon],
				  1900 + tm.tm_year);
}

/* The name's most telling part: its common name, else the organization, else all of it. */
static void
put_subject(struct buf *out, const X509_NAME *name)
{
	static const int parts[] = {NID_commonName, NID_organizationName};
	char text[256];

	for (size_t i = 0; i < COUNT(parts); i++) {
		int at = X509_NAME_get_index_by_NID(name, parts[i], -1);
		const ASN1_STRING *value =
		    at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)) : NULL;

		if (value == NULL)
			continue;
		put_peers(out,
			  span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)));
		return;
	}
	if (X509_NAME_oneline(name, text, sizeof text) != NULL)
		put_peers(out, span_str(text));
}

static bool
put_name(struct buf *out, const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	char text[ADDRESS_TEXT_MAX];
	struct address ip;

	if (type != GEN_DNS && type != GEN_IPADD)
		return false;
	const uint8_t *bytes = ASN1_STRING_get0_data(value);
	int len = ASN1_STRING_length(value);
	if (type == GEN_DNS) {
		put_peers(out, span_of(bytes, (size_t)len));
		return true;
	}
	if (len != 4 && len != 16)
		return false;
	ip = len == 4 ? address_v4(bytes, 0) : address_v6(bytes, 0);
	put(out, span_str(address_ip_text(&ip, text)));
	return true;
}

/* "is for a.example, b.example and others"; common names do not count (RFC 9525 §2). */
static void
put_names(struct buf *out, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0, shown = 0;

	for (int i = 0; i < count && shown < NAMES_SHOWN; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		if (shown > 0)
			put(out, SPAN_OF(", "));
		shown += put_name(out, name);
	}
	if (shown == 0)
		put(out, SPAN_OF("no name at all (no subjectAltName)"));
	else if (shown == NAMES_SHOWN && count > shown)
		put(out, SPAN_OF(" and others"));
	GENERAL_NAMES_free(names);
}

static void
other_name(struct buf *out, X509 *cert, const char *name)
{
	put(out, SPAN_OF("is for "));
	put_names(out, cert);
	if (name == NULL)
		return;
	put(out, SPAN_OF(", not for "));
	put(out, span_str(name));
}

static void
unknown_issuer(struct buf *out, X509 *cert, const char *name)
{
	(void)name;
	put(out, SPAN_OF("is issued by \""));
	put_subject(out, X509_get_issuer_name(cert));
	put(out, SPAN_OF("\", which is not trusted"));
}

static void
expired(struct buf *out, X509 *cert, const char *name)
{
	(void)name;
	put(out, SPAN_OF("expired on "));
	put_date(out, X509_get0_notAfter(cert));
}

static void
not_yet(struct buf *out, X509 *cert, const char *name)
{
	(void)name;
	put(out, SPAN_OF("is not valid before "));
	put_date(out, X509_get0_notBefore(cert));
}

static const struct reason {
	int code;
	const char *text; /* NULL: `tell` has more to say */
	void (*tell)(struct buf *out, X509 *cert, const char *name);
} reasons[] = {
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "is self-signed", NULL},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "is a root that is not trusted", NULL},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, NULL, unknown_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NULL, unknown_issuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, NULL, unknown_issuer},
    {X509_V_ERR_CERT_UNTRUSTED, NULL, unknown_issuer},
    {X509_V_ERR_CERT_HAS_EXPIRED, NULL, expired},
    {X509_V_ERR_CERT_NOT_YET_VALID, NULL, not_yet},
    {X509_V_ERR_HOSTNAME_MISMATCH, NULL, other_name},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, NULL, other_name},
    {X509_V_ERR_INVALID_PURPOSE, "is not meant for servers", NULL},
    {X509_V_ERR_INVALID_CA, "was issued by one that may not issue any", NULL},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "has a signature that does not fit", NULL},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "has a key that is too small", NULL},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "has a key that is too small", NULL},
    {X509_V_ERR_CA_MD_TOO_WEAK, "is signed with a weak digest", NULL},
};

static void
put_reason(struct buf *out, int code, X509 *cert, const char *name)
{
	for (size_t i = 0; i < COUNT(reasons); i++) {
		const struct reason *r = &reasons[i];

		if (r->code != code)
			continue;
		if (r->text != NULL)
			put(out, span_str(r->text));
		else
			r->tell(out, cert, name);
		return;
	}
	put(out, SPAN_OF("cannot be verified: "));
	put(out, span_str(X509_verify_cert_error_string(code)));
}

/* One above the server's own is named: who set the server up may never have seen it. */
void
trust_explain(X509_STORE_CTX *failed, const char *name, struct buf *out)
{
	X509 *own = X509_STORE_CTX_get0_cert(failed),
	     *cert = X509_STORE_CTX_get_current_cert(failed);
	int depth = X509_STORE_CTX_get_error_depth(failed);
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (cert == NULL)
		cert = own;
	if (depth > 0 && cert != own) {
		put(out, SPAN_OF("in its certificate's chain, \""));
		put_subject(out, X509_get_subject_name(cert));
		put(out, SPAN_OF("\" "));
	} else {
		put(out, SPAN_OF("its certificate "));
	}
	put_reason(out, X509_STORE_CTX_get_error(failed), cert, name);
	if (X509_digest(own, EVP_sha256(), digest, NULL) == 1) {
		put(out, SPAN_OF(" ("));
		trust_put_digest(out, digest);
		put(out, SPAN_OF(")"));
	}
	ERR_clear_error();
}
