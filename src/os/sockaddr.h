/* Addresses as the kernel has them. For src/os/ only. */
#ifndef OS_SOCKADDR_H
#define OS_SOCKADDR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

union any_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static inline socklen_t
to_sockaddr(const struct address *a, union any_address *to)
{
	memset(to, 0, sizeof *to);
	if (a->family == 4) {
		to->in.sin_family = AF_INET;
		to->in.sin_port = htons(a->port);
		memcpy(&to->in.sin_addr, a->ip, 4);
		return sizeof to->in;
	}
	to->in6.sin6_family = AF_INET6;
	to->in6.sin6_port = htons(a->port);
	memcpy(&to->in6.sin6_addr, a->ip, 16);
	return sizeof to->in6;
}

static inline struct address
of_sockaddr(const union any_address *from)
{
	switch (from->sa.sa_family) {
	case AF_INET:
		return address_v4((const uint8_t *)&from->in.sin_addr, ntohs(from->in.sin_port));
	case AF_INET6:
		return address_v6(from->in6.sin6_addr.s6_addr, ntohs(from->in6.sin6_port));
	default:
		return (struct address){0};
	}
}

#endif
