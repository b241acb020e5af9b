/* A user's devices and their profiles. */
#ifndef ACCESS_DEVICES_H
#define ACCESS_DEVICES_H

#include "access/access.h"
#include "pki/profile.h"
#include "store/device.h"
#include "json/shape.h"

extern const struct shape shape_device, shape_certificate;
extern const char *const certificate_kinds[]; /* what they are called; NULL-ended */

/* Where profiles lead, as the configuration has it. */
struct endpoints {
	const char *name; /* what people know the server by */
	const struct profile_remote *remotes;
	size_t count;
	bool legacy; /* for clients with the static key of tls-crypt */
};

/* Why a name cannot be taken, as a clause; NULL: it can. */
const char *device_check_name(const char *name);

/* NAME of one in use, or #ID. */
MUST_CHECK struct outcome device_find(struct access *a, const struct user *u, const char *word,
				      struct device *out);
/* With certificate and keys. As many as the policy allows. Only who administers the user may make
 * one that needs no password. */
MUST_CHECK struct outcome device_add(struct access *a, const struct actor *who,
				     const struct user *u, struct device *d);
MUST_CHECK struct outcome device_change(struct access *a, const struct actor *who,
					const struct device *before, struct device *after);
MUST_CHECK struct outcome device_renew(struct access *a, const struct actor *who,
				       const struct user *u, struct device *d);
MUST_CHECK struct outcome device_revoke(struct access *a, const struct actor *who,
					const struct device *d);

/* The .ovpn; noted as a download. `out` is to be wiped. */
MUST_CHECK struct outcome device_profile(struct access *a, const struct actor *who,
					 const struct user *u, const struct device *d,
					 const struct endpoints *to, struct buf *out);

#endif
