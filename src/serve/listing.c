#include "serve/listing.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/date.h"
#include "http/field.h"
#include "os/fs.h"
#include "serve/encode.h"
#include "serve/listing_text.h"
#include "serve/send.h"

#define ENTRIES_MAX  10000
#define MS_MAX       200       /* for looking at a directory: others wait meanwhile */
#define LISTING_MAX  (8 << 20) /* bytes of a page */
#define LISTINGS_MAX 8         /* of them in a thread's memory at once */

static _Thread_local size_t listings;

/* A directory that is being read. */
struct reading {
	struct listing listing;
	struct arena *memory;
	int64_t deadline_ms;
};

static bool
collect(void *owner, const char *name, const struct fs_info *info)
{
	struct reading *r = owner;
	struct listing *l = &r->listing;

	if (name[0] == '.' || info->kind == FS_OTHER)
		return true;
	if (l->count == ENTRIES_MAX || ((l->count & 63) == 63 && clock_ms() > r->deadline_ms)) {
		l->cut = true;
		return false;
	}
	struct listed *e = MEM_PUSH(l->entries, l->count);
	*e = (struct listed){.name = arena_span(r->memory, span_str(name)), .info = *info};
	return true;
}

/* Directories first, then by name, as bytes. */
static int
compare(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order;

	if (a->info.kind != b->info.kind)
		return a->info.kind == FS_DIRECTORY ? -1 : 1;
	order = memcmp(a->name.p, b->name.p, len);
	return order != 0 ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

/* Browsers ask for HTML by name, programs for JSON; whoever takes anything gets the page. */
static bool
wants_json(const struct request *r)
{
	const struct span *accept = request_field(r, SPAN_OF("accept"));

	return accept != NULL && field_list_has(*accept, SPAN_OF("application/json")) &&
	       !field_list_has(*accept, SPAN_OF("text/html"));
}

static void
let_go(void *text)
{
	free(text);
	listings--;
}

/* Sends what is in `text`, and keeps its memory until that has gone. */
static void
send_text(struct exchange *ex, struct buf *text, bool json)
{
	const struct field fields[] = {
	    {SPAN_OF("content-type"),
	     json ? SPAN_OF("application/json") : SPAN_OF("text/html; charset=utf-8")},
	    {SPAN_OF("vary"), SPAN_OF("Accept")},
	};
	struct piece *piece = ARENA_NEW(ex->memory, struct piece);

	listings++;
	arena_defer(ex->memory, let_go, text->data);
	piece->text = buf_span(text);
	send_pieces(ex, 200, fields, COUNT(fields), -1, piece, 1);
}

static int
respond(struct exchange *ex, const struct listing *l, const struct policy *policy)
{
	bool json = wants_json(&ex->request);
	struct buf text = buf_with_cap(LISTING_MAX);

	if (!(json ? listing_put_json : listing_put_html)(&text, l)) {
		buf_free(&text);
		return ENOMEM;
	}
	if (policy->compress != COMPRESS_OFF)
		encode_answers(ex, (const char *const *)policy->compress_types);
	send_text(ex, &text, json);
	return 0;
}

int
listing_serve(struct exchange *ex, int root, struct span path, const struct policy *policy)
{
	struct reading r = {
	    .listing.path = path, .memory = ex->memory, .deadline_ms = clock_ms() + MS_MAX};
	struct listing *l = &r.listing;
	struct span relative = path.len > 1 ? span_of(path.p + 1, path.len - 2) : SPAN_OF(".");
	int why;

	if (listings == LISTINGS_MAX)
		return ENOMEM;
	why = fs_list_beneath(root, arena_copy(ex->memory, relative), collect, &r);
	if (why == 0) {
		if (l->count > 0)
			qsort(l->entries, l->count, sizeof *l->entries, compare);
		why = respond(ex, l, policy);
	}
	free(l->entries);
	return why;
}
