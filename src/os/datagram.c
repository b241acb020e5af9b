#include "os/datagram.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/holder.h"
#include "os/sock.h"
#include "os/sockaddr.h"

/* The kernel gives no more than twice what rmem_max allows; asking for more does no harm. */
#define BUFFER (4 << 20)

/* Linux 4.18 and 5.0; older C libraries do not name them. */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

union control {
	size_t align; /* as struct cmsghdr has it */
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Which options are there is known at run time alone: those that are only of use may be refused. */
static bool
prepare(int fd, int family, bool shared)
{
	(void)!set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	(void)!set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER);
	if (shared && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (family == 4)
		return set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

void
datagram_steer(int fd, unsigned count)
{
	/* It sees a datagram from its first byte on. What is shorter is refused by the load, which
	 * ends the program with 0. */
	struct sock_filter steps[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 3),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 9, 0, 3), /* DATA_V2: a peer id is behind it */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffffff),
	    BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 1), /* the session id's first half */
	    BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog program = {COUNT(steps), steps};

	(void)!(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) ==
		0);
}

/* Why bind(2) refused, and what to do about it. */
static struct err
cannot_listen(const struct address *at)
{
	char text[ADDRESS_TEXT_MAX], holder[192];
	static const char advice[] =
	    "stop it, or choose another port with `listen` in the `vpn` block";

	if (errno != EADDRINUSE)
		return err_sys("cannot listen on %s/udp", address_text(at, text));
	if (holder_of_udp(at, holder, sizeof holder))
		return err_new("%u/udp is held by %s: %s", at->port, holder, advice);
	return err_new("%u/udp is held by another program (`ss -lunp` as root tells which): %s",
		       at->port, advice);
}

/* `shared`: with others of this user that ask for it too. */
static struct err
open_bound(const struct address *at, bool shared, int *fd)
{
	char text[ADDRESS_TEXT_MAX];
	union any_address name;
	socklen_t len = to_sockaddr(at, &name);

	*fd = socket(name.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_sys("%s/udp: cannot make a socket", address_text(at, text));
	if (prepare(*fd, at->family, shared) && bind(*fd, &name.sa, len) == 0)
		return ERR_NONE;
	struct err e = cannot_listen(at);
	close(*fd);
	*fd = -1;
	return e;
}

struct err
datagram_open(const struct address *at, int *fd)
{
	return open_bound(at, true, fd);
}

struct err
datagram_check_free(const struct address *at)
{
	int fd;
	struct err e = open_bound(at, false, &fd);

	if (!failed(e))
		close(fd);
	return e;
}

/* To which of our addresses it came; the port is the socket's own and not told. */
static void
read_local(struct msghdr *m, struct address *local)
{
	*local = (struct address){.family = 0};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			*local = address_v4((const uint8_t *)&info.ipi_addr, 0);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			*local = address_v6((const uint8_t *)&info.ipi6_addr, 0);
		}
	}
}

/* --- many at once */

/* Not a multiple of a page, or all would be in the same few lines of the processor's cache. */
#define STRIDE (65536 + 2112)

struct datagrams {
	struct mmsghdr messages[DATAGRAMS];
	struct iovec parts[DATAGRAMS];
	union any_address names[DATAGRAMS];
	union control controls[DATAGRAMS];
	struct datagram found[DATAGRAMS];
	uint8_t bytes[DATAGRAMS][STRIDE]; /* of pages that are not used there are none */
};

struct datagrams *
datagrams_new(void)
{
	return MEM_NEW(struct datagrams);
}

void
datagrams_free(struct datagrams *d)
{
	free(d);
}

static void
prepare_room(struct datagrams *d)
{
	for (size_t i = 0; i < DATAGRAMS; i++) {
		d->parts[i] = (struct iovec){d->bytes[i], STRIDE};
		d->names[i].sa.sa_family = AF_UNSPEC;
		d->messages[i].msg_hdr = (struct msghdr){.msg_name = &d->names[i],
							 .msg_namelen = sizeof d->names[i],
							 .msg_iov = &d->parts[i],
							 .msg_iovlen = 1,
							 .msg_control = &d->controls[i],
							 .msg_controllen = sizeof d->controls[i]};
	}
}

static size_t
read_each(struct msghdr *m, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int each;

			memcpy(&each, CMSG_DATA(c), sizeof each);
			return each > 0 ? (size_t)each : len;
		}
	return len;
}

size_t
datagrams_receive(struct datagrams *d, int fd, const struct datagram **out)
{
	int n;

	*out = d->found;
	prepare_room(d);
	do
		n = recvmmsg(fd, d->messages, DATAGRAMS, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	for (int i = 0; i < n; i++) {
		struct datagram *one = &d->found[i];

		*one = (struct datagram){.from = of_sockaddr(&d->names[i]),
					 .bytes = d->bytes[i],
					 .len = d->messages[i].msg_len};
		read_local(&d->messages[i].msg_hdr, &one->local);
		one->each = read_each(&d->messages[i].msg_hdr, one->len);
	}
	return n > 0 ? (size_t)n : 0;
}

void
datagram_join(int fd)
{
	(void)!set(fd, IPPROTO_UDP, UDP_GRO, 1);
}

/* --- sending */

/* Adds what goes along with a message. */
static void
put_control(struct msghdr *m, union control *control, int level, int type, const void *what,
	    size_t size)
{
	struct cmsghdr *c = (void *)(control->bytes + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), what, size);
	m->msg_control = control;
	m->msg_controllen += CMSG_SPACE(size);
}

static void
put_local(struct msghdr *m, union control *control, const struct address *local)
{
	struct in_pktinfo v4 = {.ipi_ifindex = 0};
	struct in6_pktinfo v6 = {.ipi6_ifindex = 0};

	memcpy(&v4.ipi_spec_dst, local->ip, 4);
	memcpy(&v6.ipi6_addr, local->ip, 16);
	if (local->family == 4)
		put_control(m, control, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4);
	else if (local->family == 6)
		put_control(m, control, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
}

/* `each` 0: as one. */
static bool
send_message(int fd, struct span bytes, size_t each, const struct address *to,
	     const struct address *local)
{
	union any_address name;
	union control control = {.bytes = {0}};
	uint16_t segment = (uint16_t)each;
	struct iovec io = {(void *)(uintptr_t)bytes.p, bytes.len};
	struct msghdr m = {.msg_name = &name,
			   .msg_namelen = to_sockaddr(to, &name),
			   .msg_iov = &io,
			   .msg_iovlen = 1};
	ssize_t n;

	put_local(&m, &control, local);
	if (each > 0)
		put_control(&m, &control, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

void
datagram_send(int fd, struct span bytes, const struct address *to, const struct address *local)
{
	(void)!send_message(fd, bytes, 0, to, local);
}

/* What cannot be sent now is lost, as each would have been; the other errors are the kernel's for
 * what it cannot do, or a network card's (EIO: no checksums). */
bool
datagram_send_burst(int fd, struct span bytes, size_t each, const struct address *to,
		    const struct address *local)
{
	if (send_message(fd, bytes, each, to, local))
		return true;
	return errno != EINVAL && errno != EIO && errno != EMSGSIZE && errno != EOPNOTSUPP &&
	       errno != ENOPROTOOPT;
}
