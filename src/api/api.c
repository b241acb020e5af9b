#include "api/api.h"

#include <string.h>

#include "access/link.h"
#include "api/door.h"
#include "api/idempotency.h"
#include "api/operation.h"
#include "api/pages.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/router.h"

static bool
changes(enum method method)
{
	return method != METHOD_GET && method != METHOD_HEAD;
}

/* What the request has to be like, whoever sent it. */
static struct outcome
check_body(const struct api_call *c)
{
	struct span media = call_header(c, "content-type");

	if (c->request->body.len == 0)
		return OUTCOME_OK;
	if (c->op->body == NULL)
		return outcome_new(OUTCOME_INVALID, "this takes no body");
	media = field_trim(span_head(media, span_find(media, ';')));
	if (span_equal_nocase(media, SPAN_OF("application/json")))
		return OUTCOME_OK;
	return outcome_typed(OUTCOME_INVALID, problem_media,
			     "the content-type has to be application/json");
}

static struct outcome
check_level(const struct api_call *c)
{
	if (c->actor.level >= c->op->level)
		return OUTCOME_OK;
	if (c->actor.kind == ACTOR_STRANGER)
		return outcome_new(OUTCOME_STRANGER, "sign in first");
	return outcome_new(OUTCOME_FORBIDDEN, c->op->level == LEVEL_ADMIN
						  ? "only administrators may do this"
						  : "you may not do this");
}

static struct outcome
check_all(struct api_call *c, const struct visitor *v)
{
	struct outcome o = door_keeps(c->api, c->request, v);

	/* Who signs in, or out, may well come with a session that is over. */
	if (!refused(o) && refused(v->why) &&
	    (v->why.kind != OUTCOME_STRANGER || c->op->level > LEVEL_NOBODY))
		o = v->why;
	if (!refused(o))
		o = check_level(c);
	if (!refused(o) && changes(c->request->method))
		o = door_meant(c->request, v);
	if (!refused(o) && (c->op->flags & OP_PROVED))
		o = call_proved(c);
	return refused(o) ? o : check_body(c);
}

static struct outcome
run_once(struct api_call *c)
{
	enum idempotency how;
	struct outcome o = idempotency_begin(c, &how);

	if (refused(o) || how == IDEMPOTENCY_AGAIN)
		return o;
	o = c->op->run(c);
	if (how == IDEMPOTENCY_FIRST)
		idempotency_end(c, refused(o));
	return o;
}

static struct outcome
run(struct api_call *c, const struct visitor *v)
{
	struct query query;
	struct outcome o = check_all(c, v);

	if (refused(o))
		return o;
	if (refused(o = query_read(c->request->query, c->access->memory, &query)) ||
	    refused(o = query_check(&query, c->op)))
		return o;
	c->query = &query;
	o = run_once(c);
	c->query = NULL;
	return o;
}

/* The path is there, but not for this method. */
static void
answer_method(struct api *api, const char *allow, struct api_answer *out)
{
	problem_answer(
	    api->access.memory,
	    outcome_typed(OUTCOME_INVALID, problem_method, "this path takes %.120s", allow), out);
	answer_field(out, "allow", allow);
}

/* For edge to say in the words of the site that was asked: nobody can tell what is here. */
static void
answer_unknown(struct api *api, const struct api_request *r, struct api_answer *out)
{
	problem_answer(api->access.memory, outcome_new(OUTCOME_UNKNOWN, "there is no such path"),
		       out);
	out->unknown = r->door == API_EDGE;
}

/* A HEAD's answer has no body; whether there are events is for a GET to see. */
static void
answer_operation(struct api_call *c, const struct visitor *v)
{
	struct outcome o = run(c, v);

	if (refused(o))
		problem_answer(c->access->memory, o, c->answer);
	else if (c->request->method == METHOD_HEAD)
		c->answer->events = false;
	if (c->op->flags & OP_LAST)
		answer_field(c->answer, "x-sallyport-last", "1");
}

