/*
 * What the VPN engine asks: who may come in and what he gets. Each question is a job for the pool,
 * as a request is: a password that is hashed, or a database that is slow, holds nobody else up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/vpn.h"
#include "access/vpn_token.h"
#include "access/vpn_visit.h"
#include "api/endpoint.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/fs.h"
#include "role/control_private.h"

#define QUESTION_MAX  (64 << 10)
#define ANSWER_MAX    (8 << 20)
#define QUESTIONS_MAX 16384 /* at once: the engine asks for each of its clients when all change */
#define RETRY_MS      2000  /* until it is to ask again what could not be said */
#define QUIET_MS      200   /* between two "it may have changed" */

struct tunnel_line {
	struct control *control;
	struct channel *channel; /* NULL: there is no engine */
	struct visits *visits;
	uint64_t number;  /* of the channel: an earlier one's questions are answered no more */
	size_t questions; /* under way */
	struct timer quiet, retry;
	bool retries;
	bool is_quiet, changed; /* and has changed since it was told */
};

struct kind;

/* One question, from its arrival to its answer; in its job's memory. */
struct question {
	struct tunnel_line *line;
	uint64_t of_line, number;
	const struct kind *kind;
	const char *argument;
	struct admission_ask ask;
	struct admission_note note;
	struct buf answer;
	bool is_challenge;
	enum admission_verdict verdict;
	struct outcome outcome;
};

static struct span
words(const char *text)
{
	return text != NULL ? span_str(text) : SPAN_NONE;
}

/* --- what is asked, in a thread of the pool */

static struct outcome
put(struct question *q, const struct shape *s, const void *from)
{
	if (shape_write(s, from, &q->answer))
		return OUTCOME_OK;
	return outcome_new(OUTCOME_DOWN, "this cannot be answered now");
}

static struct outcome
put_admission(struct question *q, struct access *a, const struct vpn_admitted *admitted)
{
	struct admission admission;

	vpn_admission(a, admitted, &admission);
	return put(q, &shape_admission, &admission);
}

/* What is neither let in nor refused yet. */
static struct outcome
put_challenge(struct question *q, struct outcome o, const struct vpn_admitted *admitted)
{
	const struct admission_challenge challenge = {.user_name = admitted->user_name,
						      .state = admitted->challenge};
	struct outcome made = put(q, &shape_admission_challenge, &challenge);

	q->is_challenge = !refused(made);
	return refused(made) ? made : o;
}

static const char *
pem_of(struct access *a, const struct buf *pem)
{
	return arena_copy(a->memory, buf_span(pem));
}

static const char *
hex_of(struct access *a, struct span key)
{
	char *hex = arena_get(a->memory, HEX_SIZE(key.len));

	hex_write(key, hex);
	return hex;
}

