#include "access/change.h"
#include "access/guard.h"
#include "access/people.h"
#include "access/proof.h"
#include "access/session_inner.h"
#include "base/encode.h"
#include "tls/digest.h"

#define SEEN_EVERY_MS   MINUTE_MS
#define AGENT_MAX       200
#define SESSION_LONGEST (366 * DAY_MS) /* where policy says that there is no end */

static struct outcome
session_is_over(void)
{
	return outcome_new(OUTCOME_STRANGER,
			   "sign in first: there is no such session, or it is over");
}

static int64_t
end_of(const struct access *a, const struct user_policy *policy)
{
	int64_t minutes = policy->session_minutes;

	return a->now + (minutes > 0 ? minutes * MINUTE_MS : SESSION_LONGEST);
}

struct outcome
session_make(struct access *a, const struct actor *who, const struct user *u,
	     const struct signin *s, const struct proof *shown, int64_t free_until,
	     struct session *out, char token[SECRET_TEXT])
{
	struct user_policy policy;
	struct outcome o = policy_of_user(a, u, &policy);

	if (refused(o))
		return o;
	*out = (struct session){
	    .user = u->id,
	    .user_name = u->name,
	    .from = s->from,
	    .agent = access_plain(a, s->agent, AGENT_MAX),
	    .created = a->now,
	    .seen = a->now,
	    .proved = a->now,
	    .expires = end_of(a, &policy),
	    .free_until = free_until,
	};
	if (!secret_new("", token, SECRET_TEXT, out->hash))
		return access_short_of_memory();
	if (refused(o = change_begin(a)))
		return o;
	if (shown != NULL)
		o = proof_holds(a, shown);
	if (!refused(o))
		o = access_stored(a, store_session_add(a->store, out), "session");
	o = change_end(
	    a, who, o,
	    &(struct change){.action = "session.begin",
			     .object = change_object(a, "user", u->name),
			     .note = proof_note(a, "where", s->where, "agent", out->agent),
			     .event = EVENT_SESSION,
			     .id = out->id});
	if (refused(o))
		explicit_bzero(token, SECRET_TEXT);
	return o;
}

struct outcome
session_level(struct access *a, const struct user *u, enum access_level *out)
{
	struct user_policy policy;
	struct outcome o;

	*out = access_level_of(u->role);
	if (*out <= LEVEL_SELF || u->has_totp)
		return OUTCOME_OK;
	if (refused(o = policy_of_user(a, u, &policy)))
		return o;
	if (policy.totp_required == 1)
		*out = LEVEL_SELF;
	return OUTCOME_OK;
}

static bool
is_alive(const struct access *a, const struct session *s)
{
	return s->expires > a->now && a->now - s->seen <= SESSION_IDLE_MS;
}

/* A write that fails is no reason to turn him away: what he asks for says so itself. */
static void
note_seen(struct access *a, struct session *s)
{
	if (a->now - s->seen < SEEN_EVERY_MS && s->seen <= a->now)
		return;
	if (store_session_seen(a->store, s->id, a->now) == STORE_DONE)
		s->seen = a->now;
}

static struct outcome
find_session(struct access *a, struct span token, struct session *out)
{
	uint8_t hash[SECRET_HASH];
	enum store_result r;

	if (token.len != SECRET_TEXT - 1 || !secret_hash(token, hash))
		return session_is_over();
	r = store_session_by_hash(a->store, hash, a->memory, out);
	if (r == STORE_NONE)
		return session_is_over();
	if (r != STORE_DONE)
		return access_stored(a, r, "session");
	return is_alive(a, out) ? OUTCOME_OK : session_is_over();
}

struct outcome
session_actor(struct access *a, struct span token, const struct address *from, struct actor *out,
	      struct session *session)
{
	struct outcome o = find_session(a, token, session);
	enum store_result r;
	struct user u;

	if (refused(o))
		return o;
	r = store_user(a->store, session->user, a->memory, &u);
	if (r == STORE_NONE || (r == STORE_DONE && !access_is_good(a, &u)))
		return session_is_over();
	if (r != STORE_DONE)
		return access_stored(a, r, "user");
	if (refused(o = guard_keeps(a, u.name, from)))
		return o;
	*out = signin_actor(&u, from);
	out->session = session->id;
	out->proved = session->proved;
	if (refused(o = session_level(a, &u, &out->level)))
		return o;
	note_seen(a, session);
	return OUTCOME_OK;
}

