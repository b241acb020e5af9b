/* Writes directives, indented, each word so that it reads back as itself. */
#ifndef CONFIG_PRINTER_H
#define CONFIG_PRINTER_H

#include "config/option.h"

struct printer {
	struct buf *out;
	unsigned depth;
	bool full; /* the buffer's cap was met: nothing more is written */
};

void print_name(struct printer *p, const char *name); /* begins a directive */
void print_word(struct printer *p, const char *word);
void print_value(struct printer *p, const struct option *o, const void *field);
void print_end(struct printer *p);

/* Ends the directive with a block, or without where all in it is default. */
void print_block(struct printer *p, const struct block *block, const void *from);

/* What there is to say of a struct by its block's table. */
void print_options(struct printer *p, const struct block *block, const void *from);

#endif
