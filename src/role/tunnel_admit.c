/* Signing in: a worker's client pleads, control decides, and the main thread gives it an address.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "role/tunnel_private.h"

#define BODY_MAX 65536
#define LATER    "nobody can sign in at the moment"

/* --- the worker's side */

/* Static-challenge: the profile itself asks for a code, and both come in base64. */
static bool
split_static(struct span rest, struct buf *word, struct buf *code)
{
	size_t colon = span_find(rest, ':');

	return colon < rest.len && base64_read(span_head(rest, colon), word) &&
	       base64_read(span_tail(rest, colon + 1), code);
}

/* An answer to a challenge of ours: its state, which has no colon, and the code. */
static bool
split_dynamic(struct span rest, struct buf *word, struct buf *code)
{
	size_t colon = span_find(rest, ':');
	struct span behind = span_tail(rest, colon);
	const struct span mark = SPAN_OF("::");

	return span_starts_with(behind, mark) && buf_append(word, span_head(rest, colon)) &&
	       buf_append(code, span_tail(behind, mark.len));
}

/* The password, and the code that came with it. */
static bool
split_password(const struct session_sign_in *who, struct buf *word, struct buf *code)
{
	static const struct form {
		struct span mark;
		bool (*split)(struct span rest, struct buf *word, struct buf *code);
	} forms[] = {
	    {SPAN_INIT("SCRV1:"), split_static},
	    {SPAN_INIT("CRV1::"), split_dynamic},
	};

	for (size_t i = 0; i < COUNT(forms); i++)
		if (span_starts_with(who->password, forms[i].mark))
			return forms[i].split(span_tail(who->password, forms[i].mark.len), word,
					      code);
	return buf_append(word, who->password) && buf_append(code, who->code);
}

static bool
is_text(struct span s)
{
	return utf8_is_text(s);
}

/* As control reads it. Texts with a NUL or that are no UTF-8 are nobody's name or password. */
static bool
put_ask(const struct client *c, const struct session_sign_in *who, struct arena *memory,
	struct buf *body)
{
	struct buf word = buf_with_cap(CREDENTIAL_MAX), code = buf_with_cap(CREDENTIAL_MAX);
	char from[ADDRESS_TEXT_MAX], client[3 * PEER_TEXT];
	bool good = split_password(who, &word, &code) && is_text(who->name) &&
		    is_text(buf_span(&word)) && is_text(buf_span(&code));

	snprintf(client, sizeof client, "OpenVPN %s %s%s%s", who->peer->version,
		 who->peer->platform, who->peer->gui[0] != '\0' ? ", " : "", who->peer->gui);
	if (good) {
		const struct admission_ask ask = {.serial = who->certificate->serial,
						  .name = arena_copy(memory, who->name),
						  .password = arena_copy(memory, buf_span(&word)),
						  .code = arena_copy(memory, buf_span(&code)),
						  .from = address_ip_text(&c->peer, from),
						  .client = client,
						  .again = who->again};

		good = shape_write(&shape_admission_ask, &ask, body);
		explicit_bzero((char *)(uintptr_t)ask.password, buf_len(&word));
		explicit_bzero((char *)(uintptr_t)ask.code, buf_len(&code));
	}
	buf_wipe(&word);
	buf_wipe(&code);
	return good;
}

struct plea *
plea_new(const struct client *c, const struct session_sign_in *who)
{
	struct arena *memory = arena_new();
	struct plea *p = MEM_NEW(struct plea);

	*p = (struct plea){.tunnel = c->worker->tunnel,
			   .worker = c->worker,
			   .client = c->number,
			   .peer = c->peer,
			   .again = c->pass != NULL,
			   .body = buf_with_cap(BODY_MAX)};
	bool good = put_ask(c, who, memory, &p->body);
	arena_free(memory);
	if (good)
		return p;
	plea_free(p);
	return NULL;
}

void
plea_free(struct plea *p)
{
	buf_wipe(&p->body);
	pass_free(p->pass);
	arena_free(p->memory);
	free(p);
}

