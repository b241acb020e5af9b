/*
 * For whom we ask: the fields by which a proxy tells the server behind it of the client,
 * X-Forwarded-… and Forwarded (RFC 7239).
 */
#ifndef SERVE_FORWARDED_H
#define SERVE_FORWARDED_H

#include "config/config.h"
#include "http/exchange.h"

#define FORWARDED_FIELDS 5

/* Whether what the peer says of a client is believed: it is a proxy of ours. */
bool forwarded_is_trusted(const struct config *c, const struct client *client);

/* Whether a field that came is left out of what is passed on: we say it, or nobody may. */
bool forwarded_drops(struct span name, bool trusted);

/* Writes ours, which live as long as the exchange; where the peer is trusted, what it said is
 * carried on. Returns how many. */
size_t forwarded_fields(const struct config *c, const struct exchange *ex,
			struct field out[FORWARDED_FIELDS]);

/* Where the peer is trusted, ex->who becomes whom it says it asks for. Before anything goes by it.
 */
void forwarded_tell(const struct config *c, struct exchange *ex);

#endif
