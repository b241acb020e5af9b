#include "serve/encode.h"

#include <assert.h>
#include <stdlib.h>

#include "http/field.h"
#include "serve/compressor.h"

#define INPUT_MAX  (16 * 1024) /* of an answer, before they are compressed */
#define OUTPUT_MAX (16 * 1024)
#define TURN_MAX   (64 * 1024) /* of input; what hardly fills any output would go on for ever */
#define JOBS_MAX   32          /* at once in a thread; a stream of brotli or zstd has up to 2 MiB */

/* An answer that is compressed, as long as there is something to do for it. */
struct job {
	struct compressor *compressor;
	struct span in; /* of input[] or in the handler's own memory, not taken yet */
	size_t out_at, out_len;
	enum compress_until until;
	bool drained; /* the compressor has nothing more to give */
	bool *gone;   /* to be told to who is on the stack when this goes */
	uint8_t input[INPUT_MAX], output[OUTPUT_MAX];
};

/* Stands in a handler's place until what it gave has gone on. */
struct wait {
	struct handler_ops ops; /* the handler's own, but for `writable` */
	const struct handler_ops *handler;
	bool over;
};

/*
 * Stands between a handler and the protocol. `ops` is what the exchange has for its ops, and
 * is how the encoder is found again.
 */
struct encoder {
	struct exchange_ops ops;
	const struct exchange_ops *under;
	const char *const *types;
	struct job *job; /* NULL: bytes pass as they are */
	size_t turn;     /* bytes of the handler's since it was last made to wait */
	int64_t left;    /* of the handler's bytes, where it said how many come */
	bool last;       /* the handler has given all */
	const struct field *trailers;
	size_t trailer_count;
	struct wait *wait; /* the last that was begun; NULL: none yet */
};

static _Thread_local size_t jobs;

static struct encoder *
encoder_of(const struct exchange *ex)
{
	const struct encoder *e = container_of(ex->ops, const struct encoder, ops);

	return (struct encoder *)(uintptr_t)e;
}

static void
job_free(struct encoder *e)
{
	struct job *job = e->job;

	e->job = NULL;
	if (job == NULL)
		return;
	if (job->gone != NULL)
		*job->gone = true;
	compressor_free(job->compressor);
	free(job);
	jobs--;
}

static void
on_exchange_over(void *encoder)
{
	job_free(encoder);
}

static struct job *
job_new(enum coding coding)
{
	struct job *job = jobs < JOBS_MAX ? malloc(sizeof *job) : NULL;

	if (job == NULL)
		return NULL;
	job->compressor = compressor_new(coding, EFFORT_EACH);
	if (job->compressor == NULL) {
		free(job);
		return NULL;
	}
	job->in = SPAN_NONE;
	job->out_at = job->out_len = 0;
	job->drained = true;
	job->gone = NULL;
	jobs++;
	return job;
}

/* What is decided by an answer's fields. */
struct kind {
	struct span type;
	const struct field *vary;
	bool fixed; /* coded already, a part, or not to be changed (RFC 9110 §7.7) */
	bool varies_by_coding;
};

static void
look_at(struct kind *k, const struct field *f)
{
	if (span_equal(f->name, SPAN_OF("content-type"))) {
		k->type = f->value;
	} else if (span_equal(f->name, SPAN_OF("vary"))) {
		k->vary = f;
		k->varies_by_coding |= field_list_has(f->value, SPAN_OF("accept-encoding")) ||
				       field_list_has(f->value, SPAN_OF("*"));
	} else if (span_equal(f->name, SPAN_OF("content-encoding")) ||
		   span_equal(f->name, SPAN_OF("content-range"))) {
		k->fixed = true;
	} else if (span_equal(f->name, SPAN_OF("cache-control"))) {
		k->fixed |= field_list_has(f->value, SPAN_OF("no-transform"));
	}
}

/* Whether an answer of this kind is compressed for those who would have it. */
static bool
is_worth_it(const struct encoder *e, unsigned status, int64_t length, const struct kind *k)
{
	if (k->fixed || status < 200 || status == 206 || status_is_bodiless(status))
		return false;
	return (length == LENGTH_UNKNOWN || length >= ENCODE_WORTH_MIN) &&
	       coding_suits_type(e->types, k->type);
}

static struct span
with_coding(struct arena *memory, struct span vary)
{
	return span_str(
	    arena_printf(memory, "%.*s, Accept-Encoding", (int)vary.len, (const char *)vary.p));
}

/* Byte for byte the answer is another with each coding: a strong tag would be wrong (§8.8.1). */
static struct span
weakened(struct arena *memory, struct span etag)
{
	if (span_starts_with(etag, SPAN_OF("W/")))
		return etag;
	return span_str(arena_printf(memory, "W/%.*s", (int)etag.len, (const char *)etag.p));
}

