/* One-time links: whoever holds one may do one thing, once. */
#include "access/link.h"

#include "access/people.h"
#include "access/signin.h"
#include "api/endpoint.h"
#include "api/op.h"
#include "api/qr.h"
#include "api/trusted.h"
#include "tls/password.h"

#define LINK(member) offsetof(struct link, member)
static const struct shape_member link_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = LINK(id),
     .max = INT64_MAX,
     .doc = "Its number, by which it can be revoked."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = LINK(kind),
     .choices = link_kinds,
     .doc = "What it is for."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = LINK(user_name),
     .doc = "For whom."},
    {.name = "device",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = LINK(device_name),
     .doc = "For which device."},
    {.name = "made_by",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = LINK(made_by),
     .doc = "Who made it."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = LINK(created),
     .doc = "When it was made."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = LINK(expires),
     .doc = "When it is void at the latest."},
    {.name = "used",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = LINK(used),
     .doc = "When it was first used, if it was."},
    {.name = "uses_left",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = LINK(uses_left),
     .max = INT64_MAX,
     .doc = "How often it can be used; 0: it is spent."},
};
static const struct shape shape_link = {
    .name = "Link",
    .doc = "A one-time link, without its secret.",
    .size = sizeof(struct link),
    .members = link_members,
    .count = COUNT(link_members),
};

struct new_link {
	int64_t id;
	int kind;
	const char *page_url, *url, *import_url, *qr;
	int64_t expires;
};

#define NEW(member) offsetof(struct new_link, member)
static const struct shape_member new_link_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = NEW(id),
     .max = INT64_MAX,
     .doc = "Its number, by which it can be revoked."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = NEW(kind),
     .choices = link_kinds,
     .doc = "What it is for."},
    {.name = "page_url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = NEW(page_url),
     .doc = "Its page on this server: a path."},
    {.name = "url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = NEW(url),
     .doc = "The same in full, as it is sent to somebody."},
    {.name = "import_url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = NEW(import_url),
     .doc = "For a profile: what OpenVPN Connect opens to import it."},
    {.name = "qr",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = NEW(qr),
     .doc = "A QR code, as an SVG document: of import_url where the server's certificate is "
	    "publicly trusted, and of url where it is not, since clients would not import then."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = NEW(expires),
     .doc = "When it is void at the latest."},
};
const struct shape shape_new_link = {
    .name = "NewLink",
    .doc = "A one-time link that was just made. Its secret is shown this once.",
    .size = sizeof(struct new_link),
    .members = new_link_members,
    .count = COUNT(new_link_members),
};

static struct new_link
view_of(struct api_call *c, const struct link *l, const char *token)
{
	struct arena *memory = c->access->memory;
	const char *origin = endpoint_origin(memory, c->api->config, c->request->host);
	const char *page =
	    arena_printf(memory, "/%s/%s", l->kind == LINK_SETUP ? "setup" : "link", token);
	struct new_link view = {
	    .id = l->id,
	    .kind = l->kind,
	    .page_url = page,
	    .url = arena_printf(memory, "%s%s", origin, page),
	    .expires = l->expires,
	};

	if (l->kind == LINK_PROFILE) {
		view.import_url =
		    endpoint_import_url(memory, c->api->config, c->request->host, span_str(token));
		/* A phone's camera reads it from another screen. */
		view.qr = qr_svg(
		    trusted_links(c->api, c->request->host) ? view.import_url : view.url, memory);
	}
	return view;
}

struct outcome
op_new_link(struct api_call *c, enum link_kind kind, int64_t user, int64_t device)
{
	char token[SECRET_TEXT];
	struct new_link view;
	struct outcome o;
	struct link l;

	if (refused(o = link_create(c->access, &c->actor, kind, user, device, &l, token)))
		return o;
	view = view_of(c, &l, token);
	o = call_answer(c, &view, 0,
			arena_printf(c->access->memory, "/links/%lld", (long long)l.id));
	op_forget(view.page_url);
	op_forget(view.url);
	op_forget(view.import_url);
	op_forget(view.qr);
	explicit_bzero(token, sizeof token);
	return o;
}

