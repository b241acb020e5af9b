#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/loop.h"
#include "os/relay.h"
#include "os/sandbox.h"
#include "os/sanitized.h"
#include "os/sock.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Runs `fn` in a child; its exit status, or minus the signal that ended it. */
static int
in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition,                 \
				strerror(errno));                                                  \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static bool
needs_root(void)
{
	if (geteuid() == 0)
		return false;
	print_message("skipped: only root can become another user\n");
	return true;
}

static int
becomes_nobody(void)
{
	struct rlimit core;
	bool became;
	cap_t now, none = cap_init();

	MUST(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
	MUST(!failed(sandbox_user("nobody", &became)) && became);
	MUST(getuid() == 65534 && geteuid() == 65534 && getgid() == 65534);
	MUST(getgroups(0, NULL) == 0);
	now = cap_get_proc();
	MUST(cap_compare(now, none) == 0);
	cap_free(now);
	cap_free(none);
	MUST(prctl(PR_CAPBSET_READ, CAP_NET_ADMIN) == 0);
	MUST(SANITIZED || prctl(PR_GET_DUMPABLE) == 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	int signal = 0;
	MUST(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGTERM);
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno != EPERM);
	MUST(open("../../../etc/passwd", O_RDONLY) < 0);
	MUST(mkdir("/x", 0700) < 0);
	MUST(setuid(0) < 0 && chroot("/") < 0);
	MUST(getrlimit(RLIMIT_CORE, &core) == 0);
	return 0;
}

static void
root_becomes_nobody_with_nothing(void **state)
{
	(void)state;
	if (needs_root())
		skip();
	assert_int_equal(in_child(becomes_nobody), 0);
}

static int
keeps_the_root_directory(void)
{
	bool became;

	MUST(!failed(sandbox_user_only("nobody", &became)) && became);
	MUST(getuid() == 65534 && open("/etc/passwd", O_RDONLY) >= 0);
	MUST(open("/etc/shadow", O_RDONLY) < 0);
	return 0;
}

static void
the_resolver_may_still_read_etc(void **state)
{
	(void)state;
	if (needs_root())
		skip();
	assert_int_equal(in_child(keeps_the_root_directory), 0);
}

static int
stays_who_it_is(void)
{
	bool became = true;

	MUST(setresuid(65534, 65534, 65534) == 0);
	MUST(!failed(sandbox_user("no-such-user", &became)) && !became);
	MUST((SANITIZED || prctl(PR_GET_DUMPABLE) == 0) &&
	     prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return 0;
}

static void
without_root_the_rest_still_holds(void **state)
{
	(void)state;
	if (needs_root())
		skip();
	assert_int_equal(in_child(stays_who_it_is), 0);
}

static int
has_no_such_user(void)
{
	bool became;
	struct err e = sandbox_user("_sallyport-none", &became);

	MUST(failed(e) && !became);
	MUST(strstr(e.text, "no user _sallyport-none") != NULL);
	MUST(strstr(e.text, "systemd-sysusers") != NULL);
	MUST(failed(sandbox_user("root", &became)));
	MUST(geteuid() == 0 && open("/etc/passwd", O_RDONLY) >= 0);
	return 0;
}

static void
a_missing_user_is_named_and_nothing_given_up(void **state)
{
	(void)state;
	if (needs_root())
		skip();
	assert_int_equal(in_child(has_no_such_user), 0);
}

static int
only_reads(void)
{
	char path[] = "/tmp/sandbox-test-XXXXXX";
	int fd = mkstemp(path), again;

	sandbox_read_only();
	MUST(fd >= 0 && write(fd, "x", 1) == 1); /* open before */
	again = open(path, O_RDONLY);
	MUST(again >= 0);
	if (open(path, O_WRONLY) >= 0)
		return 77; /* no Landlock here */
	MUST(errno == EACCES);
	MUST(open("/tmp/sandbox-test-new", O_WRONLY | O_CREAT, 0600) < 0);
	MUST(unlink(path) < 0);
	MUST(execl("/bin/true", "true", (char *)NULL) < 0);
	return 0;
}

static void
landlock_allows_only_reading(void **state)
{
	int outcome = in_child(only_reads);

	(void)state;
	if (outcome == 77) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(outcome, 0);
}

static int
writes_below_one_directory(void)
{
	char path[] = "/tmp/sandbox-test-XXXXXX";
	int fd, outside = open("/tmp/sandbox-test-new", O_WRONLY | O_CREAT, 0600);

	MUST(outside >= 0 && mkdtemp(path) != NULL);
	fd = open(path, O_PATH | O_DIRECTORY);
	MUST(fd >= 0 && fchdir(fd) == 0);
	sandbox_write_below(fd);
	if (open("/tmp/sandbox-test-new", O_WRONLY) >= 0)
		return 77; /* no Landlock here */
	MUST(errno == EACCES);
	MUST(open("/tmp/sandbox-test-new", O_RDONLY) >= 0);
	MUST(open("../sandbox-test-newer", O_WRONLY | O_CREAT, 0600) < 0);
	MUST(unlink("/tmp/sandbox-test-new") < 0);
	MUST(rename("/tmp/sandbox-test-new", "mine") < 0);
	fd = open("mine", O_WRONLY | O_CREAT, 0700);
	MUST(fd >= 0 && write(fd, "#!/bin/sh\n", 10) == 10 && close(fd) == 0);
	MUST(execl("./mine", "mine", (char *)NULL) < 0 && errno == EACCES);
	MUST(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
	MUST(mkdir("copies", 0700) == 0 && rename("mine", "yours") == 0);
	MUST(unlink("yours") == 0 && rmdir("copies") == 0);
	return 0;
}

static void
landlock_leaves_one_directory_to_write_to(void **state)
{
	int outcome = in_child(writes_below_one_directory);

	(void)state;
	unlink("/tmp/sandbox-test-new");
	if (outcome == 77) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(outcome, 0);
}

static struct loop *loop;
static int ended;

static void
relay_done(void *owner, const struct relay_result *result)
{
	(void)owner;
	ended = result->end == RELAY_FINISHED && result->from_client == 4 << 20;
	loop_stop(loop);
}

static int sink;

static void *
sends_much(void *arg)
{
	static char bytes[1 << 20];
	int fd = *(int *)arg;

	while (sock_connected(fd) == 0 && fcntl(fd, F_GETFL) & O_NONBLOCK)
		fcntl(fd, F_SETFL, 0);
	for (int i = 0; i < 4; i++)
		if (send(fd, bytes, sizeof bytes, 0) < 0)
			return NULL;
	shutdown(fd, SHUT_RDWR);
	return NULL;
}

static void *
swallows(void *arg)
{
	static char bytes[1 << 16];

	(void)arg;
	fcntl(sink, F_SETFL, 0);
	while (read(sink, bytes, sizeof bytes) > 0)
		continue;
	shutdown(sink, SHUT_WR);
	return NULL;
}

/* What an edge does all day, with the filter on all its threads. */
static int
serves(void)
{
	struct address at = {.family = 4, .ip = {127, 0, 0, 1}}, peer;
	struct relay_shared *shared = relay_shared_new();
	struct relay *relay;
	pthread_t threads[2];
	int listener, client, accepted = -1, pair[2];
	struct rlimit limit;

	MUST(!failed(loop_new(&loop)) && !failed(sock_listen_tcp(&at, &listener)));
	sock_local(listener, &at);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	MUST(!failed(sock_connect_tcp(&at, &client)));
	sink = pair[1];
	pthread_create(&threads[0], NULL, sends_much, &client);
	pthread_create(&threads[1], NULL, swallows, NULL);
	MUST(!failed(sandbox_syscalls(SANDBOX_EDGE)));
	MUST(!failed(sock_own_directory()));
	while (accepted < 0)
		accepted = sock_accept(listener, &peer);
	MUST(!failed(relay_start(loop, shared, accepted, pair[0], SPAN_OF(""), 1000, relay_done,
				 NULL, &relay)));
	loop_run(loop);
	MUST(ended);
	MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	MUST(SANITIZED || (open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM));
	MUST(SANITIZED || (bind(listener, NULL, 0) < 0 && errno == EPERM));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	loop_free(loop);
	relay_shared_free(shared);
	free(malloc(64 << 20));
	return 0;
}

static void
an_edge_can_do_its_work(void **state)
{
	(void)state;
	assert_int_equal(in_child(serves), 0);
}

/* Which one the attempts are made under. */
static enum sandbox_profile profile;

static int
forks(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	return fork() == 0 ? 2 : 3;
}

static int
executes(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	execl("/bin/true", "true", (char *)NULL);
	return 3;
}

static int
opens_packets(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	socket(AF_PACKET, SOCK_RAW, 0);
	return 3;
}

static int
maps_code(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 3;
}

static int
makes_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(!failed(sandbox_syscalls(profile)));
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	return 3;
}

static int
traces(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	kill(getppid(), 0);
	return 3;
}

static int
leaves_namespaces(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	unshare(0x10000000 /* CLONE_NEWUSER */);
	return 3;
}

static int
makes_a_socket(void)
{
	MUST(!failed(sandbox_syscalls(profile)));
	socket(AF_INET, SOCK_DGRAM, 0);
	return 3;
}

static void
what_is_on_no_list_ends_the_process(void **state)
{
	int (*const attempts[])(void) = {forks,      executes, opens_packets,    maps_code,
					 makes_code, traces,   leaves_namespaces};

	(void)state;
	if (SANITIZED) {
		print_message("skipped: sanitizers need what the filter forbids\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(attempts); i++) {
		profile = SANDBOX_EDGE;
		assert_int_equal(in_child(attempts[i]), -SIGSYS);
		profile = SANDBOX_TUNNEL;
		assert_int_equal(in_child(attempts[i]), -SIGSYS);
	}
	assert_int_equal(in_child(makes_a_socket), -SIGSYS); /* it was given all that it has */
	profile = SANDBOX_EDGE;
	assert_int_equal(in_child(makes_a_socket), 3);
}

static int
resolves(void)
{
	struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
	bool became;

	MUST(!failed(sandbox_user_only("nobody", &became)));
	sandbox_read_only();
	MUST(!failed(sandbox_syscalls(SANDBOX_RESOLVER)));
	MUST(getaddrinfo("localhost", "443", &hints, &found) == 0);
	freeaddrinfo(found);
	getaddrinfo("sallyport.invalid", "443", &hints, &found); /* no answer, but no end */
	return 0;
}

static void
a_resolver_can_resolve(void **state)
{
	(void)state;
	assert_int_equal(in_child(resolves), 0);
}

static int
starts_clean(void)
{
	int channel = dup2(1, 3), stray = dup2(1, 40);
	char name[16];

	MUST(channel == 3 && stray == 40);
	setenv("LD_PRELOAD", "evil.so", 1);
	setenv("OPENSSL_CONF", "evil.cnf", 1);
	sandbox_clean_start(3);
	MUST(getenv("LD_PRELOAD") == NULL && getenv("OPENSSL_CONF") == NULL);
	MUST(getenv("PATH") != NULL);
	MUST(fcntl(3, F_GETFD) == FD_CLOEXEC && fcntl(40, F_GETFD) < 0);
	MUST(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "sallyport") == 0);
	return 0;
}

static void
a_clean_start_keeps_only_what_was_given(void **state)
{
	(void)state;
	assert_int_equal(in_child(starts_clean), 0);
}

static int
becomes_confined(void)
{
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(sandbox_is_confined());
	return 0;
}

static void
who_may_gain_nothing_is_confined(void **state)
{
	(void)state;
	assert_int_equal(in_child(becomes_confined), 0);
}

static int
limits(void)
{
	struct rlimit limit = {.rlim_cur = 100, .rlim_max = 200};
	unsigned long got;

	MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	sandbox_descriptors(50, &got);
	MUST(got == 100);
	sandbox_descriptors(150, &got);
	MUST(got == 150);
	sandbox_descriptors(1000, &got);
	/* Past the hard limit only by who may. */
	MUST(got == 200 || (geteuid() == 0 && got == 1000));
	return 0;
}

static void
descriptors_are_raised_as_far_as_allowed(void **state)
{
	(void)state;
	assert_int_equal(in_child(limits), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(root_becomes_nobody_with_nothing),
	    cmocka_unit_test(the_resolver_may_still_read_etc),
	    cmocka_unit_test(without_root_the_rest_still_holds),
	    cmocka_unit_test(a_missing_user_is_named_and_nothing_given_up),
	    cmocka_unit_test(landlock_allows_only_reading),
	    cmocka_unit_test(landlock_leaves_one_directory_to_write_to),
	    cmocka_unit_test(an_edge_can_do_its_work),
	    cmocka_unit_test(what_is_on_no_list_ends_the_process),
	    cmocka_unit_test(a_resolver_can_resolve),
	    cmocka_unit_test(a_clean_start_keeps_only_what_was_given),
	    cmocka_unit_test(who_may_gain_nothing_is_confined),
	    cmocka_unit_test(descriptors_are_raised_as_far_as_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
