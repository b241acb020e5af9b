/* "vpn { }" and what follows of it: the network by IPv6, the ports, where OpenVPN goes. */
#include "config/try.h"

#define VPN(more) SITE "vpn { network 10.86.0.0/20; " more " }\n"

static void
assert_network(const char *expected, const struct network *net)
{
	char text[NETWORK_TEXT_MAX];

	assert_string_equal(expected, network_text(net, text));
}

static void
without_a_network_there_is_no_vpn(void **state)
{
	struct config *c = good(SITE "vpn { endpoint vpn.example.org }");

	(void)state;
	assert_int_equal(0, c->vpn.network.base.family);
	assert_int_equal(0, c->vpn.network6.base.family);
	assert_int_equal(0, c->vpn.listen_count);
	assert_int_equal(DOOR_NONE, c->share.openvpn.kind);
	assert_null(c->control);
	assert_int_equal(0, c->warning_count);
	config_free(c);
}

static void
with_a_network_all_else_has_a_default(void **state)
{
	struct config *c = good(VPN(""));
	const struct vpn *v = &c->vpn;

	(void)state;
	assert_network("10.86.0.0/20", &v->network);
	assert_int_equal(6, v->network6.base.family);
	assert_int_equal(1, v->listen_count);
	assert_true(v->listen[0].any);
	assert_int_equal(1194, v->listen[0].at.port);
	assert_int_equal(0, v->route_count);
	assert_int_equal(0, v->dns_count);
	assert_false(v->dns_system);
	assert_null(v->domain);
	assert_false(v->client_to_client);
	assert_int_equal(120000, v->clock_skew);
	assert_int_equal(3600000, v->rekey);
	assert_int_equal(10000, v->ping);
	assert_int_equal(120000, v->silence);
	assert_int_equal(1500, v->mtu);
	assert_false(v->legacy);
	assert_false(v->legacy_tcp);
	assert_int_equal(0, c->warning_count);
	config_free(c);
}

static void
all_of_it_can_be_said(void **state)
{
	struct config *c = good(
	    SITE "vpn { network 10.86.0.0/20 fd00:86::/64; listen 1194; listen 192.0.2.1:53\n"
		 "route 192.168.10.0/24; route 10.0.0.1 route; route 2001:db8::/32 nat\n"
		 "dns system 192.0.2.53; dns 2001:db8::53; domain Office.example; rekey off\n"
		 "client_software linux /x/y.deb; client_software linux https://a.example/\n"
		 "client_to_client on; clock_skew 10m; ping 1s; silence 2s; mtu 1280; legacy on;\n"
		 "legacy_tcp on }");
	const struct vpn *v = &c->vpn;

	(void)state;
	assert_network("fd00:86::/64", &v->network6);
	assert_int_equal(2, v->listen_count);
	assert_int_equal(3, v->route_count);
	assert_int_equal(VPN_NAT, v->routes[0].way);
	assert_network("10.0.0.1/32", &v->routes[1].to);
	assert_int_equal(VPN_ROUTE, v->routes[1].way);
	assert_int_equal(VPN_NAT, v->routes[2].way);
	assert_true(v->dns_system);
	assert_int_equal(2, v->dns_count);
	assert_int_equal(6, v->dns[1].family);
	assert_string_equal("office.example", v->domain);
	assert_int_equal(0, v->rekey);
	assert_true(v->client_to_client);
	assert_true(v->legacy);
	assert_true(v->legacy_tcp);
	assert_int_equal(2, v->software_count);
	assert_string_equal("linux", software_platforms[v->software[1].platform]);
	assert_string_equal("/x/y.deb", v->software[0].url);
	assert_null(v->software[0].sha256);
	config_free(c);
}

