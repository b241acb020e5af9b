#include "role/edge_health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/loop.h"
#include "os/sock.h"
#include "role/edge_snapshot.h"
#include "serve/upstream.h"
#include "tls/context.h"

#define ANSWER_BYTES 16384 /* read of an answer at a time: its status is what counts */

/* One server that is tested: a connect that succeeds is enough, or an answer is wanted. */
struct probe {
	struct health *health;
	const struct backends *to;
	const struct proxy *proxy; /* that asks for an answer; NULL: none does */
	const char *authority;     /* what Host says then */
	struct upstream_call *call;
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
	/* Ours alone: tests count neither as requests nor as what requests have met. */
	struct tls_library *tls;
	struct upstreams *upstreams;
	struct target **targets;
	uint8_t scratch[ANSWER_BYTES];
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
	target_set_down(p->target, down ? loop_now(l) + 2 * (int64_t)p->to->check : 0);
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

/* Asking. */

static void
on_interim(void *owner, unsigned status, const struct field *fields, size_t count)
{
	(void)owner, (void)status, (void)fields, (void)count;
}

/* That is all we want to know: the rest is not read, nor the connection kept. */
static void
on_head(void *owner, const struct call_answer *answer)
{
	struct probe *p = owner;
	struct upstream_call *call = p->call;
	uint64_t wanted = p->proxy->check_status;
	bool good = wanted != 0 ? answer->status == wanted : answer->status < 400;
	char why[64];

	p->call = NULL;
	upstream_cancel(call);
	snprintf(why, sizeof why, "it answers check_path with %u", answer->status);
	judge(p, good ? NULL : why);
}

static void
on_body(void *owner, struct span bytes, bool last, const struct field *trailers, size_t count)
{
	(void)owner, (void)bytes, (void)last, (void)trailers, (void)count;
}

static void
on_moved(void *owner)
{
	(void)owner;
}

static void
on_failed(void *owner, enum call_failure how, const char *why)
{
	struct probe *p = owner;

	(void)how;
	p->call = NULL;
	judge(p, why);
}

static void
ask(struct probe *p)
{
	static const struct call_ops ops = {on_interim, on_head,   on_body,
					    on_moved,   on_failed, on_moved};
	static const struct field fields[] = {{SPAN_INIT("accept"), SPAN_INIT("*/*")},
					      {SPAN_INIT("user-agent"), SPAN_INIT("sallyport")}};
	const struct call_request request = {.method = METHOD_GET,
					     .method_name = SPAN_OF("GET"),
					     .authority = span_str(p->authority),
					     .target = span_str(p->proxy->check_path),
					     .secure = p->proxy->scheme == SCHEME_HTTPS,
					     .fields = fields,
					     .field_count = COUNT(fields),
					     .length = LENGTH_NONE};

	p->call = upstream_ask(p->health->upstreams, p->proxy, (int)p->member, true, NULL, &request,
			       &ops, p);
}

/* Connecting. */

static struct err
connect_to(struct probe *p)
{
	struct target *t = p->target;

	if (t->directory >= 0)
		return sock_connect_unix(t->directory, t->name, &p->fd);
	return t->count > 0 ? sock_connect_tcp(&t->at[0], &p->fd) : err_new(TARGET_NOWHERE);
}

static void
begin(struct timer *timer)
{
	struct probe *p = container_of(timer, struct probe, timer);
	struct loop *l = p->health->loop;

	if (p->proxy != NULL) {
		ask(p);
		return;
	}
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
forget_upstreams(struct health *h)
{
	upstreams_free(h->upstreams);
	h->upstreams = NULL;
	for (size_t i = 0; h->targets != NULL && i < h->snapshot->config->backends_count; i++)
		free(h->targets[i]);
	free(h->targets);
	h->targets = NULL;
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
		if (p->call != NULL)
			upstream_cancel(p->call);
		free(p);
	}
	free(h->probes);
	h->probes = NULL;
	h->count = 0;
	forget_upstreams(h);
	snapshot_release(h->snapshot);
	h->snapshot = NULL;
}

void
health_free(struct health *h)
{
	forget_all(h);
	tls_library_free(h->tls);
	free(h);
}

/* Where its targets are, with a health of their own. */
static struct target **
copy_targets(const struct snapshot *s)
{
	const struct config *c = s->config;
	struct target **copies = mem_new(c->backends_count * sizeof *copies);

	for (size_t i = 0; i < c->backends_count; i++) {
		copies[i] = mem_new(c->backends[i]->count * sizeof **copies);
		for (size_t k = 0; k < c->backends[i]->count; k++) {
			const struct target *from = &s->targets[i][k];
			struct target *to = &copies[i][k];

			memcpy(to->at, from->at, sizeof to->at);
			to->count = from->count;
			to->directory = from->directory;
			to->name = from->name;
		}
	}
	return copies;
}

/* Made for the first that asks; each test has a connection of its own. */
static void
need_upstreams(struct health *h)
{
	const struct snapshot *s = h->snapshot;

	if (h->upstreams != NULL)
		return;
	if (h->tls == NULL)
		h->tls = tls_library_new();
	h->targets = copy_targets(s);
	h->upstreams = upstreams_new(&(struct upstreams_needs){.loop = h->loop,
							       .tls = h->tls,
							       .config = s->config,
							       .targets = h->targets,
							       .authorities = s->authorities,
							       .scratch = h->scratch,
							       .scratch_size = ANSWER_BYTES});
	upstreams_retire(h->upstreams);
}

/* The proxy whose servers these are, if it wants to know what they answer. */
static const struct proxy *
asking_proxy(const struct config *c, const struct backends *to)
{
	for (size_t i = 0; i < c->proxy_count; i++)
		if (c->proxies[i]->to == to)
			return c->proxies[i]->check_path != NULL ? c->proxies[i] : NULL;
	return NULL;
}

/* The name of the site, where servers are sent the names that clients ask for. */
static const char *
authority_of(const struct config *c, const struct proxy *p, size_t member)
{
	for (size_t i = 0; p->keep_host && i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].route_count; k++)
			if (c->sites[i].routes[k].proxy == p && c->sites[i].names[0][0] != '*')
				return c->sites[i].names[0];
	return p->to->at[member].authority;
}

static void
add_probe(struct health *h, const struct backends *to, size_t member)
{
	const struct config *c = h->snapshot->config;
	const struct proxy *proxy = asking_proxy(c, to);
	struct probe *p = MEM_NEW(struct probe);

	*p = (struct probe){.health = h,
			    .to = to,
			    .proxy = proxy,
			    .member = member,
			    .target = &h->snapshot->targets[to->index][member],
			    .watch = {.fd = -1},
			    .fd = -1};
	*MEM_PUSH(h->probes, h->count) = p;
	if (proxy != NULL) {
		need_upstreams(h);
		p->authority = authority_of(c, proxy, member);
	}
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
