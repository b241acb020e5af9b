/* How an administrator comes back to the console, once nothing but the lists lets him in. */
#ifndef API_WAYS_H
#define API_WAYS_H

#include "api/api.h"

struct ways_back {
	const char *address;         /* where he is now */
	bool admitted;               /* that alone is enough: `allow` has it */
	bool vpn;                    /* through the VPN, which is on, and in `allow` */
	const char *ssh, *local_url; /* the command, and what to open then; NULL: not so */
};

/* For whoever asks `r`; all of it lives in the request's memory. */
struct ways_back ways_back(struct api *api, const struct api_request *r);

#endif
