/* Passwords: argon2id (RFC 9106), in its encoded form, which tells its own parameters. */
#ifndef TLS_PASSWORD_H
#define TLS_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define PASSWORD_ENCODED_MAX 128 /* with the NUL */
#define PASSWORD_MAX         1024

struct password_cost {
	uint32_t memory_kib, rounds, lanes;
};
extern const struct password_cost password_usual; /* RFC 9106 §4, second choice, within reason */

/* Takes a tenth of a second or two, and `memory_kib`. False when there is no memory for it. */
MUST_CHECK bool password_hash(struct span password, const struct password_cost *cost,
			      char out[PASSWORD_ENCODED_MAX]);

/* `encoded` NULL: false, after as long as it takes to compare one of the usual cost. */
MUST_CHECK bool password_is_right(struct span password, const char *encoded);

/* Whether it was made at less than this cost, and should be made anew while it is known. */
bool password_is_weak_form(const char *encoded, const struct password_cost *cost);

/* With this key: what argon2 derives for encrypting (backups). */
MUST_CHECK bool password_key(struct span password, struct span salt,
			     const struct password_cost *cost, uint8_t out[32]);

#endif
