/* The tunnel's network interface (tun(4)): IP packets in and out by descriptor. */
#ifndef OS_TUN_H
#define OS_TUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/offload.h"
#include "base/span.h"

#define TUN_NAME 16

/*
 * Makes an interface with `count` queues, non-blocking; *name is what it was called ("%d" in it is
 * replaced by the first free number). It is gone when all of its queues are closed. Errors say
 * what the program has to be allowed.
 */
MUST_CHECK struct err tun_make(const char *wish, size_t count, int *queues, char name[TUN_NAME]);
/* The same with offloads, or, where the kernel has none, without: *offloads says which, and so how
 * queues are read and written. */
MUST_CHECK struct err tun_make_super(const char *wish, size_t count, int *queues,
				     char name[TUN_NAME], bool *offloads);

/* What stands in the way of making one whoever asks: that the machine has no such device. */
MUST_CHECK struct err tun_look(void);

/* Gives it an address of that network (its prefix makes the route) and sets it up. */
MUST_CHECK struct err tun_address(const char *name, const struct address *address, unsigned bits);
MUST_CHECK struct err tun_up(const char *name, unsigned mtu);

/* False once somebody has removed the interface that it is of: it never comes back. A watch is told
 * READY_ERR of that. */
bool tun_is_there(int queue);

/* One packet; SOCK_AGAIN as os/sock.h has it. SOCK_DEAD is of this packet alone when it was
 * written: the kernel does not take what is no IP, nor anything while the interface is down. */
ssize_t tun_read(int queue, void *to, size_t len);
ssize_t tun_write(int queue, const void *packet, size_t len);

/* The same of a queue with offloads; a packet may be up to TUN_SUPER long. */
#define TUN_SUPER 65536
ssize_t tun_read_super(int queue, void *to, size_t len, struct offload *how);
#define TUN_PARTS 64
ssize_t tun_write_super(int queue, const struct span *parts, size_t count,
			const struct offload *how);

#endif
