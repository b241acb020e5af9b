/* A connection that belongs to a back end: choosing one, reaching it, relaying. */
#ifndef ROLE_EDGE_RELAY_H
#define ROLE_EDGE_RELAY_H

#include "role/edge_conn.h"

/* Takes the connection over; `direction` is a relay. */
void edge_relay_begin(struct conn *c, const struct direction *direction);

void edge_relay_stop_all(struct worker *w);

#endif
