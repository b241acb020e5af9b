#include "serve/rewrite.h"

#include "http/target.h"
#include "serve/template.h"
#include "serve/wire.h"

static const struct span root = SPAN_INIT("/");

/* Bytes that strip_prefix takes: whole segments, or nothing. */
static size_t
stripped(const struct route *route, struct span path)
{
	struct span prefix;

	if (route->strip_prefix == NULL)
		return 0;
	prefix = span_str(route->strip_prefix);
	if (prefix.len > 0 && prefix.p[prefix.len - 1] == '/')
		prefix.len--;
	if (!span_starts_with(path, prefix) || (path.len > prefix.len && path.p[prefix.len] != '/'))
		return 0;
	return prefix.len;
}

/* The path as it came, without its query; "/" where there is none (RFC 9110 §4.2.3). */
static struct span
path_as_it_came(const struct exchange *ex)
{
	struct span origin = target_origin(ex->request.target);
	struct span path = span_head(origin, span_find(origin, '?'));

	return path.len > 0 ? path : root;
}

/* As it came but for its form, without what the route strips. */
static struct span
wire_of(const struct exchange *ex, const struct route *route)
{
	struct span path = path_as_it_came(ex);

	if (!wire_is_normal(path) && !wire_path(path, ex->memory, &path))
		return root;
	path = wire_tail(path, stripped(route, ex->request.path));
	return path.len > 0 ? path : root;
}

static struct template_values
values_of(const struct exchange *ex, const struct route *route, struct span host)
{
	return (struct template_values){wire_of(ex, route), ex->request.query, host};
}

struct rewritten {
	struct span path, query;
};

static struct rewritten
fill(const struct exchange *ex, const struct route *route)
{
	struct template_values v = values_of(ex, route, ex->request.host);
	struct span text = template_fill(route->rewrite, &v, ex->memory);
	size_t question = span_find(text, '?');
	struct rewritten r = {span_head(text, question), ex->request.query};

	if (template_has_query(route->rewrite))
		r.query = span_tail(text, question + 1);
	if (!wire_is_normal(r.path) && !wire_path(r.path, ex->memory, &r.path))
		r.path = root;
	return r;
}

struct span
rewrite_path(const struct exchange *ex, const struct route *route)
{
	struct span path = ex->request.path;
	struct target_parts t;

	if (route->rewrite == NULL) {
		path = span_tail(path, stripped(route, path));
		return path.len > 0 ? path : root;
	}
	struct rewritten r = fill(ex, route);
	return target_parse(r.path, METHOD_GET, ex->memory, &t) ? t.path : root;
}

static struct span
join(const struct exchange *ex, struct rewritten r)
{
	if (r.query.len == 0)
		return r.path;
	uint8_t *text = arena_get(ex->memory, r.path.len + 1 + r.query.len);
	memcpy(text, r.path.p, r.path.len);
	text[r.path.len] = '?';
	memcpy(text + r.path.len + 1, r.query.p, r.query.len);
	return span_of(text, r.path.len + 1 + r.query.len);
}

struct span
rewrite_target(const struct exchange *ex, const struct route *route)
{
	struct span origin = target_origin(ex->request.target);

	if (route->rewrite != NULL)
		return join(ex, fill(ex, route));
	if (route->strip_prefix == NULL &&
	    wire_is_normal(span_head(origin, span_find(origin, '?'))))
		return origin; /* as nearly always */
	return join(ex, (struct rewritten){wire_of(ex, route), ex->request.query});
}

struct span
rewrite_location(const struct exchange *ex, const struct site *site, const struct route *route)
{
	struct span host = ex->request.host;
	struct template_values v;

	if (host.len == 0) /* HTTP/1.0 */
		host = span_str(site->names[0]);
	v = values_of(ex, route, host);
	return template_fill(route->text, &v, ex->memory);
}
