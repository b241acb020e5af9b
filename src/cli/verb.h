/*
 * All that can be said on the command line, as one table: a row for each. By it words are read,
 * the API is asked, help is printed, and shells complete.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

/* What a command leaves behind: documented in sallyport(8). */
enum exit_status {
	EXIT_DONE,
	EXIT_FAILED,    /* refused, or it could not be done */
	EXIT_USAGE,     /* it was not understood */
	EXIT_UNREACHED, /* the server does not run, or may not be asked */
	EXIT_UNKNOWN,   /* there is no such thing */
};

/* Where in a request a word goes. */
enum part { PART_NONE, PART_PATH, PART_QUERY, PART_BODY };

enum value_kind {
	VALUE_FLAG,   /* takes none; `constant` is what it sets */
	VALUE_TEXT,   /* one of `value`, where that has words between '|' */
	VALUE_TEXTS,  /* with commas between */
	VALUE_NUMBER, /* not negative */
	VALUE_YES_NO,
	VALUE_TIME, /* a date, a time, or how long from now: "90d" */
	VALUE_FILE, /* the text in it */
	VALUE_PORTS /* "443" or "8000-8080": two members, MEMBER_from and MEMBER_to */
};

/* What is written behind an option, or instead of it: */
enum {
	VALUE_NULLABLE = 1, /* "none" is null; of a time "never" too */
	VALUE_SECRET = 2,   /* the file has a secret, one line: never the word itself */
};

struct option {
	const char *name;  /* "--role" */
	const char *value; /* "user|operator|admin", "NAME"; NULL: it takes none */
	enum value_kind kind;
	enum part part;
	const char *member;   /* "policy.devices_max"; of a query its parameter */
	const char *constant; /* of a flag: JSON */
	unsigned flags;
	const char *help;
};

struct argument {
	const char *name; /* "USER" */
	enum part part;   /* PART_PATH: fills the next {} */
	const char *member;
	bool optional;
};

struct column {
	const char *title, *member;
};

enum {
	VERB_LIST = 1,    /* the answer is a list, in parts */
	VERB_ITEMS = 2,   /* a list that comes whole */
	VERB_MATCHED = 4, /* what is changed is looked at first, and its ETag sent */
	VERB_MERGED = 8,  /* the same, and what was not given is sent as it was */
	VERB_SHOWN = 16,  /* the answer is what was asked for: it is printed */
	VERB_BYTES = 32,  /* the same, as it came; --output FILE */
	VERB_SECRET = 64, /* the answer is seen this once: it alone goes to standard output */
};

#define ARGUMENTS_MAX 3
#define OPTIONS_MAX   32

struct command_line;

struct verb {
	const char *noun, *verb; /* verb NULL: the noun is all */
	struct argument arguments[ARGUMENTS_MAX];
	const char *method, *path; /* below /api/v1, {} for each argument of PART_PATH */
	const struct option *options;
	size_t option_count;
	const struct column *columns;
	size_t column_count;
	/* What the last argument of the path is in a list that is no path: the API wants its id. */
	const char *find_path, *find_member;
	const char *body; /* JSON that is there before options are */
	const char *ask;  /* what is asked first: it destroys something */
	const char *done; /* what is said then; {1} is an argument, {name} a member of the answer */
	const char *help;
	unsigned flags;
	unsigned usual; /* of a list that may be long: rows unless --limit says otherwise */
	int (*run)(struct command_line *l); /* NULL: the API is asked as the row says */
};

struct noun {
	const char *name, *help;
};

struct verb_group {
	const char *title;
	const struct noun *nouns;
	size_t noun_count;
	const struct verb *at;
	size_t count;
};

extern const struct verb_group *const verb_groups[]; /* NULL-ended */
extern const struct verb_group verbs_server, verbs_people, verbs_access, verbs_system;

/* What was said. */
struct command_line {
	struct arena *memory;
	const struct verb *verb;
	const char *file; /* -c, absolute */
	bool json, yes;
	const char *arguments[ARGUMENTS_MAX];
	size_t argument_count;
	const char *values[OPTIONS_MAX]; /* by the verb's options; NULL: not said; "" for a flag */
};

/* Goes through all rows, from *group and *index 0; NULL ends them. */
const struct verb *verb_next(size_t *group, size_t *index);
const struct noun *noun_find(const char *name);

/* The row for these words; `verb` may be NULL. NULL: there is none. */
const struct verb *verb_find(const char *noun, const char *verb);

/* What was said for an option of this row; NULL: nothing. */
const char *line_value(const struct command_line *l, const char *option);

/* Reads the words. False: *status is what the process ends with, and it was said why, or help. */
bool line_read(int argc, char **argv, struct command_line *out, int *status);

/* Help on all, a noun, or a verb; NULL for what is not asked about. */
void help_all(void);
void help_noun(const struct noun *n);
void help_verb(const struct verb *v);

/* Completes by the same table: "bash", "zsh", "fish". */
int completion_print(struct command_line *l);

#endif
