#include "role/warden_listen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/datagram.h"
#include "os/machine.h"
#include "os/sock.h"

static struct listen_socket *
find(struct listen_set *set, enum listener_kind kind, const struct address *at, unsigned worker)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listen_socket *s = &set->sockets[i];

		if (s->kind == kind && s->worker == worker && address_equal(&s->at, at))
			return s;
	}
	return NULL;
}

/* Another sallyport of this user would let ours join its group: the first is on its own. */
static struct err
open_socket(enum listener_kind kind, const struct address *at, unsigned worker, int *fd)
{
	bool udp = kind == LISTENER_VPN;
	struct err e = ERR_NONE;

	*fd = -1;
	if (worker == 0)
		e = udp ? datagram_check_free(at) : sock_check_free(at);
	if (failed(e))
		return e;
	return udp ? datagram_open(at, fd) : sock_listen_tcp(at, fd);
}

static struct err
want(struct listen_set *set, enum listener_kind kind, const struct address *at)
{
	unsigned workers = kind == LISTENER_VPN ? set->tunnels : set->workers;

	for (unsigned worker = 0; worker < workers; worker++) {
		struct listen_socket *s = find(set, kind, at, worker);

		if (s == NULL) {
			int fd;
			struct err e = open_socket(kind, at, worker, &fd);

			if (failed(e))
				return e;
			s = MEM_PUSH(set->sockets, set->count);
			*s = (struct listen_socket){
			    .kind = kind, .at = *at, .worker = worker, .fd = fd};
		}
		s->wanted = true;
	}
	if (kind == LISTENER_VPN)
		datagram_steer(find(set, kind, at, 0)->fd, workers);
	return ERR_NONE;
}

/* "All addresses" are two sockets, v4 and v6, or one where there is no IPv6. */
static struct err
want_endpoint(struct listen_set *set, enum listener_kind kind, const struct endpoint *e)
{
	static const uint8_t any[16];
	struct address v4 = address_v4(any, e->at.port), v6 = v4;

	if (!e->any)
		return want(set, kind, &e->at);
	struct err error = want(set, kind, &v4);
	if (failed(error) || !machine_has_ipv6())
		return error;
	v6.family = 6;
	return want(set, kind, &v6);
}

static struct err
want_all(struct listen_set *set, const struct config *c)
{
	struct err e = ERR_NONE;

	for (size_t i = 0; i < c->listen_count && !failed(e); i++)
		e = want_endpoint(set, LISTENER_SHARED, &c->listen[i]);
	for (size_t i = 0; i < c->plain_listen_count && !failed(e); i++)
		e = want_endpoint(set, LISTENER_PLAIN, &c->plain_listen[i]);
	for (size_t i = 0; i < c->admin.listen_count && !failed(e); i++)
		e = want_endpoint(set, LISTENER_ADMIN, &c->admin.listen[i]);
	for (size_t i = 0; i < c->vpn.listen_count && c->vpn.network.base.family != 0 && !failed(e);
	     i++)
		e = want_endpoint(set, LISTENER_VPN, &c->vpn.listen[i]);
	return e;
}

struct err
listen_open(struct listen_set *set, const struct config *c)
{
	struct err e = want_all(set, c);

	if (failed(e))
		listen_abandon(set);
	return e;
}

static void
close_unneeded(struct listen_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct listen_socket *s = &set->sockets[i];

		if (s->used || s->wanted || s->told)
			set->sockets[kept++] = *s;
		else
			close(s->fd);
	}
	set->count = kept;
}

/* Which are `used` from now on; nobody new wants any. */
static void
keep(struct listen_set *set, bool wanted)
{
	for (size_t i = 0; i < set->count; i++) {
		struct listen_socket *s = &set->sockets[i];

		s->used = wanted ? s->wanted : s->used;
		s->wanted = false;
	}
	close_unneeded(set);
}

void
listen_commit(struct listen_set *set)
{
	keep(set, true);
}

void
listen_abandon(struct listen_set *set)
{
	keep(set, false);
}

void
listen_untold(struct listen_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->sockets[i].told = false;
	close_unneeded(set);
}

void
listen_close(struct listen_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		close(set->sockets[i].fd);
	free(set->sockets);
	set->sockets = NULL;
	set->count = 0;
}
