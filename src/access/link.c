#include "access/link.h"

#include "access/change.h"
#include "access/password_inner.h"
#include "access/people.h"
#include "access/proof.h"
#include "access/session_inner.h"
#include "store/device.h"

const char *const link_kinds[] = {"setup", "invite", "reset", "profile", NULL};

static const struct link_rule {
	int64_t lifetime_ms, uses;
} rules[] = {
    [LINK_SETUP] = {LINK_SETUP_MS, 1},
    [LINK_INVITE] = {LINK_INVITE_MS, 1},
    [LINK_RESET] = {LINK_RESET_MS, 1},
    [LINK_PROFILE] = {LINK_PROFILE_MS, 2}, /* a client may fetch it twice */
};

static struct outcome
link_is_over(void)
{
	return outcome_new(OUTCOME_UNKNOWN,
			   "there is no such link, or it was used, or is over: ask for another");
}

/* For the first administrator: while there is one already, only he makes others. */
static struct outcome
may_set_up(struct access *a, const struct actor *who)
{
	struct outcome o;
	bool is_open;

	if (who->kind != ACTOR_MACHINE && who->kind != ACTOR_SELF)
		return outcome_new(OUTCOME_FORBIDDEN,
				   "a set-up link is made on this machine's command line");
	if (refused(o = setup_is_open(a, &is_open)) || is_open)
		return o;
	return outcome_new(OUTCOME_TAKEN, "there is an administrator already");
}

static struct outcome
check_device(struct access *a, struct link *l)
{
	struct outcome o;
	struct device d;

	o = access_stored(a, store_device(a->store, l->device, a->memory, &d), "device");
	if (refused(o))
		return o;
	if (d.user != l->user || d.revoked != 0)
		return outcome_new(OUTCOME_UNKNOWN, "%s has no such device", l->user_name);
	l->device_name = d.name;
	return OUTCOME_OK;
}

/* A profile is asked for by its user or who administers him; a password's link by the latter. */
static struct outcome
may_create(struct access *a, const struct actor *who, struct link *l)
{
	struct outcome o;
	struct user u;

	if (l->kind == LINK_SETUP)
		return may_set_up(a, who);
	o = access_stored(a, store_user(a->store, l->user, a->memory, &u), "user");
	if (refused(o))
		return o;
	l->user_name = u.name;
	if (!access_is_good(a, &u))
		return outcome_new(OUTCOME_FORBIDDEN, "%s is disabled, or has expired", u.name);
	if (l->kind != LINK_PROFILE)
		return actor_manages(who, &u);
	if (refused(o = actor_is_or_manages(who, &u)))
		return o;
	return check_device(a, l);
}

static const char *
link_object(const struct access *a, const struct link *l)
{
	const char *kind = link_kinds[l->kind];

	if (l->user_name == NULL)
		return arena_printf(a->memory, "%s link", kind);
	return arena_printf(a->memory, "%s link of %s%s%s", kind, l->user_name,
			    l->device_name != NULL ? "/" : "",
			    l->device_name != NULL ? l->device_name : "");
}

/* The newest of its kind is the one that counts. */
static struct outcome
replace_link(struct access *a, struct link *l)
{
	enum store_result r = store_links_remove(a->store, l->kind, l->user, l->device);

	if (r == STORE_DONE || r == STORE_NONE)
		r = store_link_add(a->store, l);
	return access_stored(a, r, "link");
}

struct outcome
link_create(struct access *a, const struct actor *who, enum link_kind kind, int64_t user,
	    int64_t device, struct link *out, char token[SECRET_TEXT])
{
	bool is_of_device = kind == LINK_PROFILE;
	struct outcome o;

	*out = (struct link){
	    .kind = kind,
	    .user = kind == LINK_SETUP ? 0 : user,
	    .device = is_of_device ? device : 0,
	    .made_by = actor_text(a, who),
	    .created = a->now,
	    .expires = a->now + rules[kind].lifetime_ms,
	    .uses_left = rules[kind].uses,
	};
	if (refused(o = may_create(a, who, out)))
		return o;
	if (!secret_new("", token, SECRET_TEXT, out->hash))
		return access_short_of_memory();
	if (refused(o = change_begin(a)))
		return o;
	o = change_end(a, who, replace_link(a, out),
		       &(struct change){.action = "link.add",
					.object = link_object(a, out),
					.event = EVENT_LINK,
					.id = out->id});
	if (refused(o))
		explicit_bzero(token, SECRET_TEXT);
	return o;
}

/* A profile may be fetched once more, for clients that look first, or lose the connection. */
static bool
is_good_still(const struct access *a, const struct link *l)
{
	if (l->uses_left <= 0 || l->expires <= a->now)
		return false;
	return l->used == 0 || (l->kind == LINK_PROFILE && a->now - l->used <= LINK_RETRY_MS);
}

