#include "os/machine.h"

#include <sched.h>
#include <unistd.h>

unsigned
machine_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}

bool
machine_has_ipv6(void)
{
	return access("/proc/net/if_inet6", R_OK) == 0;
}
