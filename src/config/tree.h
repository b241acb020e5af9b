/* A file as directives in blocks, before any of them means anything. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config/lex.h"

struct directive {
	struct word *words; /* the name first */
	size_t count;
	bool has_block;
	struct directive *children;
	size_t child_count;
};

struct tree {
	struct directive *directives;
	size_t count;
	bool whole; /* every brace has its pair: what stands where can be trusted */
};

/* Directives with a fault in them are told of and left out. All lives as long as `memory`. */
void tree_read(struct tree *out, struct span text, struct faults *faults, struct arena *memory);

static inline struct place
directive_place(const struct directive *d)
{
	return d->words[0].at;
}

#endif
