#include "config/vpn_block.h"

#include "base/hash.h"
#include "base/mem.h"
#include "config/limits.h"
#include "config/printer.h"
#include "config/proxy_block.h"
#include "config/reader.h"
#include "config/top_block.h"
#include "config/value.h"

#define BITS_MIN  8 /* of the network by IPv4, and most: the server, a client and room */
#define BITS_MAX  29
#define BITS6_MIN 16
#define BITS6_MAX 112
#define ULA_BITS  64 /* of the network that is made where none is written */

static const struct place whole_file = {0, 0};

/* --- networks */

bool
config_networks_meet(const struct network *a, const struct network *b)
{
	return network_has(a, &b->base) || network_has(b, &a->base);
}

/* What means something else on every machine, so that nothing can be routed there. */
static bool
is_special(const struct network *net)
{
	static const char *const special[] = {"0.0.0.0/8",   "127.0.0.0/8", "169.254.0.0/16",
					      "224.0.0.0/3", "::/127",      "fe80::/10",
					      "ff00::/8"};
	struct network other;

	for (size_t i = 0; i < COUNT(special); i++)
		if (network_parse(span_str(special[i]), &other) &&
		    config_networks_meet(&other, net))
			return true;
	return false;
}

/* Whose addresses are nobody's on the Internet: RFC 1918, RFC 6598. */
static bool
is_private(const struct network *net)
{
	static const char *const private[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
					      "100.64.0.0/10"};
	struct network other;

	for (size_t i = 0; i < COUNT(private); i++)
		if (network_parse(span_str(private[i]), &other) && other.bits <= net->bits &&
		    network_has(&other, &net->base))
			return true;
	return false;
}

/* --- the options */

void
vpn_read_listen(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct vpn *vpn = into;
	size_t before = r->endpoint_count;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	read_listen_or_off(r, d, &vpn->listen, &vpn->listen_count, &r->vpn_off);
	for (size_t i = before; i < r->endpoint_count; i++)
		r->endpoints[i].udp = true;
}

void
vpn_print_listen(struct printer *p, const struct option *o, const void *from)
{
	const struct vpn *vpn = from;

	(void)o;
	if (vpn->network.base.family != 0 || vpn->listen_count > 0)
		print_listen_or_off(p, vpn->listen, vpn->listen_count);
}

static bool
read_range(struct reader *r, const struct option *o, const struct word *w,
	   const struct network *net, unsigned least, unsigned most)
{
	if (net->bits < least || net->bits > most)
		FAULT(r, w->at, "%s goes from /%u to /%u here, not %s", o->name, least, most,
		      reader_shown(r, w));
	else if (is_special(net))
		FAULT(r, w->at, "%s has addresses that no client can have", reader_shown(r, w));
	else
		return true;
	return false;
}

static bool
read_v4(struct reader *r, const struct option *o, const struct word *w, struct network *net)
{
	if (!network_parse(w->text, net) || net->base.family != 4) {
		FAULT(r, w->at,
		      "\"%s\" is not an IPv4 network: write 10.86.0.0/20 (no bits set past the "
		      "prefix); `sallyport vpn network` prints one that is free here",
		      reader_shown(r, w));
		return false;
	}
	if (!read_range(r, o, w, net, BITS_MIN, BITS_MAX))
		return false;
	if (!is_private(net))
		WARN(r, w->at,
		     "%s is no private network: clients do not reach those on the Internet who "
		     "have these addresses; take one of 10.0.0.0/8, 172.16.0.0/12, "
		     "192.168.0.0/16 or 100.64.0.0/10",
		     reader_shown(r, w));
	return true;
}

static bool
read_v6(struct reader *r, const struct option *o, const struct word *w, struct network *net)
{
	if (span_equal(w->text, SPAN_OF("off")))
		return true;
	if (network_parse(w->text, net) && net->base.family == 6)
		return read_range(r, o, w, net, BITS6_MIN, BITS6_MAX);
	FAULT(r, w->at,
	      "\"%s\" is not an IPv6 network, or off: write fd00:86::/64 (no bits set past the "
	      "prefix)",
	      reader_shown(r, w));
	return false;
}

void
vpn_read_network(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct network v4, v6 = {.bits = 0};
	struct vpn *vpn = into;

	if (!read_count(r, o, d, 1, 2) || !read_v4(r, o, &d->words[1], &v4) ||
	    (d->count > 2 && !read_v6(r, o, &d->words[2], &v6)))
		return;
	vpn->network = v4;
	vpn->network6 = v6;
}

void
vpn_print_network(struct printer *p, const struct option *o, const void *from)
{
	const struct vpn *vpn = from;

	if (vpn->network.base.family == 0)
		return;
	print_name(p, o->name);
	print_network(p, &vpn->network);
	if (vpn->network6.base.family != 0)
		print_network(p, &vpn->network6);
	else
		print_word(p, "off");
	print_end(p);
}

static const char *const ways[] = {[VPN_NAT] = "nat", [VPN_ROUTE] = "route", NULL};

