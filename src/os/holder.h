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

#endif