/* It is RFC 4193's, and another one for another network, so that clients can be in two VPNs. */
static void
the_network_by_ipv6_follows_from_the_other(void **state)
{
	struct config *a = good(VPN("")),
		      *again = good("listen 444\n" VPN("endpoint other.example"));
	struct config *b = good(SITE "vpn { network 10.86.16.0/20 }");
	struct config *wider = good(SITE "vpn { network 10.86.0.0/19 }");
	struct config *off = good(SITE "vpn { network 10.86.0.0/20 off }");

	(void)state;
	assert_int_equal(0xFD, a->vpn.network6.base.ip[0]);
	assert_int_equal(64, a->vpn.network6.bits);
	assert_true(address_equal(&a->vpn.network6.base, &again->vpn.network6.base));
	assert_false(address_equal(&a->vpn.network6.base, &b->vpn.network6.base));
	assert_false(address_equal(&a->vpn.network6.base, &wider->vpn.network6.base));
	for (size_t i = 6; i < 16; i++)
		assert_int_equal(0, a->vpn.network6.base.ip[i]);
	assert_int_equal(0, off->vpn.network6.base.family);
	config_free(a);
	config_free(again);
	config_free(b);
	config_free(wider);
	config_free(off);
}

static void
the_shared_port_is_the_vpns_unless_it_leads_elsewhere(void **state)
{
	struct config *c = good(VPN(""));

	(void)state;
	assert_int_equal(DOOR_TUNNEL, c->share.openvpn.kind);
	config_free(c);
	c = good(VPN("") "share { openvpn builtin }");
	assert_int_equal(DOOR_TUNNEL, c->share.openvpn.kind);
	assert_int_equal(1, c->backends_count); /* control's */
	config_free(c);
	c = good("share { openvpn builtin }\n" VPN("listen off"));
	assert_int_equal(DOOR_TUNNEL, c->share.openvpn.kind);
	assert_int_equal(0, c->vpn.listen_count);
	config_free(c);
	c = good(VPN("") "share { openvpn 127.0.0.1:1195 }");
	assert_int_equal(DOOR_RELAY, c->share.openvpn.kind);
	config_free(c);
	c = good("state_dir /s\nvpn { network 10.86.0.0/20 }");
	assert_int_equal(DOOR_TUNNEL, c->share.openvpn.kind);
	config_free(c);
}

/* Who may come in, control says. */
static void
a_vpn_wants_control_also_without_a_port_for_it(void **state)
{
	struct config *c = good(VPN(""));

	(void)state;
	assert_non_null(c->control);
	assert_false(c->admin.wanted);
	assert_int_equal(0, c->admin.listen_count);
	config_free(c);
}

static void
a_port_by_udp_is_another_than_the_same_by_tcp(void **state)
{
	struct config *c = good(VPN("listen 443 80"));

	(void)state;
	assert_int_equal(2, c->vpn.listen_count);
	config_free(c);
	assert_said(&as_root, VPN("listen 53 192.0.2.1:53"), "port 53 is taken twice: line 2");
}

