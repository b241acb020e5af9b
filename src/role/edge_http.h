/* A connection that speaks HTTP, with TLS or in clear. */
#ifndef ROLE_EDGE_HTTP_H
#define ROLE_EDGE_HTTP_H

#include "config/config.h"
#include "role/edge_conn.h"

/* TLS for `site`, then HTTP. `hello` gives the name asked for; it may be NULL. */
void http_begin_tls(struct conn *c, const struct site *site, const struct hello *hello);

/* HTTP in clear, on the plain port. */
void http_begin_plain(struct conn *c);

/* Answers what came in clear on the TLS port as any web server does, and closes. */
void http_refuse(struct conn *c, bool is_http); /* edge_refuse.c */

/* No further requests on it; closes it if none is under way. Only for those of edge_http. */
void http_drain(struct conn *c);
bool conn_is_http(const struct conn *c);

#endif
