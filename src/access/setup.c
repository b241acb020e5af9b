/* The first administrator. */
#include "access/change.h"
#include "access/link.h"
#include "access/password_inner.h"
#include "access/people.h"
#include "access/session_inner.h"

struct outcome
setup_is_open(struct access *a, bool *open)
{
	int64_t count = 0;
	struct outcome o =
	    access_stored(a, store_user_count(a->store, USER_ROLE_ADMIN, a->now, &count), "users");

	*open = !refused(o) && count == 0;
	return o;
}

/* Inside the transaction: of two who come with the link at the same time, one is too late. */
static struct outcome
make_first(struct access *a, const struct link *l, struct user *u, const char *encoded)
{
	struct outcome o;
	bool is_open;

	if (refused(o = setup_is_open(a, &is_open)))
		return o;
	if (!is_open)
		return outcome_new(OUTCOME_TAKEN, "there is an administrator already");
	if (refused(o = link_use(a, l)))
		return o;
	o = access_stored(a, store_user_add(a->store, u), "user");
	if (o.kind == OUTCOME_TAKEN)
		return outcome_field(OUTCOME_TAKEN, "name", "there is a user %s already", u->name);
	if (refused(o))
		return o;
	return access_stored(a, store_user_set_password(a->store, u->id, encoded, a->now), "user");
}

static struct outcome
take_first(const struct access *a, struct user *u)
{
	const char *name = arena_lower(a->memory, span_str(u->name != NULL ? u->name : ""));
	const char *why = people_check_name(name);

	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "name", "the name %s", why);
	u->name = name;
	u->role = USER_ROLE_ADMIN;
	u->enabled = true;
	u->expires = 0;
	u->group = 0;
	u->group_name = NULL;
	u->created = a->now;
	return OUTCOME_OK;
}

static struct outcome
finish(struct access *a, const struct link *l, struct user *u, const char *encoded,
       const struct address *from)
{
	struct actor who = signin_actor(u, from);
	struct outcome o = change_begin(a);

	if (refused(o))
		return o;
	o = make_first(a, l, u, encoded);
	change_also(a, EVENT_LINK, l->id);
	return change_end(a, &who, o,
			  &(struct change){.action = "setup",
					   .object = change_object(a, "user", u->name),
					   .shape = &shape_user,
					   .after = u,
					   .event = EVENT_USER,
					   .id = u->id});
}

struct outcome
setup_finish(struct access *a, struct span token, struct user *u, struct span password,
	     const struct address *from, const char *agent, struct session *session,
	     char cookie[SECRET_TEXT])
{
	struct signin s = {.where = "web", .from = *from, .agent = agent};
	char encoded[PASSWORD_ENCODED_MAX];
	struct outcome o;
	struct link l;
	bool is_open;

	if (refused(o = link_look(a, token, LINK_SETUP, &l)) ||
	    refused(o = setup_is_open(a, &is_open)))
		return o;
	if (!is_open)
		return outcome_new(OUTCOME_TAKEN, "there is an administrator already");
	if (refused(o = take_first(a, u)) ||
	    refused(o = password_encode(a, password, u->name, encoded)) ||
	    refused(o = finish(a, &l, u, encoded, from)))
		return o;
	struct actor who = signin_actor(u, from);
	return session_grant(a, &who, u, &s, a->now + CONSOLE_FREE_MS, session, cookie);
}

struct outcome
setup_again(struct access *a, struct span token, struct user *u, struct span password,
	    const struct address *from, const char *agent, struct session *session,
	    char cookie[SECRET_TEXT])
{
	struct signin s = {.where = "web",
			   .name = span_str(u->name != NULL ? u->name : ""),
			   .password = password,
			   .from = *from,
			   .agent = agent};
	struct user found;

	if (!link_sent_again(a, token, &s, &found))
		return outcome_new(OUTCOME_UNKNOWN, "there is an administrator already");
	*u = found;
	struct actor who = signin_actor(u, from);
	return session_grant(a, &who, u, &s, a->now + CONSOLE_FREE_MS, session, cookie);
}
