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

enum role { ROLE_WARDEN, ROLE_EDGE, ROLE_RESOLVER };

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
	MESSAGE_STATUS, /* counters, in the order of enum counter, after one of these for each
			   server: */
	MESSAGE_SERVER, /* of member `member` of back end `index`: up (kind 1) or down, and
			 * counters: under way, served, failures */

	MESSAGE_RESOLVE,  /* a host name to look up */
	MESSAGE_RESOLVED, /* its addresses, or why there are none */
};

#define MESSAGE_FDS           2
#define MESSAGE_ADDRESSES_MAX 16
#define MESSAGE_COUNTERS      32
#define MESSAGE_TEXT_MAX      1024
#define MESSAGE_MAX           4096 /* bytes on the wire */

enum listener_kind { LISTENER_SHARED, LISTENER_PLAIN };

/* What edge counts; totals since it started, but for the OPEN ones. */
enum counter {
	COUNTER_OPEN,       /* connections now */
	COUNTER_OPEN_HTTP1, /* of these, by what they speak */
	COUNTER_OPEN_HTTP2,
	COUNTER_OPEN_RELAY,
	COUNTER_OPEN_SWITCHED, /* requests that became another protocol, as WebSocket */
	COUNTER_ACCEPTED,
	COUNTER_TLS, /* handshakes completed */
	COUNTER_TLS_RESUMED,
	COUNTER_TLS_FAILED,
	COUNTER_REQUESTS,
	COUNTER_REQUESTS_HTTP2, /* of these */
	COUNTER_PROXIED,        /* of these, asked of a back end */
	COUNTER_PROXY_FAILED,   /* and answered 502, 503 or 504 */
	COUNTER_LIMITED,        /* answered 429 */
	COUNTER_RELAYED,        /* connections passed to a back end */
	COUNTER_RELAY_FAILED,
	COUNTER_RELAY_IN, /* bytes from clients, of relays that ended */
	COUNTER_RELAY_OUT,
	COUNTER_HANDED,  /* connections handed over by descriptor */
	COUNTER_REFUSED, /* that spoke nothing we know */
	COUNTER_EVICTED, /* undecided ones closed to make room */
	COUNTER_COUNT,
};

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
