/*
 * What other processes are asked from the API's threads, which wait for the answer. One of these
 * for each whom one can ask; the line to him may go and come again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/thread.h"
#include "role/control_private.h"

/* One question; both who asks and the loop hold it. */
struct call {
	struct list link;
	struct calls *calls;
	unsigned holders;
	uint64_t number;
	unsigned what;
	struct buf argument, body;
	bool answered, done;
	int fd; /* of the answer; -1: none */
	char text[MESSAGE_TEXT_MAX];
};

struct calls {
	struct loop *loop;
	const char *whom;
	uint64_t patience_ms;
	struct channel *line; /* the loop's alone; NULL: nobody is there */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool stopped;
	struct list open; /* sent, and waiting for their answers */
	uint64_t last;
};

struct calls *
calls_new(struct control *c, const char *whom, uint64_t patience_ms)
{
	struct calls *calls = MEM_NEW(struct calls);

	calls->loop = c->loop;
	calls->whom = whom;
	calls->patience_ms = patience_ms;
	calls->last = (uint64_t)clock_wall_ms() << 16; /* none is a call of an earlier control */
	list_init(&calls->open);
	pthread_mutex_init(&calls->lock, NULL);
	thread_condition(&calls->answered);
	return calls;
}

/* With the lock held. */
static void
let_go(struct call *call)
{
	if (--call->holders > 0)
		return;
	list_remove(&call->link);
	if (call->fd >= 0)
		close(call->fd);
	buf_free(&call->argument);
	buf_wipe(&call->body);
	free(call);
}

/* With the lock held: `m` is NULL when nobody could even be asked, or will answer. */
static void
answer(struct call *call, struct message *m)
{
	call->answered = true;
	if (m != NULL) {
		call->done = m->kind == 1;
		call->fd = m->fds[0];
		m->fds[0] = -1;
		memcpy(call->text, m->text, sizeof call->text);
	}
	pthread_cond_broadcast(&call->calls->answered);
	let_go(call);
}

static struct err
send_call(struct call *call)
{
	struct message m = {.type = MESSAGE_CALL,
			    .kind = (uint32_t)call->what,
			    .value = call->number,
			    .fd_count = 1};
	struct span argument = buf_span(&call->argument);

	if (call->calls->line == NULL)
		return err_new("it is not running");
	struct err e = fs_sealed("call", buf_span(&call->body), &m.fds[0]);
	if (failed(e))
		return e;
	span_put((uint8_t *)m.text, argument); /* shorter than the text: calls_ask() saw to it */
	e = channel_send(call->calls->line, &m);
	close(m.fds[0]);
	return e;
}

/* In the loop's thread. */
static void
begin(void *arg)
{
	struct call *call = arg;
	struct calls *calls = call->calls;
	struct err e = send_call(call);

	pthread_mutex_lock(&calls->lock);
	if (failed(e)) {
		log_error("%s cannot be asked: %s", calls->whom, e.text);
		answer(call, NULL);
	} else {
		list_append(&calls->open, &call->link);
	}
	pthread_mutex_unlock(&calls->lock);
}

static struct call *
call_new(struct calls *calls, unsigned what, struct span argument, struct span body)
{
	struct call *call = MEM_NEW(struct call);

	*call = (struct call){.calls = calls,
			      .holders = 2,
			      .what = what,
			      .argument = buf_with_cap(MESSAGE_TEXT_MAX),
			      .body = buf_with_cap(body.len),
			      .fd = -1};
	if (buf_append(&call->argument, argument) && buf_append(&call->body, body))
		return call;
	buf_free(&call->argument);
	buf_free(&call->body);
	free(call);
	return NULL;
}

/* With the lock held, which it gives up while it waits. */
static void
await(struct calls *calls, struct call *call)
{
	const struct timespec until = thread_deadline(calls->patience_ms);

	while (!call->answered && !calls->stopped)
		if (pthread_cond_timedwait(&calls->answered, &calls->lock, &until) == ETIMEDOUT)
			break;
}

/* With the lock held: an answer that comes yet is for nobody. */
static void
give_up(struct call *call)
{
	if (call->answered || !list_linked(&call->link))
		return; /* or the loop has not come to it, which holds it */
	list_remove(&call->link);
	call->holders--;
}

static struct outcome
outcome_of(struct call *call, struct buf *out)
{
	const char *whom = call->calls->whom;

	if (!call->answered || call->fd < 0)
		return outcome_new(OUTCOME_DOWN, "%s does not answer", whom);
	struct err e = fs_read_fd(call->fd, out);
	if (failed(e)) {
		log_error("what %s answered cannot be read: %s", whom, e.text);
		return outcome_new(OUTCOME_DOWN, "the answer was too long");
	}
	return call->done ? OUTCOME_OK : outcome_new(OUTCOME_INVALID, "%s", call->text);
}

struct outcome
calls_ask(struct calls *calls, unsigned what, struct span argument, struct span body,
	  struct buf *out)
{
	if (argument.len >= MESSAGE_TEXT_MAX || span_find(argument, '\0') != argument.len)
		return outcome_new(OUTCOME_INVALID, "the argument is too long");
	struct call *call = call_new(calls, what, argument, body);
	if (call == NULL)
		return outcome_new(OUTCOME_BUSY, "there is no memory for this now");
	pthread_mutex_lock(&calls->lock);
	call->number = ++calls->last;
	loop_post(calls->loop, begin, call);
	await(calls, call);
	struct outcome o = outcome_of(call, out);
	give_up(call);
	let_go(call);
	pthread_mutex_unlock(&calls->lock);
	return o;
}

void
calls_answered(struct calls *calls, struct message *m)
{
	pthread_mutex_lock(&calls->lock);
	for (struct list *i = calls->open.next; i != &calls->open; i = i->next) {
		struct call *call = container_of(i, struct call, link);

		if (call->number == m->value) {
			list_remove(&call->link);
			answer(call, m);
			break;
		}
	}
	pthread_mutex_unlock(&calls->lock);
}

void
calls_line(struct calls *calls, struct channel *line)
{
	calls->line = line;
	pthread_mutex_lock(&calls->lock);
	while (!list_empty(&calls->open)) {
		struct call *call = container_of(calls->open.next, struct call, link);

		list_remove(&call->link);
		answer(call, NULL);
	}
	pthread_mutex_unlock(&calls->lock);
}

void
calls_stop(struct calls *calls)
{
	pthread_mutex_lock(&calls->lock);
	calls->stopped = true;
	pthread_cond_broadcast(&calls->answered);
	pthread_mutex_unlock(&calls->lock);
}

void
calls_free(struct calls *calls)
{
	if (calls == NULL)
		return;
	calls_line(calls, NULL);
	pthread_cond_destroy(&calls->answered);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}
