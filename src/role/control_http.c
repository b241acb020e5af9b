/*
 * HTTP/1.1 on control's two Unix sockets: each request becomes a job for the pool, and its answer
 * is sent when that is done. Who sits at the other end is edge, or this machine's administrator.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "http/h1.h"
#include "os/local.h"
#include "os/sock.h"
#include "role/control_private.h"
#include "serve/send.h"

#define CLIENTS_MAX 1024 /* by way of edge; of them, who waits the longest makes room */
#define MACHINE_MAX 64   /* connections of this machine's administrators, beside them */
#define HEAD_MAX    (64 << 10)
#define READ_SIZE   (32 << 10)
#define ROUNDS      16 /* reads and writes in a row */
#define IDLE_MS     120000
#define WAIT_MS     30000
#define LINGER_MS   2000 /* for a client that is still sending to see its answer */

struct gate {
	struct list link;
	struct watch watch;
	struct control *control;
	enum api_door door;
	int fd;
};

struct requester {
	struct list link;
	struct watch watch;
	struct timer timer;
	struct control *control;
	struct http_session *http;
	struct client client;
	struct buf in;
	enum api_door door;
	uint32_t events;
	int64_t accepted_ms;
	bool pumping;
	bool lingering; /* all is said: what still comes is read for nobody */
	char caller[LOCAL_NAME_MAX];
};

static const struct http_settings settings = {
    .header_bytes = HEAD_MAX, .header_fields = 128, .body_bytes = API_BODY_LARGE};

static size_t *
count_of(struct control *c, enum api_door door)
{
	return door == API_MACHINE ? &c->machine_count : &c->client_count;
}

static void
requester_free(struct requester *r)
{
	int fd = r->watch.fd;

	r->pumping = true;
	session_free(r->http);
	watch_stop(r->control->loop, &r->watch);
	timer_stop(&r->timer);
	list_remove(&r->link);
	--*count_of(r->control, r->door);
	close(fd);
	buf_free(&r->in);
	free(r);
}

/* --- a request, from its head to its answer */

static struct span
field_of(const struct exchange *ex, const char *name)
{
	const struct span *value = request_field(&ex->request, span_str(name));

	return value != NULL ? *value : SPAN_NONE;
}

/* Edge says for whom it asks; nobody else can, as its fields of that name are its own. */
static void
set_client(const struct requester *r, const struct exchange *ex, struct api_request *to)
{
	uint64_t accepted = 0;

	if (r->door == API_MACHINE) {
		to->caller = r->caller;
		to->accepted_ms = r->accepted_ms;
		return;
	}
	if (!address_parse_ip(field_of(ex, "x-sallyport-client"), &to->client))
		to->client = address_v4((const uint8_t[]){0, 0, 0, 0}, 0); /* is in no list */
	if (text_to_u64(field_of(ex, "x-sallyport-accepted"), INT64_MAX, &accepted))
		to->accepted_ms = (int64_t)accepted;
}

static bool
request_is_slow(const struct job *j)
{
	return api_is_slow(&j->request);
}

static void
request_run(struct job *j, struct api *api)
{
	api_answer(api, &j->request, &j->answer);
}

static void
request_refuse(struct job *j, struct outcome why)
{
	api_refuse_request(j->memory, j->config->config, &j->request, why, &j->answer);
}

const struct job_kind job_request = {request_is_slow, request_run, request_refuse};

static struct job *
job_new(struct requester *r, struct exchange *ex)
{
	const struct request *from = &ex->request;
	struct job *j = MEM_NEW(struct job);

	j->kind = &job_request;
	j->control = r->control;
	j->ex = ex;
	j->memory = arena_new();
	j->config = control_config(r->control);
	j->body = buf_with_cap(API_BODY_LARGE);
	j->request = (struct api_request){.door = r->door,
					  .method = from->method,
					  .target = arena_span(j->memory, from->target),
					  .path = arena_span(j->memory, from->path),
					  .query = arena_span(j->memory, from->query),
					  .host = arena_span(j->memory, from->authority),
					  .field_count = from->field_count};
	j->request.fields = field_copy(j->memory, from->fields, from->field_count);
	set_client(r, ex, &j->request);
	if (j->request.caller != NULL)
		j->request.caller = arena_copy(j->memory, span_str(r->caller));
	return j;
}

