/*
 * Control may be asked for a list of ten thousand, again and again: workers copy a part of what
 * they have, one after the other, and the main thread, which moves nobody's bytes, does the rest.
 */
#include "role/edge_control.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "role/call_reply.h"
#include "role/edge_relay.h"
#include "role/edge_worker.h"

#define ANSWER_MAX (4 << 20)

struct edge_control {
	struct loop *loop;
	struct channel *control; /* NULL: there is none */
	struct worker **const *workers;
	const unsigned *worker_count;
};

/* A question, on its way through the threads. */
struct question {
	struct edge_control *line;
	uint64_t number;
	int64_t id;
	unsigned next; /* the worker whose turn it is */
	bool done;
	struct arena *memory;
	struct live_relay_list list;
};

struct edge_control *
edge_control_new(struct loop *l, struct worker **const *workers, const unsigned *count)
{
	struct edge_control *c = MEM_NEW(struct edge_control);

	c->loop = l;
	c->workers = workers;
	c->worker_count = count;
	return c;
}

void
edge_control_free(struct edge_control *c)
{
	if (c == NULL)
		return;
	channel_free(c->control);
	free(c);
}

static void
question_free(struct question *q)
{
	arena_free(q->memory);
	free(q);
}

static int
by_id(const void *one, const void *other)
{
	int64_t a = ((const struct live_relay *)one)->id,
		b = ((const struct live_relay *)other)->id;

	return (a > b) - (a < b);
}

/* Each worker gave its first ones: the first of all are among them. */
static void
tell_list(void *arg)
{
	struct question *q = arg;
	struct live_relay_list *l = &q->list;
	struct buf out = buf_with_cap(ANSWER_MAX);

	if (l->count > 1)
		qsort(l->at, l->count, sizeof *l->at, by_id);
	if (l->count > RELAYS_PART) {
		l->count = RELAYS_PART;
		l->more = true;
	}
	bool fits = shape_write(&shape_live_relay_list, l, &out);
	call_reply(q->line->control, q->number, fits,
		   fits ? buf_span(&out) : SPAN_OF("there is too much to tell"));
	buf_free(&out);
	question_free(q);
}

static void list_next(struct question *q);

static void
list_own(void *arg)
{
	struct question *q = arg;

	edge_relay_list((*q->line->workers)[q->next++], q->id, q->memory, &q->list);
	list_next(q);
}

static void
list_next(struct question *q)
{
	if (q->next < *q->line->worker_count)
		loop_post((*q->line->workers)[q->next]->loop, list_own, q);
	else
		loop_post(q->line->loop, tell_list, q);
}

static void
tell_end(void *arg)
{
	struct question *q = arg;

	call_reply(q->line->control, q->number, q->done,
		   q->done ? SPAN_OF("{}") : SPAN_OF("nothing is relayed by that number"));
	question_free(q);
}

static void
end_own(void *arg)
{
	struct question *q = arg;

	q->done = edge_relay_end((*q->line->workers)[q->next], q->id);
	loop_post(q->line->loop, tell_end, q);
}

static void
end_relay(struct question *q)
{
	q->next = edge_relay_worker(q->id);
	if (q->next < *q->line->worker_count)
		loop_post((*q->line->workers)[q->next]->loop, end_own, q);
	else
		tell_end(q);
}

static void
ask(struct edge_control *c, const struct message *m)
{
	uint64_t id;

	if (m->kind >= EDGE_CALLS || !text_to_u64(span_str(m->text), INT64_MAX, &id)) {
		call_reply(c->control, m->value, false, SPAN_OF("that cannot be asked"));
		return;
	}
	struct question *q = MEM_NEW(struct question);
	*q = (struct question){
	    .line = c, .number = m->value, .id = (int64_t)id, .memory = arena_new()};
	if (m->kind == CALL_RELAYS)
		list_next(q);
	else
		end_relay(q);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	(void)ch;
	if (m->type == MESSAGE_CALL)
		ask(owner, m);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct edge_control *c = owner;

	log_debug("control: %s", why);
	channel_free(ch);
	c->control = NULL;
}

void
edge_control_follow(struct edge_control *c, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};

	channel_free(c->control);
	c->control = NULL;
	struct err e = channel_new(c->loop, fd, ROLE_CONTROL, &ops, c, &c->control);
	if (failed(e)) {
		log_error("control: %s", e.text);
		c->control = NULL;
	}
}
