/* Child processes. */
#ifndef OS_SPAWN_H
#define OS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/* A connected pair of SOCK_SEQPACKET sockets, non-blocking, close-on-exec. */
MUST_CHECK struct err spawn_pair(int pair[2]);

/*
 * Runs this program again as `role` ("sallyport ROLE"), with descriptor 3 one end of
 * `channel` (which stays the caller's) and nothing else open but 0, 1, 2. It dies with us.
 */
MUST_CHECK struct err spawn_role(const char *role, int channel, pid_t *pid);

/* Runs `argv` with `fd` as its input and output; stderr stays ours. */
MUST_CHECK struct err spawn_on_socket(char *const argv[], int fd, pid_t *pid);

/* The descriptor a role finds its channel at. */
#define SPAWN_CHANNEL 3

/* Reaps one child that ended: false when there is none. `why`: "exit 1", "signal 9 (Killed)". */
bool spawn_reap(pid_t *pid, char why[48]);

/* Signals as events: blocks them and returns a descriptor that spawn_signal() reads. */
MUST_CHECK struct err spawn_signals(const int *signals, size_t count, int *fd);
int spawn_signal(int fd); /* 0 when none is waiting */

#endif
