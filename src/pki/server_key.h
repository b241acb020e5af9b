/* The server's keys of tls-crypt-v2 and tls-crypt: sealed, settings of the store. For src/pki/
 * only.
 */
#ifndef PKI_SERVER_KEY_H
#define PKI_SERVER_KEY_H

#include "pki/authority.h"

/* Makes those that there are none of. Inside the caller's transaction. */
MUST_CHECK struct err server_key_ensure(const struct authority *a);

/* `key` is to be wiped. */
MUST_CHECK struct err server_key_load(const struct authority *a, uint8_t key[WRAP_SERVER_KEY]);
MUST_CHECK struct err server_key_load_static(const struct authority *a,
					     uint8_t key[WRAP_CLIENT_KEY]);

/* A new client key for the device, sealed, in a->memory. */
MUST_CHECK struct err server_key_wrap(const struct authority *a, int64_t device,
				      struct span *sealed);

/* Opens it: adds Kc and WKc. `out` is to be wiped. */
MUST_CHECK struct err server_key_unseal(const struct authority *a, const struct device *d,
					struct buf *out);

#endif
