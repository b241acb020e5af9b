#include "os/routes.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "os/netlink.h"

struct walk {
	const char *except;
	struct machine_route *routes;
	size_t count;
};

/* A route as the kernel tells it, with its attributes by number. */
struct told {
	const struct rtmsg *head;
	const struct rtattr *at[RTA_MAX + 1];
};

static bool
is_ip(const struct rtmsg *head)
{
	return head->rtm_family == AF_INET || head->rtm_family == AF_INET6;
}

static bool
read_attributes(const struct nlmsghdr *m, struct told *t)
{
	*t = (struct told){.head = NLMSG_DATA(m)};
	if (m->nlmsg_type != RTM_NEWROUTE || m->nlmsg_len < NLMSG_LENGTH(sizeof *t->head) ||
	    !is_ip(t->head))
		return false;
	size_t left = RTM_PAYLOAD(m);
	for (const struct rtattr *a = RTM_RTA(t->head); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type <= RTA_MAX)
			t->at[a->rta_type] = a;
	return true;
}

static uint32_t
number_of(const struct rtattr *a, uint32_t otherwise)
{
	if (a != NULL && RTA_PAYLOAD(a) >= sizeof otherwise)
		memcpy(&otherwise, RTA_DATA(a), sizeof otherwise);
	return otherwise;
}

static struct network
network_of(const struct told *t)
{
	struct address base = {.family = t->head->rtm_family == AF_INET ? 4 : 6};
	const struct rtattr *to = t->at[RTA_DST];
	size_t size = base.family == 4 ? 4 : 16;
	unsigned bits = t->head->rtm_dst_len;

	if (to != NULL && RTA_PAYLOAD(to) >= size)
		memcpy(base.ip, RTA_DATA(to), size);
	return address_network(&base, bits <= size * 8 ? bits : (unsigned)size * 8);
}

static void
add(struct walk *w, const struct network *to, unsigned index)
{
	char device[IF_NAMESIZE];

	if (index == 0 || if_indextoname(index, device) == NULL ||
	    (w->except != NULL && strcmp(device, w->except) == 0))
		return;
	struct machine_route *route = MEM_PUSH(w->routes, w->count);
	route->to = *to;
	memcpy(route->device, device, sizeof route->device);
}

/* One route by several ways. */
static void
add_ways(struct walk *w, const struct network *to, const struct rtattr *ways)
{
	int left = (int)RTA_PAYLOAD(ways);

	for (const struct rtnexthop *way = RTA_DATA(ways); RTNH_OK(way, left);) {
		int len = (int)RTNH_ALIGN(way->rtnh_len);

		add(w, to, (unsigned)way->rtnh_ifindex);
		left -= len < left ? len : left;
		way = RTNH_NEXT(way);
	}
}

static void
take(const struct nlmsghdr *m, void *owner)
{
	struct told t;

	if (!read_attributes(m, &t) || t.head->rtm_type != RTN_UNICAST ||
	    (t.head->rtm_flags & RTM_F_CLONED) != 0 ||
	    number_of(t.at[RTA_TABLE], t.head->rtm_table) != RT_TABLE_MAIN)
		return;
	struct network to = network_of(&t);
	if (t.at[RTA_MULTIPATH] != NULL)
		add_ways(owner, &to, t.at[RTA_MULTIPATH]);
	else
		add(owner, &to, number_of(t.at[RTA_OIF], 0));
}

struct err
routes_list(const char *except, struct machine_route **out, size_t *count)
{
	const struct rtmsg body = {.rtm_family = AF_UNSPEC};
	struct walk w = {.except = except};
	struct netlink_request r;

	*out = NULL;
	*count = 0;
	netlink_begin(&r, RTM_GETROUTE, NLM_F_DUMP, &body, sizeof body);
	if (!netlink_ask(&r, take, &w)) {
		free(w.routes);
		return err_sys("cannot learn this machine's routes");
	}
	*out = w.routes;
	*count = w.count;
	return ERR_NONE;
}