#define IN_VPN(text) "vpn { network 10.86.0.0/20; " text " }"
static const struct mistake wrong[] = {
    {"vpn { network }", "write \"network NETWORK [NETWORK6|off]\""},
    {"vpn { network 10.86.0.0/20 off off }", "\"off\" is one word too many"},
    {"vpn { network 10.86.0.0/20 { } }", "network takes no block"},
    {"vpn { network 10.86.0.0/20; network 10.87.0.0/20 }", "network is here a second time"},
    {"vpn { network off }", "\"off\" is not an IPv4 network: write 10.86.0.0/20"},
    {"vpn { network auto }", "`sallyport vpn network` prints one"},
    {"vpn { network fd00::/64 }", "\"fd00::/64\" is not an IPv4 network"},
    {"vpn { network 10.86.0.1/20 }", "no bits set past the prefix"},
    {"vpn { network 10.86.0.0/33 }", "is not an IPv4 network"},
    {"vpn { network 10.86.0.0/30 }", "1:15: network goes from /8 to /29 here, not 10.86.0.0/30"},
    {"vpn { network 10.86.0.0 }", "network goes from /8 to /29 here"},
    {"vpn { network 8.0.0.0/7 }", "network goes from /8 to /29 here"},
    {"vpn { network 127.0.0.0/16 }", "127.0.0.0/16 has addresses that no client can have"},
    {"vpn { network 0.0.0.0/8 }", "has addresses that no client can have"},
    {"vpn { network 169.254.0.0/20 }", "has addresses that no client can have"},
    {"vpn { network 224.0.0.0/8 }", "has addresses that no client can have"},
    {"vpn { network 255.255.255.0/24 }", "has addresses that no client can have"},
    {"vpn { network 10.86.0.0/20 10.87.0.0/20 }", "is not an IPv6 network, or off: write fd00:"},
    {"vpn { network 10.86.0.0/20 fd00::1/64 }", "1:28: \"fd00::1/64\" is not an IPv6 network"},
    {"vpn { network 10.86.0.0/20 fd00::/113 }", "network goes from /16 to /112 here"},
    {"vpn { network 10.86.0.0/20 fc00::/7 }", "network goes from /16 to /112 here"},
    {"vpn { network 10.86.0.0/20 fe80::/64 }", "has addresses that no client can have"},
    {"vpn { network 10.86.0.0/20 ff02::/64 }", "has addresses that no client can have"},
    {"vpn { network 10.86.0.0/20 ::/64 }", "has addresses that no client can have"},
    {IN_VPN("listen"), "write \"listen ENDPOINT...|off\""},
    {IN_VPN("listen udp"), "a port is a number"},
    {IN_VPN("listen off; listen 1194"), "listen is either off or at endpoints"},
    {IN_VPN("listen 1194; listen off"), "listen is either off or at endpoints"},
    {IN_VPN("listen 1194 1194"), "port 1194 is taken twice"},
    {IN_VPN("route"), "write \"route NETWORK [nat|route]\""},
    {IN_VPN("route 10.0.0.0/8 nat 10.0.0.1"), "\"10.0.0.1\" is one word too many"},
    {IN_VPN("route office"), "\"office\" is not a network: write 192.168.10.0/24"},
    {IN_VPN("route 192.168.10.1/24"), "no bits set past the prefix"},
    {IN_VPN("route 192.168.10.0/24 masquerade"), "stands nat or route, not \"masquerade\""},
    {IN_VPN("route 192.168.10.0 255.255.255.0"), "stands nat or route, not \"255.255.255.0\""},
    {IN_VPN("route 0.0.0.0/0"), "everything goes through the VPN where there is no route line"},
    {IN_VPN("route ::/0"), "everything goes through the VPN where there is no route line"},
    {IN_VPN("route 127.0.0.1"), "these addresses are each machine's own, or nobody's"},
    {IN_VPN("route fe80::/10"), "these addresses are each machine's own, or nobody's"},
    {IN_VPN("route 10.0.0.1; route 10.0.0.1/32 route"), "this network has a route already"},
    {IN_VPN("route 10.86.1.0/24"), "1:35: clients have addresses of this network"},
    {IN_VPN("route 10.0.0.0/8"), "clients have addresses of this network"},
    {"vpn { network 10.86.0.0/20 fd00:86::/64; route fd00::/8 }", "clients have addresses of"},
    {"vpn { network 10.86.0.0/20 off; route 2001:db8::/32 }", "clients have no IPv6: network says"},
    {IN_VPN("dns"), "write \"dns system|ADDRESS...\""},
    {IN_VPN("dns none"), "\"none\" is not an IP address, or system"},
    {IN_VPN("dns 192.0.2.53:53"), "\"192.0.2.53:53\" is not an IP address"},
    {IN_VPN("dns 127.0.0.53"), "a client that asks there asks itself, or nobody"},
    {IN_VPN("dns ::1"), "a client that asks there asks itself, or nobody"},
    {IN_VPN("dns 0.0.0.0"), "a client that asks there asks itself, or nobody"},
    {IN_VPN("dns 192.0.2.1; dns 192.0.2.1"), "this resolver is there already"},
    {IN_VPN("dns 1.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4 1.0.0.5 1.0.0.6 1.0.0.7 1.0.0.8 1.0.0.9"),
     "these are more resolvers than clients ask"},
    {IN_VPN("domain *.example"), "by one name, without \"*\""},
    {IN_VPN("domain 10.0.0.1"), "10.0.0.1 is an address: a domain has a name"},
    {IN_VPN("domain a,b"), "is not a host name"},
    {IN_VPN("client_software amiga https://a.example/x"),
     "client_software is for windows, macos, linux, android or ios, not \"amiga\""},
    {IN_VPN("client_software windows"), "client_software"},
    {IN_VPN("client_software windows javascript:alert(1)"), "is neither https://"},
    {IN_VPN("client_software windows http://a.example/x"), "is neither https://"},
    {IN_VPN("client_software windows //a.example/x"), "is neither https://"},
    {IN_VPN("client_software windows \"https://a.example/a b\""), "written as %XX"},
    {IN_VPN("client_software windows /\xC3\xA4"), "written as %XX"},
    {IN_VPN("client_software windows /x abc"), "\"abc\" is not a SHA-256"},
    {IN_VPN("client_software windows /x e3b0 y"), "client_software"},
    {IN_VPN("client_to_client yes"), "client_to_client is off or on, not \"yes\""},
    {IN_VPN("clock_skew 9s"), "clock_skew goes from 10s to 10m, not \"9s\""},
    {IN_VPN("clock_skew 11m"), "clock_skew goes from 10s to 10m"},
    {IN_VPN("rekey 1s"), "rekey goes from 10s to 7d, or is off, not \"1s\""},
    {IN_VPN("ping 0"), "ping goes from 1s to 10m"},
    {IN_VPN("silence 19s"), "1:29: silence is at least twice ping"},
    {IN_VPN("ping 2m"), "1:29: silence is at least twice ping"},
    {IN_VPN("mtu 1279"), "mtu goes from 1280 to 1500, not 1279"},
    {IN_VPN("mtu 9000"), "mtu goes from 1280 to 1500"},
    {IN_VPN("legacy yes"), "legacy is off or on, not \"yes\""},
    {IN_VPN("legacy_tcp on"), "1:29: legacy_tcp is for clients that legacy lets in"},
    {IN_VPN("legacy_tcp yes"), "legacy_tcp is off or on, not \"yes\""},
    {IN_VPN("push x"), "there is no option \"push\" here; write route, dns or domain, in vpn"},
    {"vpn", "vpn needs a block"},
    {"share { openvpn builtin }", "1:17: the built-in VPN needs a network for its clients: write"},
    {"vpn { endpoint a.example }\nshare { openvpn builtin }",
     "2:17: the built-in VPN needs a netw"},
    {"share { openvpn builtin 1194 }", "\"1194\" is one word too many"},
    {"share { openvpn builtin { check 1m } }", "openvpn takes no block"},
    {IN_VPN("") "\nshare { openvpn builtin; silent 3s openvpn }", "2:36: the built-in VPN has not"},
    {IN_VPN("") "\nshare { silent 3s openvpn }", "there is no openvpn rule for the silent"},
    {IN_VPN("listen off") "\nshare { openvpn h:1194 }", "1:29: nobody could connect: by UDP"},
    {IN_VPN("legacy on; legacy_tcp on") "\nshare { openvpn h:1194 }",
     "1:40: openvpn in share leads all of OpenVPN by TCP to a back end"},
};

