#include "json/document.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 40

/* In words of ours: Jansson's tell parts of the text, which may be a secret. */
static const struct complaint {
	enum json_error_code code;
	const char *text;
} complaints[] = {
    {json_error_premature_end_of_input, "it ends too early"},
    {json_error_end_of_input_expected, "something stands after its end"},
    {json_error_invalid_utf8, "its text is not in UTF-8"},
    {json_error_null_character, "a text may not contain \\u0000"},
    {json_error_null_byte_in_key, "a name may not contain \\u0000"},
    {json_error_numeric_overflow, "a number is too large"},
    {json_error_stack_overflow, "it is nested too deeply"},
    {json_error_invalid_syntax, "it is not JSON"},
};

static void
free_wiped(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* Before there is any thread that could use Jansson. */
__attribute__((constructor)) static void
wipe_what_is_freed(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
}

void
document_show_name(struct span name, char *out, size_t size)
{
	struct span shown = span_head(name, size - 1);

	for (size_t i = 0; i < shown.len; i++)
		out[i] = shown.p[i] > 0x20 && shown.p[i] < 0x7F ? (char)shown.p[i] : '?';
	out[shown.len] = '\0';
}

/* Before Jansson sees it, which goes down by recursion. */
static bool
is_too_deep(struct span text)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > DOCUMENT_DEPTH_MAX)
			return true;
		else if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}

/* The name that stands twice ends, with its quote, where Jansson stopped. */
static struct outcome
name_twice(struct span text, const json_error_t *e)
{
	struct span before = span_head(text, e->position > 0 ? (size_t)e->position : 0);
	size_t end = before.len > 0 ? before.len - 1 : 0, start = end;
	char name[SHOWN_MAX];

	while (start > 0 && before.p[start - 1] != '"')
		start--;
	document_show_name(span_tail(span_head(before, end), start), name, sizeof name);
	return outcome_field(OUTCOME_INVALID, name, "%s stands there twice: give it once", name);
}

static struct outcome
complaint_of(struct span text, const json_error_t *e)
{
	enum json_error_code code = json_error_code(e);
	const char *what = "it is not JSON";

	if (code == json_error_duplicate_key)
		return name_twice(text, e);
	for (size_t i = 0; i < COUNT(complaints); i++)
		if (complaints[i].code == code)
			what = complaints[i].text;
	return outcome_new(OUTCOME_INVALID, "the request cannot be read: %s (line %d, column %d)",
			   what, e->line, e->column);
}

struct outcome
document_parse(struct span text, json_t **out)
{
	json_error_t e;

	*out = NULL;
	if (text.len == 0)
		return outcome_new(OUTCOME_INVALID, "the request has no body: send JSON");
	if (is_too_deep(text))
		return outcome_new(OUTCOME_INVALID,
				   "the request cannot be read: it is nested more than %d deep",
				   DOCUMENT_DEPTH_MAX);
	*out = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &e);
	return *out != NULL ? OUTCOME_OK : complaint_of(text, &e);
}
