/*
 * What is speaking? Told from the first bytes of a connection.
 *
 * Pure: no I/O, no memory, nothing kept between calls. The caller peeks at
 * the socket, asks, and asks again with more bytes on VERDICT_MORE.
 */
#ifndef SHARE_CLASSIFY_H
#define SHARE_CLASSIFY_H

#include <stdbool.h>

#include "base/span.h"

enum protocol {
	PROTOCOL_NONE,
	PROTOCOL_TLS,
	PROTOCOL_OPENVPN,
	PROTOCOL_SSH,
	PROTOCOL_HTTP2, /* prior knowledge, in clear */
	PROTOCOL_HTTP1,
	PROTOCOL_PROXY, /* a PROXY header, v1 or v2: what follows it is classified anew */
};

#define PROTOCOL_BIT(protocol) (1u << (protocol))

enum verdict {
	VERDICT_NO,   /* none of those asked for, whatever follows */
	VERDICT_MORE, /* could still become one */
	VERDICT_YES,
};

/* More than this need not be peeked at: every verdict is reached within it. */
#define CLASSIFY_MAX 18432

/*
 * Classifies `seen`, all bytes received so far (0 or more, not consumed), among the
 * protocols whose bits are in `among`. With `last` true no more will come, and the
 * verdict is never VERDICT_MORE. Sets *protocol on VERDICT_YES only. For PROTOCOL_TLS
 * that means: a TLS record that begins a ClientHello; hello_parse() waits for the rest.
 */
enum verdict classify(struct span seen, unsigned among, bool last, enum protocol *protocol);

const char *protocol_name(enum protocol protocol);

#endif
