/*
 * What became of something that a person asked for: done, or why not, in words for him.
 *
 *	struct outcome o = user_add(a, who, &u);
 *	if (refused(o))
 *		return o;
 *
 * Where an err is for the administrator's log, an outcome is for whoever asked: it has no
 * secret, names no internals, and says what to do.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_INVALID,   /* what was sent cannot be taken; `field` says which */
	OUTCOME_UNKNOWN,   /* there is no such thing */
	OUTCOME_TAKEN,     /* another one has that name, or the thing is in use */
	OUTCOME_CHANGED,   /* somebody else changed it first: look again */
	OUTCOME_STRANGER,  /* who asks is not known: sign in */
	OUTCOME_FORBIDDEN, /* he is known, but may not */
	OUTCOME_TOO_OFTEN, /* banned, or slowed down, for `wait_ms` */
	OUTCOME_TOO_LARGE,
	OUTCOME_BUSY, /* no room now: ask again after `wait_ms` */
	OUTCOME_DOWN, /* what is needed for it does not work: the database, say */
	OUTCOME_KINDS
};

#define OUTCOME_TEXT_MAX  256
#define OUTCOME_FIELD_MAX 64

struct outcome {
	enum outcome_kind kind;
	uint64_t wait_ms;
	const char *type; /* a static word for programs: "totp_needed"; NULL: the kind's */
	char field[OUTCOME_FIELD_MAX]; /* "policy.devices_max"; empty: no field is at fault */
	char text[OUTCOME_TEXT_MAX];
};

#define OUTCOME_OK ((struct outcome){.kind = OUTCOME_DONE})

static inline bool
refused(struct outcome o)
{
	return o.kind != OUTCOME_DONE;
}

MUST_CHECK struct outcome outcome_new(enum outcome_kind kind, const char *fmt, ...) PRINTF(2, 3);

/* The same, with a word for programs, which is static. */
MUST_CHECK struct outcome outcome_typed(enum outcome_kind kind, const char *type, const char *fmt,
					...) PRINTF(3, 4);

/* The same, with the field that is at fault. */
MUST_CHECK struct outcome outcome_field(enum outcome_kind kind, const char *field, const char *fmt,
					...) PRINTF(3, 4);

#endif