/* The answer's fields with Vary, and as they are for `coding`. */
static const struct field *
changed(struct exchange *ex, const struct field *fields, size_t *count, const struct kind *k,
	enum coding coding)
{
	struct field *out = arena_get(ex->memory, (*count + 2) * sizeof *out);
	size_t n = 0;

	for (size_t i = 0; i < *count; i++) {
		struct field f = fields[i];

		if (coding != CODING_IDENTITY && span_equal(f.name, SPAN_OF("accept-ranges")))
			continue;
		if (coding != CODING_IDENTITY && span_equal(f.name, SPAN_OF("etag")))
			f.value = weakened(ex->memory, f.value);
		if (&fields[i] == k->vary && !k->varies_by_coding)
			f.value = with_coding(ex->memory, f.value);
		out[n++] = f;
	}
	if (k->vary == NULL)
		out[n++] = (struct field){SPAN_OF("vary"), SPAN_OF("Accept-Encoding")};
	if (coding != CODING_IDENTITY)
		out[n++] = (struct field){SPAN_OF("content-encoding"), coding_name(coding)};
	*count = n;
	return out;
}

/* Old clients would pay for it with their connection: no length, and no chunks. */
static enum coding
coding_for(const struct request *r)
{
	struct codings accepted = codings_accepted(r->fields, r->field_count);

	return accepted.count > 0 && r->version >= 11 ? accepted.at[0] : CODING_IDENTITY;
}

static void
start(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
      int64_t length)
{
	struct encoder *e = encoder_of(ex);
	enum coding coding = CODING_IDENTITY;
	struct kind k = {0};

	for (size_t i = 0; i < count; i++)
		look_at(&k, &fields[i]);
	if (is_worth_it(e, status, length, &k)) {
		coding = coding_for(&ex->request);
		if (coding != CODING_IDENTITY && ex->request.method != METHOD_HEAD &&
		    (e->job = job_new(coding)) == NULL)
			coding = CODING_IDENTITY;
		fields = changed(ex, fields, &count, &k, coding);
	}
	e->left = length;
	if (e->job != NULL)
		arena_defer(ex->memory, on_exchange_over, e);
	e->under->start(ex, status, fields, count,
			coding != CODING_IDENTITY ? LENGTH_UNKNOWN : length);
}

/* What came of sending what is here. */
enum pushed {
	PUSH_DONE, /* all of it went */
	PUSH_FULL, /* no room */
	PUSH_GONE, /* the exchange is over, or no more than a call on the stack keeps it */
};

/* All that the handler gave has gone on. */
static bool
is_idle(const struct job *job)
{
	return job->drained && job->out_at == job->out_len;
}

/* From input to output. False: it cannot be done. */
static bool
refill(struct job *job)
{
	struct compressed made;

	if (!compressor_run(job->compressor, &job->in, job->until, job->output, OUTPUT_MAX, &made))
		return false;
	job->out_at = 0;
	job->out_len = made.made;
	job->drained = made.done;
	return true;
}

/* Calls the protocol, which may turn to the handler, which may end it all meanwhile. */
static bool
hand_on(struct exchange *ex, struct encoder *e, size_t n)
{
	struct job *job = e->job;
	bool *outer = job->gone, gone = false;

	job->gone = &gone;
	e->under->sent(ex, n, false);
	if (!gone)
		job->gone = outer;
	else if (outer != NULL)
		*outer = true;
	return !gone;
}

static enum pushed
finish(struct exchange *ex, struct encoder *e, size_t n)
{
	job_free(e);
	if (e->trailers != NULL)
		e->under->trailers(ex, e->trailers, e->trailer_count);
	else
		e->under->sent(ex, n, true);
	return PUSH_GONE;
}

static enum pushed
give_up(struct exchange *ex, struct encoder *e)
{
	job_free(e);
	e->under->abort(ex);
	return PUSH_GONE;
}

static enum pushed
push(struct exchange *ex, struct encoder *e)
{
	for (;;) {
		struct job *job = e->job;
		uint8_t *to;
		size_t len;

		if (job->out_at == job->out_len) {
			if (job->drained)
				return e->last ? finish(ex, e, 0) : PUSH_DONE;
			if (!refill(job))
				return give_up(ex, e);
			continue;
		}
		if ((to = e->under->room(ex, &len)) == NULL)
			return ex->answered ? PUSH_GONE : PUSH_FULL;
		struct span out =
		    span_head(span_of(job->output + job->out_at, job->out_len - job->out_at), len);
		memcpy(to, out.p, out.len);
		job->out_at += out.len;
		if (e->last && is_idle(job) && e->trailers == NULL)
			return finish(ex, e, out.len);
		if (!hand_on(ex, e, out.len))
			return PUSH_GONE;
	}
}

