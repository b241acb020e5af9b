/* One-time codes by the clock (RFC 6238): SHA-1, 6 digits, 30 seconds, as every phone has them. */
#ifndef TLS_TOTP_H
#define TLS_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define TOTP_SECRET 20 /* bytes */

/* The step whose code this is, at most one before or after that of `now_ms`; -1: of none. */
int64_t totp_step(struct span secret, struct span code, int64_t now_ms);

/* The code itself, for tests and for who asks with one: 6 digits and a NUL. */
MUST_CHECK bool totp_code(struct span secret, int64_t now_ms, char out[7]);

/* "otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=ISSUER", as apps read it from a QR code. */
MUST_CHECK bool totp_put_uri(struct span secret, const char *issuer, const char *account,
			     struct buf *out);

/* The secret as people type it: base32 in groups of four. */
MUST_CHECK bool totp_put_secret(struct span secret, struct buf *out);

#endif
