/* The connections of the VPN, as its engine tells of them. */
#ifndef API_TUNNELS_H
#define API_TUNNELS_H

#include "access/admission.h"
#include "api/api.h"

#define TUNNELS_JSON_MAX (32 << 20)

/* All of them, in the request's memory; none where the configuration has no VPN. May wait. */
MUST_CHECK struct outcome tunnels_live(struct api *api, struct live_tunnel_list *out);

/* Whether a tunnel of that user's (0: anybody's) comes from the address, as of some seconds ago.
 * May wait. */
bool tunnels_come_from(struct api *api, const struct address *from, int64_t user);
void tunnels_forget(void); /* for tests: what was told */

#endif
