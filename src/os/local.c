#include "os/local.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static struct err
address_of(const char *path, struct sockaddr_un *out)
{
	size_t len = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len >= sizeof out->sun_path)
		return err_new("%s is too long for a socket's name: at most %zu bytes (choose a "
			       "shorter `state_dir`)",
			       path, sizeof out->sun_path - 1);
	memcpy(out->sun_path, path, len);
	return ERR_NONE;
}

static bool
answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;

	if (fd >= 0)
		close(fd);
	return connected;
}

struct err
local_listen(const char *path, int *fd)
{
	struct sockaddr_un at;
	struct err e = address_of(path, &at);

	if (failed(e))
		return e;
	if (answers(&at))
		return err_new("another sallyport runs with this state_dir: it answers at %s",
			       path);
	unlink(path); /* left by one that was killed */
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return err_sys("cannot make a socket");
	mode_t mask = umask(0177);
	bool bound = bind(*fd, (struct sockaddr *)&at, sizeof at) == 0;
	umask(mask);
	if (bound && listen(*fd, BACKLOG) == 0)
		return ERR_NONE;
	e = err_sys("cannot listen at %s", path);
	close(*fd);
	return e;
}

int
local_accept(int listener)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		    (peer.uid == 0 || peer.uid == geteuid()))
			return fd;
		close(fd);
	}
	return -1;
}

static struct err
read_all(int fd, struct buf *answer)
{
	for (;;) {
		uint8_t *room = buf_room(answer, 4096);
		ssize_t n = room != NULL ? read(fd, room, 4096) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("no answer");
		if (n == 0)
			return ERR_NONE;
		buf_added(answer, (size_t)n);
	}
}

struct err
local_ask(const char *path, struct span request, struct buf *answer)
{
	struct sockaddr_un at;
	struct err e = address_of(path, &at);

	if (failed(e))
		return e;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys("cannot make a socket");
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		e = errno == ENOENT || errno == ECONNREFUSED
			? err_new(
			      "no sallyport is running with this configuration (nothing answers "
			      "at %s)",
			      path)
			: err_sys("cannot reach %s", path);
	else if (send(fd, request.p, request.len, MSG_NOSIGNAL) != (ssize_t)request.len ||
		 shutdown(fd, SHUT_WR) < 0)
		e = err_sys("cannot write to %s", path);
	else
		e = read_all(fd, answer);
	close(fd);
	return e;
}
