#include "role/edge_ask.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ipc/channel.h"
#include "role/edge.h"
#include "role/edge_conn.h"
#include "role/edge_worker.h"
#include "tls/random.h"
#include "vpn/gate.h"

#define WAIT_US     4000 /* at least */
#define SPREAD_US   4096 /* and this much more, by lot */
#define WORKER_BITS 16

struct ask_line {
	struct loop *loop;
	struct channel *tunnel; /* NULL: there is none */
	struct worker **const *workers;
	const unsigned *worker_count;
	struct log_limit limit; /* probers can keep the tunnel busy */
};

struct ask_line *
ask_line_new(struct loop *l, struct worker **const *workers, const unsigned *count)
{
	struct ask_line *a = MEM_NEW(struct ask_line);

	a->loop = l;
	a->workers = workers;
	a->worker_count = count;
	return a;
}

void
ask_line_free(struct ask_line *a)
{
	if (a == NULL)
		return;
	channel_free(a->tunnel);
	free(a);
}

/* NULL: it is no question of ours. The tunnel hears more of the world than it should be trusted. */
static struct worker *
worker_of(const struct ask_line *a, uint64_t number)
{
	uint64_t worker = number & ((1 << WORKER_BITS) - 1);

	return worker < *a->worker_count ? (*a->workers)[worker] : NULL;
}

/* Between the threads: a question, its answer, or the connection. */
struct parcel {
	struct ask_line *line;
	struct worker *worker;
	struct message message;
};

static struct parcel *
parcel_new(struct worker *w, enum message_type type, uint64_t number)
{
	struct parcel *p = MEM_NEW(struct parcel);

	p->line = edge_ask_line(w->edge);
	p->worker = w;
	p->message = (struct message){.type = type, .value = number};
	return p;
}

/* --- the main thread's part */

static void
tell(void *arg)
{
	struct parcel *p = arg;
	struct message *m = &p->message;
	struct err e = ERR_NONE;

	if (p->line->tunnel != NULL)
		e = channel_send(p->line->tunnel, m);
	if (failed(e))
		log_peer(&p->line->limit, "tunnel: %s", e.text);
	if (m->fd_count > 0)
		close(m->fds[0]);
	free(p);
}

static void decided(void *arg);

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct ask_line *a = owner;

	(void)ch;
	if (m->type != MESSAGE_VERDICT || m->kind == 0)
		return; /* no is what silence says too, at the same time */
	struct worker *w = worker_of(a, m->value);
	if (w != NULL)
		loop_post(w->loop, decided, parcel_new(w, MESSAGE_VERDICT, m->value));
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct ask_line *a = owner;

	log_debug("tunnel: %s", why);
	channel_free(ch);
	a->tunnel = NULL;
}

void
ask_line_follow(struct ask_line *a, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};

	channel_free(a->tunnel);
	a->tunnel = NULL;
	struct err e = channel_new(a->loop, fd, ROLE_TUNNEL, &ops, a, &a->tunnel);
	if (failed(e))
		log_error("tunnel: %s", e.text);
}

/* --- a worker's */

static struct conn *
find(struct worker *w, uint64_t number)
{
	for (struct list *l = w->asking.next; l != &w->asking; l = l->next) {
		struct conn *c = container_of(l, struct conn, asking);

		if (c->question == number)
			return c;
	}
	return NULL;
}

static void
hand_over(struct conn *c)
{
	struct worker *w = c->worker;
	struct parcel *p = parcel_new(w, MESSAGE_HANDED, c->question);
	struct message *m = &p->message;

	m->addresses[0] = c->peer;
	m->addresses[1] = c->local;
	m->address_count = 2;
	m->fd_count = 1;
	worker_count(w, COUNTER_RULE_OPENVPN, 1);
	worker_count(w, COUNTER_HANDED, 1);
	m->fds[0] = conn_give_up(c);
	loop_post(p->line->loop, tell, p);
}

static void
decided(void *arg)
{
	struct parcel *p = arg;
	struct conn *c = find(p->worker, p->message.value);

	free(p);
	if (c != NULL)
		hand_over(c);
}

/* Those whose time it is are looked at as all others are. */
static void
over(struct alarm *a)
{
	struct worker *w = container_of(a, struct worker, asked);
	int64_t now = clock_us();

	while (!list_empty(&w->asking)) {
		struct conn *c = container_of(w->asking.next, struct conn, asking);

		if (c->due_us > now) {
			alarm_set(&w->asked, c->due_us);
			return;
		}
		list_remove(&c->asking);
		conn_decided(c);
	}
}

struct err
ask_prepare(struct worker *w)
{
	return alarm_begin(w->loop, &w->asked, over);
}

/* That others work for the answer meanwhile delays ours by some microseconds: they are lost in what
 * the lot adds. */
static int64_t
wait_us(void)
{
	uint8_t lot[2];

	random_bytes(lot, sizeof lot);
	return WAIT_US + (lot[0] << 8 | lot[1]) % SPREAD_US;
}

/* Few wait at once, and most are due after those who came before. */
static void
line_up(struct worker *w, struct conn *c)
{
	struct list *before = w->asking.prev;

	while (before != &w->asking &&
	       container_of(before, struct conn, asking)->due_us > c->due_us)
		before = before->prev;
	list_append(before->next, &c->asking);
	if (before == &w->asking)
		alarm_set(&w->asked, c->due_us);
}

bool
ask_begin(struct conn *c, struct span seen)
{
	struct worker *w = c->worker;

	if (c->question != 0 || !gate_fits_tcp(seen))
		return false;
	c->question = ++w->questions << WORKER_BITS | w->number;
	c->due_us = clock_us() + wait_us();
	timer_stop(&c->timer);
	line_up(w, c);

	struct parcel *p = parcel_new(w, MESSAGE_FIRST, c->question);
	p->message.addresses[0] = c->peer;
	p->message.address_count = 1;
	p->message.byte_count = seen.len;
	span_put(p->message.bytes, seen);
	loop_post(p->line->loop, tell, p);
	return true;
}
