#include "config/access_block.h"

#include <stdio.h>

#include "base/mem.h"
#include "config/printer.h"
#include "config/proxy_block.h"
#include "config/reader.h"
#include "config/site_block.h"
#include "config/top_block.h"
#include "config/value.h"

#define CONTROL_SOCKET                                                                             \
	"sockets/edge.sock" /* in state_dir, in a directory that holds nothing else */

/* On a site these are the access server's, whatever else answers there. */
static const char *const paths[] = {
    "/admin", "/admin/*", "/portal", "/portal/*", "/api/v1", "/api/v1/*", "/link/*", "/setup/*",
};

static const char *const trusted[] = {"/srv", "/var/www"}; /* and state_dir */

/* --- admin */

void
admin_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	if (!read_count(r, o, d, 0, 0))
		return;
	if (!d->has_block) {
		FAULT(r, directive_place(d), "admin needs a block: write \"admin { ... }\"");
		return;
	}
	c->admin.wanted = true;
	read_block(r, o->block, d, &c->admin);
}

void
admin_print(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	if (!c->admin.wanted)
		return;
	print_name(p, o->name);
	print_block(p, o->block, &c->admin);
}

void
admin_read_listen(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct admin *admin = into;

	if (read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		read_listen_or_off(r, d, &admin->listen, &admin->listen_count, &r->admin_off);
}

void
admin_print_listen(struct printer *p, const struct option *o, const void *from)
{
	const struct admin *admin = from;

	(void)o;
	print_listen_or_off(p, admin->listen, admin->listen_count);
}

static struct allow_list *
list_at(const struct option *o, void *into)
{
	return (struct allow_list *)(void *)((char *)into + o->offset);
}

static void
warn_of_console(struct reader *r, const struct option *o, const struct word *w)
{
	struct network net;

	if (o->offset == offsetof(struct admin, allow) &&
	    (span_equal(w->text, SPAN_OF("any")) ||
	     (network_parse(w->text, &net) && net.bits == 0)))
		WARN(r, w->at,
		     "allow %s shows the console's sign-in to everybody: name the networks that "
		     "administrators come from, or \"allow loopback vpn\"",
		     reader_shown(r, w));
}

void
admin_read_list(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct allow_list *list = list_at(o, into);

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	for (size_t i = 1; i < d->count; i++) {
		const struct word *w = &d->words[i];

		if (span_equal(w->text, SPAN_OF("any")))
			list->any = true;
		else if (span_equal(w->text, SPAN_OF("vpn")))
			list->vpn = true;
		else
			value_network(r, w, "a network, any, loopback or vpn", &list->networks,
				      &list->count);
		warn_of_console(r, o, w);
	}
}

void
admin_print_list(struct printer *p, const struct option *o, const void *from)
{
	const struct allow_list *list =
	    (const struct allow_list *)(const void *)((const char *)from + o->offset);

	print_name(p, o->name);
	if (list->any)
		print_word(p, "any");
	if (list->vpn)
		print_word(p, "vpn");
	for (size_t i = 0; i < list->count; i++)
		print_network(p, &list->networks[i]);
	print_end(p);
}

/* --- what control goes by */

void
trusted_read_paths(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;
	const char **list;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	list = arena_get(r->memory, d->count * sizeof *list);
	for (size_t i = 1; i < d->count; i++)
		list[i - 1] = value_path(r, &d->words[i]);
	c->trusted_paths = list;
}

/* Whether they are those that hold where none are written. */
static bool
is_usual(const struct config *c)
{
	const char *const *list = c->trusted_paths;
	size_t n = 0;

	for (; n < COUNT(trusted); n++)
		if (list[n] == NULL || strcmp(list[n], trusted[n]) != 0)
			return false;
	return list[n] != NULL && strcmp(list[n], c->state_dir) == 0 && list[n + 1] == NULL;
}

void
trusted_print_paths(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	if (is_usual(c))
		return;
	print_name(p, o->name);
	for (const char **path = c->trusted_paths; *path != NULL; path++)
		print_word(p, *path);
	print_end(p);
}

void
edits_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	if (!read_count(r, o, d, 1, 1))
		return;
	c->config_read_only = span_equal(d->words[1].text, SPAN_OF("read_only"));
	if (!c->config_read_only && !span_equal(d->words[1].text, SPAN_OF("edit")))
		FAULT(r, d->words[1].at, "config is edit or read_only, not \"%s\"",
		      reader_shown(r, &d->words[1]));
}

