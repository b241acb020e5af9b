/* Addresses that anybody on the Internet could ask: not this machine's, nor its networks'. */
#ifndef ACCESS_OUTSIDE_H
#define ACCESS_OUTSIDE_H

#include "base/address.h"

/* False for what is private, local, reserved, or leads to one of these by translation. */
bool address_is_outside(const struct address *a);

#endif
