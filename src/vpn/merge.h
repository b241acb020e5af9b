/*
 * Joins TCP segments of one flow, as they came out of the tunnel one after the other, into a
 * packet that stands for all of them (base/offload.h): the network then takes them at once. What
 * is joined is what would be cut again into the very same segments. Pure; nothing is copied.
 */
#ifndef VPN_MERGE_H
#define VPN_MERGE_H

#include "base/attr.h"
#include "base/offload.h"
#include "base/span.h"

#define MERGE_PARTS 44 /* of 1,460 bytes are just under 64 KiB */
#define MERGE_MAX   65535

struct merge {
	struct span parts[MERGE_PARTS]; /* the first with its headers, the others without */
	size_t count;                   /* 0: there is none */
	uint8_t *packet;                /* the first, which is written to in the end */
	bool v4, closed;                /* nothing may follow */
	size_t transport, head;
	size_t size;   /* of the first's payload */
	size_t len;    /* of all so far */
	uint32_t next; /* sequence number */
};

/*
 * Begins with a packet whose bytes stay where they are until merge_finish(). False for what could
 * not be joined by another: anything but data in the middle of a TCP connection, whole and with a
 * right checksum.
 */
MUST_CHECK bool merge_begin(struct merge *m, uint8_t *packet, size_t len);

/* Joins another of the same flow, which the caller has seen to; false when it does not fit. */
MUST_CHECK bool merge_add(struct merge *m, const uint8_t *packet, size_t len);

/* Sets the first's headers right for all. A single one stays as it is. */
void merge_finish(struct merge *m, struct offload *how);

#endif