/* For edge, which then says it in its own words. */
static const struct field unknown_page = {SPAN_INIT("x-sallyport-unknown"), SPAN_INIT("1")};

static void
send_answer(struct job *j)
{
	struct exchange *ex = j->ex;
	const struct api_answer *a = &j->answer;
	struct piece *piece = ARENA_NEW(ex->memory, struct piece);

	*piece = (struct piece){.text = a->body};
	if (a->unknown) {
		exchange_respond_page(ex, 404, &unknown_page, 1);
	} else if (status_is_bodiless(a->status) || a->body.len == 0) {
		if (a->status == 204 || a->status == 304)
			exchange_respond_bare(ex, a->status, a->fields, a->field_count);
		else
			exchange_respond(ex, a->status, a->fields, a->field_count, a->body);
	} else {
		send_pieces(ex, a->status, a->fields, a->field_count, -1, piece, 1);
	}
}

/* In the loop's thread: the pool has answered. Whoever asked may be gone. */
static void
job_done(void *arg)
{
	struct job *j = arg;
	struct exchange *ex = j->ex;

	j->done = NULL;
	if (ex == NULL) {
		job_free(j);
	} else if (j->answer.events) {
		events_begin(j->control, j);
	} else {
		/* Else one who has gone would take it away in the middle of its answer. */
		exchange_hold(ex);
		send_answer(j);
		exchange_release(ex);
	}
}

static void
refuse(struct job *j, struct outcome o)
{
	api_refuse_request(j->memory, j->config->config, &j->request, o, &j->answer);
	send_answer(j);
}

static struct outcome
too_large(const struct exchange *ex)
{
	return outcome_new(OUTCOME_TOO_LARGE, "this request has at most %d bytes",
			   (int)ex->body_max);
}

static void
submit(struct job *j)
{
	j->request.body = buf_span(&j->body);
	atomic_fetch_add(&j->control->requests, 1);
	j->done = job_done;
	pool_ask(j->control->pool, j);
}

static void
on_body(struct exchange *ex, struct span bytes, bool last)
{
	struct job *j = ex->handling;

	if (!buf_append(&j->body, bytes)) {
		ex->wants_close = true;
		refuse(j, too_large(ex));
		return;
	}
	exchange_taken(ex, bytes.len);
	if (last)
		submit(j);
}

/* With the job in a thread's hands, that frees it when it comes back. */
static void
on_gone(struct exchange *ex)
{
	struct job *j = ex->handling;

	j->ex = NULL;
	if (j->done == NULL)
		job_free(j);
}

/* What HTTP itself refuses is said as the API says it. */
static bool
error_page(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	const struct job *j = ex->handling;
	struct api_answer a = {0};

	(void)fields;
	(void)count;
	if (status != 413)
		return false;
	api_refuse_request(ex->memory, j->config->config, &j->request, too_large(ex), &a);
	if (a.unknown)
		exchange_respond_page(ex, 404, &unknown_page, 1);
	else
		exchange_respond(ex, a.status, a.fields, a.field_count, a.body);
	return true;
}

static const struct handler_ops handler = {.body = on_body, .gone = on_gone},
				bodiless = {.gone = on_gone};

/* Whoever is told to send a body after all learns that something here takes one. Of those who
 * are not let in by where they are, nobody who has a link asks so. */
static bool
expects_in_vain(const struct exchange *ex, const struct job *j)
{
	return ex->request.expects_continue && !api_admits(j->config->config, &j->request);
}

static void
on_request(struct exchange *ex, void *owner)
{
	struct requester *r = owner;
	struct job *j = job_new(r, ex);

	ex->error_page = error_page;
	ex->body_max = api_body_max(j->config->config, &j->request);
	ex->handler = &handler;
	ex->handling = j;
	if (expects_in_vain(ex, j)) {
		ex->handler = &bodiless;
		j->request.field_count =
		    0; /* whatever he shows: nothing is done without the body */
		submit(j);
	} else if (ex->request.length == LENGTH_NONE || ex->request.length == 0) {
		submit(j);
	}
}

