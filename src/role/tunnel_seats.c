/*
 * Who is in: a seat for each client that control has let in, with its address in the tunnel. In
 * the main thread; workers have the clients themselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "role/tunnel_private.h"

#define TAKE_OVER_MS MINUTE_MS /* from one machine of a device to the next */
#define ELSEWHERE    "this profile is in use elsewhere: add a device"

/* --- kill, from here */

struct kill {
	struct tunnel_worker *worker;
	uint64_t client;
	bool restart;
	char reason[256];
};

static void
kill_now(void *arg)
{
	struct kill *k = arg;
	struct client *c = worker_client(k->worker, k->client);

	if (c != NULL)
		client_kill(c, k->restart, k->reason);
	free(k);
}

void
seat_kill(const struct seat *s, bool restart, const char *reason)
{
	struct kill *k = MEM_NEW(struct kill);

	*k = (struct kill){.worker = s->worker, .client = s->client, .restart = restart};
	snprintf(k->reason, sizeof k->reason, "%s", reason);
	loop_post(s->worker->loop, kill_now, k);
}

/* --- taking one */

void
seats_init(struct seats *s)
{
	list_init(&s->all);
	for (size_t i = 0; i < SEAT_BUCKETS; i++) {
		list_init(&s->by_client[i]);
		list_init(&s->by_device[i]);
		list_init(&s->by_user[i]);
	}
}

static void
enter(struct tunnel *t, struct seat *s)
{
	list_append(&t->seats.all, &s->link);
	list_append(&t->seats.by_client[s->client % SEAT_BUCKETS], &s->of_client);
	list_append(&t->seats.by_device[(uint64_t)s->device % SEAT_BUCKETS], &s->of_device);
	list_append(&t->seats.by_user[(uint64_t)s->user % SEAT_BUCKETS], &s->of_user);
}

static void
leave(struct tunnel *t, struct seat *s)
{
	ways_tell(t, s, NULL);
	lease_give_back(t->leases, s->lease);
	list_remove(&s->link);
	list_remove(&s->of_client);
	list_remove(&s->of_device);
	list_remove(&s->of_user);
	tidy_note(t->tidy);
	free(s);
}

struct seat *
seat_find(const struct tunnel *t, uint64_t client)
{
	const struct list *bucket = &t->seats.by_client[client % SEAT_BUCKETS];

	for (struct list *l = bucket->next; l != bucket; l = l->next) {
		struct seat *s = container_of(l, struct seat, of_client);

		if (s->client == client)
			return s;
	}
	return NULL;
}

static struct seat *
of_device(const struct tunnel *t, int64_t device)
{
	const struct list *bucket = &t->seats.by_device[(uint64_t)device % SEAT_BUCKETS];

	for (struct list *l = bucket->next; l != bucket; l = l->next) {
		struct seat *s = container_of(l, struct seat, of_device);

		if (s->device == device)
			return s;
	}
	return NULL;
}

static int64_t
count_of_user(const struct tunnel *t, int64_t user)
{
	const struct list *bucket = &t->seats.by_user[(uint64_t)user % SEAT_BUCKETS];
	int64_t n = 0;

	for (struct list *l = bucket->next; l != bucket; l = l->next)
		n += container_of(l, struct seat, of_user)->user == user;
	return n;
}

/* By what it was given, wherever it comes from now. A client that was started again has that no
 * more, but may have its port; its address alone says nothing, as one NAT has many machines. */
static bool
is_same_machine(const struct seat *old, const struct plea *p, const struct admission *who)
{
	return (who->known_since != 0 && who->known_since == old->known_since) ||
	       address_equal(&old->from, &p->peer);
}

/* A machine that comes anew takes its former connection's place: but two with one profile would
 * take it from each other for ever. */
static bool
take_over(struct tunnel *t, struct seat *old, const struct plea *p, const struct admission *who,
	  int64_t *taken_over)
{
	int64_t now = loop_now(t->loop);
	bool same = is_same_machine(old, p, who);

	if (!same && old->taken_over != 0 && now - old->taken_over < TAKE_OVER_MS)
		return false;
	*taken_over = same ? old->taken_over : now;
	seat_kill(old, false, ELSEWHERE);
	leave(t, old);
	return true;
}

