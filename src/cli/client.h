/* Asking the running server: its API, by the socket that is this machine's administrator's. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "base/buf.h"
#include "config/config.h"

struct client;

#define ANSWER_FIELD_MAX 512

struct answer {
	long status;
	struct buf body;
	char etag[ANSWER_FIELD_MAX];
	char next[ANSWER_FIELD_MAX]; /* where it goes on: the path of a Link of rel "next" */
	json_t *json;                /* of the body; NULL: it is none */
};

/* Reads the configuration alone; NULL: it was said why. */
struct config *client_config(const char *file);

/* Finds the server by its configuration. Other than EXIT_DONE: it was said why. */
int client_open(const char *file, struct client **out);
void client_close(struct client *c); /* NULL is fine */
/* From now on it is not waited for long, nor said where it cannot be reached. */
void client_quiet(struct client *c);

/*
 * Asks for `path` below /api/v1 and waits. `body` NULL: none; `match` NULL: no If-Match.
 * EXIT_UNREACHED: it was said why. EXIT_DONE: there is an answer, whatever its status; it is to be
 * freed.
 */
int client_ask(struct client *c, const char *method, const char *path, const char *body,
	       const char *match, struct answer *out);
void answer_free(struct answer *a); /* wipes: it may hold a key */

/* Says what a refusal says, `before` before it if it is not empty, and returns its exit status. */
int answer_refusal(const struct answer *a, const char *before);
bool answer_is_good(const struct answer *a);

/* Asks, and takes a refusal as answer_refusal() does. */
int client_get(struct client *c, const char *path, struct answer *out);

#endif
