/*
 * How a role gives up what it does not need. Each call is final. In order:
 * descriptors, user, then seccomp, which must come after the threads' start
 * (it is set for all threads of the process at once).
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

enum sandbox_profile {
	SANDBOX_EDGE,     /* sockets already open, accept, connect, openat2, threads */
	SANDBOX_RESOLVER, /* what getaddrinfo() needs */
	SANDBOX_TUNNEL,   /* as edge's, without files and connections of its own */
	SANDBOX_CONTROL,  /* files, sockets, threads that come and go, what libraries load */
};

/* Raises the limit to `want` descriptors, or as far as it may. Sets *got; less is no error. */
void sandbox_descriptors(unsigned long want, unsigned long *got);

/*
 * Not dumpable and no new privileges, ever. As root also: enters an empty
 * directory as root directory, becomes `user` (uid, gid, no other groups) and
 * drops every capability. Without root, *became is false and the rest holds.
 */
MUST_CHECK struct err sandbox_user(const char *user, bool *became);

/* The same, but the root directory stays: for getaddrinfo(), which reads /etc. */
MUST_CHECK struct err sandbox_user_only(const char *user, bool *became);

/* Whether a shell that we start could never do what root does: sudo, other people's files. */
bool sandbox_is_confined(void);

/* For a role that needs no path: no file may be made, changed or run. Where Landlock is. */
void sandbox_read_only(void);

/* For one with a directory of its own, `fd`: files may be made and changed below it alone, none may
 * be run, all may be read. For this thread and those that it starts, where Landlock is. */
void sandbox_write_below(int fd);

/* The seccomp allow-list; a call not on it ends the process. Nothing in sanitizer builds. */
MUST_CHECK struct err sandbox_syscalls(enum sandbox_profile profile);

/* Takes what is not this process's doing: stray environment, descriptors above `keep`, which itself
 * is for no program that it would run. */
void sandbox_clean_start(int keep);

#endif
