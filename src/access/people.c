#include "access/people.h"

#include "access/change.h"
#include "access/password_inner.h"
#include "base/text.h"

/* The number of "#ID"; 0: it is a name. */
static int64_t
id_of(const char *word)
{
	uint64_t id;

	if (word[0] == '#' && text_to_u64(span_str(word + 1), INT64_MAX, &id))
		return (int64_t)id;
	return 0;
}

struct outcome
user_find(struct access *a, const char *word, struct user *out)
{
	int64_t id = id_of(word);
	const char *name = arena_lower(a->memory, span_str(word));
	enum store_result r = id > 0 ? store_user(a->store, id, a->memory, out)
				     : store_user_by_name(a->store, name, a->memory, out);

	return access_stored(a, r, change_object(a, "user", access_plain(a, word, 64)));
}

struct outcome
group_find(struct access *a, const char *word, struct group *out)
{
	int64_t id = id_of(word);
	const char *name = arena_lower(a->memory, span_str(word));
	enum store_result r = id > 0 ? store_group(a->store, id, a->memory, out)
				     : store_group_by_name(a->store, name, a->memory, out);

	return access_stored(a, r, change_object(a, "group", access_plain(a, word, 64)));
}

/* Folds it, and says why it cannot be taken. */
static struct outcome
take_name(const struct access *a, const char **name)
{
	const char *folded = arena_lower(a->memory, span_str(*name != NULL ? *name : ""));
	const char *why = people_check_name(folded);

	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "name", "the name %s", why);
	*name = folded;
	return OUTCOME_OK;
}

/* By u->group_name, inside the transaction: a group that goes meanwhile is not joined. */
static struct outcome
join_group(struct access *a, struct user *u)
{
	struct outcome o;
	struct group g;

	u->group = 0;
	if (u->group_name == NULL)
		return OUTCOME_OK;
	o = group_find(a, u->group_name, &g);
	if (o.kind == OUTCOME_UNKNOWN)
		return outcome_field(OUTCOME_INVALID, "group", "%s", o.text);
	if (refused(o))
		return o;
	u->group = g.id;
	u->group_name = g.name;
	return OUTCOME_OK;
}

/* Inside the transaction. */
static struct outcome
store_new(struct access *a, struct user *u)
{
	struct outcome o = join_group(a, u);

	u->created = a->now;
	if (!refused(o))
		o = access_stored(a, store_user_add(a->store, u),
				  change_object(a, "user", u->name));
	if (o.kind == OUTCOME_TAKEN)
		o = outcome_field(OUTCOME_TAKEN, "name", "there is a user %s already", u->name);
	return o;
}

static struct change
change_of_new(const struct access *a, const struct user *u)
{
	return (struct change){.action = "user.add",
			       .object = change_object(a, "user", u->name),
			       .shape = &shape_user,
			       .after = u,
			       .event = EVENT_USER,
			       .id = u->id};
}

struct outcome
user_add(struct access *a, const struct actor *who, struct user *u)
{
	struct change what;
	struct outcome o;

	if (refused(o = actor_manages(who, u)) || refused(o = take_name(a, &u->name)) ||
	    refused(o = change_begin(a)))
		return o;
	if (!refused(o = store_new(a, u)))
		o = user_find(a, u->name, u);
	what = change_of_new(a, u);
	return change_end(a, who, o, &what);
}

static struct outcome
add_noted(struct access *a, const struct actor *who, struct user *u)
{
	struct outcome o = store_new(a, u);

	if (refused(o))
		return o;
	struct change what = change_of_new(a, u);
	return change_row(a, who, &what);
}

struct outcome
users_add(struct access *a, const struct actor *who, struct user *users, size_t count)
{
	struct outcome o = OUTCOME_OK;

	for (size_t i = 0; i < count && !refused(o); i++)
		if (!refused(o = actor_manages(who, &users[i])))
			o = take_name(a, &users[i].name);
	if (refused(o) || count == 0 || refused(o = change_begin(a)))
		return o;
	for (size_t i = 0; i < count && !refused(o); i++)
		o = add_noted(a, who, &users[i]);
	return change_end(
	    a, who, o,
	    &(struct change){.action = "user.import",
			     .object = "users",
			     .note = arena_printf(a->memory, "{\"added\":%zu}", count),
			     .event = EVENT_USER});
}

/* What a user may change of himself is what he is called and his mail address. */
static bool
is_own_matter(const struct user *before, const struct user *after)
{
	const struct user_policy *p = &before->policy, *q = &after->policy;

	return before->role == after->role && before->enabled == after->enabled &&
	       before->expires == after->expires &&
	       text_equal(before->group_name, after->group_name) &&
	       text_equal(before->comment, after->comment) &&
	       p->totp_required == q->totp_required && p->devices_max == q->devices_max &&
	       p->connections_max == q->connections_max &&
	       p->session_minutes == q->session_minutes && p->tunnel == q->tunnel &&
	       p->client_to_client == q->client_to_client && p->dns == q->dns;
}

static struct outcome
may_change(const struct actor *who, const struct user *before, const struct user *after)
{
	struct outcome o = actor_manages(who, before);

	if (!refused(o))
		o = actor_manages(who, after);
	if (refused(o) && who->user == before->id && is_own_matter(before, after))
		return actor_is_or_manages(who, before);
	return o;
}

/*
 * Inside the transaction, after the change: whether somebody is left who can administer all
 * this, also once `until` (0: never) has come.
 */
