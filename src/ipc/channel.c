#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "os/loop.h"

#define QUEUE_MAX 65536 /* messages; a snapshot of ten thousand certificates fits */

struct queued {
	struct list link;
	size_t len;
	int fds[MESSAGE_FDS];
	size_t fd_count;
	uint8_t bytes[];
};

struct channel {
	struct watch watch;
	int fd;
	struct loop *loop;
	enum role peer;
	const struct channel_ops *ops;
	void *owner;
	struct list queue;
	size_t queued;
	bool *freed; /* set by channel_free() while a callback runs */
};

static void
close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
queued_free(struct queued *q)
{
	list_remove(&q->link);
	close_all(q->fds, q->fd_count);
	free(q);
}

union ancillary {
	char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	struct cmsghdr align;
};

/* Bytes sent, or -1 with errno. */
static ssize_t
send_with_fds(int fd, const void *bytes, size_t len, const int *fds, size_t fd_count)
{
	union ancillary control = {.bytes = {0}};
	struct iovec iov = {(void *)(uintptr_t)bytes, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd_count > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
take_fds(struct msghdr *msg, int fds[MESSAGE_FDS], size_t *count)
{
	*count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			*count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), *count * sizeof(int));
		}
}

static void
channel_lost(struct channel *ch, const char *why)
{
	watch_stop(ch->loop, &ch->watch);
	if (ch->ops->closed != NULL)
		ch->ops->closed(ch, why, ch->owner);
}

/* Writes what is queued; false when the peer is gone. */
static bool
flush(struct channel *ch)
{
	while (!list_empty(&ch->queue)) {
		struct queued *q = container_of(ch->queue.next, struct queued, link);

		if (send_with_fds(ch->fd, q->bytes, q->len, q->fds, q->fd_count) < 0)
			return errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS;
		queued_free(q);
		ch->queued--;
	}
	return true;
}

static bool
deliver(struct channel *ch, struct span bytes, int *fds, size_t fd_count)
{
	struct message m;
	bool freed = false;

	if (!message_decode(bytes, ch->peer, fd_count, &m)) {
		close_all(fds, fd_count);
		channel_lost(ch, "it said what it may not say");
		return false;
	}
	memcpy(m.fds, fds, sizeof m.fds);
	m.fd_count = fd_count;
	ch->freed = &freed;
	ch->ops->message(ch, &m, ch->owner);
	close_all(m.fds, m.fd_count);
	if (!freed)
		ch->freed = NULL;
	return !freed;
}

/* One message. False when there is none, or no channel any more. */
static bool
receive(struct channel *ch)
{
	uint8_t bytes[MESSAGE_MAX];
	union ancillary control;
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof control.bytes};
	int fds[MESSAGE_FDS] = {-1, -1};
	size_t fd_count;

	ssize_t n = recvmsg(ch->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		channel_lost(ch, n == 0 ? "it is gone" : strerror(errno));
		return false;
	}
	take_fds(&msg, fds, &fd_count);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		close_all(fds, fd_count);
		channel_lost(ch, "a message was cut, or this process has no descriptor left");
		return false;
	}
	return deliver(ch, span_of(bytes, (size_t)n), fds, fd_count);
}

static void
ready(struct watch *w, uint32_t events)
{
	struct channel *ch = container_of(w, struct channel, watch);

	if ((events & READY_OUT) && !flush(ch)) {
		channel_lost(ch, "it is gone");
		return;
	}
	if ((events & READY_OUT) && list_empty(&ch->queue) &&
	    failed(watch_change(ch->loop, w, READY_IN))) {
		channel_lost(ch, "it cannot be watched");
		return;
	}
	if (events & (READY_IN | READY_HUP | READY_ERR))
		while (receive(ch))
			;
}

struct err
channel_new(struct loop *l, int fd, enum role peer, const struct channel_ops *ops, void *owner,
	    struct channel **out)
{
	struct channel *ch = MEM_NEW(struct channel);

	*ch = (struct channel){.fd = fd, .loop = l, .peer = peer, .ops = ops, .owner = owner};
	list_init(&ch->queue);
	struct err e = watch_start(l, &ch->watch, fd, READY_IN, ready);
	if (failed(e)) {
		free(ch);
		close(fd);
		return e;
	}
	*out = ch;
	return ERR_NONE;
}

void
channel_free(struct channel *ch)
{
	if (ch == NULL)
		return;
	watch_stop(ch->loop, &ch->watch);
	close(ch->fd);
	while (!list_empty(&ch->queue))
		queued_free(container_of(ch->queue.next, struct queued, link));
	if (ch->freed != NULL)
		*ch->freed = true;
	free(ch);
}

static struct err
enqueue(struct channel *ch, struct span bytes, const struct message *m)
{
	struct queued *q = ch->queued < QUEUE_MAX ? malloc(sizeof *q + bytes.len) : NULL;

	if (q == NULL)
		return err_new("%s does not take its messages", role_name(ch->peer));
	*q = (struct queued){.len = bytes.len};
	memcpy(q->bytes, bytes.p, bytes.len);
	for (; q->fd_count < m->fd_count; q->fd_count++) {
		int fd = fcntl(m->fds[q->fd_count], F_DUPFD_CLOEXEC, 0);

		if (fd < 0) {
			queued_free(q);
			return err_sys("cannot pass a descriptor to %s", role_name(ch->peer));
		}
		q->fds[q->fd_count] = fd;
	}
	bool first = list_empty(&ch->queue);
	list_append(&ch->queue, &q->link);
	ch->queued++;
	return first ? watch_change(ch->loop, &ch->watch, READY_IN | READY_OUT) : ERR_NONE;
}

struct err
channel_send(struct channel *ch, const struct message *m)
{
	struct buf bytes = buf_with_cap(MESSAGE_MAX);
	struct err e = ERR_NONE;

	if (ch->watch.fd < 0)
		return ERR_NONE; /* lost: `closed` was told */
	if (m->fd_count != message_fds(m->type) || !message_encode(m, &bytes))
		e = err_new("a message to %s does not fit its type", role_name(ch->peer));
	else if (!list_empty(&ch->queue) ||
		 send_with_fds(ch->fd, bytes.data, buf_len(&bytes), m->fds, m->fd_count) < 0)
		e = enqueue(ch, buf_span(&bytes), m);
	buf_free(&bytes);
	return e;
}
