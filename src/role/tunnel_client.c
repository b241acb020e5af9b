/* One client as its worker has it: its session, and where its packets come from and go to. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/datagram.h"
#include "role/tunnel_private.h"

static int64_t
now_of(const struct client *c)
{
	return loop_now(c->worker->loop);
}

void
client_give_up(struct client *c, enum session_end end, const char *why)
{
	if (c->over)
		return;
	c->over = true;
	c->end = end;
	snprintf(c->why, sizeof c->why, "%s", why);
}

/* --- what the session asks for */

static void
send_packet(void *owner, struct span packet)
{
	struct client *c = owner;

	if (c->stream) {
		stream_send(c, packet);
		return;
	}
	burst_leave(c->worker->burst); /* what has a lower number goes before */
	datagram_send(c->fd, packet, &c->peer, &c->local);
}

static void
sign_in(void *owner, const struct session_sign_in *who)
{
	struct client *c = owner;
	struct plea *p = plea_new(c, who);

	if (p != NULL)
		plea_begin(p);
	else
		session_refuse(c->session, "what it sent as name or password cannot be read",
			       now_of(c), clock_wall_ms());
}

/* Of those that are not in yet. */
static void
count_out(const struct client *c)
{
	c->worker->half_open--;
	crowd_leave(c->worker->tunnel->crowd, &c->begun);
}

static void
is_up(void *owner)
{
	struct client *c = owner;
	char from[ADDRESS_TEXT_MAX], inside[ADDRESS_TEXT_MAX];

	c->up = true;
	count_out(c);
	log_info("vpn: %s/%s connected from %s, %s, as %s", c->pass->who.user_name,
		 c->pass->who.device_name, address_text(&c->peer, from), c->stream ? "tcp" : "udp",
		 address_ip_text(&c->pass->terms.ip4, inside));
}

static void
is_over(void *owner, enum session_end end, const char *why)
{
	client_give_up(owner, end, why);
}

static const struct session_ops ops = {send_packet, sign_in, is_up, is_over};

/* --- its life */

/* A number for packets of data to say whose they are; PEER_ID_NONE: there are too many. */
static uint32_t
take_peer_id(struct client *c)
{
	struct tunnel_worker *w = c->worker;
	size_t slot = w->vacant_count > 0 ? w->vacant[--w->vacant_count] : w->peer_count;

	if (slot * w->tunnel->worker_count >= PEER_ID_NONE)
		return PEER_ID_NONE;
	if (slot == w->peer_count)
		*MEM_PUSH(w->peers, w->peer_count) = NULL;
	w->peers[slot] = c;
	return (uint32_t)(slot * w->tunnel->worker_count) + w->number;
}

static void
give_peer_id_back(struct client *c)
{
	struct tunnel_worker *w = c->worker;
	uint32_t slot = c->peer_id / w->tunnel->worker_count;

	if (c->peer_id == PEER_ID_NONE)
		return;
	w->peers[slot] = NULL;
	*MEM_PUSH(w->vacant, w->vacant_count) = slot;
}

static bool
has_room(struct tunnel_worker *w, const struct beginner *b)
{
	char from[ADDRESS_TEXT_MAX];

	if (w->half_open < w->half_open_max && crowd_enter(w->tunnel->crowd, b))
		return true;
	log_peer(&w->limit,
		 "vpn: %s has to wait: too many are not in yet of its network, or by its profile",
		 address_text(&b->from, from));
	return false;
}

struct client *
client_new(struct tunnel_worker *w, struct session_start *start, int fd, const struct address *peer,
	   const struct address *local)
{
	const struct beginner begun = {*peer, start->device, start->stream || start->answered};

	if (w->era == NULL || w->draining || !has_room(w, &begun))
		return NULL;
	struct client *c = MEM_NEW(struct client);
	*c = (struct client){.worker = w,
			     .era = era_share(w->era),
			     .due = INT64_MAX,
			     .outside = {.at = *peer, .client = c},
			     .inside4 = {.client = c},
			     .inside6 = {.client = c},
			     .device = start->device,
			     .begun = begun,
			     .peer = *peer,
			     .local = *local,
			     .since = loop_now(w->loop),
			     .fd = fd,
			     .stream = start->stream,
			     .watch = {.fd = -1}};
	c->peer_id = start->peer_id = take_peer_id(c);
	c->number = ++w->last << PEER_ID_BITS | c->peer_id;
	span_put(c->session_id, span_of(start->client_id, SESSION_ID));
	list_append(&w->clients, &c->link);
	w->half_open++;
	if (!c->stream)
		places_add(&w->outside, &c->outside);
	c->session = session_new(&c->era->settings, start, &ops, c, loop_now(w->loop));
	if (c->session != NULL && c->peer_id != PEER_ID_NONE)
		return c;
	c->fd = -1; /* stays the caller's */
	client_free(c);
	return NULL;
}

