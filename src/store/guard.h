/* Who failed how often, who is banned, and who was refused why. */
#ifndef STORE_GUARD_H
#define STORE_GUARD_H

#include "store/store.h"

enum guard_kind { GUARD_ACCOUNT, GUARD_ADDRESS, GUARD_NETWORK };

/* What failures are counted of: "alice", "192.0.2.7", "192.0.2.0/24". */
struct guard_subject {
	int kind; /* enum guard_kind */
	const char *name;
};

struct failures {
	int64_t count; /* since the last success, or since it was forgotten */
	int64_t first, last;
};

/* Counts one more, in one statement; *out is how it is then. After `forget_ms` of peace it
 * begins anew. */
MUST_CHECK enum store_result store_failed(struct store *s, const struct guard_subject *of,
					  int64_t when, int64_t forget_ms, struct failures *out);
MUST_CHECK enum store_result store_failures(struct store *s, const struct guard_subject *of,
					    struct failures *out); /* all 0: none */
MUST_CHECK enum store_result store_failures_forget(struct store *s, const struct guard_subject *of);

/* What is counted of somebody, with the ban of him that was not lifted and ends last. */
struct counted {
	int64_t id;
	struct guard_subject of;
	struct failures failures;
	int64_t ban, until; /* 0: none; 0: until it is lifted. It may be over. */
};
STORE_LIST(counted);

/* Whom to list: who failed more often than this, and last after `since`. */
struct counted_over {
	int64_t account, address, network, site; /* an IPv6 /48 is a site */
	int64_t since;
};
/* Who failed last comes first, unless sorted. */
MUST_CHECK enum store_result store_counted_list(struct store *s, const struct page *page,
						const struct counted_over *over,
						struct arena *memory, struct counted_list *out);
MUST_CHECK enum store_result store_counted(struct store *s, int64_t id, struct arena *memory,
					   struct counted *out);
MUST_CHECK enum store_result store_counted_of(struct store *s, const struct guard_subject *of,
					      struct arena *memory, struct counted *out);

struct ban {
	int64_t id;
	struct guard_subject of;
	const char *reason, *by;
	int64_t created, until; /* 0: until it is lifted */
	int64_t lifted;
};
STORE_LIST(ban);

/* One that stands already for the same subject is made longer, never shorter; it is then of who
 * made the last. */
MUST_CHECK enum store_result store_ban_add(struct store *s, struct ban *b);
MUST_CHECK enum store_result store_ban(struct store *s, int64_t id, struct arena *memory,
				       struct ban *out);
/* The one that stands for any of the subjects and ends last; STORE_NONE when none does. */
MUST_CHECK enum store_result store_ban_of(struct store *s, const struct guard_subject *of,
					  size_t count, int64_t now, struct arena *memory,
					  struct ban *out);
MUST_CHECK enum store_result store_ban_lift(struct store *s, int64_t id, int64_t when);
/* What is looked for. */
struct ban_filter {
	bool all;                /* those over and lifted too */
	int kind;                /* enum guard_kind; -1: any */
	const char *by, *not_by; /* who made it, and who did not; NULL: anybody */
};
/* Sorted by created (usual: the newest first), subject, by, until. */
MUST_CHECK enum store_result store_bans(struct store *s, const struct page *page,
					const struct ban_filter *filter, int64_t now,
					struct arena *memory, struct ban_list *out);
MUST_CHECK enum store_result store_ban_count(struct store *s, int64_t now, int64_t *count);
/* Forgets the failures of whom the last was before `when`, and the bans that were over or lifted
 * before. */
MUST_CHECK enum store_result store_guard_sweep(struct store *s, int64_t when);

/* An attempt that was refused, in words for the administrator. The last 10,000 are kept. */
struct refusal {
	int64_t id, time;
	const char *where;   /* "web", "api", "vpn", "console" */
	const char *user;    /* the name that was given; may be NULL */
	const char *device;  /* may be NULL */
	const char *address; /* may be NULL */
	const char *reason;  /* a sentence */
	const char *remedy;  /* the command that would allow it; may be NULL */
};
STORE_LIST(refusal);

MUST_CHECK enum store_result store_refusal_add(struct store *s, struct refusal *r);
/* Newest first; `of`: an address or a user, NULL: all. */
MUST_CHECK enum store_result store_refusals(struct store *s, const struct page *page,
					    const char *of, struct arena *memory,
					    struct refusal_list *out);

#endif
