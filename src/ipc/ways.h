/*
 * By which way a client of the VPN reaches what: rows, of which the first that fits decides. The
 * tunnel writes them, and warden, who trusts nobody, reads them.
 */
#ifndef IPC_WAYS_H
#define IPC_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define WAYS_MAX       1024 /* rows of a client */
#define WAYS_BYTES_MAX (WAYS_MAX * 24)

struct way {
	struct network to;
	uint8_t protocol;            /* the IP protocol's number; 0: any */
	uint16_t port_from, port_to; /* of TCP and UDP; both 0: any */
	bool route;                  /* as the client itself; else as this machine */
};

/* False where they are too many, or do not fit. */
MUST_CHECK bool ways_encode(const struct way *list, size_t count, struct buf *out);

/* Into `list`, which has room for WAYS_MAX. False, and nothing, unless each row is sound. */
MUST_CHECK bool ways_decode(struct span bytes, struct way *list, size_t *count);

#endif
