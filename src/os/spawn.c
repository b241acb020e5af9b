#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ABOVE 16 /* where descriptors of ours are out of the way of 0 to SPAWN_CHANNEL */

/* What a child may know of our environment: not where to notify systemd, above all. */
static const char *const kept[] = {
    "PATH",         "LANG",          "TZ",           "JOURNAL_STREAM",
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
};

static bool
is_kept(const char *variable)
{
	for (size_t i = 0; i < COUNT(kept); i++) {
		size_t n = strlen(kept[i]);

		if (strncmp(variable, kept[i], n) == 0 && variable[n] == '=')
			return true;
	}
	return false;
}

/* All that is made before fork(), so that the child need not ask for memory. */
struct plan {
	char *const *argv;
	char *environment[COUNT(kept) + 1];
	pid_t parent;
	int program; /* a descriptor of it, or -1: argv[0] is its path */
	int input;   /* becomes 0 and 1, or -1 */
	int channel; /* becomes SPAWN_CHANNEL, or -1 */
	int report;  /* where errno goes when the program cannot be run */
};

static void
fill_environment(struct plan *plan)
{
	size_t n = 0;

	for (char **e = environ; *e != NULL && n < COUNT(kept); e++)
		if (is_kept(*e))
			plan->environment[n++] = *e;
	plan->environment[n] = NULL;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL); /* refused for two, which have no other */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool
put_at(int fd, int place)
{
	if (fd == place)
		return fcntl(fd, F_SETFD, 0) == 0;
	return dup2(fd, place) == place;
}

/* A role must not outlive us; we may have gone before it could ask for that. */
static void
die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static bool
place_socket(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	setsid();
	return flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0 && put_at(fd, 0) &&
	       put_at(fd, 1);
}

/* In the child: returns only if the program could not be run. */
static void
become(const struct plan *plan)
{
	int first = plan->channel >= 0 ? SPAWN_CHANNEL + 1 : SPAWN_CHANNEL;

	if (plan->channel >= 0)
		die_with(plan->parent);
	reset_signals();
	if (plan->input >= 0 && !place_socket(plan->input))
		return;
	if (plan->channel >= 0 && !put_at(plan->channel, SPAWN_CHANNEL))
		return;
	/* Not closed yet: the program is run from one of them, and errno told through another. */
	if (close_range((unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return;
	if (plan->program >= 0)
		execveat(plan->program, "", plan->argv, plan->environment, AT_EMPTY_PATH);
	else
		execvpe(plan->argv[0], plan->argv, plan->environment);
}

/* What the child said, before running the program closed the pipe: 0, or an errno value. */
static int
outcome(int report)
{
	int code = 0;
	ssize_t n;

	do
		n = read(report, &code, sizeof code);
	while (n < 0 && errno == EINTR);
	return n == sizeof code ? code : 0;
}

static struct err
run(struct plan *plan, int report, pid_t *pid)
{
	int code;

	fill_environment(plan);
	plan->parent = getpid();
	*pid = fork();
	if (*pid < 0)
		return err_sys("cannot start %s", plan->argv[0]);
	if (*pid == 0) {
		become(plan);
		code = errno;
		(void)!write(plan->report, &code, sizeof code);
		_exit(127);
	}
	close(plan->report);
	plan->report = -1;
	code = outcome(report);
	if (code == 0)
		return ERR_NONE;
	waitpid(*pid, NULL, 0);
	*pid = -1;
	errno = code;
	return err_sys("cannot run %s", plan->argv[0]);
}

/* Runs `plan` with a pipe for the report. */
static struct err
run_reported(struct plan *plan, pid_t *pid)
{
	struct err e;
	int pair[2];

	*pid = -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys("cannot start %s", plan->argv[0]);
	plan->report = fcntl(pair[1], F_DUPFD_CLOEXEC, ABOVE);
	close(pair[1]);
	if (plan->report < 0)
		e = err_sys("cannot start %s", plan->argv[0]);
	else
		e = run(plan, pair[0], pid);
	if (plan->report >= 0)
		close(plan->report);
	close(pair[0]);
	return e;
}

struct err
spawn_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys("cannot make a channel between two roles");
	return ERR_NONE;
}

/* /proc/self/exe is the file that we run, even if an upgrade has put another in its place. */
struct err
spawn_role(const char *role, int channel, pid_t *pid)
{
	char name[] = "sallyport", *copy = strdup(role);
	char *argv[] = {name, copy, NULL};
	struct plan plan = {.argv = argv, .input = -1, .channel = channel, .report = -1};
	int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct err e;

	*pid = -1;
	plan.program = exe >= 0 ? fcntl(exe, F_DUPFD_CLOEXEC, ABOVE) : -1;
	if (copy == NULL || plan.program < 0)
		e = err_sys("cannot find the program to run as %s", role);
	else
		e = run_reported(&plan, pid);
	if (exe >= 0)
		close(exe);
	if (plan.program >= 0)
		close(plan.program);
	free(copy);
	return e;
}

struct err
spawn_on_socket(char *const argv[], int fd, pid_t *pid)
{
	struct plan plan = {.argv = argv, .program = -1, .input = fd, .channel = -1, .report = -1};

	return run_reported(&plan, pid);
}

bool
spawn_reap(pid_t *pid, char why[48])
{
	int status;

	*pid = waitpid(-1, &status, WNOHANG);
	if (*pid <= 0)
		return false;
	if (WIFSIGNALED(status))
		snprintf(why, 48, "signal %d (%s)", WTERMSIG(status),
			 sigdescr_np(WTERMSIG(status)) != NULL ? sigdescr_np(WTERMSIG(status))
							       : "unknown");
	else
		snprintf(why, 48, "exit %d", WEXITSTATUS(status));
	return true;
}

struct err
spawn_signals(const int *signals, size_t count, int *fd)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	*fd = -1;
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    (*fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
		return err_sys("cannot take signals as events");
	return ERR_NONE;
}

int
spawn_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof info) != sizeof info)
		return 0;
	return (int)info.ssi_signo;
}
