/*
 * What roles say to each other: one datagram a message, its descriptors with it.
 *
 * A table says which fields and how many descriptors each type has and who may
 * send it; what does not fit the table is no message. Fields not listed for a
 * type are neither sent nor read, and are zero when received.
 */
#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

enum role { ROLE_WARDEN, ROLE_EDGE, ROLE_RESOLVER, ROLE_CONTROL, ROLE_TUNNEL };

enum message_type {
	/* A snapshot is told from MESSAGE_SNAPSHOT to MESSAGE_APPLY, answered by one of two. */
	MESSAGE_SNAPSHOT =
	    1, /* the configuration's text (a sealed file), its name, workers, kind 1 for root */
	MESSAGE_LISTENER,  /* a listening socket, its kind and worker */
	MESSAGE_ROOT,      /* the directory that routes with root_index `index` serve */
	MESSAGE_ACME_ROOT, /* where ACME challenges are put */
	MESSAGE_PAIR,      /* chain and key file of certificate `member` of site `index` */
	MESSAGE_ADDRESSES, /* where member `member` of back end `index` is now */
	MESSAGE_SOCKET,    /* the directory of that member's Unix socket, and its name there */
	MESSAGE_AUTHORITY, /* the file of CA certificates `index` */
	MESSAGE_APPLY,
	MESSAGE_APPLIED,
	MESSAGE_REFUSED, /* and why */

	MESSAGE_LOG,    /* the access log from now on */
	MESSAGE_DRAIN,  /* finish what is open within `value` ms, accept nothing more */
	MESSAGE_INETD,  /* a client's socket, for the program of the ssh door */
	MESSAGE_ASK,    /* how are you? */
	MESSAGE_STATUS, /* counters: the tunnel's in the order of enum tunnel_counter; edge's in
			   that of enum counter, after one of these for each server. From
			   warden, kind 1: they are a sample for the history */
	MESSAGE_SERVER, /* of member `member` of back end `index`: up (kind 1) or down, and
			 * counters: under way, served, failures */

	MESSAGE_RESOLVE,  /* a host name to look up */
	MESSAGE_RESOLVED, /* its addresses, or why there are none */

	MESSAGE_STATE,  /* control's own directory */
	MESSAGE_CALL,   /* what `kind` (enum call_kind) asks; `value` tells calls apart; the text is
			   its argument, the descriptor its body */
	MESSAGE_RESULT, /* of the call `value`: the descriptor holds the answer; kind 1: done, 0:
			   refused, and why */
	MESSAGE_SETUP,  /* nobody administers this server yet: the token of a set-up link, or "" */

	MESSAGE_PEER,  /* the descriptor is a line to the role `kind`; an earlier one is dead */
	MESSAGE_TUN,   /* the queue of the tunnel's interface for `worker`; `kind`: with offloads */
	MESSAGE_FIRST, /* what somebody said first, that may be OpenVPN, and his address; `value`
			  tells such questions apart */
	MESSAGE_VERDICT, /* on `value`: kind 1: hand it over */
	MESSAGE_HANDED,  /* the connection of `value`: the peer's address and ours */
	MESSAGE_CHANGED, /* what the VPN's clients may do may have changed: ask again */
	MESSAGE_WAYS,    /* by which ways the client with these addresses inside reaches what
			    (ipc/ways.h; empty: it is gone); `value` counts such messages */
	MESSAGE_ROUTED,  /* it is so for all that were told, up to `value` */
};

#define CONFIRM_MAX_S 86400 /* that a change of the configuration may wait to be confirmed */

/* What control asks of warden. */
enum call_kind {
	CALL_STATUS,         /* what `sallyport status --json` says */
	CALL_CONFIG,         /* the file's text as it is now */
	CALL_CONFIG_RUNNING, /* the text that runs */
	CALL_CONFIG_CHECK,   /* body: a text; the answer: its faults and warnings */
	CALL_CONFIG_APPLY,   /* body: a text; argument: "SECONDS HASH": seconds to confirm in (0:
				none)   and the SHA-256 of the file's text that it was made from */
	CALL_CONFIG_CONFIRM, /* argument: when the asker's connection was accepted, by clock_ms() */
	CALL_CONFIG_ROLLBACK,
	CALL_CONFIG_HISTORY, /* lines: "NAME MS-SINCE-1970 BYTES", the newest first */
	CALL_CONFIG_VERSION, /* argument: a NAME; the answer: its text */
	CALL_LISTENERS,      /* JSON: what listens on this machine, with process and reason */
	CALL_CERTIFICATES,   /* JSON: sites' certificates, with expiry and fingerprint */
	CALL_TRUSTED,        /* argument: a host name; "yes" or "no": whether the certificates that
				it is served with are publicly trusted */
	CALL_KINDS
};

