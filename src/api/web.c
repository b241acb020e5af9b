#include "api/web.h"

#include <stdlib.h>

#include "api/problem.h"
#include "http/accept.h"
#include "http/entity_tag.h"

/*
 * Scripts and styles of our own alone, and no text becomes markup (Trusted Types, W3C). A picture
 * may be in an address, as the QR codes are that the API makes.
 */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

/* Its name changes with its bytes, so it is never asked for again. Not `public`: who may not come
 * here would get it from a cache before us. */
static const char kept[] = "private, max-age=31536000, immutable";

struct form {
	const char *coding; /* NULL: as it is */
	const char *mark;   /* in the ETag: another coding is another representation */
	struct span bytes;
};

static int
compare(const void *key, const void *member)
{
	const struct span *path = key;
	struct span other = span_str(((const struct web_file *)member)->path);
	int order = memcmp(path->p, other.p, path->len < other.len ? path->len : other.len);

	return order != 0 ? order : (path->len > other.len) - (path->len < other.len);
}

static const struct web_file *
find(const struct web *web, struct span path)
{
	if (web == NULL || web->count == 0 || path.len == 0)
		return NULL;
	return bsearch(&path, web->at, web->count, sizeof *web->at, compare);
}

/* The smallest that he takes. */
static struct form
choose(const struct web_file *file, const struct api_request *r)
{
	struct codings accepted = codings_accepted(r->fields, r->field_count);

	if (codings_have(&accepted, CODING_BR))
		return (struct form){"br", "-br", file->brotli};
	if (codings_have(&accepted, CODING_GZIP))
		return (struct form){"gzip", "-gz", file->gzip};
	return (struct form){NULL, "", file->plain};
}

static bool
is_page(const struct web_file *file)
{
	return span_starts_with(span_str(file->media), SPAN_OF("text/html"));
}

bool
web_answer(const struct web *web, const struct api_request *r, struct span path,
	   struct arena *memory, struct api_answer *out, const char **policy)
{
	const struct web_file *file = find(web, path);

	if (file == NULL)
		return false;
	struct form form = choose(file, r);
	const char *tag = arena_printf(memory, "\"%s%s\"", file->tag, form.mark);
	answer_field(out, "etag", tag);
	answer_field(out, "vary", "accept-encoding");
	answer_field(out, "cache-control", is_page(file) ? "private, no-cache" : kept);
	if (is_page(file)) {
		*policy = page_policy;
		answer_page_fields(out);
	}
	out->status = entity_tags_have(r->fields, r->field_count, SPAN_OF("if-none-match"),
				       span_str(tag), false)
			  ? 304
			  : 200;
	if (out->status == 304)
		return true;
	answer_field(out, "content-type", file->media);
	if (form.coding != NULL)
		answer_field(out, "content-encoding", form.coding);
	out->body = form.bytes;
	return true;
}
