#include "config/value_http.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/value.h"

#define PORT_HTTP  80
#define PORT_HTTPS 443

static bool
is_between(struct span s, uint8_t least, uint8_t most)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < least || s.p[i] > most)
			return false;
	return true;
}

/* nginx's way to write what changes from request to request. */
static void
warn_of_variables(struct reader *r, const struct word *w)
{
	size_t at = span_find(w->text, '$');
	struct span name = span_tail(w->text, at + 1);

	if (name.len > 0 && ((name.p[0] | 0x20) >= 'a' && (name.p[0] | 0x20) <= 'z'))
		WARN(r, w->at,
		     "\"$\" stands for itself: there are no variables, but in redirect and rewrite "
		     "{path}, {query}, {uri} and {host}");
}

static bool
take_scheme(struct span *url, enum scheme *scheme)
{
	static const struct {
		struct span prefix;
		enum scheme scheme;
	} schemes[] = {{SPAN_INIT("http://"), SCHEME_HTTP}, {SPAN_INIT("https://"), SCHEME_HTTPS}};

	for (size_t i = 0; i < COUNT(schemes); i++)
		if (span_equal_nocase(span_head(*url, schemes[i].prefix.len), schemes[i].prefix)) {
			*scheme = schemes[i].scheme;
			*url = span_tail(*url, schemes[i].prefix.len);
			return true;
		}
	return false;
}

/* Whether "host" or "[v6]" stands alone. */
static bool
has_no_port(struct span authority)
{
	return span_find(authority, ':') == authority.len || authority.p[authority.len - 1] == ']';
}

static bool
read_unix_server(struct reader *r, const struct word *w, enum scheme *scheme, struct backend *out)
{
	*scheme = SCHEME_HTTP;
	if (!value_backend(r, w, out))
		return false;
	out->authority = "localhost";
	return true;
}

/* What begins so is written otherwise; in order. */
static const struct {
	struct span begins;
	const char *why;
} no_servers[] = {
    {SPAN_INIT("ws://"), "WebSockets pass through http:// as they are"},
    {SPAN_INIT("wss://"), "WebSockets pass through https:// as they are"},
    {SPAN_INIT("h2c://"), "write http:// and, in its block, http2 on"},
    {SPAN_INIT("grpc://"), "write http:// and, in its block, http2 on"},
    {SPAN_INIT("/"), "a socket is written unix:/path"},
    {SPAN_INIT("http://unix:"), "a socket is written unix:/path"},
};

static bool
is_number(struct span s)
{
	return s.len > 0 && is_between(s, '0', '9');
}

/* "host:port" lacks but its scheme; a port alone is mostly one of this machine. */
static void
server_fault(struct reader *r, const struct word *w)
{
	struct span text = w->text, port = span_tail(text, span_find(text, ':') + 1);
	const char *shown = reader_shown(r, w), *host = "", *why = NULL;

	for (size_t i = 0; i < COUNT(no_servers) && why == NULL; i++)
		if (span_starts_with(text, no_servers[i].begins))
			why = no_servers[i].why;
	if (is_number(text))
		host = "127.0.0.1:";
	else if (is_number(port) && text.p[0] == ':')
		host = "127.0.0.1";
	if (why != NULL)
		FAULT(r, w->at, "\"%s\" is no server: %s", shown, why);
	else if (is_number(text) || is_number(port))
		FAULT(r, w->at,
		      "\"%s\" is no server: write http://%s%s, or https:// where it speaks TLS",
		      shown, host, shown);
	else
		FAULT(
		    r, w->at,
		    "\"%s\" is no server: write http://host:port, https://host:port or unix:/path",
		    shown);
}

/* What a URL may have behind its scheme that a server's may not. */
static bool
check_authority(struct reader *r, const struct word *w, struct span rest)
{
	if (span_starts_with(rest, SPAN_OF("unix:"))) {
		server_fault(r, w);
		return false;
	}
	if (span_find(rest, '/') < rest.len) {
		FAULT(r, w->at,
		      "a server is written without a path: strip_prefix and rewrite, in the route, "
		      "say which it is asked for");
		return false;
	}
	if (span_find(rest, '@') < rest.len) {
		faults_hide_line(r->faults, w->at.line);
		FAULT(r, w->at,
		      "a server is written without a name and a password: write header "
		      "Authorization \"Basic ...\" in its block");
		return false;
	}
	return true;
}

