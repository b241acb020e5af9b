#include "http/target.h"

#include "base/text.h"

#define HOST_MAX 255 /* RFC 1035 §2.3.4 */

/* Printable ASCII. Browsers send some that RFC 3986 wants encoded; none sends these four. */
static bool
is_target_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c <= 0x20 || c >= 0x7F || c == '#' || c == '"' || c == '<' || c == '>')
			return false;
	}
	return true;
}

/* "%41" behind the '%'. */
static bool
take_encoded(struct cursor *c, uint8_t *out)
{
	uint8_t first, second;

	if (!cursor_u8(c, &first) || !cursor_u8(c, &second))
		return false;
	int high = text_hex_digit(first), low = text_hex_digit(second);
	if (high < 0 || low < 0)
		return false;
	*out = (uint8_t)(high << 4 | low);
	return *out != '\0';
}

/*
 * Decodes up to the next '/', which is taken but not put, or to the end. "%2F" is a separator
 * or none, depending on who reads it: it stays as it is.
 */
static bool
take_segment(struct cursor *c, uint8_t *to, size_t *len, bool *more)
{
	uint8_t byte;

	*len = 0;
	while ((*more = cursor_u8(c, &byte)) && byte != '/') {
		if (byte == '%' && !take_encoded(c, &byte))
			return false;
		if (byte == '/') {
			memcpy(to + *len, "%2F", 3);
			*len += 3;
		} else {
			to[(*len)++] = byte;
		}
	}
	return true;
}

/* Where the last segment of a path that ends in '/' begins; false for the root itself. */
static bool
step_up(const uint8_t *path, size_t *len)
{
	if (*len <= 1)
		return false;
	do
		(*len)--;
	while (path[*len - 1] != '/');
	return true;
}

/*
 * RFC 3986 §5.2.4, on segments already decoded, because "%2e" is a dot. Climbing above the
 * root is no path here. Empty segments vanish: "//x" and "/x" are the same file.
 */
static bool
path_decode(struct span text, struct arena *memory, struct span *out)
{
	uint8_t *path = arena_get(memory, text.len + 2);
	struct cursor c = cursor_of(text);
	size_t at = 1, len;
	bool more;

	path[0] = '/';
	if (!cursor_skip(&c, 1))
		return false;
	do {
		if (!take_segment(&c, path + at, &len, &more))
			return false;
		struct span segment = span_of(path + at, len);

		if (span_equal(segment, SPAN_OF(".."))) {
			if (!step_up(path, &at))
				return false;
		} else if (len > 0 && !span_equal(segment, SPAN_OF("."))) {
			at += len;
			if (more)
				path[at++] = '/';
		}
	} while (more);
	path[at] = '\0';
	*out = span_of(path, at);
	return true;
}

static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i] | 0x20, d = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(d >= '0' && d <= '9') && d != '-' && d != '.' &&
		    d != '_')
			return false;
	}
	return s.len > 0 && s.p[0] != '.';
}

static bool
is_bracketed(struct span s)
{
	if (s.len < 4 || s.p[0] != '[' || s.p[s.len - 1] != ']')
		return false;
	for (size_t i = 1; i < s.len - 1; i++)
		if (text_hex_digit(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
			return false;
	return span_find(s, ':') < s.len;
}

static bool
is_port(struct span s)
{
	uint64_t port;

	return s.len <= 5 && text_to_u64(s, 65535, &port);
}

bool
authority_parse(struct span text, struct arena *memory, struct span *authority, struct span *host)
{
	size_t end =
	    text.len > 0 && text.p[0] == '[' ? span_find(text, ']') + 1 : span_find(text, ':');
	struct span name = span_head(text, end);

	if (end > text.len || name.len > HOST_MAX || !(is_name(name) || is_bracketed(name)))
		return false;
	if (end < text.len && (text.p[end] != ':' || !is_port(span_tail(text, end + 1))))
		return false;
	const char *copy = arena_lower(memory, text);
	*authority = span_of(copy, text.len);
	*host = span_of(copy, name.len);
	if (name.len > 1 && name.p[name.len - 1] == '.')
		host->len--; /* "example.org." is the same name, fully qualified */
	return true;
}

static struct span
without_scheme(struct span text)
{
	static const char *const schemes[] = {"https://", "http://"};

	for (size_t i = 0; i < COUNT(schemes); i++) {
		struct span scheme = span_str(schemes[i]);

		if (text.len >= scheme.len &&
		    span_equal_nocase(span_head(text, scheme.len), scheme))
			return span_tail(text, scheme.len);
	}
	return SPAN_NONE;
}

static size_t
authority_end(struct span s)
{
	size_t slash = span_find(s, '/'), question = span_find(s, '?');

	return slash < question ? slash : question;
}

struct span
target_origin(struct span text)
{
	if (text.len > 0 && text.p[0] == '/')
		return text;
	struct span rest = without_scheme(text);

	return span_tail(rest, authority_end(rest));
}

/* "OPTIONS http://host" is OPTIONS * said to a proxy (RFC 9112 §3.2.4). */
static struct span
path_where_none(enum method method)
{
	return method == METHOD_OPTIONS ? SPAN_OF("*") : SPAN_OF("/");
}

bool
target_parse(struct span text, enum method method, struct arena *memory, struct target_parts *out)
{
	*out = (struct target_parts){.query = SPAN_NONE};
	if (span_equal(text, SPAN_OF("*"))) {
		out->path = text;
		return method == METHOD_OPTIONS;
	}
	if (text.len == 0 || !is_target_text(text))
		return false;
	if (text.p[0] != '/') {
		struct span rest = without_scheme(text);
		struct span authority = span_head(rest, authority_end(rest));

		if (!authority_parse(authority, memory, &out->authority, &out->host))
			return false;
	}
	struct span origin = target_origin(text);
	size_t question = span_find(origin, '?');

	out->query = span_tail(origin, question + 1);
	if (question == 0) {
		out->path = path_where_none(METHOD_GET);
		if (origin.len == 0)
			out->path = path_where_none(method);
		return true;
	}
	return path_decode(span_head(origin, question), memory, &out->path);
}
