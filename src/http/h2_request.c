#include <stddef.h>

#include "base/text.h"
#include "http/field.h"
#include "http/h2_inner.h"
#include "http/method.h"
#include "http/target.h"

#define FIELD_OVERHEAD 4 /* ": " and CRLF: limits are what they are for HTTP/1.1 */

static const struct {
	struct span name;
	size_t at;
} pseudo[] = {
    {SPAN_INIT(":method"), offsetof(struct h2_stream, ex.request.method_name)},
    {SPAN_INIT(":path"), offsetof(struct h2_stream, ex.request.target)},
    {SPAN_INIT(":authority"), offsetof(struct h2_stream, ex.request.authority)},
    {SPAN_INIT(":scheme"), offsetof(struct h2_stream, scheme)},
    {SPAN_INIT(":protocol"), offsetof(struct h2_stream, ex.request.protocol)},
};

static void
set_pseudo(struct h2_stream *s, struct span name, struct span value)
{
	for (size_t i = 0; i < COUNT(pseudo); i++)
		if (span_equal(name, pseudo[i].name))
			*(struct span *)(void *)((char *)s + pseudo[i].at) =
			    arena_span(s->ex.memory, value);
}

static struct field
copy_field(struct arena *memory, struct span name, struct span value)
{
	uint8_t *p = arena_get(memory, name.len + value.len);

	(void)span_put(span_put(p, name), value);
	return (struct field){span_of(p, name.len), span_of(p + name.len, value.len)};
}

/*
 * nghttp2 made sure of the grammar (RFC 9113 §8.2). False when there is so much of it that no
 * answer is due: decoding more would cost us far more than the peer (§10.5.1).
 */
bool
h2_add_field(struct h2_stream *s, struct span name, struct span value)
{
	const struct http_settings *limits = s->h->settings;
	struct request *r = &s->ex.request;

	s->head_bytes += name.len + value.len + FIELD_OVERHEAD;
	if (s->head_bytes > H2_HEAD_TIMES * limits->header_bytes)
		return false;
	s->too_large |= s->head_bytes > limits->header_bytes ||
			r->field_count + r->trailer_count >= limits->header_fields;
	if (name.p[0] == ':') {
		if (!s->too_large || span_equal(name, SPAN_OF(":method")))
			set_pseudo(s, name, value);
	} else if (!s->too_large && (!s->trailing || field_may_trail(name))) {
		struct field f = copy_field(s->ex.memory, name, value);

		if (s->trailing)
			*ARENA_PUSH(s->ex.memory, r->trailers, r->trailer_count) = f;
		else
			*ARENA_PUSH(s->ex.memory, r->fields, r->field_count) = f;
	}
	return true;
}

/* What fields mean for the exchange itself. */
struct meaning {
	struct span host;
	size_t cookies, cookie_bytes;
	int64_t length;
	bool expects_continue;
};

static unsigned
take_host(struct meaning *m, struct span value)
{
	m->host = value;
	return 0;
}

static unsigned
take_length(struct meaning *m, struct span value)
{
	uint64_t n;

	if (!text_to_u64(value, INT64_MAX, &n))
		return 400;
	m->length = (int64_t)n;
	return 0;
}

static unsigned
take_cookie(struct meaning *m, struct span value)
{
	m->cookies++;
	m->cookie_bytes += value.len + 2;
	return 0;
}

/* RFC 9110 §10.1.1. */
static unsigned
take_expect(struct meaning *m, struct span value)
{
	m->expects_continue = span_equal_nocase(value, SPAN_OF("100-continue"));
	return m->expects_continue ? 0 : 417;
}

static const struct {
	struct span name;
	unsigned (*take)(struct meaning *m, struct span value);
} meanings[] = {
    {SPAN_INIT("cookie"), take_cookie},
    {SPAN_INIT("host"), take_host},
    {SPAN_INIT("content-length"), take_length},
    {SPAN_INIT("expect"), take_expect},
};

