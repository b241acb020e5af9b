#include "vpn/cookie.h"

#include <endian.h>

#include "tls/digest.h"
#include "tls/hmac.h"

#define SLOTS 3 /* the present one, and two before */

_Static_assert(SESSION_ID <= DIGEST_SIZE, "an id is the beginning of a digest");

static bool
make(const uint8_t *key, const struct address *from, const uint8_t *client, int64_t slot,
     uint8_t *server)
{
	uint16_t port = htobe16(from->port);
	uint64_t number = htobe64((uint64_t)slot);
	uint8_t digest[DIGEST_SIZE];
	/* All parts have one length, but for the address, whose family is told. */
	const struct span parts[] = {
	    span_of(&number, sizeof number),
	    span_of(client, SESSION_ID),
	    span_of(&port, sizeof port),
	    span_of(&from->family, 1),
	    span_of(from->ip, from->family == 4 ? 4 : sizeof from->ip),
	};

	if (!digest_keyed(span_of(key, COOKIE_KEY), parts, COUNT(parts), digest))
		return false;
	span_put(server, span_of(digest, SESSION_ID));
	return true;
}

bool
cookie_make(const uint8_t key[COOKIE_KEY], const struct address *from,
	    const uint8_t client[SESSION_ID], int64_t now_ms, uint8_t server[SESSION_ID])
{
	return make(key, from, client, now_ms / COOKIE_SLOT_MS, server);
}

bool
cookie_is_good(const uint8_t key[COOKIE_KEY], const struct address *from,
	       const uint8_t client[SESSION_ID], int64_t now_ms, const uint8_t server[SESSION_ID])
{
	uint8_t right[SESSION_ID];
	bool good = false;

	for (int64_t ago = 0; ago < SLOTS; ago++) {
		if (!make(key, from, client, now_ms / COOKIE_SLOT_MS - ago, right))
			return false;
		good |= hmac_equal(right, server, SESSION_ID);
	}
	return good;
}
