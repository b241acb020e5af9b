#include "http/entity_tag.h"

bool
entity_tag_take(struct span *list, struct span *tag, bool *weak)
{
	*weak = span_starts_with(*list, SPAN_OF("W/"));
	if (*weak)
		*list = span_tail(*list, 2);
	if (list->len == 0 || list->p[0] != '"')
		return false;
	size_t end = span_find(span_tail(*list, 1), '"') + 2;
	if (end > list->len)
		return false;
	*tag = span_head(*list, end);
	*list = span_tail(*list, end);
	return true;
}

/* Our tags are strong: compared strongly, a weak one never equals them (§8.8.3.2). */
static bool
list_has(struct span list, struct span etag, bool strongly)
{
	struct span tag;
	bool weak;

	if (span_equal(list, SPAN_OF("*")))
		return true;
	for (list = field_trim(list); list.len > 0; list = field_trim(list)) {
		if (list.p[0] == ',') {
			list = span_tail(list, 1);
			continue;
		}
		if (!entity_tag_take(&list, &tag, &weak))
			return false;
		if (span_equal(tag, etag) && !(weak && strongly))
			return true;
	}
	return false;
}

bool
entity_tags_have(const struct field *fields, size_t count, struct span name, struct span etag,
		 bool strongly)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(fields[i].name, name) && list_has(fields[i].value, etag, strongly))
			return true;
	return false;
}
