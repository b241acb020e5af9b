#include "api/openapi.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/operation.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/router.h"
#include "base/text.h"

#define SCHEMAS_MAX 256

/* One piece after the other; when one does not fit, none after it is tried. */
struct writer {
	struct buf *out;
	bool full;
};

static void PRINTF(2, 3) put(struct writer *w, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text || w->full || !buf_append(w->out, span_str(text)))
		w->full = true;
}

static void
put_text(struct writer *w, const char *text)
{
	w->full = w->full || !json_put_text(w->out, text);
}

/* A comma, but before the first. */
static void
put_comma(struct writer *w, bool *first)
{
	if (!*first)
		put(w, ",");
	*first = false;
}

static const struct part {
	const char *name, *doc;
} parts[] = {
    {"user", "A user's name, or # and his id."},
    {"group", "A group's name, or # and its id."},
    {"device", "A device's name, or # and its id."},
    {"id", "The number by which it is known."},
    {"token", "The secret of a one-time link."},
    {"serial", "A certificate's serial number, in hexadecimal."},
    {"name", "Its name."},
};

static const char *
doc_of_part(struct span name)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		if (span_equal(name, span_str(parts[i].name)))
			return parts[i].doc;
	return "A part of the path.";
}

static void
put_path_parameters(struct writer *w, const char *path, bool *first)
{
	for (const char *open = path; (open = strchr(open, '{')) != NULL; open++) {
		struct span name = span_str(open + 1);

		name = span_head(name, span_find(name, '}'));
		put_comma(w, first);
		put(w,
		    "{\"in\":\"path\",\"name\":\"%.*s\",\"required\":true,\"schema\":"
		    "{\"type\":\"string\"},\"description\":",
		    (int)name.len, (const char *)name.p);
		put_text(w, doc_of_part(name));
		put(w, "}");
	}
}

static void
put_query(struct writer *w, const struct parameter *list, size_t count, bool *first)
{
	for (size_t i = 0; i < count; i++) {
		const struct parameter *p = &list[i];
		bool words = p->choices != NULL && strcmp(p->type, "boolean") != 0;
		bool first_word = true;

		put_comma(w, first);
		put(w, "{\"in\":\"query\",\"name\":\"%s\",\"schema\":{\"type\":\"%s\"", p->name,
		    p->type);
		if (words)
			put(w, ",\"enum\":[");
		for (size_t j = 0; words && p->choices[j] != NULL; j++) {
			put_comma(w, &first_word);
			put_text(w, p->choices[j]);
		}
		put(w, "%s},\"description\":", words ? "]" : "");
		put_text(w, p->doc);
		put(w, "}");
	}
}

static const struct header {
	unsigned flag;
	const char *name, *doc;
} headers[] = {
    {OP_CHANGES, "If-Match", "The ETag of the version that is to be changed, or *."},
    {OP_CREATES, "Idempotency-Key",
     "A word of the client's own: asked again with it, the answer is the same for a day."},
};

static void
put_headers(struct writer *w, const struct operation *op, bool *first)
{
	for (size_t i = 0; i < COUNT(headers); i++) {
		if (!(op->flags & headers[i].flag))
			continue;
		put_comma(w, first);
		put(w,
		    "{\"in\":\"header\",\"name\":\"%s\",\"schema\":{\"type\":\"string\"},"
		    "\"description\":",
		    headers[i].name);
		put_text(w, headers[i].doc);
		put(w, "}");
	}
}

static bool
sorts(const struct operation *op)
{
	for (size_t i = 0; i < op->query_count; i++)
		if (strcmp(op->query[i].name, "sort") == 0)
			return true;
	return false;
}

static void
put_parameters(struct writer *w, const struct operation *op)
{
	static const struct parameter descending = {
	    .name = "descending", .type = "boolean", .doc = "The last first."};
	bool first = true;

	put(w, ",\"parameters\":[");
	put_path_parameters(w, op->path, &first);
	put_query(w, op->query, op->query_count, &first);
	if (op->flags & OP_LIST)
		put_query(w, query_of_lists, query_of_lists_count, &first);
	if ((op->flags & OP_LIST) && sorts(op))
		put_query(w, &descending, 1, &first);
	put_headers(w, op, &first);
	put(w, "]");
}

static void
put_reference(struct writer *w, const struct shape *s, enum shape_side side)
{
	put(w, "{");
	w->full = w->full || !shape_write_reference(s, side, w->out);
	put(w, "}");
}

