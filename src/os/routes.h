/* Where the machine sends its packets (rtnetlink). */
#ifndef OS_ROUTES_H
#define OS_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/err.h"

struct machine_route {
	struct network to; /* bits 0: the default route */
	char device[16];
};

/* All unicast routes of the main table, without `except` (may be NULL), a device. *out is
 * the caller's to free(). */
MUST_CHECK struct err routes_list(const char *except, struct machine_route **out, size_t *count);

#endif