/* --- bytes */

static void
on_over(struct exchange *ex, void *owner)
{
	(void)ex;
	(void)owner;
}

static void pump(struct requester *r);

static void
on_output(void *owner)
{
	struct requester *r = owner;

	if (!r->pumping)
		pump(r);
}

static struct span
on_date(void *owner)
{
	return control_date(((struct requester *)owner)->control);
}

static int64_t
on_now(void *owner)
{
	return loop_now(((struct requester *)owner)->control->loop);
}

static const struct http_host host = {on_request, on_over, on_output, on_date, on_now, NULL};

static void
timed_out(struct timer *t)
{
	struct requester *r = container_of(t, struct requester, timer);

	if (r->lingering || buf_len(session_output(r->http)) > 0 ||
	    session_state(r->http) == SESSION_CLOSING) {
		requester_free(r);
		return;
	}
	session_timed_out(r->http);
	pump(r);
}

/* What it waits for, and for how long. While a handler works it may take its time. */
static void
wait_for(struct requester *r)
{
	bool sending = buf_len(session_output(r->http)) > 0;
	enum session_state state = session_state(r->http);
	uint32_t events =
	    (sending ? READY_OUT : 0) | (session_wants_input(r->http) ? READY_IN | READY_RDHUP : 0);

	if (events != r->events && failed(watch_change(r->control->loop, &r->watch, events))) {
		requester_free(r);
		return;
	}
	r->events = events;
	if (state == SESSION_ANSWERING && !sending)
		timer_stop(&r->timer);
	else
		timer_set(r->control->loop, &r->timer, state == SESSION_IDLE ? IDLE_MS : WAIT_MS,
			  timed_out);
}

enum step { STEP_ON, STEP_WAIT, STEP_LAST, STEP_GONE };

static enum step
flush(struct requester *r)
{
	struct buf *out = session_output(r->http);

	while (buf_len(out) > 0) {
		ssize_t n = sock_write(r->watch.fd, buf_span(out).p, buf_len(out));

		if (n == SOCK_AGAIN)
			return STEP_WAIT;
		if (n < 0)
			return STEP_GONE;
		buf_taken(out, (size_t)n);
	}
	if (session_state(r->http) == SESSION_CLOSING)
		return STEP_LAST;
	session_sent(r->http);
	return STEP_ON;
}

static enum step
feed(struct requester *r)
{
	size_t before = buf_len(&r->in);

	buf_taken(&r->in, session_receive(r->http, buf_span(&r->in)));
	return buf_len(&r->in) < before || buf_len(session_output(r->http)) > 0 ? STEP_ON
										: STEP_WAIT;
}

static enum step
fill(struct requester *r)
{
	uint8_t *to = buf_room(&r->in, READ_SIZE);
	ssize_t n = to != NULL ? sock_read(r->watch.fd, to, READ_SIZE) : SOCK_DEAD;

	if (n == SOCK_AGAIN)
		return STEP_WAIT;
	if (n < 0)
		return STEP_GONE;
	if (n == 0) {
		session_receive_end(r->http);
		return STEP_ON;
	}
	buf_added(&r->in, (size_t)n);
	list_remove(&r->link);
	list_append(&r->control->clients, &r->link); /* the last to be heard of */
	return feed(r);
}

static enum step
advance(struct requester *r)
{
	if (buf_len(session_output(r->http)) > 0 || session_state(r->http) == SESSION_CLOSING)
		return flush(r);
	if (!session_wants_input(r->http))
		return STEP_WAIT;
	if (buf_len(&r->in) > 0 && feed(r) == STEP_ON)
		return STEP_ON;
	return session_wants_input(r->http) ? fill(r) : STEP_WAIT;
}

