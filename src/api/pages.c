#include "api/pages.h"

#include <inttypes.h>
#include <string.h>

#include "access/link.h"
#include "access/people.h"
#include "api/endpoint.h"
#include "api/html.h"
#include "api/op.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/trusted.h"
#include "api/ways.h"
#include "api/web.h"

/* One request for a page. */
struct visit {
	struct api *api;
	const struct api_request *request;
	const struct visitor *visitor;
	struct api_answer *answer;
	struct span token; /* what follows the page's path */
	struct query form;
	struct html html;
	const char **policy;
};

/* A field of a form; `again` is asked for since nobody sees what he types. */
struct input {
	const char *name, *html;
};

static const struct input user_name = {
    "name", "<p><label>Name<input name=\"name\" value=\"{}\" autocomplete=\"username\" "
	    "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" "
	    "aria-describedby=\"name-hint\" required{}></label><small id=\"name-hint\">"
	    "Letters, digits, and . _ - @ + within it. Small and capital letters are the "
	    "same.</small></p>\n"};
static const struct input password = {
    "password", "<p><label>Password<input name=\"password\" type=\"password\" "
		"autocomplete=\"new-password\" aria-describedby=\"password-hint\" required{}>"
		"</label><small id=\"password-hint\">At least 10 characters. A few words in a row "
		"are good.</small></p>\n"};
static const struct input again = {"again",
				   "<p><label>The same password again<input name=\"again\" "
				   "type=\"password\" autocomplete=\"new-password\" required{}>"
				   "</label></p>\n"};

static void
put(struct visit *v, const char *html, const char *const *values)
{
	html_put(&v->html, html, values);
}

static void
show(struct visit *v, unsigned status, const char *title)
{
	html_answer(&v->html, v->api->access.memory, status, title, v->answer);
}

/* What was refused, and where the form is at fault, which is shown again. */
static void
put_refusal(struct visit *v, struct outcome o)
{
	put(v, "<p role=\"alert\">Not done: {}.</p>\n", VALUES(o.text));
}

static const char *
fault_mark(const struct outcome *o, const struct input *in)
{
	return refused(*o) && strcmp(o->field, in->name) == 0 ? " aria-invalid=true autofocus" : "";
}

static bool
is_post(const struct visit *v)
{
	return v->request->method == METHOD_POST;
}

/* Reads the form that was sent, if it was sent from a page of ours by one who is not banned. */
static struct outcome
read_form(struct visit *v)
{
	struct outcome o = door_keeps(v->api, v->request, v->visitor);

	if (!refused(o) && !door_is_own_form(v->request))
		o = outcome_new(OUTCOME_FORBIDDEN, "this form comes from another site's page");
	if (!refused(o))
		o = query_read(v->request->body, v->api->access.memory, &v->form);
	return o;
}

static struct span
form_value(const struct visit *v, const char *name)
{
	const char *value = query_find(&v->form, name);

	return value != NULL ? span_str(value) : SPAN_NONE;
}

static const char *
agent_of(const struct visit *v)
{
	const struct span *value =
	    field_find(v->request->fields, v->request->field_count, SPAN_OF("user-agent"));

	return value != NULL ? arena_copy(v->api->access.memory, *value) : NULL;
}

/* Nobody sees what he types into these fields. */
static struct outcome
check_again(const struct visit *v)
{
	const char *first = query_find(&v->form, "password"),
		   *second = query_find(&v->form, "again");

	if (second == NULL || (first != NULL && strcmp(first, second) == 0))
		return OUTCOME_OK;
	return outcome_field(OUTCOME_INVALID, "again", "the two passwords are not the same");
}

static void
forget_passwords(struct visit *v)
{
	op_forget(query_find(&v->form, "password"));
	op_forget(query_find(&v->form, "again"));
}

/* Maybe by the same form, which was sent twice: it is the second answer that is seen. */
static bool
is_spent(struct outcome o)
{
	return o.kind == OUTCOME_UNKNOWN || o.kind == OUTCOME_TAKEN;
}

