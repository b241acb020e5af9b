/* A socket file for commands of this machine's administrator: one request, one answer. */
#ifndef OS_LOCAL_H
#define OS_LOCAL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define LOCAL_NAME_MAX 40

/* Listens at `path`, for the owner alone (0600). Refuses when somebody answers there already. */
MUST_CHECK struct err local_listen(const char *path, int *fd);

/*
 * The same, where root makes it for others: `user` (NULL: root) becomes its owner, `group` (NULL:
 * none) may use it too. Without root it is the owner's alone. What was there is replaced.
 */
MUST_CHECK struct err local_listen_for(const char *path, const char *user, const char *group,
				       int *fd);

/* -1: none waiting. Those of other users than root and our own are closed. */
int local_accept(int listener);

/* Who may connect is for the socket's owner and mode to say; the peer is told by its name. */
struct local_peer {
	char name[LOCAL_NAME_MAX]; /* of the system's user, or its number */
};
int local_accept_from(int listener, struct local_peer *peer);

/* Makes `user` the owner of a directory, where root does it. */
MUST_CHECK struct err local_give_directory(const char *path, const char *user, unsigned mode);

/* Sends `request`, waits (blocking) for the answer up to the other's FIN. */
MUST_CHECK struct err local_ask(const char *path, struct span request, struct buf *answer);

#endif
