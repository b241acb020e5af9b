#include "config/value.h"

#include <stdio.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"

#define NAME_MAX_BYTES 253 /* RFC 1035 §2.3.4, without the final dot */
#define LABEL_MAX      63

#define UNIX_PREFIX SPAN_OF("unix:")

/* The directory that a path in the file is relative to, with a "/" at its end. */
static struct span
file_directory(const struct config_defaults *defaults)
{
	struct span file = span_str(defaults->file);

	while (file.len > 0 && file.p[file.len - 1] != '/')
		file.len--;
	return file;
}

/* Leaves out what makes two texts of one absolute path: "//", "/./", a "/" at the end. */
static void
tidy_path(char *path)
{
	struct span left = span_str(path);
	char *to = path;

	while (left.len > 0) {
		struct span part = span_head(left, span_find(left, '/'));

		if (part.len > 0 && !span_equal(part, SPAN_OF("."))) {
			*to++ = '/';
			memmove(to, part.p, part.len);
			to += part.len;
		}
		left = span_tail(left, part.len + 1);
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static const char *
absolute(struct reader *r, struct span path, struct place at)
{
	struct span directory = file_directory(r->defaults);

	if (path.len == 0) {
		FAULT(r, at, "a path is missing");
		return NULL;
	}
	if (path.p[0] == '/')
		directory.len = 0;
	char *joined = arena_printf(r->memory, "/%.*s%.*s", (int)directory.len,
				    (const char *)directory.p, (int)path.len, (const char *)path.p);
	tidy_path(joined);
	if (strlen(joined) >= CONFIG_WORD_MAX) {
		FAULT(r, at, "this path is too long");
		return NULL;
	}
	return joined;
}

const char *
value_path(struct reader *r, const struct word *w)
{
	return absolute(r, w->text, w->at);
}

static bool
read_port(struct reader *r, struct span port, struct place at, uint16_t *out)
{
	uint64_t n;

	if (!text_to_u64(port, UINT16_MAX, &n) || n == 0) {
		FAULT(r, at, "a port is a number from 1 to 65535, not \"%s\"",
		      fault_word(r->scratch, port));
		return false;
	}
	*out = (uint16_t)n;
	return true;
}

/* Splits "host:port" or "[v6]:port" at the last colon; the host comes without brackets. */
static bool
split_port(struct span w, struct span *host, struct span *port, bool *brackets)
{
	size_t colon = w.len;

	while (colon > 0 && w.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	*host = span_head(w, colon - 1);
	*port = span_tail(w, colon);
	*brackets = host->len >= 2 && host->p[0] == '[' && host->p[host->len - 1] == ']';
	if (*brackets)
		*host = span_of(host->p + 1, host->len - 2);
	return true;
}

/* "2001:db8::1:443" could be read in two ways. */
static bool
needs_brackets(struct span host, bool brackets)
{
	return !brackets && span_find(host, ':') < host.len;
}

bool
value_endpoint(struct reader *r, const struct word *w, struct endpoint *out)
{
	struct span host, port;
	bool brackets;

	*out = (struct endpoint){.any = true};
	if (!split_port(w->text, &host, &port, &brackets))
		return read_port(r, w->text, w->at, &out->at.port);
	out->any = false;
	if (needs_brackets(host, brackets)) {
		FAULT(r, w->at, "an IPv6 address stands in brackets: [2001:db8::1]:443");
		return false;
	}
	if (!address_parse_ip(host, &out->at) || (brackets && span_find(host, ':') == host.len)) {
		FAULT(r, w->at,
		      "\"%s\" is not an IP address: write a port, address:port or [v6]:port",
		      fault_word(r->scratch, host));
		return false;
	}
	return read_port(r, port, w->at, &out->at.port);
}

static bool
is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool
is_label(struct span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_name_byte(label.p[i]))
			return false;
	return label.len > 0 && label.len <= LABEL_MAX && label.p[0] != '-' &&
	       label.p[label.len - 1] != '-';
}

static bool
is_all_digits(struct span label)
{
	uint64_t n;

	return text_to_u64(label, UINT64_MAX, &n) || label.len == 0;
}

/* A host name as DNS has it; the last label is no number, or it would look like an address. */
static bool
is_host_name(struct span name)
{
	struct span label = SPAN_NONE;

	if (name.len == 0 || name.len > NAME_MAX_BYTES || name.p[name.len - 1] == '.')
		return false;
	while (name.len > 0) {
		label = span_head(name, span_find(name, '.'));
		if (!is_label(label))
			return false;
		name = span_tail(name, label.len + 1);
	}
	return !is_all_digits(label);
}

static bool
read_unix(struct reader *r, const struct word *w, struct backend *out)
{
	struct span path = span_tail(w->text, UNIX_PREFIX.len);

	if ((out->unix_path = absolute(r, path, w->at)) == NULL)
		return false;
	if (strlen(out->unix_path) > CONFIG_UNIX_PATH_MAX) {
		FAULT(r, w->at, "the path of a Unix socket has at most %d bytes",
		      CONFIG_UNIX_PATH_MAX);
		return false;
	}
	out->text = arena_printf(r->memory, "unix:%s", out->unix_path);
	return true;
}

bool
value_looks_like_backend(struct span w)
{
	return span_find(w, ':') < w.len;
}

bool
value_backend(struct reader *r, const struct word *w, struct backend *out)
{
	struct span host, port;
	struct address ip;
	char text[ADDRESS_TEXT_MAX];
	bool brackets;

	*out = (struct backend){.host = NULL};
	if (span_starts_with(w->text, UNIX_PREFIX))
		return read_unix(r, w, out);
	if (!split_port(w->text, &host, &port, &brackets)) {
		FAULT(r, w->at, "\"%s\" has no port: write host:port, [v6]:port or unix:/path",
		      reader_shown(r, w));
		return false;
	}
	if (needs_brackets(host, brackets)) {
		FAULT(r, w->at, "an IPv6 address stands in brackets: [2001:db8::1]:22");
		return false;
	}
	if (!read_port(r, port, w->at, &out->port))
		return false;
	if (address_parse_ip(host, &ip)) {
		out->host = arena_copy(r->memory, span_str(address_ip_text(&ip, text)));
	} else if (!brackets && is_host_name(host)) {
		out->host = arena_copy(r->memory, host);
	} else {
		FAULT(r, w->at, "\"%s\" is neither a host name nor an IP address",
		      fault_word(r->scratch, host));
		return false;
	}
	out->text = arena_printf(r->memory, strchr(out->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
				 out->host, out->port);
	return true;
}

static struct span
without_brackets(struct span w)
{
	bool brackets = w.len >= 2 && w.p[0] == '[' && w.p[w.len - 1] == ']';

	return brackets ? span_of(w.p + 1, w.len - 2) : w;
}

static bool
has_high_bytes(struct span w)
{
	for (size_t i = 0; i < w.len; i++)
		if (w.p[i] >= 0x80)
			return true;
	return false;
}

/* What is wrong with a name that is none. */
static const char *
name_fault(struct span w)
{
	if (span_equal(w, SPAN_OF("*")))
		return "names everything: the first site answers unknown names anyway";
	if (has_high_bytes(w))
		return "is not ASCII: write the name in its xn-- form";
	if (span_find(w, '/') < w.len)
		return "is not a name: write it without scheme and path";
	if (span_find(w, ':') < w.len)
		return "is not a name: ports belong to \"listen\"";
	if (span_find(w, '*') < w.len)
		return "has a \"*\" where none can be: it stands for the whole first label, as in "
		       "*.example.org";
	if (w.len > 0 && w.p[w.len - 1] == '.')
		return "is written without the dot at its end";
	return "is not a host name";
}

const char *
value_site_name(struct reader *r, const struct word *w)
{
	bool wildcard = span_starts_with(w->text, SPAN_OF("*."));
	struct address ip;
	char text[ADDRESS_TEXT_MAX];

	if (address_parse_ip(without_brackets(w->text), &ip))
		return arena_copy(r->memory, span_str(address_ip_text(&ip, text)));
	if (!is_host_name(span_tail(w->text, wildcard ? 2 : 0)) || w->text.len > NAME_MAX_BYTES) {
		FAULT(r, w->at, "\"%s\" %s", reader_shown(r, w), name_fault(w->text));
		return NULL;
	}
	return arena_lower(r->memory, w->text);
}

void
value_loopback(struct reader *r, struct network **list, size_t *count)
{
	static const struct network loopback[] = {
	    {.base = {.family = 4, .ip = {127}}, .bits = 8},
	    {.base = {.family = 6, .ip = {[15] = 1}}, .bits = 128},
	};

	for (size_t i = 0; i < COUNT(loopback); i++)
		*ARENA_PUSH(r->memory, *list, *count) = loopback[i];
}

void
value_network(struct reader *r, const struct word *w, const char *what, struct network **list,
	      size_t *count)
{
	struct network net;

	if (span_equal(w->text, SPAN_OF("loopback")))
		value_loopback(r, list, count);
	else if (network_parse(w->text, &net))
		*ARENA_PUSH(r->memory, *list, *count) = net;
	else
		FAULT(r, w->at,
		      "\"%s\" is not %s: write 10.0.0.0/8, 2001:db8::/32 (no bits set past "
		      "the prefix), an address, or loopback",
		      reader_shown(r, w), what);
}

void
value_networks(struct reader *r, const struct option *o, const struct directive *d,
	       struct network **list, size_t *count)
{
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	for (size_t i = 1; i < d->count; i++)
		value_network(r, &d->words[i], "a network", list, count);
}