static struct outcome
make_administrator(struct visit *v, struct user *u)
{
	struct access *a = &v->api->access;
	struct session session;
	char cookie[SECRET_TEXT];
	struct outcome o = check_again(v);

	*u = user_new();
	u->name = arena_lower(a->memory, form_value(v, "name"));
	u->role = USER_ROLE_ADMIN;
	if (!refused(o))
		o = setup_finish(a, v->token, u, form_value(v, "password"), &v->request->client,
				 agent_of(v), &session, cookie);
	if (is_spent(o) &&
	    !refused(setup_again(a, v->token, u, form_value(v, "password"), &v->request->client,
				 agent_of(v), &session, cookie)))
		o = OUTCOME_OK;
	forget_passwords(v);
	if (refused(o))
		return o;
	answer_cookie(a->memory, v->answer, cookie, (session.expires - a->now) / 1000);
	explicit_bzero(cookie, sizeof cookie);
	return OUTCOME_OK;
}

/* What the link leads to must still be there; nothing is consumed by looking. */
static struct outcome
look_setup(struct visit *v)
{
	struct link l;
	bool open;
	struct outcome o = setup_is_open(&v->api->access, &open);

	if (!refused(o) && !open)
		o = outcome_new(OUTCOME_UNKNOWN, "there is an administrator already");
	return refused(o) ? o : link_look(&v->api->access, v->token, LINK_SETUP, &l);
}

static bool
has_pages(const struct visit *v)
{
	return v->api->web != NULL && v->api->web->count > 0;
}

/* `allow` has this address, or would with one word more. */
static void
put_way_by_address(struct visit *v, const struct ways_back *ways)
{
	if (ways->admitted)
		put(v,
		    "<li><b>From where you are.</b> Your address, {}, is among those that "
		    "<code>allow</code> lets in: just come back.</li>\n",
		    VALUES(ways->address));
	else if (has_pages(v))
		put(v,
		    "<li><b>From where you are.</b> <a href=\"/admin/come-back\">Let {} in</a>: "
		    "the "
		    "console adds it to the line <code>allow</code> of its configuration.</li>\n",
		    VALUES(ways->address));
	else
		put(v,
		    "<li><b>From where you are.</b> Add your address to the line "
		    "<code>allow</code> in the block <code>admin</code> of the configuration, and "
		    "run <code>sallyport reload</code>:<pre>allow loopback vpn {}</pre></li>\n",
		    VALUES(ways->address));
}

static void
put_way_by_ssh(struct visit *v, const struct ways_back *ways)
{
	if (ways->ssh == NULL)
		return;
	put(v,
	    "<li><b>From anywhere, by SSH.</b> Leave this running on your own machine, and open "
	    "<code>{}</code> there:<pre>{}</pre></li>\n",
	    VALUES(ways->local_url, ways->ssh));
}

static void
put_way_by_vpn(struct visit *v, const struct ways_back *ways, const struct user *u)
{
	if (!ways->vpn)
		return;
	if (has_pages(v))
		put(v,
		    "<li><b>Through the VPN.</b> <a href=\"/portal/add\">Add this device</a> in "
		    "the "
		    "portal, which gives you its profile and says what to do with it.</li>\n",
		    NULL);
	else
		put(v,
		    "<li><b>Through the VPN.</b> Give this device a profile, on the server's "
		    "command line, and import it into OpenVPN here:"
		    "<pre>sallyport device add {} laptop\n"
		    "sallyport profile get {} laptop &gt; laptop.ovpn</pre></li>\n",
		    VALUES(u->name, u->name));
}

static void
show_welcome(struct visit *v, const struct user *u)
{
	struct ways_back ways = ways_back(v->api, v->request);

	put(v,
	    "<p>You are signed in as <b>{}</b>, and the link you came by is spent.</p>\n"
	    "<p><a class=\"button\" href=\"/admin\">Go to the console</a></p>\n"
	    "<h2>How will you come back?</h2>\n"
	    "<p>For an hour this browser may use the console from any address. After that it "
	    "answers only those that the configuration names. Choose one way now:</p>\n<ul>\n",
	    VALUES(u->name));
	put_way_by_vpn(v, &ways, u);
	put_way_by_address(v, &ways);
	put_way_by_ssh(v, &ways);
	put(v, "</ul>\n", NULL);
	show(v, 200, "You are the administrator");
}

