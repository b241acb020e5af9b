/* A TCP packet that came out of the tunnel, measured: for those who make one of several. Pure. */
#ifndef VPN_SEGMENT_HEAD_H
#define VPN_SEGMENT_HEAD_H

#include "base/attr.h"
#include "base/span.h"

struct segment_head {
	bool v4;
	size_t transport; /* where TCP begins */
	size_t head;      /* how long all headers are */
	size_t len;       /* of all; what is behind it does not count */
};

/* False for what is not TCP, has options of IP, or is a fragment, or may become one: neither is
 * the network's to join. */
MUST_CHECK bool segment_head_read(const uint8_t *packet, size_t len, struct segment_head *out);

/* Whether TCP's checksum is right: nobody looks at it again once the packet stands for others. */
bool segment_head_sum_is_right(const struct segment_head *s, const uint8_t *packet);

/* Whether the packets' headers of IP are alike but for what counts: length, identification and
 * checksum. Both are of s->v4's kind. */
bool segment_head_same_ip(const struct segment_head *s, const uint8_t *a, const uint8_t *b);

#endif
