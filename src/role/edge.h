/* Edge: accepts, classifies, speaks TLS and HTTP, relays. No key of its own, no file, no name. */
#ifndef ROLE_EDGE_H
#define ROLE_EDGE_H

#include "base/address.h"

/* The role, from its channel at descriptor 3; returns the process's exit status. */
int edge_main(void);

struct edge;

/*
 * From any worker: passes a client's socket to warden, for the program of the ssh door.
 * Takes `fd` over.
 */
void edge_hand_over(struct edge *edge, int fd, const struct address *peer);

/* What all workers share: who asks how often, and the thread that compares passwords. */
struct limiter *edge_limiter(struct edge *edge);
struct crypter *edge_crypter(struct edge *edge);

struct ask_line;
struct ask_line *edge_ask_line(struct edge *edge);

/* From any worker: it has no connection left after a drain. */
void edge_worker_done(struct edge *edge);

#endif