static unsigned
read_fields(const struct request *r, struct meaning *m)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < r->field_count; i++)
		for (size_t k = 0; k < COUNT(meanings); k++)
			if (span_equal(r->fields[i].name, meanings[k].name)) {
				unsigned status = meanings[k].take(m, r->fields[i].value);

				wrong = wrong != 0 ? wrong : status;
			}
	return wrong;
}

/* RFC 9113 §8.2.3: sent in crumbs for HPACK's sake, but it is one field. */
static void
join_cookies(struct request *r, struct arena *memory, const struct meaning *m)
{
	uint8_t *joined = m->cookies > 1 ? arena_get(memory, m->cookie_bytes) : NULL, *to = joined;
	struct field *first = NULL;
	size_t kept = 0;

	for (size_t i = 0; joined != NULL && i < r->field_count; i++) {
		struct field *f = &r->fields[i];

		if (!span_equal(f->name, SPAN_OF("cookie"))) {
			r->fields[kept++] = *f;
			continue;
		}
		if (first == NULL)
			first = &r->fields[kept++];
		else
			to = span_put(to, SPAN_OF("; "));
		to = span_put(to, f->value);
		*first = (struct field){SPAN_OF("cookie"), span_of(joined, (size_t)(to - joined))};
	}
	if (joined != NULL)
		r->field_count = kept;
}

/* RFC 9113 §8.3.1: a Host that names another than :authority makes the request malformed. */
static bool
take_authority(struct request *r, struct arena *memory, const struct meaning *m)
{
	struct span named = r->authority, authority = SPAN_NONE, host = SPAN_NONE;

	if (named.len > 0 && !authority_parse(named, memory, &r->authority, &r->host))
		return false;
	if (m->host.len > 0 && !authority_parse(m->host, memory, &authority, &host))
		return false;
	if (named.len == 0) {
		r->authority = authority;
		r->host = host;
	}
	return m->host.len == 0 || span_equal(r->authority, authority);
}

static bool
take_target(struct request *r, struct arena *memory)
{
	struct target_parts t;

	/* An absolute URI is a target for HTTP/1.1 only. */
	if (r->target.len == 0 || (r->target.p[0] != '/' && !span_equal(r->target, SPAN_OF("*"))))
		return false;
	if (!target_parse(r->target, r->method, memory, &t))
		return false;
	r->path = t.path;
	r->query = t.query;
	return true;
}

static bool
is_scheme_ours(struct span scheme)
{
	return span_equal_nocase(scheme, SPAN_OF("https")) ||
	       span_equal_nocase(scheme, SPAN_OF("http"));
}

static unsigned
take_method(struct h2_stream *s)
{
	struct request *r = &s->ex.request;
	bool connects;

	r->method = method_of(r->method_name);
	connects = r->method == METHOD_CONNECT && r->protocol.len == 0;
	if (s->too_large)
		return 431;
	return connects || r->method == METHOD_TRACE ? 501 : method_check(r->method_name);
}

/* RFC 9220 §3: 501 is for those that are not supported. */
static unsigned
take_protocol(struct request *r, struct arena *memory)
{
	if (!field_is_protocol(r->protocol))
		return 400;
	r->protocol = span_of(arena_lower(memory, r->protocol), r->protocol.len);
	return field_is_http(r->protocol) ? 501 : 0;
}

/* The status that says what is wrong with the request; 0: nothing. */
unsigned
h2_read_request(struct h2_stream *s)
{
	struct request *r = &s->ex.request;
	struct meaning m = {.length = s->ended ? LENGTH_NONE : LENGTH_UNKNOWN};
	unsigned wrong = take_method(s);

	r->length = LENGTH_NONE;
	if (wrong != 0 || (wrong = read_fields(r, &m)) != 0)
		return wrong;
	if (!is_scheme_ours(s->scheme) || !take_authority(r, s->ex.memory, &m) ||
	    !take_target(r, s->ex.memory))
		return 400;
	join_cookies(r, s->ex.memory, &m);
	if (r->protocol.len > 0)
		return take_protocol(r, s->ex.memory);
	r->length = m.length;
	s->bodied = !s->ended && m.length != 0;
	s->continues = r->expects_continue = m.expects_continue && s->bodied;
	return 0;
}
