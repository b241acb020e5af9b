#include "unit.h"

#include <string.h>

#include "http/target.h"
#include "serve/wire.h"

static const struct {
	const char *path, *wire; /* NULL: no path */
} samples[] = {
    {"/", "/"},
    {"/a/b.c", "/a/b.c"},
    {"/a/", "/a/"},
    {"//a///b", "/a/b"},
    {"/./a/../b", "/b"},
    {"/%2e/a/%2E%2e/b", "/b"},
    {"/%41%7e", "/A~"},
    {"/%3b;%26&", "/%3B;%26&"},
    {"/%2f%2F", "/%2F%2F"},
    {"/a%2f..%2fb", "/a%2F..%2Fb"},
    {"/%252e%252e/", "/%252e%252e/"},
    {"/a b|c\\d^`{}[]<>\"", "/a%20b%7Cc%5Cd%5E%60%7B%7D%5B%5D%3C%3E%22"},
    {"/\303\274%C3%bc", "/%C3%BC%C3%BC"},
    {"/%0d%0a", "/%0D%0A"},
    {"/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"},
    {"/?#", "/%3F%23"},
    {"/...", "/..."},
    {"/.a", "/.a"},
    {"/..", NULL},
    {"/a/../..", NULL},
    {"/%2e%2e", NULL},
    {"/%", NULL},
    {"/%4", NULL},
    {"/%4x", NULL},
    {"/%00", NULL},
    {"", NULL},
    {"a", NULL},
    {"*", NULL},
};

static void
a_path_has_one_form(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct span wire, again;
		bool fits = wire_path(span_str(samples[i].path), memory, &wire);

		if (fits != (samples[i].wire != NULL))
			fail_msg("%s: %d", samples[i].path, fits);
		if (!fits)
			continue;
		if (!span_equal(wire, span_str(samples[i].wire)))
			fail_msg("%s: %.*s", samples[i].path, (int)wire.len, (const char *)wire.p);
		assert_true(wire_path(wire, memory, &again));
		assert_true(span_equal(again, wire));
	}
	arena_free(memory);
}

static void
a_path_that_is_normal_is_not_changed(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct span path = span_str(samples[i].path), wire;

		if (!wire_is_normal(path))
			continue;
		assert_true(wire_path(path, memory, &wire));
		assert_true(span_equal(path, wire));
	}
	assert_true(wire_is_normal(SPAN_OF("/a/b.c/;=@")));
	assert_false(wire_is_normal(SPAN_OF("/a/../b")));
	assert_false(wire_is_normal(SPAN_OF("//")));
	assert_false(wire_is_normal(SPAN_OF("/%41")));
	assert_false(wire_is_normal(SPAN_OF("")));
	assert_false(wire_is_normal(SPAN_OF("a")));
	arena_free(memory);
}

/* What is passed on is what was matched: every path of up to five of these pieces. */
static void
what_is_passed_on_decodes_to_what_was_matched(void **state)
{
	static const char *const pieces[] = {"/", ".", "%2e", "%2F", "a", "%3B", ";", "%25"};
	struct arena *memory = arena_new();
	char path[32];

	(void)state;
	for (unsigned n = 0; n < 8 * 8 * 8 * 8 * 8; n++) {
		struct target_parts matched, passed;
		struct span wire;
		char *to = path;

		*to++ = '/';
		for (unsigned k = n; k > 0; k /= 8)
			to = stpcpy(to, pieces[k % 8]);
		*to = '\0';
		bool fits = target_parse(span_str(path), METHOD_GET, memory, &matched);
		if (fits != wire_path(span_str(path), memory, &wire))
			fail_msg("%s: matched %d, passed on %d", path, fits, !fits);
		if (fits && (!target_parse(wire, METHOD_GET, memory, &passed) ||
			     !span_equal(matched.path, passed.path)))
			fail_msg("%s: passed on as %.*s", path, (int)wire.len,
				 (const char *)wire.p);
		arena_reset(memory);
	}
	arena_free(memory);
}

static void
a_tail_is_found_by_decoded_bytes(void **state)
{
	(void)state;
	assert_true(span_equal(wire_tail(SPAN_OF("/app/x"), 4), SPAN_OF("/x")));
	assert_true(span_equal(wire_tail(SPAN_OF("/%C3%BC/x"), 3), SPAN_OF("/x")));
	assert_true(span_equal(wire_tail(SPAN_OF("/a%2Fb/x"), 6), SPAN_OF("/x")));
	assert_int_equal(wire_tail(SPAN_OF("/a"), 2).len, 0);
	assert_int_equal(wire_tail(SPAN_OF("/a"), 9).len, 0);
	assert_int_equal(wire_tail(SPAN_OF("/%2"), 2).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_has_one_form),
	    cmocka_unit_test(a_path_that_is_normal_is_not_changed),
	    cmocka_unit_test(what_is_passed_on_decodes_to_what_was_matched),
	    cmocka_unit_test(a_tail_is_found_by_decoded_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
