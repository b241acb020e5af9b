/* Where profiles, links and the VPN lead, as the configuration has it. */
#ifndef API_ENDPOINT_H
#define API_ENDPOINT_H

#include "access/devices.h"
#include "access/rules.h"
#include "api/api.h"

/* The name that people know the server by: the VPN's, the first site's, what the client asked for
 * (may be empty), or this machine's. Without a port; lives in `memory`. */
const char *endpoint_name(struct arena *memory, const struct config *config, struct span host);

/* "https://vpn.example.org" or with a port, where console, portal and API answer. */
const char *endpoint_origin(struct arena *memory, const struct config *config, struct span host);

/* The name in it, without a port. */
const char *endpoint_origin_name(struct arena *memory, const struct config *config,
				 struct span host);

/* What OpenVPN Connect opens to fetch a profile by the one-time link with this secret. */
const char *endpoint_import_url(struct arena *memory, const struct config *config, struct span host,
				struct span token);

/* For device_profile(). */
struct endpoints endpoints_of(struct api *api, struct span host);
/* The same for clients of tls-crypt alone; refused where such are not answered. */
MUST_CHECK struct outcome endpoints_of_legacy(struct api *api, struct span host,
					      struct endpoints *out);

/* What it gives everybody who connects to the VPN; its list lives in `memory`. */
struct implied endpoint_implied(struct arena *memory, const struct config *config);

#endif
