/*
 * By which ways clients reach what rules let them: as themselves, or as this machine. The packet
 * filter sees to it, so warden is told; and nobody is let in before that is so.
 */
#include <stdlib.h>
#include <unistd.h>

#include "ipc/ways.h"
#include "os/fs.h"
#include "role/tunnel_private.h"

/* Whether all of that family leaves as this machine by itself. */
static bool
is_masked(const struct vpn *vpn, int family)
{
	/* RFC 4193: other addresses of IPv6 are known to the world. */
	if (family == 6 && (vpn->network6.base.ip[0] & 0xfe) != 0xfc)
		return false;
	for (size_t i = 0; i < vpn->route_count; i++)
		if (vpn->routes[i].to.base.family == family && vpn->routes[i].way == VPN_ROUTE)
			return false;
	return true;
}

/* The rows that rules allow; none where the configuration comes to the same. */
static size_t
ways_of(const struct tunnel *t, const struct pass *p, struct way *list)
{
	bool matter = false;
	size_t count = 0;

	for (size_t i = 0; i < p->reach_count; i++) {
		const struct reach *r = &p->reach[i];

		if (!r->written || !r->allow)
			continue;
		matter = matter || r->route || !is_masked(&t->config->vpn, r->to.base.family);
		if (count == WAYS_MAX)
			break;
		list[count++] = (struct way){.to = r->to,
					     .protocol = r->protocol,
					     .port_from = r->port_from,
					     .port_to = r->port_from > 0 ? r->port_to : 0,
					     .route = r->route};
	}
	return matter ? count : 0;
}

static struct err
send_ways(struct tunnel *t, const struct seat *s, struct span rows)
{
	struct message m = {.type = MESSAGE_WAYS, .value = t->ways_told + 1, .fd_count = 1};
	const struct address both[] = {lease_v4(t->leases, s->lease),
				       lease_v6(t->leases, s->lease)};
	struct err e = fs_sealed("ways", rows, &m.fds[0]);

	if (failed(e))
		return e;
	for (size_t i = 0; i < COUNT(both); i++)
		if (both[i].family != 0)
			m.addresses[m.address_count++] = both[i];
	e = channel_send(t->warden, &m);
	close(m.fds[0]);
	if (!failed(e))
		t->ways_told++;
	return e;
}

void
ways_tell(struct tunnel *t, struct seat *s, const struct pass *p)
{
	if (p == NULL && !s->has_ways)
		return;
	struct way *list = mem_new(WAYS_MAX * sizeof *list);
	struct buf rows = buf_with_cap(WAYS_BYTES_MAX);
	size_t count = p != NULL ? ways_of(t, p, list) : 0;
	struct err e = ERR_NONE;

	if (!ways_encode(list, count, &rows))
		e = err_new("there is no memory for its ways");
	else if (count > 0 || s->has_ways)
		e = send_ways(t, s, buf_span(&rows));
	if (failed(e))
		log_error("vpn: warden is not told: %s", e.text);
	else
		s->has_ways = count > 0;
	buf_free(&rows);
	free(list);
}

void
ways_wait(struct tunnel *t, struct later *l)
{
	l->number = t->ways_told;
	if (t->ways_done >= l->number)
		l->go(l);
	else
		list_append(&t->waiting, &l->link);
}

void
ways_done(struct tunnel *t, uint64_t number)
{
	t->ways_done = number;
	while (!list_empty(&t->waiting)) {
		struct later *l = container_of(t->waiting.next, struct later, link);

		if (l->number > number)
			return;
		list_remove(&l->link);
		l->go(l);
	}
}
