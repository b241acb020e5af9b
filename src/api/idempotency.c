#include "api/idempotency.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/problem.h"
#include "os/thread.h"
#include "tls/digest.h"

/* Answers may hold what is shown once, a token: each is wiped when it goes. */
struct entry {
	uint8_t key[DIGEST_SIZE], body[DIGEST_SIZE];
	int64_t made; /* 0: it is free */
	bool done;
	unsigned status;
	char etag[32], location[256];
	char *text;
	size_t length;
};

static struct entry entries[IDEMPOTENCY_ENTRIES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
forget(struct entry *e)
{
	if (e->text != NULL)
		explicit_bzero(e->text, e->length);
	free(e->text);
	*e = (struct entry){.made = 0};
}

/* Whose key it is, and for what: the same word of another one is another key. */
static bool
key_of(const struct api_call *c, uint8_t out[DIGEST_SIZE])
{
	struct span header = call_header(c, "idempotency-key");
	char who[64];

	snprintf(who, sizeof who, "%d %" PRId64 " %" PRId64, (int)c->actor.kind, c->actor.user,
		 c->actor.token);
	const struct span parts[] = {span_str(who), SPAN_OF("\0"),    span_str(c->op->id),
				     SPAN_OF("\0"), c->request->path, SPAN_OF("\0"),
				     header};
	return digest_keyed(SPAN_OF("idempotency"), parts, COUNT(parts), out);
}

/* With the lock held. The place for a new one: free, over, or the oldest that is done. */
static struct entry *
place(int64_t now)
{
	struct entry *oldest = NULL;

	for (size_t i = 0; i < IDEMPOTENCY_ENTRIES; i++) {
		struct entry *e = &entries[i];

		if (e->made == 0)
			return e;
		if ((e->done || now - e->made >= IDEMPOTENCY_KEEP_MS) &&
		    (oldest == NULL || e->made < oldest->made))
			oldest = e;
	}
	return oldest;
}

static struct entry *
find(const uint8_t key[DIGEST_SIZE], int64_t now)
{
	for (size_t i = 0; i < IDEMPOTENCY_ENTRIES; i++) {
		struct entry *e = &entries[i];

		if (e->made == 0 || memcmp(e->key, key, DIGEST_SIZE) != 0)
			continue;
		if (now - e->made < IDEMPOTENCY_KEEP_MS)
			return e;
		forget(e);
	}
	return NULL;
}

static void
answer_again(struct api_call *c, const struct entry *e)
{
	struct arena *memory = c->access->memory;

	c->answer->status = e->status;
	if (e->length > 0) {
		struct buf *b = call_buf(c);

		answer_field(c->answer, "content-type", "application/json");
		if (buf_append(b, span_of(e->text, e->length)))
			c->answer->body = buf_span(b);
	}
	if (e->etag[0] != '\0')
		answer_field(c->answer, "etag", arena_copy(memory, span_str(e->etag)));
	if (e->location[0] != '\0')
		answer_field(c->answer, "location", arena_copy(memory, span_str(e->location)));
	answer_field(c->answer, "idempotency-replayed", "true");
}

static struct outcome
known(struct api_call *c, const struct entry *e, const uint8_t body[DIGEST_SIZE])
{
	if (memcmp(e->body, body, DIGEST_SIZE) != 0)
		return outcome_typed(OUTCOME_INVALID, problem_reused,
				     "this Idempotency-Key came with another request before");
	if (!e->done)
		return outcome_new(OUTCOME_TAKEN, "the same request is being answered");
	answer_again(c, e);
	return OUTCOME_OK;
}

static struct outcome
begin(struct api_call *c, const uint8_t key[DIGEST_SIZE], const uint8_t body[DIGEST_SIZE],
      enum idempotency *out)
{
	struct entry *e = find(key, c->access->now);

	if (e != NULL) {
		*out = IDEMPOTENCY_AGAIN;
		return known(c, e, body);
	}
	e = place(c->access->now);
	if (e == NULL)
		return outcome_new(OUTCOME_BUSY, "too many requests are under way");
	forget(e);
	memcpy(e->key, key, DIGEST_SIZE);
	memcpy(e->body, body, DIGEST_SIZE);
	e->made = c->access->now;
	*out = IDEMPOTENCY_FIRST;
	return OUTCOME_OK;
}

struct outcome
idempotency_begin(struct api_call *c, enum idempotency *out)
{
	uint8_t key[DIGEST_SIZE], body[DIGEST_SIZE];
	struct span header = call_header(c, "idempotency-key");

	*out = IDEMPOTENCY_NONE;
	if (!(c->op->flags & OP_CREATES) || header.len == 0 || c->actor.kind == ACTOR_STRANGER)
		return OUTCOME_OK;
	if (header.len > IDEMPOTENCY_KEY_MAX)
		return outcome_new(OUTCOME_INVALID, "an Idempotency-Key has at most %d bytes",
				   IDEMPOTENCY_KEY_MAX);
	if (!key_of(c, key) || !digest_of(c->request->body, body))
		return call_broken(c, "digest_of");
	pthread_mutex_lock(&lock);
	struct outcome o = begin(c, key, body, out);
	pthread_mutex_unlock(&lock);
	return o;
}

static void
keep_field(const struct api_answer *a, const char *name, char *out, size_t size)
{
	const struct span *value = field_find(a->fields, a->field_count, span_str(name));

	if (value != NULL && value->len < size)
		memcpy(out, value->p, value->len);
}

static void
keep(struct entry *e, const struct api_answer *a)
{
	e->done = true;
	e->status = a->status;
	keep_field(a, "etag", e->etag, sizeof e->etag);
	keep_field(a, "location", e->location, sizeof e->location);
	if (a->body.len == 0)
		return;
	e->text = mem_new(a->body.len);
	e->length = a->body.len;
	memcpy(e->text, a->body.p, a->body.len);
}

void
idempotency_end(struct api_call *c, bool was_refused)
{
	uint8_t key[DIGEST_SIZE];

	if (!key_of(c, key))
		return;
	pthread_mutex_lock(&lock);
	struct entry *e = find(key, c->access->now);
	if (e != NULL && (was_refused || c->answer->body.len > IDEMPOTENCY_BODY))
		forget(e);
	else if (e != NULL)
		keep(e, c->answer);
	pthread_mutex_unlock(&lock);
}

void
idempotency_reset(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < IDEMPOTENCY_ENTRIES; i++)
		forget(&entries[i]);
	pthread_mutex_unlock(&lock);
}
