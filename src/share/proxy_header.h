/* The PROXY protocol, versions 1 and 2: the address of a client that others relay for. */
#ifndef SHARE_PROXY_HEADER_H
#define SHARE_PROXY_HEADER_H

#include "base/address.h"
#include "base/buf.h"
#include "base/span.h"
#include "share/classify.h"

#define PROXY_HEADER_MAX 4096 /* a v2 header with TLVs past this is refused */

struct proxied {
	size_t len; /* of the header; what follows is the client's own */
	struct address
	    client; /* family 0 for LOCAL and UNKNOWN: the connection's own peer counts */
	struct address server; /* what the client connected to; family 0 likewise */
};

/* Reads the header at the start of `seen`. VERDICT_NO: not well-formed, or too large. */
enum verdict proxy_header_parse(struct span seen, struct proxied *out);

/* Adds a header; unknown or mixed families become UNKNOWN (v1) or LOCAL (v2). */
MUST_CHECK bool proxy_header_v1(struct buf *out, const struct address *client,
				const struct address *server);
MUST_CHECK bool proxy_header_v2(struct buf *out, const struct address *client,
				const struct address *server);

#endif
