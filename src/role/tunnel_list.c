/* Who is connected, as control asks for it: each worker adds its own, one after the other. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "role/tunnel_private.h"

#define LIST_MAX (64 << 20)

/* From worker to worker, each in its own thread, and back to the main one. */
struct round {
	struct tunnel *tunnel;
	unsigned next; /* the worker whose turn it is */
	void (*visit)(struct round *r, const struct tunnel_worker *w);
	void (*done)(struct round *r); /* it is its owner's to free then */
};

struct listing {
	struct round round;
	uint64_t number; /* of the call */
	struct arena *memory;
	struct live_tunnel_list list;
};

struct tally {
	struct round round;
	struct message told;
};

static void go_on(struct round *r);

static void
visit(void *arg)
{
	struct round *r = arg;

	r->visit(r, r->tunnel->workers[r->next++]);
	go_on(r);
}

static void
done(void *arg)
{
	struct round *r = arg;

	r->done(r);
}

static void
go_on(struct round *r)
{
	if (r->next < r->tunnel->worker_count)
		loop_post(r->tunnel->workers[r->next]->loop, visit, r);
	else
		loop_post(r->tunnel->loop, done, r);
}

static bool
is_connected(const struct client *c)
{
	return c->up && !c->left && !c->over;
}

static const char *
text_of(struct arena *memory, const char *text)
{
	return arena_copy(memory, span_str(text));
}

static const char **
inside_of(const struct client *c, struct arena *memory)
{
	const struct address *both[] = {&c->pass->terms.ip4, &c->pass->terms.ip6};
	const char **list = arena_get(memory, 3 * sizeof *list);
	char text[ADDRESS_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(both); i++)
		if (both[i]->family != 0)
			list[n++] = text_of(memory, address_ip_text(both[i], text));
	return list;
}

static void
add(struct listing *l, const struct client *c)
{
	struct arena *memory = l->memory;
	char from[ADDRESS_TEXT_MAX];
	struct session_info info;

	session_info(c->session, &info);
	*ARENA_PUSH(memory, l->list.at, l->list.count) = (struct live_tunnel){
	    .id = (int64_t)c->number,
	    .user = c->pass->who.user,
	    .device = c->pass->who.device,
	    .user_name = text_of(memory, c->pass->who.user_name),
	    .device_name = text_of(memory, c->pass->who.device_name),
	    .from = text_of(memory, address_text(&c->peer, from)),
	    .inside = inside_of(c, memory),
	    .since = clock_wall_ms() - (loop_now(c->worker->loop) - c->since),
	    .bytes_in = (int64_t)info.bytes_in,
	    .bytes_out = (int64_t)info.bytes_out,
	    .foreign = (int64_t)c->foreign,
	    .denied = (int64_t)c->denied,
	    .cipher = cipher_name(info.cipher),
	    .tls = text_of(memory, info.tls != NULL ? info.tls : ""),
	    .client = info.peer != NULL
			  ? arena_printf(memory, "%s %s", info.peer->version, info.peer->platform)
			  : NULL,
	    .protocol = c->stream ? "tcp" : "udp"};
}

static void
answer(struct round *r)
{
	struct listing *l = container_of(r, struct listing, round);
	struct buf out = buf_with_cap(LIST_MAX);
	bool fits = shape_write(&shape_live_tunnel_list, &l->list, &out);

	control_reply(r->tunnel->control, l->number, fits,
		      fits ? buf_span(&out) : SPAN_OF("there is too much to tell"));
	buf_free(&out);
	arena_free(l->memory);
	free(l);
}

static void
add_own(struct round *r, const struct tunnel_worker *w)
{
	struct listing *l = container_of(r, struct listing, round);

	l->list.beginning += w->half_open;
	for (struct list *k = w->clients.next; k != &w->clients; k = k->next) {
		const struct client *c = container_of(k, struct client, link);

		if (is_connected(c))
			add(l, c);
	}
}

void
tunnel_list(struct tunnel *t, uint64_t number)
{
	struct listing *l = MEM_NEW(struct listing);

	*l = (struct listing){.round = {.tunnel = t, .visit = add_own, .done = answer},
			      .number = number,
			      .memory = arena_new()};
	go_on(&l->round);
}

static void
count_own(struct round *r, const struct tunnel_worker *w)
{
	uint64_t *counters = container_of(r, struct tally, round)->told.counters;

	counters[TUNNEL_IN] += w->gone_in;
	counters[TUNNEL_OUT] += w->gone_out;
	for (struct list *k = w->clients.next; k != &w->clients; k = k->next) {
		const struct client *c = container_of(k, struct client, link);
		struct session_info info;

		counters[TUNNEL_OPEN] += is_connected(c);
		if (c->pass == NULL || c->left)
			continue;
		session_info(c->session, &info);
		counters[TUNNEL_IN] += info.bytes_in;
		counters[TUNNEL_OUT] += info.bytes_out;
	}
}

static void
tell_tally(struct round *r)
{
	struct tally *tally = container_of(r, struct tally, round);

	control_line_tell(r->tunnel->control, &tally->told);
	free(tally);
}

void
tunnel_count(struct tunnel *t)
{
	struct tally *tally = MEM_NEW(struct tally);

	*tally = (struct tally){.round = {.tunnel = t, .visit = count_own, .done = tell_tally},
				.told = {.type = MESSAGE_STATUS}};
	go_on(&tally->round);
}

/* "ID REASON" */
void
tunnel_end(struct tunnel *t, uint64_t number, const char *argument)
{
	struct span all = span_str(argument);
	size_t space = span_find(all, ' ');
	const struct seat *s;
	uint64_t id;

	if (!text_to_u64(span_head(all, space), INT64_MAX, &id) || (s = seat_find(t, id)) == NULL) {
		control_reply(t->control, number, false, SPAN_OF("nobody is connected by that id"));
		return;
	}
	seat_kill(s, false, space < all.len ? argument + space + 1 : "an administrator ended it");
	control_reply(t->control, number, true, SPAN_OF("{}"));
}
