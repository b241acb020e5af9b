/*
 * Packets by UDP from those who are nobody's client yet. A reset is answered without keeping
 * anything; state is made for the packet after it, whose session id shows that its sender receives
 * at his address. Nothing is said to whoever has no key of ours.
 */
#ifndef VPN_GREET_H
#define VPN_GREET_H

#include "base/address.h"
#include "base/buf.h"
#include "vpn/cookie.h"
#include "vpn/gate.h"
#include "vpn/session.h"

struct greeter {
	struct gate *gate;
	uint8_t cookie_key[COOKIE_KEY];
};

enum greeting {
	GREET_NOBODY,  /* dropped; `first` says why, as the gate does */
	GREET_ANSWER,  /* `reply` is to be sent */
	GREET_SESSION, /* `start` is filled, but for its peer id; the packet is the session's
			* first. Unless start->answered, nobody knows whether the client receives
			* at this address: the caller bounds how many such there are */
};

/* `verdict` and `first` are the gate's (GATE_OPEN but for resets); `first` and `start` are to be
 * wiped. The reply is added; 80 bytes are room enough for it. */
enum greeting greet(const struct greeter *g, struct span packet, const struct address *from,
		    int64_t wall_ms, enum gate_verdict *verdict, struct gate_first *first,
		    struct session_start *start, struct buf *reply);

#endif