static void
linger(struct requester *r)
{
	r->lingering = true;
	r->events = READY_IN;
	sock_half_close(r->watch.fd);
	if (failed(watch_change(r->control->loop, &r->watch, r->events)))
		requester_free(r);
	else
		timer_set(r->control->loop, &r->timer, LINGER_MS, timed_out);
}

static void
discard(struct requester *r)
{
	uint8_t rest[READ_SIZE];
	ssize_t n = sock_read(r->watch.fd, rest, sizeof rest);

	if (n == 0 || (n < 0 && n != SOCK_AGAIN))
		requester_free(r);
}

static void
go_on(struct timer *t)
{
	pump(container_of(t, struct requester, timer));
}

static void
pump(struct requester *r)
{
	enum step step = STEP_ON;

	r->pumping = true;
	for (int i = 0; i < ROUNDS && step == STEP_ON; i++)
		step = advance(r);
	r->pumping = false;
	if (step == STEP_GONE)
		requester_free(r);
	else if (step == STEP_LAST)
		linger(r);
	else if (step == STEP_WAIT)
		wait_for(r);
	else
		timer_set(r->control->loop, &r->timer, 0, go_on); /* others have their turn */
}

static void
ready(struct watch *w, uint32_t events)
{
	struct requester *r = container_of(w, struct requester, watch);

	if (events & (READY_ERR | READY_HUP))
		requester_free(r);
	else if (r->lingering)
		discard(r);
	else
		pump(r);
}

static void
begin(struct gate *d, int fd, const struct local_peer *peer)
{
	struct control *c = d->control;
	struct requester *r = MEM_NEW(struct requester);

	*r = (struct requester){.watch = {.fd = -1},
				.control = c,
				.client = {.secure = true},
				.in = buf_with_cap(HEAD_MAX + READ_SIZE),
				.door = d->door,
				.accepted_ms = clock_ms(),
				.events = READY_IN | READY_RDHUP};
	span_put((uint8_t *)r->caller, span_of(peer->name, sizeof peer->name));
	list_append(&c->clients, &r->link);
	++*count_of(c, d->door);
	r->http = h1_new(&host, r, &settings, &r->client);
	if (failed(watch_start(c->loop, &r->watch, fd, r->events, ready))) {
		r->watch.fd = fd;
		requester_free(r);
		return;
	}
	timer_set(c->loop, &r->timer, WAIT_MS, timed_out);
}

/* Who has been heard of the longest ago, of those whom nothing is done for: idle, or in the middle
 * of a request that may never end. False: all are being served. */
static bool
make_room(struct control *c)
{
	for (struct list *i = c->clients.next; i != &c->clients; i = i->next) {
		struct requester *r = container_of(i, struct requester, link);

		if (r->door == API_MACHINE || session_state(r->http) == SESSION_ANSWERING)
			continue;
		requester_free(r);
		return true;
	}
	return false;
}

static bool
has_room(struct control *c, enum api_door door)
{
	if (door == API_MACHINE)
		return c->machine_count < MACHINE_MAX;
	return c->client_count < CLIENTS_MAX || make_room(c);
}

static void
door_ready(struct watch *w, uint32_t events)
{
	struct gate *d = container_of(w, struct gate, watch);
	struct local_peer peer;
	int fd;

	(void)events;
	while ((fd = local_accept_from(d->fd, &peer)) >= 0) {
		if (has_room(d->control, d->door))
			begin(d, fd, &peer);
		else
			close(fd);
	}
}

struct err
doors_open(struct control *c, int fd, enum api_door door)
{
	struct gate *d = MEM_NEW(struct gate);

	*d = (struct gate){.watch = {.fd = -1}, .control = c, .door = door, .fd = fd};
	list_append(&c->doors, &d->link);
	return watch_start(c->loop, &d->watch, fd, READY_IN, door_ready);
}

void
doors_close(struct control *c)
{
	while (!list_empty(&c->clients))
		requester_free(container_of(c->clients.next, struct requester, link));
	while (!list_empty(&c->doors)) {
		struct gate *d = container_of(c->doors.next, struct gate, link);

		watch_stop(c->loop, &d->watch);
		list_remove(&d->link);
		close(d->fd);
		free(d);
	}
}
