/*
 * Clients of the VPN whose ways are their own: which packets of theirs leave as the client's, and
 * which as this machine's. What fits none of a client's rows leaves as the configuration says.
 *
 * Each has a chain in our table of nftables, to which a map by its address leads. Pure: it makes
 * commands, for whoever runs them.
 */
#ifndef ROLE_WARDEN_WAYS_H
#define ROLE_WARDEN_WAYS_H

#include "base/err.h"
#include "ipc/ways.h"

#define WAYS_TEXT_MAX (8 << 20) /* more than any commands of ours need */

struct ways;

struct ways *ways_new(void);
void ways_free(struct ways *w); /* NULL is fine */

/* Of the client at that address, in place of what it had: those rows that are of its family. With
 * none it is forgotten. Where there are too many of all clients, it has none. */
MUST_CHECK struct err ways_set(struct ways *w, const struct address *at, const struct way *list,
			       size_t count);
void ways_clear(struct ways *w);

/* For a table that is made anew, inside of it: the maps; in its chain `postrouting`: the way there
 * for what does not leave by `device`; and behind it: all that there is. */
MUST_CHECK bool ways_put_maps(struct buf *out);
MUST_CHECK bool ways_put_jumps(const char *device, struct buf *out);
MUST_CHECK bool ways_put_all(const struct ways *w, struct buf *out);

/* For a table that is there: what has changed since ways_settled(). */
MUST_CHECK bool ways_put_changes(const struct ways *w, struct buf *out);
/* What was put is in force. */
void ways_settled(struct ways *w);

#endif