static enum shape_side
side_of(const struct operation *op)
{
	return op->use == SHAPE_CREATE ? SHAPE_OF_CREATE : SHAPE_OF_CHANGE;
}

static void
put_body(struct writer *w, const struct operation *op)
{
	if (op->body == NULL)
		return;
	put(w,
	    ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":");
	put_reference(w, op->body, side_of(op));
	put(w, "}}}");
}

static void
put_list(struct writer *w, const struct shape *of)
{
	put(w, "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{\"items\":"
	       "{\"type\":\"array\",\"items\":");
	put_reference(w, of, SHAPE_OF_ANSWER);
	put(w, "},\"next\":{\"type\":[\"string\",\"null\"],\"description\":\"What `after` says for "
	       "the part that follows; null: this was the last.\"}}}");
}

/* Whether the thing has an ETag: whoever changes it, here or by another method, must give it. */
static bool
has_version(const struct operation *op)
{
	const struct operation *other;

	if (op->answer == NULL)
		return false;
	for (size_t group = 0, i = 0; (other = router_next(&group, &i)) != NULL;)
		if ((other->flags & OP_CHANGES) && strcmp(other->path, op->path) == 0)
			return true;
	return false;
}

static void
put_answer_headers(struct writer *w, const struct operation *op)
{
	bool first = true;

	put(w, ",\"headers\":{");
	if (has_version(op)) {
		put_comma(w, &first);
		put(w, "\"ETag\":{\"$ref\":\"#/components/headers/ETag\"}");
	}
	if (op->flags & OP_CREATES) {
		put_comma(w, &first);
		put(w, "\"Location\":{\"$ref\":\"#/components/headers/Location\"}");
	}
	put(w, "}");
}

static void
put_success(struct writer *w, const struct operation *op)
{
	if (op->answer == NULL && op->media == NULL) {
		put(w, "\"204\":{\"description\":\"It is done.\"}");
		return;
	}
	put(w, "\"%s\":{\"description\":\"%s\"", op->flags & OP_CREATES ? "201" : "200",
	    op->flags & OP_CREATES ? "It was made." : "What was asked for.");
	put_answer_headers(w, op);
	if (op->method != METHOD_HEAD) {
		put(w, ",\"content\":{\"%s\":{\"schema\":",
		    op->media != NULL ? op->media : "application/json");
		if (op->schema != NULL)
			w->full = w->full || !op->schema(w->out);
		else if (op->answer == NULL)
			put(w, strcmp(op->media, "application/json") == 0
				   ? "{\"type\":\"object\"}"
				   : "{\"type\":\"string\"}");
		else if (op->flags & OP_LIST)
			put_list(w, op->answer);
		else
			put_reference(w, op->answer, SHAPE_OF_ANSWER);
		put(w, "}}");
	}
	put(w, "}");
}

static bool
changes(const struct operation *op)
{
	return op->method != METHOD_GET && op->method != METHOD_HEAD;
}

/* Who is asked for a name, or for what only a session or token shows. */
static bool
asks_who(const struct operation *op)
{
	if (op->flags & OP_MACHINE)
		return false;
	return op->level > LEVEL_NOBODY || ((op->flags & OP_SLOW) && !(op->flags & OP_OPEN));
}

/* Which refusals an operation can come to. */
static bool
can_be(const struct operation *op, unsigned status)
{
	switch (status) {
	case 401:
		return asks_who(op);
	case 403:
		return !(op->flags & OP_MACHINE) && (op->level > LEVEL_NOBODY || changes(op));
	case 404:
		return strchr(op->path, '{') != NULL || (op->flags & OP_MACHINE) ||
		       (op->also & ALSO_UNKNOWN);
	case 409:
		return (op->flags & OP_CREATES) || (op->also & ALSO_TAKEN);
	case 412:
		return (op->flags & OP_CHANGES) || (op->also & ALSO_CHANGED);
	case 413:
	case 415:
		return op->body != NULL;
	case 422:
		return (op->flags & OP_CREATES) && op->body != NULL;
	case 428:
		return (op->flags & OP_CHANGES) != 0;
	case 429:
		return !(op->flags & OP_MACHINE);
	default:
		return true;
	}
}

