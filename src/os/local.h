/* A socket file for commands of this machine's administrator: one request, one answer. */
#ifndef OS_LOCAL_H
#define OS_LOCAL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Listens at `path`, for the owner alone (0600). Refuses when somebody answers there already. */
MUST_CHECK struct err local_listen(const char *path, int *fd);

/* -1: none waiting. Those of other users than root and our own are closed. */
int local_accept(int listener);

/* Sends `request`, waits (blocking) for the answer up to the other's FIN. */
MUST_CHECK struct err local_ask(const char *path, struct span request, struct buf *answer);

#endif
