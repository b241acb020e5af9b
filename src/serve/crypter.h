/*
 * A thread that compares passwords with their hashes (crypt(5)). That takes a tenth of a
 * second by design, which no event loop has.
 */
#ifndef SERVE_CRYPTER_H
#define SERVE_CRYPTER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"

struct loop;

#define CRYPTER_HASH_MAX     383 /* crypt(3)'s own limits */
#define CRYPTER_PASSWORD_MAX 511

struct crypt_job {
	struct list link;
	char hash[CRYPTER_HASH_MAX + 1], password[CRYPTER_PASSWORD_MAX + 1];
	struct loop *loop;
	void (*done)(void *job); /* called in the loop's thread */
	bool right;              /* then; the password is wiped */
};

struct crypter;

/* Starts the thread: before the sandbox closes. */
MUST_CHECK struct err crypter_new(struct crypter **out);

/* Ends the thread. Jobs not done never will be, and stay their owners'. NULL is fine. */
void crypter_free(struct crypter *c);

/* `job` is the crypter's until it is done. False, and nothing done: too many are waiting. */
MUST_CHECK bool crypter_ask(struct crypter *c, struct crypt_job *job);

#endif
