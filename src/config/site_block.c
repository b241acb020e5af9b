#include "config/site_block.h"

#include "base/mem.h"
#include "config/access_block.h"
#include "config/collect.h"
#include "config/names.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/scalar.h"
#include "config/value.h"

#define DAY          (24 * 3600 * 1000ull)
#define HSTS_USUAL   (365 * DAY)
#define HSTS_MAX     (3650 * DAY)
#define HSTS_PRELOAD (365 * DAY) /* the least that lists of preloaded hosts take */

#define BODY_UNSAID UINT64_MAX /* until the limits of the whole file are known */

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

static bool
has_only_wildcards(const struct site *site)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (site->names[i][0] != '*')
			return false;
	return site->name_count > 0;
}

static bool
asks_passwords(const struct site *site)
{
	for (size_t i = 0; i < site->route_count; i++)
		if (site->routes[i].policy.realm != NULL)
			return true;
	return false;
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
		     "site %s has no root, no other handler and no route: it has nothing to show",
		     name);
	if (site->plain_http && asks_passwords(site))
		WARN(r, directive_place(d),
		     "site %s answers on the plain port too: passwords for basic_auth would "
		     "cross the network in clear",
		     name);
	if (r->config->site_count == 0 && has_only_wildcards(site))
		WARN(r, directive_place(d),
		     "the first site answers unknown names, and this one has no name of its own "
		     "but %s",
		     name);
}

/* The directives of a site, apart: its routes inherit what the others say, wherever those stand. */
static void
split(struct reader *r, const struct directive *d, struct directive *routes,
      struct directive *others)
{
	*routes = *others = (struct directive){.count = 0};
	for (size_t i = 0; i < d->child_count; i++) {
		bool route = span_equal(d->children[i].words[0].text, SPAN_OF("route"));
		struct directive *to = route ? routes : others;

		*ARENA_PUSH(r->scratch, to->children, to->child_count) = d->children[i];
	}
}

/* The site's own handler comes last wherever it is written: it fits every path. */
static void
add_own_route(struct reader *r, struct site_form *form)
{
	struct site *site = &form->site;

	if (r->handler == NULL) {
		access_add_rest(r, form);
		return;
	}
	if (site->route_count >= CONFIG_ROUTES_MAX)
		FAULT(r, directive_place(r->handler), "a site has at most %d routes",
		      CONFIG_ROUTES_MAX);
	form->own.path = "/*";
	form->own.lists = (struct policy_lists){.field_count = 0};
	*ARENA_PUSH(r->memory, site->routes, site->route_count) = form->own;
}

static void
read_site_block(struct reader *r, const struct directive *d, struct site_form *form)
{
	struct directive routes, others;

	split(r, d, &routes, &others);
	r->path = "/*";
	r->handler = NULL;
	read_defaults(&block_site, form);
	form->own.policy.body_bytes = BODY_UNSAID;
	form->site.hsts = HSTS_USUAL;
	read_block(r, &block_site, &others, form);
	form->site.policy = form->own.policy;
	form->site.lists = form->own.lists;
	access_add_routes(r, form);
	read_block(r, &block_site, &routes, form);
	add_own_route(r, form);
}

void
site_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;
	struct site_form form = {.site.line = directive_place(d).line};

	memset(&r->site, 0, sizeof r->site);
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	read_names(r, d, &form.site);
	r->site.name = form.site.name_count > 0 ? form.site.names[0] : "";
	if (d->has_block) {
		read_site_block(r, d, &form);
		check_site(r, d, &form.site);
		access_check_site(r, &form.site);
	} else {
		FAULT(r, directive_place(d), "a site needs a block: write \"site %s { ... }\"",
		      reader_shown(r, &d->words[1]));
	}
	*ARENA_PUSH(r->memory, c->sites, c->site_count) = form.site;
}

/* Whether a route has the policy around it and no lists of its own. */
static bool
adds_nothing(const struct route *route, const struct route *around)
{
	struct buf said = buf_with_cap(CONFIG_FILE_MAX);
	struct printer p = {.out = &said, .unsaid = around};

	print_options(&p, &block_policy, route);
	bool nothing = buf_len(&said) == 0 && !p.full;
	buf_free(&said);
	return nothing;
}

/* Whether a route says no more than a handler that stands in the site itself. */
static bool
is_own_route(const struct route *route, const struct route *around)
{
	const struct route_condition *c = &route->condition;

	return strcmp(route->path, "/*") == 0 && c->methods == NULL && c->from_count == 0 &&
	       c->field_count == 0 && route->strip_prefix == NULL && route->rewrite == NULL &&
	       adds_nothing(route, around);
}

