#include "unit.h"

#include "serve/template.h"

#define PATH  "/a%20b;c&d"
#define QUERY "x=1&y=%26"

static const struct {
	const char *template, *path, *query, *host, *text;
} samples[] = {
    {"https://new.example/", PATH, QUERY, "h", "https://new.example/"},
    {"https://new.example{path}", PATH, QUERY, "h", "https://new.example" PATH},
    {"https://new.example{uri}", PATH, QUERY, "h", "https://new.example" PATH "?" QUERY},
    {"https://new.example{uri}", PATH, "", "h", "https://new.example" PATH},
    {"https://{host}{uri}", PATH, QUERY, "old.example", "https://old.example" PATH "?" QUERY},
    {"https://www.{host}/", PATH, QUERY, "[::1]", "https://www.[::1]/"},
    {"/x{path}?{query}", PATH, QUERY, "h", "/x" PATH "?" QUERY},
    {"/x?p={path}", PATH, QUERY, "h", "/x?p=/a%20b%3Bc%26d"},
    {"/login?next={uri}", PATH, QUERY, "h", "/login?next=/a%2520b%3Bc%26d%3Fx%3D1%26y%3D%2526"},
    {"/login?next={uri}&q={query}", "/", "", "h", "/login?next=/&q="},
    {"/h?{host}", "/", "", "[::1]", "/h?%5B%3A%3A1%5D"},
    {"{nothing}{", "/", "", "h", "{nothing}{"},
    {"", PATH, QUERY, "h", ""},
    /* Whoever asks does not choose the host. */
    {"/{path}", "/evil.example", "", "h", "/evil.example"},
    {"//{path}", "/evil.example", "", "h", "//"},
    {"https://{path}", "/evil.example", "", "h", "https://"},
    {"https://{uri}", "/evil.example", "", "h", "https://"},
    {"https://new.example{query}/", "/", ".evil.example", "h", "https://new.example/"},
    {"https://new.example{query}", "/", "@evil.example/", "h", "https://new.example"},
    {"{query}", "/", "//evil.example", "h", "%2F%2Fevil.example"},
    {"{query}", "/", "https://evil.example", "h", "https%3A%2F%2Fevil.example"},
    {"/{query}", "/", "/evil.example", "h", "/%2Fevil.example"},
    {"/x/{query}/y", "/", "../%2e%2e", "h", "/x/..%2F%252e%252e/y"},
    {"https://new.example?{path}", "/a", "", "h", "https://new.example?/a"},
};

static void
each_placeholder_stays_what_it_is_where_it_is(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct template_values v = {span_str(samples[i].path),
						  span_str(samples[i].query),
						  span_str(samples[i].host)};
		struct span text = template_fill(samples[i].template, &v, memory);

		if (!span_equal(text, span_str(samples[i].text)))
			fail_msg("%s: %.*s", samples[i].template, (int)text.len,
				 (const char *)text.p);
	}
	arena_free(memory);
}

static void
a_template_may_have_a_query_of_its_own(void **state)
{
	(void)state;
	assert_true(template_has_query("/x?y"));
	assert_true(template_has_query("/x{uri}"));
	assert_false(template_has_query("/x{path}"));
	assert_false(template_has_query(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_placeholder_stays_what_it_is_where_it_is),
	    cmocka_unit_test(a_template_may_have_a_query_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
