/*
 * Each socket is watched once, for all there is, by edge: a flag remembers what
 * was told until a call finds it no longer so. A small message then costs one
 * recv() and one send(), because a read that fills less than it could has
 * emptied the socket. What comes in bulk goes by splice(), through a pipe that
 * only a direction in bulk holds. A swift sender would wake us for each of its
 * records: there we wait until there is much to move, but never for long.
 */
#include "os/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/sock.h"

#define CHUNK         65536u        /* read at once, so the most held for a slow reader */
#define BULK_TOTAL    (256u << 10)  /* copied before a pipe is worth its while */
#define BULK_TURN     CHUNK         /* in one turn: a stream, not messages */
#define TURN_MAX      (1024u << 10) /* then others have their turn */
#define PIPE_SIZE     (1024 << 10)
#define PIPE_SMALLEST 65536 /* past the user's limit pipes are tiny: copying is cheaper */
#define PIPE_IDLE_MS  1000
#define SWIFT_MS      4            /* for BULK_TOTAL bytes, or less */
#define LOW_WATER     (256u << 10) /* what is waited for then, */
#define LOW_WATER_MS  1            /* unless nothing moved for so long */

struct relay_shared {
	uint64_t bytes[2]; /* from clients, and from back ends, of all relays so far */
	uint8_t chunk[CHUNK];
};

struct side {
	struct watch watch;
	struct relay *relay;
	bool readable, writable;
	bool wary; /* FIN, urgent data or an error: a short read does not mean empty */
	bool dead; /* an error is known; bytes from before it may still be read */
};

/* From one side to the other. In `held` or in the pipe: read, not yet written. */
struct flow {
	struct side *from, *to;
	uint64_t bytes;
	uint8_t *held;
	size_t held_at, held_end;
	int pipe[2];
	size_t in_pipe;
	bool bulk, pipe_used, pipe_refused;
	bool patient; /* the loop tells of LOW_WATER bytes or FIN, not of less */
	struct timer patience;
	uint64_t gauged;
	int64_t gauged_ms;
	bool fin;  /* all is read */
	bool done; /* and delivered */
};

struct relay {
	struct loop *loop;
	struct relay_shared *shared;
	struct side sides[2]; /* client, back end */
	struct flow flows[2]; /* from the side of the same number */
	struct timer again, idle, pipes;
	uint64_t idle_ms;
	void (*done)(void *owner, const struct relay_result *result);
	void *owner;
};

enum step {
	STEP_ON,    /* there may be more to do */
	STEP_WAIT,  /* until a socket is ready */
	STEP_AGAIN, /* its turn is over */
	STEP_FROM_DEAD,
	STEP_TO_DEAD,
	STEP_NO_MEMORY,
};

struct relay_shared *
relay_shared_new(void)
{
	signal(SIGPIPE, SIG_IGN); /* splice() has no MSG_NOSIGNAL */
	return MEM_NEW(struct relay_shared);
}

void
relay_shared_free(struct relay_shared *s)
{
	free(s);
}

void
relay_shared_bytes(const struct relay_shared *s, uint64_t *from_clients, uint64_t *from_backends)
{
	*from_clients = s->bytes[0];
	*from_backends = s->bytes[1];
}

/* Pipes. */

static void
close_pipe(struct flow *f)
{
	if (f->pipe[0] < 0)
		return;
	close(f->pipe[0]);
	close(f->pipe[1]);
	f->pipe[0] = f->pipe[1] = -1;
}

