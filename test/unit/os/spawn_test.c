#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/spawn.h"

static ssize_t
receive(int fd, char *to, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	assert_int_equal(poll(&p, 1, 10000), 1);
	n = read(fd, to, size - 1);
	to[n > 0 ? n : 0] = '\0';
	return n;
}

static void
reap(pid_t pid, const char *expected)
{
	char why[48];
	pid_t found = 0;

	for (int i = 0; i < 1000 && !spawn_reap(&found, why); i++)
		poll(NULL, 0, 10);
	assert_int_equal(found, pid);
	assert_string_equal(why, expected);
	assert_false(spawn_reap(&found, why));
}

/* As a role: says what it was given, then waits for the channel's end. */
static int
report_what_is_open(void)
{
	char text[256];
	int n = snprintf(text, sizeof text, "open");
	DIR *dir = opendir("/proc/self/fd");

	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && strtol(e->d_name, NULL, 10) != dirfd(dir))
			n += snprintf(text + n, sizeof text - (size_t)n, " %s", e->d_name);
	closedir(dir);
	n += snprintf(text + n, sizeof text - (size_t)n, " home %s path %s",
		      getenv("HOME") ? "yes" : "no", getenv("PATH") ? "yes" : "no");
	if (write(SPAWN_CHANNEL, text, (size_t)n) != n)
		return 1;
	return 7;
}

static int
report_signals(void)
{
	sigset_t blocked;
	struct sigaction usr1;
	char text[64];
	int n;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigaction(SIGUSR1, NULL, &usr1);
	n = snprintf(text, sizeof text, "blocked %d default %d", sigismember(&blocked, SIGTERM),
		     usr1.sa_handler == SIG_DFL);
	if (write(SPAWN_CHANNEL, text, (size_t)n) != n)
		return 1;
	poll(NULL, 0, 60000);
	return 0;
}

/* Starts a role and goes: the role tells its pid first. */
static int
leave_an_orphan(void)
{
	pid_t pid;

	if (failed(spawn_role("report-signals", SPAWN_CHANNEL, &pid)))
		return 1;
	return write(SPAWN_CHANNEL, &pid, sizeof pid) == sizeof pid ? 0 : 1;
}

static int
act_as(const char *role)
{
	if (strcmp(role, "report-open") == 0)
		return report_what_is_open();
	if (strcmp(role, "report-signals") == 0)
		return report_signals();
	if (strcmp(role, "leave-orphan") == 0)
		return leave_an_orphan();
	return 99;
}

static void
a_role_gets_its_channel_and_nothing_else(void **state)
{
	int pair[2], stray = dup(0); /* not close-on-exec */
	char text[256];
	pid_t pid;

	(void)state;
	setenv("HOME", "/root", 1);
	assert_ok(spawn_pair(pair));
	assert_ok(spawn_role("report-open", pair[1], &pid));
	assert_true(receive(pair[0], text, sizeof text) > 0);
	assert_string_equal(text, "open 0 1 2 3 home no path yes");
	reap(pid, "exit 7");
	close(stray);
	close(pair[0]);
	close(pair[1]);
}

static void
a_channel_that_is_already_in_place_is_kept(void **state)
{
	int pair[2], was = fcntl(SPAWN_CHANNEL, F_DUPFD_CLOEXEC, 50);
	char text[256];
	pid_t pid;

	(void)state;
	assert_ok(spawn_pair(pair));
	assert_int_equal(dup3(pair[1], 60, O_CLOEXEC), 60);
	assert_true(pair[0] == SPAWN_CHANNEL ||
		    dup3(60, SPAWN_CHANNEL, O_CLOEXEC) == SPAWN_CHANNEL);
	if (pair[0] == SPAWN_CHANNEL) {
		pair[0] = dup(pair[0]);
		dup3(60, SPAWN_CHANNEL, O_CLOEXEC);
	}
	assert_ok(spawn_role("report-open", SPAWN_CHANNEL, &pid));
	assert_true(receive(pair[0], text, sizeof text) > 0);
	assert_non_null(strstr(text, "open 0 1 2 3 "));
	reap(pid, "exit 7");
	close(pair[0]);
	close(60);
	close(SPAWN_CHANNEL);
	if (was >= 0) {
		dup2(was, SPAWN_CHANNEL);
		close(was);
	}
}

static void
nothing(int signal)
{
	(void)signal;
}

static void
a_role_starts_with_fresh_signals_and_dies_by_them(void **state)
{
	int pair[2], signals[] = {SIGTERM, SIGUSR1}, fd;
	char text[64];
	sigset_t none;
	pid_t pid;

	(void)state;
	signal(SIGUSR1, nothing);
	assert_ok(spawn_signals(signals, COUNT(signals), &fd));
	assert_int_equal(spawn_signal(fd), 0);
	assert_ok(spawn_pair(pair));
	assert_ok(spawn_role("report-signals", pair[1], &pid));
	assert_true(receive(pair[0], text, sizeof text) > 0);
	assert_string_equal(text, "blocked 0 default 1");
	kill(pid, SIGTERM);
	reap(pid, "signal 15 (Terminated)");
	kill(getpid(), SIGTERM); /* to us it is an event */
	assert_int_equal(spawn_signal(fd), SIGTERM);
	assert_int_equal(spawn_signal(fd), 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGUSR1, SIG_DFL);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void
a_role_dies_with_its_parent(void **state)
{
	int pair[2];
	char text[64];
	pid_t pid;

	(void)state;
	assert_ok(spawn_pair(pair));
	assert_ok(spawn_role("leave-orphan", pair[1], &pid));
	close(pair[1]);
	while (receive(pair[0], text, sizeof text) > 0)
		continue; /* the end comes only when the grandchild is gone too */
	reap(pid, "exit 0");
	close(pair[0]);
}

static void
a_program_serves_a_socket(void **state)
{
	char name[] = "cat", *argv[] = {name, NULL}, text[64];
	int pair[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	assert_ok(spawn_on_socket(argv, pair[1], &pid));
	close(pair[1]);
	assert_int_equal(write(pair[0], "hello", 5), 5);
	assert_int_equal(receive(pair[0], text, sizeof text), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(getsid(pid), pid);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(receive(pair[0], text, sizeof text), 0);
	reap(pid, "exit 0");
	close(pair[0]);
}

static void
a_program_that_is_not_there_is_an_error(void **state)
{
	char name[] = "/nowhere/sshd", *argv[] = {name, NULL}, why[48];
	struct err e;
	int pair[2];
	pid_t pid;

	(void)state;
	assert_ok(spawn_pair(pair));
	e = spawn_on_socket(argv, pair[1], &pid);
	assert_string_equal(e.text, "cannot run /nowhere/sshd: No such file or directory");
	assert_int_equal(pid, -1);
	assert_false(spawn_reap(&pid, why));
	close(pair[0]);
	close(pair[1]);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_role_gets_its_channel_and_nothing_else),
	    cmocka_unit_test(a_channel_that_is_already_in_place_is_kept),
	    cmocka_unit_test(a_role_starts_with_fresh_signals_and_dies_by_them),
	    cmocka_unit_test(a_role_dies_with_its_parent),
	    cmocka_unit_test(a_program_serves_a_socket),
	    cmocka_unit_test(a_program_that_is_not_there_is_an_error),
	};

	if (argc > 1 && strcmp(argv[0], "sallyport") == 0)
		return act_as(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