/* What was read into the site, as it was: the last route may be its own handler. */
static struct site_form
form_of(const struct site *site)
{
	struct site_form form = {.site = *site, .own.policy = site->policy};
	const struct route *last =
	    site->route_count > 0 ? &site->routes[site->route_count - 1] : NULL;

	if (last != NULL && is_own_route(last, &form.own)) {
		form.own = *last;
		form.site.route_count--;
	}
	form.own.lists = site->lists;
	return form;
}

static void
print_site(struct printer *p, const struct option *o, const struct site *site)
{
	struct site_form form = form_of(site);

	print_name(p, o->name);
	for (size_t i = 0; i < site->name_count; i++)
		print_word(p, site->names[i]);
	print_block(p, o->block, &form);
}

void
site_print(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;
	struct route unsaid = {.path = NULL};

	read_defaults(&block_policy, &unsaid);
	unsaid.policy.body_bytes = c->limits.body_bytes;
	p->around = &unsaid;
	for (size_t i = 0; i < c->site_count; i++)
		if (!c->sites[i].implied)
			print_site(p, o, &c->sites[i]);
	p->around = NULL;
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
	struct site *site = &((struct site_form *)into)->site;

	r->site.has_certificate = true;
	if (span_equal(first, SPAN_OF("acme")))
		FAULT(r, d->words[1].at,
		      "automatic certificates are not built yet: give CHAIN and KEY files, or "
		      "self-signed");
	else if (d->count == 2 && span_equal(first, SPAN_OF("self-signed")))
		read_self_signed(r, d, site);
	else if (read_count(r, o, d, 2, 2))
		read_certificate_files(r, d, site);
}

void
site_print_certificate(struct printer *p, const struct option *o, const void *from)
{
	const struct site *site = &((const struct site_form *)from)->site;

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

/* The first word of "hsts". */
static const struct option hsts_age = {
    .name = "hsts", .type = OPTION_DURATION, .min = 1000, .max = HSTS_MAX, .zero = "off"};

static void
read_hsts_word(struct reader *r, const struct word *w, struct site *site)
{
	if (span_equal(w->text, SPAN_OF("subdomains")))
		site->hsts_subdomains = true;
	else if (span_equal(w->text, SPAN_OF("preload")))
		site->hsts_preload = true;
	else
		FAULT(r, w->at,
		      "after the duration there may be subdomains and preload, not \"%s\"",
		      reader_shown(r, w));
}

void
site_read_hsts(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct site *site = &((struct site_form *)into)->site;
	size_t faults = r->faults->count;

	if (!read_count(r, o, d, 1, 3))
		return;
	scalar_read(r, &hsts_age, &d->words[1], &site->hsts);
	for (size_t i = 2; i < d->count; i++)
		read_hsts_word(r, &d->words[i], site);
	if (r->faults->count > faults)
		return;
	if (site->hsts == 0 && d->count > 2)
		FAULT(r, d->words[2].at, "hsts is off: nothing more can be said of it");
	else if (site->hsts_preload && (!site->hsts_subdomains || site->hsts < HSTS_PRELOAD))
		FAULT(r, directive_place(d),
		      "preload needs 365d or more and all subdomains: write \"hsts 365d subdomains "
		      "preload\", if you mean it");
}

void
site_print_hsts(struct printer *p, const struct option *o, const void *from)
{
	const struct site *site = &((const struct site_form *)from)->site;

	if (site->hsts == HSTS_USUAL && !site->hsts_subdomains)
		return;
	print_name(p, o->name);
	print_value(p, &hsts_age, &site->hsts);
	if (site->hsts_subdomains)
		print_word(p, "subdomains");
	if (site->hsts_preload)
		print_word(p, "preload");
	print_end(p);
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

/* Where a site says nothing of bodies, the limits of the file hold. */
static void
complete_policies(const struct config *c, struct site *site)
{
	if (site->policy.body_bytes == BODY_UNSAID)
		site->policy.body_bytes = c->limits.body_bytes;
	for (size_t i = 0; i < site->route_count; i++)
		if (site->routes[i].policy.body_bytes == BODY_UNSAID)
			site->routes[i].policy.body_bytes = c->limits.body_bytes;
}

void
site_complete(struct reader *r)
{
	for (size_t i = 0; i < r->config->site_count; i++) {
		struct site *site = &r->config->sites[i];

		if (site->self_signed)
			complete_self_signed(r, site);
		complete_policies(r->config, site);
		if (!site->implied)
			complete_names(r, site);
	}
	names_sort(r->config);
	collect_roots(r->config);
	collect_proxies(r->config);
	collect_authorities(r->config);
}
