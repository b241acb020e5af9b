#include "unit.h"

#include "serve/encode.h"
#include "serve/location.h"
#include "serve/type.h"

static void
the_last_extension_tells_the_type(void **state)
{
	static const char *const rows[][2] = {
	    {"index.html", "text/html; charset=utf-8"},
	    {"a/b.c/INDEX.HTM", "text/html; charset=utf-8"},
	    {"x.tar.gz", "application/gzip"},
	    {"x.zst", "application/zstd"},
	    {"x.7z", "application/x-7z-compressed"},
	    {"f.woff2", "font/woff2"},
	    {"m.webmanifest", "application/manifest+json"},
	    {"", "application/octet-stream"},
	    {"README", "application/octet-stream"},
	    {"a.html/README", "application/octet-stream"},
	    {"x.", "application/octet-stream"},
	    {"x.unheardof", "application/octet-stream"},
	    {"x.averyveryverylongextension", "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span type = type_of_name(span_str(rows[i][0]));

		if (!span_equal(type, span_str(rows[i][1])))
			fail_msg("%s: %.*s", rows[i][0], (int)type.len, (const char *)type.p);
	}
}

/* bsearch() finds nothing reliably in a table that is not sorted. */
static void
every_type_of_the_web_is_found(void **state)
{
	static const char *const names[] = {
	    "a.aac", "a.avif", "a.css", "a.csv",  "a.gif",  "a.ico",  "a.jpeg", "a.jpg",
	    "a.js",  "a.json", "a.map", "a.md",   "a.mjs",  "a.mp3",  "a.mp4",  "a.ogg",
	    "a.otf", "a.ovpn", "a.pdf", "a.png",  "a.rss",  "a.svg",  "a.ttf",  "a.txt",
	    "a.vtt", "a.wasm", "a.wav", "a.webm", "a.webp", "a.woff", "a.xml",  "a.zip"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_equal(type_of_name(span_str(names[i])),
			       SPAN_OF("application/octet-stream")))
			fail_msg("%s: not found", names[i]);
}

static void
a_location_is_safe_to_send(void **state)
{
	static const struct {
		const char *path, *query, *location;
	} rows[] = {
	    {"/a", "", "/a/"},
	    {"/a", "b=c&d", "/a/?b=c&d"},
	    {"/a b\r\nSet-Cookie: x", "", "/a%20b%0D%0ASet-Cookie%3A%20x/"},
	    {"/\303\274\"<>\\?#", "", "/%C3%BC%22%3C%3E%5C%3F%23/"},
	    {"/evil.example", "", "/evil.example/"},
	};
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span got = location_encode(memory, span_str(rows[i].path), SPAN_OF("/"),
						  span_str(rows[i].query));

		if (!span_equal(got, span_str(rows[i].location)))
			fail_msg("%s: %.*s", rows[i].path, (int)got.len, (const char *)got.p);
	}
	arena_free(memory);
}

static void
what_is_packed_already_is_told_by_its_type(void **state)
{
	static const char *const packed[] = {"a.png",  "a.jpg",  "a.webp", "a.mp4",   "a.mp3",
					     "a.zip",  "a.gz",   "a.zst",  "a.woff2", "a.docx",
					     "a.epub", "a.flac", "a.7z",   "a.xz",    "a.ods"};
	static const char *const loose[] = {"a.html", "a.css",  "a.js",  "a.json", "a.svg",
					    "a.txt",  "a.wasm", "a.xml", "a.bmp",  "a.ttf",
					    "a.ico",  "a.tar",  "a.pdf", "a.none", "a"};

	(void)state;
	for (size_t i = 0; i < COUNT(packed); i++)
		if (!type_is_packed(type_of_name(span_str(packed[i]))))
			fail_msg("%s", packed[i]);
	for (size_t i = 0; i < COUNT(loose); i++)
		if (type_is_packed(type_of_name(span_str(loose[i]))))
			fail_msg("%s", loose[i]);
	assert_false(type_is_packed(SPAN_NONE));
}

static const struct {
	const char *type;
	bool suits;
} media[] = {
    {"text/html", true},
    {"text/html; charset=utf-8", true},
    {"TEXT/CSS", true},
    {"application/json", true},
    {"Application/JSON;charset=x", true},
    {"application/jsonp", false},
    {"application/jso", false},
    {"textual/html", false},
    {"text", false},
    {"image/svg+xml", true},
    {"image/png", false},
    {"", false},
    {";", false},
};

static void
types_are_compared_without_parameters_and_case(void **state)
{
	static const char *const types[] = {"text/*", "application/json", "image/svg+xml", NULL};
	static const char *const all[] = {"*", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(media); i++)
		if (coding_suits_type(types, span_str(media[i].type)) != media[i].suits)
			fail_msg("%s", media[i].type);
	assert_false(coding_suits_type(NULL, SPAN_OF("text/html")));
	assert_false(coding_suits_type(all, SPAN_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_packed_already_is_told_by_its_type),
	    cmocka_unit_test(the_last_extension_tells_the_type),
	    cmocka_unit_test(every_type_of_the_web_is_found),
	    cmocka_unit_test(a_location_is_safe_to_send),
	    cmocka_unit_test(types_are_compared_without_parameters_and_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
