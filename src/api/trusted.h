/* Whether browsers and clients believe that we are who we say. */
#ifndef API_TRUSTED_H
#define API_TRUSTED_H

#include "api/api.h"

/* Whether this name, without a port, is served with certificates that are publicly trusted, as of
 * some seconds ago; no, where it cannot be told. May wait. */
bool trusted_name(struct api *api, const char *name);
/* The same of the name that links lead to, for a client that asked for `host`: VPN clients fetch a
 * profile by a link only then. */
bool trusted_links(struct api *api, struct span host);
void trusted_forget(void); /* for tests: what was told */

#endif
