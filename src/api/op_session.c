/* Signing in and out, and who is signed in. */
#include "access/people.h"
#include "access/signin.h"
#include "api/door.h"
#include "api/op.h"
#include "api/trusted.h"
#include "tls/password.h"

#define NAME_MAX_BYTES 64
#define CODE_MAX_BYTES 32

struct signin_body {
	const char *name, *password, *code;
};

static const struct shape_member signin_members[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY,
     .offset = offsetof(struct signin_body, name),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .doc = "The user's name."},
    {.name = "password",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct signin_body, password),
     .min = 1,
     .max = PASSWORD_MAX,
     .doc = "His password."},
    {.name = "code",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct signin_body, code),
     .max = CODE_MAX_BYTES,
     .doc = "A one-time code or a recovery code, from users who need one: without it they are "
	    "refused with the type code_needed, which counts as no failure."},
};
static const struct shape shape_signin = {
    .name = "SignIn",
    .doc = "What proves who somebody is.",
    .size = sizeof(struct signin_body),
    .members = signin_members,
    .count = COUNT(signin_members),
};

/* A session as it is shown: without what it is known by. */
struct session_view {
	int64_t id;
	const char *user, *address, *agent;
	int64_t created, seen, expires;
	bool current;
};

#define VIEW(member) offsetof(struct session_view, member)
static const struct shape_member session_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(id),
     .min = 1,
     .max = INT64_MAX,
     .doc = "Its number, by which it can be ended."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(user),
     .doc = "Whose it is."},
    {.name = "address",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(address),
     .doc = "Where he signed in."},
    {.name = "agent",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = VIEW(agent),
     .doc = "What his browser calls itself."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(created),
     .doc = "When he signed in."},
    {.name = "seen",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(seen),
     .doc = "When it was last used, to the minute."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(expires),
     .doc = "When it ends at the latest."},
    {.name = "current",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = VIEW(current),
     .doc = "Whether it is the one that asks."},
};
const struct shape shape_session = {
    .name = "Session",
    .doc = "Somebody signed in with a browser.",
    .size = sizeof(struct session_view),
    .members = session_members,
    .count = COUNT(session_members),
};

/* What everybody who is signed in may know of this server, and the portal has to. */
struct server_view {
	bool certificate_trusted, vpn;
};

static const struct shape_member server_members[] = {
    {.name = "certificate_trusted",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct server_view, certificate_trusted),
     .doc = "Whether the certificate that one-time links lead to is publicly trusted: by this "
	    "machine's own authorities. Where it is not, or that cannot be told, VPN clients "
	    "cannot import by a link; a file always works."},
    {.name = "vpn",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct server_view, vpn),
     .doc = "Whether the VPN is switched on: without it a profile leads nowhere."},
};

static const struct shape shape_server = {
    .name = "ServerForPeople",
    .doc = "What people have to know of this server.",
    .size = sizeof(struct server_view),
    .members = server_members,
    .count = COUNT(server_members),
};

struct signed_in {
	struct user user;
	const char *csrf;
	int64_t expires, proved_until, console_until;
	struct server_view server;
};

static const struct shape_member signed_in_members[] = {
    {.name = "user",
     .kind = SHAPE_OBJECT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct signed_in, user),
     .of = &shape_user,
     .doc = "Who is signed in."},
    {.name = "csrf",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct signed_in, csrf),
     .doc = "What requests that change something must have in X-CSRF-Token."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct signed_in, expires),
     .doc = "When the session ends at the latest."},
    {.name = "proved_until",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = offsetof(struct signed_in, proved_until),
     .doc = "Until when dangerous acts are taken without the password being asked for again; "
	    "null: it is to be given first, to POST /session/prove."},
    {.name = "console_until",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = offsetof(struct signed_in, console_until),
     .doc = "Until when this browser may use the console though `allow` does not have its "
	    "address: it has set up the server; null: no such time counts."},
    {.name = "server",
     .kind = SHAPE_OBJECT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct signed_in, server),
     .of = &shape_server,
     .doc = "What people have to know of this server."},
};
const struct shape shape_signed_in = {
    .name = "SignedIn",
    .doc = "The session that the cookie stands for.",
    .size = sizeof(struct signed_in),
    .members = signed_in_members,
    .count = COUNT(signed_in_members),
};

static struct server_view
view_server(struct api_call *c)
{
	const struct config *config = c->api->config;

	return (struct server_view){.certificate_trusted = trusted_links(c->api, c->request->host),
				    .vpn = config->vpn.network.base.family != 0};
}

static struct outcome
answer_signed_in(struct api_call *c, const struct user *u, const struct session *e,
		 struct span token)
{
	char csrf[SECRET_TEXT];
	struct signed_in in = {
	    .user = *u, .csrf = csrf, .expires = e->expires, .server = view_server(c)};

	if (!session_csrf(token, csrf))
		return call_broken(c, "session_csrf");
	if (e->proved + PROOF_MS > c->access->now)
		in.proved_until = e->proved + PROOF_MS;
	if (e->free_until > c->access->now &&
	    !door_admits_address(c->api->config, c->request, DOOR_CONSOLE))
		in.console_until = e->free_until;
	return call_answer(c, &in, 0, NULL);
}

