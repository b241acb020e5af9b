#include "serve/type.h"

#include <stdlib.h>

#include "base/text.h"

#define EXTENSION_MAX 16

/* Sorted by extension. Text is UTF-8: what else it may be, nobody has written this century. */
static const struct type {
	const char *extension, *type;
} types[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apk", "application/vnd.android.package-archive"},
    {"atom", "application/atom+xml; charset=utf-8"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"ovpn", "application/x-openvpn-profile"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"rss", "application/rss+xml; charset=utf-8"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"ts", "video/mp2t"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml; charset=utf-8"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "text/xml; charset=utf-8"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

static int
compare(const void *extension, const void *type)
{
	return strcmp(extension, ((const struct type *)type)->extension);
}

/* The bytes behind the last dot of the last segment, in lower case; "" for none. */
static void
extension_of(struct span name, char extension[EXTENSION_MAX])
{
	size_t dot = name.len;

	extension[0] = '\0';
	while (dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != '/')
		dot--;
	struct span end = span_tail(name, dot);
	if (dot == 0 || name.p[dot - 1] != '.' || end.len >= EXTENSION_MAX)
		return;
	for (size_t i = 0; i < end.len; i++)
		extension[i] = (char)text_lower(end.p[i]);
	extension[end.len] = '\0';
}

struct span
type_of_name(struct span name)
{
	char extension[EXTENSION_MAX];

	extension_of(name, extension);
	const struct type *t = bsearch(extension, types, COUNT(types), sizeof types[0], compare);
	return t != NULL ? span_str(t->type) : SPAN_OF("application/octet-stream");
}

/* A type's beginning is enough. What is no such thing, although its kind is, comes first. */
static const struct {
	struct span type;
	bool packed;
} natures[] = {
    {SPAN_INIT("image/svg+xml"), false},
    {SPAN_INIT("image/bmp"), false},
    {SPAN_INIT("image/x-icon"), false},
    {SPAN_INIT("image/"), true},
    {SPAN_INIT("audio/"), true},
    {SPAN_INIT("video/"), true},
    {SPAN_INIT("font/woff"), true},
    {SPAN_INIT("application/epub+zip"), true},
    {SPAN_INIT("application/gzip"), true},
    {SPAN_INIT("application/vnd.android.package-archive"), true},
    {SPAN_INIT("application/vnd.o"), true}, /* OpenDocument, Office Open XML: both are ZIP */
    {SPAN_INIT("application/x-7z-compressed"), true},
    {SPAN_INIT("application/x-bzip2"), true},
    {SPAN_INIT("application/x-xz"), true},
    {SPAN_INIT("application/zip"), true},
    {SPAN_INIT("application/zstd"), true},
};

bool
type_is_packed(struct span type)
{
	for (size_t i = 0; i < COUNT(natures); i++)
		if (span_starts_with(type, natures[i].type))
			return natures[i].packed;
	return false;
}
