/* What bench-store-fill makes, for those who measure it. */
#ifndef BENCH_STORE_FILL_H
#define BENCH_STORE_FILL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

#define USERS   10000
#define DEVICES 50000
#define ROWS    1000000
#define DOORS   20000           /* sessions, links, tokens, rules, bans and refusals, of each */
#define BEGIN   1700000000000ll /* of the audit log; a row every 20 s */
#define STEP    20000ll
#define AT(row) (BEGIN + (row)*STEP)

static inline void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static inline void
done(struct store *s, enum store_result r, const char *what)
{
	if (r != STORE_DONE)
		fprintf(stderr, "%s\n", store_why(s));
	must(r == STORE_DONE, what);
}

/* PATH|URL, made ready. */
static inline struct store *
store_at(const char *where)
{
	struct store_place place = {.patience_ms = 60000};
	struct store *s = NULL;

	if (strncmp(where, "postgres", 8) == 0)
		place.url = where;
	else
		place.path = where;
	struct err e = store_prepare(&place);
	if (!failed(e))
		e = store_open(&place, &s);
	must(!failed(e), e.text);
	return s;
}

#endif