static void
on_writable(struct exchange *ex)
{
	struct encoder *e = encoder_of(ex);

	if (e->job == NULL || push(ex, e) != PUSH_DONE)
		return;
	ex->handler = e->wait->handler;
	e->wait->over = true;
	if (ex->handler != NULL && ex->handler->writable != NULL)
		ex->handler->writable(ex);
}

static bool
is_waiting(const struct exchange *ex, const struct encoder *e)
{
	return e->wait != NULL && ex->handler == &e->wait->ops;
}

/*
 * Until there is room again the handler need not be asked: there would be none for it. A wait
 * that is not over may be what somebody else keeps as the handler before him.
 */
static void
wait_for_room(struct exchange *ex, struct encoder *e)
{
	if (is_waiting(ex, e))
		return;
	if (e->wait == NULL || !e->wait->over)
		e->wait = ARENA_NEW(ex->memory, struct wait);
	e->turn = 0;
	*e->wait = (struct wait){.handler = ex->handler};
	if (ex->handler != NULL)
		e->wait->ops = *ex->handler;
	e->wait->ops.writable = on_writable;
	ex->handler = &e->wait->ops;
}

static uint8_t *
room(struct exchange *ex, size_t *len)
{
	struct encoder *e = encoder_of(ex);

	if (e->job == NULL)
		return e->under->room(ex, len);
	*len = 0;
	if (e->last || ex->answered)
		return NULL;
	/* Somebody else took the handler's place while we waited: then he is asked for us. */
	if (is_waiting(ex, e) || (!is_idle(e->job) && push(ex, e) != PUSH_DONE))
		return NULL;
	*len = e->left >= 0 && e->left < INPUT_MAX ? (size_t)e->left : INPUT_MAX;
	return e->job->input;
}

/*
 * A piece that fills all the room is followed by more at once. One that does not is all the
 * handler has for now: an event, a log line. It must not wait here for the next.
 */
static void
sent(struct exchange *ex, size_t n, bool last)
{
	struct encoder *e = encoder_of(ex);
	struct job *job = e->job;

	if (job == NULL) {
		e->under->sent(ex, n, last);
		return;
	}
	assert(n <= INPUT_MAX && is_idle(job));
	if (e->left >= 0) {
		e->left -= (int64_t)n;
		if (last && e->left > 0) {
			(void)give_up(ex, e);
			return;
		}
		last = e->left == 0;
	}
	e->last = last;
	e->turn += n;
	job->in = span_of(job->input, n);
	job->until = last                                   ? COMPRESS_ENDED
		     : n < INPUT_MAX || e->turn >= TURN_MAX ? COMPRESS_FLUSHED
							    : COMPRESS_SOME;
	job->drained = false;
	/* Before it is sent: then, maybe at once, there is room, and `writable` is called. */
	if (e->turn >= TURN_MAX && !last)
		wait_for_room(ex, e);
	if (push(ex, e) == PUSH_FULL)
		wait_for_room(ex, e);
}

static void
end_with_trailers(struct exchange *ex, const struct field *fields, size_t count)
{
	struct encoder *e = encoder_of(ex);

	if (e->job != NULL) {
		e->trailers = field_copy(ex->memory, fields, count);
		e->trailer_count = count;
		sent(ex, 0, true);
		return;
	}
	e->under->trailers(ex, fields, count);
}

static void
abort_answer(struct exchange *ex)
{
	(void)give_up(ex, encoder_of(ex));
}

void
encode_answers(struct exchange *ex, const char *const *types)
{
	struct encoder *e = ARENA_NEW(ex->memory, struct encoder);

	e->under = ex->ops;
	e->types = types;
	e->ops = *ex->ops;
	e->ops.start = start;
	e->ops.room = room;
	e->ops.sent = sent;
	e->ops.trailers = end_with_trailers;
	e->ops.abort = abort_answer;
	ex->ops = &e->ops;
}

void
encode_thread_end(void)
{
	compressor_thread_end();
}

/* --- for which types */

/* "text" with a '/', and maybe a star behind it: all of that kind. */
static bool
fits(struct span wanted, struct span type)
{
	if (wanted.len > 0 && wanted.p[wanted.len - 1] == '*')
		wanted.len--;
	else if (wanted.len == 0 || wanted.p[wanted.len - 1] != '/')
		return span_equal_nocase(type, wanted);
	return span_equal_nocase(span_head(type, wanted.len), wanted);
}

bool
coding_suits_type(const char *const *types, struct span media_type)
{
	struct span type = field_trim(span_head(media_type, span_find(media_type, ';')));

	for (; type.len > 0 && types != NULL && *types != NULL; types++)
		if (fits(span_str(*types), type))
			return true;
	return false;
}
