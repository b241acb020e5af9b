/* A network for the VPN's clients, of those that are free on this machine. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "base/address.h"
#include "base/attr.h"
#include "cli/verb.h"
#include "os/routes.h"

/* A /20 of private addresses that meets none of the routes; `start` chooses among them, so that two
 * servers seldom have the same. False: none is free. */
MUST_CHECK bool network_pick(const struct machine_route *routes, size_t count, unsigned start,
			     struct network *out);

int network_print(struct command_line *l);

#endif
