/* What listens on this machine, and which process does: read from /proc. */
#ifndef OS_LISTENING_H
#define OS_LISTENING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct listening {
	bool udp;
	struct address at;
	uint64_t inode;
	long pid;                    /* 0: it cannot be told */
	char process[32], unit[128]; /* empty: they cannot be told */
};

#define LISTENING_MAX 4096

/* Each socket once, sorted by protocol, port and address; those of one group (SO_REUSEPORT) and
 * process are one. freed with free(). UDP: those that are bound and not connected. */
struct listening *listening_all(size_t *count);

#endif