static void
forget(const char *secret)
{
	explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

static const char **
reserved_of(struct access *a, const struct device_list *devices)
{
	const char **list = arena_get(a->memory, (devices->count + 1) * sizeof *list);

	for (size_t i = 0; i < devices->count; i++)
		list[i] = devices->at[i].address;
	list[devices->count] = NULL;
	return list;
}

static struct outcome
tell_material(struct question *q, struct api *api)
{
	struct access *a = &api->access;
	const struct authority authority = {a->store, a->vault, a->memory, a->now};
	struct server_material material;
	struct device_list kept;
	struct outcome o =
	    access_stored(a, store_devices_with_address(a->store, a->memory, &kept), "devices");

	if (refused(o))
		return o;
	struct err e = authority_server(&authority, &material);
	if (failed(e)) {
		log_error("the VPN's keys: %s", e.text);
		return outcome_new(OUTCOME_DOWN, "the keys cannot be read");
	}
	struct admission_material told = {
	    .authorities = pem_of(a, &material.authorities),
	    .certificate = pem_of(a, &material.certificate),
	    .key = pem_of(a, &material.key),
	    .wrap_key = hex_of(a, span_of(material.wrap_key, sizeof material.wrap_key)),
	    .static_key = hex_of(a, span_of(material.static_key, sizeof material.static_key)),
	    .reserved = reserved_of(a, &kept)};
	o = put(q, &shape_admission_material, &told);
	forget(told.key);
	forget(told.wrap_key);
	forget(told.static_key);
	server_material_wipe(&material);
	return o;
}

/* Nobody comes in whom the audit log cannot have. */
static struct outcome
note_visit(struct question *q, struct access *a, const struct vpn_request *r,
	   const struct vpn_admitted *admitted, struct outcome o)
{
	struct control *c = q->line->control;

	if (!refused(o)) {
		const struct vpn_visit visit = vpn_visit_of(a, r, admitted);
		if (!visits_add(q->line->visits, &visit))
			return outcome_new(OUTCOME_BUSY, "too many come at once: try again soon");
	}
	atomic_fetch_add(refused(o) ? &c->vpn_refused : &c->vpn_admitted, 1);
	return o;
}

static struct outcome
admit(struct question *q, struct api *api)
{
	struct access *a = &api->access;
	const struct implied implied = endpoint_implied(a->memory, api->config);
	struct vpn_request r = {.serial = q->ask.serial,
				.name = words(q->ask.name),
				.password = words(q->ask.password),
				.code = words(q->ask.code),
				.client = q->ask.client};
	struct vpn_admitted admitted;

	if (!address_parse_ip(span_str(q->ask.from), &r.from))
		return outcome_new(OUTCOME_INVALID, "this is no address");
	struct outcome o = vpn_admit(a, &r, &implied, &admitted);
	if (admitted.challenge != NULL)
		return put_challenge(q, o, &admitted);
	if (!q->ask.again)
		o = note_visit(q, a, &r, &admitted, o);
	return refused(o) ? o : put_admission(q, a, &admitted);
}

/* "USER DEVICE" */
static bool
read_pair(const char *text, int64_t *user, int64_t *device)
{
	struct span all = words(text);
	size_t end = span_find(all, ' ');
	uint64_t first, second;

	if (!text_to_u64(span_head(all, end), INT64_MAX, &first) ||
	    !text_to_u64(span_tail(all, end + 1), INT64_MAX, &second))
		return false;
	*user = (int64_t)first;
	*device = (int64_t)second;
	return true;
}

static struct outcome
ask_still(struct question *q, struct api *api)
{
	struct access *a = &api->access;
	const struct implied implied = endpoint_implied(a->memory, api->config);
	struct vpn_admitted admitted;
	int64_t user, device;

	if (!read_pair(q->argument, &user, &device))
		return outcome_new(OUTCOME_INVALID, "write USER DEVICE");
	struct outcome o = vpn_still(a, user, device, &implied, &admitted);
	return refused(o) ? o : put_admission(q, a, &admitted);
}

static bool
is_ended(const struct question *q)
{
	return strcmp(q->note.what, "ended") == 0;
}

static struct outcome
keep_note(struct question *q, struct api *api)
{
	struct control *c = q->line->control;

	if (is_ended(q)) {
		atomic_fetch_add(&c->vpn_in, (unsigned long long)q->note.bytes_in);
		atomic_fetch_add(&c->vpn_out, (unsigned long long)q->note.bytes_out);
	}
	return vpn_note(&api->access, &q->note);
}

/* --- how it arrives, in the loop's thread */

/* Those whom nobody signs in for are the engine's own: they wait behind no stranger's. */
static void
set_asker(struct job *j, const char *from, bool own)
{
	if (own || !address_parse_ip(words(from), &j->request.client))
		j->request.door = API_MACHINE;
	else
		j->request.door = API_EDGE;
}

static struct outcome
read_nothing(struct question *q, struct job *j)
{
	(void)q;
	set_asker(j, NULL, true);
	return OUTCOME_OK;
}

static struct outcome
read_ask(struct question *q, struct job *j)
{
	struct outcome o = shape_read(&shape_admission_ask, SHAPE_CREATE, buf_span(&j->body),
				      j->memory, &q->ask, NULL);

	set_asker(j, q->ask.from, false);
	return o;
}

static struct outcome
read_note(struct question *q, struct job *j)
{
	struct outcome o = shape_read(&shape_admission_note, SHAPE_CREATE, buf_span(&j->body),
				      j->memory, &q->note, NULL);

	set_asker(j, q->note.from, !refused(o) && is_ended(q));
	return o;
}

static const struct kind {
	struct outcome (*read)(struct question *q, struct job *j);
	struct outcome (*run)(struct question *q, struct api *api);
} kinds[TUNNEL_CALLS] = {
    [CALL_MATERIAL] = {read_nothing, tell_material},
    [CALL_ADMIT] = {read_ask, admit},
    [CALL_STILL] = {read_nothing, ask_still},
    [CALL_NOTE] = {read_note, keep_note},
};

/* --- the job */

static bool
question_is_slow(const struct job *j)
{
	const struct question *q = j->of;
	struct span password = words(q->ask.password);

	return password.len > 0 && !vpn_token_is(VPN_TOKEN_SESSION, password) &&
	       !vpn_token_is(VPN_TOKEN_CODE, password);
}

static enum admission_verdict
verdict_of(struct outcome o)
{
	if (!refused(o))
		return ADMISSION_DONE;
	return o.kind == OUTCOME_BUSY || o.kind == OUTCOME_DOWN ? ADMISSION_LATER
								: ADMISSION_REFUSED;
}

static void
conclude(struct question *q, struct outcome o)
{
	q->outcome = o;
	q->verdict = q->is_challenge ? ADMISSION_CODE : verdict_of(o);
}

static void
question_run(struct job *j, struct api *api)
{
	struct question *q = j->of;

	conclude(q, q->kind->run(q, api));
}

static void
question_refuse(struct job *j, struct outcome why)
{
	conclude(j->of, why);
}

static const struct job_kind job_question = {question_is_slow, question_run, question_refuse};

static void
reply(struct tunnel_line *t, uint64_t number, enum admission_verdict verdict, const char *text,
      struct span body)
{
	struct message m = {
	    .type = MESSAGE_RESULT, .value = number, .kind = (uint32_t)verdict, .fd_count = 1};
	struct err e = fs_sealed("answer", body, &m.fds[0]);

	if (!failed(e)) {
		snprintf(m.text, sizeof m.text, "%s", text);
		e = channel_send(t->channel, &m);
		close(m.fds[0]);
	}
	if (failed(e))
		log_error("the VPN engine cannot be answered: %s", e.text);
}

static void tell_changed(struct tunnel_line *t);

static void
retry(struct timer *timer)
{
	struct tunnel_line *t = container_of(timer, struct tunnel_line, retry);

	t->retries = false;
	tell_changed(t);
}

/* Or one who was put out while the database was away would stay. */
static void
ask_again_later(struct tunnel_line *t)
{
	if (t->retries)
		return;
	t->retries = true;
	timer_set(t->control->loop, &t->retry, RETRY_MS, retry);
}

/* In the loop's thread. The engine that asked may be gone. */
static void
question_done(void *arg)
{
	struct job *j = arg;
	struct question *q = j->of;
	struct tunnel_line *t = q->line;
	bool told = q->verdict == ADMISSION_DONE || q->verdict == ADMISSION_CODE;
	struct span answer = told ? buf_span(&q->answer) : SPAN_NONE;

	if (t->channel != NULL && t->number == q->of_line) {
		t->questions--;
		if (q->kind == &kinds[CALL_STILL] && q->verdict == ADMISSION_LATER)
			ask_again_later(t);
		reply(t, q->number, q->verdict, q->outcome.text, answer);
	}
	job_free(j);
}

static void
wipe_answer(void *answer)
{
	buf_wipe(answer);
}

static struct job *
job_of(struct tunnel_line *t, const struct message *m)
{
	struct job *j = MEM_NEW(struct job);

	j->kind = &job_question;
	j->control = t->control;
	j->memory = arena_new();
	j->config = control_config(t->control);
	j->body = buf_with_cap(QUESTION_MAX);
	j->done = question_done;
	struct question *q = ARENA_NEW(j->memory, struct question);
	j->of = q;
	*q = (struct question){.line = t,
			       .of_line = t->number,
			       .number = m->value,
			       .argument = arena_copy(j->memory, span_str(m->text)),
			       .answer = buf_with_cap(ANSWER_MAX),
			       .outcome = OUTCOME_OK};
	arena_defer(j->memory, wipe_answer, &q->answer);
	return j;
}

static struct outcome
read_question(struct job *j, const struct message *m)
{
	struct question *q = j->of;
	struct err e = fs_read_fd(m->fds[0], &j->body);

	if (m->kind >= TUNNEL_CALLS)
		return outcome_new(OUTCOME_INVALID, "this cannot be asked");
	if (failed(e))
		return outcome_new(OUTCOME_TOO_LARGE, "this is too long");
	q->kind = &kinds[m->kind];
	return q->kind->read(q, j);
}

static void
take_question(struct tunnel_line *t, const struct message *m)
{
	if (t->control->pool == NULL || t->questions >= QUESTIONS_MAX) {
		if (m->kind == CALL_STILL)
			ask_again_later(t);
		reply(t, m->value, ADMISSION_LATER, "too much is asked at once", SPAN_NONE);
		return;
	}
	struct job *j = job_of(t, m);
	struct outcome o = read_question(j, m);
	if (refused(o)) {
		log_error("the VPN engine asks what cannot be read: %s", o.text);
		reply(t, m->value, ADMISSION_REFUSED, "the server failed: its log says how",
		      SPAN_NONE);
		job_free(j);
		return;
	}
	t->questions++;
	pool_ask(t->control->pool, j);
}

/* --- the line */

static void
hang_up(struct tunnel_line *t)
{
	calls_line(t->control->engine, NULL);
	channel_free(t->channel);
	t->channel = NULL;
	t->questions = 0;
	t->number++;
	numbers_count_tunnels(t->control->numbers, (const uint64_t[TUNNEL_COUNTERS]){0});
}

bool
tunnel_line_ask(struct tunnel_line *t)
{
	const struct message m = {.type = MESSAGE_ASK};

	return t->channel != NULL && !failed(channel_send(t->channel, &m));
}

static void
count(struct tunnel_line *t, const struct message *m)
{
	numbers_count_tunnels(t->control->numbers, m->counters);
	if (t->control->awaits_engine)
		control_sample(t->control);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct tunnel_line *t = owner;

	(void)ch;
	if (m->type == MESSAGE_CALL)
		take_question(t, m);
	else if (m->type == MESSAGE_RESULT)
		calls_answered(t->control->engine, m);
	else if (m->type == MESSAGE_STATUS)
		count(t, m);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	(void)ch;
	log_info("the VPN engine: %s", why);
	hang_up(owner);
}

struct tunnel_line *
tunnel_line_new(struct control *c)
{
	struct tunnel_line *t = MEM_NEW(struct tunnel_line);

	t->control = c;
	t->visits = visits_new(c);
	return t;
}

void
tunnel_line_free(struct tunnel_line *t)
{
	if (t == NULL)
		return;
	hang_up(t);
	visits_free(t->visits);
	timer_stop(&t->quiet);
	timer_stop(&t->retry);
	free(t);
}

void
tunnel_line_open(struct tunnel_line *t, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct err e;

	hang_up(t);
	e = channel_new(t->control->loop, fd, ROLE_TUNNEL, &ops, t, &t->channel);
	if (failed(e)) {
		log_error("the VPN engine: %s", e.text);
		t->channel = NULL;
		return;
	}
	calls_line(t->control->engine, t->channel);
}

static void
tell_changed(struct tunnel_line *t)
{
	const struct message m = {.type = MESSAGE_CHANGED};
	struct err e = t->channel != NULL ? channel_send(t->channel, &m) : ERR_NONE;

	if (failed(e))
		log_error("the VPN engine cannot be told of a change: %s", e.text);
}

static void
speak_again(struct timer *timer)
{
	struct tunnel_line *t = container_of(timer, struct tunnel_line, quiet);

	t->is_quiet = false;
	if (!t->changed)
		return;
	t->changed = false;
	tell_changed(t);
	t->is_quiet = true;
	timer_set(t->control->loop, timer, QUIET_MS, speak_again);
}

void
tunnel_line_happened(struct tunnel_line *t, enum access_event event)
{
	static const bool concerns[EVENT_KINDS] = {
	    [EVENT_USER] = true,   [EVENT_GROUP] = true,       [EVENT_DEVICE] = true,
	    [EVENT_BAN] = true,    [EVENT_RULE] = true,        [EVENT_SETTINGS] = true,
	    [EVENT_CONFIG] = true, [EVENT_CERTIFICATE] = true,
	};

	if (!concerns[event])
		return;
	t->changed = true;
	if (!t->is_quiet)
		speak_again(&t->quiet);
}
