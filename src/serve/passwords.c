#include "serve/passwords.h"

#include <stdlib.h>

#include "base/mem.h"
#include "os/loop.h"
#include "serve/crypter.h"
#include "serve/limiter.h"
#include "tls/random.h"

#define REMEMBER_MS (5 * 60 * 1000)
#define SETS        64
#define WAYS        4
#define AT_ONCE     4 /* different ones from one address, being compared */

/* Wrong passwords of one address: so many at once, then one each so often. */
static const struct rate failures = {.count = 1, .per_ms = 6000, .burst = 10};

/* Names of limits that are no site's (policy.c mixes a site's name into its own). */
enum { LIMIT_FAILURES = 1, LIMIT_AT_ONCE = 2 };

struct memory {
	uint8_t digest[HMAC_SIZE];
	int64_t until_ms; /* 0: empty */
};

/* Being compared, for all who wait for it. */
struct question {
	struct crypt_job job;
	struct passwords *passwords;
	struct list link, waiters;
	uint8_t digest[HMAC_SIZE];
	struct address who;
	bool known; /* the user: otherwise somebody else's hash is tried, for nothing */
};

struct passwords {
	struct crypter *crypter;
	struct loop *loop;
	struct limiter *limiter;
	struct hmac *hmac;
	struct list questions;
	struct memory memories[SETS][WAYS];
};

struct passwords *
passwords_new(struct crypter *crypter, struct loop *loop, struct limiter *limiter)
{
	struct passwords *p = MEM_NEW(struct passwords);

	p->crypter = crypter;
	p->loop = loop;
	p->limiter = limiter;
	p->hmac = hmac_new();
	list_init(&p->questions);
	return p;
}

static void
question_free(struct question *q)
{
	list_remove(&q->link);
	explicit_bzero(q, sizeof *q);
	free(q);
}

void
passwords_free(struct passwords *p)
{
	if (p == NULL)
		return;
	while (!list_empty(&p->questions))
		question_free(container_of(p->questions.next, struct question, link));
	hmac_free(p->hmac);
	explicit_bzero(p, sizeof *p);
	free(p);
}

static const struct account *
account_of(const struct password_claim *claim)
{
	for (size_t i = 0; i < claim->account_count; i++)
		if (span_equal(span_str(claim->accounts[i].name), claim->user))
			return &claim->accounts[i];
	return NULL;
}

static struct memory *
memories_of(struct passwords *p, const uint8_t *digest)
{
	return p->memories[digest[0] % SETS];
}

/* With the hash, so that a password that was changed is not remembered. */
bool
passwords_recall(struct passwords *p, struct password_claim *claim, int64_t now_ms)
{
	const struct account *account = account_of(claim);
	struct span hash = account != NULL ? span_str(account->hash) : SPAN_NONE;
	const struct span parts[] = {hash, claim->user, claim->password};
	bool found = false;

	if (p->hmac == NULL || !hmac_of(p->hmac, parts, COUNT(parts), claim->digest)) {
		random_bytes(claim->digest, sizeof claim->digest);
		return false;
	}
	for (size_t i = 0; i < WAYS; i++) {
		const struct memory *m = &memories_of(p, claim->digest)[i];

		found |= m->until_ms > now_ms &&
			 hmac_equal(m->digest, claim->digest, sizeof claim->digest);
	}
	return found && account != NULL;
}

static void
remember(struct passwords *p, const uint8_t *digest)
{
	struct memory *set = memories_of(p, digest), *oldest = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].until_ms < oldest->until_ms)
			oldest = &set[i];
	memcpy(oldest->digest, digest, sizeof oldest->digest);
	oldest->until_ms = loop_now(p->loop) + REMEMBER_MS;
}

/* In the worker's thread. Who is told may ask again, or end others that wait. */
static void
answered(void *job)
{
	struct question *q = container_of(job, struct question, job);
	struct passwords *p = q->passwords;
	bool right = q->job.right && q->known;

	list_remove(&q->link);
	limiter_leave(p->limiter, LIMIT_AT_ONCE, &q->who);
	if (right)
		remember(p, q->digest);
	else
		(void)limiter_ask(p->limiter, LIMIT_FAILURES, &failures, &q->who,
				  loop_now(p->loop));
	while (!list_empty(&q->waiters)) {
		struct password_waiter *w =
		    container_of(q->waiters.next, struct password_waiter, link);

		list_remove(&w->link);
		w->told(w, right);
	}
	question_free(q);
}

static struct question *
find(struct passwords *p, const uint8_t *digest)
{
	for (struct list *i = p->questions.next; i != &p->questions; i = i->next) {
		struct question *q = container_of(i, struct question, link);

		if (hmac_equal(q->digest, digest, sizeof q->digest))
			return q;
	}
	return NULL;
}

static bool
copy(char *to, size_t size, struct span text)
{
	if (text.len >= size || span_find(text, '\0') < text.len)
		return false;
	if (text.len > 0)
		memcpy(to, text.p, text.len);
	to[text.len] = '\0';
	return true;
}

/* NULL: no hash that there is could be of this password. */
static struct question *
question_new(struct passwords *p, const struct password_claim *claim)
{
	const struct account *account = account_of(claim);
	struct question *q;

	if (claim->account_count == 0)
		return NULL;
	q = MEM_NEW(struct question);
	q->passwords = p;
	q->who = *claim->who;
	q->known = account != NULL;
	q->job.loop = p->loop;
	q->job.done = answered;
	memcpy(q->digest, claim->digest, sizeof q->digest);
	list_init(&q->waiters);
	if (account == NULL)
		account = &claim->accounts[0];
	if (!copy(q->job.hash, sizeof q->job.hash, span_str(account->hash)) ||
	    !copy(q->job.password, sizeof q->job.password, claim->password)) {
		question_free(q);
		return NULL;
	}
	return q;
}

static bool
submit(struct passwords *p, struct question *q)
{
	if (!limiter_enter(p->limiter, LIMIT_AT_ONCE, AT_ONCE, &q->who))
		return false;
	list_append(&p->questions, &q->link);
	if (crypter_ask(p->crypter, &q->job))
		return true;
	list_remove(&q->link);
	limiter_leave(p->limiter, LIMIT_AT_ONCE, &q->who);
	return false;
}

enum password_verdict
passwords_ask(struct passwords *p, const struct password_claim *claim, int64_t now_ms,
	      struct password_waiter *waiter, uint64_t *wait_ms)
{
	struct question *q = find(p, claim->digest);

	*wait_ms = 0;
	if (q == NULL) {
		*wait_ms = limiter_wait(p->limiter, LIMIT_FAILURES, &failures, claim->who, now_ms);
		if (*wait_ms > 0)
			return PASSWORD_LATER;
		if ((q = question_new(p, claim)) == NULL)
			return PASSWORD_WRONG;
		if (!submit(p, q)) {
			question_free(q);
			return PASSWORD_BUSY;
		}
	}
	list_append(&q->waiters, &waiter->link);
	return PASSWORD_WAIT;
}
