#include "role/edge_health.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/loop.h"
#include "os/sock.h"
#include "role/edge_snapshot.h"

/* One server that is tested: a connect that succeeds is enough. */
struct probe {
	struct health *health;
	const struct backends *to;
	size_t member;
	struct target *target;
	struct watch watch;
	struct timer timer;
	int fd;
	bool down;
};

struct health {
	struct loop *loop;
	struct snapshot *snapshot;
	struct probe **probes;
	size_t count;
};

static void begin(struct timer *t);

/* Down for a little longer than until the next probe, which can say otherwise. */
static void
judge(struct probe *p, const char *why)
{
	struct loop *l = p->health->loop;
	const char *name = p->to->at[p->member].text;
	bool down = why != NULL;

	watch_stop(l, &p->watch);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	if (down && !p->down)
		log_warn("%s: %s is down: %s", p->to->name, name, why);
	else if (!down && p->down)
		log_info("%s: %s is up again", p->to->name, name);
	p->down = down;
	atomic_store_explicit(&p->target->down_until,
			      down ? loop_now(l) + 2 * (int64_t)p->to->check : 0,
			      memory_order_relaxed);
	timer_set(l, &p->timer, p->to->check, begin);
}

static void
answered(struct watch *w, uint32_t events)
{
	struct probe *p = container_of(w, struct probe, watch);
	int why = sock_connected(p->fd);

	(void)events;
	judge(p, why == 0 ? NULL : strerror(why));
}

static void
too_late(struct timer *t)
{
	judge(container_of(t, struct probe, timer), "no answer in time");
}

static struct err
connect_to(struct probe *p)
{
	struct target *t = p->target;

	if (t->directory >= 0)
		return sock_connect_unix(t->directory, t->name, &p->fd);
	return t->count > 0 ? sock_connect_tcp(&t->at[0], &p->fd)
			    : err_new("its name has no address");
}

static void
begin(struct timer *timer)
{
	struct probe *p = container_of(timer, struct probe, timer);
	struct loop *l = p->health->loop;

	struct err e = connect_to(p);
	if (!failed(e))
		e = watch_start(l, &p->watch, p->fd, READY_OUT, answered);
	if (failed(e))
		judge(p, e.text);
	else
		timer_set(l, &p->timer, p->to->connect_timeout, too_late);
}

struct health *
health_new(struct loop *l)
{
	struct health *h = MEM_NEW(struct health);

	h->loop = l;
	return h;
}

static void
forget_all(struct health *h)
{
	for (size_t i = 0; i < h->count; i++) {
		struct probe *p = h->probes[i];

		watch_stop(h->loop, &p->watch);
		timer_stop(&p->timer);
		if (p->fd >= 0)
			close(p->fd);
		free(p);
	}
	free(h->probes);
	h->probes = NULL;
	h->count = 0;
	snapshot_release(h->snapshot);
	h->snapshot = NULL;
}

void
health_free(struct health *h)
{
	forget_all(h);
	free(h);
}

static void
add_probe(struct health *h, const struct backends *to, size_t member)
{
	struct probe *p = MEM_NEW(struct probe);

	*p = (struct probe){.health = h,
			    .to = to,
			    .member = member,
			    .target = &h->snapshot->targets[to->index][member],
			    .watch = {.fd = -1},
			    .fd = -1};
	*MEM_PUSH(h->probes, h->count) = p;
	timer_set(h->loop, &p->timer, 0, begin);
}

void
health_follow(struct health *h, struct snapshot *s)
{
	forget_all(h);
	h->snapshot = snapshot_share(s);
	for (size_t i = 0; i < s->config->backends_count; i++) {
		const struct backends *to = s->config->backends[i];

		for (size_t k = 0; to->check > 0 && k < to->count; k++)
			add_probe(h, to, k);
	}
}
