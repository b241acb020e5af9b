/*
 * Every option there is: one table for each block. The reader, the printer, the
 * commented file and the manual all go by these rows and by nothing else.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include "config/config.h"
#include "config/tree.h"

struct reader;
struct printer;
struct block;

enum option_type {
	OPTION_FLAG,     /* bool: on or off */
	OPTION_NUMBER,   /* uint64_t */
	OPTION_SIZE,     /* uint64_t, bytes */
	OPTION_DURATION, /* uint64_t, ms */
	OPTION_CHOICE,   /* an enum: the word's place among the choices */
	OPTION_CHOSEN,   /* const char *: one of the choices itself */
	OPTION_FIELD,    /* const char *: one line of ASCII; "off" is NULL */
	OPTION_PATH,     /* const char *: absolute */
	OPTION_BLOCK,    /* once; its options are in `block`, its struct at the offset */
	OPTION_OWN,      /* read and printed by functions of its own */
	OPTION_UNBUILT,  /* known, and refused with what `doc` says */
};

struct option {
	const char *name;
	const char *args; /* as a synopsis has them; NULL: by the type */
	size_t offset;    /* into the struct of the block */
	uint64_t min, max;
	const char *const *choices; /* NULL-ended */
	const char *initial;        /* as one would write it; NULL: none */
	const char *silence; /* what holds when it is not written, where that is no one value */
	const char *sample;  /* arguments for the commented file, where `initial` is none */
	const struct block *block; /* what may follow in braces */
	void (*read)(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
	void (*print)(struct printer *p, const struct option *o, const void *from);
	const char *doc; /* sentences */
	enum option_type type;
	bool off;     /* a duration may also be "off", which is 0 */
	bool repeats; /* may be written more than once */
	bool restart; /* a reload does not apply it */
};

struct block {
	const char *name; /* "site" */
	const struct option *options;
	size_t count;
};

extern const struct block block_top, block_plain, block_log, block_limits, block_site, block_route,
    block_share, block_backends, block_inetd;

/* NULL when the block has no such option. */
const struct option *option_find(const struct block *b, struct span name);

/* Adds how the arguments are written: "NUMBER", "off|combined|json". */
MUST_CHECK bool option_put_args(struct buf *out, const struct option *o);

#endif
