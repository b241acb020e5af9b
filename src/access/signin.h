/*
 * Signing in: by web session, API token, or for the VPN. One way for all, one table of failures
 * and bans. Neither what is said nor how long it takes tells whether there is such a user.
 */
#ifndef ACCESS_SIGNIN_H
#define ACCESS_SIGNIN_H

#include "access/access.h"
#include "base/clock.h"

#define SESSION_IDLE_MS       (30 * MINUTE_MS)
#define SESSION_USUAL_MINUTES 720
/* For so long a password that was given counts for dangerous acts. */
#define PROOF_MS (10 * MINUTE_MS)

struct signin {
	const char *where; /* "web", "api", "vpn" */
	struct span name, password;
	struct span code; /* one-time or recovery code; may be empty */
	bool proven;      /* the password was right a moment ago, and is not here again */
	struct address from;
	const char *agent; /* may be NULL */
};

/*
 * Bans and delays first, then name, password and code together. *out is the user then. A right
 * password without a code where one is needed is OUTCOME_STRANGER of type "code_needed", and
 * counted as no failure. That he came in is for the caller to note: there what he came for is
 * known. Slow.
 */
MUST_CHECK struct outcome signin_check(struct access *a, const struct signin *s, struct user *out);
/* Whether that is what it says. */
bool signin_needs_code(struct outcome o);

/* The same, and a session; `token` (SECRET_TEXT bytes) is what the cookie holds. */
MUST_CHECK struct outcome session_begin(struct access *a, const struct signin *s,
					struct session *out, struct user *user,
					char token[SECRET_TEXT]);
/* For somebody who has just proved himself otherwise: the first administrator, an invited user. */
MUST_CHECK struct outcome session_grant(struct access *a, const struct actor *who,
					const struct user *u, const struct signin *s,
					int64_t free_until, struct session *out,
					char token[SECRET_TEXT]);

/* Whose request it is. OUTCOME_STRANGER for one that is unknown or over. */
MUST_CHECK struct outcome session_actor(struct access *a, struct span token,
					const struct address *from, struct actor *out,
					struct session *session);
MUST_CHECK struct outcome token_actor(struct access *a, struct span token,
				      const struct address *from, struct actor *out);

/* What a session's requests must show to be no forged ones (CSRF): HMAC of its token, as base64url.
 */
MUST_CHECK bool session_csrf(struct span token, char out[SECRET_TEXT]);

/* The password once more, for dangerous acts. Slow. */
MUST_CHECK struct outcome session_prove(struct access *a, const struct actor *who,
					struct span password);
MUST_CHECK struct outcome session_end(struct access *a, const struct actor *who,
				      const struct session *s);
/* Those that have not ended, as store_sessions() sorts them; `user` 0: everybody's. */
MUST_CHECK struct outcome sessions_list(struct access *a, const struct page *page, int64_t user,
					struct session_list *out);
MUST_CHECK struct outcome sessions_count(struct access *a, int64_t *out); /* everybody's */
MUST_CHECK struct outcome sessions_sweep(struct access *a);               /* forgets the others */
/* The one of that number, if it has not ended; `user` not 0: and is his. */
MUST_CHECK struct outcome session_find(struct access *a, int64_t user, int64_t id,
				       struct session *out);
/* All of a user's but the actor's own. */
MUST_CHECK struct outcome sessions_end(struct access *a, const struct actor *who,
				       const struct user *u, int64_t *count);

extern const char *const token_scopes[]; /* what they are called; NULL-ended */

/* A token's text: "sp_" and the secret. */
#define TOKEN_TEXT (SECRET_TEXT + 3)

MUST_CHECK struct outcome token_create(struct access *a, const struct actor *who, struct token *t,
				       char text[TOKEN_TEXT]);
MUST_CHECK struct outcome token_revoke(struct access *a, const struct actor *who,
				       const struct token *t);
/* Forgets those that ended long ago. Until then whoever still has one is told that it is over: what
 * nobody knows is a guess, and a program that goes on with it would get its network banned. */
#define TOKEN_FORGET_MS (30 * DAY_MS)
MUST_CHECK struct outcome tokens_sweep(struct access *a);

#endif
