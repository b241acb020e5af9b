/*
 * What the program remembers, as calls of its own: no SQL outside of this folder.
 *
 * A `struct store` is one connection to SQLite or PostgreSQL, for one thread at a time. Texts in
 * what calls return live in the arena given to them. Times are ms since 1970, UTC; 0: never.
 * Ids are 1 and up; 0: none. Everything that changes several rows stands between store_begin()
 * and store_commit(); a single call is whole by itself. What was committed survives a crash.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"

struct store;

#define SECRET_HASH 32 /* SHA-256 of the secret that a session, token or link is known by */

/* What a call came to. For STORE_DOWN store_why() has a sentence for the log. */
enum store_result {
	STORE_DONE,
	STORE_NONE,     /* no such row */
	STORE_TAKEN,    /* its name is another's; or it is in use and cannot go */
	STORE_CHANGED,  /* its version is not the one given: somebody was first */
	STORE_NO_SORT,  /* a list has no such order */
	STORE_NO_PLACE, /* a page's `after` is no `next` of that list */
	STORE_DOWN,     /* the database cannot be used now, or is full, or busy for too long */
};

struct store_place {
	const char *url;      /* "postgresql://…"; NULL: SQLite at `path` */
	const char *path;     /* of the SQLite file; ":memory:" for tests */
	const char *copies;   /* a directory for copies made before migrations; NULL: none are */
	unsigned patience_ms; /* for a lock, or an answer; 0: 5000 */
};

/*
 * store_prepare() makes the database what this program needs: numbered migrations, after a copy
 * of the database as it was (the last seven are kept; for PostgreSQL a dump by store_dump()). Once,
 * at the start. A database of a newer program is refused; the error names the newest copy that
 * this program could use. Then store_open() for each thread.
 */
MUST_CHECK struct err store_prepare(const struct store_place *place);
MUST_CHECK struct err store_open(const struct store_place *place, struct store **out);
void store_close(struct store *s); /* NULL is fine; a transaction is given up */
const char *store_why(const struct store *s);

/* A connection that broke is made anew by the next call outside of a transaction. */
MUST_CHECK enum store_result store_begin(struct store *s); /* to write: others wait, or fail */
MUST_CHECK enum store_result store_commit(struct store *s);
void store_abort(struct store *s); /* harmless without one */

/* What part of a list is wanted. */
struct page {
	const char *after;  /* `next` of the part before; NULL: from the start */
	const char *search; /* only what has this in its names; NULL: all */
	/* A column that the list can be sorted by. NULL: its usual one; where that is the newest
	 * first, `descending` adds nothing to it. */
	const char *sort;
	bool descending;
	unsigned limit; /* 1 to STORE_PAGE_MAX */
};
#define STORE_PAGE_MAX 1000

/* Every list: `count` rows at `at`, and what `after` says for the part that follows; NULL: none. */
#define STORE_LIST(type)                                                                           \
	struct type##_list {                                                                       \
		struct type *at;                                                                   \
		size_t count;                                                                      \
		const char *next;                                                                  \
	}

/*
 * All of it, as one consistent moment of the database, in a form that both kinds of database can
 * read back: lines of JSON, one for each row, the first telling the schema's number.
 * `put` returns false to stop. store_load() needs an empty, prepared database; it is all or
 * nothing.
 */
MUST_CHECK struct err store_dump(struct store *s, bool (*put)(void *owner, struct span line),
				 void *owner);
MUST_CHECK struct err store_load(struct store *s,
				 bool (*next)(void *owner, struct span *line, struct err *why),
				 void *owner);

/* Small things by name: a setting's value is a text, NULL where there is none. */
MUST_CHECK enum store_result store_setting(struct store *s, const char *name, struct arena *memory,
					   const char **value, int64_t *version);
/* `version` as it was read (0: it was not there), -1: whatever it is. */
MUST_CHECK enum store_result store_set_setting(struct store *s, const char *name, const char *value,
					       int64_t version);

#endif
