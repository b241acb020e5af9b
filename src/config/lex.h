/* From the text of a file to words and marks. */
#ifndef CONFIG_LEX_H
#define CONFIG_LEX_H

#include <stdbool.h>

#include "config/fault.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_OPEN,  /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_END,   /* of a directive: a new line, or ";" */
	TOKEN_EOF,
};

struct word {
	struct span text; /* without quotes and escapes */
	struct place at;
};

struct token {
	enum token_kind kind;
	struct word word;
	bool bad; /* a fault was told of it */
};

struct lexer {
	struct span left;
	struct place at;
	struct faults *faults;
	struct arena *memory; /* for words that are not in the file as they are */
};

/* Spans of words live as long as both `text` and `memory`. */
void lex_start(struct lexer *l, struct span text, struct faults *faults, struct arena *memory);
void lex_next(struct lexer *l, struct token *out);

/* Whether a word reads back as itself without quotes. */
bool lex_is_plain(struct span word);

#endif
