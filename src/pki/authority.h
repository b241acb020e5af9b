/* Our own certificate authority, for the VPN alone: never the web's. */
#ifndef PKI_AUTHORITY_H
#define PKI_AUTHORITY_H

#include "base/outcome.h"
#include "pki/vault.h"
#include "store/device.h"
#include "tls/issue.h"
#include "tls/wrap_key.h"

struct authority {
	struct store *store;
	const struct vault *vault;
	struct arena *memory; /* for what is returned */
	int64_t now;          /* ms */
};

struct authority_settings {
	enum issue_key key; /* for what is issued from now on */
	unsigned ca_days, server_days, device_days;
};
extern const struct authority_settings authority_usual; /* P-256; 3650, 825, 825 */

#define AUTHORITY_NAME 65 /* of a common name, with the NUL */

/*
 * Makes CA, server certificate and tls-crypt keys where they are missing; renews the
 * server's in its last 30 days, and replaces it when its CA retires: to be called daily. Profiles
 * hold the name in it, so it stays what it was first, whatever `server_name` says later. In a
 * transaction of its own.
 */
MUST_CHECK struct err authority_ensure(const struct authority *a,
				       const struct authority_settings *s, const char *server_name);

/*
 * A certificate with its key, and a tls-crypt-v2 key, for `d`, which is in the store already (for a
 * new one: store_device_add() with no certificate comes first, since the wrapped key has the
 * device's id in it). Sets `certificate`, `serial`, `expires`, `wrap_key` and `version` of `d`, and
 * calls store_device_change(). What an earlier profile of it holds stays good until it expires.
 * Inside the caller's transaction.
 */
MUST_CHECK struct outcome authority_issue(const struct authority *a,
					  const struct authority_settings *s, const char *user_name,
					  struct device *d);

/* A new CA, which signs from now on; the old one and what it signed are good until `retires`.
 * Inside the caller's transaction. */
MUST_CHECK struct outcome authority_roll_over(const struct authority *a,
					      const struct authority_settings *s, int64_t retires);

/* What a profile holds; the keys are secrets: wiped by device_material_wipe(). */
struct device_material {
	char server_name[AUTHORITY_NAME]; /* what the server's certificate is for */
	struct buf ca;          /* PEM: the CAs whose server certificate is to be believed */
	struct buf certificate; /* PEM */
	struct buf key;         /* PEM */
	struct buf wrap_key;    /* PEM: "OpenVPN tls-crypt-v2 client key", or the static key */
};
MUST_CHECK struct outcome authority_material(const struct authority *a, const struct device *d,
					     struct device_material *out);
/* Has the static key of tls-crypt in place of the device's own, for clients that know no other. */
MUST_CHECK struct outcome authority_use_static(const struct authority *a,
					       struct device_material *m);
void device_material_wipe(struct device_material *m);

/* What the VPN engine needs; the keys are secrets: wiped by server_material_wipe(). */
struct server_material {
	struct buf authorities;      /* PEM: the CAs that clients may be of */
	struct buf certificate, key; /* PEM */
	uint8_t wrap_key[WRAP_SERVER_KEY];
	uint8_t static_key[WRAP_CLIENT_KEY];
};
MUST_CHECK struct err authority_server(const struct authority *a, struct server_material *out);
void server_material_wipe(struct server_material *m);

#endif
