/*
 * Certificates with their keys, as the store keeps them: in use, their keys are sealed. For
 * src/pki/ only.
 */
#ifndef PKI_CERTIFIED_H
#define PKI_CERTIFIED_H

#include "base/clock.h"
#include "pki/authority.h"

/* What a store call came to, as an error: STORE_DONE is none. `what` was asked for. */
MUST_CHECK struct err certified_stored(const struct authority *a, enum store_result r,
				       const char *what);

struct certified_request {
	enum certificate_kind kind;
	enum issue_key key;
	const char *name;
	const char *const *dns_names; /* NULL-ended; NULL: none */
	unsigned days;                /* or until its issuer ends, if that is before */
	int64_t device;
	const struct certificate_row *issuer; /* NULL: it signs itself */
};

/* A new key and certificate, in the store, but not in use yet. */
MUST_CHECK struct err certified_make(const struct authority *a, const struct certified_request *r,
				     struct certificate_row *out);

/* When one that is made now would end: ms. */
int64_t certified_end(const struct authority *a, const struct certified_request *r);

/* Its key as PKCS#8; `out` is to be wiped. */
MUST_CHECK struct err certified_key(const struct authority *a, const struct certificate_row *row,
				    struct buf *out);

/* The one of its kind in use. */
MUST_CHECK struct err certified_current(const struct authority *a, enum certificate_kind kind,
					struct certificate_row *out);

/* The CAs whose certificates are good now, the oldest first. */
MUST_CHECK struct err certified_authorities(const struct authority *a,
					    struct certificate_row_list *out);

#endif