struct outcome
op_signed_in(struct api_call *c, const struct user *u, const struct session *e, const char *token)
{
	call_cookie(c, token, (e->expires - c->access->now) / 1000);
	return answer_signed_in(c, u, e, span_str(token));
}

static struct outcome
sign_in(struct api_call *c)
{
	struct signin_body body = {0};
	char token[SECRET_TEXT];
	struct session e;
	struct outcome o;
	struct user u;

	if (refused(o = call_body(c, &body, NULL)))
		return o;
	o = session_begin(
	    c->access,
	    &(struct signin){.where = "web",
			     .name = span_str(body.name),
			     .password = span_str(body.password),
			     .code = body.code != NULL ? span_str(body.code) : SPAN_NONE,
			     .from = c->request->client,
			     .agent = op_agent(c)},
	    &e, &u, token);
	op_forget(body.password);
	op_forget(body.code);
	if (!refused(o))
		o = op_signed_in(c, &u, &e, token);
	explicit_bzero(token, sizeof token);
	return o;
}

static struct outcome
show_session(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	return answer_signed_in(c, &u, &c->session, c->token);
}

static struct outcome
sign_out(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) ||
	    refused(o = session_end(c->access, &c->actor, &c->session)))
		return o;
	call_cookie(c, NULL, 0);
	return call_answer_none(c);
}

static struct outcome
prove(struct api_call *c)
{
	struct password_body body = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = call_body(c, &body, NULL)))
		return o;
	o = session_prove(c->access, &c->actor, span_str(body.password));
	op_forget(body.password);
	return refused(o) ? o : call_answer_none(c);
}

static struct session_view
view_of(struct api_call *c, const struct session *e)
{
	char text[ADDRESS_TEXT_MAX];

	return (struct session_view){
	    .id = e->id,
	    .user = e->user_name,
	    .address = arena_printf(c->access->memory, "%s", address_ip_text(&e->from, text)),
	    .agent = e->agent,
	    .created = e->created,
	    .seen = e->seen,
	    .expires = e->expires,
	    .current = c->actor.kind == ACTOR_USER && e->id == c->actor.session,
	};
}

struct outcome
op_list_sessions(struct api_call *c, int64_t user)
{
	struct session_list sessions;
	struct session_view *views;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(o = sessions_list(c->access, &page, user, &sessions)))
		return o;
	views = arena_get(c->access->memory, sessions.count * sizeof *views);
	for (size_t i = 0; i < sessions.count; i++)
		views[i] = view_of(c, &sessions.at[i]);
	return call_answer_list(c, views, sessions.count, sizeof *views, sessions.next);
}

struct outcome
op_end_session(struct api_call *c, int64_t user, int64_t id)
{
	struct session e;
	struct outcome o;

	if (refused(o = session_find(c->access, user, id, &e)) ||
	    refused(o = session_end(c->access, &c->actor, &e)))
		return o;
	if (c->actor.kind == ACTOR_USER && id == c->actor.session)
		call_cookie(c, NULL, 0);
	return call_answer_none(c);
}

static struct outcome
list_sessions(struct api_call *c)
{
	struct outcome o;
	int64_t user;

	if (refused(o = op_query_user(c, &user)))
		return o;
	return op_list_sessions(c, user);
}

static struct outcome
end_session(struct api_call *c)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "session", &id)))
		return o;
	return op_end_session(c, 0, id);
}

static const char *const sorts[] = {"created", "user", "address", "seen", "expires", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"user", "string", "Only those of this user: his name, or # and his id.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_POST,
     .path = "/session",
     .id = "signIn",
     .doc = "Signs in: the answer sets the cookie of a new session. Whether the name, the "
	    "password or the code was wrong is not told.",
     .level = LEVEL_NOBODY,
     .flags = OP_SLOW | OP_PORTAL,
     .body = &shape_signin,
     .use = SHAPE_CREATE,
     .answer = &shape_signed_in,
     .run = sign_in},
    {.method = METHOD_GET,
     .path = "/session",
     .id = "getSession",
     .doc = "Shows who is signed in, and what changes must have in X-CSRF-Token.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .answer = &shape_signed_in,
     .run = show_session},
    {.method = METHOD_DELETE,
     .path = "/session",
     .id = "signOut",
     .doc = "Ends the session that the cookie stands for, and takes the cookie back.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .run = sign_out},
    {.method = METHOD_POST,
     .path = "/session/prove",
     .id = "proveSession",
     .doc = "Gives the password once more: for ten minutes dangerous acts are taken.",
     .level = LEVEL_SELF,
     .flags = OP_SLOW | OP_PORTAL,
     .body = &shape_new_password,
     .use = SHAPE_CREATE,
     .run = prove},
    {.method = METHOD_GET,
     .path = "/sessions",
     .id = "listSessions",
     .doc = "Lists who is signed in with a browser, the newest first unless sorted.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_session,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_sessions},
    {.method = METHOD_DELETE,
     .path = "/sessions/{id}",
     .id = "endSession",
     .doc = "Ends a session at once.",
     .level = LEVEL_OPERATE,
     .run = end_session},
};

const struct operation_group operations_sessions = {"Sessions", operations, COUNT(operations)};
