/* Behind the set-up link: the first administrator, and how he comes back. */
#include "access/link.h"
#include "access/people.h"
#include "api/pages_inner.h"
#include "api/problem.h"
#include "api/ways.h"

static struct outcome
make_administrator(struct visit *v, struct user *u)
{
	struct access *a = &v->api->access;
	struct session session;
	char cookie[SECRET_TEXT];
	struct outcome o = visit_check_again(v);

	*u = user_new();
	u->name = arena_lower(a->memory, visit_value(v, "name"));
	u->role = USER_ROLE_ADMIN;
	if (!refused(o))
		o = setup_finish(a, v->token, u, visit_value(v, "password"), &v->request->client,
				 visit_agent(v), &session, cookie);
	if (visit_is_spent(o) &&
	    !refused(setup_again(a, v->token, u, visit_value(v, "password"), &v->request->client,
				 visit_agent(v), &session, cookie)))
		o = OUTCOME_OK;
	visit_forget_passwords(v);
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

/* `allow` has this address, or would with one word more. */
static void
put_way_by_address(struct visit *v, const struct ways_back *ways)
{
	if (ways->admitted)
		visit_put(v,
			  "<li><b>From where you are.</b> Your address, {}, is among those that "
			  "<code>allow</code> lets in: just come back.</li>\n",
			  VALUES(ways->address));
	else if (visit_has_pages(v))
		visit_put(
		    v,
		    "<li><b>From where you are.</b> <a href=\"/admin/come-back\">Let {} in</a>: "
		    "the "
		    "console adds it to the line <code>allow</code> of its configuration.</li>\n",
		    VALUES(ways->address));
	else
		visit_put(
		    v,
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
	visit_put(
	    v,
	    "<li><b>From anywhere, by SSH.</b> Leave this running on your own machine, and open "
	    "<code>{}</code> there:<pre>{}</pre></li>\n",
	    VALUES(ways->local_url, ways->ssh));
}

static void
put_way_by_vpn(struct visit *v, const struct ways_back *ways, const struct user *u)
{
	if (!ways->vpn)
		return;
	if (visit_has_pages(v))
		visit_put(
		    v,
		    "<li><b>Through the VPN.</b> <a href=\"/portal/add\">Add this device</a> in "
		    "the "
		    "portal, which gives you its profile and says what to do with it.</li>\n",
		    NULL);
	else
		visit_put(v,
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

	visit_put(
	    v,
	    "<p>You are signed in as <b>{}</b>, and the link you came by is spent.</p>\n"
	    "<p><a class=\"button\" href=\"/admin\">Go to the console</a></p>\n"
	    "<h2>How will you come back?</h2>\n"
	    "<p>For an hour this browser may use the console from any address. After that it "
	    "answers only those that the configuration names. Choose one way now:</p>\n<ul>\n",
	    VALUES(u->name));
	put_way_by_vpn(v, &ways, u);
	put_way_by_address(v, &ways);
	put_way_by_ssh(v, &ways);
	visit_put(v, "</ul>\n", NULL);
	visit_show(v, 200, "You are the administrator");
}

/* What was typed stays, but for the passwords. */
static void
show_setup_form(struct visit *v, struct outcome o)
{
	const char *typed = query_find(&v->form, "name");

	if (refused(o))
		visit_put_refusal(v, o);
	visit_put(
	    v,
	    "<p>This server has no administrator yet. Whoever holds this link becomes the first: "
	    "choose how you will sign in.</p>\n<form method=\"post\">",
	    NULL);
	visit_put(v, input_name.html,
		  VALUES(typed != NULL ? typed : "", visit_fault_mark(&o, &input_name)));
	visit_put(v, input_password.html, VALUES(visit_fault_mark(&o, &input_password)));
	visit_put(v, input_again.html, VALUES(visit_fault_mark(&o, &input_again)));
	visit_put(
	    v,
	    "<p><button>Become the administrator</button></p></form>\n"
	    "<p><small>The link is good for 15 minutes after it was made. Another one comes from "
	    "<code>sallyport setup-link</code> on the server.</small></p>\n",
	    NULL);
	visit_show(v, refused(o) ? problem_status(o) : 200, "Set up this server");
}

bool
pages_setup(struct visit *v)
{
	struct outcome o = look_setup(v);
	bool is_there = o.kind != OUTCOME_UNKNOWN;
	struct user u;

	if (!is_there && visit_is_post(v))
		o = OUTCOME_OK;
	if (!refused(o) && visit_is_post(v) && !refused(o = visit_read_form(v)) &&
	    !refused(o = make_administrator(v, &u)))
		show_welcome(v, &u);
	else if (is_there)
		show_setup_form(v, o);
	else
		return false;
	return true;
}
