#include "access/signin.h"

#include "access/alerts.h"
#include "access/change.h"
#include "access/guard.h"
#include "access/people.h"
#include "access/proof.h"
#include "access/session_inner.h"
#include "base/log.h"
#include "tls/password.h"

/* Which of them it is, is for the administrator alone: the caller does all the same for each. */
static bool
find_failure(const struct access *a, const struct proof *p, bool is_right, enum failure *out)
{
	if (!p->is_known)
		*out = FAILURE_UNKNOWN;
	else if (p->secret.password == NULL)
		*out = FAILURE_NO_PASSWORD;
	else if (!is_right)
		*out = FAILURE_PASSWORD;
	else
		return proof_is_kept_out(a, &p->user, out);
	return true;
}

/* He is told by whom he has to be let in again; who is shut out learns nothing of the account. */
static struct outcome
note_shut_out(struct access *a, const struct signin *s, const struct proof *p, struct outcome o)
{
	char address[ADDRESS_TEXT_MAX];
	struct refusal r = {
	    .where = s->where,
	    .user = p->account,
	    .reason = "Too many attempts failed, or there is a ban",
	};

	if (o.kind != OUTCOME_TOO_OFTEN)
		return o;
	if (s->from.family != 0)
		r.address = address_ip_text(&s->from, address);
	r.remedy = guard_remedy(a, p->account, &s->from);
	refusal_note(a, &r);
	return o;
}

/* While the password is known it can be kept at today's cost. */
static void
raise_cost(struct access *a, const struct proof *p, struct span password)
{
	char encoded[PASSWORD_ENCODED_MAX];

	if (!password_is_weak_form(p->secret.password, a->cost) ||
	    !password_hash(password, a->cost, encoded))
		return;
	enum store_result r =
	    store_user_raise_password(a->store, p->user.id, p->secret.password, encoded);
	if (r != STORE_DONE && r != STORE_CHANGED) /* he has another one since */
		log_warn("the password of %s keeps its old cost", p->user.name);
}

static const char code_needed[] = "code_needed";

/* What follows a right password: the code, where he has set that up or it is asked of him. */
static struct outcome
check_factor(struct access *a, const struct signin *s, const struct proof *p)
{
	struct user_policy policy;
	enum factor factor;
	struct outcome o = proof_code(a, p, s->code, &factor);

	if (refused(o) || factor == FACTOR_RIGHT)
		return o;
	if (factor == FACTOR_WRONG || factor == FACTOR_USED)
		return proof_failed(a, s, p, "signin.fail",
				    factor == FACTOR_USED ? FAILURE_CODE_USED : FAILURE_CODE);
	if (factor == FACTOR_MISSING) {
		return outcome_typed(OUTCOME_STRANGER, code_needed,
				     "a one-time code is needed as well");
	}
	/* On the web he can set them up: until then session_actor() lets him do nothing else. */
	if (refused(o = policy_of_user(a, &p->user, &policy)) || policy.totp_required != 1 ||
	    strcmp(s->where, "web") == 0)
		return o;
	return outcome_typed(OUTCOME_FORBIDDEN, "totp_setup_needed",
			     "set up one-time codes in the portal first");
}

/* Remembers where a user signs in from; `tells`: and who has to know of a new place. */
static void
remember_network(struct access *a, const struct user *u, const struct address *from, bool tells)
{
	const char *network = guard_network(a, from);
	char address[ADDRESS_TEXT_MAX];
	bool is_new = false;

	if (network[0] == '\0' ||
	    store_network_is_new(a->store, u->id, network, a->now, &is_new) != STORE_DONE)
		return;
	if (is_new && tells && u->role == USER_ROLE_ADMIN)
		alert_raise(
		    a, ALERT_ADMIN_NEW_NETWORK,
		    arena_printf(a->memory, "%s signed in from %s for the first time", u->name,
				 network),
		    arena_printf(a->memory, "The address was %s.", address_ip_text(from, address)));
}

static struct outcome
check(struct access *a, const struct signin *s, struct proof *p)
{
	struct outcome o = proof_load(a, s->name, p);
	enum failure why;

	if (refused(o))
		return o;
	if (refused(o = guard_admits(a, p->account, &s->from)))
		return note_shut_out(a, s, p, o);
	bool is_right = s->proven || proof_password(p, s->password);
	if (find_failure(a, p, is_right, &why))
		return proof_failed(a, s, p, "signin.fail", why);
	if (refused(o = check_factor(a, s, p)))
		return o;
	o = access_stored(a, store_user_seen(a->store, p->user.id, a->now), "user");
	if (refused(o))
		return o;
	guard_succeeded(a, p->account, &s->from);
	if (!s->proven)
		raise_cost(a, p, s->password);
	return OUTCOME_OK;
}

bool
signin_needs_code(struct outcome o)
{
	return o.kind == OUTCOME_STRANGER && o.type != NULL && strcmp(o.type, code_needed) == 0;
}

struct actor
signin_actor(const struct user *u, const struct address *from)
{
	return (struct actor){.kind = ACTOR_USER,
			      .level = access_level_of(u->role),
			      .user = u->id,
			      .name = u->name,
			      .from = *from};
}

struct outcome
signin_check(struct access *a, const struct signin *s, struct user *out)
{
	struct proof p;
	struct outcome o = check(a, s, &p);

	if (refused(o))
		return o;
	*out = p.user;
	remember_network(a, out, &s->from, true);
	return OUTCOME_OK;
}

struct outcome
session_begin(struct access *a, const struct signin *s, struct session *out, struct user *user,
	      char token[SECRET_TEXT])
{
	struct proof p;
	struct outcome o = check(a, s, &p);

	if (refused(o))
		return o;
	struct actor who = signin_actor(&p.user, &s->from);
	o = session_make(a, &who, &p.user, s, &p, 0, out, token);
	if (refused(o))
		return o;
	remember_network(a, &p.user, &s->from, true);
	*user = p.user;
	return OUTCOME_OK;
}

struct outcome
session_grant(struct access *a, const struct actor *who, const struct user *u,
	      const struct signin *s, int64_t free_until, struct session *out,
	      char token[SECRET_TEXT])
{
	struct outcome o = access_stored(a, store_user_seen(a->store, u->id, a->now), "user");

	if (!refused(o))
		o = session_make(a, who, u, s, NULL, free_until, out, token);
	if (!refused(o))
		remember_network(a, u, &s->from, false);
	return o;
}
