#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../os/network.h"
#include "base/mem.h"
#include "os/forwarding.h"
#include "os/nft.h"
#include "os/sock.h"
#include "os/tun.h"
#include "role/warden_private.h"
#include "role/warden_ways.h"

#define RULES_MAX (1 << 20)

/*
 * A machine with a way out, `out`, to another machine, 192.0.2.2, that knows no way back to the
 * VPN; and one device more, `side`. It forwards nothing, and drops what would be forwarded.
 */
static pid_t other;

static void
make_other(void)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	other = fork();
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0)
			(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static int
make_machine(void **state)
{
	char command[512];

	(void)state;
	make_other();
	snprintf(command, sizeof command,
		 "ip link set lo up && ip link add out type veth peer far netns %d && "
		 "ip link add side type veth peer side2 && ip link set out up && "
		 "ip link set side up && ip addr add 192.0.2.1/24 dev out && "
		 "ip addr add 198.51.100.1/24 dev side && "
		 "ip addr add 2001:db8::1/64 dev out nodad && "
		 "ip route add default via 192.0.2.2",
		 (int)other);
	network_run(command);
	snprintf(command, sizeof command,
		 "nsenter -t %d -n sh -c 'ip link set lo up && ip link set far up && "
		 "ip addr add 192.0.2.2/24 dev far && ip addr add 2001:db8::2/64 dev far nodad'",
		 (int)other);
	network_run(command);
	return 0;
}

static int
end_machine(void **state)
{
	(void)state;
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return 0;
}

/* --- a warden with nothing but a VPN */

struct fixture {
	struct warden w;
	struct provision p;
	struct config c;
	struct vpn_route routes[2];
	char state_dir[64], name[TUN_NAME];
	int queue;
};

static struct network
net(const char *text)
{
	struct network n;

	assert_true(network_parse(span_str(text), &n));
	return n;
}

static struct address
ip(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static void
begin(struct fixture *f)
{
	struct address v4 = ip("10.86.0.1"), v6 = ip("fd86::1");

	*f = (struct fixture){.state_dir = "/tmp/forward-XXXXXX"};
	assert_non_null(mkdtemp(f->state_dir));
	f->c.state_dir = f->state_dir;
	f->c.vpn.network = net("10.86.0.0/20");
	f->c.vpn.network6 = net("fd86::/64");
	f->c.vpn.routes = f->routes;
	f->p.config = &f->c;
	f->w.running = &f->p;
	assert_ok(loop_new(&f->w.loop));
	assert_ok(nft_run("flush ruleset"));
	assert_ok(tun_make("sally%d", 1, &f->queue, f->name));
	assert_ok(tun_address(f->name, &v4, 20));
	assert_ok(tun_address(f->name, &v6, 64));
	assert_ok(tun_up(f->name, 1500));
}

static void
start(struct fixture *f)
{
	forward_begin(&f->w, f->name, &f->c.vpn.network, &f->c.vpn.network6);
}

/* One that ends without having put anything back. */
static void
start_and_crash(struct fixture *f)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		start(f);
		_exit(forward_problem(&f->w) != NULL);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static void
end(struct fixture *f)
{
	forward_end(&f->w);
	close(f->queue);
	loop_free(f->w.loop);
	assert_int_equal(nftw(f->state_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	ways_free(f->w.ways);
	free(f->w.forward);
}

static int
value_of(const char *name)
{
	int value = -1;

	assert_true(setting_read(name, &value));
	return value;
}

static void
set(const char *name, int value)
{
	struct setting s = {.value = value};

	snprintf(s.name, sizeof s.name, "%s", name);
	assert_ok(setting_write(&s));
}

static bool
is_listed(const char *text)
{
	struct buf list = buf_with_cap(RULES_MAX);

	assert_ok(nft_list(&list));
	assert_true(buf_byte(&list, '\0'));
	bool found = strstr((const char *)buf_span(&list).p, text) != NULL;
	buf_free(&list);
	return found;
}

/* Whether IPv4 packets that come in by `out` and are not for clients go no further. */
static bool
has_guard(void)
{
	return system("nft list chain inet sallyport forward | "
		      "grep -q 'nfproto ipv4 iifname \"out\" drop'") == 0;
}

/* --- packets of clients */

static uint16_t
checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
put16(uint8_t *to, uint16_t n)
{
	to[0] = (uint8_t)(n >> 8);
	to[1] = (uint8_t)n;
}

#define ECHO4 28
#define ECHO6 48

static size_t
make_echo4(const char *from, const char *to, uint8_t *p)
{
	static const uint8_t head[ECHO4] = {0x45, 0, 0,  ECHO4, 0,        1,
					    0,    0, 64, 1,     [20] = 8, [25] = 7};
	struct address a = ip(from), b = ip(to);

	memcpy(p, head, sizeof head);
	memcpy(p + 12, a.ip, 4);
	memcpy(p + 16, b.ip, 4);
	put16(p + 10, checksum(p, 20, 0));
	put16(p + 22, checksum(p + 20, 8, 0));
	return ECHO4;
}

static size_t
make_echo6(const char *from, const char *to, uint8_t *p)
{
	static const uint8_t head[ECHO6] = {
	    0x60, [5] = 8, [6] = 58, [7] = 64, [40] = 128, [45] = 7};
	struct address a = ip(from), b = ip(to);

	memcpy(p, head, sizeof head);
	memcpy(p + 8, a.ip, 16);
	memcpy(p + 24, b.ip, 16);
	put16(p + 42, checksum(p + 8, 40, 58 + 8)); /* with the pseudo-header (RFC 8200 §8.1) */
	return ECHO6;
}

/* Whether an answer comes. What the kernel knows of a connection, it goes by for a while: who asks
 * for the first time has an address of his own. */
static bool
is_answered(struct fixture *f, const char *from, const char *to)
{
	bool v6 = strchr(to, ':') != NULL;
	uint8_t packet[2048];
	size_t len = v6 ? make_echo6(from, to, packet) : make_echo4(from, to, packet);

	assert_int_equal(tun_write(f->queue, packet, len), len);
	for (int tries = 0; tries < 300; tries++) {
		ssize_t n = tun_read(f->queue, packet, sizeof packet);

		if (n == SOCK_AGAIN)
			usleep(1000);
		else if (n == (ssize_t)len && packet[v6 ? 40 : 20] == (v6 ? 129 : 0))
			return true;
	}
	return false;
}

static bool
other_reaches(const char *address)
{
	char command[200];

	snprintf(command, sizeof command, "nsenter -t %d -n ping -c1 -W1 %s >/dev/null 2>&1",
		 (int)other, address);
	return system(command) == 0;
}

/* --- tests */

static void
clients_reach_the_net_and_all_is_as_it_was_at_the_end(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
	assert_false(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	start(&f);
	assert_null(forward_problem(&f.w));
	assert_true(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	assert_true(is_answered(&f, "fd86::2", "2001:db8::2"));
	forward_end(&f.w);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
	assert_int_equal(value_of("net/ipv4/conf/all/forwarding"), 0);
	assert_int_equal(value_of("net/ipv6/conf/all/forwarding"), 0);
	assert_false(is_listed("sally"));
	end(&f);
}

static void
a_chain_that_drops_is_no_obstacle(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_ok(nft_run("table ip filter {\nchain FORWARD {\ntype filter hook forward priority "
			  "filter; policy drop;\n}\n}\ntable ip6 filter {\nchain FORWARD {\n"
			  "type filter hook forward priority filter; policy drop;\n}\n}\n"));
	start(&f);
	assert_null(forward_problem(&f.w));
	assert_true(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	assert_true(is_answered(&f, "fd86::2", "2001:db8::2"));
	end(&f);
	assert_false(is_listed("sally"));
	assert_true(is_listed("\"policy\": \"drop\""));
}

static void
what_we_cannot_open_is_said(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_ok(nft_run("table inet mine {\nchain onward {\ntype filter hook forward priority "
			  "filter; policy drop;\n}\n}\n"));
	start(&f);
	assert_non_null(forward_problem(&f.w));
	assert_non_null(strstr(forward_problem(&f.w), "chain inet mine onward drops"));
	assert_false(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	forward_end(&f.w);
	assert_null(forward_problem(&f.w));
	end(&f);
}

static void
others_are_not_forwarded_because_of_us(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	network_run("ip link set side2 up");
	start(&f);
	network_run("ip route add 203.0.113.0/24 dev side && ip addr add 203.0.113.1/24 dev side2");
	/* By way of us, from one device of ours to another. */
	char command[200];
	snprintf(command, sizeof command,
		 "nsenter -t %d -n ip route add 198.51.100.0/24 via 192.0.2.1", (int)other);
	network_run(command);
	network_run("ip neigh add 198.51.100.7 lladdr 02:00:00:00:00:07 dev side; "
		    "nft add table inet watch && nft 'add chain inet watch c { type filter hook "
		    "postrouting priority 300; }' && nft 'add rule inet watch c ip daddr "
		    "198.51.100.7 counter accept'");
	other_reaches("198.51.100.7");
	network_run("nft list chain inet watch c | grep -q 'packets 0 '");
	assert_false(other_reaches("10.86.0.2")); /* nor do they begin with clients */
	network_run("ip addr del 203.0.113.1/24 dev side2; ip link set side2 down");
	end(&f);
}

static void
nothing_is_forwarded_where_our_table_cannot_be(void **state)
{
	enum { TOO_MANY = 30000 };
	struct vpn_route *routes = mem_new(TOO_MANY * sizeof *routes);
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < TOO_MANY; i++)
		routes[i] = (struct vpn_route){.to = net("203.0.113.0/24"), .way = VPN_NAT};
	f.c.vpn.routes = routes;
	f.c.vpn.route_count = TOO_MANY;
	start(&f);
	assert_non_null(forward_problem(&f.w));
	assert_false(is_listed("sally"));
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
	assert_int_equal(value_of("net/ipv6/conf/all/forwarding"), 0);
	end(&f);
	free(routes);
}

/* As in a container that may make interfaces, but change nothing of IPv6. */
static void
where_one_ip_cannot_be_forwarded_the_other_is(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	network_run("mount --make-rprivate / && mount --bind /proc/sys/net/ipv6 /proc/sys/net/ipv6 "
		    "&& mount -o remount,bind,ro /proc/sys/net/ipv6");
	start(&f);
	assert_non_null(strstr(forward_problem(&f.w), "cannot set /proc/sys/net/ipv6/"));
	assert_true(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	assert_true(has_guard());
	network_run("umount /proc/sys/net/ipv6");
	start(&f);
	assert_null(forward_problem(&f.w));
	assert_true(is_answered(&f, "fd86::2", "2001:db8::2"));
	end(&f);
}

static void
where_all_forwards_nobody_is_kept_from_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	set("net/ipv4/conf/all/forwarding", 1);
	start(&f);
	assert_false(has_guard());
	assert_true(is_answered(&f, "10.86.0.2", "192.0.2.2"));
	end(&f);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 1);
	set("net/ipv4/conf/all/forwarding", 0);
}

static void
who_turned_it_on_meanwhile_keeps_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	start(&f);
	assert_true(has_guard());
	set("net/ipv4/conf/all/forwarding", 1);
	start(&f); /* another look */
	assert_false(has_guard());
	end(&f);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 1);
	set("net/ipv4/conf/all/forwarding", 0);
}

static void
after_a_crash_the_next_puts_it_back(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_ok(nft_run("table ip filter {\nchain FORWARD {\ntype filter hook forward priority "
			  "filter; policy drop;\n}\n}\n"));
	start_and_crash(&f);
	start_and_crash(&f);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 1);
	forward_end(&f.w); /* one without a VPN */
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
	assert_false(is_listed("sally"));
	end(&f);
}

/* After a boot, or with a file that somebody wrote, nothing is believed. */
static void
a_file_of_another_boot_is_not_believed(void **state)
{
	static const char *const texts[] = {
	    "", "\n\n", "00000000-0000-0000-0000-000000000000\nnet/ipv4/conf/out/forwarding 1 0\n"};
	struct fixture f;
	char path[128];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		begin(&f);
		snprintf(path, sizeof path, "%s/forwarding", f.state_dir);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		end(&f);
		assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
	}
}

static void
a_line_that_names_anything_else_changes_nothing(void **state)
{
	static const char lines[] = "net/ipv4/../../kernel/panic 7 0\nkernel/panic 7 0\n"
				    "net/ipv4/conf/out/forwarding\nnet/ipv4/conf/out/forwarding 1\n"
				    "net/ipv4/conf/out/forwarding 1 x\n   \nnet/ipv4 1 0";
	struct fixture f;
	char command[512];
	int before = value_of("kernel/panic");

	(void)state;
	begin(&f);
	snprintf(command, sizeof command,
		 "(cat /proc/sys/kernel/random/boot_id; printf '%s') > %s/forwarding", lines,
		 f.state_dir);
	network_run(command);
	end(&f);
	assert_int_equal(value_of("kernel/panic"), before);
	assert_int_equal(value_of("net/ipv4/conf/out/forwarding"), 0);
}

static void
clients_reach_each_other_only_where_it_says_so(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	start(&f);
	assert_false(is_answered(&f, "10.86.0.2", "10.86.0.3")); /* nobody would answer anyway */
	network_run("nft list chain inet sallyport forward | "
		    "grep -q 'iifname \"sally0\" oifname \"sally0\" drop'");
	f.c.vpn.client_to_client = true;
	start(&f);
	network_run("nft list chain inet sallyport forward | "
		    "grep -q 'iifname \"sally0\" oifname \"sally0\" accept'");
	end(&f);
}

static void
a_source_outside_is_dropped(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	start(&f);
	network_run("nft list chain inet sallyport forward | "
		    "grep -q 'iifname \"sally0\" ip saddr != 10.86.0.0/20 drop'");
	network_run("nft list chain inet sallyport forward | "
		    "grep -q 'iifname \"sally0\" ip6 saddr != fd86::/64 drop'");
	end(&f);
}

/* The other machine has a route to clients then, and may begin with them. */
static void
a_network_that_is_routed_sees_clients_as_they_are(void **state)
{
	struct fixture f;
	char command[200];

	(void)state;
	begin(&f);
	f.routes[0] = (struct vpn_route){.to = net("192.0.2.0/24"), .way = VPN_ROUTE};
	f.c.vpn.route_count = 1;
	start(&f);
	assert_null(forward_problem(&f.w));
	assert_false(is_answered(&f, "10.86.0.21", "192.0.2.2"));
	snprintf(command, sizeof command,
		 "nsenter -t %d -n ip route add 10.86.0.0/20 via 192.0.2.1", (int)other);
	network_run(command);
	assert_true(is_answered(&f, "10.86.0.21", "192.0.2.2"));
	snprintf(command, sizeof command, "nsenter -t %d -n ip route del 10.86.0.0/20", (int)other);
	network_run(command);
	/* Nothing is routed there, but a rule may name what is. */
	assert_int_equal(value_of("net/ipv4/conf/side/forwarding"), 1);
	end(&f);
}

static void
a_table_that_was_removed_comes_back(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	start(&f);
	assert_ok(nft_run("flush ruleset"));
	assert_false(is_answered(&f, "10.86.0.22", "192.0.2.2"));
	start(&f);
	assert_true(is_answered(&f, "10.86.0.23", "192.0.2.2"));
	end(&f);
}

static void
without_a_vpn_nothing_is_touched(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_ok(nft_run("table inet sallyport {\n}\n")); /* of somebody else's server */
	end(&f);
	assert_true(is_listed("\"sallyport\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clients_reach_the_net_and_all_is_as_it_was_at_the_end),
	    cmocka_unit_test(a_chain_that_drops_is_no_obstacle),
	    cmocka_unit_test(what_we_cannot_open_is_said),
	    cmocka_unit_test(others_are_not_forwarded_because_of_us),
	    cmocka_unit_test(nothing_is_forwarded_where_our_table_cannot_be),
	    cmocka_unit_test(where_one_ip_cannot_be_forwarded_the_other_is),
	    cmocka_unit_test(where_all_forwards_nobody_is_kept_from_it),
	    cmocka_unit_test(who_turned_it_on_meanwhile_keeps_it),
	    cmocka_unit_test(after_a_crash_the_next_puts_it_back),
	    cmocka_unit_test(a_file_of_another_boot_is_not_believed),
	    cmocka_unit_test(a_line_that_names_anything_else_changes_nothing),
	    cmocka_unit_test(clients_reach_each_other_only_where_it_says_so),
	    cmocka_unit_test(a_source_outside_is_dropped),
	    cmocka_unit_test(a_network_that_is_routed_sees_clients_as_they_are),
	    cmocka_unit_test(a_table_that_was_removed_comes_back),
	    cmocka_unit_test(without_a_vpn_nothing_is_touched),
	};

	return network_of_our_own() ? cmocka_run_group_tests(tests, make_machine, end_machine) : 0;
}
