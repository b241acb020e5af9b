#include "serve/proxy_request.h"

#include "base/text.h"
#include "http/field.h"
#include "serve/control.h"
#include "serve/forwarded.h"

#define FORWARDS_MAX 255 /* Max-Forwards: more is as good as this many */

/*
 * Besides those of one connection: what is made anew by whoever writes the request. Proxy is no
 * field at all, but CGI hands it on as HTTP_PROXY, which programs obey.
 */
static const struct span dropped[] = {
    SPAN_INIT("max-forwards"),
    SPAN_INIT("proxy"),
    SPAN_INIT("proxy-authorization"),
};

static bool
is_dropped(struct span name)
{
	for (size_t i = 0; i < COUNT(dropped); i++)
		if (span_equal(name, dropped[i]))
			return true;
	return field_is_hop(name);
}

/* Whether any field `name` lists `token`. */
static bool
lists(const struct request *r, struct span name, struct span token)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (span_equal(r->fields[i].name, name) &&
		    field_list_has(r->fields[i].value, token))
			return true;
	return false;
}

/* Whether Connection names fields of its own: mostly it does not, and none is looked for. */
static bool
nominates(const struct request *r)
{
	static const struct span usual[] = {SPAN_INIT("keep-alive"), SPAN_INIT("close"),
					    SPAN_INIT("upgrade"), SPAN_INIT("te")};

	for (size_t i = 0; i < r->field_count; i++) {
		struct span list = r->fields[i].value, element;
		size_t at = 0;

		if (!span_equal(r->fields[i].name, SPAN_OF("connection")))
			continue;
		while (field_list_next(&list, &element)) {
			for (at = 0; at < COUNT(usual); at++)
				if (span_equal_nocase(element, usual[at]))
					break;
			if (at == COUNT(usual))
				return true;
		}
	}
	return false;
}

/* What decides over each field of a request. */
struct sieve {
	const struct request *request;
	bool trusted, nominates, h2;
	bool authorized; /* by us */
};

/*
 * CGI and what took after it tell X_Forwarded_For and X-Forwarded-For not apart. HTTP/2 has
 * no use for Sec-WebSocket-Key (RFC 8441 §5). A password for us is nobody else's to see.
 */
static bool
passes(const struct sieve *s, struct span name)
{
	if (is_dropped(name) || forwarded_drops(name, s->trusted) || control_owns_field(name) ||
	    span_find(name, '_') < name.len)
		return false;
	if (s->h2 && span_equal(name, SPAN_OF("sec-websocket-key")))
		return false;
	if (s->authorized && span_equal(name, SPAN_OF("authorization")))
		return false;
	return !s->nominates || !lists(s->request, SPAN_OF("connection"), name);
}

/* `fields` has room for one more of each setting. */
static size_t
apply(const struct policy_lists *lists, struct field *fields, size_t count)
{
	for (size_t i = 0; i < lists->field_count; i++) {
		const struct field_setting *set = &lists->fields[i];
		struct span name = span_str(set->name);

		if (set->how == FIELD_SETTING_SET || set->how == FIELD_SETTING_REMOVE)
			count = field_drop(fields, count, name);
		if (set->how == FIELD_SETTING_REMOVE ||
		    (set->how == FIELD_SETTING_DEFAULT && field_find(fields, count, name) != NULL))
			continue;
		fields[count++] = (struct field){name, span_str(set->value)};
	}
	return count;
}

/* What Max-Forwards says; FORWARDS_MAX + 1: nothing that concerns us. */
static uint64_t
forwards_left(const struct request *r)
{
	const struct span *value = request_field(r, SPAN_OF("max-forwards"));
	uint64_t n = FORWARDS_MAX + 1;

	if (value == NULL || (r->method != METHOD_OPTIONS && r->method != METHOD_TRACE))
		return n;
	if (!text_to_u64(*value, FORWARDS_MAX, &n))
		n = text_is_token(*value) ? FORWARDS_MAX : FORWARDS_MAX + 1;
	return n;
}