/* Whoever has it had it before it was kept, and comes back with another. */
static bool
claim(struct tunnel *t, uint32_t lease)
{
	struct list *next;

	if (lease_claim(t->leases, lease))
		return true;
	for (struct list *l = t->seats.all.next; l != &t->seats.all; l = next) {
		struct seat *s = container_of(l, struct seat, link);

		next = l->next;
		if (s->lease != lease)
			continue;
		seat_kill(s, true, "its address is kept for another device");
		leave(t, s);
	}
	return lease_claim(t->leases, lease);
}

/* The one that is kept for it, if there is one in this network. */
static uint32_t
find_lease(struct tunnel *t, const struct admission *who, uint32_t wish)
{
	struct address own;
	uint32_t number = 0;

	if (who->address != NULL && address_parse_ip(span_str(who->address), &own))
		number = lease_number(t->leases, &own);
	if (number != 0 && claim(t, number))
		return number;
	return lease_take(t->leases, who->device, wish);
}

void
seats_keep(struct tunnel *t, const char *const *addresses)
{
	uint32_t *numbers = NULL;
	size_t count = 0;
	struct address a;

	for (; addresses != NULL && *addresses != NULL; addresses++)
		if (address_parse_ip(span_str(*addresses), &a))
			*MEM_PUSH(numbers, count) = lease_number(t->leases, &a);
	leases_keep(t->leases, numbers, count);
	free(numbers);
}

struct seat *
seat_take(struct tunnel *t, const struct plea *p, const struct admission *who, const char **why)
{
	struct seat *old = of_device(t, who->device);
	int64_t taken_over = 0;
	uint32_t wish = old != NULL ? old->lease : 0;

	if (old != NULL && !take_over(t, old, p, who, &taken_over)) {
		*why = ELSEWHERE;
		return NULL;
	}
	if (who->connections > 0 && count_of_user(t, who->user) >= who->connections) {
		*why = "you are connected as often as you may be: end another connection first";
		return NULL;
	}
	uint32_t lease = find_lease(t, who, wish);
	if (lease == 0) {
		*why = "the server has no address left: tell your administrator";
		return NULL;
	}
	struct seat *s = MEM_NEW(struct seat);
	*s = (struct seat){.client = p->client,
			   .worker = p->worker,
			   .user = who->user,
			   .from = p->peer,
			   .device = who->device,
			   .lease = lease,
			   .since = loop_now(t->loop),
			   .taken_over = taken_over,
			   .known_since = who->known_since};
	enter(t, s);
	return s;
}

void
seats_free(struct tunnel *t)
{
	while (!list_empty(&t->seats.all))
		leave(t, container_of(t->seats.all.next, struct seat, link));
}

/* --- leaving it */

/* What happened, for control to keep. */
struct note {
	struct ask ask;
	struct tunnel *tunnel;
	struct admission_note said;
	char from[ADDRESS_TEXT_MAX], text[160];
};

static void
noted(struct ask *a, enum admission_verdict verdict, struct span text)
{
	struct note *n = container_of(a, struct note, ask);
	struct tunnel *t = n->tunnel;

	(void)verdict;
	(void)text;
	free(n);
	t->notes--;
	tunnel_end_if_told(t);
}

static void
say_note(void *arg)
{
	struct note *n = arg;
	struct buf body = buf_with_cap(4096);

	n->said.from = n->from;
	n->said.text = n->text;
	n->ask.answered = noted;
	n->tunnel->notes++;
	if (shape_write(&shape_admission_note, &n->said, &body))
		control_ask(n->tunnel->control, &n->ask, CALL_NOTE, "", buf_span(&body));
	else
		noted(&n->ask, ADMISSION_LATER, SPAN_NONE);
	buf_free(&body);
}

void
tunnel_note(struct tunnel *t, enum gate_verdict verdict, const struct gate_first *first,
	    const struct address *from)
{
	struct note *n;
	bool anew;

	pthread_mutex_lock(&t->lock);
	anew = noted_anew(&t->noted, first, from, verdict, clock_ms());
	pthread_mutex_unlock(&t->lock);
	if (!anew)
		return;
	n = MEM_NEW(struct note);
	*n = (struct note){.tunnel = t,
			   .said = {.what = verdict == GATE_STALE ? "stale" : "replayed",
				    .device = (int64_t)first->key.device,
				    .clock_ms = first->late_ms}};
	address_ip_text(from, n->from);
	loop_post(t->loop, say_note, n);
}

