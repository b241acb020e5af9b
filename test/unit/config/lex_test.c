/* Words, marks and places. */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#include "base/mem.h"
#include "config/lex.h"

/* Tokens as text, with "," between them: a word in <>, others by their mark, "." at the end. */
static void
lex_all(const char *text, char *out, size_t size, size_t *faults)
{
	struct arena *memory = arena_new();
	struct faults f = {.file = "f", .text = span_str(text), .memory = memory};
	struct lexer l;
	struct token t;
	size_t n = 0;

	lex_start(&l, span_str(text), &f, memory);
	do {
		lex_next(&l, &t);
		struct span w = t.word.text;
		if (t.kind == TOKEN_WORD)
			n += (size_t)snprintf(out + n, size - n, "<%.*s>%s", (int)w.len,
					      (const char *)w.p, t.bad ? "!" : "");
		else
			n += (size_t)snprintf(out + n, size - n, "%c", "?{};."[t.kind]);
	} while (t.kind != TOKEN_EOF && n + 1 < size);
	*faults = f.count;
	arena_free(memory);
}

static const struct {
	const char *text, *tokens;
	size_t faults;
} samples[] = {
    {"", ".", 0},
    {"a", "<a>.", 0},
    {"a b\tc", "<a><b><c>.", 0},
    {"a\nb", "<a>;<b>.", 0},
    {"a\r\nb\r\n", "<a>;<b>;.", 0},
    {"a;b", "<a>;<b>.", 0},
    {"a{b }", "<a>{<b>}.", 0},
    {"a{b;}", "<a>{<b>;}.", 0},
    {"{path}", "<{path}>.", 0},
    {"a/{b}c{d_e} {f}{g}", "<a/{b}c{d_e}><{f}{g}>.", 0},
    {"{} {A} {a1} {a b}", "{}{<A>}{<a1>}{<a><b>}.", 0},
    {"{a", "{<a>.", 0},
    {"a{b\n}", "<a>{<b>;}.", 0},
    {"{a}\"b\"", "<{a}>!.", 1},
    {"a{b\\\n}", "<a>{<b>}.", 0},
    {"a # b { \" }\nc", "<a>;<c>.", 0},
    {"a#b", "<a#b>.", 0},
    {"#", ".", 0},
    {"\xEF\xBB\xBF"
     "a",
     "<a>.", 0},
    {"\"a b\"", "<a b>.", 0},
    {"\"\"", "<>.", 0},
    {"\"{;}#\"", "<{;}#>.", 0},
    {"\"\\\"\\\\\"", "<\"\\>.", 0},
    {"a\\b", "<a\\b>.", 0},
    {"a \\\nb", "<a><b>.", 0},
    {"a \\\r\nb", "<a><b>.", 0},
    {"a\\\nb", "<a><b>.", 0},
    {"a \\", "<a><\\>.", 0},
    {"caf\xC3\xA9", "<caf\xC3\xA9>.", 0},
    {"\"a", "<>!.", 1},
    {"\"a\nb", "<>!;<b>.", 1},
    {"\"a\\", "<>!.", 1},
    {"\"a\\\n\"", "<>!;<>!.", 2},
    {"\"\\n\"", "<n>!.", 1},
    {"a\"b c\" d", "<a>!<d>.", 1},
    {"a\"b", "<a>!.", 1},
    {"\"a\"b", "<a>!<b>.", 1},
    {"\"a\"\"b\"", "<a>!<b>.", 1},
    {"\"a\tb\"", "<a\tb>!.", 1},
    {"\x01", "<>!.", 1},
    {"a\x7F"
     "b",
     "<a><>!<b>.", 1},
    {"a\rb", "<a><>!<b>.", 1},
    {"\xFF\xFE", "<\xFF\xFE>.", 0},
};

static void
each_text_has_its_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		char out[256] = "";
		size_t faults;

		lex_all(samples[i].text, out, sizeof out, &faults);
		if (strcmp(out, samples[i].tokens) != 0 || faults != samples[i].faults)
			fail_msg("%s: %s, %zu faults", samples[i].text, out, faults);
	}
}

static void
columns_count_characters_and_tabs_are_one(void **state)
{
	struct arena *memory = arena_new();
	struct faults f = {.file = "f", .memory = memory};
	struct lexer l;
	struct token t;

	(void)state;
	lex_start(&l, span_str("\xEF\xBB\xBF\t\xC3\xA9\xC3\xA9 x\n \\\n  y"), &f, memory);
	lex_next(&l, &t);
	assert_int_equal(t.word.at.column, 2);
	lex_next(&l, &t);
	assert_int_equal(t.word.at.column, 5);
	lex_next(&l, &t);
	assert_int_equal(t.kind, TOKEN_END);
	lex_next(&l, &t);
	assert_int_equal(t.word.at.line, 3);
	assert_int_equal(t.word.at.column, 3);
	arena_free(memory);
}

static void
a_word_too_long_is_bad(void **state)
{
	char *text = mem_new(CONFIG_WORD_MAX + 2), out[CONFIG_WORD_MAX + 8];
	size_t faults;

	(void)state;
	memset(text, 'x', CONFIG_WORD_MAX);
	lex_all(text, out, sizeof out, &faults);
	assert_int_equal(faults, 0);
	text[CONFIG_WORD_MAX] = 'x';
	lex_all(text, out, sizeof out, &faults);
	assert_int_equal(faults, 1);
	free(text);
}

static void
only_words_that_read_back_are_plain(void **state)
{
	static const char *const plain[] = {"a",   "a#b",         "/srv/www", "[::1]:443",
					    "*.x", "caf\xC3\xA9", "{path}",   "a{b}{c}d"};
	static const char *const others[] = {"",    " ",   "a b", "#a",  "a{", "}",  ";",
					     "a\"", "a\\", "\t",  "{A}", "{}", "{a", "a{b}{"};

	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++)
		assert_true(lex_is_plain(span_str(plain[i])));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(lex_is_plain(span_str(others[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_text_has_its_tokens),
	    cmocka_unit_test(columns_count_characters_and_tabs_are_one),
	    cmocka_unit_test(a_word_too_long_is_bad),
	    cmocka_unit_test(only_words_that_read_back_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