static void
say_farewell(const struct client *c, const char *why)
{
	struct farewell *f = MEM_NEW(struct farewell);
	struct session_info info;

	session_info(c->session, &info);
	c->worker->gone_in += info.bytes_in;
	c->worker->gone_out += info.bytes_out;
	*f = (struct farewell){.tunnel = c->worker->tunnel,
			       .client = c->number,
			       .device = c->pass->who.device,
			       .bytes_in = (int64_t)info.bytes_in,
			       .bytes_out = (int64_t)info.bytes_out,
			       .seconds = (now_of(c) - c->since) / SECOND_MS};
	address_ip_text(&c->peer, f->from);
	snprintf(f->why, sizeof f->why, "%s", why);
	log_info("vpn: %s/%s is gone: %s", c->pass->who.user_name, c->pass->who.device_name, why);
	farewell_say(f);
}

/* Nothing inside is for it any more. */
static void
leave_inside(struct client *c)
{
	if (list_linked(&c->inside4.link))
		strays_disown(c->worker, c->pass->lease);
	places_remove(&c->inside4);
	places_remove(&c->inside6);
}

/* One that has been let in gives its place to others, also while it is still told that it is out.
 */
static void
leave(struct client *c, const char *why)
{
	if (c->left)
		return;
	c->left = true;
	leave_inside(c);
	say_farewell(c, why);
}

static void
say_failed(struct client *c)
{
	char from[ADDRESS_TEXT_MAX];

	log_peer(&c->worker->limit, "vpn: a connection from %s came to nothing: %s",
		 address_text(&c->peer, from), c->why);
}

void
client_free(struct client *c)
{
	struct tunnel_worker *w = c->worker;

	if (c->pass != NULL)
		leave(c, c->why);
	else if (c->why[0] != '\0')
		say_failed(c);
	if (c->end == END_REFUSED && c->over && !c->noted)
		tunnel_note_refused(w->tunnel, (int64_t)c->device, &c->peer, c->why);
	if (!c->up)
		count_out(c);
	w->renewing -= c->renews;
	give_peer_id_back(c);
	places_remove(&c->outside);
	leave_inside(c);
	list_remove(&c->link);
	list_remove(&c->unsent);
	timer_stop(&c->clock);
	watch_stop(w->loop, &c->watch);
	if (c->stream && c->fd >= 0)
		close(c->fd);
	session_free(c->session);
	pass_free(c->pass);
	era_release(c->era);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
	worker_client_gone(w);
}

/* --- its clock */

/*
 * The loop is best at timers of few different lengths: a long wait is waited for in steps. A wait
 * that was put off meanwhile is found to be when the timer fires.
 */
static uint64_t
step_of(int64_t left)
{
	static const uint64_t steps[] = {60000, 30000, 10000, 5000, 2000, 1000,
					 500,   200,   100,   50,   20};

	for (size_t i = 0; i < COUNT(steps); i++)
		if (left >= (int64_t)steps[i])
			return steps[i];
	return left > 5 ? 10 : 1;
}

/* Of its session, as its user's policy has it. */
static int64_t
time_left(const struct client *c)
{
	if (c->pass == NULL || c->left || c->pass->who.session_until == 0)
		return INT64_MAX;
	return c->pass->who.session_until - clock_wall_ms();
}

static void
tick(struct timer *t)
{
	struct client *c = container_of(t, struct client, clock);

	c->due = INT64_MAX;
	if (time_left(c) <= 0) {
		client_kill(c, true, "your session's time is up: sign in again");
		return;
	}
	if (session_when(c->session) <= now_of(c))
		session_tick(c->session, now_of(c), clock_wall_ms());
	client_settle(c);
}

