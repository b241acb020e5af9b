/* Users and groups. */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include "store/store.h"

enum user_role { USER_ROLE_USER, USER_ROLE_OPERATOR, USER_ROLE_ADMIN };

#define POLICY_UNSET (-1) /* as the wider one says: user, then group, then everybody */

enum tunnel_mode { TUNNEL_SPLIT, TUNNEL_FULL };

/* What holds for a user's devices and connections. Each member may be POLICY_UNSET, or NULL. */
struct user_policy {
	int totp_required;       /* 0 or 1 */
	int64_t devices_max;     /* 0: any */
	int64_t connections_max; /* VPN sessions at once; 0: any */
	int64_t
	    session_minutes;  /* of a web session, from sign-in; and of a VPN session; 0: no end */
	int tunnel;           /* enum tunnel_mode */
	int client_to_client; /* 0 or 1 */
	const char **dns;     /* addresses; NULL: unset; an empty list: none */
};

struct group {
	int64_t id, version;
	const char *name, *comment;
	struct user_policy policy;
	int64_t created;
	int64_t members; /* how many users; only read */
};
STORE_LIST(group);

struct user {
	int64_t id, version; /* the version counts changes of what an administrator sees */
	const char *name;    /* lower case */
	const char *full_name, *email, *comment;
	int role; /* enum user_role */
	bool enabled;
	int64_t expires;
	int64_t group;          /* 0: none */
	const char *group_name; /* only read */
	struct user_policy policy;
	int64_t created, last_seen;
	bool has_password, has_totp; /* only read */
	int64_t device_count;        /* not revoked; only read */
};
STORE_LIST(user);

MUST_CHECK enum store_result store_user_add(struct store *s, struct user *u); /* sets id, version */
MUST_CHECK enum store_result store_user(struct store *s, int64_t id, struct arena *memory,
					struct user *out);
MUST_CHECK enum store_result store_user_by_name(struct store *s, const char *name,
						struct arena *memory, struct user *out);
/* But his name, which stays. `u->version` is the one that was read, and counted up. */
MUST_CHECK enum store_result store_user_change(struct store *s, struct user *u);
/* With all that is his but the audit log: sessions, tokens, links, devices, rules. */
MUST_CHECK enum store_result store_user_remove(struct store *s, int64_t id, int64_t version);
/* Sorted by name (usual), created, last_seen. `role` and `group` narrow it: -1 and 0 for all. */
MUST_CHECK enum store_result store_users(struct store *s, const struct page *page, int role,
					 int64_t group, struct arena *memory,
					 struct user_list *out);
MUST_CHECK enum store_result store_user_seen(struct store *s, int64_t id, int64_t when);
/* Users with that role who are enabled and not expired `now`. */
MUST_CHECK enum store_result store_user_count(struct store *s, enum user_role role, int64_t now,
					      int64_t *count);

/* What proves that it is him. Apart from struct user, so that it is nowhere by accident. */
struct user_secret {
	const char *password; /* argon2's encoded form; NULL: none */
	struct span totp;     /* sealed; empty: none */
	int64_t totp_last;    /* the last step that was used: none is good twice */
	struct span totp_new; /* sealed; set up but not confirmed yet; empty: none */
	int64_t password_changed;
};
MUST_CHECK enum store_result store_user_secret(struct store *s, int64_t id, struct arena *memory,
					       struct user_secret *out);
MUST_CHECK enum store_result store_user_set_password(struct store *s, int64_t id,
						     const char *encoded, int64_t when);
/* The same password in another form. STORE_CHANGED: it is `old` no more. */
MUST_CHECK enum store_result store_user_raise_password(struct store *s, int64_t id, const char *old,
						       const char *encoded);
MUST_CHECK enum store_result store_user_set_totp(struct store *s, int64_t id, struct span sealed,
						 struct span sealed_new);
/* Only if it is later than the last one: STORE_CHANGED otherwise. One statement: no race. */
MUST_CHECK enum store_result store_user_use_totp(struct store *s, int64_t id, int64_t step);

/* Recovery codes, as SHA-256. Setting them forgets the ones before. */
MUST_CHECK enum store_result store_recovery_set(struct store *s, int64_t user,
						const uint8_t (*hashes)[32], size_t count);
MUST_CHECK enum store_result store_recovery_use(struct store *s, int64_t user,
						const uint8_t hash[32], int64_t when);
MUST_CHECK enum store_result store_recovery_left(struct store *s, int64_t user, int64_t *count);

MUST_CHECK enum store_result store_group_add(struct store *s, struct group *g);
MUST_CHECK enum store_result store_group(struct store *s, int64_t id, struct arena *memory,
					 struct group *out);
MUST_CHECK enum store_result store_group_by_name(struct store *s, const char *name,
						 struct arena *memory, struct group *out);
MUST_CHECK enum store_result store_group_change(struct store *s, struct group *g);
/* STORE_TAKEN while it has members. */
MUST_CHECK enum store_result store_group_remove(struct store *s, int64_t id, int64_t version);
/* Sorted by name (usual), members, created. */
MUST_CHECK enum store_result store_groups(struct store *s, const struct page *page,
					  struct arena *memory, struct group_list *out);

#endif
