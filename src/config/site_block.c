#include "config/site_block.h"

#include "base/mem.h"
#include "config/names.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/value.h"

static const char *const default_index[] = {"index.html", NULL};

static void
read_names(struct reader *r, const struct directive *d, struct site *site)
{
	for (size_t i = 1; i < d->count; i++) {
		const char *name = value_site_name(r, &d->words[i]);

		if (name == NULL)
			continue;
		*ARENA_PUSH(r->memory, site->names, site->name_count) = name;
		reader_mark(r, MARK_SITE, name, d->words[i].at);
	}
}

static struct route *
add_route(struct reader *r, struct site *site, const char *path)
{
	struct route *route = ARENA_PUSH(r->memory, site->routes, site->route_count);

	*route = (struct route){.path = path, .handler = ROUTE_FILES};
	return route;
}

/* The site's own root comes last wherever it is written: it fits every path. */
static void
complete_routes(struct reader *r, struct site *site)
{
	const char **index = r->site.index;

	if (r->site.root != NULL)
		add_route(r, site, "/*")->root = r->site.root;
	if (index == NULL) {
		index = arena_get(r->memory, sizeof default_index);
		memcpy(index, default_index, sizeof default_index);
	}
	for (size_t i = 0; i < site->route_count; i++)
		site->routes[i].policy.index = index;
}

static bool
has_only_wildcards(const struct site *site)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (site->names[i][0] != '*')
			return false;
	return site->name_count > 0;
}

static void
check_site(struct reader *r, const struct directive *d, const struct site *site)
{
	const char *name = reader_shown(r, &d->words[1]);

	if (!r->site.has_certificate && !r->dropped)
		FAULT(
		    r, directive_place(d),
		    "site %s has no certificate: write \"certificate CHAIN.pem KEY.pem\" in it, or "
		    "\"certificate self-signed\"",
		    name);
	if (site->route_count == 0)
		WARN(r, directive_place(d),
		     "site %s has no root and no route: it has nothing to show", name);
	if (r->config->site_count == 0 && has_only_wildcards(site))
		WARN(r, directive_place(d),
		     "the first site answers unknown names, and this one has no name of its own "
		     "but %s",
		     name);
}

void
site_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;
	struct site site = {.line = directive_place(d).line};

	memset(&r->site, 0, sizeof r->site);
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	read_names(r, d, &site);
	if (d->has_block) {
		read_defaults(&block_site, &site);
		read_block(r, &block_site, d, &site);
		complete_routes(r, &site);
		check_site(r, d, &site);
	} else {
		FAULT(r, directive_place(d), "a site needs a block: write \"site %s { ... }\"",
		      reader_shown(r, &d->words[1]));
	}
	*ARENA_PUSH(r->memory, c->sites, c->site_count) = site;
}

void
site_print(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	for (size_t i = 0; i < c->site_count; i++) {
		print_name(p, o->name);
		for (size_t j = 0; j < c->sites[i].name_count; j++)
			print_word(p, c->sites[i].names[j]);
		print_block(p, o->block, &c->sites[i]);
	}
}

static void
read_self_signed(struct reader *r, const struct directive *d, struct site *site)
{
	if (site->certificate_count > 0)
		FAULT(r, d->words[1].at, "self-signed is for a site that has no other certificate");
	site->self_signed = true;
}

static void
read_certificate_files(struct reader *r, const struct directive *d, struct site *site)
{
	struct certificate files = {value_path(r, &d->words[1]), value_path(r, &d->words[2])};

	if (site->self_signed)
		FAULT(r, directive_place(d), "this site is self-signed already");
	*ARENA_PUSH(r->memory, site->certificates, site->certificate_count) = files;
}

void
site_read_certificate(struct reader *r, const struct option *o, const struct directive *d,
		      void *into)
{
	struct span first = d->count > 1 ? d->words[1].text : SPAN_NONE;

	r->site.has_certificate = true;
	if (span_equal(first, SPAN_OF("acme")))
		FAULT(r, d->words[1].at,
		      "automatic certificates are not built yet: give CHAIN and KEY files, or "
		      "self-signed");
	else if (d->count == 2 && span_equal(first, SPAN_OF("self-signed")))
		read_self_signed(r, d, into);
	else if (read_count(r, o, d, 2, 2))
		read_certificate_files(r, d, into);
}

void
site_print_certificate(struct printer *p, const struct option *o, const void *from)
{
	const struct site *site = from;

	for (size_t i = 0; i < site->certificate_count; i++) {
		print_name(p, o->name);
		if (site->self_signed) {
			print_word(p, "self-signed");
		} else {
			print_word(p, site->certificates[i].chain);
			print_word(p, site->certificates[i].key);
		}
		print_end(p);
	}
}

/* One name in a directory, not a way out of it. */
static bool
is_file_name(struct span name)
{
	return name.len > 0 && span_find(name, '/') == name.len &&
	       !span_equal(name, SPAN_OF(".")) && !span_equal(name, SPAN_OF(".."));
}

void
site_read_index(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	(void)into;
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	r->site.index = arena_get(r->memory, d->count * sizeof *r->site.index);
	for (size_t i = 1; i < d->count; i++) {
		if (!is_file_name(d->words[i].text))
			FAULT(r, d->words[i].at,
			      "\"%s\" is not the name of a file, without directory",
			      reader_shown(r, &d->words[i]));
		r->site.index[i - 1] = arena_copy(r->memory, d->words[i].text);
	}
}