void
edits_print(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	if (!c->config_read_only)
		return;
	print_name(p, o->name);
	print_word(p, "read_only");
	print_end(p);
}

static size_t
count_of(struct span text, uint8_t byte)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == byte;
	return n;
}

/* NULL: it is one that libpq reads as we do, so that print_secret() finds all that is secret. */
static const char *
url_fault(struct span url)
{
	size_t at = span_find(url, '@');

	if (!span_starts_with(url, SPAN_OF("postgresql://")) &&
	    !span_starts_with(url, SPAN_OF("postgres://")))
		return "store is the URL of a PostgreSQL database, postgresql://user@host/name; "
		       "without it there is SQLite in state_dir";
	for (size_t i = 0; i < url.len; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7F)
			return "in a URL other bytes than printable ASCII are written as %XX";
	if (count_of(url, '@') > 1 || (at < url.len && span_find(url, '?') < at) ||
	    count_of(span_head(url, at < url.len ? at : 0), '/') > 2)
		return "in a user or a password @ is written as %40, / as %2F and ? as %3F";
	if (memmem(url.p, url.len, "password=", 9) != NULL)
		return "the password stands before the host: postgresql://user:password@host/name";
	if (memmem(url.p, url.len, ":" PRINT_MASK "@", sizeof PRINT_MASK + 1) != NULL)
		return PRINT_MASK " stands for a password that is not shown: write the password "
				  "itself";
	return NULL;
}

const char *
access_store_url(struct reader *r, const struct word *w)
{
	const char *why = url_fault(w->text);

	if (why == NULL)
		return arena_copy(r->memory, w->text);
	FAULT(r, w->at, "%s", why);
	return NULL;
}

const char *
access_endpoint(struct reader *r, const struct word *w)
{
	return proxy_server_name(r, w);
}

/* --- access_server */

void
access_read_server(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct site_form *form = into;

	if (!read_count(r, o, d, 0, 0))
		return;
	form->site.access_server = true;
	r->site.access_server = d;
}

void
access_print_server(struct printer *p, const struct option *o, const void *from)
{
	const struct site_form *form = from;

	if (!form->site.access_server)
		return;
	print_name(p, o->name);
	print_end(p);
}

/* Its answers are as it made them: nothing is compressed where secrets stand beside what a
 * visitor sent. */
static struct route
control_route(const char *path, const struct policy *policy)
{
	struct route route = {.path = path, .handler = ROUTE_CONTROL, .policy = *policy};

	route.policy.compress = COMPRESS_OFF;
	return route;
}

void
access_add_routes(struct reader *r, struct site_form *form)
{
	struct site *site = &form->site;

	for (size_t i = 0; site->access_server && i < COUNT(paths); i++)
		*ARENA_PUSH(r->memory, site->routes, site->route_count) =
		    control_route(paths[i], &site->policy);
}

void
access_add_rest(struct reader *r, struct site_form *form)
{
	struct site *site = &form->site;

	if (site->access_server && r->handler == NULL)
		*ARENA_PUSH(r->memory, site->routes, site->route_count) =
		    control_route("/*", &site->policy);
}

void
access_check_site(struct reader *r, const struct site *site)
{
	const struct directive *d = r->site.access_server;

	if (!site->access_server)
		return;
	for (size_t i = 0; i < site->route_count; i++)
		if (site->routes[i].handler == ROUTE_PROXY) {
			FAULT(r, directive_place(d),
			      "access_server needs a name of its own: route %s of this site is a "
			      "proxy, and that application's scripts would share the console's "
			      "origin",
			      fault_word(r->scratch, span_str(site->routes[i].path)));
			break;
		}
	if (site->plain_http)
		FAULT(r, directive_place(d),
		      "access_server needs HTTPS: with plain_http passwords and sessions would "
		      "cross the network in clear");
	if (site->policy.realm != NULL)
		WARN(r, directive_place(d),
		     "basic_auth stands before the console too, and takes the field that API "
		     "tokens come in: with both, tokens do not work on this name");
}

