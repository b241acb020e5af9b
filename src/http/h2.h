/*
 * HTTP/2, server side (RFC 9113), as a session. Frames and HPACK are nghttp2's;
 * ours is what makes exchanges of its streams, and the limits that floods meet.
 */
#ifndef HTTP_H2_H
#define HTTP_H2_H

#include "http/session.h"

/* All arguments must outlive it. NULL when memory is short. */
struct http_session *h2_new(const struct http_host *host, void *owner,
			    const struct http_settings *settings, const struct client *client);

/* Before a thread ends, and after its last session: frees what they left for each other. */
void h2_thread_end(void);

#define H2_ALPN    "h2"
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" /* RFC 9113 §3.4 */

#endif
