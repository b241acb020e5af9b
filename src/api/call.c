#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access/signin.h"
#include "api/operation.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/router.h"
#include "base/log.h"
#include "base/text.h"

const char *
call_parameter(const struct api_call *c, size_t n)
{
	return arena_copy(c->access->memory, c->parameters[n]);
}

const char *
call_query(const struct api_call *c, const char *name)
{
	return query_find(c->query, name);
}

struct span
call_header(const struct api_call *c, const char *name)
{
	return api_field(c->request, name);
}

static void
wipe(void *arg)
{
	buf_wipe(arg);
}

struct buf *
call_buf(struct api_call *c)
{
	struct buf *b = ARENA_NEW(c->access->memory, struct buf);

	*b = buf_with_cap(CALL_ANSWER_MAX);
	arena_defer(c->access->memory, wipe, b);
	return b;
}

struct outcome
call_broken(const struct api_call *c, const char *what)
{
	static _Thread_local struct log_limit limit;

	log_peer(&limit, "%s: %s failed", c->op != NULL ? c->op->id : "a page", what);
	return outcome_new(OUTCOME_DOWN, "this cannot be answered now");
}

struct outcome
call_ask(struct api_call *c, enum call_kind what, const char *argument, struct span body,
	 struct span *answer)
{
	struct buf *b = call_buf(c);
	struct outcome o = c->api->host->ask(c->api->owner, what, span_str(argument), body, b);

	*answer = buf_span(b);
	return o;
}

struct outcome
call_body(struct api_call *c, void *into, uint64_t *given)
{
	return shape_read(c->op->body, c->op->use, c->request->body, c->access->memory, into,
			  given);
}

/* An ETag of ours (RFC 9110 §8.8.3) is the version in quotes. */
static bool
tag_is(struct span tag, int64_t version)
{
	char text[32];

	snprintf(text, sizeof text, "\"%" PRId64 "\"", version);
	return span_equal(tag, span_str(text));
}

struct outcome
call_match(const struct api_call *c, int64_t version)
{
	struct span list = call_header(c, "if-match"), tag;

	if (list.len == 0) {
		if (c->actor.kind == ACTOR_MACHINE)
			return OUTCOME_OK;
		return outcome_typed(OUTCOME_INVALID, problem_precondition,
				     "say in If-Match which version is to be changed: its ETag");
	}
	while (field_list_next(&list, &tag))
		if (span_equal(tag, SPAN_OF("*")) || tag_is(tag, version))
			return OUTCOME_OK;
	return outcome_new(OUTCOME_CHANGED, "somebody else changed it first: look again");
}

/* A session that was left open in a browser is not enough for what does lasting harm. */
struct outcome
call_proved(const struct api_call *c)
{
	if (c->actor.kind != ACTOR_USER || c->access->now - c->actor.proved <= PROOF_MS)
		return OUTCOME_OK;
	return outcome_typed(OUTCOME_FORBIDDEN, "proof_needed",
			     "give your password once more for this");
}

void
call_field(struct api_call *c, const char *name, const char *value)
{
	struct arena *memory = c->access->memory;

	answer_field(c->answer, arena_copy(memory, span_str(name)),
		     arena_copy(memory, span_str(value)));
}

void
call_cookie(struct api_call *c, const char *token, int64_t seconds)
{
	answer_cookie(c->access->memory, c->answer, token, seconds);
}

struct outcome
call_answer_json(struct api_call *c, struct span json)
{
	if (c->answer->status == 0)
		c->answer->status = c->op->flags & OP_CREATES ? 201 : 200;
	answer_field(c->answer, "content-type", "application/json");
	c->answer->body = json;
	return OUTCOME_OK;
}

struct outcome
call_answer(struct api_call *c, const void *from, int64_t version, const char *location)
{
	struct buf *b = call_buf(c);

	if (!shape_write(c->op->answer, from, b))
		return call_broken(c, "writing the answer");
	if (version != 0) {
		const char *tag = arena_printf(c->access->memory, "\"%" PRId64 "\"", version);

		answer_field(c->answer, "etag", tag);
	}
	if (location != NULL) {
		c->answer->status = 201;
		answer_field(c->answer, "location",
			     arena_printf(c->access->memory, API_PREFIX "%s", location));
	}
	return call_answer_json(c, buf_span(b));
}

struct outcome
call_answer_none(struct api_call *c)
{
	c->answer->status = 204;
	return OUTCOME_OK;
}

/* A name in a field (RFC 6266 §4.1): only what needs no quoting of any kind is kept. */
static const char *
disposition(struct arena *memory, const char *file_name)
{
	char *name = arena_copy(memory, span_str(file_name));

	for (char *p = name; *p != '\0'; p++)
		if (!text_is_token(span_of(p, 1)) || *p == '%' || *p == '\'' || *p == '*')
			*p = '_';
	return arena_printf(memory, "attachment; filename=\"%s\"", name);
}

struct outcome
call_answer_bytes(struct api_call *c, const char *media, struct span bytes, const char *file_name)
{
	if (c->answer->status == 0)
		c->answer->status = 200;
	answer_field(c->answer, "content-type", media);
	if (file_name != NULL)
		answer_field(c->answer, "content-disposition",
			     disposition(c->access->memory, file_name));
	c->answer->body = bytes;
	return OUTCOME_OK;
}
