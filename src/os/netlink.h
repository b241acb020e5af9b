/* Questions to the kernel about its network (rtnetlink(7)): for this folder alone. */
#ifndef OS_NETLINK_H
#define OS_NETLINK_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* A message that is being made; attributes that have no room are a fault of ours. */
struct netlink_request {
	struct nlmsghdr head;
	uint8_t rest[256];
};

/* Begins one whose fixed part, `body`, is `len` bytes. */
void netlink_begin(struct netlink_request *r, int type, int flags, const void *body, size_t len);
void netlink_add(struct netlink_request *r, int attribute, const void *value, size_t len);

/*
 * Sends it and calls `each` (may be NULL) for each message of the answer, up to its end. On
 * failure errno is what the kernel said.
 */
MUST_CHECK bool netlink_ask(struct netlink_request *r,
			    void (*each)(const struct nlmsghdr *m, void *owner), void *owner);

#endif
