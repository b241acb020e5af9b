/* The commands of the command line. Each returns the process's exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

/* What was written after the command's name, options taken out. */
struct arguments {
	const char *file;    /* -c, absolute */
	const char *confirm; /* --confirm SECONDS, or NULL */
	const char *method;  /* --method NAME, or NULL */
	const char *name;    /* a word of its own, where the command takes one, or NULL */
	bool defaults, manual, json;
};

int command_serve(const struct arguments *a);
int command_check(const struct arguments *a);
int command_config(const struct arguments *a);
int command_reload(const struct arguments *a);
int command_confirm(const struct arguments *a);
int command_status(const struct arguments *a);
int command_reopen_log(const struct arguments *a);
int command_hash_password(const struct arguments *a);

#endif
