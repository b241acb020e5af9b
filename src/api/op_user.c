/* Users, as their administrators see and change them. */
#include "access/credential.h"
#include "access/link.h"
#include "access/people.h"
#include "api/op.h"
#include "tls/password.h"

static const char *
path_of(struct api_call *c, const struct user *u)
{
	return arena_printf(c->access->memory, "/users/%s", op_path_part(c, u->name));
}

static struct outcome
list_users(struct api_call *c)
{
	const char *in = call_query(c, "group");
	struct user_list users;
	struct group g = {0};
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)))
		return o;
	if (in != NULL && refused(o = group_find(c->access, in, &g)))
		return o;
	o = access_stored(c->access,
			  store_users(c->access->store, &page,
				      op_choice(call_query(c, "role"), user_roles), g.id,
				      c->access->memory, &users),
			  "users");
	return refused(o)
		   ? o
		   : call_answer_list(c, users.at, users.count, sizeof *users.at, users.next);
}

/* Who may do more than before can do lasting harm. */
static struct outcome
check_role(const struct api_call *c, int before, int after)
{
	return after > before ? call_proved(c) : OUTCOME_OK;
}

static struct outcome
create_user(struct api_call *c)
{
	struct user u = user_new();
	struct outcome o;

	if (refused(o = call_body(c, &u, NULL)) ||
	    refused(o = check_role(c, USER_ROLE_USER, u.role)) ||
	    refused(o = user_add(c->access, &c->actor, &u)))
		return o;
	return call_answer(c, &u, u.version, path_of(c, &u));
}

static struct outcome
change_user(struct api_call *c)
{
	struct user before, after;
	struct outcome o;

	if (refused(o = op_owner(c, &before)) || refused(o = call_match(c, before.version)))
		return o;
	after = before;
	if (refused(o = call_body(c, &after, NULL)) ||
	    refused(o = check_role(c, before.role, after.role)))
		return o;
	if (after.group_name == NULL)
		after.group = 0;
	if (refused(o = user_change(c->access, &c->actor, &before, &after)))
		return o;
	return call_answer(c, &after, after.version, NULL);
}

static struct outcome
remove_user(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = call_match(c, u.version)) ||
	    refused(o = user_remove(c->access, &c->actor, &u)))
		return o;
	return call_answer_none(c);
}

static const struct shape_member new_password_members[] = {
    {.name = "password",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct password_body, password),
     .min = 1,
     .max = PASSWORD_MAX,
     .doc = "The password from now on."},
};
const struct shape shape_new_password = {
    .name = "NewPassword",
    .doc = "A password that somebody is given, or chooses by a link.",
    .size = sizeof(struct password_body),
    .members = new_password_members,
    .count = COUNT(new_password_members),
};

static struct outcome
set_password(struct api_call *c)
{
	struct password_body body = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = call_body(c, &body, NULL)))
		return o;
	o = password_set(c->access, &c->actor, &u, SPAN_NONE, span_str(body.password));
	op_forget(body.password);
	return refused(o) ? o : call_answer_none(c);
}

static struct outcome
link_for(struct api_call *c, enum link_kind kind)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	return op_new_link(c, kind, u.id, 0);
}

static struct outcome
invite(struct api_call *c)
{
	return link_for(c, LINK_INVITE);
}

static struct outcome
reset(struct api_call *c)
{
	return link_for(c, LINK_RESET);
}

static struct outcome
remove_totp(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = totp_remove(c->access, &c->actor, &u)))
		return o;
	return call_answer_none(c);
}

static const char *const sorts[] = {"name", "created", "last_seen", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"role", "string", "Only users of this role.", user_roles},
    {"group", "string", "Only members of this group: its name, or # and its id.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/users",
     .id = "listUsers",
     .doc = "Lists users, by name unless sorted by created or last_seen. The search looks in "
	    "names, full names and mail addresses.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_user,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_users},
    {.method = METHOD_POST,
     .path = "/users",
     .id = "createUser",
     .doc = "Adds a user, who has no password yet: set one, or make an invitation. An operator "
	    "can add plain users only.",
     .level = LEVEL_OPERATE,
     .flags = OP_CREATES,
     .body = &shape_user,
     .use = SHAPE_CREATE,
     .answer = &shape_user,
     .run = create_user},
    {.method = METHOD_GET,
     .path = "/users/{user}",
     .id = "getUser",
     .doc = "Shows a user, by name or by # and id.",
     .level = LEVEL_READ,
     .answer = &shape_user,
     .run = op_show_owner},
    {.method = METHOD_PATCH,
     .path = "/users/{user}",
     .id = "changeUser",
     .doc = "Changes what is given and leaves the rest. Disabling a user ends his sessions and "
	    "connections at once. The last enabled administrator stays one.",
     .level = LEVEL_OPERATE,
     .flags = OP_CHANGES,
     .body = &shape_user,
     .use = SHAPE_CHANGE,
     .answer = &shape_user,
     .run = change_user},
    {.method = METHOD_DELETE,
     .path = "/users/{user}",
     .id = "removeUser",
     .doc = "Removes a user with his devices, sessions, tokens, links and rules. What he did "
	    "stays in the audit log.",
     .level = LEVEL_OPERATE,
     .flags = OP_CHANGES | OP_PROVED,
     .run = remove_user},
    {.method = METHOD_POST,
     .path = "/users/{user}/password",
     .id = "setUserPassword",
     .doc = "Sets a user's password and ends his sessions.",
     .level = LEVEL_OPERATE,
     .flags = OP_SLOW | OP_PROVED,
     .body = &shape_new_password,
     .use = SHAPE_CREATE,
     .run = set_password},
    {.method = METHOD_POST,
     .path = "/users/{user}/invite",
     .id = "inviteUser",
     .doc = "Makes a link, good for three days and one use, by which a new user chooses his "
	    "password. It is shown this once; links made for this before are void.",
     .level = LEVEL_OPERATE,
     .flags = OP_CREATES,
     .answer = &shape_new_link,
     .run = invite},
    {.method = METHOD_POST,
     .path = "/users/{user}/reset",
     .id = "resetUser",
     .doc = "Makes a link, good for an hour and one use, by which a user who forgot his password "
	    "chooses another. It is shown this once; links made for this before are void.",
     .level = LEVEL_OPERATE,
     .flags = OP_CREATES | OP_PROVED,
     .answer = &shape_new_link,
     .run = reset},
    {.method = METHOD_DELETE,
     .path = "/users/{user}/totp",
     .id = "removeUserTotp",
     .doc = "Forgets a user's one-time codes and recovery codes, for one who has lost his phone.",
     .level = LEVEL_OPERATE,
     .flags = OP_PROVED,
     .run = remove_totp},
    {.method = METHOD_GET,
     .path = "/users/{user}/policy",
     .id = "getUserPolicy",
     .doc = "Shows what holds for a user: what is set for himself, else for his group, else for "
	    "everybody.",
     .level = LEVEL_READ,
     .answer = &shape_policy,
     .run = op_show_policy},
};

const struct operation_group operations_users = {"Users", operations, COUNT(operations)};
