#include "os/sock.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/holder.h"
#include "os/sockaddr.h"

#define BACKLOG 4096 /* the kernel takes net.core.somaxconn if that is less */

static void
set_option(int fd, int level, int option, int value)
{
	/* All that are set with it make things better, not possible. */
	(void)!setsockopt(fd, level, option, &value, sizeof value);
}

static int
tcp_socket(const struct address *a)
{
	return socket(a->family == 4 ? AF_INET : AF_INET6,
		      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Listening. */

/* Why bind(2) or listen(2) said `code`, and what to do about it. */
static struct err
cannot_listen(const struct address *at, int code)
{
	char where[ADDRESS_TEXT_MAX], holder[192];

	if (code == EADDRINUSE && holder_of_tcp(at, holder, sizeof holder))
		return err_new("%u/tcp is held by %s: stop it, or listen on another port with "
			       "`listen`",
			       at->port, holder);
	if (code == EADDRINUSE)
		return err_new(
		    "%u/tcp is held by another program (`ss -ltnp` as root tells which): "
		    "stop it, or listen on another port with `listen`",
		    at->port);
	if (code == EACCES)
		return err_new("%u/tcp may not be opened by this user: run as root, grant "
			       "CAP_NET_BIND_SERVICE, or choose a port above 1023 with `listen`",
			       at->port);
	address_ip_text(at, where);
	if (code == EADDRNOTAVAIL)
		return err_new("%s is not an address of this machine: correct `listen`", where);
	if (code == EAFNOSUPPORT)
		return err_new("%s: this machine has no IPv%u", where, at->family);
	errno = code;
	return err_sys("cannot listen on %s", address_text(at, where));
}

/* `shared`: with others of this user that ask for it too. */
static struct err
bind_tcp(const struct address *at, bool shared, int *out)
{
	union any_address name;
	socklen_t len = to_sockaddr(at, &name);
	int fd = tcp_socket(at);

	*out = -1;
	if (fd < 0)
		return cannot_listen(at, errno);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (shared)
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (at->family == 6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (bind(fd, &name.sa, len) < 0 || listen(fd, shared ? BACKLOG : 0) < 0) {
		int code = errno;

		close(fd);
		return cannot_listen(at, code);
	}
	*out = fd;
	return ERR_NONE;
}

struct err
sock_listen_tcp(const struct address *at, int *fd)
{
	struct err e = bind_tcp(at, true, fd);

	if (!failed(e))
		sock_no_delay(*fd); /* inherited by what it accepts */
	return e;
}

struct err
sock_check_free(const struct address *at)
{
	int fd;
	struct err e = bind_tcp(at, false, &fd);

	if (!failed(e))
		close(fd);
	return e;
}

/* accept(2) passes on errors of the new connection: those mean the next one, not the listener. */
static bool
is_peers_fault(int code)
{
	static const int codes[] = {EINTR,        ECONNABORTED, EPROTO,      EPERM,
				    ENETDOWN,     ENOPROTOOPT,  EHOSTDOWN,   ENONET,
				    EHOSTUNREACH, EOPNOTSUPP,   ENETUNREACH, ETIMEDOUT};

	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

int
sock_accept(int listener, struct address *peer)
{
	for (int tries = 0; tries < 16; tries++) {
		union any_address from = {0};
		socklen_t len = sizeof from;
		int fd = accept4(listener, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			*peer = of_sockaddr(&from);
			return fd;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return -2;
		if (!is_peers_fault(errno))
			return -1;
	}
	return -1;
}

/* Connecting. */

static struct err
begin_connect(int fd, const struct sockaddr *sa, socklen_t len, int *out)
{
	if (connect(fd, sa, len) < 0 && errno != EINPROGRESS) {
		struct err e = err_sys("cannot connect");

		close(fd);
		return e;
	}
	*out = fd;
	return ERR_NONE;
}

struct err
sock_connect_tcp(const struct address *to, int *fd)
{
	union any_address name;
	socklen_t len = to_sockaddr(to, &name);
	int s = tcp_socket(to);

	*fd = -1;
	if (s < 0)
		return err_sys("cannot make a socket");
	sock_no_delay(s);
	return begin_connect(s, &name.sa, len, fd);
}

struct err
sock_own_directory(void)
{
	if (unshare(CLONE_FS) < 0)
		return err_sys("cannot give a thread its own working directory");
	return ERR_NONE;
}

struct err
sock_connect_unix(int dirfd, const char *name, int *fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int s;

	*fd = -1;
	if (len == 0 || len >= sizeof to.sun_path || memchr(name, '/', len) != NULL)
		return err_new("not the name of a socket in a directory");
	memcpy(to.sun_path, name, len);
	if (fchdir(dirfd) < 0)
		return err_sys("cannot enter the socket's directory");
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys("cannot make a socket");
	struct err e = begin_connect(s, (const struct sockaddr *)&to, sizeof to, fd);
	if (failed(e) && errno == EACCES)
		return err_new("cannot connect: user %u has to be let write to the socket",
			       (unsigned)geteuid());
	return e;
}

int
sock_connected(int fd)
{
	int code = 0;
	socklen_t len = sizeof code;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 ? errno : code;
}

/* What is known of a socket, and what is asked of it. */

void
sock_local(int fd, struct address *out)
{
	union any_address name = {0};
	socklen_t len = sizeof name;

	*out = getsockname(fd, &name.sa, &len) < 0 ? (struct address){0} : of_sockaddr(&name);
}

void
sock_no_delay(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void
sock_ack_now(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void
sock_low_water(int fd, int bytes)
{
	set_option(fd, SOL_SOCKET, SO_RCVLOWAT, bytes);
}

void
sock_reset_on_close(int fd)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	(void)!setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void
sock_half_close(int fd)
{
	(void)!shutdown(fd, SHUT_WR); /* fails only where the connection is gone */
}

/* Reading and writing. */

static ssize_t
receive(int fd, void *to, size_t len, int flags)
{
	ssize_t n;

	do
		n = recv(fd, to, len, flags);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? SOCK_AGAIN : SOCK_DEAD;
}

ssize_t
sock_read(int fd, void *to, size_t len)
{
	return receive(fd, to, len, 0);
}

ssize_t
sock_peek(int fd, void *to, size_t len)
{
	return receive(fd, to, len, MSG_PEEK);
}

static ssize_t
transmit(int fd, const void *from, size_t len, int flags)
{
	ssize_t n;

	do
		n = send(fd, from, len, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? SOCK_AGAIN : SOCK_DEAD;
}

ssize_t
sock_write(int fd, const void *from, size_t len)
{
	return transmit(fd, from, len, 0);
}

ssize_t
sock_write_more(int fd, const void *from, size_t len)
{
	return transmit(fd, from, len, MSG_MORE);
}
