/*
 * Connections that came to edge, on the shared port: it asks about what they said first, and hands
 * those over that hold a key of ours. It waits for a few milliseconds and no more, so nothing slow
 * is done here.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/sock.h"
#include "role/tunnel_private.h"

#define EXPECTED_MS  5000 /* from our yes to the connection */
#define EXPECTED_MAX 4096

/* Who was told to come. */
struct expected {
	struct list link;
	uint64_t number;
	int64_t until;
	struct gate_first first;
};

struct firsts {
	struct tunnel *tunnel;
	struct list expected; /* the oldest first */
	size_t count;
	struct log_limit limit;
};

struct firsts *
firsts_new(struct tunnel *t)
{
	struct firsts *f = MEM_NEW(struct firsts);

	f->tunnel = t;
	list_init(&f->expected);
	return f;
}

static void
forget(struct firsts *f, struct expected *x)
{
	list_remove(&x->link);
	f->count--;
	explicit_bzero(x, sizeof *x);
	free(x);
}

void
firsts_free(struct firsts *f)
{
	if (f == NULL)
		return;
	while (!list_empty(&f->expected))
		forget(f, container_of(f->expected.next, struct expected, link));
	free(f);
}

/* Those that never came: their clients left between our yes and edge's next turn. */
static void
forget_old(struct firsts *f, int64_t now)
{
	while (!list_empty(&f->expected)) {
		struct expected *x = container_of(f->expected.next, struct expected, link);

		if (x->until > now && f->count <= EXPECTED_MAX)
			break;
		forget(f, x);
	}
}

static void
expect(struct firsts *f, uint64_t number, const struct gate_first *first)
{
	struct expected *x = MEM_NEW(struct expected);

	*x = (struct expected){
	    .number = number, .until = loop_now(f->tunnel->loop) + EXPECTED_MS, .first = *first};
	list_append(&f->expected, &x->link);
	f->count++;
}

void
firsts_judge(struct firsts *f, struct message *m)
{
	struct message answer = {.type = MESSAGE_VERDICT, .value = m->value};
	struct span seen = span_of(m->bytes, m->byte_count);
	enum gate_verdict verdict = GATE_STRANGER;
	struct gate_first first = {.late_ms = 0};

	forget_old(f, loop_now(f->tunnel->loop));
	if (gate_fits_tcp(seen))
		verdict = tunnel_judge(f->tunnel, span_tail(seen, 2), &first);
	if (verdict == GATE_OPEN && m->address_count > 0 &&
	    !crowd_may_begin(f->tunnel->crowd, &m->addresses[0]))
		verdict = GATE_STRANGER;
	answer.kind = verdict == GATE_OPEN;
	struct err e = channel_send(f->tunnel->edge, &answer);
	if (failed(e))
		log_peer(&f->limit, "edge is not answered: %s", e.text);
	else if (verdict == GATE_OPEN)
		expect(f, m->value, &first);
	else if (verdict != GATE_STRANGER && m->address_count > 0)
		tunnel_note(f->tunnel, verdict, &first, &m->addresses[0]);
	explicit_bzero(&first, sizeof first);
}

static struct expected *
find(struct firsts *f, uint64_t number)
{
	for (struct list *l = f->expected.next; l != &f->expected; l = l->next) {
		struct expected *x = container_of(l, struct expected, link);

		if (x->number == number)
			return x;
	}
	return NULL;
}

/* From the main thread to the worker that has it from now on. */
struct handed {
	struct tunnel_worker *worker;
	struct gate_first first;
	struct address peer, local;
	int fd;
};

static void
begin(void *arg)
{
	struct handed *h = arg;

	stream_begin(h->worker, h->fd, &h->first, &h->peer, &h->local);
	explicit_bzero(h, sizeof *h);
	free(h);
}

void
firsts_take(struct firsts *f, struct message *m)
{
	struct expected *x = find(f, m->value);
	struct tunnel *t = f->tunnel;

	if (x == NULL || m->address_count < 2 || t->worker_count == 0)
		return; /* the descriptor is closed with the message */
	struct handed *h = MEM_NEW(struct handed);
	*h = (struct handed){.worker = t->workers[t->next_worker++ % t->worker_count],
			     .first = x->first,
			     .peer = m->addresses[0],
			     .local = m->addresses[1],
			     .fd = m->fds[0]};
	m->fds[0] = -1;
	forget(f, x);
	loop_post(h->worker->loop, begin, h);
}
