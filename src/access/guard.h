/*
 * Against guessing: failures of an account, an address and its network are counted together;
 * each makes the next try wait longer, then comes a ban, which web, API and VPN all honour.
 */
#ifndef ACCESS_GUARD_H
#define ACCESS_GUARD_H

#include "access/access.h"
#include "base/clock.h"
#include "store/guard.h"

extern const char *const guard_kinds[]; /* what they are called; NULL-ended */

/* Limits in one place: so many failures are free, so many bring a ban. */
struct guard_limits {
	int64_t free, ban;
};
extern const struct guard_limits guard_limits[3]; /* by enum guard_kind */
#define GUARD_SITE_FACTOR 4 /* so much more of either is borne of an IPv6 /48 than of a /64 */
/* Lengths of IPv4 and of IPv6 networks that can be banned; failures are counted of the first, and
 * of an IPv6 /48. */
#define GUARD_PREFIXES 3
extern const uint8_t guard_prefixes[2][GUARD_PREFIXES];
#define GUARD_DELAY_MS  SECOND_MS /* after the first that is not free; doubles */
#define GUARD_DELAY_MAX MINUTE_MS
#define GUARD_BAN_MS    (15 * MINUTE_MS) /* the first; each further one within a day doubles */
#define GUARD_BAN_MAX   DAY_MS
#define GUARD_FORGET_MS DAY_MS

/* "192.0.2.0/24", "2001:db8::/64"; in a->memory. "" for this machine, which is never counted. */
const char *guard_network(const struct access *a, const struct address *from);

/* What bans may be of whom: his account (may be NULL), his address and the networks it is in.
 * Returns how many of `out` are set. */
#define GUARD_SUBJECTS (2 + GUARD_PREFIXES)
size_t guard_subjects(const struct access *a, const char *account, const struct address *from,
		      struct guard_subject out[GUARD_SUBJECTS]);
const char *guard_subject_text(const struct access *a, const struct guard_subject *of);

/* OUTCOME_TOO_OFTEN while it has to wait, or is banned. `account` may be NULL. Loopback addresses
 * are never banned, their accounts are. */
MUST_CHECK struct outcome guard_admits(struct access *a, const char *account,
				       const struct address *from);
/* The commands that lift what guard_admits() refuses for; NULL: nothing. */
const char *guard_remedy(struct access *a, const char *account, const struct address *from);
MUST_CHECK struct outcome guard_failed(struct access *a, const char *where, const char *account,
				       const struct address *from);
void guard_succeeded(struct access *a, const char *account, const struct address *from);

/* Whom so many failures were counted of lately that each further one makes him wait, or bans him:
 * as administrators see it. */
struct lockout {
	int64_t id;
	struct guard_subject of;
	int64_t failures, last; /* how many; when the last one was */
	int64_t ban_at;         /* at how many he is banned next */
	int64_t forgotten;      /* when they are, if none comes */
	bool banned;
	int64_t
	    until; /* nothing of his is looked at before; 0: now it is, or he is banned for good */
};
STORE_LIST(lockout);

/* Who failed last comes first, unless sorted. */
MUST_CHECK struct outcome lockouts(struct access *a, const struct page *page,
				   struct lockout_list *out);
MUST_CHECK struct outcome lockout_find(struct access *a, int64_t id, struct lockout *out);
/* OUTCOME_UNKNOWN where lockouts() would not have it. */
MUST_CHECK struct outcome lockout_find_of(struct access *a, const struct guard_subject *of,
					  struct lockout *out);
/* Forgets the failures, and lifts the ban of him, if one stands. */
MUST_CHECK struct outcome lockout_lift(struct access *a, const struct actor *who,
				       const struct lockout *l);

/* OUTCOME_TOO_OFTEN for one who is in already, by session or token: his address or network is
 * banned, or somebody banned his account. That others guessed at it does not throw him out. */
MUST_CHECK struct outcome guard_keeps(struct access *a, const char *account,
				      const struct address *from);

MUST_CHECK struct outcome ban_add(struct access *a, const struct actor *who, struct ban *b);
/* And forgets what was counted of its subject. */
MUST_CHECK struct outcome ban_lift(struct access *a, const struct actor *who, const struct ban *b);
/* SUBJECT: an account, an address, a network (/8, /16 or /24; IPv6: /32, /48 or /64).
 * OUTCOME_INVALID when it is none. */
MUST_CHECK struct outcome ban_subject(struct access *a, const char *word,
				      struct guard_subject *out);

/* Forgets the failures that count no more, and the bans that were over or lifted as long ago. */
MUST_CHECK struct outcome guard_sweep(struct access *a);

/* Notes why somebody was refused, with what would allow it; the same about the same only once a
 * minute. Never fails: it is only a note. */
void refusal_note(struct access *a, struct refusal *r);

#endif
