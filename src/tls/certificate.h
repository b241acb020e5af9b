/* Certificates as files: what one says, and making one for ourselves. */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define CERTIFICATE_DAYS_MAX 3650

struct certificate_info {
	int64_t not_before, not_after; /* seconds since 1970, UTC */
	char key_type[16];             /* "ECDSA", "RSA" … */
	char sha256[65];               /* of the certificate, lower-case hex */
	bool self_signed;
};

/* Reads the first certificate of `chain`; fails too when `key` (PEM, may be empty) is not its key.
 */
MUST_CHECK struct err certificate_inspect(struct span chain, struct span key,
					  struct certificate_info *info);

/* Whether the first certificate is good for `name`, as a browser judges it. */
bool certificate_has_name(struct span chain, const char *name);

/* Whether who goes by this machine's own authorities (OpenSSL's default ones) believes that the
 * chain is `name`'s, now. Reads their files, up to 30 ms. */
bool certificate_is_trusted(struct span chain, const char *name);

/*
 * A new P-256 key and a certificate signed with it, for `names` (DNS names, "*.x", IP
 * addresses; the first is its common name too) and `days`, up to CERTIFICATE_DAYS_MAX, added to the
 * buffers as PEM. The key buffer is to be wiped.
 */
MUST_CHECK struct err certificate_self_signed(const char *const *names, size_t count, unsigned days,
					      struct buf *chain, struct buf *key);

#endif
