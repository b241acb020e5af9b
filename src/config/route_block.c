#include "config/route_block.h"

#include <stdio.h>

#include "base/mem.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/site_block.h"
#include "config/value.h"
#include "config/value_http.h"

#define REDIRECT_USUAL 302

/* Whether every path that fits `earlier` fits `later` too. */
static bool
covers(const char *earlier, const char *later)
{
	size_t len = strlen(earlier);

	if (earlier[len - 1] != '*')
		return strcmp(earlier, later) == 0;
	return strncmp(earlier, later, len - 1) == 0;
}

static bool
has_condition(const struct route *route)
{
	const struct route_condition *c = &route->condition;

	return c->methods != NULL || c->from_count > 0 || c->field_count > 0;
}

/* Which of them answers is decided by the path alone, unless the earlier asks for more. */
static void
check_earlier_routes(struct reader *r, const struct site *site, const struct route *route,
		     const struct word *w)
{
	for (size_t i = 0; i < site->route_count; i++) {
		const struct route *earlier = &site->routes[i];
		bool same = strcmp(earlier->path, route->path) == 0;

		if (has_condition(earlier))
			continue;
		if (earlier->handler == ROUTE_CONTROL && covers(earlier->path, route->path)) {
			FAULT(r, w->at,
			      "route %s is never asked: access_server has %s on this site",
			      reader_shown(r, w), earlier->path);
			return;
		}
		if (same && !has_condition(route))
			FAULT(r, w->at, "this site has a route %s already", reader_shown(r, w));
		else if (covers(earlier->path, route->path))
			WARN(r, w->at, "route %s is never reached: route %s, before it, fits first",
			     reader_shown(r, w), fault_word(r->scratch, span_str(earlier->path)));
	}
}

static const char *
read_path(struct reader *r, const struct word *w, const struct site *site)
{
	size_t star = span_find(w->text, '*');

	if (w->text.len == 0 || w->text.p[0] != '/') {
		FAULT(r, w->at, "a route begins with \"/\", as in /app/*");
		return NULL;
	}
	if (star + 1 < w->text.len) {
		FAULT(r, w->at, "\"*\" can only be the last character, as in /app/*");
		return NULL;
	}
	if (site->route_count >= CONFIG_ROUTES_MAX) {
		FAULT(r, w->at, "a site has at most %d routes", CONFIG_ROUTES_MAX);
		return NULL;
	}
	return arena_copy(r->memory, w->text);
}

/* Elsewhere such a path stands for all below it. */
static void
check_last_slash(struct reader *r, const struct route *route, const struct word *w)
{
	bool many = route->handler == ROUTE_FILES || route->handler == ROUTE_PROXY;

	if (many && w->text.p[w->text.len - 1] == '/')
		WARN(r, w->at, "route %s fits that path alone: for all below it write %s*",
		     reader_shown(r, w), reader_shown(r, w));
}

/* The site's own handler is the last route, for all paths: another such is in its way. */
static void
check_site_handler(struct reader *r, const struct route *route, const struct directive *own,
		   const struct word *w)
{
	if (own != NULL && !has_condition(route) && strcmp(route->path, "/*") == 0)
		FAULT(r, w->at, "this site has a %s already, which is the route /*: on line %u",
		      reader_shown(r, &own->words[0]), directive_place(own).line);
}

void
route_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct site *site = &((struct site_form *)into)->site;
	struct route route = {.policy = site->policy};
	const struct directive *own = r->handler;
	size_t faults = r->faults->count;

	if (d->count > 2 && !d->has_block) {
		FAULT(r, d->words[2].at,
		      "what answers stands in a block: write \"route %s { ... }\"",
		      reader_shown(r, &d->words[1]));
		return;
	}
	if (!read_count(r, o, d, 1, 1))
		return;
	route.path = read_path(r, &d->words[1], site);
	r->path = route.path;
	r->handler = NULL;
	read_block(r, o->block, d, &route);
	if (r->handler == NULL && r->faults->count == faults && !r->dropped)
		FAULT(
		    r, directive_place(d),
		    "this route leads nowhere: write \"route %s { root DIR }\", or proxy, redirect "
		    "or respond in it",
		    reader_shown(r, &d->words[1]));
	r->handler = own;
	if (route.path == NULL)
		return;
	check_earlier_routes(r, site, &route, &d->words[1]);
	check_last_slash(r, &route, &d->words[1]);
	check_site_handler(r, &route, own, &d->words[1]);
	*ARENA_PUSH(r->memory, site->routes, site->route_count) = route;
}