static const struct refusal_row {
	unsigned status;
	const char *doc, *header;
} refusals[] = {
    {400, "What was sent cannot be taken; `field` says which part."},
    {401, "Sign in first, or what was shown does not hold.", "WWW-Authenticate"},
    {403, "You may not."},
    {404, "There is no such thing."},
    {409, "It is taken, or in use."},
    {412, "Somebody else changed it first."},
    {413, "The request is too large."},
    {415, "The body is no JSON."},
    {422, "The Idempotency-Key came with another request before."},
    {428, "Say in If-Match which version is meant."},
    {429, "Too many tries: wait for `retry_after` seconds.", "Retry-After"},
    {503, "It does not work now: try again after `retry_after` seconds.", "Retry-After"},
};

static void
put_answers(struct writer *w, const struct operation *op)
{
	put(w, ",\"responses\":{");
	put_success(w, op);
	for (size_t i = 0; i < COUNT(refusals); i++)
		if (can_be(op, refusals[i].status))
			put(w, ",\"%u\":{\"$ref\":\"#/components/responses/Refused%u\"}",
			    refusals[i].status, refusals[i].status);
	put(w, "}");
}

/* Where it is not as the document says for all: people do some things for themselves alone, and
 * what they change needs a word that other sites' pages do not know. */
static void
put_security(struct writer *w, const struct operation *op)
{
	const char *session = changes(op) ? "{\"session\":[],\"csrf\":[]}" : "{\"session\":[]}";

	if (op->level == LEVEL_NOBODY || (op->flags & OP_MACHINE))
		put(w, ",\"security\":[]");
	else if (op->level == LEVEL_SELF)
		put(w, ",\"security\":[%s]", session);
	else if (changes(op))
		put(w, ",\"security\":[%s,{\"token\":[]}]", session);
}

static void
put_operation(struct writer *w, const struct operation *op, const char *tag)
{
	static const char *const levels[] = {"nobody", "self", "read", "operate", "admin"};
	const char *method = router_method(op->method);

	put(w, "\"");
	for (; *method != '\0'; method++)
		put(w, "%c", text_lower((uint8_t)*method));
	put(w, "\":{\"operationId\":\"%s\",\"tags\":[\"%s\"],\"x-level\":\"%s\",\"description\":",
	    op->id, tag, levels[op->level]);
	put_text(w, op->doc);
	put_security(w, op);
	if (op->flags & OP_PROVED)
		put(w, ",\"x-proof\":true");
	if (op->flags & OP_MACHINE)
		put(w, ",\"x-machine\":true");
	put_parameters(w, op);
	put_body(w, op);
	put_answers(w, op);
	put(w, "}");
}

static const char *
tag_of(size_t group)
{
	return operation_groups[group]->tag;
}

/* Whether one before it has the same path: then it stands there. */
static bool
is_told(const struct operation *op)
{
	const struct operation *other;

	for (size_t group = 0, i = 0; (other = router_next(&group, &i)) != op;)
		if (strcmp(other->path, op->path) == 0)
			return true;
	return false;
}

static void
put_path(struct writer *w, const char *path, bool at_root)
{
	const struct operation *op;
	bool first = true;

	put_text(w, path);
	put(w, ":{");
	if (at_root) {
		put(w, "\"servers\":[{\"url\":\"/\"}]");
		first = false;
	}
	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		if (strcmp(op->path, path) != 0)
			continue;
		put_comma(w, &first);
		put_operation(w, op, tag_of(group));
	}
	put(w, "}");
}

static void
put_paths(struct writer *w)
{
	const struct operation *op;
	bool first = true;

	put(w, ",\"paths\":{");
	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		if (is_told(op))
			continue;
		put_comma(w, &first);
		put_path(w, op->path, (op->flags & OP_ROOT) != 0);
	}
	put(w, "}");
}

/* The schemas that there are, each followed at some time by those that it refers to. */
struct told {
	struct named {
		const struct shape *shape;
		enum shape_side side;
	} at[SCHEMAS_MAX];
	size_t count;
};

static void
tell_of(struct writer *w, struct told *told, const struct shape *s, enum shape_side side)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->at[i].shape == s && told->at[i].side == side)
			return;
	if (told->count == SCHEMAS_MAX)
		w->full = true;
	else if (s != NULL)
		told->at[told->count++] = (struct named){s, side};
}

static void
put_schema(struct writer *w, struct told *told, const struct named *n)
{
	const struct shape *s = n->shape;

	for (size_t i = 0; i < s->count; i++)
		if (shape_has_member(&s->members[i], n->side))
			tell_of(w, told, s->members[i].of,
				shape_side_of_member(&s->members[i], n->side));
	put(w, ",");
	w->full = w->full || !shape_write_name(s, n->side, w->out);
	put(w, ":");
	w->full = w->full || !shape_write_schema(s, n->side, w->out);
}