/* What was typed stays, but for the passwords. */
static void
show_setup_form(struct visit *v, struct outcome o)
{
	const char *typed = query_find(&v->form, "name");

	if (refused(o))
		put_refusal(v, o);
	put(v,
	    "<p>This server has no administrator yet. Whoever holds this link becomes the first: "
	    "choose how you will sign in.</p>\n<form method=\"post\">",
	    NULL);
	put(v, user_name.html, VALUES(typed != NULL ? typed : "", fault_mark(&o, &user_name)));
	put(v, password.html, VALUES(fault_mark(&o, &password)));
	put(v, again.html, VALUES(fault_mark(&o, &again)));
	put(v,
	    "<p><button>Become the administrator</button></p></form>\n"
	    "<p><small>The link is good for 15 minutes after it was made. Another one comes from "
	    "<code>sallyport setup-link</code> on the server.</small></p>\n",
	    NULL);
	show(v, refused(o) ? problem_status(o) : 200, "Set up this server");
}

static bool
show_setup(struct visit *v)
{
	struct outcome o = look_setup(v);
	bool is_there = o.kind != OUTCOME_UNKNOWN;
	struct user u;

	if (!is_there && is_post(v))
		o = OUTCOME_OK;
	if (!refused(o) && is_post(v) && !refused(o = read_form(v)) &&
	    !refused(o = make_administrator(v, &u)))
		show_welcome(v, &u);
	else if (is_there)
		show_setup_form(v, o);
	else
		return false;
	return true;
}

/* Which kind of link it is, and whose. OUTCOME_UNKNOWN: none that leads anywhere. */
static struct outcome
look_link(struct visit *v, struct link *out)
{
	static const enum link_kind kinds[] = {LINK_INVITE, LINK_RESET, LINK_PROFILE};
	struct outcome o = OUTCOME_OK;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		o = link_look(&v->api->access, v->token, kinds[i], out);
		if (o.kind != OUTCOME_UNKNOWN)
			return o;
	}
	return o;
}

static bool
is_sent_again(struct visit *v, struct user *u)
{
	struct signin s = {.where = "web",
			   .password = form_value(v, "password"),
			   .from = v->request->client,
			   .agent = agent_of(v)};

	return link_sent_again(&v->api->access, v->token, &s, u);
}

static struct outcome
choose_password(struct visit *v, struct user *u)
{
	struct outcome o = check_again(v);

	if (!refused(o))
		o = link_set_password(&v->api->access, v->token, form_value(v, "password"),
				      &v->request->client, u);
	if (is_spent(o) && is_sent_again(v, u))
		o = OUTCOME_OK;
	forget_passwords(v);
	return o;
}

/* As a download of the device's own user, whose the link is. */
static struct outcome
send_profile(struct visit *v, const struct link *l)
{
	struct access *a = &v->api->access;
	struct api_call c = {
	    .api = v->api, .access = a, .request = v->request, .answer = v->answer};
	struct actor holder = {.kind = ACTOR_USER, .level = LEVEL_SELF, .from = v->request->client};
	struct outcome o;
	struct device d;
	struct user u;

	if (refused(o = user_find(a, arena_printf(a->memory, "#%" PRId64, l->user), &u)) ||
	    refused(o = device_find(a, &u, arena_printf(a->memory, "#%" PRId64, l->device), &d)) ||
	    refused(o = link_use(a, l)))
		return o;
	holder.user = u.id;
	holder.name = u.name;
	return op_answer_profile(&c, &holder, &u, &d);
}

static void
show_password_form(struct visit *v, const struct link *l, struct outcome o)
{
	const char *name = l->user_name != NULL ? l->user_name : "";

	if (refused(o))
		put_refusal(v, o);
	put(v,
	    l->kind == LINK_INVITE
		? "<p>An administrator of this server has made you an account. Choose the password "
		  "to sign in with.</p>\n"
		: "<p>Choose another password to sign in with. The old one is then good for "
		  "nothing.</p>\n",
	    NULL);
	put(v,
	    "<form method=\"post\"><p><label>Your name here<input value=\"{}\" "
	    "autocomplete=\"username\" readonly></label></p>\n",
	    VALUES(name));
	put(v, password.html, VALUES(fault_mark(&o, &password)));
	put(v, again.html, VALUES(fault_mark(&o, &again)));
	put(v, "<p><button>Set the password</button></p></form>\n", NULL);
	show(v, refused(o) ? problem_status(o) : 200, "Choose a password");
}

