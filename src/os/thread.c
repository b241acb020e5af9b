#include "os/thread.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

struct err
thread_start(pthread_t *thread, void *(*work)(void *arg), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = pthread_create(thread, NULL, work, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code == 0 ? ERR_NONE : err_new("cannot start a thread");
}

#define BEHIND 10 /* setpriority(2): a tenth of what others get */

struct start {
	void *(*work)(void *arg);
	void *arg;
	sem_t done;
};

/* On Linux the priority is a thread's own, and nobody else's to set: it can only go down again. */
static void *
step_back(void *arg)
{
	struct start *start = arg;
	void *(*work)(void *) = start->work;

	arg = start->arg;
	(void)setpriority(PRIO_PROCESS, 0, BEHIND);
	sem_post(&start->done); /* `start` is gone from here on */
	return work(arg);
}

struct err
thread_start_behind(pthread_t *thread, void *(*work)(void *arg), void *arg)
{
	struct start start = {.work = work, .arg = arg};

	sem_init(&start.done, 0, 0);
	struct err e = thread_start(thread, step_back, &start);
	while (!failed(e) && sem_wait(&start.done) != 0)
		;
	sem_destroy(&start.done);
	return e;
}

void
thread_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct timespec
thread_deadline(uint64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

void
thread_nap(unsigned us)
{
	const struct timespec t = {.tv_nsec = (long)us * 1000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}