void
tunnel_note_refused(struct tunnel *t, int64_t device, const struct address *from, const char *why)
{
	struct note *n = MEM_NEW(struct note);

	*n = (struct note){.tunnel = t, .said = {.what = "refused", .device = device}};
	address_ip_text(from, n->from);
	snprintf(n->text, sizeof n->text, "%s", why);
	loop_post(t->loop, say_note, n);
}

static void
say_farewell(void *arg)
{
	struct farewell *f = arg;
	struct seat *s = seat_find(f->tunnel, f->client);
	struct note *n = MEM_NEW(struct note);

	*n = (struct note){.tunnel = f->tunnel,
			   .said = {.what = "ended",
				    .device = f->device,
				    .bytes_in = f->bytes_in,
				    .bytes_out = f->bytes_out,
				    .seconds = f->seconds}};
	snprintf(n->from, sizeof n->from, "%s", f->from);
	snprintf(n->text, sizeof n->text, "%s", f->why);
	say_note(n);
	if (s != NULL)
		leave(f->tunnel, s);
	free(f);
}

void
farewell_say(struct farewell *f)
{
	loop_post(f->tunnel->loop, say_farewell, f);
}

/* --- once more, after a change */

struct review {
	struct ask ask;
	struct tunnel *tunnel;
	uint64_t *clients; /* that are still to be asked about */
	size_t count;
	bool again; /* there was another change meanwhile */
};

struct regrant {
	struct later later;
	struct tunnel_worker *worker;
	uint64_t client;
	struct pass *pass;
};

static void
regrant_now(void *arg)
{
	struct regrant *r = arg;
	struct client *c = worker_client(r->worker, r->client);

	if (c != NULL && c->pass != NULL)
		client_regrant(c, r->pass);
	else
		pass_free(r->pass);
	free(r);
}

static void
regrant_later(struct later *l)
{
	struct regrant *r = container_of(l, struct regrant, later);

	loop_post(r->worker->loop, regrant_now, r);
}

static void
regrant(struct tunnel *t, struct seat *s, struct pass *pass)
{
	struct regrant *r = MEM_NEW(struct regrant);

	pass_complete(pass, t, s->lease);
	*r = (struct regrant){
	    .later = {.go = regrant_later}, .worker = s->worker, .client = s->client, .pass = pass};
	ways_tell(t, s, pass);
	ways_wait(t, &r->later);
}

static void review_next(struct review *r);

static void
reviewed(struct ask *a, enum admission_verdict verdict, struct span text)
{
	struct review *r = container_of(a, struct review, ask);
	struct seat *s = seat_find(r->tunnel, r->clients[--r->count]);
	struct pass *pass = verdict == ADMISSION_DONE ? pass_read(text) : NULL;

	if (s != NULL && pass != NULL)
		regrant(r->tunnel, s, pass);
	else
		pass_free(pass);
	if (s != NULL && verdict == ADMISSION_REFUSED)
		seat_kill(s, false, (const char *)text.p);
	/* Whoever cannot say now tells of a change once he can, and so does the next control. */
	if (verdict == ADMISSION_LATER) {
		r->count = 0;
		r->again = false;
	}
	review_next(r);
}

static void
review_begin(struct review *r)
{
	r->again = false;
	free(r->clients);
	r->clients = NULL;
	r->count = 0;
	for (struct list *l = r->tunnel->seats.all.next; l != &r->tunnel->seats.all; l = l->next)
		*MEM_PUSH(r->clients, r->count) = container_of(l, struct seat, link)->client;
}

/* One after the other: control has others to answer too. */
static void
review_next(struct review *r)
{
	char argument[64];
	struct seat *s = NULL;

	while (s == NULL && (r->count > 0 || r->again)) {
		if (r->count == 0)
			review_begin(r);
		else if ((s = seat_find(r->tunnel, r->clients[r->count - 1])) == NULL)
			r->count--;
	}
	if (s == NULL) {
		r->tunnel->review = NULL;
		free(r->clients);
		free(r);
		return;
	}
	snprintf(argument, sizeof argument, "%" PRId64 " %" PRId64, s->user, s->device);
	r->ask.answered = reviewed;
	control_ask(r->tunnel->control, &r->ask, CALL_STILL, argument, SPAN_NONE);
}

void
seats_review(struct tunnel *t)
{
	if (t->review != NULL) {
		t->review->again = true;
		return;
	}
	struct review *r = MEM_NEW(struct review);
	r->tunnel = t;
	t->review = r;
	review_begin(r);
	review_next(r);
}
