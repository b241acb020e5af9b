/* A row of the table as requests to the API, and what is answered as words. */
#ifndef CLI_RESOURCE_H
#define CLI_RESOURCE_H

#include <stdio.h>

#include "cli/client.h"
#include "cli/verb.h"

/* All of it, for rows that have no function of their own. */
int resource_run(struct command_line *l);

/* --- for those that have */

struct request {
	const char *path; /* with its query */
	json_t *body;     /* NULL: none */
};

/* By the words that were said. Other than EXIT_DONE: it was said why. */
int request_make(struct client *c, struct command_line *l, struct request *out);
void request_free(struct request *r); /* wipes */

/* Asks as the row says, with If-Match where it wants that; EXIT_DONE: the answer is a good one. */
int request_send(struct client *c, struct command_line *l, const struct request *r,
		 struct answer *out);

/*
 * Where `--output` says, a file that others cannot read, or standard output; NULL: it was said why.
 * A device or a pipe is written to as it is: in its place there would be a file for everybody else.
 */
FILE *output_open(const struct command_line *l);
/* Returns `status`, or says that not all could be written. */
int output_close(const struct command_line *l, FILE *to, int status);

/* Tells what was done, or shows what was asked for. */
int answer_report(struct command_line *l, const struct answer *a);

#endif