static bool
read_way(struct reader *r, const struct word *w, int *way)
{
	for (*way = 0; ways[*way] != NULL; ++*way)
		if (span_equal(w->text, span_str(ways[*way])))
			return true;
	FAULT(r, w->at, "behind a network stands nat or route, not \"%s\"", reader_shown(r, w));
	return false;
}

/* Why it cannot be a route of the VPN; NULL: it can. */
static const char *
route_fault(const struct vpn *vpn, const struct network *to)
{
	if (to->bits == 0)
		return "everything goes through the VPN where there is no route line: leave it out";
	if (is_special(to))
		return "these addresses are each machine's own, or nobody's";
	if (vpn->route_count >= CONFIG_ROUTES_MAX)
		return "these are too many routes: write larger networks";
	for (size_t i = 0; i < vpn->route_count; i++)
		if (network_equal(&vpn->routes[i].to, to))
			return "this network has a route already";
	return NULL;
}

void
vpn_read_route(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct vpn_route route = {.way = VPN_NAT};
	struct vpn *vpn = into;
	const char *why;

	if (!read_count(r, o, d, 1, 2))
		return;
	if (!network_parse(d->words[1].text, &route.to))
		FAULT(r, d->words[1].at,
		      "\"%s\" is not a network: write 192.168.10.0/24, 2001:db8::/32 (no bits set "
		      "past the prefix) or an address",
		      reader_shown(r, &d->words[1]));
	else if ((why = route_fault(vpn, &route.to)) != NULL)
		FAULT(r, d->words[1].at, "%s", why);
	else if (d->count == 2 || read_way(r, &d->words[2], &route.way))
		*ARENA_PUSH(r->memory, vpn->routes, vpn->route_count) = route;
}

void
vpn_print_route(struct printer *p, const struct option *o, const void *from)
{
	const struct vpn *vpn = from;

	for (size_t i = 0; i < vpn->route_count; i++) {
		print_name(p, o->name);
		print_network(p, &vpn->routes[i].to);
		print_word(p, ways[vpn->routes[i].way]);
		print_end(p);
	}
}

static const char *
resolver_fault(const struct vpn *vpn, const struct address *a)
{
	const struct network alone = {.base = *a, .bits = a->family == 4 ? 32 : 128};

	if (is_special(&alone))
		return "a client that asks there asks itself, or nobody: give the address of a "
		       "resolver, or write system";
	if (vpn->dns_count >= CONFIG_RESOLVERS_MAX)
		return "these are more resolvers than clients ask";
	for (size_t i = 0; i < vpn->dns_count; i++)
		if (address_equal(&vpn->dns[i], a))
			return "this resolver is there already";
	return NULL;
}

static void
read_resolver(struct reader *r, const struct word *w, struct vpn *vpn)
{
	struct address a;
	const char *why;

	if (!address_parse_ip(w->text, &a))
		FAULT(r, w->at, "\"%s\" is not an IP address, or system", reader_shown(r, w));
	else if ((why = resolver_fault(vpn, &a)) != NULL)
		FAULT(r, w->at, "%s", why);
	else
		*ARENA_PUSH(r->memory, vpn->dns, vpn->dns_count) = a;
}

void
vpn_read_dns(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct vpn *vpn = into;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	for (size_t i = 1; i < d->count; i++)
		if (span_equal(d->words[i].text, SPAN_OF("system")))
			vpn->dns_system = true;
		else
			read_resolver(r, &d->words[i], vpn);
}

void
vpn_print_dns(struct printer *p, const struct option *o, const void *from)
{
	const struct vpn *vpn = from;
	char text[ADDRESS_TEXT_MAX];

	if (!vpn->dns_system && vpn->dns_count == 0)
		return;
	print_name(p, o->name);
	if (vpn->dns_system)
		print_word(p, "system");
	for (size_t i = 0; i < vpn->dns_count; i++)
		print_word(p, address_ip_text(&vpn->dns[i], text));
	print_end(p);
}

const char *
vpn_domain(struct reader *r, const struct word *w)
{
	const char *name = proxy_server_name(r, w);
	struct address ip;

	if (name == NULL || !address_parse_ip(span_str(name), &ip))
		return name;
	FAULT(r, w->at, "%s is an address: a domain has a name", name);
	return NULL;
}

/* --- all of it */

/* Where it is written, for faults that show only at the end; NULL: nowhere. */
static const struct directive *
find(const struct directive *in, const char *name)
{
	for (size_t i = 0; in != NULL && i < in->child_count; i++)
		if (span_equal(in->children[i].words[0].text, span_str(name)))
			return &in->children[i];
	return NULL;
}

static struct place
place_in(const struct directive *in, const char *name)
{
	const struct directive *d = find(in, name);

	return d != NULL ? directive_place(d) : whole_file;
}

/* A private network of its own (RFC 4193), the same at each start. It goes by the other network
 * alone: what else is changed in the file leaves clients their addresses. */
