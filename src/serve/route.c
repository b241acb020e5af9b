#include "serve/route.h"

#include "http/target.h"
#include "serve/admit.h"
#include "serve/auth.h"
#include "serve/control.h"
#include "serve/error_page.h"
#include "serve/file.h"
#include "serve/forwarded.h"
#include "serve/location.h"
#include "serve/pattern.h"
#include "serve/policy.h"
#include "serve/proxy.h"
#include "serve/redirect.h"
#include "serve/rewrite.h"

/* Whoever may GET may HEAD (RFC 9110 §9.3.2), and switch: with HTTP/2 that is a CONNECT (RFC 8441).
 */
static bool
fits_method(const char *const *methods, const struct request *r)
{
	bool gets =
	    r->method == METHOD_HEAD || (r->method == METHOD_CONNECT && r->protocol.len > 0);
	struct span name = gets ? SPAN_OF("GET") : r->method_name;

	if (methods == NULL)
		return true;
	for (; *methods != NULL; methods++)
		if (span_equal(span_str(*methods), r->method_name) ||
		    span_equal(span_str(*methods), name))
			return true;
	return false;
}

static bool
fits_source(const struct route_condition *c, const struct address *peer)
{
	return c->from_count == 0 || network_any_has(c->from, c->from_count, peer);
}

static bool
fits_field(const struct field_match *m, const struct request *r)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (span_equal(r->fields[i].name, span_str(m->name)) &&
		    (m->value == NULL || span_equal(r->fields[i].value, span_str(m->value))))
			return true;
	return false;
}

static bool
fits_condition(const struct route_condition *c, const struct exchange *ex)
{
	for (size_t i = 0; i < c->field_count; i++)
		if (!fits_field(&c->fields[i], &ex->request))
			return false;
	return fits_method((const char *const *)c->methods, &ex->request) &&
	       fits_source(c, ex->who);
}

const struct route *
route_for(const struct site *site, const struct exchange *ex, struct span path)
{
	for (size_t i = 0; i < site->route_count; i++)
		if (pattern_fits(site->routes[i].path, path) &&
		    fits_condition(&site->routes[i].condition, ex))
			return &site->routes[i];
	return NULL;
}

static bool
is_control(const struct route *route)
{
	return route != NULL && route->handler == ROUTE_CONTROL;
}

/* What would answer if the site had no access server. */
static const struct route *
content_for(const struct site *site, const struct exchange *ex, struct span path)
{
	for (size_t i = 0; i < site->route_count; i++)
		if (!is_control(&site->routes[i]) && pattern_fits(site->routes[i].path, path) &&
		    fits_condition(&site->routes[i].condition, ex))
			return &site->routes[i];
	return NULL;
}

static void
serve_files(const struct serve *s, struct exchange *ex, const struct site *site,
	    const struct route *route)
{
	file_serve(s, ex, site, route, rewrite_path(ex, route));
}

static void
serve_proxied(const struct serve *s, struct exchange *ex, const struct site *site,
	      const struct route *route)
{
	proxy_serve(s, ex, site, route, rewrite_target(ex, route));
}

static void (*const handlers[])(const struct serve *s, struct exchange *ex, const struct site *site,
				const struct route *route) = {
    [ROUTE_FILES] = serve_files,       [ROUTE_PROXY] = serve_proxied,
    [ROUTE_REDIRECT] = redirect_serve, [ROUTE_RESPOND] = respond_serve,
    [ROUTE_CONTROL] = control_serve,
};

/* OPTIONS * asks what the server can, of no resource (RFC 9110 §9.3.7). */
static void
respond_options(struct exchange *ex)
{
	static const struct field allow = {SPAN_INIT("allow"), SPAN_INIT("GET, HEAD, OPTIONS")};

	exchange_respond_bare(ex, 204, &allow, 1);
}

/* What some servers read in a path and others do not. */
enum {
	READS_SLASHES = 1,     /* "%2F" is a separator */
	READS_BACKSLASHES = 2, /* and so is a backslash */
	READS_PARAMETERS = 4,  /* from ';' to the end of a segment stands nothing of the path */
	READS_ALL = 7,
};

/* "%2f" was encoded twice. */
static bool
has_encoded_slash(struct span path)
{
	return span_find(path, '%') < path.len && (memmem(path.p, path.len, "%2F", 3) != NULL ||
						   memmem(path.p, path.len, "%2f", 3) != NULL);
}

static unsigned
readings_of(struct span path)
{
	unsigned found = has_encoded_slash(path) ? READS_SLASHES : 0;

	if (span_find(path, '\\') < path.len)
		found |= READS_BACKSLASHES;
	if (span_find(path, ';') < path.len)
		found |= READS_PARAMETERS;
	return found;
}

/* The path as it is to who reads it so; false: no path at all then. */
static bool
read_path(const struct exchange *ex, unsigned reads, struct span *path)
{
	uint8_t *text = arena_get(ex->memory, path->len), *to = text;
	bool in_parameter = false;
	struct target_parts t;

	for (size_t i = 0; i < path->len; i++) {
		uint8_t c = path->p[i];

		if ((reads & READS_SLASHES) != 0 &&
		    span_equal_nocase(span_head(span_tail(*path, i), 3), SPAN_OF("%2F"))) {
			c = '/';
			i += 2;
		} else if ((reads & READS_BACKSLASHES) != 0 && c == '\\') {
			c = '/';
		}
		in_parameter = c != '/' && (in_parameter || (c == ';' && reads & READS_PARAMETERS));
		if (!in_parameter)
			*to++ = c;
	}
	struct span flat = span_of(text, (size_t)(to - text));
	flat = location_encode(ex->memory, flat, SPAN_NONE, SPAN_NONE);
	if (!target_parse(flat, METHOD_GET, ex->memory, &t))
		return false;
	*path = t.path;
	return true;
}