bool
value_server(struct reader *r, const struct word *w, enum scheme *scheme, struct backend *out)
{
	struct span rest = w->text;

	if (span_starts_with(rest, SPAN_OF("unix:")))
		return read_unix_server(r, w, scheme, out);
	if (!take_scheme(&rest, scheme) || rest.len == 0) {
		server_fault(r, w);
		return false;
	}
	if (!check_authority(r, w, rest))
		return false;
	unsigned usual = *scheme == SCHEME_HTTP ? PORT_HTTP : PORT_HTTPS;
	const char *authority = arena_lower(r->memory, rest);
	struct word with_port = {span_str(authority), w->at};
	if (has_no_port(rest))
		with_port.text = span_str(arena_printf(r->scratch, "%s:%u", authority, usual));
	if (!value_backend(r, &with_port, out))
		return false;
	const char *host_form = strchr(out->host, ':') != NULL ? "[%s]" : "%s";
	out->authority =
	    out->port == usual ? arena_printf(r->memory, host_form, out->host) : out->text;
	return true;
}

const char *
value_method(struct reader *r, const struct word *w)
{
	if (!text_is_token(w->text)) {
		FAULT(r, w->at, "\"%s\" is not the name of a method, like GET", reader_shown(r, w));
		return NULL;
	}
	for (size_t i = 0; i < w->text.len; i++)
		if (w->text.p[i] >= 'a' && w->text.p[i] <= 'z') {
			FAULT(r, w->at, "methods are written in capitals, like GET, not \"%s\"",
			      reader_shown(r, w));
			return NULL;
		}
	return arena_copy(r->memory, w->text);
}

const char *
value_media_type(struct reader *r, const struct word *w)
{
	size_t slash = span_find(w->text, '/');
	struct span kind = span_head(w->text, slash), rest = span_tail(w->text, slash + 1);

	if (!text_is_token(kind) || !text_is_token(rest) || span_find(kind, '*') < kind.len ||
	    (span_find(rest, '*') < rest.len && rest.len > 1)) {
		FAULT(r, w->at, "\"%s\" is not a media type, like text/html or text/*",
		      reader_shown(r, w));
		return NULL;
	}
	return arena_lower(r->memory, w->text);
}

const char *
value_field_name(struct reader *r, const struct word *w)
{
	if (text_is_token(w->text))
		return arena_lower(r->memory, w->text);
	FAULT(r, w->at, "\"%s\" is not the name of a field, like Cache-Control",
	      reader_shown(r, w));
	return NULL;
}

/* Control characters were refused before; spaces around it would be lost (RFC 9110 §5.5). */
const char *
value_field_value(struct reader *r, const struct word *w)
{
	struct span s = w->text;

	warn_of_variables(r, w);
	if (is_between(s, ' ', 0xFF) && span_find(s, 0x7F) == s.len &&
	    (s.len == 0 || (s.p[0] != ' ' && s.p[s.len - 1] != ' ')))
		return arena_copy(r->memory, s);
	FAULT(r, w->at,
	      "the value of a field has no space first or last, and no control characters");
	return NULL;
}

const char *
value_file_name(struct reader *r, const struct word *w)
{
	struct span name = w->text;

	if (name.len > 0 && span_find(name, '/') == name.len && !span_equal(name, SPAN_OF(".")) &&
	    !span_equal(name, SPAN_OF("..")))
		return arena_copy(r->memory, name);
	FAULT(r, w->at, "\"%s\" is not the name of a file, without directory", reader_shown(r, w));
	return NULL;
}

static bool
has_dot_segments(struct span path)
{
	while (path.len > 0) {
		struct span part = span_head(path, span_find(path, '/'));

		if (span_equal(part, SPAN_OF(".")) || span_equal(part, SPAN_OF("..")))
			return true;
		path = span_tail(path, part.len + 1);
	}
	return false;
}

