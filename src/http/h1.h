/*
 * HTTP/1.1, server side (RFC 9112), as a session.
 *
 * Requests are answered one at a time, in order: while one is, nothing after
 * it is used (pipelining costs no memory but the owner's).
 */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include "http/session.h"

/* All arguments must outlive it. */
struct http_session *h1_new(const struct http_host *host, void *owner,
			    const struct http_settings *settings, const struct client *client);

/* The answer to bytes that are no TLS on a TLS port: complete, ready to send, then close. */
MUST_CHECK bool h1_plain_to_tls(struct buf *out, struct span date, const char *server_name);

/* The answer to bytes that are nothing we know on a port that speaks HTTP: a plain 400. */
MUST_CHECK bool h1_bad_request(struct buf *out, struct span date, const char *server_name);

#endif