static struct outcome
keeps_an_administrator(struct access *a, const struct actor *who, const struct user *before,
		       int64_t until)
{
	int64_t when = until > a->now ? until : a->now, left;

	if (who->kind == ACTOR_MACHINE || before->role != USER_ROLE_ADMIN ||
	    !access_is_good(a, before))
		return OUTCOME_OK;
	struct outcome o =
	    access_stored(a, store_user_count(a->store, USER_ROLE_ADMIN, when, &left), "user");
	if (refused(o) || left > 0)
		return o;
	return outcome_new(OUTCOME_FORBIDDEN,
			   "%s is the last administrator: make another one first", before->name);
}

static struct outcome
store_change(struct access *a, const struct actor *who, const struct user *before,
	     struct user *after)
{
	struct outcome o = join_group(a, after);

	if (!refused(o))
		o = access_stored(a, store_user_change(a->store, after),
				  change_object(a, "user", before->name));
	if (!refused(o))
		o = keeps_an_administrator(a, who, before, after->expires);
	/* Whoever could make such a link may not administer him from now on. */
	if (!refused(o) && after->role > before->role)
		o = password_void_links(a, before);
	if (!refused(o) && !access_is_good(a, after)) {
		o = access_stored(a, store_sessions_end(a->store, after->id, 0, NULL), "sessions");
		change_also(a, EVENT_SESSION, 0);
	}
	return o;
}

struct outcome
user_change(struct access *a, const struct actor *who, const struct user *before,
	    struct user *after)
{
	struct outcome o = may_change(who, before, after);

	if (refused(o))
		return o;
	if (!text_equal(before->name, after->name))
		return outcome_field(OUTCOME_INVALID, "name", "a user's name stays as it is");
	if (refused(o = change_begin(a)))
		return o;
	after->id = before->id;
	after->version = before->version;
	if (!refused(o = store_change(a, who, before, after)))
		o = user_find(a, after->name, after);
	return change_end(a, who, o,
			  &(struct change){.action = "user.change",
					   .object = change_object(a, "user", before->name),
					   .shape = &shape_user,
					   .before = before,
					   .after = after,
					   .event = EVENT_USER,
					   .id = before->id});
}

struct outcome
user_remove(struct access *a, const struct actor *who, const struct user *u)
{
	const char *what = change_object(a, "user", u->name);
	struct outcome o = actor_manages(who, u);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_user_remove(a->store, u->id, u->version), what);
	if (!refused(o))
		o = keeps_an_administrator(a, who, u, 0);
	change_also(a, EVENT_SESSION, 0);
	change_also(a, EVENT_DEVICE, 0);
	return change_end(a, who, o,
			  &(struct change){.action = "user.remove",
					   .object = what,
					   .shape = &shape_user,
					   .before = u,
					   .event = EVENT_USER,
					   .id = u->id});
}

/* --- groups */

/* Groups carry rules: who may change them could give himself anything. */
static struct outcome
may_change_groups(const struct actor *who)
{
	if (who->level >= LEVEL_ADMIN)
		return OUTCOME_OK;
	return outcome_new(OUTCOME_FORBIDDEN, "only administrators may change groups");
}

struct outcome
group_add(struct access *a, const struct actor *who, struct group *g)
{
	struct outcome o;

	if (refused(o = may_change_groups(who)) || refused(o = take_name(a, &g->name)) ||
	    refused(o = change_begin(a)))
		return o;
	g->created = a->now;
	o = access_stored(a, store_group_add(a->store, g), change_object(a, "group", g->name));
	if (o.kind == OUTCOME_TAKEN)
		o = outcome_field(OUTCOME_TAKEN, "name", "there is a group %s already", g->name);
	if (!refused(o))
		o = group_find(a, g->name, g);
	return change_end(a, who, o,
			  &(struct change){.action = "group.add",
					   .object = change_object(a, "group", g->name),
					   .shape = &shape_group,
					   .after = g,
					   .event = EVENT_GROUP,
					   .id = g->id});
}

struct outcome
group_change(struct access *a, const struct actor *who, const struct group *before,
	     struct group *after)
{
	struct outcome o;

	if (refused(o = may_change_groups(who)) || refused(o = take_name(a, &after->name)) ||
	    refused(o = change_begin(a)))
		return o;
	after->id = before->id;
	after->version = before->version;
	o = access_stored(a, store_group_change(a->store, after),
			  change_object(a, "group", before->name));
	if (o.kind == OUTCOME_TAKEN)
		o = outcome_field(OUTCOME_TAKEN, "name", "there is a group %s already",
				  after->name);
	if (!refused(o))
		o = group_find(a, after->name, after);
	return change_end(a, who, o,
			  &(struct change){.action = "group.change",
					   .object = change_object(a, "group", before->name),
					   .shape = &shape_group,
					   .before = before,
					   .after = after,
					   .event = EVENT_GROUP,
					   .id = before->id});
}

struct outcome
group_remove(struct access *a, const struct actor *who, const struct group *g)
{
	const char *what = change_object(a, "group", g->name);
	struct outcome o = may_change_groups(who);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_group_remove(a->store, g->id, g->version), what);
	if (o.kind == OUTCOME_TAKEN)
		o = outcome_new(OUTCOME_TAKEN, "%s has members: move them first", what);
	return change_end(a, who, o,
			  &(struct change){.action = "group.remove",
					   .object = what,
					   .shape = &shape_group,
					   .before = g,
					   .event = EVENT_GROUP,
					   .id = g->id});
}