const char *
value_site_path(struct reader *r, const struct word *w)
{
	if (w->text.len > 0 && w->text.p[0] == '/' && !has_dot_segments(w->text))
		return arena_copy(r->memory, w->text);
	FAULT(r, w->at, "\"%s\" is not a path: it begins with \"/\", without \".\" and \"..\"",
	      reader_shown(r, w));
	return NULL;
}

/* Whether each brace is of a placeholder among `known`, which are written "{name}". */
static bool
read_placeholders(struct reader *r, const struct word *w, const char *const *known, size_t count)
{
	struct span left = w->text;

	while (left.len > 0) {
		size_t i = 0;

		if (left.p[0] != '{' && left.p[0] != '}') {
			left = span_tail(left, 1);
			continue;
		}
		while (i < count && !span_starts_with(left, span_str(known[i])))
			i++;
		if (i == count) {
			struct span shown = span_head(left, span_find(left, '}') + 1);

			FAULT(r, w->at, "\"%s\" is no placeholder here: there %s %s",
			      fault_word(r->scratch, shown), count == 1 ? "is only" : "are",
			      read_list_words(r, known, count));
			return false;
		}
		left = span_tail(left, strlen(known[i]));
	}
	return true;
}

static const char *const placeholders[] = {"{path}", "{host}", "{query}", "{uri}"};

const char *
value_try_path(struct reader *r, const struct word *w)
{
	bool path = span_starts_with(w->text, SPAN_OF("/")) ||
		    span_starts_with(w->text, span_str(placeholders[0]));

	if (!path || has_dot_segments(w->text)) {
		FAULT(r, w->at,
		      "\"%s\" is not a path to try: it begins with \"/\" or {path}, without \".\" "
		      "and \"..\"",
		      reader_shown(r, w));
		return NULL;
	}
	return read_placeholders(r, w, placeholders, 1) ? arena_copy(r->memory, w->text) : NULL;
}

const char *
value_target(struct reader *r, const struct word *w)
{
	if (w->text.len > 0 && w->text.p[0] == '/' && is_between(w->text, '!', '~') &&
	    span_find(w->text, '#') == w->text.len)
		return arena_copy(r->memory, w->text);
	FAULT(r, w->at, "\"%s\" is not what a request asks for, like /health or /health?full=1",
	      reader_shown(r, w));
	return NULL;
}

const char *
value_rewrite(struct reader *r, const struct word *w)
{
	if (!span_starts_with(w->text, SPAN_OF("/")) &&
	    !span_starts_with(w->text, SPAN_OF("{path}")) &&
	    !span_starts_with(w->text, SPAN_OF("{uri}"))) {
		FAULT(r, w->at, "\"%s\" is not a path: it begins with \"/\", {path} or {uri}",
		      reader_shown(r, w));
		return NULL;
	}
	warn_of_variables(r, w);
	return read_placeholders(r, w, placeholders, COUNT(placeholders))
		   ? arena_copy(r->memory, w->text)
		   : NULL;
}

const char *
value_location(struct reader *r, const struct word *w)
{
	struct span rest = w->text;
	enum scheme scheme;
	bool begins = take_scheme(&rest, &scheme)
			  ? rest.len > 0
			  : rest.len > 0 && (rest.p[0] == '/' || rest.p[0] == '{');

	if (!begins || !is_between(w->text, '!', '~')) {
		FAULT(r, w->at,
		      "\"%s\" is nowhere to redirect to: write https://host/path, or a path, with "
		      "%%20 for a space",
		      reader_shown(r, w));
		return NULL;
	}
	warn_of_variables(r, w);
	return read_placeholders(r, w, placeholders, COUNT(placeholders))
		   ? arena_copy(r->memory, w->text)
		   : NULL;
}

bool
value_status(struct reader *r, const struct word *w, unsigned least, unsigned most, unsigned *out)
{
	uint64_t n;

	if (!text_to_u64(w->text, most, &n) || n < least) {
		FAULT(r, w->at, "a status here is a number from %u to %u, not \"%s\"", least, most,
		      reader_shown(r, w));
		return false;
	}
	*out = (unsigned)n;
	return true;
}
