/* Between signin.c and session.c. */
#ifndef ACCESS_SESSION_INNER_H
#define ACCESS_SESSION_INNER_H

#include "access/proof.h"
#include "access/signin.h"

/* The session itself, in a transaction of its own. `shown`: what it is made for, which has to hold
 * still; NULL: no password was given. */
MUST_CHECK struct outcome session_make(struct access *a, const struct actor *who,
				       const struct user *u, const struct signin *s,
				       const struct proof *shown, int64_t free_until,
				       struct session *out, char token[SECRET_TEXT]);

/* Him who has just signed in. */
struct actor signin_actor(const struct user *u, const struct address *from);

/* What the user may do now: nothing for others before he has set up codes that he must have. */
MUST_CHECK struct outcome session_level(struct access *a, const struct user *u,
					enum access_level *out);

#endif
