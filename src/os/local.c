#include "os/local.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

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

static struct err
listen_at(const char *path, const struct sockaddr_un *at, mode_t mode, int *fd)
{
	unlink(path); /* left by one that was killed */
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return err_sys("cannot make a socket");
	mode_t mask = umask(0777 & ~mode);
	bool bound = bind(*fd, (const struct sockaddr *)at, sizeof *at) == 0;
	umask(mask);
	if (bound && listen(*fd, BACKLOG) == 0)
		return ERR_NONE;
	struct err e = err_sys("cannot listen at %s", path);
	close(*fd);
	*fd = -1;
	return e;
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
	return listen_at(path, &at, 0600, fd);
}

static struct err
find_ids(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
	const struct passwd *u = user != NULL ? getpwnam(user) : NULL;
	const struct group *g = group != NULL ? getgrnam(group) : NULL;

	if (user != NULL && u == NULL)
		return err_new("there is no user %s: make the service's users with "
			       "`systemd-sysusers`",
			       user);
	if (group != NULL && g == NULL)
		return err_new("there is no group %s: make it with `systemd-sysusers`, or "
			       "`groupadd --system %s`",
			       group, group);
	*uid = u != NULL ? u->pw_uid : 0;
	*gid = g != NULL ? g->gr_gid : 0;
	return ERR_NONE;
}

struct err
local_listen_for(const char *path, const char *user, const char *group, int *fd)
{
	struct sockaddr_un at;
	uid_t uid = 0;
	gid_t gid = 0;

	*fd = -1;
	struct err e = address_of(path, &at);
	if (!failed(e) && geteuid() == 0)
		e = find_ids(user, group, &uid, &gid);
	if (!failed(e))
		e = listen_at(path, &at, 0600, fd);
	if (failed(e) || geteuid() != 0)
		return e;
	/* The mode first: it may be another's then. */
	if ((group != NULL && chmod(path, 0660) < 0) || chown(path, uid, gid) < 0) {
		e = err_sys("cannot give %s to its user", path);
		close(*fd);
		*fd = -1;
	}
	return e;
}

/* What is as it should be stays untouched: a service may not change what is another user's. */
struct err
local_give_directory(const char *path, const char *user, unsigned mode)
{
	bool root = geteuid() == 0;
	struct stat st;
	uid_t uid = 0;
	gid_t gid = 0;
	struct err e = find_ids(root ? user : NULL, NULL, &uid, &gid);

	if (failed(e))
		return e;
	if (stat(path, &st) < 0)
		return err_sys("%s", path);
	if ((st.st_mode & 07777) != mode && chmod(path, mode) < 0)
		return err_sys("cannot set the mode of %s", path);
	if (root && st.st_uid != uid && chown(path, uid, (gid_t)-1) < 0)
		return err_sys("cannot give %s to %s", path, user);
	return ERR_NONE;
}

static int
accept_one(int listener, struct ucred *peer)
{
	socklen_t len = sizeof *peer;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) < 0)
		*peer = (struct ucred){.uid = (uid_t)-1};
	return fd;
}

int
local_accept(int listener)
{
	struct ucred peer;
	int fd;

	while ((fd = accept_one(listener, &peer)) >= 0) {
		if (peer.uid == 0 || peer.uid == geteuid())
			return fd;
		close(fd);
	}
	return -1;
}

int
local_accept_from(int listener, struct local_peer *peer)
{
	struct ucred who;
	int fd = accept_one(listener, &who);
	const struct passwd *user = fd >= 0 ? getpwuid(who.uid) : NULL;

	if (fd < 0)
		return -1;
	if (user != NULL)
		snprintf(peer->name, sizeof peer->name, "%s", user->pw_name);
	else
		snprintf(peer->name, sizeof peer->name, "%u", (unsigned)who.uid);
	return fd;
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
		    : errno == EACCES
			? err_new(
			      "only root, or the user that it runs as, may ask this server (%s)",
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
