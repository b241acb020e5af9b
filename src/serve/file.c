#include "serve/file.h"

#include <errno.h>

#include "serve/answer.h"
#include "serve/listing.h"
#include "serve/location.h"
#include "serve/pattern.h"

bool
file_method_allowed(struct exchange *ex)
{
	static const struct field allow = {SPAN_INIT("allow"), SPAN_INIT("GET, HEAD")};
	enum method m = ex->request.method;

	if (m == METHOD_GET || m == METHOD_HEAD)
		return true;
	if (m == METHOD_OTHER)
		exchange_respond_status(ex, 501, SPAN_NONE);
	else
		exchange_respond_page(ex, 405, &allow, 1);
	return false;
}

/* What is not there and what leads out of the root must look the same. */
static const struct {
	int why;
	unsigned status;
} statuses[] = {
    {ENOENT, 404}, {ENOTDIR, 404}, {EXDEV, 404},  {ELOOP, 404},  {ENAMETOOLONG, 404},
    {EACCES, 403}, {EPERM, 403},   {EMFILE, 503}, {ENFILE, 503}, {ENOMEM, 503},
};

static unsigned
status_of(int why)
{
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].why == why)
			return statuses[i].status;
	return 500;
}

void
file_respond_errno(struct exchange *ex, int why)
{
	exchange_respond_status(ex, status_of(why), SPAN_NONE);
}

/* ".git", ".htpasswd" and their like; RFC 8615 names the one exception, at the root. */
static bool
is_hidden(struct span path)
{
	static const struct span well_known = SPAN_INIT("/.well-known/");

	if (span_starts_with(path, well_known))
		path = span_tail(path, well_known.len - 1);
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.p[i] == '/' && path.p[i + 1] == '.')
			return true;
	return false;
}

int
file_find(const struct serve *s, const struct route *route, struct span path,
	  const struct request *request, struct arena *memory, struct found *out)
{
	const struct sought what = {s->roots[route->root_index], path, &route->policy, request};

	if (what.root < 0 || path.len == 0 || path.p[0] != '/' || is_hidden(path))
		return ENOENT;
	return cache_find(s->files, &what, s->now_ms(), memory, out);
}

/* `pattern` with the path that was asked for in the place of each "{path}". */
static struct span
expand(const char *pattern, struct span path, struct arena *memory)
{
	static const struct span mark = SPAN_INIT("{path}");
	struct span p = span_str(pattern);
	uint8_t *out = arena_get(memory, p.len * (path.len + 1)), *to = out;

	while (p.len > 0) {
		bool marked = span_starts_with(p, mark);
		struct span next = marked ? path : span_head(p, 1);

		/* "{path}/index.html" of "/": not "//". */
		if (to > out && to[-1] == '/' && next.len > 0 && next.p[0] == '/')
			to--;
		if (next.len > 0)
			memcpy(to, next.p, next.len);
		to += next.len;
		p = span_tail(p, marked ? mark.len : 1);
	}
	return span_of(out, (size_t)(to - out));
}

static bool
ends_with_slash(struct span path)
{
	return path.len > 0 && path.p[path.len - 1] == '/';
}

static struct span
with_slash(struct span path, struct arena *memory)
{
	return span_str(arena_printf(memory, "%.*s/", (int)path.len, (const char *)path.p));
}

/* A request to a route of files. */
struct lookup {
	const struct serve *s;
	struct exchange *ex;
	const struct route *route;
	struct span path;
	struct found file; /* LOOKUP_FILE */
};

/* What came of it; otherwise an errno says why there is nothing. */
enum looked_up { LOOKUP_FILE, LOOKUP_ADD_SLASH, LOOKUP_ANSWERED };

static int
find(struct lookup *l, struct span path)
{
	return file_find(l->s, l->route, path, &l->ex->request, l->ex->memory, &l->file);
}

static bool
is_absent(int why)
{
	return why != 0 && status_of(why) == 404;
}

/* The first of the route's tries that is a file. */
static int
find_by_tries(struct lookup *l)
{
	const char **try = l->route->policy.tries;

	for (; try != NULL && *try != NULL; try++) {
		int why = find(l, expand(*try, l->path, l->ex->memory));

		if ((why == 0 && !l->file.is_directory) || (why != 0 && !is_absent(why)))
			return why;
	}
	return ENOENT;
}

static int
look_up_absent(struct lookup *l, enum looked_up *out)
{
	const struct policy *p = &l->route->policy;
	int root = l->s->roots[l->route->root_index];

	if (p->listing && root >= 0 && ends_with_slash(l->path) && !is_hidden(l->path)) {
		int why = listing_serve(l->ex, root, l->path, p);

		if (why == 0)
			*out = LOOKUP_ANSWERED;
		if (!is_absent(why))
			return why;
	}
	return find_by_tries(l);
}

/*
 * A directory without the '/' behind it. Who asked for that asks again with it, if there is
 * something to be seen then, or else nothing to be tried; who was led here by a rewrite
 * cannot know.
 */
static int
look_up_directory(struct lookup *l, enum looked_up *out)
{
	const struct policy *p = &l->route->policy;
	struct span path = with_slash(l->path, l->ex->memory);
	int why = find(l, path);

	if (ends_with_slash(l->ex->request.path)) {
		l->path = path;
		return is_absent(why) ? look_up_absent(l, out) : why;
	}
	if (why == 0)
		answer_let_go(&l->file);
	else if (is_absent(why) && p->tries != NULL && !p->listing)
		return find_by_tries(l);
	*out = LOOKUP_ADD_SLASH;
	return 0;
}

static int
look_up(struct lookup *l, enum looked_up *out)
{
	int why = find(l, l->path);

	*out = LOOKUP_FILE;
	if (is_absent(why))
		return look_up_absent(l, out);
	return why == 0 && l->file.is_directory ? look_up_directory(l, out) : why;
}

static void
respond_directory(struct exchange *ex)
{
	const struct request *r = &ex->request;

	exchange_respond_status(ex, 301,
				location_encode(ex->memory, r->path, SPAN_OF("/"), r->query));
}

static struct span
rule_for(const struct policy_lists *lists, struct span path)
{
	for (size_t i = 0; i < lists->cache_rule_count; i++)
		if (pattern_fits(lists->cache_rules[i].pattern, path))
			return span_str(lists->cache_rules[i].value);
	return SPAN_NONE;
}

/* By the file that is sent, not by what was asked for: a page that stands in for all paths of
 * an application must not be kept as long as what it stands in for. */
static struct span
cache_control(const struct site *site, const struct route *route, struct span served)
{
	struct span value = rule_for(&route->lists, served);

	return value.len > 0 ? value : rule_for(&site->lists, served);
}

void
file_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	   const struct route *route, struct span path)
{
	const struct policy *p = &route->policy;
	struct lookup l = {s, ex, route, path};
	enum looked_up found;
	int why;

	if (!file_method_allowed(ex))
		return;
	if ((why = look_up(&l, &found)) != 0)
		file_respond_errno(ex, why);
	else if (found == LOOKUP_ADD_SLASH)
		respond_directory(ex);
	else if (found == LOOKUP_FILE)
		answer_file(ex, &l.file, cache_control(site, route, l.file.served),
			    p->compress != COMPRESS_OFF ? (const char *const *)p->compress_types
							: NULL);
}