static enum door_list
list_of(const struct operation *op)
{
	return op != NULL && (op->flags & (OP_PORTAL | OP_OPEN)) ? DOOR_PORTAL : DOOR_CONSOLE;
}

/* A link that is made while nobody administers this server is its holder's whole proof; one who
 * only guesses at it must not learn what answers here. */
static bool
holds_link(const struct api_call *c)
{
	struct link l;

	return c->op != NULL && (c->op->flags & OP_OPEN) &&
	       !refused(link_look(c->access, c->parameters[0], LINK_SETUP, &l));
}

static void
answer_api(struct api *api, const struct api_request *r, const struct visitor *v,
	   struct api_answer *out)
{
	struct api_call c = {.api = api,
			     .access = &api->access,
			     .request = r,
			     .actor = v->actor,
			     .session = v->session,
			     .token = v->token,
			     .answer = out};
	const char *allow;

	c.op = router_find(r->method, r->path, api->access.memory, c.parameters, &allow);
	if (c.op != NULL && (c.op->flags & OP_MACHINE) && r->door != API_MACHINE)
		c.op = NULL;
	if (!door_admits(api, r, v, list_of(c.op)) && !holds_link(&c)) {
		if (c.op != NULL && list_of(c.op) == DOOR_CONSOLE)
			door_note_refused(api, r);
		answer_unknown(api, r, out);
	} else if (c.op != NULL) {
		answer_operation(&c, v);
	} else if (allow != NULL) {
		answer_method(api, allow, out);
	} else {
		problem_answer(api->access.memory,
			       outcome_new(OUTCOME_UNKNOWN, "the API has no such path"), out);
	}
}

static bool
is_api(const struct api_request *r)
{
	struct span parameters[API_PARAMETERS_MAX], prefix = SPAN_OF(API_PREFIX "/");

	return span_starts_with(r->path, prefix) ||
	       router_match(METHOD_GET, r->path, parameters) != NULL;
}

void
api_answer(struct api *api, const struct api_request *r, struct api_answer *out)
{
	struct visitor v;
	const char *policy = NULL;

	*out = (struct api_answer){.status = 0};
	door_look(api, r, &v);
	if (is_api(r))
		answer_api(api, r, &v, out);
	else if (!pages_answer(api, r, &v, out, &policy))
		answer_unknown(api, r, out);
	answer_guard(out, policy);
}

static const struct operation *
operation_of(const struct api_request *r)
{
	struct span parameters[API_PARAMETERS_MAX];
	enum method method = r->method == METHOD_HEAD ? METHOD_GET : r->method;

	return router_match(method, r->path, parameters);
}

bool
api_admits(const struct config *config, const struct api_request *r)
{
	enum door_list list = DOOR_CONSOLE;

	if (is_api(r))
		list = list_of(operation_of(r));
	else if (!pages_list(r, &list))
		return r->door == API_MACHINE;
	/* The lock of its own is what this cannot see. */
	return door_admits_address(config, r, list == DOOR_OPEN ? DOOR_PORTAL : list);
}

size_t
api_body_max(const struct config *config, const struct api_request *r)
{
	const struct operation *op = operation_of(r);
	bool large = op != NULL && (op->flags & OP_LARGE) && api_admits(config, r);

	return large ? API_BODY_LARGE : API_BODY_SMALL;
}

void
api_refuse_request(struct arena *memory, const struct config *config, const struct api_request *r,
		   struct outcome o, struct api_answer *out)
{
	const char *policy = NULL;

	problem_answer(memory, o, out);
	out->unknown = !api_admits(config, r);
	if (!is_api(r))
		pages_refuse(memory, r, o, out, &policy);
	answer_guard(out, policy);
}

struct span
api_field(const struct api_request *r, const char *name)
{
	const struct span *value = field_find(r->fields, r->field_count, span_str(name));

	return value != NULL ? *value : SPAN_NONE;
}

bool
api_is_slow(const struct api_request *r)
{
	const struct operation *op = operation_of(r);

	return op != NULL ? (op->flags & OP_SLOW) != 0 : pages_are_slow(r);
}
