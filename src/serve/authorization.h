/* The Authorization field of the Basic scheme (RFC 7617). */
#ifndef SERVE_AUTHORIZATION_H
#define SERVE_AUTHORIZATION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/span.h"

#define CREDENTIALS_MAX 640 /* "user:password" */

struct credentials {
	uint8_t text[CREDENTIALS_MAX];
	struct span user, password; /* in `text` */
};

/* False: another scheme, or no credentials. Wipe `out` after use, whatever came of it. */
MUST_CHECK bool authorization_basic(struct span value, struct credentials *out);

#endif