static struct outcome
list_links(struct api_call *c)
{
	struct link_list links;
	struct page page;
	struct outcome o;
	int64_t user;

	if (refused(o = call_page(c, &page)) || refused(o = op_query_user(c, &user)) ||
	    refused(o = access_stored(
			c->access,
			store_links(c->access->store, &page, user, c->access->memory, &links),
			"links")))
		return o;
	return call_answer_list(c, links.at, links.count, sizeof *links.at, links.next);
}

static struct outcome
find_link(struct api_call *c, struct link *out)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "link", &id)))
		return o;
	return access_stored(c->access, store_link(c->access->store, id, c->access->memory, out),
			     "link");
}

static struct outcome
show_link(struct api_call *c)
{
	struct outcome o;
	struct link l;

	if (refused(o = find_link(c, &l)))
		return o;
	return call_answer(c, &l, 0, NULL);
}

static struct outcome
revoke_link(struct api_call *c)
{
	struct outcome o;
	struct link l;

	if (refused(o = find_link(c, &l)) || refused(o = link_revoke(c->access, &c->actor, &l)))
		return o;
	return call_answer_none(c);
}

static struct outcome
new_setup_link(struct api_call *c)
{
	struct outcome o;
	bool open;

	if (refused(o = setup_is_open(c->access, &open)))
		return o;
	if (!open)
		return outcome_new(OUTCOME_TAKEN,
				   "there is an administrator already: add another with "
				   "\"sallyport user add NAME --role admin\"");
	return op_new_link(c, LINK_SETUP, 0, 0);
}

struct setup_body {
	const char *name, *password, *full_name, *email;
};

#define SETUP(member) offsetof(struct setup_body, member)
static const struct shape_member setup_members[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = SETUP(name),
     .min = 1,
     .max = 64,
     .doc = "The name to sign in with."},
    {.name = "password",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = SETUP(password),
     .min = 1,
     .max = PASSWORD_MAX,
     .doc = "The password to sign in with."},
    {.name = "full_name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = SETUP(full_name),
     .max = 200,
     .doc = "What people call him."},
    {.name = "email",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = SETUP(email),
     .max = 254,
     .format = "email",
     .doc = "Where mail for him goes."},
};
static const struct shape shape_setup = {
    .name = "Setup",
    .doc = "The first administrator.",
    .size = sizeof(struct setup_body),
    .members = setup_members,
    .count = COUNT(setup_members),
};

static struct outcome
finish_setup(struct api_call *c)
{
	struct setup_body body = {0};
	struct user u = user_new();
	char cookie[SECRET_TEXT];
	struct session e;
	struct outcome o;

	if (refused(o = call_body(c, &body, NULL)))
		return o;
	u.name = body.name;
	u.full_name = body.full_name;
	u.email = body.email;
	u.role = USER_ROLE_ADMIN;
	o = op_check_user(&u);
	if (!refused(o))
		o = setup_finish(c->access, c->parameters[0], &u, span_str(body.password),
				 &c->request->client, op_agent(c), &e, cookie);
	op_forget(body.password);
	if (!refused(o))
		o = user_find(c->access, u.name, &u);
	if (!refused(o))
		o = op_signed_in(c, &u, &e, cookie);
	explicit_bzero(cookie, sizeof cookie);
	return o;
}

struct welcome {
	const char *name;
};

static const struct shape_member welcome_members[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct welcome, name),
     .doc = "The name to sign in with."},
};
static const struct shape shape_welcome = {
    .name = "Welcome",
    .doc = "Who may sign in now.",
    .size = sizeof(struct welcome),
    .members = welcome_members,
    .count = COUNT(welcome_members),
};

static struct outcome
set_password(struct api_call *c)
{
	struct password_body body = {0};
	struct outcome o;
	struct user u;

	if (refused(o = call_body(c, &body, NULL)))
		return o;
	o = link_set_password(c->access, c->parameters[0], span_str(body.password),
			      &c->request->client, &u);
	op_forget(body.password);
	return refused(o) ? o : call_answer(c, &(struct welcome){u.name}, 0, NULL);
}

