/* For tests of the machine's network: they have one of their own, with nothing in it. */
#ifndef TEST_NETWORK_H
#define TEST_NETWORK_H

#include "unit.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Only root can: false for anybody else. */
static inline bool
network_of_our_own(void)
{
	if (geteuid() != 0) {
		printf("skipped: only root can have a network of his own\n");
		return false;
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	return true;
}

static inline void
network_run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

#endif