static struct network
private_v6(const struct network *v4)
{
	uint64_t hash = hash_bytes(HASH_START, span_of(v4->base.ip, 4));
	struct address a = {.family = 6, .ip = {0xFD}};

	hash = hash_number(hash, v4->bits);
	hash ^= hash >> 32;
	for (size_t i = 1; i <= 5; i++, hash >>= 8)
		a.ip[i] = (uint8_t)hash;
	return address_network(&a, ULA_BITS);
}

static void
check_builtin(struct reader *r, const struct directive *vpn)
{
	const struct directive *openvpn = find(find(r->file, "share"), "openvpn");

	if (r->config->share.openvpn.kind != DOOR_TUNNEL || r->dropped || openvpn == NULL ||
	    find(vpn, "network") != NULL)
		return;
	FAULT(r, openvpn->words[1].at,
	      "the built-in VPN needs a network for its clients: write \"vpn { network "
	      "10.86.0.0/20 }\"; `sallyport vpn network` prints one that is free here");
}

static void
warn_of_no_network(struct reader *r, const struct directive *vpn)
{
	for (size_t i = 0; i < vpn->child_count; i++) {
		const struct word *name = &vpn->children[i].words[0];

		if (span_equal(name->text, SPAN_OF("endpoint")) ||
		    span_equal(name->text, SPAN_OF("ca_key")))
			continue;
		WARN(r, name->at,
		     "%s does nothing: there is a VPN only where the block has a network for its "
		     "clients, like \"network 10.86.0.0/20\"",
		     reader_shown(r, name));
		return;
	}
}

static void
check_routes(struct reader *r, const struct directive *block)
{
	const struct vpn *vpn = &r->config->vpn;

	for (size_t i = 0; i < block->child_count; i++) {
		const struct directive *d = &block->children[i];
		struct network to;

		if (!span_equal(d->words[0].text, SPAN_OF("route")) ||
		    !network_parse(d->words[1].text, &to))
			continue;
		if (config_networks_meet(&to, &vpn->network) ||
		    config_networks_meet(&to, &vpn->network6))
			FAULT(r, d->words[1].at,
			      "clients have addresses of this network: whether they reach each "
			      "other is client_to_client");
		else if (to.base.family == 6 && vpn->network6.base.family == 0)
			FAULT(r, d->words[1].at,
			      "clients have no IPv6: network says off in place of one");
	}
}

static void
check_vpn(struct reader *r, const struct directive *block)
{
	const struct config *c = r->config;
	const struct vpn *vpn = &c->vpn;

	if (vpn->silence < 2 * vpn->ping)
		FAULT(r, place_in(block, find(block, "silence") != NULL ? "silence" : "ping"),
		      "silence is at least twice ping: else one keep-alive that is lost ends the "
		      "connection");
	if (vpn->listen_count == 0 && c->share.openvpn.kind == DOOR_RELAY)
		FAULT(r, place_in(block, "listen"),
		      "nobody could connect: by UDP it is off, and by TCP openvpn in share leads "
		      "to a back end");
	if (vpn->legacy_tcp && !vpn->legacy)
		FAULT(r, place_in(block, "legacy_tcp"),
		      "legacy_tcp is for clients that legacy lets in: write \"legacy on\" too");
	if (vpn->legacy_tcp && c->share.openvpn.kind == DOOR_RELAY)
		FAULT(r, place_in(block, "legacy_tcp"),
		      "openvpn in share leads all of OpenVPN by TCP to a back end");
	check_routes(r, block);
}

void
vpn_complete(struct reader *r)
{
	const struct directive *block = find(r->file, "vpn");
	struct config *c = r->config;
	struct vpn *vpn = &c->vpn;

	check_builtin(r, block);
	if (r->faults->count > 0 || block == NULL)
		return;
	if (vpn->network.base.family == 0) {
		warn_of_no_network(r, block);
		return;
	}
	if (find(block, "network")->count == 2)
		vpn->network6 = private_v6(&vpn->network);
	if (c->share.openvpn.kind == DOOR_NONE)
		c->share.openvpn.kind = DOOR_TUNNEL;
	check_vpn(r, block);
}

/* --- another one */

static bool
has_endpoint(const struct vpn *vpn, const struct endpoint *e)
{
	for (size_t i = 0; i < vpn->listen_count; i++)
		if (vpn->listen[i].any == e->any && address_equal(&vpn->listen[i].at, &e->at))
			return true;
	return false;
}

/* A VPN may come and go. While it is there, clients keep their addresses, and sockets that it has
 * stay open. */
const char *
vpn_needs_restart(const struct vpn *running, const struct vpn *next)
{
	if (running->network.base.family == 0 || next->network.base.family == 0)
		return NULL;
	if (!network_equal(&running->network, &next->network) ||
	    !network_equal(&running->network6, &next->network6))
		return "vpn network";
	if (running->offload != next->offload)
		return "vpn offload";
	for (size_t i = 0; i < running->listen_count; i++)
		if (!has_endpoint(next, &running->listen[i]))
			return "vpn listen";
	return NULL;
}
