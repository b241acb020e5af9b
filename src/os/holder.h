/* Who holds a port: read from /proc. */
#ifndef OS_HOLDER_H
#define OS_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*
 * Writes "nginx (pid 712, nginx.service)" for the process that listens on `at`
 * or on its port for all addresses. False when it cannot be told (not root, or gone).
 */
bool holder_of_tcp(const struct address *at, char *text, size_t size);
bool holder_of_udp(const struct address *at, char *text, size_t size);

/* The process's name, and the unit that systemd runs it as; empty where they cannot be told. What
 * is not printable, which any user may have chosen, is "?". */
void holder_name(long pid, char *process, size_t process_size, char *unit, size_t unit_size);

/* A line of /proc/net/tcp and its kin: false when it is none. */
struct holder_socket {
	struct address local;
	unsigned state;
	bool connected;
	uint64_t inode;
};
bool holder_read_line(const char *line, struct holder_socket *out);

#endif
