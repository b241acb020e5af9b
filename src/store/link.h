/* One-time links. */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "store/store.h"

enum link_kind {
	LINK_SETUP,   /* makes the first administrator */
	LINK_INVITE,  /* a new user chooses his password */
	LINK_RESET,   /* a user chooses another one */
	LINK_PROFILE, /* a device's profile, by openvpn://import-profile */
};

struct link {
	int64_t id;
	int kind; /* enum link_kind */
	uint8_t hash[SECRET_HASH];
	int64_t user, device; /* 0: none */
	const char *user_name, *device_name;
	const char *made_by;
	int64_t created, expires;
	int64_t used;      /* when it was first used; 0: not yet */
	int64_t uses_left; /* 0: it is spent */
};
STORE_LIST(link);

MUST_CHECK enum store_result store_link_add(struct store *s, struct link *l);
MUST_CHECK enum store_result store_link_by_hash(struct store *s, const uint8_t hash[SECRET_HASH],
						struct arena *memory, struct link *out);
MUST_CHECK enum store_result store_link(struct store *s, int64_t id, struct arena *memory,
					struct link *out);
/* Counts one use down, in one statement: STORE_CHANGED when none was left. */
MUST_CHECK enum store_result store_link_use(struct store *s, int64_t id, int64_t when);
MUST_CHECK enum store_result store_link_remove(struct store *s, int64_t id);
/* Removes all of a kind (-1: any) of a user and a device (0: any). */
MUST_CHECK enum store_result store_links_remove(struct store *s, int kind, int64_t user,
						int64_t device);
/* Removes those by which a user's password could still be set: LINK_INVITE and LINK_RESET. */
MUST_CHECK enum store_result store_password_links_remove(struct store *s, int64_t user);
/* Sorted by created (usual: the newest first), kind, user, made_by, expires. `user` 0: everybody's.
 */
MUST_CHECK enum store_result store_links(struct store *s, const struct page *page, int64_t user,
					 struct arena *memory, struct link_list *out);

/* Forgets those that ended before `when`. */
MUST_CHECK enum store_result store_links_sweep(struct store *s, int64_t when);

#endif