void
route_print(struct printer *p, const struct option *o, const void *from)
{
	const struct site_form *form = from;
	const struct route *around = p->around;

	p->around = &form->own;
	for (size_t i = 0; i < form->site.route_count; i++) {
		if (form->site.routes[i].handler == ROUTE_CONTROL)
			continue;
		print_name(p, o->name);
		print_word(p, form->site.routes[i].path);
		print_block(p, o->block, &form->site.routes[i]);
	}
	p->around = around;
}

void
route_read_from(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route *route = into;

	value_networks(r, o, d, &route->condition.from, &route->condition.from_count);
}

void
route_print_from(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from;

	print_networks(p, o, route->condition.from, route->condition.from_count);
}

void
route_read_match(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route_condition *c = &((struct route *)into)->condition;

	if (!read_count(r, o, d, 1, 2))
		return;
	struct field_match match = {.name = value_field_name(r, &d->words[1])};
	if (d->count > 2)
		match.value = value_field_value(r, &d->words[2]);
	*ARENA_PUSH(r->memory, c->fields, c->field_count) = match;
}

void
route_print_match(struct printer *p, const struct option *o, const void *from)
{
	const struct route_condition *c = &((const struct route *)from)->condition;

	for (size_t i = 0; i < c->field_count; i++) {
		print_name(p, o->name);
		print_word(p, c->fields[i].name);
		if (c->fields[i].value != NULL)
			print_word(p, c->fields[i].value);
		print_end(p);
	}
}

bool
route_take_handler(struct reader *r, const struct option *o, const struct directive *d,
		   struct route *route, enum route_handler handler)
{
	if (r->handler != NULL) {
		FAULT(r, directive_place(d),
		      "only one can answer: line %u has %s already, so %s needs a route of its own",
		      directive_place(r->handler).line, reader_shown(r, &r->handler->words[0]),
		      o->name);
		return false;
	}
	r->handler = d;
	route->handler = handler;
	return true;
}

void
route_read_root(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route *route = into;

	if (route_take_handler(r, o, d, route, ROUTE_FILES) && read_count(r, o, d, 1, 1))
		route->root = value_path(r, &d->words[1]);
}

void
route_print_root(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from;

	if (route->root == NULL)
		return;
	print_name(p, o->name);
	print_word(p, route->root);
	print_end(p);
}

/* Those that say where else it is (RFC 9110 §15.4). */
static bool
read_redirect_status(struct reader *r, const struct word *w, unsigned *status)
{
	static const unsigned known[] = {301, 302, 303, 307, 308};

	if (!value_status(r, w, 301, 308, status))
		return false;
	for (size_t i = 0; i < COUNT(known); i++)
		if (*status == known[i])
			return true;
	FAULT(r, w->at, "a redirect is 301, 302, 303, 307 or 308, not %u", *status);
	return false;
}

void
route_read_redirect(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route *route = into;

	if (!route_take_handler(r, o, d, route, ROUTE_REDIRECT) || !read_count(r, o, d, 1, 2))
		return;
	route->status = REDIRECT_USUAL;
	if (d->count == 2 || read_redirect_status(r, &d->words[1], &route->status))
		route->text = value_location(r, &d->words[d->count - 1]);
}

static void
print_status(struct printer *p, unsigned status)
{
	char text[16];

	snprintf(text, sizeof text, "%u", status);
	print_word(p, text);
}

void
route_print_redirect(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from;

	if (route->handler != ROUTE_REDIRECT)
		return;
	print_name(p, o->name);
	if (route->status != REDIRECT_USUAL)
		print_status(p, route->status);
	print_word(p, route->text);
	print_end(p);
}

/* Answers that have no body (RFC 9110 §6.4.1). */
static bool
is_bare(unsigned status)
{
	return status == 204 || status == 205 || status == 304;
}

void
route_read_respond(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route *route = into;

	if (!route_take_handler(r, o, d, route, ROUTE_RESPOND) || !read_count(r, o, d, 1, 2) ||
	    !value_status(r, &d->words[1], 200, 599, &route->status))
		return;
	if (route->status >= 300 && route->status < 400 && route->status != 304)
		FAULT(r, d->words[1].at, "%u needs somewhere to go: write \"redirect\"",
		      route->status);
	else if (d->count > 2 && is_bare(route->status))
		FAULT(r, d->words[2].at, "an answer with status %u has no text", route->status);
	else if (d->count > 2)
		route->text = arena_copy(r->memory, d->words[2].text);
}

void
route_print_respond(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from;

	if (route->handler != ROUTE_RESPOND)
		return;
	print_name(p, o->name);
	print_status(p, route->status);
	if (route->text != NULL)
		print_word(p, route->text);
	print_end(p);
}
