/* Requests as structs: what is not just as a table says is refused, by its path. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/document.h"
#include "json/member.h"

#define SHOWN_MAX     40   /* of a name that somebody made up */
#define TEXTS_MAX     1024 /* bytes of each of SHAPE_TEXTS */
#define DISTANCE_NEAR 2

/* Where in the document we are; made while going down, told when something is wrong. */
struct place {
	const struct place *up; /* NULL: the document */
	const char *name;       /* NULL: the `index`th of a list */
	size_t index;
};

struct reader {
	struct arena *memory;
	enum shape_use use;
	struct outcome *why;
};

/* One value on its way into a struct. */
struct value {
	const struct reader *r;
	const struct place *at;
	const struct shape_member *m;
	const json_t *json;
	void *into; /* the struct */
};

static bool read_object(const struct reader *r, const struct place *at, const struct shape *s,
			const json_t *from, void *into, uint64_t *given);

static void
put_path(const struct place *at, char path[OUTCOME_FIELD_MAX])
{
	path[0] = '\0';
	if (at == NULL)
		return;
	put_path(at->up, path);
	size_t used = strlen(path);
	if (at->name == NULL)
		snprintf(path + used, OUTCOME_FIELD_MAX - used, "[%zu]", at->index);
	else
		snprintf(path + used, OUTCOME_FIELD_MAX - used, "%s%s", used > 0 ? "." : "",
			 at->name);
}

/* "policy.devices_max has to be ...": false, so that it can be returned. */
static bool PRINTF(3, 4) wrong(const struct reader *r, const struct place *at, const char *fmt, ...)
{
	char path[OUTCOME_FIELD_MAX], clause[OUTCOME_TEXT_MAX];
	va_list args;

	put_path(at, path);
	va_start(args, fmt);
	vsnprintf(clause, sizeof clause, fmt, args);
	va_end(args);
	*r->why = outcome_field(OUTCOME_INVALID, path, "%s %s",
				path[0] != '\0' ? path : "the request", clause);
	return false;
}

static void *
place_of(const struct value *v)
{
	return (char *)v->into + v->m->offset;
}

static bool
length_is_right(const struct value *v, size_t length, const char *unit)
{
	const struct shape_member *m = v->m;
	int64_t n = (int64_t)length;

	if (!member_has_range(m) || (n >= m->min && n <= m->max))
		return true;
	if (n < m->min && m->min == 1)
		return wrong(v->r, v->at, "must not be empty");
	if (n < m->min)
		return wrong(v->r, v->at, "has to have at least %" PRId64 " %s", m->min, unit);
	return wrong(v->r, v->at, "may have at most %" PRId64 " %s", m->max, unit);
}

/* A copy of a string that `m` has no objection to. */
static bool
take_text(const struct value *v, const struct place *at, const json_t *from, const char **out)
{
	struct span bytes = span_of(json_string_value(from), json_string_length(from));
	char *text = arena_copy(v->r->memory, bytes);

	if ((v->m->flags & SHAPE_WIPED) != 0)
		arena_wipes(v->r->memory, text);
	const char *why = v->m->check != NULL ? v->m->check(text) : NULL;
	if (why != NULL)
		return wrong(v->r, at, "%s", why);
	*out = text;
	return true;
}

static bool
read_text(const struct value *v)
{
	if (!json_is_string(v->json))
		return wrong(v->r, v->at, "has to be a text, in quotes");
	return length_is_right(v, json_string_length(v->json), "bytes") &&
	       take_text(v, v->at, v->json, place_of(v));
}

static bool
read_texts(const struct value *v)
{
	size_t count = json_array_size(v->json);

	if (!json_is_array(v->json))
		return wrong(v->r, v->at, "has to be a list of texts");
	if (!length_is_right(v, count, "entries"))
		return false;
	const char **texts = arena_get(v->r->memory, (count + 1) * sizeof *texts);
	for (size_t i = 0; i < count; i++) {
		const json_t *text = json_array_get(v->json, i);
		struct place at = {.up = v->at, .index = i};

		if (!json_is_string(text))
			return wrong(v->r, &at, "has to be a text, in quotes");
		if (json_string_length(text) > TEXTS_MAX)
			return wrong(v->r, &at, "may have at most %d bytes", TEXTS_MAX);
		if (!take_text(v, &at, text, &texts[i]))
			return false;
	}
	*(const char ***)place_of(v) = texts;
	return true;
}

