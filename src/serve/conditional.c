#include "serve/conditional.h"

#include "http/date.h"
#include "http/entity_tag.h"

static const struct known {
	struct span name;
	size_t offset;
} known[] = {
    {SPAN_INIT("if-match"), offsetof(struct conditions, if_match)},
    {SPAN_INIT("if-none-match"), offsetof(struct conditions, if_none_match)},
    {SPAN_INIT("if-modified-since"), offsetof(struct conditions, if_modified_since)},
    {SPAN_INIT("if-unmodified-since"), offsetof(struct conditions, if_unmodified_since)},
    {SPAN_INIT("if-range"), offsetof(struct conditions, if_range)},
    {SPAN_INIT("range"), offsetof(struct conditions, range)},
};

static void
note(struct conditions *out, const struct field *f)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		struct span *at = (struct span *)(void *)((char *)out + known[i].offset);

		if (at->len == 0 && span_equal(f->name, known[i].name))
			*at = f->value;
	}
}

void
conditions_of(const struct request *r, struct conditions *out)
{
	*out = (struct conditions){.request = r};
	for (size_t i = 0; i < r->field_count; i++)
		if (r->fields[i].name.p[0] == 'i' || r->fields[i].name.p[0] == 'r')
			note(out, &r->fields[i]);
}

/* A date that is none is no condition (§13.1.3, §13.1.4). */
static bool
changed_since(struct span value, const struct validators *v, bool without_date)
{
	int64_t date;

	return date_parse(value, &date) ? v->mtime_s > date : without_date;
}

static bool
has_tag(const struct request *r, struct span name, struct span etag, bool strongly)
{
	return entity_tags_have(r->fields, r->field_count, name, etag, strongly);
}

enum condition
condition_check(const struct conditions *c, const struct validators *v)
{
	const struct request *r = c->request;

	if (c->if_match.len > 0) {
		if (!has_tag(r, SPAN_OF("if-match"), v->etag, true))
			return CONDITION_FAILED;
	} else if (c->if_unmodified_since.len > 0) {
		if (changed_since(c->if_unmodified_since, v, false))
			return CONDITION_FAILED;
	}
	if (c->if_none_match.len > 0) {
		if (has_tag(r, SPAN_OF("if-none-match"), v->etag, false))
			return CONDITION_NOT_MODIFIED;
	} else if (c->if_modified_since.len > 0) {
		if (!changed_since(c->if_modified_since, v, true))
			return CONDITION_NOT_MODIFIED;
	}
	return CONDITION_SEND;
}

bool
condition_wants_range(const struct conditions *c, const struct validators *v)
{
	struct span value = c->if_range, tag;
	int64_t date;
	bool weak;

	if (c->range.len == 0 || c->request->method != METHOD_GET)
		return false;
	if (value.len == 0)
		return true;
	if (date_parse(value, &date))
		return date == v->mtime_s;
	return entity_tag_take(&value, &tag, &weak) && !weak && value.len == 0 &&
	       span_equal(tag, v->etag);
}
