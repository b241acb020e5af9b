/* Lists, a part at a time. What `after` holds is the store's; as base64url it is nobody's to make
 * sense of, and needs no escaping in a URL. */
#include <string.h>

#include "api/operation.h"
#include "api/query.h"
#include "base/encode.h"
#include "base/text.h"

#define LIMIT_USUAL 100
#define CURSOR_MAX  2048

static struct outcome
read_cursor(const struct api_call *c, const char *text, const char **out)
{
	struct buf b = buf_with_cap(CURSOR_MAX);
	struct outcome o = OUTCOME_OK;

	if (base64url_read(span_str(text), &b) && query_is_text(c->access->memory, buf_span(&b)))
		*out = arena_copy(c->access->memory, buf_span(&b));
	else
		o = outcome_field(OUTCOME_INVALID, "after", "after is no `next` of this list");
	buf_free(&b);
	return o;
}

struct outcome
call_page(const struct api_call *c, struct page *out)
{
	const char *limit = call_query(c, "limit"), *after = call_query(c, "after");
	const char *descending = call_query(c, "descending"), *search = call_query(c, "search");
	uint64_t n = LIMIT_USUAL;

	*out = (struct page){.search = search != NULL && search[0] != '\0' ? search : NULL,
			     .sort = call_query(c, "sort"),
			     .descending = descending != NULL && strcmp(descending, "true") == 0};
	if (limit != NULL && (!text_to_u64(span_str(limit), STORE_PAGE_MAX, &n) || n == 0))
		return outcome_field(OUTCOME_INVALID, "limit", "limit goes from 1 to %d",
				     STORE_PAGE_MAX);
	out->limit = (unsigned)n;
	return after != NULL ? read_cursor(c, after, &out->after) : OUTCOME_OK;
}

static bool
put_next(const struct api_call *c, const char *next, struct buf *out)
{
	if (next == NULL)
		return buf_append(out, SPAN_OF("null"));
	struct span bytes = span_str(next);
	char *text = arena_get(c->access->memory, BASE64URL_SIZE(bytes.len));
	base64url_write(bytes, text);
	return json_put_text(out, text);
}

struct outcome
call_answer_list(struct api_call *c, const void *at, size_t count, size_t size, const char *next)
{
	struct buf *b = call_buf(c);
	bool fits = buf_append(b, SPAN_OF("{\"items\":["));

	for (size_t i = 0; fits && i < count; i++)
		fits = (i == 0 || buf_byte(b, ',')) &&
		       shape_write(c->op->answer, (const char *)at + i * size, b);
	if (!fits || !buf_append(b, SPAN_OF("],\"next\":")) || !put_next(c, next, b) ||
	    !buf_byte(b, '}'))
		return call_broken(c, "writing the list");
	return call_answer_json(c, buf_span(b));
}
