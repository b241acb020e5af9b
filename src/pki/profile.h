/*
 * A device's OpenVPN profile: one file with all it needs inside, for OpenVPN 2.5, 2.6 and Connect;
 * or, without a key of its own for the first packet, for 2.4. Pure: what it says comes from its
 * arguments alone.
 */
#ifndef PKI_PROFILE_H
#define PKI_PROFILE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "pki/authority.h"

struct profile_remote {
	const char *host;
	unsigned port;
	bool tcp;
};

struct profile {
	const char *name; /* shown to people: "alice@vpn.example.org (laptop)" */
	const struct profile_remote *remotes; /* in the order in which they are tried */
	size_t remote_count;
	bool asks_password, asks_code; /* the user signs in besides; with a one-time code */
	bool legacy;                   /* for OpenVPN 2.4: its key is the static one */
	const struct device_material *material;
};

/* False when `out` is full, or a text cannot stand in a profile (a newline, say). */
MUST_CHECK bool profile_write(const struct profile *p, struct buf *out);

/* "alice-laptop.ovpn": for Content-Disposition, of safe characters only. */
void profile_file_name(const char *user, const char *device, char out[160]);

#endif
