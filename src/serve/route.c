#include "serve/route.h"

#include "http/field.h"
#include "serve/file.h"

/* "/x": that path; "/x*": whatever starts so. */
static bool
fits(const char *pattern, struct span path)
{
	struct span p = span_str(pattern);

	if (p.len > 0 && p.p[p.len - 1] == '*')
		return span_starts_with(path, span_head(p, p.len - 1));
	return span_equal(path, p);
}

const struct route *
route_for(const struct site *site, struct span path)
{
	for (size_t i = 0; i < site->route_count; i++)
		if (fits(site->routes[i].path, path))
			return &site->routes[i];
	return NULL;
}

static void (*const handlers[])(const struct serve *s, struct exchange *ex, const struct site *site,
				const struct route *r, struct span path) = {
    [ROUTE_FILES] = file_serve,
};

/* OPTIONS * asks what the server can, of no resource (RFC 9110 §9.3.7). */
static void
respond_options(struct exchange *ex)
{
	static const struct field allow = {SPAN_INIT("allow"), SPAN_INIT("GET, HEAD, OPTIONS")};

	exchange_respond_bare(ex, 204, &allow, 1);
}

void
route_serve(const struct serve *s, struct exchange *ex, const struct site *site)
{
	const struct route *r = route_for(site, ex->request.path);

	if (span_equal(ex->request.path, SPAN_OF("*")))
		respond_options(ex);
	else if (r != NULL)
		handlers[r->handler](s, ex, site, r, ex->request.path);
	else
		exchange_respond_status(ex, 404, SPAN_NONE);
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

void
serve_secure(const struct serve *s, struct exchange *ex)
{
	const struct site *site = NULL;

	if (s->config->site_count == 0) {
		exchange_respond_status(ex, 404, SPAN_NONE);
		return;
	}
	if ((site = site_of_request(s->config, ex)) == NULL)
		exchange_respond_status(ex, 421, SPAN_NONE);
	else
		route_serve(s, ex, site);
}