static void
each_mistake_is_named_where_it_is(void **state)
{
	(void)state;
	assert_each_said(wrong, COUNT(wrong));
}

static void
one_mistake_is_one_fault(void **state)
{
	(void)state;
	assert_each_is_one_fault(wrong, COUNT(wrong));
}

static void
routes_have_a_limit(void **state)
{
	struct buf text = buf_with_cap(1 << 16);

	(void)state;
	assert_true(buf_append(&text, SPAN_OF("vpn { network 10.86.0.0/20\n")));
	for (unsigned i = 0; i < 257; i++)
		assert_true(buf_printf(&text, "route 172.%u.%u.0/24\n", 16 + i / 256, i % 256));
	assert_true(buf_append(&text, SPAN_OF("}\0")));
	assert_said(&as_root, (const char *)text.data, ":258:7: these are too many routes");
	buf_free(&text);
}

static const struct allowed allowed[] = {
    {"vpn { network 10.0.0.0/8 }", NULL},
    {"vpn { network 172.31.255.248/29 fd00::/112 }", NULL},
    {"vpn { network 192.168.0.0/16 2001:db8::/32 }", NULL},
    {"vpn { network 100.64.0.0/10 }", NULL},
    {"vpn { network 172.32.0.0/20 }", "1:15: 172.32.0.0/20 is no private network"},
    {"vpn { network 203.0.113.0/24 }", "take one of 10.0.0.0/8, 172.16.0.0/12"},
    {SITE "vpn { route 10.0.0.0/8 }", "2:7: route does nothing: there is a VPN only where the"},
    {SITE "vpn { endpoint a.example; dns system; mtu 1400 }", "2:27: dns does nothing"},
    {SITE "vpn { listen off }", "listen does nothing"},
    {SITE "vpn { }", NULL},
    {SITE "vpn { ca_key rsa2048 }", NULL},
};

