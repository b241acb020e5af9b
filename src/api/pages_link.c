/* Behind the links that are mailed: a password that is chosen, or a profile. */
#include <inttypes.h>
#include <string.h>

#include "access/link.h"
#include "access/people.h"
#include "api/endpoint.h"
#include "api/op.h"
#include "api/pages_inner.h"
#include "api/problem.h"
#include "api/trusted.h"

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
			   .password = visit_value(v, "password"),
			   .from = v->request->client,
			   .agent = visit_agent(v)};

	return link_sent_again(&v->api->access, v->token, &s, u);
}

static struct outcome
choose_password(struct visit *v, struct user *u)
{
	struct outcome o = visit_check_again(v);

	if (!refused(o))
		o = link_set_password(&v->api->access, v->token, visit_value(v, "password"),
				      &v->request->client, u);
	if (visit_is_spent(o) && is_sent_again(v, u))
		o = OUTCOME_OK;
	visit_forget_passwords(v);
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
		visit_put_refusal(v, o);
	visit_put(
	    v,
	    l->kind == LINK_INVITE
		? "<p>An administrator of this server has made you an account. Choose the password "
		  "to sign in with.</p>\n"
		: "<p>Choose another password to sign in with. The old one is then good for "
		  "nothing.</p>\n",
	    NULL);
	visit_put(v,
		  "<form method=\"post\"><p><label>Your name here<input value=\"{}\" "
		  "autocomplete=\"username\" readonly></label></p>\n",
		  VALUES(name));
	visit_put(v, input_password.html, VALUES(visit_fault_mark(&o, &input_password)));
	visit_put(v, input_again.html, VALUES(visit_fault_mark(&o, &input_again)));
	visit_put(v, "<p><button>Set the password</button></p></form>\n", NULL);
	visit_show(v, refused(o) ? problem_status(o) : 200, "Choose a password");
}

static void
show_password(struct visit *v, const struct link *l, struct outcome o)
{
	if (refused(o) || !visit_is_post(v)) {
		show_password_form(v, l, o);
		return;
	}
	visit_put(
	    v,
	    "<p>From now on sign in as <b>{}</b> with the password that you chose. This link is "
	    "spent.</p>\n<p><a class=\"button\" href=\"/portal\">Go to the portal</a></p>\n",
	    VALUES(l->user_name != NULL ? l->user_name : ""));
	visit_show(v, 200, "Your password is set");
}

/* Where clients believe our certificate, the app fetches it by itself. */
static void
put_import(struct visit *v)
{
	if (!trusted_links(v->api, v->request->host))
		return;
	visit_put(v,
		  "<p><a class=\"button\" href=\"{}\">Open in OpenVPN Connect</a></p>\n"
		  "<p>Or download it as a file:</p>\n",
		  VALUES(endpoint_import_url(v->api->access.memory, v->api->config,
					     v->request->host, v->token)));
}

static void
show_profile(struct visit *v, const struct link *l, struct outcome o)
{
	if (refused(o))
		visit_put_refusal(v, o);
	else if (visit_is_post(v))
		return;
	visit_put(
	    v,
	    "<p>A profile is a file by which a VPN client connects to this server. This one is for "
	    "one device of <b>{}</b>, called <b>{}</b>: whoever has it can pass for that device, "
	    "so keep it to yourself.</p>\n<ol>\n"
	    "<li>Install an OpenVPN client on the device, such as OpenVPN Connect.</li>\n"
	    "<li>Download the profile there, and open the file with it.</li>\n</ol>\n",
	    VALUES(l->user_name != NULL ? l->user_name : "",
		   l->device_name != NULL ? l->device_name : ""));
	put_import(v);
	visit_put(v,
		  "<form method=\"post\"><p><button>Download the profile</button></p></form>\n"
		  "<p><small>It can be downloaded once; if that fails, once more within a "
		  "minute.</small></p>\n",
		  NULL);
	visit_show(v, refused(o) ? problem_status(o) : 200, "A profile for the VPN");
}

static bool
show_spent_link(struct visit *v)
{
	struct link l = {.kind = LINK_RESET};
	struct user u;

	if (!visit_is_post(v) || refused(visit_read_form(v)) || refused(choose_password(v, &u)))
		return false;
	l.user_name = u.name;
	show_password(v, &l, OUTCOME_OK);
	return true;
}

/* Mail programs and their scanners open links: only what a person sends consumes one. */
bool
pages_link(struct visit *v)
{
	struct link l;
	struct outcome o = look_link(v, &l);
	bool is_profile = !refused(o) && l.kind == LINK_PROFILE;
	struct user u;

	if (o.kind == OUTCOME_UNKNOWN)
		return show_spent_link(v);
	if (!refused(o) && visit_is_post(v) && !refused(o = visit_read_form(v)))
		o = is_profile ? send_profile(v, &l) : choose_password(v, &u);
	if (is_profile)
		show_profile(v, &l, o);
	else
		show_password(v, &l, o);
	return true;
}