/*
 * Who passes such a path on does so as it came, and only where all ways to read it lead to the
 * same route: else "/open%2F..%2Fclosed" and "/open/..;/closed" would pass by what guards
 * /closed. For files the only reading is ours, and a name with "%2F" in it there is none.
 * Control guards each of its pages itself, so a path that may be read as one of them does no harm.
 */
static bool
is_ambiguous(const struct site *site, const struct exchange *ex, const struct route *route)
{
	unsigned found = readings_of(ex->request.path);

	if (found == 0 || route == NULL || is_control(route))
		return false;
	if (route->handler == ROUTE_FILES)
		return (found & READS_SLASHES) != 0;
	for (unsigned reads = 1; reads <= READS_ALL; reads++) {
		struct span path = ex->request.path;

		if ((reads & ~found) == 0 &&
		    (!read_path(ex, reads, &path) || content_for(site, ex, path) != route))
			return true;
	}
	return false;
}

/* Said by its length; what grows beyond the limit is the protocol's to find. */
static bool
is_too_long(const struct exchange *ex)
{
	return ex->request.length > 0 && (uint64_t)ex->request.length > ex->body_max;
}

/* Once it is known who asks, and that they may. */
static void
answer(const struct serve *s, struct exchange *ex, const struct site *site,
       const struct route *route)
{
	if (route == NULL)
		exchange_respond_status(ex, 404, SPAN_NONE);
	else if (is_ambiguous(site, ex, route))
		exchange_respond_status(ex, 400, SPAN_NONE);
	else if (is_too_long(ex))
		exchange_respond_status(ex, 413, SPAN_NONE);
	else
		handlers[route->handler](s, ex, site, route);
}

void
route_serve_content(const struct serve *s, struct exchange *ex, const struct site *site)
{
	const struct route *route = content_for(site, ex, ex->request.path);

	policy_apply_fields(policy_of(s->policies, site, route), ex);
	answer(s, ex, site, route);
}

/*
 * The access server's paths have the limits, passwords and error pages of what would be there
 * otherwise: a console that is refused must look like it in all it does.
 */
void
route_serve(const struct serve *s, struct exchange *ex, const struct site *site)
{
	const struct route *route = route_for(site, ex, ex->request.path);
	const struct route *content =
	    is_control(route) ? content_for(site, ex, ex->request.path) : route;
	const struct policy_set *set = policy_of(s->policies, site, content);
	const struct auth_then then = {answer, site, route};

	policy_apply(set, ex);
	error_pages_offer(s, ex, site, content);
	if (!admit_within_limits(s, ex, set))
		return;
	if (span_equal(ex->request.path, SPAN_OF("*")))
		respond_options(ex);
	else if (set->challenge.len == 0 || auth_passes(s, ex, set, &then))
		answer(s, ex, site, route);
}

/* The site whose certificate was shown: the first, for a name that none has. */
static const struct site *
site_of_tls(const struct config *c, struct span name)
{
	const struct site *site = config_site(c, name);

	return site != NULL ? site : &c->sites[0];
}

/*
 * A connection is for the site it was made to: what one site's certificate vouches for is
 * not another's (RFC 9110 §7.4). Who named no site in TLS contradicts nothing.
 */
static const struct site *
site_of_request(const struct config *c, const struct exchange *ex)
{
	struct span name = ex->client->server_name, host = ex->request.host;
	const struct site *site;

	if (host.len == 0 || span_equal_nocase(host, name))
		return site_of_tls(c, name);
	if ((site = config_site(c, host)) == NULL)
		return config_site(c, name) == NULL ? &c->sites[0] : NULL;
	return name.len == 0 || site == site_of_tls(c, name) ? site : NULL;
}

/* All that is asked there is control's to answer, whatever the name. */
void
serve_admin(const struct serve *s, struct exchange *ex)
{
	const struct config *c = s->config;

	forwarded_tell(c, ex);
	if (c->admin.listen_count == 0) { /* any more: the connection is from before a reload */
		exchange_respond_status(ex, 404, SPAN_NONE);
		return;
	}
	policy_apply(policy_of_admin(s->policies), ex);
	if (span_equal(ex->request.path, SPAN_OF("*")))
		respond_options(ex);
	else if (is_too_long(ex))
		exchange_respond_status(ex, 413, SPAN_NONE);
	else
		control_serve(s, ex, &c->sites[0], c->admin.route);
}

void
serve_secure(const struct serve *s, struct exchange *ex)
{
	const struct site *site = NULL;

	forwarded_tell(s->config, ex);
	if (s->config->site_count == 0) {
		exchange_respond_status(ex, 404, SPAN_NONE);
		return;
	}
	if ((site = site_of_request(s->config, ex)) != NULL) {
		route_serve(s, ex, site);
		return;
	}
	site = site_of_tls(s->config, ex->client->server_name);
	policy_apply(policy_of(s->policies, site, NULL), ex);
	error_pages_offer(s, ex, site, NULL);
	exchange_respond_status(ex, 421, SPAN_NONE);
}
