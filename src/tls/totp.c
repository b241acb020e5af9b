#include "tls/totp.h"

#include <liboath/oath.h>
#include <pthread.h>

#include "tls/hmac.h"

#define STEP_MS 30000
#define DIGITS  6

_Static_assert(STEP_MS == 1000 * OATH_TOTP_DEFAULT_TIME_STEP_SIZE, "a step is the usual one");

static bool usable;

static void
begin(void)
{
	usable = oath_init() == OATH_OK;
}

static bool
code_of(struct span secret, int64_t step, char out[DIGITS + 1])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	return pthread_once(&once, begin) == 0 && usable && step >= 0 &&
	       oath_totp_generate((const char *)secret.p, secret.len, step * (STEP_MS / 1000),
				  OATH_TOTP_DEFAULT_TIME_STEP_SIZE, OATH_TOTP_DEFAULT_START_TIME,
				  DIGITS, out) == OATH_OK;
}

bool
totp_code(struct span secret, int64_t now_ms, char out[DIGITS + 1])
{
	return now_ms >= 0 && code_of(secret, now_ms / STEP_MS, out);
}

/*
 * The neighbours are for clocks that differ and for slow fingers (RFC 6238 §5.2). All are looked
 * at, so that time tells nothing. Where two steps have the same code it is the later one's:
 * it cannot be used again then.
 */
int64_t
totp_step(struct span secret, struct span code, int64_t now_ms)
{
	int64_t now = now_ms / STEP_MS, found = -1;
	char expected[DIGITS + 1];

	if (code.len != DIGITS || now_ms < 0)
		return -1;
	for (int64_t step = now - 1; step <= now + 1; step++)
		if (code_of(secret, step, expected) && hmac_equal(expected, code.p, DIGITS))
			found = step;
	explicit_bzero(expected, sizeof expected);
	return found;
}

/* Base32 (RFC 4648 §6) without its padding, which no app wants; in groups of `group`, 0: in one. */
static bool
put_base32(struct buf *out, struct span bytes, size_t group)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t count = (bytes.len * 8 + 4) / 5;

	for (size_t i = 0; i < count; i++) {
		size_t bit = i * 5, at = bit / 8;
		unsigned pair =
		    (unsigned)bytes.p[at] << 8 | (at + 1 < bytes.len ? bytes.p[at + 1] : 0u);

		if (group > 0 && i > 0 && i % group == 0 && !buf_byte(out, ' '))
			return false;
		if (!buf_byte(out, (uint8_t)digits[pair >> (11 - bit % 8) & 31]))
			return false;
	}
	return true;
}

/* All but what RFC 3986 §2.3 leaves unreserved is escaped: apps split at the colon. */
static bool
put_escaped(struct buf *out, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++)
		if (strchr(plain, *text) != NULL ? !buf_byte(out, (uint8_t)*text)
						 : !buf_printf(out, "%%%02X", (uint8_t)*text))
			return false;
	return true;
}

bool
totp_put_uri(struct span secret, const char *issuer, const char *account, struct buf *out)
{
	return buf_append(out, SPAN_OF("otpauth://totp/")) && put_escaped(out, issuer) &&
	       buf_byte(out, ':') && put_escaped(out, account) &&
	       buf_append(out, SPAN_OF("?secret=")) && put_base32(out, secret, 0) &&
	       buf_append(out, SPAN_OF("&issuer=")) && put_escaped(out, issuer);
}

bool
totp_put_secret(struct span secret, struct buf *out)
{
	return put_base32(out, secret, 4);
}
