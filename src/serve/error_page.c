#include "serve/error_page.h"

#include "serve/answer.h"
#include "serve/file.h"

struct error_pages {
	const struct serve *serve;
	const struct site *site;
	const struct route *route;
};

static const char *
page_in(const struct policy_lists *lists, unsigned status)
{
	for (size_t i = 0; i < lists->error_page_count; i++)
		if (lists->error_pages[i].status == status)
			return lists->error_pages[i].path;
	return NULL;
}

static const char *
page_for(const struct error_pages *e, unsigned status)
{
	const char *path = e->route != NULL ? page_in(&e->route->lists, status) : NULL;

	return path != NULL ? path : page_in(&e->site->lists, status);
}

/* The route of files for all paths: the site's own root. */
static const struct route *
root_of(const struct site *site)
{
	for (size_t i = 0; i < site->route_count; i++)
		if (site->routes[i].handler == ROUTE_FILES &&
		    span_equal(span_str(site->routes[i].path), SPAN_OF("/*")))
			return &site->routes[i];
	return NULL;
}

/* Of a request that is an error nothing is believed but whether it wants a body. */
static bool
respond(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	const struct error_pages *e = ex->error_pages;
	const char *path = page_for(e, status);
	const struct route *root = root_of(e->site);
	struct found file;

	if (path == NULL || root == NULL ||
	    file_find(e->serve, root, span_str(path), NULL, ex->memory, &file) != 0 ||
	    file.is_directory)
		return false;
	answer_file_as(ex, &file, status, fields, count);
	return true;
}

void
error_pages_offer(const struct serve *s, struct exchange *ex, const struct site *site,
		  const struct route *route)
{
	if (site->lists.error_page_count == 0 &&
	    (route == NULL || route->lists.error_page_count == 0))
		return;
	struct error_pages *e = ARENA_NEW(ex->memory, struct error_pages);
	*e = (struct error_pages){s, site, route};
	ex->error_page = respond;
	ex->error_pages = e;
}