/* Control lets somebody in who is not: it has noted that he came. From any thread. */
static void
say_gone(const struct plea *p, const struct pass *pass, const char *why)
{
	struct farewell *f;

	if (p->again)
		return;
	f = MEM_NEW(struct farewell);
	*f =
	    (struct farewell){.tunnel = p->tunnel, .client = p->client, .device = pass->who.device};
	address_ip_text(&p->peer, f->from);
	snprintf(f->why, sizeof f->why, "%s", why);
	farewell_say(f);
}

/* In the worker: what became of it. A client that left meanwhile has a seat to give back. */
static void
arrive(void *arg)
{
	struct plea *p = arg;
	struct client *c = worker_client(p->worker, p->client);

	if (c != NULL)
		client_admitted(c, p);
	else if (p->pass != NULL)
		say_gone(p, p->pass, "it left while it signed in");
	plea_free(p);
}

/* --- the main thread's */

static void
tell(struct plea *p, enum admission_verdict verdict, const char *reason)
{
	p->verdict = verdict;
	snprintf(p->reason, sizeof p->reason, "%s", reason);
	loop_post(p->worker->loop, arrive, p);
}

#define ENDED "this connection has ended"

/* Who lost its place meanwhile is not let in. */
static void
let_in(struct later *l)
{
	struct plea *p = container_of(l, struct plea, later);

	if (seat_find(p->tunnel, p->client) != NULL) {
		tell(p, ADMISSION_DONE, "");
		return;
	}
	say_gone(p, p->pass, ENDED);
	pass_free(p->pass);
	p->pass = NULL;
	tell(p, ADMISSION_REFUSED, ENDED);
}

/* What control says may be of before a change that came meanwhile: then it is asked anew, once
 * there is a seat to be asked about. */
static void
decide(struct plea *p, struct pass *pass)
{
	struct tunnel *t = p->tunnel;
	struct seat *seat = seat_find(t, p->client);
	bool changed = p->changes != t->changes;
	const char *why = ENDED;

	if (seat == NULL && !p->again)
		seat = seat_take(t, p, &pass->who, &why);
	else if (seat != NULL)
		seat->known_since = pass->who.known_since; /* of a newer token, maybe */
	if (seat == NULL) {
		say_gone(p, pass, why);
		pass_free(pass);
		tell(p, ADMISSION_REFUSED, why);
		return;
	}
	pass_complete(pass, t, seat->lease);
	p->pass = pass;
	p->later.go = let_in;
	ways_tell(t, seat, pass);
	ways_wait(t, &p->later);
	if (changed)
		seats_review(t);
}

static void
challenge(struct plea *p, struct span text)
{
	struct outcome o;

	p->memory = arena_new();
	o = shape_read(&shape_admission_challenge, SHAPE_CREATE, text, p->memory, &p->challenge,
		       NULL);
	tell(p, refused(o) ? ADMISSION_LATER : ADMISSION_CODE, LATER);
}

static void
answered(struct ask *a, enum admission_verdict verdict, struct span text)
{
	struct plea *p = container_of(a, struct plea, ask);
	struct pass *pass = verdict == ADMISSION_DONE ? pass_read(text) : NULL;

	p->noted = verdict == ADMISSION_REFUSED;
	if (p->again)
		tidy_note(p->tunnel->tidy);
	if (pass != NULL)
		decide(p, pass);
	else if (verdict == ADMISSION_CODE)
		challenge(p, text);
	else if (verdict == ADMISSION_REFUSED)
		tell(p, verdict, (const char *)text.p);
	else
		tell(p, ADMISSION_LATER, LATER);
}

static void
begin(void *arg)
{
	struct plea *p = arg;

	p->ask.answered = answered;
	p->changes = p->tunnel->changes;
	control_ask(p->tunnel->control, &p->ask, CALL_ADMIT, "", buf_span(&p->body));
}

void
plea_begin(struct plea *p)
{
	loop_post(p->tunnel->loop, begin, p);
}