static struct outcome
find_link(struct access *a, struct span token, struct link *out)
{
	uint8_t hash[SECRET_HASH];
	enum store_result r;
	struct user u;

	*out = (struct link){0};
	if (token.len != SECRET_TEXT - 1 || !secret_hash(token, hash))
		return link_is_over();
	r = store_link_by_hash(a->store, hash, a->memory, out);
	if (r == STORE_DONE && !is_good_still(a, out))
		r = STORE_NONE;
	if (r == STORE_DONE && out->user != 0) {
		r = store_user(a->store, out->user, a->memory, &u);
		if (r == STORE_DONE && !access_is_good(a, &u))
			r = STORE_NONE;
	}
	return r == STORE_NONE ? link_is_over() : access_stored(a, r, "link");
}

struct outcome
link_look(struct access *a, struct span token, enum link_kind kind, struct link *out)
{
	struct outcome o = find_link(a, token, out);

	return refused(o) || out->kind == (int)kind ? o : link_is_over();
}

struct outcome
link_use(struct access *a, const struct link *l)
{
	enum store_result r = STORE_CHANGED;

	if (is_good_still(a, l))
		r = store_link_use(a->store, l->id, a->now);
	if (r == STORE_CHANGED || r == STORE_NONE)
		return link_is_over();
	if (r == STORE_DONE && a->pending == NULL && a->happened != NULL)
		a->happened(a->owner, EVENT_LINK, l->id);
	return access_stored(a, r, "link");
}

struct outcome
link_revoke(struct access *a, const struct actor *who, const struct link *l)
{
	struct user u = {.role = USER_ROLE_ADMIN}; /* a set-up link is administrators' matter */
	struct outcome o = OUTCOME_OK;

	if (l->user != 0)
		o = access_stored(a, store_user(a->store, l->user, a->memory, &u), "user");
	if (!refused(o))
		o = l->kind == LINK_PROFILE ? actor_is_or_manages(who, &u) : actor_manages(who, &u);
	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_link_remove(a->store, l->id), "link");
	return change_end(a, who, o,
			  &(struct change){.action = "link.revoke",
					   .object = link_object(a, l),
					   .event = EVENT_LINK,
					   .id = l->id});
}

struct outcome
link_set_password(struct access *a, struct span token, struct span password,
		  const struct address *from, struct user *out)
{
	char encoded[PASSWORD_ENCODED_MAX];
	struct outcome o;
	struct link l;

	if (refused(o = find_link(a, token, &l)))
		return o;
	if (l.kind != LINK_INVITE && l.kind != LINK_RESET)
		return link_is_over();
	o = access_stored(a, store_user(a->store, l.user, a->memory, out), "user");
	if (refused(o) || refused(o = password_encode(a, password, out->name, encoded)) ||
	    refused(o = change_begin(a)))
		return o;
	struct actor who = signin_actor(out, from);
	if (!refused(o = link_use(a, &l)))
		o = password_store(a, out, encoded, 0);
	change_also(a, EVENT_LINK, l.id);
	return change_end(
	    a, &who, o,
	    &(struct change){.action = "password.set",
			     .object = change_object(a, "user", out->name),
			     .note = proof_note(a, "by", link_kinds[l.kind], NULL, NULL),
			     .event = EVENT_USER,
			     .id = out->id});
}

static bool
was_just_used(struct access *a, struct span token, struct link *out)
{
	uint8_t hash[SECRET_HASH];

	return token.len == SECRET_TEXT - 1 && secret_hash(token, hash) &&
	       store_link_by_hash(a->store, hash, a->memory, out) == STORE_DONE && out->used != 0 &&
	       a->now - out->used <= LINK_RETRY_MS;
}

/* Whose password was chosen by it: of a set-up link, the administrator who was made with its use.
 */
static bool
find_chooser(struct access *a, const struct link *l, struct span name, struct user *out)
{
	if (l->kind == LINK_PROFILE)
		return false;
	if (l->kind != LINK_SETUP)
		return store_user(a->store, l->user, a->memory, out) == STORE_DONE;
	return !refused(user_find(a, arena_copy(a->memory, name), out)) && out->created == l->used;
}

bool
link_sent_again(struct access *a, struct span token, struct signin *s, struct user *out)
{
	struct outcome o;
	struct link l;

	if (!was_just_used(a, token, &l) || !find_chooser(a, &l, s->name, out))
		return false;
	s->name = span_str(out->name);
	o = signin_check(a, s, out);
	/* For the page after a password that is enough; the set-up link gives a session besides. */
	return !refused(o) || (l.kind != LINK_SETUP && signin_needs_code(o));
}