/* --- all of it */

static void
complete_lists(struct reader *r, struct admin *admin)
{
	struct allow_list *allow = &admin->allow, *portal = &admin->portal;

	if (!allow->any && !allow->vpn && allow->count == 0) {
		allow->vpn = true;
		value_loopback(r, &allow->networks, &allow->count);
	}
	if (!portal->any && !portal->vpn && portal->count == 0)
		portal->any = true;
}

static void
complete_trusted(struct reader *r, struct config *c)
{
	const char **list;

	if (c->trusted_paths != NULL)
		return;
	list = arena_get(r->memory, (COUNT(trusted) + 2) * sizeof *list);
	memcpy(list, trusted, sizeof trusted);
	list[COUNT(trusted)] = c->state_dir;
	c->trusted_paths = list;
}

/* An upstream like any other, so that it is opened, followed and counted like any other. */
static struct proxy *
control_proxy(struct reader *r, const char *path)
{
	struct proxy_form form = {.proxy.scheme = SCHEME_HTTP};
	struct proxy *proxy = ARENA_NEW(r->memory, struct proxy);
	struct backend *at = ARENA_NEW(r->memory, struct backend);

	read_defaults(&block_proxy, &form);
	*at = (struct backend){.text = arena_printf(r->memory, "unix:%s", path),
			       .unix_path = path,
			       .authority = "localhost"};
	form.to.name = "control";
	form.to.at = at;
	form.to.count = 1;
	*proxy = form.proxy;
	proxy->to = ARENA_NEW(r->memory, struct backends);
	*proxy->to = form.to;
	return proxy;
}

static void
complete_control(struct reader *r, struct config *c)
{
	char *path = arena_printf(r->memory, "%s/" CONTROL_SOCKET, c->state_dir);
	struct policy policy = {.body_bytes = c->limits.body_bytes};

	if (strlen(path) > CONFIG_UNIX_PATH_MAX) {
		FAULT(r, (struct place){0},
		      "state_dir is too long: the path of a socket in it, %s, has at most %d bytes",
		      fault_word(r->scratch, span_str(path)), CONFIG_UNIX_PATH_MAX);
		return;
	}
	c->control = control_proxy(r, path);
	c->admin.route = ARENA_NEW(r->memory, struct route);
	*c->admin.route = control_route("/*", &policy);
	c->admin.route->proxy = c->control;
	for (size_t i = 0; i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].route_count; k++)
			if (c->sites[i].routes[k].handler == ROUTE_CONTROL)
				c->sites[i].routes[k].proxy = c->control;
}

/* TLS on the admin port needs a certificate where there is no site to lend one. It is in no list
 * of names: elsewhere nothing leads to it. */
static void
imply_site(struct reader *r, struct config *c)
{
	struct site site = {.self_signed = true, .implied = true};

	site.policy.body_bytes = c->limits.body_bytes;
	*ARENA_PUSH(r->memory, site.names, site.name_count) = "localhost";
	if (c->vpn.endpoint != NULL && strcmp(c->vpn.endpoint, "localhost") != 0)
		*ARENA_PUSH(r->memory, site.names, site.name_count) = c->vpn.endpoint;
	*ARENA_PUSH(r->memory, c->sites, c->site_count) = site;
}

static bool
has_access_server(const struct config *c)
{
	for (size_t i = 0; i < c->site_count; i++)
		if (c->sites[i].access_server)
			return true;
	return false;
}

void
access_complete(struct reader *r)
{
	struct config *c = r->config;

	complete_lists(r, &c->admin);
	complete_trusted(r, c);
	/* The VPN's people and devices are control's, too. */
	if (c->admin.wanted || has_access_server(c) || c->vpn.network.base.family != 0)
		complete_control(r, c);
	if (c->admin.listen_count > 0 && c->site_count == 0)
		imply_site(r, c);
}

bool
allow_list_has(const struct allow_list *list, const struct address *from)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	struct address at = *from;

	if (at.family == 0)
		at = address_v4(loopback, 0);
	else if (at.family == 6)
		at = address_v6(from->ip, 0); /* which may be IPv4 in other clothes */
	return list->any || network_any_has(list->networks, list->count, &at);
}
