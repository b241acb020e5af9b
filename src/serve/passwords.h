/*
 * Whether a password is a user's. Right ones are remembered for a while, by a name that tells
 * nobody what they are: a browser sends them with each request. One for each worker.
 */
#ifndef SERVE_PASSWORDS_H
#define SERVE_PASSWORDS_H

#include "base/address.h"
#include "base/list.h"
#include "config/config.h"
#include "tls/hmac.h"

struct crypter;
struct limiter;
struct loop;
struct passwords;

/* All of it must outlive it, but for the crypter, which is freed first. */
struct passwords *passwords_new(struct crypter *crypter, struct loop *loop,
				struct limiter *limiter);
void passwords_free(struct passwords *p); /* NULL is fine */

struct password_claim {
	const struct account *accounts;
	size_t account_count;
	struct span user, password;
	const struct address *who;
	uint8_t digest[HMAC_SIZE]; /* made by passwords_recall() */
};

/* Whether it was found right not long ago. */
bool passwords_recall(struct passwords *p, struct password_claim *claim, int64_t now_ms);

/* Who waits for an answer; list_remove() on its link for one who waits no more. */
struct password_waiter {
	struct list link;
	void (*told)(struct password_waiter *w, bool right);
};

enum password_verdict {
	PASSWORD_WAIT,  /* `told` is called, never before this returns */
	PASSWORD_WRONG, /* there is nobody it could be right for */
	PASSWORD_BUSY,  /* too many are waiting */
	PASSWORD_LATER, /* too many wrong ones from there: *wait_ms */
};

/*
 * Asks, after passwords_recall(). Many who ask the same at once cost one answer, and one
 * failure; users that are not known cost as much time as those that are.
 */
enum password_verdict passwords_ask(struct passwords *p, const struct password_claim *claim,
				    int64_t now_ms, struct password_waiter *waiter,
				    uint64_t *wait_ms);

#endif
