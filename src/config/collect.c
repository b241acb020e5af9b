#include "config/collect.h"

#include <stdlib.h>

#include "base/mem.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, each once. */
static void
sort_once(const char **list, size_t *count)
{
	size_t kept = 1;

	if (*count == 0)
		return;
	qsort(list, *count, sizeof *list, by_text);
	for (size_t i = 1; i < *count; i++)
		if (strcmp(list[i], list[kept - 1]) != 0)
			list[kept++] = list[i];
	*count = kept;
}

/* Its place in such a list; 0 for NULL. */
static size_t
find(const char *text, const char **list, size_t count)
{
	const char **at =
	    text != NULL && count > 0 ? bsearch(&text, list, count, sizeof *list, by_text) : NULL;

	return at != NULL ? (size_t)(at - list) : 0;
}

static void
each_route(struct config *c, void (*what)(struct config *c, struct route *route))
{
	for (size_t i = 0; i < c->site_count; i++)
		for (size_t j = 0; j < c->sites[i].route_count; j++)
			what(c, &c->sites[i].routes[j]);
}

static void
list_root(struct config *c, struct route *route)
{
	if (route->root != NULL)
		*ARENA_PUSH(c->memory, c->roots, c->root_count) = route->root;
}

static void
find_root(struct config *c, struct route *route)
{
	route->root_index = find(route->root, c->roots, c->root_count);
}

void
collect_roots(struct config *c)
{
	each_route(c, list_root);
	sort_once(c->roots, &c->root_count);
	each_route(c, find_root);
}

static void
add_proxy(struct config *c, struct proxy *proxy)
{
	proxy->index = c->proxy_count;
	*ARENA_PUSH(c->memory, c->proxies, c->proxy_count) = proxy;
	proxy->to->index = c->backends_count;
	*ARENA_PUSH(c->memory, c->backends, c->backends_count) = proxy->to;
}

static void
list_proxy(struct config *c, struct route *route)
{
	if (route->handler == ROUTE_PROXY)
		add_proxy(c, route->proxy);
}

void
collect_proxies(struct config *c)
{
	each_route(c, list_proxy);
	if (c->control != NULL)
		add_proxy(c, c->control);
}

/* The file that has whom the proxy trusts; NULL: none is needed. */
static const char *
authorities_of(const struct proxy *proxy)
{
	if (proxy->scheme != SCHEME_HTTPS)
		return NULL;
	if (proxy->verify == VERIFY_SYSTEM)
		return COLLECT_SYSTEM_AUTHORITIES;
	return proxy->verify == VERIFY_CA ? proxy->ca_file : NULL;
}

void
collect_authorities(struct config *c)
{
	for (size_t i = 0; i < c->proxy_count; i++) {
		const char *file = authorities_of(c->proxies[i]);

		if (file != NULL)
			*ARENA_PUSH(c->memory, c->authorities, c->authority_count) = file;
	}
	sort_once(c->authorities, &c->authority_count);
	for (size_t i = 0; i < c->proxy_count; i++)
		c->proxies[i]->ca_index =
		    find(authorities_of(c->proxies[i]), c->authorities, c->authority_count);
}
