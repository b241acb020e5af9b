/*
 * A change: a transaction that ends with a row of the audit log.
 *
 *	struct outcome o = change_begin(a);
 *	...
 *	return change_end(a, who, o, &(struct change){...});
 */
#ifndef ACCESS_CHANGE_H
#define ACCESS_CHANGE_H

#include "access/access.h"
#include "json/shape.h"

struct change {
	const char *action;         /* "user.change" */
	const char *object;         /* "user alice" */
	const struct shape *shape;  /* of both; NULL: `note` alone */
	const void *before, *after; /* NULL: it was not, or is no more */
	const char *note;           /* JSON instead of `after`; may be NULL */
	enum access_event event;
	int64_t id; /* of what changed */
};

/* "user alice", for messages and the audit log. In a->memory. */
const char *change_object(const struct access *a, const char *kind, const char *name);

MUST_CHECK struct outcome change_begin(struct access *a);

/* Between the two: what else is told after the commit. */
void change_also(struct access *a, enum access_event event, int64_t id);

/* Between the two: a row of its own for one of several things that change together. Its event is
 * not told. */
MUST_CHECK struct outcome change_row(struct access *a, const struct actor *who,
				     const struct change *what);

/* With `o` refused: gives the transaction up and returns it. Else notes the change, commits, and
 * tells those who listen: also where the commit failed, which does not say that nothing was kept.
 */
MUST_CHECK struct outcome change_end(struct access *a, const struct actor *who, struct outcome o,
				     const struct change *what);

/* A row of the audit log and nothing else: a sign-in, a download. */
MUST_CHECK struct outcome change_note(struct access *a, const struct actor *who,
				      const struct change *what);

#endif
