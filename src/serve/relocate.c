#include "serve/relocate.h"

#include <inttypes.h>
#include <stdio.h>

struct url {
	struct span authority, rest; /* rest: the path, query and fragment; may be empty */
};

static const struct span schemes[] = {
    [SCHEME_HTTP] = SPAN_INIT("http://"), [SCHEME_HTTPS] = SPAN_INIT("https://")};

static bool
ends_authority(uint8_t c)
{
	return c == '/' || c == '?' || c == '#' || c == '\\';
}

static bool
split(struct span location, enum scheme scheme, struct url *out)
{
	struct span prefix = schemes[scheme];
	size_t n = 0;

	if (!span_equal_nocase(span_head(location, prefix.len), prefix))
		return false;
	location = span_tail(location, prefix.len);
	while (n < location.len && !ends_authority(location.p[n]))
		n++;
	*out = (struct url){span_head(location, n), span_tail(location, n)};
	return true;
}

/* Told the client's Host, and knowing its own port, an application puts both together. */
static bool
is_host_with_port(const struct exchange *ex, const struct backend *server, struct span authority)
{
	struct span host = ex->request.host;
	char port[8];

	if (server->port == 0 || host.len == 0)
		return false;
	snprintf(port, sizeof port, ":%" PRIu16, server->port);
	return span_equal_nocase(span_head(authority, host.len), host) &&
	       span_equal(span_tail(authority, host.len), span_str(port));
}

/* Whether it is the server's, and not the client's way to us. */
static bool
names_the_server(const struct exchange *ex, const struct backend *server, struct span authority)
{
	if (span_equal_nocase(authority, ex->request.authority))
		return false;
	return span_equal_nocase(authority, span_str(server->authority)) ||
	       is_host_with_port(ex, server, authority);
}

/* "//" and its like at the beginning would be somebody's name (RFC 3986 §4.2). To browsers a
 * backslash is a '/', and a tab nothing. */
static bool
begins_with_a_name(struct span path)
{
	if (span_find(path, '\t') < path.len || (path.len > 0 && path.p[0] == '\\'))
		return true;
	return path.len > 1 && ends_authority(path.p[0]) && (path.p[1] == '/' || path.p[1] == '\\');
}

struct span
relocate(const struct exchange *ex, const struct route *route, int member, struct span location)
{
	const struct backend *server = &route->proxy->to->at[member];
	struct span prefix = SPAN_NONE;
	struct url url;

	if (route->rewrite != NULL || !split(location, route->proxy->scheme, &url) ||
	    !names_the_server(ex, server, url.authority) || begins_with_a_name(url.rest))
		return location;
	if (route->strip_prefix != NULL)
		prefix = span_str(route->strip_prefix);
	if (prefix.len > 0 && prefix.p[prefix.len - 1] == '/')
		prefix.len--;
	const char *slash = url.rest.len > 0 && url.rest.p[0] == '/' ? "" : "/";
	return span_str(arena_printf(
	    ex->memory, "%.*s%s%.*s", (int)prefix.len, prefix.len > 0 ? (const char *)prefix.p : "",
	    slash, (int)url.rest.len, url.rest.len > 0 ? (const char *)url.rest.p : ""));
}
