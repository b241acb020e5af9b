#include "serve/listing_text.h"

#include "http/date.h"
#include "serve/wire.h"
#include "json/shape.h"

#define NS_PER_S 1000000000

static const char *
escape_of(uint8_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool
put_escaped(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char *escape = escape_of(s.p[i]);

		if (!(escape != NULL ? buf_append(b, span_str(escape)) : buf_byte(b, s.p[i])))
			return false;
	}
	return true;
}

/* As one segment of a path (RFC 3986 §3.3). */
static bool
put_segment(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(wire_is_unreserved(s.p[i]) ? buf_byte(b, s.p[i])
						 : buf_printf(b, "%%%02X", s.p[i])))
			return false;
	return true;
}

static void
modified(const struct listed *e, char text[DATE_LENGTH + 1])
{
	date_format(e->info.mtime_ns / NS_PER_S, text);
}

/* "1.4 MiB": short enough to be compared at a glance. */
static bool
put_size(struct buf *b, uint64_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t tenths = size;
	size_t unit = 0;

	if (size < 1024)
		return buf_printf(b, "%llu B", (unsigned long long)size);
	for (tenths = size / 1024 * 10 + size % 1024 * 10 / 1024;
	     tenths >= 10240 && unit + 1 < COUNT(units); unit++)
		tenths /= 1024;
	return buf_printf(b, "%llu.%llu %s", (unsigned long long)(tenths / 10),
			  (unsigned long long)(tenths % 10), units[unit]);
}

/* "./" before the name: "a:b" alone would be a scheme. */
static bool
put_row(struct buf *b, const struct listed *e)
{
	const char *slash = e->info.kind == FS_DIRECTORY ? "/" : "";
	char when[DATE_LENGTH + 1];

	modified(e, when);
	return buf_printf(b, "<tr><td><a href=\"./") && put_segment(b, e->name) &&
	       buf_printf(b, "%s\">", slash) && put_escaped(b, e->name) &&
	       buf_printf(b, "%s</a></td><td>", slash) &&
	       (e->info.kind == FS_DIRECTORY || put_size(b, e->info.size)) &&
	       /* "06 Nov 1994 08:49" of the whole date */
	       buf_printf(b, "</td><td>%.17s</td></tr>\n", when + 5);
}

static bool
put_title(struct buf *b, const struct listing *l)
{
	return buf_printf(b, "Index of ") && put_escaped(b, l->path);
}

static bool
put_head(struct buf *b, const struct listing *l)
{
	return buf_printf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
			     "<meta name=\"viewport\" content=\"width=device-width\"><title>") &&
	       put_title(b, l) &&
	       buf_printf(b, "</title>\n<style>body{font-family:sans-serif}"
			     "td,th{text-align:left;padding:.1em 1.5em .1em 0}"
			     "td+td{white-space:nowrap}</style></head>\n<body>\n<h1>") &&
	       put_title(b, l) &&
	       buf_printf(b, "</h1>\n<table>\n<thead><tr><th>Name</th><th>Size</th>"
			     "<th>Modified (UTC)</th></tr></thead>\n<tbody>\n") &&
	       (l->path.len <= 1 ||
		buf_printf(b, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n"));
}

bool
listing_put_html(struct buf *b, const struct listing *l)
{
	if (!put_head(b, l))
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (!put_row(b, &l->entries[i]))
			return false;
	return buf_printf(b, "</tbody>\n</table>\n%s</body>\n</html>\n",
			  l->cut ? "<p>There is more in this directory than is shown.</p>\n" : "");
}

static bool
put_object(struct buf *b, const struct listed *e)
{
	bool directory = e->info.kind == FS_DIRECTORY;
	char when[DATE_LENGTH + 1];

	modified(e, when);
	return buf_printf(b, "{\"name\":") && json_put_span(b, e->name) &&
	       buf_printf(b, ",\"type\":\"%s\",\"mtime\":\"%s\"", directory ? "directory" : "file",
			  when) &&
	       (directory || buf_printf(b, ",\"size\":%llu", (unsigned long long)e->info.size)) &&
	       buf_byte(b, '}');
}

bool
listing_put_json(struct buf *b, const struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!buf_printf(b, i == 0 ? "[\n" : ",\n") || !put_object(b, &l->entries[i]))
			return false;
	return buf_printf(b, l->count == 0 ? "[]\n" : "\n]\n");
}
