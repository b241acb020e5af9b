#include "tls/extension.h"

#include <openssl/x509v3.h>

bool
extensions_add(X509 *cert, X509 *issuer, const struct extension *at, size_t count)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &context, at[i].nid, at[i].value);
		bool added = ext != NULL && X509_add_ext(cert, ext, -1) == 1;

		X509_EXTENSION_free(ext);
		if (!added)
			return false;
	}
	return true;
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

bool
extensions_add_names(X509 *cert, const char *const *names, size_t count)
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