static void
what_is_maybe_not_meant_is_warned_of(void **state)
{
	(void)state;
	assert_each_warns(allowed, COUNT(allowed));
}

/* Clients have addresses of the network, and sockets stay open until the tunnel ends. */
static void
another_network_waits_for_a_restart(void **state)
{
	static const struct {
		const char *from, *to, *option;
	} changes[] = {
	    {SITE, VPN(""), NULL},
	    {VPN(""), SITE, NULL},
	    {VPN(""), VPN("endpoint b.example; route 10.0.0.0/16; dns system; mtu 1400"), NULL},
	    {VPN(""), SITE "vpn { network 10.86.0.0/21 }", "vpn network"},
	    {VPN(""), SITE "vpn { network 10.86.0.0/20 off }", "vpn network"},
	    {VPN(""), SITE "vpn { network 10.86.0.0/20 fd00::/64 }", "vpn network"},
	    {VPN(""), VPN("listen 1194 53"), NULL},
	    {VPN("listen 1194 53"), VPN(""), "vpn listen"},
	    {VPN(""), VPN("listen off"), "vpn listen"},
	    {VPN(""), VPN("listen 192.0.2.1:1194"), "vpn listen"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct config *from = good(changes[i].from), *to = good(changes[i].to);
		const char *option = config_needs_restart(from, to);

		if ((option == NULL) != (changes[i].option == NULL) ||
		    (option != NULL && strcmp(option, changes[i].option) != 0))
			fail_msg("%s to %s: %s", changes[i].from, changes[i].to,
				 option != NULL ? option : "none");
		config_free(from);
		config_free(to);
	}
}

static void
networks_meet_where_one_lies_in_the_other(void **state)
{
	static const struct {
		const char *a, *b;
		bool meet;
	} pairs[] = {
	    {"10.0.0.0/8", "10.86.0.0/20", true},     {"10.86.0.0/20", "10.86.15.255", true},
	    {"10.86.0.0/20", "10.86.16.0/20", false}, {"0.0.0.0/0", "192.0.2.1", true},
	    {"0.0.0.0/0", "2001:db8::/32", false},    {"::/0", "fd00::/8", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct network a, b;

		assert_true(network_parse(span_str(pairs[i].a), &a));
		assert_true(network_parse(span_str(pairs[i].b), &b));
		assert_int_equal(pairs[i].meet, config_networks_meet(&a, &b));
		assert_int_equal(pairs[i].meet, config_networks_meet(&b, &a));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_network_there_is_no_vpn),
	    cmocka_unit_test(with_a_network_all_else_has_a_default),
	    cmocka_unit_test(all_of_it_can_be_said),
	    cmocka_unit_test(the_network_by_ipv6_follows_from_the_other),
	    cmocka_unit_test(the_shared_port_is_the_vpns_unless_it_leads_elsewhere),
	    cmocka_unit_test(a_vpn_wants_control_also_without_a_port_for_it),
	    cmocka_unit_test(a_port_by_udp_is_another_than_the_same_by_tcp),
	    cmocka_unit_test(each_mistake_is_named_where_it_is),
	    cmocka_unit_test(one_mistake_is_one_fault),
	    cmocka_unit_test(routes_have_a_limit),
	    cmocka_unit_test(what_is_maybe_not_meant_is_warned_of),
	    cmocka_unit_test(another_network_waits_for_a_restart),
	    cmocka_unit_test(networks_meet_where_one_lies_in_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
