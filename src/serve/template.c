#include "serve/template.h"

#include "serve/wire.h"

/* Where in a URI reference (RFC 3986 §4.1) a placeholder stands. */
enum position { IN_HOST, IN_PATH, IN_QUERY };

struct filling {
	const struct template_values *values;
	uint8_t *start, *to;
	size_t authority; /* bytes of the text before the host's name; 0: it has none */
};

static void
put(struct filling *f, struct span bytes)
{
	f->to = span_put(f->to, bytes);
}

/* All that could mean something where it is put, but for what is in `kept`. */
static void
put_encoded(struct filling *f, struct span bytes, const char *kept)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.p[i];

		if (wire_is_unreserved(c) || (c != '\0' && strchr(kept, c) != NULL))
			*f->to++ = c;
		else
			f->to = wire_put_encoded(f->to, c);
	}
}

/* "//x" would be a host: RFC 3986 §4.2. */
static void
put_path(struct filling *f, enum position at)
{
	struct span path = f->values->path;

	if (at == IN_QUERY)
		put_encoded(f, path, "/%");
	else if (f->to > f->start && f->to[-1] == '/')
		put(f, span_tail(path, 1));
	else
		put(f, path);
}

static void
put_query(struct filling *f, enum position at)
{
	if (at == IN_QUERY)
		put(f, f->values->query);
	else if (at == IN_PATH)
		put_encoded(f, f->values->query, "");
}

/* In a query it is one value: decoded once, it must be the same again. */
static void
put_uri(struct filling *f, enum position at)
{
	struct span query = f->values->query;

	if (at == IN_QUERY) {
		put_encoded(f, f->values->path, "/");
		put_encoded(f, query.len > 0 ? SPAN_OF("?") : SPAN_NONE, "");
		put_encoded(f, query, "/");
		return;
	}
	put_path(f, at);
	if (query.len > 0) {
		put(f, SPAN_OF("?"));
		put(f, query);
	}
}

static void
put_host(struct filling *f, enum position at)
{
	if (at == IN_HOST)
		put(f, f->values->host);
	else
		put_encoded(f, f->values->host, "");
}

static const struct placeholder {
	struct span name;
	void (*put)(struct filling *f, enum position at);
	bool is_path; /* begins with '/': the host's name ends before it */
} placeholders[] = {
    {SPAN_INIT("{path}"), put_path, true},
    {SPAN_INIT("{query}"), put_query, false},
    {SPAN_INIT("{uri}"), put_uri, true},
    {SPAN_INIT("{host}"), put_host, false},
};

static const struct placeholder *
placeholder_at(struct span text)
{
	for (size_t i = 0; i < COUNT(placeholders); i++)
		if (span_starts_with(text, placeholders[i].name))
			return &placeholders[i];
	return NULL;
}

/* "https://" or "//"; 0 for a reference without an authority. */
static size_t
authority_start(struct span text)
{
	size_t slash = span_find(text, '/');
	bool begins = slash == 0 || (slash < text.len && text.p[slash - 1] == ':');

	return begins && span_starts_with(span_tail(text, slash), SPAN_OF("//")) ? slash + 2 : 0;
}

/* Of the client's in the room for the name, only its own name can be meant. */
static void
put_placeholder(struct filling *f, const struct placeholder *p, enum position *at, size_t offset)
{
	if (*at == IN_HOST && p->is_path) {
		if (offset == f->authority)
			return;
		*at = IN_PATH;
	}
	p->put(f, *at);
}

static void
put_literal(struct filling *f, uint8_t c, enum position *at, size_t offset)
{
	if (*at == IN_HOST && offset >= f->authority && c == '/')
		*at = IN_PATH;
	if (c == '?')
		*at = IN_QUERY;
	*f->to++ = c;
}

static size_t
most_bytes(struct span text, const struct template_values *v)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.p[i] == '{';
	return text.len + count * 3 * (v->path.len + 1 + v->query.len + v->host.len) + 1;
}

struct span
template_fill(const char *template, const struct template_values *values, struct arena *memory)
{
	struct span text = span_str(template);
	struct filling f = {.values = values, .authority = authority_start(text)};
	enum position at = f.authority > 0 ? IN_HOST : IN_PATH;

	f.start = f.to = arena_get(memory, most_bytes(text, values));
	for (size_t i = 0; i < text.len;) {
		const struct placeholder *p = placeholder_at(span_tail(text, i));

		if (p != NULL)
			put_placeholder(&f, p, &at, i);
		else
			put_literal(&f, text.p[i], &at, i);
		i += p != NULL ? p->name.len : 1;
	}
	return span_of(f.start, (size_t)(f.to - f.start));
}

bool
template_has_query(const char *text)
{
	return strchr(text, '?') != NULL || strstr(text, "{uri}") != NULL;
}