static bool
open_pipe(struct flow *f)
{
	if (pipe2(f->pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
		f->pipe[0] = f->pipe[1] = -1;
		return false;
	}
	if (fcntl(f->pipe[0], F_SETPIPE_SZ, PIPE_SIZE) >= 0 ||
	    fcntl(f->pipe[0], F_GETPIPE_SZ) >= PIPE_SMALLEST)
		return true;
	close_pipe(f);
	return false;
}

/* Pipes unused for a second go; what made one fail may have passed by then, too. */
static void
release_pipes(struct timer *t)
{
	struct relay *r = container_of(t, struct relay, pipes);
	bool held = false;

	for (size_t i = 0; i < COUNT(r->flows); i++) {
		struct flow *f = &r->flows[i];

		if (!f->pipe_used && f->in_pipe == 0)
			close_pipe(f);
		held |= f->pipe[0] >= 0;
		f->pipe_used = f->pipe_refused = false;
	}
	if (held)
		timer_set(r->loop, t, PIPE_IDLE_MS, release_pipes);
}

/* Is this direction's next read one for a pipe? */
static bool
wants_pipe(struct relay *r, struct flow *f, size_t moved)
{
	bool much = f->bulk || f->patient || moved >= BULK_TURN;

	if (f->bytes < BULK_TOTAL || !much || f->pipe_refused)
		return false;
	if (!list_linked(&r->pipes.link))
		timer_set(r->loop, &r->pipes, PIPE_IDLE_MS, release_pipes);
	if (f->pipe[0] < 0 && !open_pipe(f)) {
		f->pipe_refused = true;
		return false;
	}
	f->pipe_used = true;
	return true;
}

/* Moving bytes. */

static void
count(struct flow *f, size_t n, size_t *moved)
{
	struct relay *r = f->from->relay;

	f->bytes += n;
	r->shared->bytes[f - r->flows] += n;
	*moved += n;
}

static enum step
hold(struct flow *f, const uint8_t *bytes, size_t len)
{
	f->held = malloc(len);
	if (f->held == NULL)
		return STEP_NO_MEMORY;
	memcpy(f->held, bytes, len);
	f->held_at = 0;
	f->held_end = len;
	return STEP_ON;
}

static enum step
deliver_held(struct flow *f)
{
	size_t len = f->held_end - f->held_at;
	ssize_t n = sock_write(f->to->watch.fd, f->held + f->held_at, len);

	if (n == SOCK_DEAD)
		return STEP_TO_DEAD;
	if (n > 0)
		f->held_at += (size_t)n;
	if (n < (ssize_t)len) {
		f->to->writable = false;
		return STEP_WAIT;
	}
	free(f->held);
	f->held = NULL;
	return STEP_ON;
}

static enum step
deliver_pipe(struct flow *f)
{
	while (f->in_pipe > 0) {
		ssize_t n = splice(f->pipe[0], NULL, f->to->watch.fd, NULL, f->in_pipe,
				   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EAGAIN) {
			f->to->writable = false;
			return STEP_WAIT;
		}
		if (n == 0 || (n < 0 && errno != EINTR))
			return STEP_TO_DEAD;
		f->in_pipe -= n > 0 ? (size_t)n : 0;
	}
	return STEP_ON;
}

/* Nothing is read while the other side would not take it. */
static enum step
deliver(struct flow *f)
{
	if (!f->to->writable)
		return STEP_WAIT;
	if (f->held != NULL)
		return deliver_held(f);
	return deliver_pipe(f);
}

/*
 * Only into an empty pipe, so that EAGAIN can mean one thing: an empty socket. A patient
 * one does not go after the little that came meanwhile.
 */
static enum step
fill_pipe(struct flow *f, size_t *moved)
{
	ssize_t n = splice(f->from->watch.fd, NULL, f->pipe[1], NULL, PIPE_SIZE,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		f->in_pipe = (size_t)n;
		count(f, (size_t)n, moved);
		if (f->patient && !f->from->wary)
			f->from->readable = false;
		return STEP_ON;
	}
	if (n == 0) {
		f->fin = true;
		return STEP_ON;
	}
	switch (errno) {
	case EAGAIN:
		f->from->readable = false;
		return STEP_WAIT;
	case EINTR:
		return STEP_ON;
	case EINVAL:
	case ENOMEM:
		f->pipe_refused = true;
		return STEP_ON;
	default:
		return STEP_FROM_DEAD;
	}
}

static enum step
copy(struct relay *r, struct flow *f, size_t *moved)
{
	uint8_t *chunk = r->shared->chunk;
	ssize_t got = sock_read(f->from->watch.fd, chunk, CHUNK), put;

	if (got == SOCK_DEAD)
		return STEP_FROM_DEAD;
	if (got == 0) {
		f->fin = true;
		return STEP_ON;
	}
	if (got == SOCK_AGAIN || (got < (ssize_t)CHUNK && !f->from->wary))
		f->from->readable = false;
	if (got == SOCK_AGAIN)
		return STEP_WAIT;
	count(f, (size_t)got, moved);
	put = sock_write(f->to->watch.fd, chunk, (size_t)got);
	if (put == SOCK_DEAD)
		return STEP_TO_DEAD;
	if (put == got)
		return STEP_ON;
	f->to->writable = false;
	if (put == SOCK_AGAIN)
		put = 0;
	return hold(f, chunk + put, (size_t)(got - put));
}

/* With the other direction done as well, close() says FIN. */
static void
pass_on_fin(struct relay *r, struct flow *f)
{
	const struct flow *other = &r->flows[f == &r->flows[0]];

	f->done = true;
	close_pipe(f);
	if (!other->done)
		sock_half_close(f->to->watch.fd);
}

static void
set_patient(struct relay *r, struct flow *f, bool patient)
{
	f->patient = patient;
	f->gauged = f->bytes;
	f->gauged_ms = loop_now(r->loop);
	sock_low_water(f->from->watch.fd, patient ? LOW_WATER : 1);
}

static void pump_both(struct relay *r, size_t first);

/* What is less than LOW_WATER may be all that comes for now. */
static void
out_of_patience(struct timer *t)
{
	struct flow *f = container_of(t, struct flow, patience);
	struct relay *r = f->from->relay;

	set_patient(r, f, false);
	f->from->readable = true;
	pump_both(r, (size_t)(f - r->flows));
}

/* After some bytes moved: how fast do they come? */
static void
gauge(struct relay *r, struct flow *f)
{
	int64_t now = loop_now(r->loop);

	if (f->bytes - f->gauged >= BULK_TOTAL) {
		if (!f->patient && now - f->gauged_ms <= SWIFT_MS)
			set_patient(r, f, true);
		f->gauged = f->bytes;
		f->gauged_ms = now;
	}
	if (f->patient)
		timer_set(r->loop, &f->patience, LOW_WATER_MS, out_of_patience);
}

static enum step
pump(struct relay *r, struct flow *f, bool *active)
{
	size_t moved = 0;
	enum step step;

	if (f->done)
		return STEP_WAIT;
	while ((step = deliver(f)) == STEP_ON) {
		if (f->fin) {
			pass_on_fin(r, f);
			*active = true;
			return STEP_WAIT;
		}
		step = !f->from->readable        ? STEP_WAIT
		       : moved >= TURN_MAX       ? STEP_AGAIN
		       : wants_pipe(r, f, moved) ? fill_pipe(f, &moved)
						 : copy(r, f, &moved);
		if (step != STEP_ON)
			break;
	}
	if (moved > 0) {
		f->bulk = moved >= BULK_TURN;
		gauge(r, f);
		*active = true;
	}
	return step;
}

/* The end. */

static void
end(struct relay *r, enum relay_end why)
{
	struct relay_result result = {
	    .end = why,
	    .from_client = r->flows[0].bytes,
	    .from_backend = r->flows[1].bytes,
	};

	timer_stop(&r->again);
	timer_stop(&r->idle);
	timer_stop(&r->pipes);
	if (why == RELAY_CLIENT_RESET)
		sock_reset_on_close(r->sides[1].watch.fd);
	if (why == RELAY_BACKEND_RESET)
		sock_reset_on_close(r->sides[0].watch.fd);
	for (size_t i = 0; i < 2; i++) {
		watch_close(r->loop, &r->sides[i].watch);
		close_pipe(&r->flows[i]);
		timer_stop(&r->flows[i].patience);
		free(r->flows[i].held);
	}
	r->done(r->owner, &result);
	free(r);
}

static enum relay_end
reset_by(const struct relay *r, const struct side *side)
{
	return side == &r->sides[0] ? RELAY_CLIENT_RESET : RELAY_BACKEND_RESET;
}

/*
 * True if the relay goes on. A side found dead in writing may have said something
 * before, as a server does that refuses the rest of a request: that is read first.
 */
static bool
survives(struct relay *r, const struct flow *f, enum step step)
{
	if (step == STEP_FROM_DEAD || (f->from->dead && step != STEP_AGAIN))
		end(r, reset_by(r, f->from));
	else if (step == STEP_NO_MEMORY)
		end(r, RELAY_STOPPED);
	else if (step == STEP_TO_DEAD)
		return f->to->dead = f->to->wary = f->to->readable = true;
	else
		return true;
	return false;
}

static void pump_again(struct timer *t);

static void
idle_too_long(struct timer *t)
{
	end(container_of(t, struct relay, idle), RELAY_IDLE);
}

/* From `first` first: what a side said before its reset should still arrive. */
static void
pump_both(struct relay *r, size_t first)
{
	bool active = false, again = false;

	for (size_t i = 0; i < 2; i++) {
		struct flow *f = &r->flows[first ^ i];
		uint64_t pending = f->held_end - f->held_at + f->in_pipe;
		enum step step = pump(r, f, &active);

		if (!survives(r, f, step))
			return;
		active |= pending != f->held_end - f->held_at + f->in_pipe;
		again |= step == STEP_AGAIN || step == STEP_TO_DEAD;
	}
	if (r->flows[0].done && r->flows[1].done) {
		end(r, RELAY_FINISHED);
		return;
	}
	if (active && r->idle_ms > 0)
		timer_set(r->loop, &r->idle, r->idle_ms, idle_too_long);
	if (again)
		timer_set(r->loop, &r->again, 0, pump_again);
}

static void
pump_again(struct timer *t)
{
	struct relay *r = container_of(t, struct relay, again);

	pump_both(r, r->sides[0].dead ? 0 : 1);
}

static void
side_ready(struct watch *w, uint32_t events)
{
	struct side *side = container_of(w, struct side, watch);
	struct relay *r = side->relay;
	const uint32_t odd = READY_URGENT | READY_RDHUP | READY_HUP | READY_ERR;

	side->readable |= (events & (READY_IN | odd)) != 0;
	side->writable |= (events & (READY_OUT | READY_HUP | READY_ERR)) != 0;
	side->wary |= (events & odd) != 0;
	side->dead |= (events & READY_ERR) != 0;
	pump_both(r, (size_t)(side - r->sides));
}

static struct err
watch_side(struct relay *r, size_t i, int fd)
{
	r->sides[i].relay = r;
	return watch_start(r->loop, &r->sides[i].watch, fd,
			   READY_IN | READY_OUT | READY_URGENT | READY_RDHUP | READY_EDGE,
			   side_ready);
}

static struct relay *
new_relay(struct loop *l, struct relay_shared *shared, struct span first)
{
	struct relay *r = MEM_NEW(struct relay);

	r->loop = l;
	r->shared = shared;
	for (size_t i = 0; i < 2; i++) {
		r->flows[i].from = &r->sides[i];
		r->flows[i].to = &r->sides[1 - i];
		r->flows[i].pipe[0] = r->flows[i].pipe[1] = -1;
	}
	if (first.len > 0 && hold(&r->flows[0], first.p, first.len) != STEP_ON) {
		free(r);
		return NULL;
	}
	return r;
}

struct err
relay_start(struct loop *l, struct relay_shared *shared, int client, int backend, struct span first,
	    uint64_t idle_ms, void (*done)(void *owner, const struct relay_result *result),
	    void *owner, struct relay **out)
{
	struct relay *r = new_relay(l, shared, first);
	struct err e;

	*out = NULL;
	if (r == NULL)
		return err_new("out of memory");
	r->done = done;
	r->owner = owner;
	r->idle_ms = idle_ms;
	e = watch_side(r, 0, client);
	if (!failed(e))
		e = watch_side(r, 1, backend);
	if (failed(e)) {
		watch_stop(l, &r->sides[0].watch);
		free(r->flows[0].held);
		free(r);
		return e;
	}
	if (idle_ms > 0)
		timer_set(l, &r->idle, idle_ms, idle_too_long);
	*out = r;
	return ERR_NONE;
}

void
relay_stop(struct relay *r)
{
	end(r, RELAY_STOPPED);
}

void
relay_bytes(const struct relay *r, uint64_t *from_client, uint64_t *from_backend)
{
	*from_client = r->flows[0].bytes;
	*from_backend = r->flows[1].bytes;
}