static void
count_renewing(struct client *c)
{
	bool renews = session_renews(c->session);

	if (renews == c->renews)
		return;
	c->renews = renews;
	if (renews)
		c->worker->renewing++;
	else
		c->worker->renewing--;
}

void
client_settle(struct client *c)
{
	const char *ending = session_ending(c->session);
	int64_t when = session_when(c->session), now = now_of(c);

	count_renewing(c);
	if (c->over) {
		if (c->stream && list_linked(&c->unsent))
			stream_flush(c);
		client_free(c);
		return;
	}
	if (c->pass != NULL && ending != NULL)
		leave(c, ending);
	int64_t left = time_left(c);
	if (left < INT64_MAX && now + left < when)
		when = now + left;
	if (when >= c->due)
		return;
	uint64_t ms = when > now ? step_of(when - now) : 0;
	c->due = now + (int64_t)ms;
	timer_set(c->worker->loop, &c->clock, ms, tick);
}

/* --- packets */

/*
 * When all begin another key at once, each that is taken up is to be through before its time is
 * over, and so are those before it: the others say again that they want one.
 */
static bool
has_to_wait(const struct client *c, struct span packet)
{
	return packet.len > 0 && wire_opcode(packet.p[0]) == OP_SOFT_RESET_V1 && !c->renews &&
	       c->worker->renewing >= c->worker->half_open_max;
}

void
client_control(struct client *c, struct span packet)
{
	if (has_to_wait(c, packet))
		return;
	session_receive(c->session, packet, now_of(c), clock_wall_ms());
}

/* --- what was decided about it */

/* An end that was set once is not put off: not by a new key, and not by a change. */
void
client_regrant(struct client *c, struct pass *pass)
{
	int64_t until = c->pass->who.session_until;

	if (until != 0 && (pass->who.session_until == 0 || until < pass->who.session_until))
		pass->who.session_until = until;
	pass_keep_resolvers(pass, c->pass);
	pass_free(c->pass);
	c->pass = pass;
}

static void
settle_in(struct client *c, struct pass *pass)
{
	struct tunnel_worker *w = c->worker;

	if (c->pass != NULL) {
		client_regrant(c, pass);
		return;
	}
	c->pass = pass;
	c->inside4.at = pass->terms.ip4;
	c->inside6.at = pass->terms.ip6;
	places_add(&w->inside, &c->inside4);
	strays_own(w, pass->lease);
	if (pass->terms.ip6.family != 0)
		places_add(&w->inside, &c->inside6);
}

static void
admit(struct client *c, struct plea *p, int64_t now, int64_t wall)
{
	settle_in(c, p->pass);
	p->pass = NULL;
	session_admit(c->session, &c->pass->terms, now, wall);
}

static void
refuse(struct client *c, struct plea *p, int64_t now, int64_t wall)
{
	c->noted = p->noted;
	session_refuse(c->session, p->reason, now, wall);
}

static void
challenge(struct client *c, struct plea *p, int64_t now, int64_t wall)
{
	const struct session_challenge ask = {
	    .user = p->challenge.user_name, .state = p->challenge.state, .text = "One-time code"};

	c->noted = true; /* there is nothing to note */
	session_challenge(c->session, &ask, now, wall);
}

/* Who is in stays in, with what he has: as soon as somebody can say, it is asked anew of him. */
static void
put_off(struct client *c, struct plea *p, int64_t now, int64_t wall)
{
	struct push_terms terms;

	if (c->pass == NULL) {
		session_kill(c->session, true, p->reason, now, wall);
		return;
	}
	terms = c->pass->terms;
	terms.token = NULL;
	session_admit(c->session, &terms, now, wall);
}

void
client_admitted(struct client *c, struct plea *p)
{
	static void (*const ways[])(struct client * c, struct plea * p, int64_t now,
				    int64_t wall) = {
	    [ADMISSION_REFUSED] = refuse,
	    [ADMISSION_DONE] = admit,
	    [ADMISSION_LATER] = put_off,
	    [ADMISSION_CODE] = challenge,
	};

	ways[p->verdict](c, p, now_of(c), clock_wall_ms());
	client_settle(c);
}

void
client_kill(struct client *c, bool restart, const char *reason)
{
	leave_inside(c); /* its addresses may be another's before it has gone */
	session_kill(c->session, restart, reason, now_of(c), clock_wall_ms());
	client_settle(c);
}
