#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static char said[65536];
static int standard_error = -1;
static int captured = -1;

/* From here on stderr is a file without name. */
static void
listen_to_log(void)
{
	char path[] = "/tmp/log_test_XXXXXX";

	captured = mkstemp(path);
	assert_true(captured >= 0);
	unlink(path);
	standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(standard_error >= 0 && dup2(captured, STDERR_FILENO) >= 0);
}

static const char *
what_was_said(void)
{
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	ssize_t n = pread(captured, said, sizeof said - 1, 0);
	assert_true(n >= 0);
	said[n] = '\0';
	close(captured);
	return said;
}

static unsigned
lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
on_a_terminal_a_line_has_role_and_level(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_init("edge", LOG_LEVEL_DEBUG);
	listen_to_log();
	log_error("a %d", 1);
	log_warn("b");
	log_info("c");
	log_debug("d");
	assert_string_equal(what_was_said(), "edge: error: a 1\nedge: warning: b\nedge: c\n"
					     "edge: debug: d\n");
}

static void
in_the_journal_a_line_has_its_priority(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_init("edge", LOG_LEVEL_DEBUG);
	unsetenv("JOURNAL_STREAM");
	listen_to_log();
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	assert_string_equal(what_was_said(), "<3>edge: a\n<4>edge: b\n<6>edge: c\n<7>edge: d\n");
	log_init("edge", LOG_LEVEL_DEBUG);
}

static void
lines_above_the_level_are_dropped(void **state)
{
	(void)state;
	log_init("edge", LOG_LEVEL_WARN);
	listen_to_log();
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	assert_string_equal(what_was_said(), "edge: error: a\nedge: warning: b\n");
	log_init("edge", LOG_LEVEL_DEBUG);
}

static void
a_long_line_is_cut_and_still_a_line(void **state)
{
	(void)state;
	for (int len = 1000; len < 1050; len++) {
		listen_to_log();
		log_info("%*d", len, 7);
		const char *line = what_was_said();

		assert_true(strlen(line) <= 1024);
		assert_int_equal(lines(line), 1);
		assert_int_equal(line[strlen(line) - 1], '\n');
		/* No byte of it was made up: all that is there is blank, but for the number. */
		assert_int_equal(strlen(line) - 1 - strlen("edge: "), strspn(line + 6, " 7"));
	}
}

static void
a_peer_can_cause_so_many_lines_only(void **state)
{
	struct log_limit limit = {.burst = 3};

	(void)state;
	listen_to_log();
	for (int i = 0; i < 10; i++)
		log_peer(&limit, "line %d", i);
	assert_string_equal(what_was_said(), "edge: line 0\nedge: line 1\nedge: line 2\n");
	assert_int_equal(limit.dropped, 7);
}

static void
what_was_kept_back_is_counted(void **state)
{
	struct log_limit limit = {.burst = 1};

	(void)state;
	listen_to_log();
	for (int i = 0; i < 5; i++)
		log_peer(&limit, "line %d", i);
	limit.since_ms = clock_ms() - 10000;
	log_peer(&limit, "line 5");
	log_peer(&limit, "line 6");
	assert_string_equal(what_was_said(),
			    "edge: line 0\n"
			    "edge: warning: 4 more lines like the last were not logged\n"
			    "edge: line 5\n");
	assert_int_equal(limit.burst, 1);
	assert_int_equal(limit.dropped, 1);
}

static void
a_limit_without_number_is_twenty(void **state)
{
	struct log_limit limit = {0};

	(void)state;
	listen_to_log();
	for (int i = 0; i < 30; i++)
		log_peer(&limit, "line");
	assert_int_equal(lines(what_was_said()), 20);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(on_a_terminal_a_line_has_role_and_level),
	    cmocka_unit_test(in_the_journal_a_line_has_its_priority),
	    cmocka_unit_test(lines_above_the_level_are_dropped),
	    cmocka_unit_test(a_long_line_is_cut_and_still_a_line),
	    cmocka_unit_test(a_peer_can_cause_so_many_lines_only),
	    cmocka_unit_test(what_was_kept_back_is_counted),
	    cmocka_unit_test(a_limit_without_number_is_twenty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
