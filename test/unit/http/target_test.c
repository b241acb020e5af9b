#include "unit.h"

#include "http/target.h"

static const struct sample {
	const char *text;
	enum method method;
	const char *authority, *host, *path, *query; /* path NULL: refused */
} samples[] = {
    {"/", METHOD_GET, "", "", "/", ""},
    {"/a/b.html", METHOD_GET, "", "", "/a/b.html", ""},
    {"/a/", METHOD_GET, "", "", "/a/", ""},
    {"/?", METHOD_GET, "", "", "/", ""},
    {"/a?b?c", METHOD_GET, "", "", "/a", "b?c"},
    {"/a?../..", METHOD_GET, "", "", "/a", "../.."},
    {"/.", METHOD_GET, "", "", "/", ""},
    {"/./", METHOD_GET, "", "", "/", ""},
    {"/a/.", METHOD_GET, "", "", "/a/", ""},
    {"/a/..", METHOD_GET, "", "", "/", ""},
    {"/a/../", METHOD_GET, "", "", "/", ""},
    {"/a/b/..", METHOD_GET, "", "", "/a/", ""},
    {"/a/b/../../c", METHOD_GET, "", "", "/c", ""},
    {"/a//../b", METHOD_GET, "", "", "/b", ""},
    {"//", METHOD_GET, "", "", "/", ""},
    {"//evil.example/x", METHOD_GET, "", "", "/evil.example/x", ""},
    {"/...", METHOD_GET, "", "", "/...", ""},
    {"/..a/.b", METHOD_GET, "", "", "/..a/.b", ""},
    {"/%2e", METHOD_GET, "", "", "/", ""},
    {"/a/%2E%2e/b", METHOD_GET, "", "", "/b", ""},
    {"/%252e", METHOD_GET, "", "", "/%2e", ""},
    {"/%252f", METHOD_GET, "", "", "/%2f", ""},
    {"/%2F", METHOD_GET, "", "", "/%2F", ""},
    {"/a%2f..%2f..", METHOD_GET, "", "", "/a%2F..%2F..", ""},
    {"/a%2fb/../c", METHOD_GET, "", "", "/c", ""},
    {"/%3F%23", METHOD_GET, "", "", "/?#", ""},
    {"/%0d%0a", METHOD_GET, "", "", "/\r\n", ""},
    {"/%C3%BC", METHOD_GET, "", "", "/\303\274", ""},
    {"/a\\..\\b", METHOD_GET, "", "", "/a\\..\\b", ""},
    {"*", METHOD_OPTIONS, "", "", "*", ""},
    {"http://A.Example:80/x", METHOD_GET, "a.example:80", "a.example", "/x", ""},
    {"https://a./", METHOD_GET, "a.", "a", "/", ""},
    {"http://a?q", METHOD_OPTIONS, "a", "a", "/", "q"},
    {"http://a", METHOD_OPTIONS, "a", "a", "*", ""},
    {"http://a", METHOD_GET, "a", "a", "/", ""},
    {"http://[::1]:8080/", METHOD_GET, "[::1]:8080", "[::1]", "/", ""},
    {"http://192.0.2.1/", METHOD_GET, "192.0.2.1", "192.0.2.1", "/", ""},

    {"", METHOD_GET, NULL, NULL, NULL, NULL},
    {"*", METHOD_GET, NULL, NULL, NULL, NULL},
    {"**", METHOD_OPTIONS, NULL, NULL, NULL, NULL},
    {"x", METHOD_GET, NULL, NULL, NULL, NULL},
    {"?", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/..", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/../", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/./..", METHOD_GET, NULL, NULL, NULL, NULL},
    {"//..", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a/../../a", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%2e%2e/a", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a%2f../../..", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%00", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%1", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%1g", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%-1", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/%u0041", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a b", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a\tb", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a?b c", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a?\r\n", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/a#b", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/\"", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/<script>", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/\177", METHOD_GET, NULL, NULL, NULL, NULL},
    {"/\200", METHOD_GET, NULL, NULL, NULL, NULL},
    {"a:443", METHOD_CONNECT, NULL, NULL, NULL, NULL},
    {"http:/a/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http:///", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://u:p@a/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://a:/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://a:99999/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://a:000080/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://[]/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://[::1/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://[a.example]/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://[::1]x/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://.a/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"http://a%2e/", METHOD_GET, NULL, NULL, NULL, NULL},
    {"file:///etc/passwd", METHOD_GET, NULL, NULL, NULL, NULL},
};

static void
assert_span(const char *of, const char *what, struct span got, const char *expected)
{
	if (!span_equal(got, span_str(expected)))
		fail_msg("%s: the %s is \"%.*s\"", of, what, (int)got.len, (const char *)got.p);
}

static void
targets_are_taken_apart(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		struct target_parts t;
		bool fits = target_parse(span_str(s->text), s->method, memory, &t);

		if (fits != (s->path != NULL))
			fail_msg("\"%s\": %s", s->text, fits ? "accepted" : "refused");
		if (!fits)
			continue;
		assert_span(s->text, "authority", t.authority, s->authority);
		assert_span(s->text, "host", t.host, s->host);
		assert_span(s->text, "path", t.path, s->path);
		assert_span(s->text, "query", t.query, s->query);
	}
	arena_free(memory);
}

/* Whatever two bytes follow a '%': hex digits or nothing, never a NUL; and a '/' stays encoded. */
static void
every_encoded_byte_is_decoded_once(void **state)
{
	struct arena *memory = arena_new();
	char text[] = "/%XXz";
	struct target_parts t;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		text[2] = "0123456789abcdef"[c >> 4];
		text[3] = "0123456789ABCDEF"[c & 15];
		bool fits = target_parse(span_str(text), METHOD_GET, memory, &t);

		assert_int_equal(fits, c != 0);
		if (c == '/') {
			assert_true(span_equal(t.path, SPAN_OF("/%2Fz")));
		} else if (fits) {
			assert_int_equal(t.path.len, 3);
			assert_int_equal(t.path.p[1], c);
		}
	}
	arena_free(memory);
}

static void
a_redirect_repeats_path_and_query_as_they_came(void **state)
{
	static const struct {
		const char *text, *origin;
	} origins[] = {{"/a%2e?b", "/a%2e?b"},
		       {"http://a/b?c", "/b?c"},
		       {"HTTPS://a", ""},
		       {"https://a?b", "?b"},
		       {"*", ""}};

	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++)
		assert_span(origins[i].text, "origin", target_origin(span_str(origins[i].text)),
			    origins[i].origin);
}

static void
a_host_has_at_most_255_bytes(void **state)
{
	struct arena *memory = arena_new();
	struct span authority, host;
	uint8_t name[256];

	(void)state;
	memset(name, 'a', sizeof name);
	assert_true(authority_parse(span_of(name, 255), memory, &authority, &host));
	assert_false(authority_parse(span_of(name, 256), memory, &authority, &host));
	assert_false(authority_parse(SPAN_NONE, memory, &authority, &host));
	arena_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(targets_are_taken_apart),
	    cmocka_unit_test(every_encoded_byte_is_decoded_once),
	    cmocka_unit_test(a_redirect_repeats_path_and_query_as_they_came),
	    cmocka_unit_test(a_host_has_at_most_255_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