static bool
read_bool(const struct value *v)
{
	if (!json_is_boolean(v->json))
		return wrong(v->r, v->at, "has to be true or false");
	*(bool *)place_of(v) = json_is_true(v->json);
	return true;
}

static bool
read_number(const struct value *v)
{
	const struct shape_member *m = v->m;
	json_int_t n = json_integer_value(v->json);

	if (!json_is_integer(v->json) && !member_has_range(m))
		return wrong(v->r, v->at, "has to be a whole number");
	if (!json_is_integer(v->json) || (member_has_range(m) && (n < m->min || n > m->max)))
		return wrong(v->r, v->at, "has to be a whole number from %" PRId64 " to %" PRId64,
			     m->min, m->max);
	*(int64_t *)place_of(v) = n;
	return true;
}

static bool
wrong_choice(const struct value *v)
{
	char words[OUTCOME_TEXT_MAX / 2];
	size_t used = 0;

	for (size_t i = 0; v->m->choices[i] != NULL && used < sizeof words; i++)
		used += (size_t)snprintf(words + used, sizeof words - used, "%s\"%s\"",
					 i > 0 ? ", " : "", v->m->choices[i]);
	return wrong(v->r, v->at, "has to be one of %s", words);
}

static bool
read_choice(const struct value *v)
{
	if (v->m->choices == shape_yes_no) {
		if (!json_is_boolean(v->json))
			return wrong(v->r, v->at, "has to be true or false");
		*(int *)place_of(v) = json_is_true(v->json);
		return true;
	}
	for (int i = 0; json_is_string(v->json) && v->m->choices[i] != NULL; i++)
		if (strcmp(v->m->choices[i], json_string_value(v->json)) == 0) {
			*(int *)place_of(v) = i;
			return true;
		}
	return wrong_choice(v);
}

static bool
read_time(const struct value *v)
{
	struct span text = span_of(json_string_value(v->json), json_string_length(v->json));
	int64_t ms;

	if (!json_is_string(v->json) || !time_parse(text, &ms) || ms <= 0)
		return wrong(v->r, v->at, "has to be a time like \"2030-01-31T12:00:00Z\"");
	if (member_has_range(v->m) && (ms < v->m->min || ms > v->m->max))
		return wrong(v->r, v->at, "is too early or too late");
	*(int64_t *)place_of(v) = ms;
	return true;
}

static bool
read_inner(const struct value *v)
{
	return read_object(v->r, v->at, v->m->of, v->json, place_of(v), NULL);
}

/* What is to be told from "not said" begins as unset. */
static void
set_unset(const struct shape *s, void *into)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct shape_member *m = &s->members[i];
		void *at = (char *)into + m->offset;

		if (m->kind == SHAPE_OBJECT)
			set_unset(m->of, at);
		else if (member_is_optional(m) && m->kind == SHAPE_NUMBER)
			*(int64_t *)at = SHAPE_UNSET;
		else if (member_is_optional(m) && m->kind == SHAPE_CHOICE)
			*(int *)at = SHAPE_UNSET;
	}
}

/* A list is replaced whole, by new things. */
static bool
read_list(const struct value *v)
{
	const struct shape *of = v->m->of;
	struct reader r = *v->r;
	size_t count = json_array_size(v->json);

	if (!json_is_array(v->json))
		return wrong(v->r, v->at, "has to be a list");
	if (!length_is_right(v, count, "entries"))
		return false;
	char *array = arena_get(r.memory, count * of->size);
	r.use = SHAPE_CREATE;
	for (size_t i = 0; i < count; i++) {
		struct place at = {.up = v->at, .index = i};
		void *element = array + i * of->size;

		set_unset(of, element);
		if (!read_object(&r, &at, of, json_array_get(v->json, i), element, NULL))
			return false;
	}
	*(void **)place_of(v) = array;
	*(size_t *)(void *)((char *)v->into + v->m->count) = count;
	return true;
}

static bool (*const read_kind[])(const struct value *v) = {
    [SHAPE_TEXT] = read_text,     [SHAPE_TEXTS] = read_texts,   [SHAPE_BOOL] = read_bool,
    [SHAPE_NUMBER] = read_number, [SHAPE_CHOICE] = read_choice, [SHAPE_TIME] = read_time,
    [SHAPE_OBJECT] = read_inner,  [SHAPE_LIST] = read_list,
};

