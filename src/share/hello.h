/*
 * What a TLS ClientHello asks for (RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301 §3.1),
 * in any number of records and segments, up to 16 KiB.
 */
#ifndef SHARE_HELLO_H
#define SHARE_HELLO_H

#include "base/span.h"
#include "share/classify.h"

#define HELLO_MAX      16384 /* the handshake message */
#define HELLO_NAME_MAX 255
#define HELLO_ALPN_MAX 255 /* all protocols asked for, in the wire's own form */

struct hello {
	char name[HELLO_NAME_MAX +
		  1]; /* SNI in lower case, no final dot; empty: none, or not a DNS name */
	uint8_t alpn[HELLO_ALPN_MAX]; /* length, protocol, length, protocol …; cut at whole ones */
	size_t alpn_len;
	bool tls13; /* offers TLS 1.3 */
};

/*
 * Reads the hello at the start of `seen`. VERDICT_MORE: not all there yet.
 * VERDICT_NO: not well-formed, or too large; *out is empty then.
 */
enum verdict hello_parse(struct span seen, struct hello *out);

/* Whether `protocol` is among those the hello asks for. */
bool hello_asks_for(const struct hello *hello, struct span protocol);

#endif
