/* What is asked at the terminal. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/attr.h"
#include "base/buf.h"
#include "cli/verb.h"

/* Whether to go on: `--yes`, or a person who says so. Without a terminal: no, and that is said. */
bool ask_first(const struct command_line *l, const char *question);

enum ask_how { ASK_TWICE, ASK_ONCE };

/*
 * A secret of at most out->cap bytes: the first line of `file` ("-": standard input), or, where
 * that is NULL, typed without being seen. False: it was said why. To be wiped.
 * `option` is how `file` is given, for a message.
 */
MUST_CHECK bool ask_secret(const char *what, const char *option, const char *file, enum ask_how how,
			   struct buf *out);

/* The same, typed alone, or one line of a pipe; NULL, or what is wrong. */
const char *ask_typed(const char *what, enum ask_how how, struct buf *out);
const char *ask_line(int fd, struct buf *out);

#endif