bool
proxy_ends_here(const struct request *r)
{
	return forwards_left(r) == 0;
}

static size_t
put_max_forwards(const struct exchange *ex, struct field *to)
{
	uint64_t n = forwards_left(&ex->request);

	if (n == 0 || n > FORWARDS_MAX)
		return 0;
	const char *text = arena_printf(ex->memory, "%u", (unsigned)(n - 1));
	*to = (struct field){SPAN_OF("max-forwards"), span_str(text)};
	return 1;
}

/* A session at our console is for nobody but control to see. False: nothing is left. */
static bool
strip(const struct config *c, const struct exchange *ex, const struct proxy *p,
      const struct field *field, struct field *to)
{
	*to = *field;
	if (p == c->control || !span_equal(field->name, SPAN_OF("cookie")))
		return true;
	to->value = control_strip_cookie(ex->memory, field->value);
	return to->value.len > 0 || field->value.len == 0;
}

static void
put_fields(const struct config *c, const struct exchange *ex, const struct proxy *p,
	   struct call_request *out)
{
	const struct request *r = &ex->request;
	size_t most =
	    r->field_count + FORWARDED_FIELDS + CONTROL_FIELDS + 1 + p->request.field_count;
	size_t n = 0;
	struct field *fields = arena_get(ex->memory, most * sizeof *fields);
	struct sieve s = {.request = r,
			  .trusted = forwarded_is_trusted(c, ex->client),
			  .nominates = nominates(r),
			  .h2 = p->http2,
			  .authorized = ex->user.len > 0};

	for (size_t i = 0; i < r->field_count; i++)
		if (passes(&s, r->fields[i].name) && strip(c, ex, p, &r->fields[i], &fields[n]))
			n++;
	n += put_max_forwards(ex, &fields[n]);
	n += forwarded_fields(c, ex, &fields[n]);
	if (p == c->control)
		n += control_fields(ex, &fields[n]);
	out->field_count = apply(&p->request, fields, n);
	out->fields = fields;
}

/*
 * An Upgrade by HTTP/1.1 wants an answer that proves who gave it (RFC 6455 §4.2.2), which a
 * server of HTTP/2 does not give: such a request goes on as if it had not asked.
 */
static struct span
protocol_of(const struct request *r, const struct proxy *p)
{
	return p->http2 && r->method != METHOD_CONNECT ? SPAN_NONE : r->protocol;
}

void
proxy_request(const struct config *c, const struct exchange *ex, const struct proxy *p,
	      struct span target, struct call_request *out)
{
	const struct request *r = &ex->request;
	bool extended = r->method == METHOD_CONNECT; /* RFC 8441: GET is what it stands for */

	*out = (struct call_request){
	    .method = extended ? METHOD_GET : r->method,
	    .method_name = extended ? SPAN_OF("GET") : r->method_name,
	    .target = target,
	    .secure = p->scheme == SCHEME_HTTPS,
	    .length = extended ? LENGTH_NONE : r->length,
	    .protocol = protocol_of(r, p),
	    .expects_continue = r->expects_continue,
	    .wants_trailers = lists(r, SPAN_OF("te"), SPAN_OF("trailers")),
	};
	put_fields(c, ex, p, out);
}

struct span
proxy_authority(const struct exchange *ex, const struct proxy *p, int member)
{
	struct span authority = ex->request.authority;

	return p->keep_host && authority.len > 0 ? authority
						 : span_str(p->to->at[member].authority);
}

size_t
proxy_request_trailers(const struct config *c, struct exchange *ex)
{
	struct request *r = &ex->request;
	struct sieve s = {.request = r, .trusted = forwarded_is_trusted(c, ex->client)};
	size_t kept = 0;

	for (size_t i = 0; i < r->trailer_count; i++)
		if (passes(&s, r->trailers[i].name))
			r->trailers[kept++] = r->trailers[i];
	return kept;
}