/* What the tunnel asks of control: JSON both ways, as access/admission.h has it. */
enum tunnel_call {
	CALL_MATERIAL, /* the server's certificate and keys */
	CALL_ADMIT,    /* body: who wants in; the answer: what he gets. Refused: why, for him */
	CALL_STILL,    /* argument: "USER DEVICE"; the answer: what he gets now. Refused: why */
	CALL_NOTE,     /* body: what happened to whom, to be kept; the answer is empty */
	TUNNEL_CALLS
};

/* What control asks of the tunnel. */
enum control_call {
	CALL_TUNNELS, /* JSON: who is connected */
	CALL_END,     /* argument: "ID REASON": ends that one, and says so to it */
	CONTROL_CALLS
};

/* What control asks of edge. */
enum edge_call {
	CALL_RELAYS,    /* argument: an id; JSON: some of what is relayed, with higher ids */
	CALL_END_RELAY, /* argument: an id: ends that one */
	EDGE_CALLS
};

#define MESSAGE_FDS           2
#define MESSAGE_ADDRESSES_MAX 16
#define MESSAGE_COUNTERS      48
#define MESSAGE_TEXT_MAX      1024
#define MESSAGE_BYTES_MAX     1400
#define MESSAGE_MAX           4096 /* bytes on the wire */

enum listener_kind {
	LISTENER_SHARED,
	LISTENER_PLAIN,
	LISTENER_ADMIN,   /* console, portal and API, by TLS */
	LISTENER_EDGE,    /* control's: the Unix socket that edge asks */
	LISTENER_MACHINE, /* control's: that of this machine's command line */
	LISTENER_VPN,     /* UDP, for OpenVPN */
};

/* What edge counts; totals since it started, but for the OPEN ones. */
enum counter {
	COUNTER_OPEN,       /* connections now */
	COUNTER_OPEN_HTTP1, /* of these, by what they speak */
	COUNTER_OPEN_HTTP2,
	COUNTER_OPEN_RELAY,
	COUNTER_OPEN_SWITCHED, /* requests that became another protocol, as WebSocket */
	COUNTER_ACCEPTED,
	COUNTER_TLS,   /* handshakes completed */
	COUNTER_TLS12, /* of these, by version */
	COUNTER_TLS13,
	COUNTER_TLS_RESUMED,
	COUNTER_TLS_FAILED,
	COUNTER_REQUESTS,
	COUNTER_REQUESTS_HTTP2, /* of these */
	COUNTER_PROXIED,        /* of these, asked of a back end */
	COUNTER_PROXY_FAILED,   /* and answered 502, 503 or 504 */
	COUNTER_LIMITED,        /* answered 429 */
	COUNTER_HTTP_IN,        /* bytes of requests, and of what they became, without TLS */
	COUNTER_HTTP_OUT,       /* bytes of answers, likewise */
	COUNTER_RELAYED,        /* connections passed to a back end */
	COUNTER_RELAY_FAILED,
	COUNTER_RELAY_IN, /* bytes from clients, as they flow */
	COUNTER_RELAY_OUT,
	COUNTER_HANDED,   /* connections handed over by descriptor */
	COUNTER_REFUSED,  /* that spoke nothing we know */
	COUNTER_EVICTED,  /* undecided ones closed to make room */
	COUNTER_RULE_TLS, /* connections by the rule that decided about them */
	COUNTER_RULE_SNI,
	COUNTER_RULE_ALPN,
	COUNTER_RULE_OPENVPN,
	COUNTER_RULE_SSH,
	COUNTER_RULE_HTTP,
	COUNTER_RULE_HTTP2,
	COUNTER_RULE_OTHER,
	COUNTER_RULE_SILENT,
	COUNTER_RULE_ADMIN,
	COUNTER_RULE_PLAIN,
	COUNTER_COUNT,
};

/* What the tunnel counts; bytes since it started. */
enum tunnel_counter { TUNNEL_OPEN, TUNNEL_IN, TUNNEL_OUT, TUNNEL_COUNTERS };

/* What MESSAGE_SERVER counts. */
enum server_counter { SERVER_ACTIVE, SERVER_SERVED, SERVER_FAILURES, SERVER_COUNTERS };

struct message {
	enum message_type type;
	uint64_t generation;
	uint32_t index, member;
	uint32_t worker, kind;
	uint64_t value;
	struct address addresses[MESSAGE_ADDRESSES_MAX];
	size_t address_count;
	uint64_t counters[MESSAGE_COUNTERS];
	char text[MESSAGE_TEXT_MAX];
	uint8_t bytes[MESSAGE_BYTES_MAX];
	size_t byte_count;
	int fds[MESSAGE_FDS];
	size_t fd_count;
};

/* How many descriptors a message of this type has. */
size_t message_fds(enum message_type type);

/* Adds the message's bytes; its descriptors travel beside them. False when `out` is full. */
MUST_CHECK bool message_encode(const struct message *m, struct buf *out);

/*
 * Reads one message that `sender` sent with `fd_count` descriptors, which stay the
 * caller's in any case. False for anything that this sender may not say so.
 */
MUST_CHECK bool message_decode(struct span bytes, enum role sender, size_t fd_count,
			       struct message *out);

const char *role_name(enum role role);

#endif
