#include "serve/auth.h"

#include <stdlib.h>

#include "base/text.h"
#include "serve/admit.h"
#include "serve/authorization.h"
#include "serve/passwords.h"

#define BUSY_MS       2000
#define USER_LOGGED   64 /* bytes of a name that may be anything */
#define USER_TEXT_MAX (4 * USER_LOGGED + 8)

/* An exchange whose password is being compared. */
struct auth {
	struct password_waiter waiter;
	const struct serve *serve;
	struct exchange *ex;
	const struct policy_set *set;
	struct auth_then then;
	struct buf body; /* what came of it so far */
	bool body_ended;
	bool expects_continue;
	struct span user;
};

static void
challenge(struct exchange *ex, const struct policy_set *set)
{
	const struct field field = {SPAN_OF("www-authenticate"), set->challenge};

	exchange_respond_page(ex, 401, &field, 1);
}

/* For whoever watches the log: what was tried, never the password. */
static void
log_wrong(const struct serve *s, const struct exchange *ex, const struct site *site,
	  struct span user)
{
	struct buf text = buf_with_cap(USER_TEXT_MAX);
	char peer[ADDRESS_TEXT_MAX];

	if (s->log != NULL && text_put_escaped(&text, user, USER_LOGGED, false) &&
	    buf_byte(&text, '\0'))
		log_peer(s->log, "%s: wrong password for \"%s\" from %s", site->names[0],
			 (const char *)buf_span(&text).p, address_ip_text(ex->who, peer));
	buf_free(&text);
}

static void
keep_body(struct exchange *ex, struct span bytes, bool last)
{
	struct auth *a = ex->handling;

	a->body_ended = last;
	if (!buf_append(&a->body, bytes))
		exchange_abort(ex);
}

static const struct handler_ops waiting_ops = {.body = keep_body};

static void
forget(void *arg)
{
	struct auth *a = arg;

	list_remove(&a->waiter.link);
	buf_free(&a->body);
	free(a);
}

static bool
wants_body(const struct exchange *ex)
{
	return !ex->answered && ex->handler != NULL && ex->handler->body != NULL;
}

/* What the handler would have been given by the protocol, had it been there from the start. */
static void
give_body(struct auth *a, struct exchange *ex)
{
	if (!wants_body(ex))
		return;
	if (ex->request.expects_continue && ex->status == 0)
		exchange_interim(ex, 100, NULL, 0);
	if (buf_len(&a->body) > 0 || a->body_ended)
		ex->handler->body(ex, buf_span(&a->body), a->body_ended);
	buf_free(&a->body);
}

static void
hand_on(struct auth *a)
{
	struct exchange *ex = a->ex;

	ex->request.expects_continue = a->expects_continue;
	a->then.serve(a->serve, ex, a->then.site, a->then.route);
	give_body(a, ex);
}

static void
told(struct password_waiter *w, bool right)
{
	struct auth *a = container_of(w, struct auth, waiter);
	struct exchange *ex = a->ex;

	if (!right)
		log_wrong(a->serve, ex, a->then.site, a->user);
	/* The protocol may have answered meanwhile: to a body that is too long, say. */
	if (ex->status != 0)
		return;
	exchange_hold(ex);
	ex->handler = NULL;
	ex->handling = NULL;
	if (right) {
		ex->user = a->user;
		hand_on(a);
	} else {
		challenge(ex, a->set);
	}
	exchange_release(ex);
}

static struct auth *
auth_new(const struct serve *s, struct exchange *ex, const struct policy_set *set,
	 const struct auth_then *then, struct span user)
{
	struct auth *a = MEM_NEW(struct auth);

	*a = (struct auth){.waiter = {.told = told},
			   .serve = s,
			   .ex = ex,
			   .set = set,
			   .then = *then,
			   .body = buf_with_cap(EXCHANGE_WINDOW),
			   .expects_continue = ex->request.expects_continue,
			   .user = span_of(arena_copy(ex->memory, user), user.len)};
	arena_defer(ex->memory, forget, a);
	return a;
}

/* The body is kept as far as the window goes; nobody is told to send it before that. */
static void
ask(const struct serve *s, struct exchange *ex, const struct policy_set *set,
    const struct password_claim *claim, const struct auth_then *then)
{
	struct auth *a = auth_new(s, ex, set, then, claim->user);
	uint64_t wait;

	switch (passwords_ask(s->passwords, claim, ex->began_ms, &a->waiter, &wait)) {
	case PASSWORD_WAIT:
		ex->handler = &waiting_ops;
		ex->handling = a;
		ex->request.expects_continue = false;
		break;
	case PASSWORD_WRONG:
		challenge(ex, set);
		break;
	case PASSWORD_BUSY:
		admit_later(ex, 503, BUSY_MS);
		break;
	case PASSWORD_LATER:
		admit_later(ex, 429, wait);
		break;
	}
}

static bool
verify(const struct serve *s, struct exchange *ex, const struct policy_set *set,
       const struct credentials *c, const struct auth_then *then)
{
	struct password_claim claim = {.accounts = set->accounts,
				       .account_count = set->account_count,
				       .user = c->user,
				       .password = c->password,
				       .who = ex->who};

	if (passwords_recall(s->passwords, &claim, ex->began_ms)) {
		ex->user = span_of(arena_copy(ex->memory, c->user), c->user.len);
		return true;
	}
	ask(s, ex, set, &claim, then);
	return false;
}

bool
auth_passes(const struct serve *s, struct exchange *ex, const struct policy_set *set,
	    const struct auth_then *then)
{
	const struct span *value = request_field(&ex->request, SPAN_OF("authorization"));
	struct credentials c;
	bool passes = false;

	if (value == NULL) {
		challenge(ex, set);
		return false;
	}
	if (authorization_basic(*value, &c))
		passes = verify(s, ex, set, &c, then);
	else
		challenge(ex, set);
	explicit_bzero(&c, sizeof c);
	return passes;
}
