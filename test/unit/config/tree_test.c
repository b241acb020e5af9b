/* Directives in blocks, and braces that do not match. */
#include <stdio.h>

#include "unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/tree.h"

/* Directives with a space before each word, blocks in parentheses, "," between them. */
static void
put_list(struct buf *out, const struct directive *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list[i].count; j++) {
			assert_true(buf_append(out, j > 0 ? SPAN_OF(" ") : SPAN_NONE));
			assert_true(buf_append(out, list[i].words[j].text));
		}
		if (list[i].has_block) {
			assert_true(buf_append(out, SPAN_OF("(")));
			put_list(out, list[i].children, list[i].child_count);
			assert_true(buf_append(out, SPAN_OF(")")));
		}
		assert_true(i + 1 == count || buf_append(out, SPAN_OF(",")));
	}
}

static const struct {
	const char *text, *tree, *fault;
	bool whole;
} samples[] = {
    {"", "", NULL, true},
    {";;\n\n;", "", NULL, true},
    {"a b\nc", "a b,c", NULL, true},
    {"a {\n b c\n d\n}\ne", "a(b c,d),e", NULL, true},
    {"a { b; c }", "a(b,c)", NULL, true},
    {"a { b } ; c", "a(b),c", NULL, true},
    {"a {}", "a()", NULL, true},
    {"a { b { c } }", "a(b(c))", NULL, true},
    {"a x { b y { c } d }", NULL, "is missing after \"}\"", false},
    {"a b \\\n c", "a b c", NULL, true},
    {"a {", NULL, "1:3: this block is not closed", false},
    {"a {\n b {\n }\n", NULL, "1:3: this block is not closed", false},
    {"}", NULL, "1:1: there is no block to close", false},
    {"a { } }", NULL, "1:7: there is no block to close", false},
    {"a\n{ b }", NULL, "2:1: \"{\" stands on the line", false},
    {"a { b } c", NULL, "1:9: a new line, or \";\", is missing", false},
    {"a { } { }", NULL, "1:7: a new line", false},
    {"a\nb \"\nc", "a,c", "2:3: this string", true},
    {"a { b \"x\"y\n c }", "a(c)", "1:10: a space is missing", true},
    {"1{2{3{4{5{6{7{8{9}}}}}}}}", "1(2(3(4(5(6(7(8(9))))))))", NULL, true},
    {"1{2{3{4{5{6{7{8{9{x y{z} }}}}}}}}}\na", NULL, "nested too deeply", false},
};

static void
each_text_has_its_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct arena *memory = arena_new();
		struct faults f = {
		    .file = "f", .text = span_str(samples[i].text), .memory = memory};
		struct buf tree = buf_with_cap(4096), said = buf_with_cap(4096);
		struct tree t;

		tree_read(&t, f.text, &f, memory);
		put_list(&tree, t.directives, t.count);
		faults_print(&f, &said);
		assert_true(buf_byte(&said, '\0'));
		if (t.whole != samples[i].whole)
			fail_msg("%s: whole %d", samples[i].text, t.whole);
		if (samples[i].tree != NULL &&
		    !span_equal(buf_span(&tree), span_str(samples[i].tree)))
			fail_msg("%s: %.*s", samples[i].text, (int)buf_len(&tree),
				 (char *)tree.data);
		if (samples[i].fault == NULL ? f.count > 0
					     : strstr((char *)said.data, samples[i].fault) == NULL)
			fail_msg("%s: %s", samples[i].text, (char *)said.data);
		buf_free(&tree);
		buf_free(&said);
		arena_free(memory);
	}
}

static void
words_past_the_limit_are_told_of_once(void **state)
{
	struct arena *memory = arena_new();
	struct buf text = buf_with_cap(8192);
	struct tree t;

	(void)state;
	for (int i = 0; i < CONFIG_WORDS_MAX + 10; i++)
		assert_true(buf_append(&text, SPAN_OF("w ")));
	struct faults f = {.file = "f", .text = buf_span(&text), .memory = memory};
	tree_read(&t, f.text, &f, memory);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.first[0].at.column, CONFIG_WORDS_MAX * 2 + 1);
	assert_int_equal(t.count, 0);
	f.count = f.kept = 0;
	tree_read(&t, span_head(f.text, CONFIG_WORDS_MAX * 2), &f, memory);
	assert_int_equal(f.count, 0);
	assert_int_equal(t.directives[0].count, CONFIG_WORDS_MAX);
	buf_free(&text);
	arena_free(memory);
}

/* However deep a hostile file nests, the stack is not what ends it. */
static void
nesting_without_end_is_survived(void **state)
{
	struct arena *memory = arena_new();
	struct buf text = buf_with_cap(CONFIG_FILE_MAX);
	struct tree t;

	(void)state;
	while (buf_append(&text, SPAN_OF("a{")))
		;
	struct faults f = {.file = "f", .text = buf_span(&text), .memory = memory};
	tree_read(&t, f.text, &f, memory);
	assert_false(t.whole);
	assert_true(f.count > 0);
	buf_free(&text);
	arena_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_text_has_its_tree),
	    cmocka_unit_test(words_past_the_limit_are_told_of_once),
	    cmocka_unit_test(nesting_without_end_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
