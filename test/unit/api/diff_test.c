#include "api/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static const char *
diff(struct arena *memory, const char *a, const char *b)
{
	struct buf out = buf_with_cap(1 << 20);

	assert_true(diff_unified(memory, "a", span_str(a), "b", span_str(b), &out));
	const char *text = arena_copy(memory, buf_span(&out));
	buf_free(&out);
	return text;
}

static void
what_is_the_same_has_no_diff(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	assert_string_equal("", diff(memory, "", ""));
	assert_string_equal("", diff(memory, "x\ny", "x\ny"));
	arena_free(memory);
}

static void
changes_stand_with_what_is_around_them(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	assert_string_equal(
	    "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
	    diff(memory, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"));
	assert_string_equal("--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n", diff(memory, "", "x\n"));
	assert_string_equal("--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n", diff(memory, "x\n", ""));
	assert_string_equal("--- a\n+++ b\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n",
			    diff(memory, "x", "x\n"));
	arena_free(memory);
}

static void
write_file(const char *directory, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(0, fclose(f));
}

/* patch(1) is the judge: with our diff it makes the one text of the other. */
static void
assert_patch_agrees(struct arena *memory, const char *a, const char *b)
{
	char directory[] = "/tmp/diff-test-XXXXXX", command[512];

	assert_non_null(mkdtemp(directory));
	write_file(directory, "a", a);
	write_file(directory, "b", b);
	write_file(directory, "d", diff(memory, a, b));
	snprintf(command, sizeof command,
		 "cd %s && patch -s a d && cmp a b; e=$?; rm -r %s; exit $e", directory, directory);
	if (system(command) != 0)
		fail_msg("patch disagrees:\n%s", diff(memory, a, b));
}

static void
patch_makes_one_of_the_other(void **state)
{
	struct arena *memory = arena_new();
	uint32_t seed = 7;

	(void)state;
	if (system("patch --version > /dev/null 2>&1") != 0)
		skip();
	for (int round = 0; round < 40; round++) {
		char texts[2][256];

		for (int side = 0; side < 2; side++) {
			size_t n = 0, lines = (seed >> 20) % 60;

			for (size_t i = 0; i < lines; i++) {
				seed = seed * 1664525 + 1013904223;
				texts[side][n++] = (char)('a' + (seed >> 24) % 3);
				texts[side][n++] = '\n';
			}
			n -= n > 0 && (seed >> 16) % 3 == 0;
			texts[side][n] = '\0';
		}
		if (strcmp(texts[0], texts[1]) != 0)
			assert_patch_agrees(memory, texts[0], texts[1]);
	}
	arena_free(memory);
}

/* No table is made that a request could have grow without end. */
static void
texts_without_anything_in_common_are_told_as_two(void **state)
{
	struct arena *memory = arena_new();
	struct buf a = buf_with_cap(1 << 20), b = buf_with_cap(1 << 20),
		   out = buf_with_cap(1 << 21);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		assert_true(buf_printf(&a, "a%d\n", i));
		assert_true(buf_printf(&b, "b%d\n", i));
	}
	assert_true(diff_unified(memory, "a", buf_span(&a), "b", buf_span(&b), &out));
	assert_true(buf_len(&out) > buf_len(&a) + buf_len(&b));
	buf_free(&a);
	buf_free(&b);
	buf_free(&out);
	arena_free(memory);
}

static void
a_full_buffer_is_told(void **state)
{
	struct arena *memory = arena_new();
	struct buf out = buf_with_cap(20);

	(void)state;
	assert_false(diff_unified(memory, "a", SPAN_OF("1\n2\n"), "b", SPAN_OF("3\n4\n"), &out));
	buf_free(&out);
	arena_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_the_same_has_no_diff),
	    cmocka_unit_test(changes_stand_with_what_is_around_them),
	    cmocka_unit_test(patch_makes_one_of_the_other),
	    cmocka_unit_test(texts_without_anything_in_common_are_told_as_two),
	    cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
