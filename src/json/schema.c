/* Shapes as JSON Schema (draft 2020-12), for the OpenAPI document. */
#include <inttypes.h>

#include "json/member.h"

static const char *const endings[] = {
    [SHAPE_OF_CREATE] = "Create", [SHAPE_OF_CHANGE] = "Change", [SHAPE_OF_ANSWER] = ""};

bool
shape_write_name(const struct shape *s, enum shape_side side, struct buf *out)
{
	return buf_printf(out, "\"%s%s\"", s->name, endings[side]);
}

bool
shape_write_reference(const struct shape *s, enum shape_side side, struct buf *out)
{
	return buf_printf(out, "\"$ref\":\"" SHAPE_SCHEMAS "%s%s\"", s->name, endings[side]);
}

/* A list is replaced whole: what stands in it is new. */
enum shape_side
shape_side_of_member(const struct shape_member *m, enum shape_side side)
{
	return m->kind == SHAPE_LIST && side == SHAPE_OF_CHANGE ? SHAPE_OF_CREATE : side;
}

bool
shape_has_member(const struct shape_member *m, enum shape_side side)
{
	switch (side) {
	case SHAPE_OF_CREATE:
		return member_is_asked(m);
	case SHAPE_OF_CHANGE:
		return member_is_asked(m) && (m->flags & SHAPE_FIXED) == 0;
	case SHAPE_OF_ANSWER:
		return (m->flags & SHAPE_WRITE_ONLY) == 0;
	}
	return false;
}

static const char *
type_of(const struct shape_member *m)
{
	static const char *const types[] = {
	    [SHAPE_TEXT] = "string", [SHAPE_TEXTS] = "array",    [SHAPE_BOOL] = "boolean",
	    [SHAPE_REAL] = "number", [SHAPE_NUMBER] = "integer", [SHAPE_CHOICE] = "string",
	    [SHAPE_TIME] = "string", [SHAPE_OBJECT] = "object",  [SHAPE_LIST] = "array",
	};

	return m->choices == shape_yes_no ? "boolean" : types[m->kind];
}

/* Answers have null where nothing is known, too. */
static bool
may_be_null(const struct shape_member *m, enum shape_side side)
{
	if (member_is_optional(m))
		return true;
	return side == SHAPE_OF_ANSWER && (m->flags & SHAPE_REQUIRED) == 0 &&
	       (m->kind == SHAPE_TEXT || m->kind == SHAPE_TIME);
}

static bool
put_type(const struct shape_member *m, bool null, struct buf *out)
{
	return buf_printf(out, null ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", type_of(m));
}

static bool
put_enum(const struct shape_member *m, bool null, struct buf *out)
{
	if (m->kind != SHAPE_CHOICE || m->choices == shape_yes_no)
		return true;
	if (!buf_append(out, SPAN_OF(",\"enum\":[")))
		return false;
	for (size_t i = 0; m->choices[i] != NULL; i++)
		if ((i > 0 && !buf_byte(out, ',')) || !json_put_text(out, m->choices[i]))
			return false;
	return (!null || buf_append(out, SPAN_OF(",null"))) && buf_byte(out, ']');
}

/* A text's limits are in bytes, the schema's in characters: never more of these than of those. */
static bool
put_range(const struct shape_member *m, struct buf *out)
{
	static const struct limit {
		const char *min, *max;
	} limits[] = {
	    [SHAPE_TEXT] = {"minLength", "maxLength"},
	    [SHAPE_TEXTS] = {"minItems", "maxItems"},
	    [SHAPE_LIST] = {"minItems", "maxItems"},
	    [SHAPE_NUMBER] = {"minimum", "maximum"},
	    [SHAPE_RAW] = {NULL, NULL},
	};
	const struct limit *l = &limits[m->kind];

	if (l->min == NULL || !member_has_range(m))
		return true;
	if (m->kind == SHAPE_NUMBER || m->min > 0)
		if (!buf_printf(out, ",\"%s\":%" PRId64, l->min, m->min))
			return false;
	return buf_printf(out, ",\"%s\":%" PRId64, l->max, m->max);
}

static bool
put_format(const char *format, struct buf *out)
{
	return format == NULL ||
	       (buf_append(out, SPAN_OF(",\"format\":")) && json_put_text(out, format));
}

/* What stands in an array or object. */
static bool
put_inside(const struct shape_member *m, enum shape_side side, struct buf *out)
{
	switch (m->kind) {
	case SHAPE_TEXTS:
		return buf_append(out, SPAN_OF(",\"items\":{\"type\":\"string\"")) &&
		       put_format(m->format, out) && buf_byte(out, '}');
	case SHAPE_LIST:
		return buf_append(out, SPAN_OF(",\"items\":{")) &&
		       shape_write_reference(m->of, shape_side_of_member(m, side), out) &&
		       buf_byte(out, '}');
	case SHAPE_TIME:
		return put_format("date-time", out);
	case SHAPE_NUMBER:
		return put_format(m->format != NULL ? m->format : "int64", out);
	default:
		return put_format(m->format, out);
	}
}

static bool
put_description(const char *doc, struct buf *out)
{
	return doc == NULL ||
	       (buf_append(out, SPAN_OF(",\"description\":")) && json_put_text(out, doc));
}

/* JSON that is there already may be anything. */
static bool
put_raw(const struct shape_member *m, struct buf *out)
{
	if (m->doc == NULL)
		return buf_append(out, SPAN_OF("true"));
	return buf_append(out, SPAN_OF("{\"description\":")) && json_put_text(out, m->doc) &&
	       buf_byte(out, '}');
}

static bool
put_member(const struct shape_member *m, enum shape_side side, struct buf *out)
{
	bool null = may_be_null(m, side);

	if (m->kind == SHAPE_OBJECT)
		return buf_byte(out, '{') && shape_write_reference(m->of, side, out) &&
		       put_description(m->doc, out) && buf_byte(out, '}');
	if (m->kind == SHAPE_RAW)
		return put_raw(m, out);
	return buf_byte(out, '{') && put_type(m, null, out) && put_enum(m, null, out) &&
	       (side == SHAPE_OF_ANSWER || put_range(m, out)) && put_inside(m, side, out) &&
	       put_description(m->doc, out) && buf_byte(out, '}');
}

static bool
is_required(const struct shape_member *m, enum shape_side side)
{
	return shape_has_member(m, side) &&
	       (side == SHAPE_OF_ANSWER ||
		(side == SHAPE_OF_CREATE && (m->flags & SHAPE_REQUIRED) != 0));
}

static bool
put_required(const struct shape *s, enum shape_side side, struct buf *out)
{
	bool any = false;

	for (const struct shape_member *m = s->members; m < s->members + s->count; m++) {
		if (!is_required(m, side))
			continue;
		if (!buf_append(out, any ? SPAN_OF(",") : SPAN_OF(",\"required\":[")) ||
		    !json_put_text(out, m->name))
			return false;
		any = true;
	}
	return !any || buf_byte(out, ']');
}

bool
shape_write_schema(const struct shape *s, enum shape_side side, struct buf *out)
{
	bool first = true;

	if (!buf_append(out, SPAN_OF("{\"type\":\"object\",\"properties\":{")))
		return false;
	for (const struct shape_member *m = s->members; m < s->members + s->count; m++)
		if (shape_has_member(m, side) &&
		    (!member_put_name(m, &first, out) || !put_member(m, side, out)))
			return false;
	return buf_byte(out, '}') && put_required(s, side, out) &&
	       buf_append(out, SPAN_OF(",\"additionalProperties\":false")) &&
	       put_description(s->doc, out) && buf_byte(out, '}');
}