static bool
read_null(const struct value *v)
{
	if (!member_is_optional(v->m))
		return wrong(v->r, v->at, "must not be null");
	switch (v->m->kind) {
	case SHAPE_TEXT:
	case SHAPE_TEXTS:
		*(const char **)place_of(v) = NULL;
		return true;
	case SHAPE_NUMBER:
		*(int64_t *)place_of(v) = SHAPE_UNSET;
		return true;
	case SHAPE_CHOICE:
		*(int *)place_of(v) = SHAPE_UNSET;
		return true;
	case SHAPE_TIME:
		*(int64_t *)place_of(v) = 0;
		return true;
	default:
		return wrong(v->r, v->at, "must not be null");
	}
}

static bool
read_member(const struct value *v)
{
	if (v->r->use == SHAPE_CHANGE && (v->m->flags & SHAPE_FIXED) != 0)
		return wrong(v->r, v->at, "cannot be changed once it is made: leave it out");
	return json_is_null(v->json) ? read_null(v) : read_kind[v->m->kind](v);
}

static const struct shape_member *
find_member(const struct shape *s, const char *name)
{
	for (const struct shape_member *m = s->members; m < s->members + s->count; m++)
		if (member_is_asked(m) && strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static const char *
nearest(const struct shape *s, const char *name)
{
	unsigned best = DISTANCE_NEAR + 1;
	const char *found = NULL;

	for (const struct shape_member *m = s->members; m < s->members + s->count; m++) {
		unsigned d = text_distance(span_str(m->name), span_str(name));

		if (member_is_asked(m) && d < best) {
			best = d;
			found = m->name;
		}
	}
	return found;
}

static bool
wrong_name(const struct reader *r, const struct place *up, const struct shape *s, const char *name)
{
	const char *near = nearest(s, name);
	char shown[SHOWN_MAX];

	document_show_name(span_str(name), shown, sizeof shown);
	struct place at = {.up = up, .name = shown};
	if (near != NULL)
		return wrong(r, &at, "is no field that can be set here; did you mean \"%s\"?",
			     near);
	return wrong(r, &at, "is no field that can be set here: leave it out");
}

static bool
all_required(const struct reader *r, const struct place *up, const struct shape *s, uint64_t given)
{
	for (size_t i = 0; r->use == SHAPE_CREATE && i < s->count; i++) {
		struct place at = {.up = up, .name = s->members[i].name};

		if ((s->members[i].flags & SHAPE_REQUIRED) != 0 && (given >> i & 1) == 0)
			return wrong(r, &at, "is missing");
	}
	return true;
}

static bool
read_object(const struct reader *r, const struct place *at, const struct shape *s,
	    const json_t *from, void *into, uint64_t *given)
{
	uint64_t seen = 0;
	const char *name;
	json_t *json;

	if (!json_is_object(from))
		return wrong(r, at, "has to be an object, in braces");
	/* Jansson's macro: it reads only, but its iterators have no const. */
	json_object_foreach((json_t *)from, name, json)
	{
		const struct shape_member *m = find_member(s, name);

		if (m == NULL)
			return wrong_name(r, at, s, name);
		struct place inner = {.up = at, .name = m->name};
		if (!read_member(&(struct value){r, &inner, m, json, into}))
			return false;
		seen |= UINT64_C(1) << (m - s->members);
	}
	if (given != NULL)
		*given = seen;
	return all_required(r, at, s, seen);
}

struct outcome
shape_read(const struct shape *s, enum shape_use use, struct span text, struct arena *memory,
	   void *into, uint64_t *given)
{
	struct outcome why = OUTCOME_OK;
	struct reader r = {memory, use, &why};
	uint64_t seen = 0;
	json_t *document;

	why = document_parse(text, &document);
	if (refused(why))
		return why;
	void *copy = arena_get(memory, s->size);
	memcpy(copy, into, s->size);
	if (read_object(&r, NULL, s, document, copy, &seen)) {
		memcpy(into, copy, s->size);
		if (given != NULL)
			*given = seen;
	}
	json_decref(document);
	return why;
}
