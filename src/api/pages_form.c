#include "api/pages_inner.h"

#include <string.h>

#include "api/op.h"
#include "api/web.h"

const struct input input_name = {
    "name", "<p><label>Name<input name=\"name\" value=\"{}\" autocomplete=\"username\" "
	    "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" "
	    "aria-describedby=\"name-hint\" required{}></label><small id=\"name-hint\">"
	    "Letters, digits, and . _ - @ + within it. Small and capital letters are the "
	    "same.</small></p>\n"};
const struct input input_password = {
    "password", "<p><label>Password<input name=\"password\" type=\"password\" "
		"autocomplete=\"new-password\" aria-describedby=\"password-hint\" required{}>"
		"</label><small id=\"password-hint\">At least 10 characters. A few words in a row "
		"are good.</small></p>\n"};
const struct input input_again = {"again",
				  "<p><label>The same password again<input name=\"again\" "
				  "type=\"password\" autocomplete=\"new-password\" required{}>"
				  "</label></p>\n"};

void
visit_put(struct visit *v, const char *html, const char *const *values)
{
	html_put(&v->html, html, values);
}

void
visit_show(struct visit *v, unsigned status, const char *title)
{
	html_answer(&v->html, v->api->access.memory, status, title, v->answer);
}

void
visit_put_refusal(struct visit *v, struct outcome o)
{
	visit_put(v, "<p role=\"alert\">Not done: {}.</p>\n", VALUES(o.text));
}

const char *
visit_fault_mark(const struct outcome *o, const struct input *in)
{
	return refused(*o) && strcmp(o->field, in->name) == 0 ? " aria-invalid=true autofocus" : "";
}

bool
visit_is_post(const struct visit *v)
{
	return v->request->method == METHOD_POST;
}

struct outcome
visit_read_form(struct visit *v)
{
	struct outcome o = door_keeps(v->api, v->request, v->visitor);

	if (!refused(o) && !door_is_own_form(v->request))
		o = outcome_new(OUTCOME_FORBIDDEN, "this form comes from another site's page");
	if (!refused(o))
		o = query_read(v->request->body, v->api->access.memory, &v->form);
	return o;
}

struct span
visit_value(const struct visit *v, const char *name)
{
	const char *value = query_find(&v->form, name);

	return value != NULL ? span_str(value) : SPAN_NONE;
}

const char *
visit_agent(const struct visit *v)
{
	const struct span *value =
	    field_find(v->request->fields, v->request->field_count, SPAN_OF("user-agent"));

	return value != NULL ? arena_copy(v->api->access.memory, *value) : NULL;
}

struct outcome
visit_check_again(const struct visit *v)
{
	const char *first = query_find(&v->form, "password"),
		   *second = query_find(&v->form, "again");

	if (second == NULL || (first != NULL && strcmp(first, second) == 0))
		return OUTCOME_OK;
	return outcome_field(OUTCOME_INVALID, "again", "the two passwords are not the same");
}

void
visit_forget_passwords(struct visit *v)
{
	op_forget(query_find(&v->form, "password"));
	op_forget(query_find(&v->form, "again"));
}

bool
visit_is_spent(struct outcome o)
{
	return o.kind == OUTCOME_UNKNOWN || o.kind == OUTCOME_TAKEN;
}

bool
visit_has_pages(const struct visit *v)
{
	return v->api->web != NULL && v->api->web->count > 0;
}
