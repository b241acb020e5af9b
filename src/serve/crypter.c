#include "serve/crypter.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "os/loop.h"
#include "tls/hmac.h"

#define WAITING_MAX 64 /* some seconds' worth */

_Static_assert(CRYPTER_HASH_MAX < CRYPT_OUTPUT_SIZE, "a hash fits");
_Static_assert(CRYPTER_PASSWORD_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "a password fits");

struct crypter {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list jobs;
	size_t waiting;
	bool stopped;
	struct crypt_data data; /* the thread's */
};

static bool
is_right(struct crypt_data *data, const struct crypt_job *job)
{
	const char *made = crypt_rn(job->password, job->hash, data, sizeof *data);
	size_t len = strlen(job->hash);

	return made != NULL && strlen(made) == len && hmac_equal(made, job->hash, len);
}

/* Waits for the next job; NULL: it is over. */
static struct crypt_job *
next(struct crypter *c)
{
	struct crypt_job *job = NULL;

	pthread_mutex_lock(&c->lock);
	while (!c->stopped && list_empty(&c->jobs))
		pthread_cond_wait(&c->changed, &c->lock);
	if (!c->stopped) {
		job = container_of(c->jobs.next, struct crypt_job, link);
		list_remove(&job->link);
		c->waiting--;
	}
	pthread_mutex_unlock(&c->lock);
	return job;
}

static void *
work(void *arg)
{
	struct crypter *c = arg;
	struct crypt_job *job;

	while ((job = next(c)) != NULL) {
		job->right = is_right(&c->data, job);
		explicit_bzero(job->password, sizeof job->password);
		explicit_bzero(&c->data, sizeof c->data);
		loop_post(job->loop, job->done, job);
	}
	return NULL;
}

struct err
crypter_new(struct crypter **out)
{
	struct crypter *c = MEM_NEW(struct crypter);

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	list_init(&c->jobs);
	*out = NULL;
	if (pthread_create(&c->thread, NULL, work, c) != 0) {
		free(c);
		return err_new("cannot start the thread that verifies passwords");
	}
	*out = c;
	return ERR_NONE;
}

void
crypter_free(struct crypter *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopped = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c);
}

bool
crypter_ask(struct crypter *c, struct crypt_job *job)
{
	pthread_mutex_lock(&c->lock);
	bool fits = c->waiting < WAITING_MAX;
	if (fits) {
		list_append(&c->jobs, &job->link);
		c->waiting++;
		pthread_cond_signal(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
	return fits;
}
