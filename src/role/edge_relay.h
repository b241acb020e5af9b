/* A connection that belongs to a back end: choosing one, reaching it, relaying. */
#ifndef ROLE_EDGE_RELAY_H
#define ROLE_EDGE_RELAY_H

#include "api/relays.h"
#include "role/edge_conn.h"

/* Takes the connection over; `direction` is a relay. */
void edge_relay_begin(struct conn *c, const struct direction *direction);

void edge_relay_stop_all(struct worker *w);

/* In the worker's own thread: adds those with higher ids than `after`, up to RELAYS_PART; is there
 * any other, `more` is set. */
void edge_relay_list(const struct worker *w, int64_t after, struct arena *memory,
		     struct live_relay_list *to);

/* The number of the worker whose it would be. */
unsigned edge_relay_worker(int64_t id);
/* In its thread. False: there is none. */
bool edge_relay_end(struct worker *w, int64_t id);

#endif