static bool
is_default_index(const char **index)
{
	return strcmp(index[0], default_index[0]) == 0 && index[1] == NULL;
}

void
site_print_index(struct printer *p, const struct option *o, const void *from)
{
	const struct site *site = from;

	if (site->route_count == 0 || is_default_index(site->routes[0].policy.index))
		return;
	print_name(p, o->name);
	for (const char **name = site->routes[0].policy.index; *name != NULL; name++)
		print_word(p, *name);
	print_end(p);
}

void
site_read_root(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	const struct site *site = into;

	if (!read_count(r, o, d, 1, 1))
		return;
	for (size_t i = 0; i < site->route_count; i++)
		if (strcmp(site->routes[i].path, "/*") == 0)
			FAULT(r, directive_place(d),
			      "root is the route /*, which this site has already");
	r->site.root = value_path(r, &d->words[1]);
}

/* A last route for all paths is what "root" writes. */
static const struct route *
own_root(const struct site *site)
{
	const struct route *last =
	    site->route_count > 0 ? &site->routes[site->route_count - 1] : NULL;

	return last != NULL && strcmp(last->path, "/*") == 0 ? last : NULL;
}

void
site_print_root(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = own_root(from);

	if (route == NULL)
		return;
	print_name(p, o->name);
	print_word(p, route->root);
	print_end(p);
}

/* Whether every path that fits `later` fits `earlier` too. */
static bool
covers(const char *earlier, const char *later)
{
	size_t len = strlen(earlier);

	if (earlier[len - 1] != '*')
		return strcmp(earlier, later) == 0;
	return strncmp(earlier, later, len - 1) == 0;
}

static void
check_earlier_routes(struct reader *r, const struct site *site, const char *path,
		     const struct word *w)
{
	if (r->site.root != NULL && strcmp(path, "/*") == 0)
		FAULT(r, w->at, "this site has a root already, which is the route /*");
	for (size_t i = 0; i < site->route_count; i++) {
		const char *earlier = site->routes[i].path;

		if (strcmp(earlier, path) == 0)
			FAULT(r, w->at, "this site has a route %s already", reader_shown(r, w));
		else if (covers(earlier, path))
			WARN(r, w->at, "route %s is never reached: route %s, before it, fits first",
			     reader_shown(r, w), fault_word(r->scratch, span_str(earlier)));
	}
}

static const char *
read_route_path(struct reader *r, const struct word *w, const struct site *site)
{
	size_t star = span_find(w->text, '*');

	if (w->text.len == 0 || w->text.p[0] != '/') {
		FAULT(r, w->at, "a route begins with \"/\", as in /app/*");
		return NULL;
	}
	if (star + 1 < w->text.len) {
		FAULT(r, w->at, "\"*\" can only be the last character of a route");
		return NULL;
	}
	if (site->route_count >= CONFIG_ROUTES_MAX) {
		FAULT(r, w->at, "a site has at most %d routes", CONFIG_ROUTES_MAX);
		return NULL;
	}
	const char *path = arena_copy(r->memory, w->text);
	check_earlier_routes(r, site, path, w);
	return path;
}

void
site_read_route(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct site *site = into;
	struct route said = {.handler = ROUTE_FILES};
	size_t faults = r->faults->count;

	if (!read_count(r, o, d, 1, 1))
		return;
	const char *path = read_route_path(r, &d->words[1], site);
	read_block(r, o->block, d, &said);
	if (said.root == NULL && r->faults->count == faults && !r->dropped)
		FAULT(r, directive_place(d),
		      "this route leads nowhere: write \"route %s { root DIR }\"",
		      reader_shown(r, &d->words[1]));
	if (path != NULL)
		add_route(r, site, path)->root = said.root;
}

void
site_print_route(struct printer *p, const struct option *o, const void *from)
{
	const struct site *site = from;

	for (size_t i = 0; i < site->route_count; i++) {
		if (&site->routes[i] == own_root(site))
			continue;
		print_name(p, o->name);
		print_word(p, site->routes[i].path);
		print_block(p, o->block, &site->routes[i]);
	}
}

static void
complete_self_signed(struct reader *r, struct site *site)
{
	const char *name = site->names[0], *state = r->config->state_dir;
	bool wildcard = name[0] == '*';
	struct certificate *files =
	    ARENA_PUSH(r->memory, site->certificates, site->certificate_count);

	files->chain = arena_printf(r->memory, "%s/self-signed/%s%s.crt", state,
				    wildcard ? "_wildcard" : "", name + wildcard);
	files->key = arena_printf(r->memory, "%s/self-signed/%s%s.key", state,
				  wildcard ? "_wildcard" : "", name + wildcard);
}

static void
complete_names(struct reader *r, const struct site *site)
{
	struct config *c = r->config;

	for (size_t i = 0; i < site->name_count; i++) {
		const char *name = site->names[i];

		*ARENA_PUSH(r->memory, c->site_names, c->site_name_count) =
		    (struct site_name){name + (name[0] == '*'), site};
	}
}

void
site_complete(struct reader *r)
{
	for (size_t i = 0; i < r->config->site_count; i++) {
		struct site *site = &r->config->sites[i];

		if (site->self_signed)
			complete_self_signed(r, site);
		complete_names(r, site);
	}
	names_sort(r->config);
	roots_collect(r->config);
}
