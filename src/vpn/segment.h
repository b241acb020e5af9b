/*
 * Cuts a packet that stands for several (base/offload.h) into those that are sent. It came from
 * the kernel; what is not as it says is refused all the same. Pure.
 */
#ifndef VPN_SEGMENT_H
#define VPN_SEGMENT_H

#include "base/attr.h"
#include "base/offload.h"
#include "base/span.h"

#define SEGMENT_MAX 1600 /* of one, with its headers */

/* One that is being cut. */
struct segments {
	struct span super;
	bool udp, v4;
	size_t transport; /* where TCP or UDP begins */
	size_t head;      /* all headers */
	size_t size;      /* of payload */
	size_t at;        /* in the payload */
	unsigned count;   /* so far */
};

/* `super` must outlive it. False for what it is not, or whose segments would be too long. */
MUST_CHECK bool segments_begin(struct segments *s, struct span super, const struct offload *how);

/* How long the next will be; 0: that was all. */
size_t segments_next_len(const struct segments *s);
/* Writes it, whole, with its checksums. */
void segments_next(struct segments *s, uint8_t *to);

/* A packet that stands for itself: makes the checksum that was left to us. False where that cannot
 * be. */
MUST_CHECK bool segment_finish(uint8_t *packet, size_t len, const struct offload *how);

#endif
