/*
 * Addresses for clients: each device gets the same one again as long as nobody else had to have
 * it. One number stands for an IPv4 and an IPv6 address at once. Pure; for one thread.
 */
#ifndef VPN_LEASE_H
#define VPN_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"

struct leases;

/* `v4` is at most a /8 and at least a /29, `v6` at least a /112 or of family 0. The address after
 * their own (10.86.0.1 of 10.86.0.0/20) is the server's, the last one of IPv4 nobody's. NULL when
 * memory is short. */
struct leases *leases_new(const struct network *v4, const struct network *v6);
void leases_free(struct leases *l); /* NULL is fine */

uint32_t leases_count(const struct leases *l); /* how many there can be at once */

/* From now on these are kept, taken or not, for who has them by right: nobody gets them by
 * lease_take(). Those of an earlier call are free again. */
void leases_keep(struct leases *l, const uint32_t *numbers, size_t count);
/* One of these, for whom it is kept. False: somebody has it, from before it was kept. */
MUST_CHECK bool lease_claim(struct leases *l, uint32_t number);

/* A number from 1 for the device; 0: none is left. `wish` (0: none) is taken if it is free. */
MUST_CHECK uint32_t lease_take(struct leases *l, int64_t device, uint32_t wish);
/* Of one that was taken; 0 is fine. */
void lease_give_back(struct leases *l, uint32_t number);

/* Number 0 is the server. Family 0 where there is no IPv6. */
struct address lease_v4(const struct leases *l, uint32_t number);
struct address lease_v6(const struct leases *l, uint32_t number);
/* Whose address it is, or would be if it were taken; 0: the server's, or never anybody's. */
uint32_t lease_number(const struct leases *l, const struct address *a);

#endif
