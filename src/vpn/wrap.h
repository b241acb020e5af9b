/*
 * The control channel's protection, tls-crypt: every control packet is enciphered and
 * authenticated under keys that both sides had before they met.
 *
 * Wrapped: first byte, the sender's session id, counter u32, time u32, tag 32, ciphertext.
 */
#ifndef VPN_WRAP_H
#define VPN_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "vpn/wire.h"

#define WRAP_KEYS     256 /* cipher0[64] hmac0[64] cipher1[64] hmac1[64] */
#define WRAP_HEAD     17  /* first byte, session id, counter, time */
#define WRAP_OVERHEAD (WRAP_HEAD + 32)

struct wrap;

/* The server sends by the first half and receives by the second; a client the other way round.
 * NULL when memory is short. */
struct wrap *wrap_new(const uint8_t keys[WRAP_KEYS], bool serves);
void wrap_free(struct wrap *w); /* wipes; NULL is fine */

/* What stands in clear before the tag. The counter begins at 1, or, in a client that can send its
 * wrapped key again, at 0x0f000001. */
struct wrap_head {
	uint8_t first;
	uint8_t session_id[SESSION_ID];
	uint32_t counter, time;
};
MUST_CHECK bool wrap_head_read(struct span packet, struct wrap_head *out);

/*
 * Opens `packet` (without a wrapped key behind it); adds its body. False, with nothing added, for
 * what is not genuine. Replays are found by wrap_take(), to be called for each that was opened
 * and is to be used.
 */
MUST_CHECK bool wrap_open(struct wrap *w, struct span packet, struct wrap_head *head,
			  struct buf *body);
MUST_CHECK bool wrap_take(struct wrap *w, const struct wrap_head *head);

/* Adds the packet, under the next counter. `now` in seconds: what the first one tells, all do. */
MUST_CHECK bool wrap_seal(struct wrap *w, uint8_t first, const uint8_t session_id[SESSION_ID],
			  struct span body, uint32_t now, struct buf *out);
/* Packets up to this counter were sent already, at `time`: by one who kept no state, or, in a
 * client that can send its wrapped key again, none was. */
void wrap_sent_before(struct wrap *w, uint32_t counter, uint32_t time);

#endif
