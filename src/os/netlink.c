#include "os/netlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE 32768 /* the kernel fills no more at once */

/* How an answer stands after a part of it. */
enum progress { MORE, DONE, FAILED };

void
netlink_begin(struct netlink_request *r, int type, int flags, const void *body, size_t len)
{
	assert(len <= sizeof r->rest);
	memset(r, 0, sizeof *r);
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	r->head.nlmsg_type = (uint16_t)type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(NLMSG_DATA(&r->head), body, len);
}

void
netlink_add(struct netlink_request *r, int attribute, const void *value, size_t len)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *a = (void *)((uint8_t *)r + at);

	assert(at + RTA_SPACE(len) <= sizeof *r);
	a->rta_type = (uint16_t)attribute;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	r->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(len));
}

static enum progress
take_one(const struct nlmsghdr *m, void (*each)(const struct nlmsghdr *m, void *owner), void *owner)
{
	const struct nlmsgerr *error = NLMSG_DATA(m);

	if (m->nlmsg_type == NLMSG_DONE)
		return DONE;
	if (m->nlmsg_type != NLMSG_ERROR) {
		if (each != NULL)
			each(m, owner);
		return MORE;
	}
	if (m->nlmsg_len < NLMSG_LENGTH(sizeof *error)) {
		errno = EPROTO;
		return FAILED;
	}
	errno = -error->error;
	return error->error == 0 ? DONE : FAILED;
}

static enum progress
take(const uint8_t *bytes, size_t len, void (*each)(const struct nlmsghdr *m, void *owner),
     void *owner)
{
	enum progress p = MORE;

	for (const struct nlmsghdr *m = (const void *)bytes; p == MORE && NLMSG_OK(m, len);
	     m = NLMSG_NEXT(m, len))
		p = take_one(m, each, owner);
	return p;
}

static bool
receive(int fd, void (*each)(const struct nlmsghdr *m, void *owner), void *owner)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[ANSWER_SIZE];
	enum progress p = MORE;

	while (p == MORE) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p = take(bytes, (size_t)n, each, owner);
	}
	return p == DONE;
}

bool
netlink_ask(struct netlink_request *r, void (*each)(const struct nlmsghdr *m, void *owner),
	    void *owner)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return false;
	bool done = send(fd, r, r->head.nlmsg_len, 0) == (ssize_t)r->head.nlmsg_len &&
		    receive(fd, each, owner);
	int code = errno;
	close(fd);
	errno = code;
	return done;
}