static void
show_password(struct visit *v, const struct link *l, struct outcome o)
{
	if (refused(o) || !is_post(v)) {
		show_password_form(v, l, o);
		return;
	}
	put(v,
	    "<p>From now on sign in as <b>{}</b> with the password that you chose. This link is "
	    "spent.</p>\n<p><a class=\"button\" href=\"/portal\">Go to the portal</a></p>\n",
	    VALUES(l->user_name != NULL ? l->user_name : ""));
	show(v, 200, "Your password is set");
}

/* Where clients believe our certificate, the app fetches it by itself. */
static void
put_import(struct visit *v)
{
	if (!trusted_links(v->api, v->request->host))
		return;
	put(v,
	    "<p><a class=\"button\" href=\"{}\">Open in OpenVPN Connect</a></p>\n"
	    "<p>Or download it as a file:</p>\n",
	    VALUES(endpoint_import_url(v->api->access.memory, v->api->config, v->request->host,
				       v->token)));
}

static void
show_profile(struct visit *v, const struct link *l, struct outcome o)
{
	if (refused(o))
		put_refusal(v, o);
	else if (is_post(v))
		return;
	put(v,
	    "<p>A profile is a file by which a VPN client connects to this server. This one is for "
	    "one device of <b>{}</b>, called <b>{}</b>: whoever has it can pass for that device, "
	    "so keep it to yourself.</p>\n<ol>\n"
	    "<li>Install an OpenVPN client on the device, such as OpenVPN Connect.</li>\n"
	    "<li>Download the profile there, and open the file with it.</li>\n</ol>\n",
	    VALUES(l->user_name != NULL ? l->user_name : "",
		   l->device_name != NULL ? l->device_name : ""));
	put_import(v);
	put(v,
	    "<form method=\"post\"><p><button>Download the profile</button></p></form>\n"
	    "<p><small>It can be downloaded once; if that fails, once more within a "
	    "minute.</small></p>\n",
	    NULL);
	show(v, refused(o) ? problem_status(o) : 200, "A profile for the VPN");
}

static bool
show_spent_link(struct visit *v)
{
	struct link l = {.kind = LINK_RESET};
	struct user u;

	if (!is_post(v) || refused(read_form(v)) || refused(choose_password(v, &u)))
		return false;
	l.user_name = u.name;
	show_password(v, &l, OUTCOME_OK);
	return true;
}

/* Mail programs and their scanners open links: only what a person sends consumes one. */
static bool
show_link(struct visit *v)
{
	struct link l;
	struct outcome o = look_link(v, &l);
	bool is_profile = !refused(o) && l.kind == LINK_PROFILE;
	struct user u;

	if (o.kind == OUTCOME_UNKNOWN)
		return show_spent_link(v);
	if (!refused(o) && is_post(v) && !refused(o = read_form(v)))
		o = is_profile ? send_profile(v, &l) : choose_password(v, &u);
	if (is_profile)
		show_profile(v, &l, o);
	else
		show_password(v, &l, o);
	return true;
}

static void
put_who(struct visit *v)
{
	if (v->visitor->actor.kind == ACTOR_USER)
		put(v, "<p>You are signed in as <b>{}</b>.</p>\n", VALUES(v->visitor->actor.name));
}

/* A file of the console or the portal, or the one page that shows all of theirs. */
static bool
show_built(struct visit *v, const char *page)
{
	struct span path = page != NULL ? span_str(page) : v->request->path;

	return web_answer(v->api->web, v->request, path, v->api->access.memory, v->answer,
			  v->policy);
}

static bool
show_asset(struct visit *v)
{
	return show_built(v, NULL);
}

static bool
show_portal(struct visit *v)
{
	if (show_built(v, "/portal"))
		return true;
	put_who(v);
	put(v,
	    "<p>This is where people get their VPN profiles and change their passwords. This "
	    "server was built without its pages: ask whoever administers it for a link.</p>\n"
	    "<p><small>To have them, install nodejs and npm where it is built, and build "
	    "again.</small></p>\n",
	    NULL);
	show(v, 200, "Portal");
	return true;
}

