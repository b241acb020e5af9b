/* Web sessions, and where users have signed in from. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "base/address.h"
#include "store/store.h"

struct session {
	int64_t id, user;
	const char *user_name; /* only read */
	uint8_t hash[SECRET_HASH];
	struct address from; /* where he signed in */
	const char *agent;   /* what the browser calls itself; may be NULL */
	int64_t created, seen, expires;
	int64_t proved;     /* when he last gave his password */
	int64_t free_until; /* after set-up: until then the console is his from anywhere */
};
STORE_LIST(session);

MUST_CHECK enum store_result store_session_add(struct store *s, struct session *e); /* sets id */
MUST_CHECK enum store_result store_session_by_hash(struct store *s, const uint8_t hash[SECRET_HASH],
						   struct arena *memory, struct session *out);
MUST_CHECK enum store_result store_session(struct store *s, int64_t id, struct arena *memory,
					   struct session *out);
MUST_CHECK enum store_result store_session_seen(struct store *s, int64_t id, int64_t when);
MUST_CHECK enum store_result store_session_proved(struct store *s, int64_t id, int64_t when);
MUST_CHECK enum store_result store_session_remove(struct store *s, int64_t id);
/* All of a user but `except` (0: all); *count (may be NULL) is how many. */
MUST_CHECK enum store_result store_sessions_end(struct store *s, int64_t user, int64_t except,
						int64_t *count);
/* A session has ended when its time has come, or when it was not seen for long. */
struct session_end {
	int64_t now, idle; /* who was last seen before `idle` has gone */
};
/* Sorted by created (usual: the newest first), user, address, seen, expires. `user` 0: everybody's.
 * Only those that have not ended. */
MUST_CHECK enum store_result store_sessions(struct store *s, const struct page *page, int64_t user,
					    const struct session_end *end, struct arena *memory,
					    struct session_list *out);
/* How many there are of those, everybody's. */
MUST_CHECK enum store_result store_session_count(struct store *s, const struct session_end *end,
						 int64_t *count);
/* Whether this user has ever signed in from `network` ("192.0.2.0/24"), and that he has now. */
MUST_CHECK enum store_result store_network_is_new(struct store *s, int64_t user,
						  const char *network, int64_t now, bool *is_new);

/* Forgets those that have ended. */
MUST_CHECK enum store_result store_sessions_sweep(struct store *s, const struct session_end *end);

#endif
