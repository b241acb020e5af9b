#include "config/tree.h"

#include "base/mem.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the next one */
	struct arena *memory;
	struct faults *faults;
	bool whole;
};

static void
next(struct parser *p)
{
	lex_next(&p->lexer, &p->token);
}

static void
brace_fault(struct parser *p, struct place at, const char *why)
{
	fault_add(p->faults, at, "%s", why);
	p->whole = false;
}

/* Leaves out what stands between "{", already read, and its "}". */
static void
skip_block(struct parser *p)
{
	for (size_t depth = 1; depth > 0 && p->token.kind != TOKEN_EOF; next(p))
		if (p->token.kind == TOKEN_OPEN)
			depth++;
		else if (p->token.kind == TOKEN_CLOSE)
			depth--;
}

/* The words of a directive; false if one of them is bad. */
static bool
read_words(struct parser *p, struct directive *d)
{
	bool good = true, told = false;

	for (; p->token.kind == TOKEN_WORD; next(p)) {
		good = good && !p->token.bad;
		if (d->count < CONFIG_WORDS_MAX) {
			*ARENA_PUSH(p->memory, d->words, d->count) = p->token.word;
		} else if (!told) {
			fault_add(p->faults, p->token.word.at, "a directive has at most %d words",
				  CONFIG_WORDS_MAX);
			good = false;
			told = true;
		}
	}
	return good;
}

static void read_list(struct parser *p, unsigned depth, const struct place *opened,
		      struct directive **list, size_t *count);

static void
read_block(struct parser *p, unsigned depth, struct directive *d)
{
	struct place opened = p->token.word.at;

	next(p);
	d->has_block = true;
	if (depth >= CONFIG_NESTING_MAX) {
		brace_fault(p, opened, "blocks are nested too deeply here");
		skip_block(p);
	} else {
		read_list(p, depth + 1, &opened, &d->children, &d->child_count);
	}
	if (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_OPEN)
		brace_fault(p, p->token.word.at, "a new line, or \";\", is missing after \"}\"");
}

static void
read_directive(struct parser *p, unsigned depth, struct directive **list, size_t *count)
{
	struct directive d = {.count = 0};
	bool good = read_words(p, &d);

	if (p->token.kind == TOKEN_OPEN)
		read_block(p, depth, &d);
	if (good)
		*ARENA_PUSH(p->memory, *list, *count) = d;
}

/* Directives until the block, if it is one, is closed. */
static void
read_list(struct parser *p, unsigned depth, const struct place *opened, struct directive **list,
	  size_t *count)
{
	for (;;) {
		switch (p->token.kind) {
		case TOKEN_WORD:
			read_directive(p, depth, list, count);
			continue;
		case TOKEN_OPEN:
			brace_fault(p, p->token.word.at,
				    "\"{\" stands on the line of the directive that it belongs to");
			next(p);
			skip_block(p);
			continue;
		case TOKEN_CLOSE:
			if (opened == NULL)
				brace_fault(p, p->token.word.at, "there is no block to close here");
			next(p);
			if (opened != NULL)
				return;
			continue;
		case TOKEN_END:
			next(p);
			continue;
		case TOKEN_EOF:
			if (opened != NULL)
				brace_fault(p, *opened,
					    "this block is not closed: a \"}\" is missing");
			return;
		}
	}
}

void
tree_read(struct tree *out, struct span text, struct faults *faults, struct arena *memory)
{
	struct parser p = {.memory = memory, .faults = faults, .whole = true};

	*out = (struct tree){.count = 0};
	lex_start(&p.lexer, text, faults, memory);
	next(&p);
	read_list(&p, 0, NULL, &out->directives, &out->count);
	out->whole = p.whole;
}
