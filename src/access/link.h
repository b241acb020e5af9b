/* One-time links: whoever holds one may do one thing, once. */
#ifndef ACCESS_LINK_H
#define ACCESS_LINK_H

#include "access/access.h"
#include "access/signin.h"
#include "base/clock.h"

#define LINK_SETUP_MS   (15 * MINUTE_MS)
#define LINK_INVITE_MS  (3 * DAY_MS)
#define LINK_RESET_MS   HOUR_MS
#define LINK_PROFILE_MS HOUR_MS
#define LINK_RETRY_MS   MINUTE_MS /* what a link gave may be asked for again so long after it */
#define CONSOLE_FREE_MS HOUR_MS

extern const char *const link_kinds[]; /* what they are called; NULL-ended */

/* `token` is what stands in the URL after /setup/ or /link/. */
MUST_CHECK struct outcome link_create(struct access *a, const struct actor *who,
				      enum link_kind kind, int64_t user, int64_t device,
				      struct link *out, char token[SECRET_TEXT]);

/* Looks, and consumes nothing. OUTCOME_UNKNOWN for one that is unknown, spent or over. */
MUST_CHECK struct outcome link_look(struct access *a, struct span token, enum link_kind kind,
				    struct link *out);

/* Consumes one use. A profile's may be used again within LINK_RETRY_MS. */
MUST_CHECK struct outcome link_use(struct access *a, const struct link *l);
MUST_CHECK struct outcome link_revoke(struct access *a, const struct actor *who,
				      const struct link *l);

/* The first administrator, by a set-up link; only while there is none. Slow. */
MUST_CHECK struct outcome setup_finish(struct access *a, struct span token, struct user *u,
				       struct span password, const struct address *from,
				       const char *agent, struct session *session,
				       char cookie[SECRET_TEXT]);
/* For whom setup_finish() refused, though he is the administrator that it has just made: the same
 * again, for a form that was sent twice. Slow. */
MUST_CHECK struct outcome setup_again(struct access *a, struct span token, struct user *u,
				      struct span password, const struct address *from,
				      const char *agent, struct session *session,
				      char cookie[SECRET_TEXT]);
MUST_CHECK struct outcome setup_is_open(struct access *a, bool *open);

/* An invited user, or one who forgot it, sets his password. Slow. */
MUST_CHECK struct outcome link_set_password(struct access *a, struct span token,
					    struct span password, const struct address *from,
					    struct user *out);

/*
 * Of a button that is pressed twice a browser shows the second answer, when the link is spent
 * already: whether it was used within LINK_RETRY_MS, and `s` has the password that was chosen by
 * it, and of a set-up link the name. *out is the user then. Slow, where it was.
 */
MUST_CHECK bool link_sent_again(struct access *a, struct span token, struct signin *s,
				struct user *out);

#endif
