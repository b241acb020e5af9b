/* Threads that may wait, beside the one with the event loop. */
#ifndef OS_THREAD_H
#define OS_THREAD_H

#include <pthread.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* Runs work(arg) in a thread of its own. Signals are for the thread that starts it: this one has
 * all of them blocked. The caller's to join. */
MUST_CHECK struct err thread_start(pthread_t *thread, void *(*work)(void *arg), void *arg);

/* The same of one that gives way to others where there is too little processor time. It does so
 * when this returns: a sandbox that comes later need not allow it. */
MUST_CHECK struct err thread_start_behind(pthread_t *thread, void *(*work)(void *arg), void *arg);

/* Does nothing for so long, and up to 50 us more, which is what timers may be late. */
void thread_nap(unsigned us);

/* A condition that is waited for by the clock that never jumps, and when that will be. */
void thread_condition(pthread_cond_t *condition);
struct timespec thread_deadline(uint64_t ms); /* so long from now, for pthread_cond_timedwait() */

#endif
