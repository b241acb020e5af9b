/* What a person proves himself by: password, one-time codes, recovery codes. */
#ifndef ACCESS_CREDENTIAL_H
#define ACCESS_CREDENTIAL_H

#include "access/access.h"

#define RECOVERY_CODES   10
#define RECOVERY_LETTERS 10
#define RECOVERY_TEXT    (RECOVERY_LETTERS + 2) /* "abcde-fghij" with its NUL */

/* Why it is too weak, as a clause ("is among the most used ones"); NULL: it is good enough. */
const char *password_weakness(struct span password, const char *user_name);

/* Ends his other sessions. `old`: what he says it is now; SPAN_NONE when an administrator, or who
 * holds a link, sets it. Slow. */
MUST_CHECK struct outcome password_set(struct access *a, const struct actor *who,
				       const struct user *u, struct span old, struct span password);

/* Begins setting up codes: the secret, which counts only once a code of it was given. */
MUST_CHECK struct outcome totp_begin(struct access *a, const struct actor *who,
				     const struct user *u, struct buf *uri, struct buf *secret);
/* The recovery codes are shown this once. */
MUST_CHECK struct outcome totp_confirm(struct access *a, const struct actor *who,
				       const struct user *u, struct span code,
				       char codes[RECOVERY_CODES][RECOVERY_TEXT]);
MUST_CHECK struct outcome totp_remove(struct access *a, const struct actor *who,
				      const struct user *u);
MUST_CHECK struct outcome recovery_renew(struct access *a, const struct actor *who,
					 const struct user *u,
					 char codes[RECOVERY_CODES][RECOVERY_TEXT]);

#endif
