/* How somebody proves who he is: what signin.c, session.c and credential.c have in common. */
#ifndef ACCESS_PROOF_H
#define ACCESS_PROOF_H

#include "access/signin.h"

struct proof {
	const char *account; /* the name in lower case; NULL: nobody can have it */
	bool is_known;
	struct user user;
	struct user_secret secret;
};

/* By name; one that nobody has is no error. */
MUST_CHECK struct outcome proof_load(struct access *a, struct span name, struct proof *out);

/* Takes as long for one that is not known, or has no password. Slow. */
MUST_CHECK bool proof_password(const struct proof *p, struct span password);

enum factor { FACTOR_RIGHT, FACTOR_NONE, FACTOR_MISSING, FACTOR_WRONG, FACTOR_USED };

/* FACTOR_NONE: he has set up no codes. A right one is used up. */
MUST_CHECK struct outcome proof_code(struct access *a, const struct proof *p, struct span code,
				     enum factor *out);

/* Why it failed, for the administrator alone. */
enum failure {
	FAILURE_UNKNOWN,
	FAILURE_DISABLED,
	FAILURE_EXPIRED,
	FAILURE_NO_PASSWORD,
	FAILURE_PASSWORD,
	FAILURE_CODE,
	FAILURE_CODE_USED,
};

/* Counts and notes it; returns what everybody is told, whatever it was. */
MUST_CHECK struct outcome proof_failed(struct access *a, const struct signin *s,
				       const struct proof *p, const char *action, enum failure why);

/* What everybody is told, and nothing else. */
struct outcome proof_is_wrong(void);

/* Inside the transaction of what was asked for with it, after proof_password(). To compare takes a
 * while, in which the password may have been changed: what that ended must not begin anew with the
 * old one. */
MUST_CHECK struct outcome proof_holds(struct access *a, const struct proof *p);

/* Whether his account keeps him out whatever is shown, and why: it is disabled, or has expired. */
bool proof_is_kept_out(const struct access *a, const struct user *u, enum failure *why);

/* What keeps an account out whatever is shown, told as above: it is nobody's, is disabled or has
 * expired. *problem NULL: nothing does; *remedy NULL: no command would allow it. */
MUST_CHECK struct outcome proof_problem(struct access *a, const char *account, const char **problem,
					const char **remedy);

/* JSON of one or two texts, for notes of the audit log. In a->memory. */
const char *proof_note(const struct access *a, const char *name, const char *text,
		       const char *other_name, const char *other_text);

/* The seal of a user's secret for codes is for him alone. */
const char *proof_totp_about(const struct access *a, int64_t user);

/* In what form a recovery code is stored, however it was typed. False: it is none. */
MUST_CHECK bool proof_recovery_hash(const struct access *a, int64_t user, struct span code,
				    uint8_t hash[32]);

#endif
