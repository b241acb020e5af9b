#include "os/machine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
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

struct address
machine_address(void)
{
	/* Connecting a datagram socket sends nothing: it only asks the routing table. */
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)}, from;
	socklen_t len = sizeof from;
	struct address a = {.family = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1: documentation, so nobody's */
	if (fd < 0)
		return a;
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &len) == 0)
		a = address_v4((const uint8_t *)&from.sin_addr, 0);
	close(fd);
	return a;
}
