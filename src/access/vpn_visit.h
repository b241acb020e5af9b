/* Who has come in by the VPN, as the audit log and the lists of people and devices have it. */
#ifndef ACCESS_VPN_VISIT_H
#define ACCESS_VPN_VISIT_H

#include "access/vpn.h"

/* Texts are whose memory it is in. */
struct vpn_visit {
	int64_t user, device;
	const char *user_name, *device_name;
	const char *client; /* as it calls itself; may be NULL */
	struct address from;
	int64_t at; /* ms since 1970 */
};

struct vpn_visit vpn_visit_of(const struct access *a, const struct vpn_request *r,
			      const struct vpn_admitted *admitted);

/* Notes all of them, or none: `count` is at least 1. One commit takes as long as another, so those
 * who come at the same time are noted together. */
MUST_CHECK struct outcome vpn_visits_note(struct access *a, const struct vpn_visit *visits,
					  size_t count);

#endif
