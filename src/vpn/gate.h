/*
 * Who is answered at all: the first packet of tls-crypt-v2 shows that its sender holds a key that
 * this server has wrapped, and that it was made just now and for the first time. Whoever cannot
 * show that learns nothing, not even that there is a VPN.
 *
 * Clients before OpenVPN 2.5 have no such key: where they are wanted, all of them have one static
 * key of tls-crypt.
 */
#ifndef VPN_GATE_H
#define VPN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "tls/wrap_key.h"
#include "vpn/wire.h"
#include "vpn/wrap.h"

struct gate; /* one for the whole server; not for two threads at once */

struct gate_settings {
	uint8_t server_key[WRAP_SERVER_KEY];
	int64_t skew_ms;  /* how far the client's clock may be from ours */
	int64_t since_ms; /* stamps before this are refused: what was seen then is forgotten */
};

/* Replays are known for twice the skew. Of more than GATE_SEEN_MAX at once, or GATE_SEEN_PART under
 * one key, the oldest are forgotten, and stamps as old as these refused: of that key and of the few
 * that share its memory, which nobody can foresee. */
#define GATE_SEEN_MAX  65536
#define GATE_SEEN_PART 1024

struct gate *gate_new(const struct gate_settings *s); /* copies; NULL when memory is short */
void gate_free(struct gate *g);                       /* wipes; NULL is fine */
/* Another skew from now on. What was seen stays known, and what was forgotten refused. */
void gate_set_skew(struct gate *g, int64_t skew_ms);

enum gate_verdict {
	GATE_STRANGER, /* not whole, or made without a key of ours */
	GATE_STALE,    /* genuine, but its clock is too far off: late_ms */
	GATE_REPLAYED, /* genuine, but not the first time */
	GATE_OPEN,
};

struct gate_first {
	struct wrap_key key; /* of the client; to be wiped. Not set for GATE_STRANGER */
	struct wrap_head head;
	int64_t late_ms; /* our clock minus the client's */
	bool can_resend; /* the client can send its wrapped key again: no state need be kept */
};

/* `packet` is a whole V3 reset, without the length that TCP has before it. `now_ms` is since 1970.
 */
enum gate_verdict gate_judge(struct gate *g, struct span packet, int64_t now_ms,
			     struct gate_first *out);

/* The third packet of a handshake by UDP, CONTROL_WKC_V1: opens its wrapped key. False for a
 * stranger's. Whether it was answered, its cookie tells, which is under that key. */
bool gate_open_again(const struct gate *g, struct span packet, struct wrap_key *out);

/*
 * The static key, copied; with NULL, as in the beginning, nobody who has it is answered. Its
 * packets: a V2 reset, to be judged as the other one, and CONTROL_V1 or ACK_V1 as the third of a
 * handshake by UDP. can_resend is true: the server knows the key.
 */
void gate_set_static(struct gate *g, const uint8_t *key);
enum gate_verdict gate_judge_static(struct gate *g, struct span packet, int64_t now_ms,
				    struct gate_first *out);
MUST_CHECK bool gate_static_key(const struct gate *g, struct wrap_key *out); /* false: none */

/* Whether bytes have the form of either reset with its length before it, and nothing behind: then
 * it is worth asking. */
bool gate_fits_tcp(struct span seen);

#endif
