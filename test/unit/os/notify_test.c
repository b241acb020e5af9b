#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/notify.h"

static int manager;

static void
listen_at(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(manager, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static const char *
heard(void)
{
	static char message[512];
	ssize_t n = recv(manager, message, sizeof message - 1, 0);

	message[n > 0 ? n : 0] = '\0';
	return message;
}

static void
the_manager_hears_every_state(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "/tmp/notify-test-%d", getpid());
	listen_at(name);
	notify_ready();
	assert_string_equal(heard(), "READY=1");
	notify_status("%d connections\nREADY=0", 5);
	assert_string_equal(heard(), "STATUS=5 connections");
	notify_stopping();
	assert_string_equal(heard(), "STOPPING=1");
	assert_string_equal(heard(), "");
	unlink(name);
	close(manager);
}

static void
a_reload_carries_the_monotonic_clock(void **state)
{
	char name[64];
	long long us;

	(void)state;
	snprintf(name, sizeof name, "@notify-test-%d", getpid());
	listen_at(name);
	notify_reloading();
	assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%lld", &us), 1);
	assert_in_range(clock_ms() - us / 1000, 0, 10000);
	close(manager);
	notify_ready(); /* nobody there: no matter */
}

static void
without_a_manager_nothing_happens(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	notify_ready();
	setenv("NOTIFY_SOCKET", "", 1);
	notify_ready();
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	notify_ready();
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manager_hears_every_state),
	    cmocka_unit_test(a_reload_carries_the_monotonic_clock),
	    cmocka_unit_test(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
