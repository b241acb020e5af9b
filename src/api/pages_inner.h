/* What the pages' files share: one visit, and the forms that it may bring. */
#ifndef API_PAGES_INNER_H
#define API_PAGES_INNER_H

#include "api/door.h"
#include "api/html.h"
#include "api/query.h"

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

/* A field of a form; the password is asked for again since nobody sees what he types. */
struct input {
	const char *name, *html;
};

extern const struct input input_name, input_password, input_again;

/* Adds to the page; shows it. */
void visit_put(struct visit *v, const char *html, const char *const *values);
void visit_show(struct visit *v, unsigned status, const char *title);

/* What was refused, and where the form is at fault, which is shown again. */
void visit_put_refusal(struct visit *v, struct outcome o);
const char *visit_fault_mark(const struct outcome *o, const struct input *in);

/* Reads the form that was sent, if it was sent from a page of ours by one who is not banned. */
MUST_CHECK struct outcome visit_read_form(struct visit *v);
struct span visit_value(const struct visit *v, const char *name); /* SPAN_NONE: not there */
/* Whether both passwords are the same, where there are two. */
MUST_CHECK struct outcome visit_check_again(const struct visit *v);
void visit_forget_passwords(struct visit *v); /* wipes what was typed */

bool visit_is_post(const struct visit *v);
const char *visit_agent(const struct visit *v); /* what the browser calls itself; may be NULL */
bool visit_has_pages(const struct visit *v);    /* the console and the portal were built */
/* The link was used: maybe by the same form, which was sent twice, and it is the second answer that
 * is seen. */
bool visit_is_spent(struct outcome o);

/* Each page: false where there is none, or not for this visitor. */
bool pages_setup(struct visit *v);
bool pages_link(struct visit *v);

#endif
