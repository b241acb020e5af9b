/* Setting passwords: for credential.c, link.c, people.c and setup.c. */
#ifndef ACCESS_PASSWORD_INNER_H
#define ACCESS_PASSWORD_INNER_H

#include "access/credential.h"
#include "tls/password.h"

/* Unless it is too weak. Slow: before the transaction. */
MUST_CHECK struct outcome password_encode(const struct access *a, struct span password,
					  const char *user_name, char out[PASSWORD_ENCODED_MAX]);

/* Inside the transaction: takes back the links by which his password could be set. */
MUST_CHECK struct outcome password_void_links(struct access *a, const struct user *u);

/* Inside the transaction: ends his sessions but `session` (0: all), and voids those links. */
MUST_CHECK struct outcome password_store(struct access *a, const struct user *u,
					 const char *encoded, int64_t session);

#endif
