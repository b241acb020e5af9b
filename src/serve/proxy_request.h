/* What is asked of the server behind a proxy, made from what the client asked. No I/O. */
#ifndef SERVE_PROXY_REQUEST_H
#define SERVE_PROXY_REQUEST_H

#include "config/config.h"
#include "http/call.h"

/* All but the authority, which each server has its own: proxy_authority(). What is made lives
 * as long as the exchange. */
void proxy_request(const struct config *c, const struct exchange *ex, const struct proxy *p,
		   struct span target, struct call_request *out);

/* What Host says to that server. */
struct span proxy_authority(const struct exchange *ex, const struct proxy *p, int member);

/* The request's trailers that are passed on, in place; returns how many. */
size_t proxy_request_trailers(const struct config *c, struct exchange *ex);

/* Whether it must not be passed on any further, and we are who it is for (RFC 9110 §7.6.2). */
bool proxy_ends_here(const struct request *r);

#endif
