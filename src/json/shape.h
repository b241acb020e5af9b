/*
 * Structs as JSON and back, by tables: one row says a member's name, type, range and meaning.
 * By the same rows requests are checked, answers written, changes told in the audit log, and
 * the OpenAPI document made.
 */
#ifndef JSON_SHAPE_H
#define JSON_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "base/span.h"

struct arena;

enum shape_kind {
	SHAPE_TEXT,   /* const char *; NULL is null */
	SHAPE_TEXTS,  /* const char **, NULL-ended; NULL is [] */
	SHAPE_BOOL,   /* bool */
	SHAPE_NUMBER, /* int64_t */
	SHAPE_REAL,   /* double; only written */
	SHAPE_CHOICE, /* an int: the word's place among `choices` */
	SHAPE_TIME,   /* int64_t, ms since 1970; RFC 3339 in UTC; 0 is null */
	SHAPE_OBJECT, /* a struct inside the struct, shaped as `of` */
	SHAPE_LIST,   /* a pointer to structs shaped as `of`; how many: a size_t at `count` */
	SHAPE_RAW,    /* const char *: JSON already; NULL is null; only written */
};

#define SHAPE_UNSET (-1) /* of a number, choice or yes-or-no that is SHAPE_OPTIONAL: null */

/* How a member may be used. */
enum {
	SHAPE_READ_ONLY = 1,  /* in answers alone: in a request it is an unknown field */
	SHAPE_WRITE_ONLY = 2, /* in requests alone: a password */
	SHAPE_REQUIRED = 4,   /* in a request that makes a new thing */
	SHAPE_OPTIONAL = 8,   /* may be null. SHAPE_NUMBER, _CHOICE: SHAPE_UNSET then. A yes-or-no
				 of this kind is a SHAPE_CHOICE of shape_yes_no */
	SHAPE_FIXED = 16,     /* given when it is made, never changed */
	SHAPE_WIPED = 32,     /* a secret: said as "set" or null in the audit log */
};

struct shape_member {
	const char *name;
	enum shape_kind kind;
	unsigned flags;
	size_t offset, count; /* into the struct; `count` is where a SHAPE_LIST's number is */
	int64_t min, max;     /* of a number or time; of a text its length in bytes; of a list its
				 length; both 0: any */
	const char *const *choices;             /* NULL-ended */
	const char *(*check)(const char *text); /* why a text (or each of SHAPE_TEXTS) cannot be
						   taken, as a clause; NULL: it can */
	const char *format;                     /* for the document: "email", "cidr" */
	const struct shape *of;
	const char *doc; /* a sentence */
};

struct shape {
	const char *name; /* "User" */
	const char *doc;
	size_t size; /* of the struct */
	const struct shape_member *members;
	size_t count;
};

#define SHAPE_MEMBERS_MAX 64 /* so that a bit stands for each */

extern const char *const shape_yes_no[]; /* false, true: written as JSON's own */

/* A `check`: of texts that stand in one line, without control characters. */
const char *shape_check_line(const char *text);

enum shape_use { SHAPE_CREATE, SHAPE_CHANGE };

/*
 * Reads the object `text` onto the struct `into`, whose members keep what they had where it says
 * nothing; texts are copied to `memory`. *given (may be NULL) has a bit for each member that was
 * there. Unknown and repeated fields, wrong types and what is out of range are OUTCOME_INVALID.
 * No member is changed unless all can be taken. A list is replaced whole. What is SHAPE_WIPED is
 * wiped with the arena.
 */
MUST_CHECK struct outcome shape_read(const struct shape *s, enum shape_use use, struct span text,
				     struct arena *memory, void *into, uint64_t *given);

/* Adds it as an object. False when `out` is full. */
MUST_CHECK bool shape_write(const struct shape *s, const void *from, struct buf *out);

/* The same for the audit log: only the members that differ from `other` (NULL: all), secrets as
 * "set"; "{}" when there are none. */
MUST_CHECK bool shape_write_change(const struct shape *s, const void *from, const void *other,
				   struct buf *out);

/* Adds JSON Schema (2020-12, as OpenAPI 3.1 has it) of what requests or answers hold. Shapes inside
 * of it are referred to, and have schemas of their own. */
enum shape_side { SHAPE_OF_CREATE, SHAPE_OF_CHANGE, SHAPE_OF_ANSWER };
#define SHAPE_SCHEMAS "#/components/schemas/"
MUST_CHECK bool shape_write_schema(const struct shape *s, enum shape_side side, struct buf *out);

/* What a schema is called: the shape's name, and which kind of request it is of. As a JSON string,
 * and as the member that refers to it. */
MUST_CHECK bool shape_write_name(const struct shape *s, enum shape_side side, struct buf *out);
MUST_CHECK bool shape_write_reference(const struct shape *s, enum shape_side side, struct buf *out);

/* On which side the shape stands that a member of this side refers to, and whether it is there. */
enum shape_side shape_side_of_member(const struct shape_member *m, enum shape_side side);
bool shape_has_member(const struct shape_member *m, enum shape_side side);

/* A JSON string, with its quotes; what is no UTF-8 becomes U+FFFD. NULL: null. */
MUST_CHECK bool json_put_text(struct buf *out, const char *text);
MUST_CHECK bool json_put_span(struct buf *out, struct span text);

/* "2026-11-21T16:52:30Z", or with ms where there are any; 0 and below: null. */
MUST_CHECK bool json_put_time(struct buf *out, int64_t ms);
MUST_CHECK bool time_parse(struct span text, int64_t *ms); /* RFC 3339, any offset */

#endif
