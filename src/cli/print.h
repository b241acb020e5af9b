/* What the server answers, for people: nothing that a terminal would obey ever gets there. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "base/span.h"
#include "cli/verb.h"

struct arena;

/* A peer's words in one line: what is no character to be seen is "?". */
void print_text(FILE *to, const char *text);

/* The same for texts of many lines: their ends and tabs stay. */
void print_lines(FILE *to, const char *text);

/* A value in one line: times are local, yes and no, "-" for null. */
const char *print_short(struct arena *memory, const json_t *value);

/* A member by its name, "details.id" too; NULL: it is not there. */
json_t *print_member(const json_t *from, const char *name);

/* In columns, with their titles; no wider than `width` (0: as wide as it is). Whether something had
 * to be cut for that. */
bool print_table(FILE *to, unsigned width, const struct column *columns, size_t count,
		 const json_t *items);

/* The same on standard output, where a terminal is told that all of it can be seen elsewhere. */
void print_on_terminal(const struct column *columns, size_t count, const json_t *items);

/* Each member in a line of its own. */
void print_object(FILE *to, const json_t *object);

/* For programs; of what a terminal could obey, and is shown on one, only escapes. */
void print_json(FILE *to, const json_t *value);

/* The sentence with {1} and so on from `arguments`, and {name} from the answer; {name|words} is the
 * words where that is null. */
const char *print_sentence(const struct command_line *l, const char *sentence,
			   const json_t *answer);

#endif
