/*
 * Session ids that need no memory: the server's own is a keyed hash of the client's address and id
 * and of the time, so that only who receives at that address can go on, and nothing is kept of
 * those who do not.
 */
#ifndef VPN_COOKIE_H
#define VPN_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "vpn/wire.h"

#define COOKIE_KEY     32
#define COOKIE_SLOT_MS 30000 /* one of the present slot or of the two before it is good */

MUST_CHECK bool cookie_make(const uint8_t key[COOKIE_KEY], const struct address *from,
			    const uint8_t client[SESSION_ID], int64_t now_ms,
			    uint8_t server[SESSION_ID]);
/* In constant time. */
MUST_CHECK bool cookie_is_good(const uint8_t key[COOKIE_KEY], const struct address *from,
			       const uint8_t client[SESSION_ID], int64_t now_ms,
			       const uint8_t server[SESSION_ID]);

#endif
