#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/print.h"
#include "cli/value.h"

static char *text;
static size_t size;

/* What a printer prints; the caller's until the next. */
#define PRINTED(call)                                                                              \
	(__extension__({                                                                           \
		FILE *to;                                                                          \
		free(text);                                                                        \
		text = NULL;                                                                       \
		to = open_memstream(&text, &size);                                                 \
		call;                                                                              \
		fclose(to);                                                                        \
		text;                                                                              \
	}))

static void
nothing_that_a_terminal_obeys_is_printed(void **state)
{
	static const struct {
		const char *from, *to;
	} texts[] = {
	    {"plain", "plain"},
	    {"\x1b]0;title\x07", "?]0;title?"},
	    {"a\nb\rc\td", "a?b?c?d"},
	    {"\x7f", "?"},
	    {"\xC2\x9B"
	     "31m",
	     "?31m"}, /* CSI as one character of C1 */
	    {"\x9B"
	     "31m",
	     "?31m"},
	    {"Zo\xC3\xAB", "Zo\xC3\xAB"},
	    {"\xE2\x80\xAEgnp.exe", "?gnp.exe"}, /* U+202E turns the line round */
	    {"a\xE2\x80\x8B"
	     "b",
	     "a?b"},
	    {"\xC3", "?"},
	    {"\xED\xA0\x80", "???"}, /* a surrogate */
	    {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_string_equal(PRINTED(print_text(to, texts[i].from)), texts[i].to);
	assert_string_equal(PRINTED(print_lines(to, "a\n\tb\x1b[0m\n")), "a\n\tb?[0m\n");
}

static void
values_are_for_people(void **state)
{
	struct arena *memory = arena_new();
	json_t *v = json_pack("{s:b,s:b,s:n,s:i,s:[s,s],s:[],s:s,s:s,s:{s:i}}", "yes", 1, "no", 0,
			      "null", "number", 7, "list", "a", "b\n", "empty", "time",
			      "2026-11-21T16:52:30.123Z", "text", "2026-11-21", "object", "a", 1);

	(void)state;
	setenv("TZ", "UTC-1", 1);
	tzset();
#define SHOWN(name) print_short(memory, json_object_get(v, name))
	assert_string_equal(SHOWN("yes"), "yes");
	assert_string_equal(SHOWN("no"), "no");
	assert_string_equal(SHOWN("null"), "-");
	assert_string_equal(SHOWN("absent"), "-");
	assert_string_equal(SHOWN("number"), "7");
	assert_string_equal(SHOWN("list"), "a, b?");
	assert_string_equal(SHOWN("empty"), "-");
	assert_string_equal(SHOWN("time"), "2026-11-21 17:52");
	assert_string_equal(SHOWN("text"), "2026-11-21");
	assert_string_equal(SHOWN("object"), "{\"a\":1}");
	json_decref(v);
	arena_free(memory);
}

static const struct column columns[] = {{"NAME", "name"}, {"WHAT", "in.what"}};

static void
tables_are_aligned(void **state)
{
	json_t *items =
	    json_pack("[{s:s,s:{s:s}},{s:s,s:{s:s}}]", "name", "al", "in", "what", "one", "name",
		      "Zo\xC3\xAB-and-more", "in", "what", "\xE4\xB8\xAD");

	(void)state;
	assert_string_equal(PRINTED(print_table(to, 0, columns, 2, items)),
			    "NAME          WHAT\n"
			    "al            one\n"
			    "Zo\xC3\xAB-and-more  \xE4\xB8\xAD\n");
	json_decref(items);
}

static void
tables_fit_a_terminal(void **state)
{
	json_t *items = json_pack("[{s:s,s:{s:s}}]", "name", "a-name-that-is-rather-long", "in",
				  "what", "something");
	const char *line;

	(void)state;
	line = strchr(PRINTED(print_table(to, 24, columns, 2, items)), '\n') + 1;
	assert_string_equal(line, "a-name-that-\xE2\x80\xA6  something\n");
	/* However narrow it is, there is something to be seen. */
	line = strchr(PRINTED(print_table(to, 3, columns, 2, items)), '\n') + 1;
	assert_string_equal(line, "a-nam\xE2\x80\xA6  somet\xE2\x80\xA6\n");
	json_decref(items);
}

static void
a_table_of_nothing_has_its_titles(void **state)
{
	json_t *items = json_array();

	(void)state;
	assert_string_equal(PRINTED(print_table(to, 0, columns, 2, items)), "NAME  WHAT\n");
	assert_string_equal(PRINTED(print_table(to, 0, columns, 2, NULL)), "NAME  WHAT\n");
	json_decref(items);
}

static void
objects_are_lines_with_what_is_in_them(void **state)
{
	json_t *v =
	    json_pack("{s:s,s:{s:i,s:n}}", "name", "al\x1b", "policy", "devices_max", 3, "tunnel");

	(void)state;
	assert_string_equal(PRINTED(print_object(to, v)), "name                 al?\n"
							  "policy, devices max  3\n"
							  "policy, tunnel       -\n");
	json_decref(v);
}

static void
json_is_what_was_answered(void **state)
{
	json_t *v = json_pack("{s:s}", "name", "a\x1b\x7f\xC3\xAB");

	(void)state;
	assert_string_equal(PRINTED(print_json(to, v)),
			    "{\n  \"name\": \"a\\u001B\\u007F\xC3\xAB\"\n}\n");
	json_decref(v);
}

static void
sentences_are_filled_and_clean(void **state)
{
	struct command_line l = {
	    .memory = arena_new(), .arguments = {"al\x1b", "two"}, .argument_count = 2};
	json_t *v = json_pack("{s:s,s:n,s:{s:s}}", "name", "x\n", "end", "in", "what", "y");

	(void)state;
	assert_string_equal(print_sentence(&l, "{1} and {2}, {name} {in.what} {3}", v),
			    "al? and two, x? y -");
	assert_string_equal(print_sentence(&l, "open { end", v), "open -");
	assert_string_equal(print_sentence(&l, "{end}, {end|it ends}, {end|}, {name|not}", v),
			    "-, it ends, , x?");
	json_decref(v);
	arena_free(l.memory);
}

/* --- what is written behind options */

static json_t *
value_of(enum value_kind kind, unsigned flags, const char *word)
{
	const struct option o = {.name = "--x", .value = "X", .kind = kind, .flags = flags};
	int status = EXIT_DONE;

	return value_json(&o, word, &status);
}

static void
values_are_read_by_their_kind(void **state)
{
	static const struct {
		enum value_kind kind;
		const char *word, *json; /* NULL: refused */
	} values[] = {
	    {VALUE_TEXT, "a", "\"a\""},
	    {VALUE_TEXT, "none", "null"},
	    {VALUE_TEXT, "\xC3", NULL},
	    {VALUE_NUMBER, "12", "12"},
	    {VALUE_NUMBER, "-1", NULL},
	    {VALUE_NUMBER, "1x", NULL},
	    {VALUE_NUMBER, "", NULL},
	    {VALUE_YES_NO, "yes", "true"},
	    {VALUE_YES_NO, "no", "false"},
	    {VALUE_YES_NO, "maybe", NULL},
	    {VALUE_TEXTS, "a, b,,c", "[\"a\",\"b\",\"c\"]"},
	    {VALUE_TEXTS, "", "[]"},
	    {VALUE_TIME, "2026-11-21T16:52:30Z", "\"2026-11-21T16:52:30Z\""},
	    {VALUE_TIME, "2026-11-21", "\"2026-11-20T23:00:00Z\""},
	    {VALUE_TIME, "2026-11-21 16:52", "\"2026-11-21T15:52:00Z\""},
	    {VALUE_TIME, "never", "null"},
	    {VALUE_TIME, "soon", NULL},
	    {VALUE_TIME, "2026-13-01", NULL},
	    {VALUE_TIME, "2026-11-21 and on", NULL},
	};

	(void)state;
	setenv("TZ", "UTC-1", 1);
	tzset();
	for (size_t i = 0; i < COUNT(values); i++) {
		json_t *v = value_of(values[i].kind, VALUE_NULLABLE, values[i].word);
		char *json = v != NULL ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

		if (values[i].json == NULL && json != NULL)
			fail_msg("%s was taken", values[i].word);
		if (values[i].json != NULL)
			assert_string_equal(json != NULL ? json : "refused", values[i].json);
		free(json);
		json_decref(v);
	}
}

static void
so_long_from_now_is_a_time(void **state)
{
	json_t *v = value_of(VALUE_TIME, 0, "90d");

	(void)state;
	assert_true(json_is_string(v));
	json_decref(v);
	assert_null(value_of(VALUE_TIME, 0, "never"));
}

static void
members_may_be_inside_others(void **state)
{
	json_t *body = json_object();
	char *json;

	(void)state;
	value_set(body, "policy.devices_max", json_integer(3));
	value_set(body, "policy.tunnel", json_null());
	value_set(body, "name", json_string("a"));
	json = json_dumps(body, JSON_COMPACT);
	assert_string_equal(json,
			    "{\"policy\":{\"devices_max\":3,\"tunnel\":null},\"name\":\"a\"}");
	free(json);
	value_forget(body);
	value_forget(NULL);
}

static void
parts_of_urls_are_escaped(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	assert_string_equal(value_escaped(memory, "a/b?c=d&e #1%\xC3\xAB\n"),
			    "a%2Fb%3Fc%3Dd%26e%20%231%25%C3%AB%0A");
	assert_string_equal(value_escaped(memory, "al-._~9"), "al-._~9");
	arena_free(memory);
}

static int
forget(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_that_a_terminal_obeys_is_printed),
	    cmocka_unit_test(values_are_for_people),
	    cmocka_unit_test(tables_are_aligned),
	    cmocka_unit_test(tables_fit_a_terminal),
	    cmocka_unit_test(a_table_of_nothing_has_its_titles),
	    cmocka_unit_test(objects_are_lines_with_what_is_in_them),
	    cmocka_unit_test(json_is_what_was_answered),
	    cmocka_unit_test(sentences_are_filled_and_clean),
	    cmocka_unit_test(values_are_read_by_their_kind),
	    cmocka_unit_test(so_long_from_now_is_a_time),
	    cmocka_unit_test(members_may_be_inside_others),
	    cmocka_unit_test(parts_of_urls_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
