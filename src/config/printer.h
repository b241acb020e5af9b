/* Writes directives, indented, each word so that it reads back as itself. */
#ifndef CONFIG_PRINTER_H
#define CONFIG_PRINTER_H

#include "config/option.h"

#define PRINT_MASK "***"

struct printer {
	struct buf *out;
	unsigned depth;
	bool full;   /* the buffer's cap was met: nothing more is written */
	bool masked; /* PRINT_MASK stands for secrets */
	const struct config *config;
	const struct route *around; /* what holds for shared options where nothing is said */
	const void *unsaid; /* the same for the block being printed; NULL: the table's defaults */
};

void print_name(struct printer *p, const char *name); /* begins a directive */
void print_word(struct printer *p, const char *word);
void print_marked_word(struct printer *p, const char *mark, const char *word); /* as one */
void print_value(struct printer *p, const struct option *o, const void *field);
void print_end(struct printer *p);

void print_network(struct printer *p, const struct network *net);

/* A directive for each. */
void print_networks(struct printer *p, const struct option *o, const struct network *list,
		    size_t count);

/* Ends the directive with a block, or without where all in it is default. */
void print_block(struct printer *p, const struct block *block, const void *from);

/* What there is to say of a struct by its block's table. */
void print_options(struct printer *p, const struct block *block, const void *from);

#endif
