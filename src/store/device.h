/* Devices, and the certificates of our own authority. */
#ifndef STORE_DEVICE_H
#define STORE_DEVICE_H

#include "store/store.h"

enum device_kind {
	DEVICE_LOCKED, /* its user signs in besides */
	DEVICE_AUTO,   /* its certificate is enough */
};

struct device {
	int64_t id, version, user;
	const char *user_name; /* only read */
	const char *name;      /* once for each user, until it is revoked */
	const char *platform;  /* what the user calls it: "ios", "windows"; may be NULL */
	int kind;              /* enum device_kind */
	int64_t created, revoked, last_seen;
	int64_t certificate;  /* the current one */
	const char *serial;   /* of it, hex; only read */
	int64_t expires;      /* of it; only read */
	struct span wrap_key; /* sealed: its tls-crypt-v2 client key, Kc and WKc */
	const char *address;  /* in the VPN, kept for it alone; IPv4; NULL: any */
};
STORE_LIST(device);

MUST_CHECK enum store_result store_device_add(struct store *s, struct device *d);
MUST_CHECK enum store_result store_device(struct store *s, int64_t id, struct arena *memory,
					  struct device *out);
/* The one of that name that is not revoked. */
MUST_CHECK enum store_result store_device_by_name(struct store *s, int64_t user, const char *name,
						  struct arena *memory, struct device *out);
/* The one that is not revoked for which the address is kept. */
MUST_CHECK enum store_result store_device_by_address(struct store *s, const char *address,
						     struct arena *memory, struct device *out);
/* All of these. */
MUST_CHECK enum store_result store_devices_with_address(struct store *s, struct arena *memory,
							struct device_list *out);
MUST_CHECK enum store_result store_device_change(struct store *s, struct device *d);
MUST_CHECK enum store_result store_device_seen(struct store *s, int64_t id, int64_t when);
/* With its certificates; STORE_CHANGED when it is revoked already. */
MUST_CHECK enum store_result store_device_revoke(struct store *s, int64_t id, int64_t when);
/* Sorted by name (usual), created, last_seen, expires. `user` 0: all; revoked ones if asked for.
 * Searched in "alice/laptop", its user's name and its own. */
MUST_CHECK enum store_result store_devices(struct store *s, const struct page *page, int64_t user,
					   bool revoked, struct arena *memory,
					   struct device_list *out);
MUST_CHECK enum store_result store_device_count(struct store *s, int64_t user, int64_t *count);

enum certificate_kind { CERTIFICATE_CA, CERTIFICATE_SERVER, CERTIFICATE_DEVICE };

struct certificate_row {
	int64_t id;
	int kind;                            /* enum certificate_kind */
	const char *serial;                  /* lower-case hex; unique */
	const char *name;                    /* its common name */
	int64_t issuer;                      /* 0: itself */
	int64_t device;                      /* 0: none */
	const char *device_name, *user_name; /* only read */
	struct span certificate;             /* DER */
	struct span key;                     /* sealed PKCS#8; empty: not kept */
	int64_t not_before, not_after, revoked;
	const char *reason; /* of revocation; may be NULL */
	bool current;    /* of a CA or server: the one in use; others are accepted until retired */
	int64_t retires; /* of a CA that was rolled over: until then what it issued is good */
};
STORE_LIST(certificate_row);

MUST_CHECK enum store_result store_certificate_add(struct store *s, struct certificate_row *c);
MUST_CHECK enum store_result store_certificate(struct store *s, int64_t id, struct arena *memory,
					       struct certificate_row *out);
MUST_CHECK enum store_result store_certificate_by_serial(struct store *s, const char *serial,
							 struct arena *memory,
							 struct certificate_row *out);
/* The one in use; STORE_NONE before there is any. */
MUST_CHECK enum store_result store_certificate_current(struct store *s, enum certificate_kind kind,
						       struct arena *memory,
						       struct certificate_row *out);
/* Makes `id` the one of its kind in use; the one before gets `retires`. */
MUST_CHECK enum store_result store_certificate_use(struct store *s, int64_t id, int64_t retires);
/* Sorted by expires (usual: the next first), created, name. `kind` -1: all. */
MUST_CHECK enum store_result store_certificates(struct store *s, const struct page *page, int kind,
						struct arena *memory,
						struct certificate_row_list *out);

#endif