static struct outcome
find_by_link(struct api_call *c, const struct link *l, struct user *u, struct device *d)
{
	struct arena *memory = c->access->memory;
	struct outcome o;

	if (refused(o = user_find(c->access, arena_printf(memory, "#%lld", (long long)l->user), u)))
		return o;
	return device_find(c->access, u, arena_printf(memory, "#%lld", (long long)l->device), d);
}

/*
 * A client first looks (HEAD), then fetches; only that counts, and as a download of the device's
 * own user, whose the link is.
 */
static struct outcome
import_profile(struct api_call *c)
{
	struct actor holder = {.kind = ACTOR_USER, .level = LEVEL_SELF, .from = c->request->client};
	struct outcome o;
	struct device d;
	struct user u;
	struct link l;

	if (refused(o = link_look(c->access, c->parameters[0], LINK_PROFILE, &l)))
		return o;
	if (c->request->method == METHOD_HEAD)
		return call_answer_bytes(c, OP_PROFILE_MEDIA, SPAN_NONE, "profile.ovpn");
	if (refused(o = find_by_link(c, &l, &u, &d)) || refused(o = link_use(c->access, &l)))
		return o;
	holder.user = u.id;
	holder.name = u.name;
	return op_answer_profile(c, &holder, &u, &d);
}

static const char *const sorts[] = {"created", "kind", "user", "made_by", "expires", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"user", "string", "Only those for this user: his name, or # and his id.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/links",
     .id = "listLinks",
     .doc = "Lists one-time links that were made, the newest first unless sorted, without their "
	    "secrets.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_link,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_links},
    {.method = METHOD_GET,
     .path = "/links/{id}",
     .id = "getLink",
     .doc = "Shows a one-time link, without its secret.",
     .level = LEVEL_READ,
     .answer = &shape_link,
     .run = show_link},
    {.method = METHOD_DELETE,
     .path = "/links/{id}",
     .id = "revokeLink",
     .doc = "Revokes a one-time link: it is void at once.",
     .level = LEVEL_OPERATE,
     .run = revoke_link},
    {.method = METHOD_POST,
     .path = "/setup-link",
     .id = "createSetupLink",
     .doc = "Makes the link, good for a quarter of an hour, by which the first administrator is "
	    "made. Those before it are void.",
     .level = LEVEL_ADMIN,
     .flags = OP_MACHINE | OP_CREATES,
     .answer = &shape_new_link,
     .run = new_setup_link},
    {.method = METHOD_POST,
     .path = "/setup/{token}",
     .id = "finishSetup",
     .doc = "Makes the first administrator, by a set-up link, and signs him in. That browser may "
	    "use the console for an hour from where it is.",
     .level = LEVEL_NOBODY,
     .flags = OP_OPEN | OP_SLOW,
     .also = ALSO_TAKEN,
     .body = &shape_setup,
     .use = SHAPE_CREATE,
     .answer = &shape_signed_in,
     .run = finish_setup},
    {.method = METHOD_POST,
     .path = "/links/{token}/password",
     .id = "setPasswordByLink",
     .doc = "Sets the password of who holds an invitation or a link to reset it, which is spent "
	    "by that.",
     .level = LEVEL_NOBODY,
     .flags = OP_OPEN | OP_SLOW,
     .body = &shape_new_password,
     .use = SHAPE_CREATE,
     .answer = &shape_welcome,
     .run = set_password},
    {.method = METHOD_GET,
     .path = "/import/{token}",
     .id = "importProfile",
     .doc = "The profile that a one-time link is for. That is its one use; within a minute it may "
	    "be fetched again.",
     .level = LEVEL_NOBODY,
     .flags = OP_PORTAL,
     .media = OP_PROFILE_MEDIA,
     .run = import_profile},
    {.method = METHOD_HEAD,
     .path = "/import/{token}",
     .id = "lookAtProfile",
     .doc = "Whether there is a profile to fetch. Uses nothing up.",
     .level = LEVEL_NOBODY,
     .flags = OP_PORTAL,
     .media = OP_PROFILE_MEDIA,
     .run = import_profile},
};

const struct operation_group operations_links = {"Links", operations, COUNT(operations)};
