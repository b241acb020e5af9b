/*
 * What is wrong with a configuration, and where. Found in any order, told in
 * the file's: the first CONFIG_FAULTS_MAX of them.
 */
#ifndef CONFIG_FAULT_H
#define CONFIG_FAULT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "config/limits.h"

struct arena;

/* Counted from 1, columns in characters. Line 0: the file as a whole. */
struct place {
	unsigned line, column;
};

struct fault {
	struct place at;
	const char *text;
};

struct faults {
	const char *file;
	struct span text; /* of the file */
	struct arena *memory;
	struct fault first[CONFIG_FAULTS_MAX]; /* by place */
	size_t kept, count;
	unsigned *hidden; /* lines that are not shown */
	size_t hidden_count;
};

void fault_add(struct faults *f, struct place at, const char *fmt, ...) PRINTF(3, 4);

/* A line that may hold a secret is not repeated to whoever reads the messages. */
void faults_hide_line(struct faults *f, unsigned line);

/* Adds "file:line:col: what", the line and a caret for each. A full buffer cuts it short. */
void faults_print(const struct faults *f, struct buf *out);

/* A word of the file for a message, cut and escaped; lives as long as `memory`. */
const char *fault_word(struct arena *memory, struct span word);

#endif