static void
put_schemas(struct writer *w)
{
	static const char problem[] =
	    "\"Problem\":{\"type\":\"object\",\"description\":\"Why it was refused (RFC 9457).\","
	    "\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{"
	    "\"type\":{\"type\":\"string\",\"format\":\"uri\"},\"title\":{\"type\":\"string\"},"
	    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
	    "\"field\":{\"type\":\"string\",\"description\":\"Which field is at fault.\"},"
	    "\"retry_after\":{\"type\":\"integer\",\"description\":\"Seconds.\"}},"
	    "\"additionalProperties\":false}";
	struct told told = {.count = 0};
	const struct operation *op;

	put(w, "\"schemas\":{%s", problem);
	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		tell_of(w, &told, op->body, side_of(op));
		tell_of(w, &told, op->answer, SHAPE_OF_ANSWER);
	}
	for (size_t i = 0; i < told.count; i++)
		put_schema(w, &told, &told.at[i]);
	put(w, "}");
}

static void
put_refusals(struct writer *w)
{
	bool first = true;

	put(w, ",\"responses\":{");
	for (size_t i = 0; i < COUNT(refusals); i++) {
		put_comma(w, &first);
		put(w, "\"Refused%u\":{\"description\":", refusals[i].status);
		put_text(w, refusals[i].doc);
		if (refusals[i].header != NULL)
			put(w, ",\"headers\":{\"%s\":{\"$ref\":\"#/components/headers/%s\"}}",
			    refusals[i].header, refusals[i].header);
		put(w, ",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
		       "\"#/components/schemas/Problem\"}}}}");
	}
	put(w, "}");
}

static void
put_component_headers(struct writer *w)
{
	static const struct {
		const char *name, *type, *doc;
	} all[] = {
	    {"ETag", "string", "The version of what is answered, for If-Match."},
	    {"Location", "string", "The path of what was made."},
	    {"Retry-After", "integer", "Seconds, as in `retry_after`."},
	    {"WWW-Authenticate", "string", "That a bearer token would be taken."},
	};
	bool first = true;

	put(w, ",\"headers\":{");
	for (size_t i = 0; i < COUNT(all); i++) {
		put_comma(w, &first);
		put(w, "\"%s\":{\"schema\":{\"type\":\"%s\"},\"required\":true,\"description\":",
		    all[i].name, all[i].type);
		put_text(w, all[i].doc);
		put(w, "}");
	}
	put(w, "}");
}

static void
put_tags(struct writer *w)
{
	bool first = true;

	put(w, ",\"tags\":[");
	for (size_t i = 0; operation_groups[i] != NULL; i++) {
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again = again || strcmp(tag_of(i), tag_of(j)) == 0;
		if (again)
			continue;
		put_comma(w, &first);
		put(w, "{\"name\":\"%s\"}", tag_of(i));
	}
	put(w, "]");
}

bool
openapi_write(struct buf *out)
{
	struct writer w = {.out = out};

	put(&w, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Sallyport\",\"version\":\"1\","
		"\"license\":{\"name\":\"ISC\",\"identifier\":\"ISC\"},\"description\":\"Who may "
		"do what on this access server. Requests that change something by a session's "
		"cookie need the field X-CSRF-Token, with what GET /session says as csrf.\"},"
		"\"servers\":[{\"url\":\"" API_PREFIX "\"}],"
		"\"security\":[{\"session\":[]},{\"token\":[]}]");
	put_tags(&w);
	put_paths(&w);
	put(&w, ",\"components\":{");
	put_schemas(&w);
	put_component_headers(&w);
	put_refusals(&w);
	put(&w, ",\"securitySchemes\":{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\","
		"\"name\":\"" SESSION_COOKIE "\"},\"csrf\":{\"type\":\"apiKey\",\"in\":"
		"\"header\",\"name\":\"X-CSRF-Token\",\"description\":\"What GET /session says "
		"as csrf.\"},\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}}}");
	return !w.full;
}

static struct outcome
show(struct api_call *c)
{
	struct buf *b = call_buf(c);

	if (!openapi_write(b))
		return call_broken(c, "openapi_write");
	return call_answer_json(c, buf_span(b));
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/openapi.json",
     .id = "getDocument",
     .doc = "This document.",
     .level = LEVEL_READ,
     .media = "application/json",
     .run = show},
};

const struct operation_group operations_openapi = {"Document", operations, COUNT(operations)};
