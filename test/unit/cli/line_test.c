#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/verb.h"

#define WORDS_MAX 16

/* Reads "user add demo --role user" as the words of a command line. */
static bool
read_line(const char *text, struct command_line *l, int *status)
{
	static char copy[512];
	char *argv[WORDS_MAX] = {(char[]){"sallyport"}};
	int argc = 1;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *at = copy, *word; (word = strsep(&at, " ")) != NULL;)
		argv[argc++] = word;
	*l = (struct command_line){.memory = arena_new()};
	return line_read(argc, argv, l, status);
}

static void
words_may_stand_in_any_order(void **state)
{
	static const char *const lines[] = {
	    "-c /f user add demo --role admin --json",
	    "user -c /f --json add --role admin demo",
	    "--json user add --role=admin demo --config /f",
	    "user add --config=/f --json --role admin -- demo",
	};
	struct command_line l;
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (!read_line(lines[i], &l, &status))
			fail_msg("%s", lines[i]);
		assert_string_equal(l.verb->noun, "user");
		assert_string_equal(l.verb->verb, "add");
		assert_string_equal(l.file, "/f");
		assert_true(l.json);
		assert_false(l.yes);
		assert_int_equal(l.argument_count, 1);
		assert_string_equal(l.arguments[0], "demo");
		assert_string_equal(line_value(&l, "--role"), "admin");
		assert_null(line_value(&l, "--group"));
		arena_free(l.memory);
	}
}

static void
a_noun_may_be_all_and_have_verbs_besides(void **state)
{
	struct command_line l;
	int status;

	(void)state;
	assert_true(read_line("config --defaults", &l, &status));
	assert_null(l.verb->verb);
	assert_non_null(line_value(&l, "--defaults"));
	arena_free(l.memory);
	assert_true(read_line("config", &l, &status));
	assert_null(l.verb->verb);
	arena_free(l.memory);
	assert_true(read_line("config show", &l, &status));
	assert_string_equal(l.verb->verb, "show");
	arena_free(l.memory);
}

static void
arguments_may_be_left_out_where_they_need_not_be(void **state)
{
	struct command_line l;
	int status;

	(void)state;
	assert_true(read_line("device list", &l, &status));
	assert_int_equal(l.argument_count, 0);
	arena_free(l.memory);
	assert_true(read_line("device list demo", &l, &status));
	assert_int_equal(l.argument_count, 1);
	arena_free(l.memory);
}

static void
what_is_not_understood_is_a_usage_error(void **state)
{
	static const char *const lines[] = {
	    "frobnicate",
	    "user",
	    "user frobnicate",
	    "user add",
	    "user add a b",
	    "user add demo --role king",
	    "user add demo --role",
	    "user add demo --rool user",
	    "user add demo --role user --role admin",
	    "user list extra",
	    "user add demo --ask-password=yes",
	    "rule add permit 10.0.0.0/8",
	    "rule add allow",
	    "device revoke demo",
	    "profile get demo",
	    "check -c",
	    "check --config",
	    "completion tcsh",
	    "serve now",
	    "-x",
	    "help frobnicate",
	    "help user frobnicate",
	};
	struct command_line l;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		int status = -1;

		if (read_line(lines[i], &l, &status))
			fail_msg("%s was understood", lines[i]);
		assert_int_equal(status, EXIT_USAGE);
		arena_free(l.memory);
	}
}

static void
help_is_no_error(void **state)
{
	static const char *const lines[] = {"help",          "--help",           "-h",
					    "help user",     "user --help",      "user add --help",
					    "help user add", "config --help",    "config show -h",
					    "reload --help", "user -c /f --help"};
	struct command_line l;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		int status = -1;

		if (read_line(lines[i], &l, &status))
			fail_msg("%s was to be run", lines[i]);
		assert_int_equal(status, EXIT_DONE);
		arena_free(l.memory);
	}
}

static void
help_is_there_for_every_row(void **state)
{
	size_t group = 0, index = 0;
	struct command_line l;
	const struct verb *v;
	char line[128];
	int status;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		snprintf(line, sizeof line, "%s%s%s --help", v->noun, v->verb != NULL ? " " : "",
			 v->verb != NULL ? v->verb : "");
		assert_false(read_line(line, &l, &status));
		assert_int_equal(status, EXIT_DONE);
		arena_free(l.memory);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_may_stand_in_any_order),
	    cmocka_unit_test(a_noun_may_be_all_and_have_verbs_besides),
	    cmocka_unit_test(arguments_may_be_left_out_where_they_need_not_be),
	    cmocka_unit_test(what_is_not_understood_is_a_usage_error),
	    cmocka_unit_test(help_is_no_error),
	    cmocka_unit_test(help_is_there_for_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
