/* The audit log, of which rows are added and never changed; and messages on their way out. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

#define AUDIT_MAC 32

struct audit_row {
	int64_t id; /* 1, 2, 3 … without a gap */
	int64_t time;
	const char *who;            /* "alice", "token ci", "command line (root)", "sallyport" */
	const char *address;        /* may be NULL */
	const char *action;         /* "user.add", "session.begin" */
	const char *object;         /* "user alice", "device alice/laptop"; may be NULL */
	const char *before, *after; /* JSON; may be NULL */
	uint8_t mac[AUDIT_MAC];     /* over the one before and this row: access/audit.h */
};
STORE_LIST(audit_row);

/* The last one, locked against other writers until the transaction ends. STORE_NONE: there is none.
 */
MUST_CHECK enum store_result store_audit_head(struct store *s, int64_t *id, uint8_t mac[AUDIT_MAC]);
MUST_CHECK enum store_result store_audit_add(struct store *s, const struct audit_row *row);
/* In order from `from` on, for checking and export: `each` returns false to stop. */
MUST_CHECK enum store_result store_audit_walk(struct store *s, int64_t from,
					      bool (*each)(void *owner,
							   const struct audit_row *row),
					      void *owner);
/* What is looked for; NULL and 0: anything. */
struct audit_filter {
	const char *who, *action, *object, *address; /* action and object: also their beginning */
	int64_t since, until;                        /* from the one on, and before the other */
};
/* Newest first, or sorted by time: oldest first unless descending. With a search, a part may have
 * fewer rows than were asked for, or none, and still be followed by another: it looks at some
 * thousands of rows at a time. */
MUST_CHECK enum store_result store_audit(struct store *s, const struct page *page,
					 const struct audit_filter *filter, struct arena *memory,
					 struct audit_row_list *out);

/* A message that waits to be delivered, or was not. */
struct notice {
	int64_t id, created;
	const char *rule;                 /* which alert rule made it */
	const char *subject;              /* a line */
	const char *body;                 /* JSON for webhooks, from which mail is written */
	const char *channel;              /* "mail", "webhook", "journal" */
	int64_t attempts, next_try, done; /* done 0: still to deliver; -1: given up */
	const char *last_error;
};
STORE_LIST(notice);

MUST_CHECK enum store_result store_notice_add(struct store *s, struct notice *n);
/* The next one that is due; STORE_NONE when none is. */
MUST_CHECK enum store_result store_notice_due(struct store *s, int64_t now, struct arena *memory,
					      struct notice *out);
MUST_CHECK enum store_result store_notice_tried(struct store *s, int64_t id, int64_t done,
						int64_t next_try, const char *error);
/* Sorted by created (usual: the newest first), rule, subject, channel. */
MUST_CHECK enum store_result store_notices(struct store *s, const struct page *page, bool waiting,
					   struct arena *memory, struct notice_list *out);
/* How many wait. */
MUST_CHECK enum store_result store_notice_count(struct store *s, int64_t *count);

#endif
