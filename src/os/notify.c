#include "os/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* sd_notify(3): a path, or a name in the abstract namespace written with '@' for its NUL. */
static socklen_t
manager_address(struct sockaddr_un *to)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name != NULL ? strlen(name) : 0;

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len < 2 || len >= sizeof to->sun_path || (name[0] != '/' && name[0] != '@'))
		return 0;
	memcpy(to->sun_path, name, len);
	if (name[0] == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void
tell(const char *message)
{
	struct sockaddr_un to;
	socklen_t len = manager_address(&to);
	int fd = len > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (fd < 0)
		return;
	/* A manager that does not listen is not our failure. */
	(void)!sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&to, len);
	close(fd);
}

void
notify_ready(void)
{
	tell("READY=1");
}

void
notify_reloading(void)
{
	struct timespec t;
	char message[64];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	tell(message);
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_status(const char *fmt, ...)
{
	char message[256] = "STATUS=";
	const size_t label = strlen(message);
	va_list args;

	va_start(args, fmt);
	vsnprintf(message + label, sizeof message - label, fmt, args);
	va_end(args);
	message[strcspn(message, "\n")] = '\0'; /* a line is an assignment */
	tell(message);
}
