/*
 * Whether a connection is OpenVPN is for the tunnel to say: it has the keys. What only has the form
 * of a first packet waits for that, a few milliseconds and no more, also where there is no VPN; so
 * how long an answer takes does not tell whether there is one.
 */
#ifndef ROLE_EDGE_ASK_H
#define ROLE_EDGE_ASK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct ask_line;
struct conn;
struct edge;
struct loop;
struct worker;

/* In the main thread. */
struct ask_line *ask_line_new(struct loop *l, struct worker **const *workers,
			      const unsigned *count);
void ask_line_free(struct ask_line *a);           /* NULL is fine */
void ask_line_follow(struct ask_line *a, int fd); /* another tunnel: takes `fd` over */

/* What a worker has for it, before it runs. */
MUST_CHECK struct err ask_prepare(struct worker *w);

/*
 * In a worker: `seen` is all that came so far, in one read. True: the tunnel is asked, and
 * conn_decided() is called, unless the connection is closed or handed over before.
 */
bool ask_begin(struct conn *c, struct span seen);

#endif
