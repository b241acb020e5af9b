/* Users and groups, as their administrators change them. */
#ifndef ACCESS_PEOPLE_H
#define ACCESS_PEOPLE_H

#include "access/access.h"
#include "json/shape.h"

extern const struct shape shape_user, shape_group, shape_policy, shape_everybodys_policy;

/* What they are called, by their enums; NULL-ended. */
extern const char *const user_roles[], *const tunnel_modes[];

/* What a new one has where nothing is said. */
struct user user_new(void);
struct group group_new(void);

/* NAME, or #ID. */
MUST_CHECK struct outcome user_find(struct access *a, const char *word, struct user *out);
MUST_CHECK struct outcome group_find(struct access *a, const char *word, struct group *out);

/* What is added or changed is afterwards as it is stored, read in the same transaction: whatever
 * others do to it since. */

/* `u->group_name` says the group, where it is set. An operator may only touch plain users. */
MUST_CHECK struct outcome user_add(struct access *a, const struct actor *who, struct user *u);
/* All of them or none, in one transaction; each has its row in the audit log. */
MUST_CHECK struct outcome users_add(struct access *a, const struct actor *who, struct user *users,
				    size_t count);
/* Disabling one ends his sessions; the last enabled administrator can be neither disabled, nor
 * removed, nor made less, but on the machine's command line. */
MUST_CHECK struct outcome user_change(struct access *a, const struct actor *who,
				      const struct user *before, struct user *after);
MUST_CHECK struct outcome user_remove(struct access *a, const struct actor *who,
				      const struct user *u);

MUST_CHECK struct outcome group_add(struct access *a, const struct actor *who, struct group *g);
MUST_CHECK struct outcome group_change(struct access *a, const struct actor *who,
				       const struct group *before, struct group *after);
MUST_CHECK struct outcome group_remove(struct access *a, const struct actor *who,
				       const struct group *g);

/* Why a name cannot be taken, as a clause; NULL: it can. For users and groups alike. */
const char *people_check_name(const char *name);

/* What holds for everybody unless a group or user says otherwise; in the store as a setting. */
struct everybodys_policy {
	struct user_policy set;   /* what is unset is as usual, also in later versions */
	struct user_policy usual; /* the tunnel's part is unset: the configuration says it */
};
MUST_CHECK struct outcome policy_global(struct access *a, struct everybodys_policy *out,
					int64_t *version);
MUST_CHECK struct outcome policy_set_global(struct access *a, const struct actor *who,
					    const struct user_policy *p, int64_t version);
/* Of the user, his group and everybody: nothing is unset in it but the tunnel, which then is as the
 * configuration implies. */
MUST_CHECK struct outcome policy_of_user(struct access *a, const struct user *u,
					 struct user_policy *out);

#endif