static bool
show_console(struct visit *v)
{
	if (show_built(v, "/admin"))
		return true;
	put_who(v);
	put(v,
	    "<p>This server was built without the console: install nodejs and npm, and build "
	    "again. Until then, everything that it would do, the command line does, and the "
	    "API.</p>\n"
	    "<ul><li>On the server: <code>sallyport help</code>, for example "
	    "<code>sallyport user list</code> or <code>sallyport status</code>.</li>\n"
	    "<li>From programs: <code>/api/v1</code>, which "
	    "<a href=\"/api/v1/openapi.json\">describes itself</a>.</li></ul>\n",
	    NULL);
	show(v, 200, "Console");
	return true;
}

static bool
show_start(struct visit *v)
{
	v->answer->status = 302;
	answer_field(v->answer, "location", "/portal");
	return true;
}

/* In order: a path that ends in '/' stands for all that begin so. */
static const struct page_row {
	const char *path;
	enum door_list list;
	bool form;
	bool (*show)(struct visit *v);
} rows[] = {
    {"/", DOOR_PORTAL, false, show_start},
    {"/admin/assets/", DOOR_CONSOLE, false, show_asset},
    {"/admin", DOOR_CONSOLE, false, show_console},
    {"/admin/", DOOR_CONSOLE, false, show_console},
    {"/portal/assets/", DOOR_PORTAL, false, show_asset},
    {"/portal", DOOR_PORTAL, false, show_portal},
    {"/portal/", DOOR_PORTAL, false, show_portal},
    {"/setup/", DOOR_OPEN, true, show_setup},
    {"/link/", DOOR_PORTAL, true, show_link},
};

static const struct page_row *
row_of(struct span path, struct span *rest)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span row = span_str(rows[i].path);
		bool is_folder = row.len > 1 && row.p[row.len - 1] == '/';

		*rest = span_tail(path, row.len);
		if (is_folder ? span_starts_with(path, row) : span_equal(path, row))
			return &rows[i];
	}
	return NULL;
}

static void
refuse_method(struct visit *v, bool form)
{
	const char *allow = form ? "GET, HEAD, POST" : "GET, HEAD";

	put(v, "<p>This page cannot be asked for in that way.</p>\n", NULL);
	show(v, 405, "Not allowed");
	answer_field(v->answer, "allow", allow);
}

bool
pages_answer(struct api *api, const struct api_request *r, const struct visitor *v,
	     struct api_answer *out, const char **policy)
{
	struct visit visit = {.api = api,
			      .request = r,
			      .visitor = v,
			      .answer = out,
			      .html = html_begin(),
			      .policy = policy};
	const struct page_row *row = row_of(r->path, &visit.token);
	bool get = r->method == METHOD_GET || r->method == METHOD_HEAD;

	if (row == NULL)
		return false;
	if (!door_admits(api, r, v, row->list)) {
		if (row->list == DOOR_CONSOLE)
			door_note_refused(api, r);
		return false;
	}
	*policy = html_policy(api->access.memory);
	if (get || (row->form && r->method == METHOD_POST))
		return row->show(&visit);
	refuse_method(&visit, row->form);
	return true;
}

bool
pages_list(const struct api_request *r, enum door_list *out)
{
	struct span rest;
	const struct page_row *row = row_of(r->path, &rest);

	if (row != NULL)
		*out = row->list;
	return row != NULL;
}

void
pages_refuse(struct arena *memory, const struct api_request *r, struct outcome o,
	     struct api_answer *out, const char **policy)
{
	struct html h = html_begin();
	struct span rest;

	if (row_of(r->path, &rest) == NULL)
		return;
	for (size_t i = 0; i < out->field_count; i++)
		if (span_equal(out->fields[i].name, SPAN_OF("content-type")))
			out->fields[i] = out->fields[--out->field_count];
	html_put(&h,
		 "<p role=\"alert\">Not done: {}.</p>\n"
		 "<p>Nothing was changed. Go back, and try again in a moment.</p>\n",
		 VALUES(o.text));
	html_answer(&h, memory, out->status, "Not now", out);
	*policy = html_policy(memory);
}

bool
pages_are_slow(const struct api_request *r)
{
	struct span rest;
	const struct page_row *row = row_of(r->path, &rest);

	return row != NULL && row->form && r->method == METHOD_POST;
}
