#include "api/pages.h"

#include "api/pages_inner.h"
#include "api/problem.h"
#include "api/web.h"

static void
put_who(struct visit *v)
{
	if (v->visitor->actor.kind == ACTOR_USER)
		visit_put(v, "<p>You are signed in as <b>{}</b>.</p>\n",
			  VALUES(v->visitor->actor.name));
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
	visit_put(v,
		  "<p>This is where people get their VPN profiles and change their passwords. This "
		  "server was built without its pages: ask whoever administers it for a link.</p>\n"
		  "<p><small>To have them, install nodejs and npm where it is built, and build "
		  "again.</small></p>\n",
		  NULL);
	visit_show(v, 200, "Portal");
	return true;
}

static bool
show_console(struct visit *v)
{
	if (show_built(v, "/admin"))
		return true;
	put_who(v);
	visit_put(v,
		  "<p>This server was built without the console: install nodejs and npm, and build "
		  "again. Until then, everything that it would do, the command line does, and the "
		  "API.</p>\n"
		  "<ul><li>On the server: <code>sallyport help</code>, for example "
		  "<code>sallyport user list</code> or <code>sallyport status</code>.</li>\n"
		  "<li>From programs: <code>/api/v1</code>, which "
		  "<a href=\"/api/v1/openapi.json\">describes itself</a>.</li></ul>\n",
		  NULL);
	visit_show(v, 200, "Console");
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
    {"/setup/", DOOR_OPEN, true, pages_setup},
    {"/link/", DOOR_PORTAL, true, pages_link},
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

	visit_put(v, "<p>This page cannot be asked for in that way.</p>\n", NULL);
	visit_show(v, 405, "Not allowed");
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
