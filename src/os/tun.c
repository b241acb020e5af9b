#include "os/tun.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/netlink.h"
#include "os/sock.h"

/* Newer than Debian 12's headers; Linux 6.2 has them. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

static struct err
cannot_open(void)
{
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return err_new("this machine has no /dev/net/tun, which the VPN needs: load the "
			       "module (modprobe tun), or give it to the container (--device "
			       "/dev/net/tun)");
	case EPERM:
	case EACCES:
		return err_new("/dev/net/tun may not be opened: run as root, and let the service "
			       "have it (DeviceAllow=/dev/net/tun rw)");
	default:
		return err_sys("cannot open /dev/net/tun");
	}
}

static struct err
cannot_make(void)
{
	if (errno == EPERM || errno == EACCES)
		return err_new("a network interface may not be made: the VPN needs root, or "
			       "CAP_NET_ADMIN");
	return err_sys("cannot make a network interface");
}

struct err
tun_look(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno != EACCES && errno != EPERM ? cannot_open() : ERR_NONE;
}

/* The first queue names the interface, the others join it by that name. */
static struct err
make_queue(struct ifreq *request, bool offloads, int *queue)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	*queue = -1;
	if (fd < 0)
		return cannot_open();
	request->ifr_flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	if (offloads)
		request->ifr_flags |= IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, request) < 0) {
		struct err e = cannot_make();

		close(fd);
		return e;
	}
	*queue = fd;
	return ERR_NONE;
}

/* What the kernel may leave to us; it says no to what it does not know. Without any of it the
 * queue still reads and writes as one that has offloads. */
static void
offer_offloads(int queue)
{
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	if (ioctl(queue, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) < 0)
		(void)ioctl(queue, TUNSETOFFLOAD, tcp);
}

static bool
knows_offloads(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	unsigned features = 0;

	if (fd < 0)
		return false;
	bool knows = ioctl(fd, TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR) != 0;
	close(fd);
	return knows;
}

static struct err
make(const char *wish, size_t count, bool offloads, int *queues, char name[TUN_NAME])
{
	struct ifreq request = {.ifr_flags = 0};
	struct err e = ERR_NONE;

	name[0] = '\0';
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", wish);
	for (size_t i = 0; i < count; i++)
		queues[i] = -1;
	for (size_t i = 0; i < count && !failed(e); i++)
		e = make_queue(&request, offloads, &queues[i]);
	if (!failed(e)) {
		if (offloads)
			offer_offloads(queues[0]);
		snprintf(name, TUN_NAME, "%s", request.ifr_name);
		return ERR_NONE;
	}
	for (size_t i = 0; i < count; i++)
		if (queues[i] >= 0) {
			close(queues[i]);
			queues[i] = -1;
		}
	return e;
}

struct err
tun_make(const char *wish, size_t count, int *queues, char name[TUN_NAME])
{
	return make(wish, count, false, queues, name);
}

struct err
tun_make_super(const char *wish, size_t count, int *queues, char name[TUN_NAME], bool *offloads)
{
	*offloads = knows_offloads();
	return make(wish, count, *offloads, queues, name);
}

struct err
tun_address(const char *name, const struct address *address, unsigned bits)
{
	size_t len = address->family == 4 ? 4 : 16;
	/* Nobody else is on the line who could have the same address. */
	const struct ifaddrmsg body = {.ifa_family = address->family == 4 ? AF_INET : AF_INET6,
				       .ifa_prefixlen = (uint8_t)bits,
				       .ifa_flags = IFA_F_NODAD,
				       .ifa_index = if_nametoindex(name)};
	struct netlink_request r;
	char text[ADDRESS_TEXT_MAX];

	netlink_begin(&r, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &body,
		      sizeof body);
	netlink_add(&r, IFA_LOCAL, address->ip, len);
	netlink_add(&r, IFA_ADDRESS, address->ip, len);
	if (body.ifa_index != 0 && netlink_ask(&r, NULL, NULL))
		return ERR_NONE;
	address_ip_text(address, text);
	return err_sys("cannot give %s the address %s/%u", name, text, bits);
}

static struct err
set_up(int s, const char *name, unsigned mtu)
{
	struct ifreq request = {.ifr_mtu = (int)mtu};

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (ioctl(s, SIOCSIFMTU, &request) < 0)
		return err_sys("cannot give %s the MTU %u", name, mtu);
	if (ioctl(s, SIOCGIFFLAGS, &request) < 0)
		return err_sys("cannot set %s up", name);
	request.ifr_flags |= IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &request) < 0)
		return err_sys("cannot set %s up", name);
	return ERR_NONE;
}

struct err
tun_up(const char *name, unsigned mtu)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_sys("cannot set %s up", name);
	struct err e = set_up(s, name, mtu);
	close(s);
	return e;
}

bool
tun_is_there(int queue)
{
	struct pollfd p = {.fd = queue};

	return poll(&p, 1, 0) >= 0 && (p.revents & POLLERR) == 0;
}

/* What came of a call on a queue. */
static ssize_t
outcome(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN ? SOCK_AGAIN : SOCK_DEAD;
}

ssize_t
tun_read(int queue, void *to, size_t len)
{
	ssize_t n;

	do
		n = read(queue, to, len);
	while (n < 0 && errno == EINTR);
	return outcome(n);
}

ssize_t
tun_write(int queue, const void *packet, size_t len)
{
	ssize_t n;

	do
		n = write(queue, packet, len);
	while (n < 0 && errno == EINTR);
	return outcome(n);
}

static const uint8_t kinds[] = {
    [OFFLOAD_NONE] = VIRTIO_NET_HDR_GSO_NONE,
    [OFFLOAD_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
    [OFFLOAD_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
    [OFFLOAD_UDP] = VIRTIO_NET_HDR_GSO_UDP_L4,
};

/* False for a kind that was never offered. */
static bool
from_kernel(const struct virtio_net_hdr *h, struct offload *how)
{
	*how = (struct offload){.segment = h->gso_size,
				.sum = (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0,
				.sum_from = h->csum_start,
				.sum_at = h->csum_offset};
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i] == (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN)) {
			how->kind = (enum offload_kind)i;
			return true;
		}
	return false;
}

ssize_t
tun_read_super(int queue, void *to, size_t len, struct offload *how)
{
	struct virtio_net_hdr head;
	struct iovec io[] = {{&head, sizeof head}, {to, len}};
	ssize_t n;

	do
		n = readv(queue, io, COUNT(io));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return outcome(n);
	if ((size_t)n < sizeof head || !from_kernel(&head, how))
		return 0;
	return n - (ssize_t)sizeof head;
}

ssize_t
tun_write_super(int queue, const struct span *parts, size_t count, const struct offload *how)
{
	struct virtio_net_hdr head = {.flags = how->sum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
				      .gso_type = kinds[how->kind],
				      .gso_size = how->segment,
				      .csum_start = how->sum_from,
				      .csum_offset = how->sum_at};
	struct iovec io[1 + TUN_PARTS] = {{&head, sizeof head}};
	ssize_t n;

	assert(count <= TUN_PARTS);
	for (size_t i = 0; i < count; i++)
		io[1 + i] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].len};
	if (how->kind != OFFLOAD_NONE)
		head.hdr_len = (uint16_t)(parts[0].len - how->segment);
	do
		n = writev(queue, io, (int)count + 1);
	while (n < 0 && errno == EINTR);
	return outcome(n);
}
