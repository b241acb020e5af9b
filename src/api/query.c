#include "api/query.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

const struct parameter query_of_lists[] = {
    {.name = "limit", .type = "integer", .doc = "How many at most: 1 to 1000, usually 100."},
    {.name = "after", .type = "string", .doc = "What `next` said in the part before."},
    {.name = "search", .type = "string", .doc = "Only what has this in its names."},
};
const size_t query_of_lists_count = COUNT(query_of_lists);

static const char *const yes_no[] = {"true", "false", NULL};
static const struct parameter of_sorted[] = {
    {.name = "descending", .type = "boolean", .doc = "The last first.", .choices = yes_no},
};

bool
query_is_text(struct arena *memory, struct span s)
{
	return utf8_mended(memory, s).p == s.p;
}

/* NULL: a '%' without its two digits, or bytes that are no text. */
static const char *
decode(struct span s, struct arena *memory)
{
	char *to = arena_get(memory, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high, low;

		if (s.p[i] != '%') {
			to[n++] = s.p[i] == '+' ? ' ' : (char)s.p[i];
			continue;
		}
		if (s.len - i < 3 || (high = text_hex_digit(s.p[i + 1])) < 0 ||
		    (low = text_hex_digit(s.p[i + 2])) < 0)
			return NULL;
		to[n++] = (char)(high << 4 | low);
		i += 2;
	}
	return query_is_text(memory, span_of(to, n)) ? to : NULL;
}

static struct outcome
add(struct query *q, struct span pair, struct arena *memory)
{
	size_t equals = span_find(pair, '=');
	const char *name = decode(span_head(pair, equals), memory);
	const char *value = decode(span_tail(pair, equals + 1), memory);

	if (name == NULL || value == NULL)
		return outcome_new(OUTCOME_INVALID, "the query is no text in UTF-8");
	if (query_find(q, name) != NULL)
		return outcome_field(OUTCOME_INVALID, name, "%.100s is there twice", name);
	if (q->count == QUERY_VALUES_MAX)
		return outcome_new(OUTCOME_INVALID, "the query has too many parameters");
	q->at[q->count++] = (struct query_value){name, value};
	return OUTCOME_OK;
}

struct outcome
query_read(struct span text, struct arena *memory, struct query *out)
{
	*out = (struct query){.count = 0};
	while (text.len > 0) {
		size_t end = span_find(text, '&');
		struct outcome o = end > 0 ? add(out, span_head(text, end), memory) : OUTCOME_OK;

		if (refused(o))
			return o;
		text = span_tail(text, end + 1);
	}
	return OUTCOME_OK;
}

const char *
query_find(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->at[i].name, name) == 0)
			return q->at[i].value;
	return NULL;
}

static const struct parameter *
parameter_in(const struct parameter *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static const struct parameter *
parameter_of(const struct operation *op, const char *name)
{
	const struct parameter *p = parameter_in(op->query, op->query_count, name);

	if (p != NULL || !(op->flags & OP_LIST))
		return p;
	if (parameter_in(op->query, op->query_count, "sort") != NULL)
		p = parameter_in(of_sorted, COUNT(of_sorted), name);
	return p != NULL ? p : parameter_in(query_of_lists, COUNT(query_of_lists), name);
}

static bool
is_chosen(const char *const *choices, const char *value)
{
	for (; *choices != NULL; choices++)
		if (strcmp(*choices, value) == 0)
			return true;
	return false;
}

static struct outcome
check(const struct parameter *p, const char *value)
{
	const char *const *choices =
	    p->choices == NULL && strcmp(p->type, "boolean") == 0 ? yes_no : p->choices;
	uint64_t n;

	if (choices != NULL && !is_chosen(choices, value))
		return outcome_field(OUTCOME_INVALID, p->name, "%s is none of the words there are",
				     p->name);
	if (strcmp(p->type, "integer") == 0 && !text_to_u64(span_str(value), INT64_MAX, &n))
		return outcome_field(OUTCOME_INVALID, p->name, "%s is no number", p->name);
	return OUTCOME_OK;
}

struct outcome
query_check(const struct query *q, const struct operation *op)
{
	for (size_t i = 0; i < q->count; i++) {
		const struct parameter *p = parameter_of(op, q->at[i].name);
		struct outcome o;

		if (p == NULL)
			return outcome_field(OUTCOME_INVALID, q->at[i].name,
					     "there is no parameter %.100s here", q->at[i].name);
		if (refused(o = check(p, q->at[i].value)))
			return o;
	}
	return OUTCOME_OK;
}