/* Only who has the session's token can make it, and it does not give the token away. */
bool
session_csrf(struct span token, char out[SECRET_TEXT])
{
	const struct span label = SPAN_OF("csrf");
	uint8_t mac[DIGEST_SIZE];

	if (!digest_keyed(token, &label, 1, mac))
		return false;
	base64url_write(span_of(mac, sizeof mac), out);
	return true;
}

struct outcome
session_prove(struct access *a, const struct actor *who, struct span password)
{
	struct signin s = {.where = "web", .from = who->from};
	struct outcome o;
	struct proof p;

	if (who->kind != ACTOR_USER || who->session == 0)
		return outcome_new(OUTCOME_FORBIDDEN, "only who has signed in on the web can");
	s.name = span_str(who->name);
	if (refused(o = proof_load(a, s.name, &p)) ||
	    refused(o = guard_admits(a, p.account, &who->from)))
		return o;
	if (!proof_password(&p, password)) {
		o = proof_failed(a, &s, &p, "session.prove_fail", FAILURE_PASSWORD);
		return o.kind == OUTCOME_STRANGER
			   ? outcome_field(OUTCOME_INVALID, "password", "the password is wrong")
			   : o;
	}
	guard_succeeded(a, p.account, &who->from);
	return access_stored(a, store_session_proved(a->store, who->session, a->now), "session");
}

static struct outcome
load_owner(struct access *a, int64_t id, struct user *out)
{
	return access_stored(a, store_user(a->store, id, a->memory, out), "user");
}

struct outcome
session_end(struct access *a, const struct actor *who, const struct session *s)
{
	struct outcome o;
	struct user u;

	if (refused(o = load_owner(a, s->user, &u)) || refused(o = actor_is_or_manages(who, &u)) ||
	    refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_session_remove(a->store, s->id), "session");
	return change_end(a, who, o,
			  &(struct change){.action = "session.end",
					   .object = change_object(a, "user", u.name),
					   .event = EVENT_SESSION,
					   .id = s->id});
}

static struct session_end
end_now(const struct access *a)
{
	return (struct session_end){.now = a->now, .idle = a->now - SESSION_IDLE_MS};
}

struct outcome
sessions_list(struct access *a, const struct page *page, int64_t user, struct session_list *out)
{
	const struct session_end end = end_now(a);

	return access_stored(a, store_sessions(a->store, page, user, &end, a->memory, out),
			     "sessions");
}

struct outcome
sessions_count(struct access *a, int64_t *out)
{
	const struct session_end end = end_now(a);

	return access_stored(a, store_session_count(a->store, &end, out), "sessions");
}

struct outcome
sessions_sweep(struct access *a)
{
	const struct session_end end = end_now(a);

	return access_stored(a, store_sessions_sweep(a->store, &end), "sessions");
}

struct outcome
session_find(struct access *a, int64_t user, int64_t id, struct session *out)
{
	enum store_result r = store_session(a->store, id, a->memory, out);

	if (r == STORE_DONE && ((user != 0 && out->user != user) || !is_alive(a, out)))
		r = STORE_NONE;
	if (r == STORE_NONE)
		return outcome_new(OUTCOME_UNKNOWN,
				   "there is no session of that number, or it has ended");
	return access_stored(a, r, "session");
}

struct outcome
sessions_end(struct access *a, const struct actor *who, const struct user *u, int64_t *count)
{
	int64_t own = who->user == u->id ? who->session : 0, ended = 0;
	struct outcome o = actor_is_or_manages(who, u);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_sessions_end(a->store, u->id, own, &ended), "sessions");
	o = change_end(
	    a, who, o,
	    &(struct change){.action = "session.end_all",
			     .object = change_object(a, "user", u->name),
			     .note = arena_printf(a->memory, "{\"ended\":%lld}", (long long)ended),
			     .event = EVENT_SESSION});
	if (count != NULL)
		*count = ended;
	return o;
}
