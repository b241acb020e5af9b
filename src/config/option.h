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
	OPTION_WORD,     /* const char *: as `word` reads it */
	OPTION_LIST,     /* const char **, NULL-ended: one or more, each as `word` reads it */
	OPTION_BLOCK,    /* once; its options are in `block`, its struct at the offset */
	OPTION_SHARED,   /* the options of `block`, here without braces; its struct at the offset */
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
	const char **list;          /* the same of an OPTION_LIST */
	const char *silence; /* what holds when it is not written, where that is no one value */
	const char *sample;  /* arguments for the commented file, where `initial` is none */
	const struct block *block;                                   /* what may follow in braces */
	const char *(*word)(struct reader *r, const struct word *w); /* NULL: a fault, told */
	void (*read)(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
	void (*print)(struct printer *p, const struct option *o, const void *from);
	const char *doc; /* sentences */
	enum option_type type;
	const char *zero; /* a word for 0, or for no list, which the range need not have: "off" */
	bool repeats;     /* may be written more than once */
	bool instead;     /* of another option here: only one of them can stand */
	bool restart;     /* a reload does not apply it */
	bool secret;      /* its line is shown to nobody */
};

struct block {
	const char *name; /* "site" */
	const struct option *options;
	size_t count;
};

extern const struct block block_top, block_plain, block_log, block_limits, block_site, block_route,
    block_policy, block_accounts, block_handler, block_proxy, block_share, block_backends,
    block_inetd, block_admin, block_vpn;

/*
 * NULL when the block has no such option. *at: where, in the struct of the block, that of the
 * option's own block begins: past 0 for those that are shared.
 */
/* Whether what follows that word is secret, in whichever block it stands: a text with faults must
 * not show more than one without. Of header's names, as they are written there, those that show who
 * one is. */
bool option_is_secret(struct span name);
bool option_is_secret_header(struct span name);

const struct option *option_find(const struct block *b, struct span name, size_t *at);

/* Adds the words of a list, with spaces between. */
MUST_CHECK bool option_put_list(struct buf *out, const char *const *list);

/* Adds how the arguments are written: "NUMBER", "off|combined|json". */
MUST_CHECK bool option_put_args(struct buf *out, const struct option *o);

#endif
