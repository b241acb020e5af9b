"""What goes through the tunnel: which way it takes, as whom it arrives, and that it arrives whole."""
import concurrent.futures
import hashlib
import re

import pytest

import beyond
import harness
import rest
import vpn as machines
from beyond import Beyond, echoes, seen_as
from vpn import only

pytestmark = pytest.mark.root

PIECES = 320 if harness.SANITIZED else 1280  # of 64 KiB: 80 MiB


@pytest.fixture
def far(vpn):
    """Starts a VPN with a machine behind it: far(...) is both."""
    made = []

    def start(mtu=1500, **options):
        one = vpn(**options)
        made.append(Beyond(one, mtu=mtu))
        one.server.reload()  # it looks for ways out every few seconds, and now
        return one, made[-1]

    yield start
    for behind in made:
        behind.remove()


def connected(one, protocol="udp", user="demo", device="laptop"):
    """A client that is up, by this protocol alone."""
    port, word = (one.udp, "udp") if protocol == "udp" else (one.server.port, "tcp-client")
    client = one.client(profile=only(one.profile(user, device), "192.0.2.1", port, word))
    client.connect()
    return client


def way_of(client, address):
    """The device by which a client sends there."""
    said = client.run("ip", "route", "get", address, check=False)
    found = re.search(r" dev (\S+)", said)
    return found and found.group(1)


def cable_of(client):
    """The server's end of it; it has IPv6 as well, and leads everywhere."""
    return f"spw{client.number}"


def inside6(client):
    return re.search(r"inet6 (fd\S+)/", client.run("ip", "-6", "addr", "show", "tun0")).group(1)


# --- which way

def test_without_routes_all_goes_through_the_tunnel(far):
    one, behind = far()
    client = one.client()
    client.connect()
    assert way_of(client, behind.address) == "tun0"
    assert way_of(client, behind.address6) == "tun0"
    heard = beyond.Capture(one.gate.name, cable_of(client), one.directory / "cable.log",
                           "(ip and not host 192.0.2.1) or (ip6 and not net fe80::/10 and "
                           "not net ff00::/8)")
    assert seen_as(client) == behind.gate
    assert seen_as(client, address=behind.address6) == behind.gate6
    assert echoes(client)
    assert heard.end() == []


def test_what_the_tunnel_does_not_carry_of_ipv6_is_not_leaked(far):
    one, behind = far(network="10.86.0.0/20 off")
    client = one.client()
    client.connect()
    assert way_of(client, behind.address6) != f"spv{client.number}"
    heard = beyond.Capture(one.gate.name, cable_of(client), one.directory / "cable.log",
                           "ip6 and not net fe80::/10 and not net ff00::/8")
    assert client.ping(behind.address6, count=1) == 0
    assert seen_as(client, address=behind.address6) == ""
    assert seen_as(client) == behind.gate
    assert heard.end() == []


def test_with_routes_only_these_go_through_it(far):
    one, behind = far(vpn="route 203.0.113.0/24\n    route 2001:db8:ffff::/64")
    client = one.client()
    client.connect()
    assert seen_as(client) == behind.gate
    assert seen_as(client, address=behind.address6) == behind.gate6
    assert way_of(client, "198.51.100.1") == f"spv{client.number}"
    assert way_of(client, "2001:db8:3::1") == f"spv{client.number}"


def test_a_route_without_nat_shows_the_clients_own_address(far):
    one, behind = far(vpn="route 203.0.113.0/24 route\n    route 2001:db8:ffff::/64 route")
    client = connected(one)
    six = inside6(client)
    harness.ip("-n", behind.name, "route", "add", "10.86.0.0/20", "via", behind.gate)
    harness.ip("-n", behind.name, "route", "add", "fd00::/8", "via", behind.gate6)
    assert seen_as(client) == client.inside
    assert seen_as(client, address=behind.address6) == six
    # And from there the client can be reached.
    assert "1 received" in machines.run(behind.name, "ping", "-c1", "-W2", client.inside)


def test_with_nat_nobody_begins_with_a_client(far):
    one, behind = far(vpn="route 203.0.113.0/24 nat")
    client = connected(one)
    harness.ip("-n", behind.name, "route", "add", "10.86.0.0/20", "via", behind.gate)
    assert seen_as(client) == behind.gate
    assert "0 received" in machines.run(behind.name, "ping", "-c1", "-W1", client.inside,
                                        check=False)


def test_docker_lets_clients_through_by_the_chain_it_leaves_to_others(far):
    one, _ = far()
    one.server.stop()
    rules = one.directory / "docker.nft"
    rules.write_text("table ip filter {\n chain DOCKER-USER {\n counter return\n }\n chain FORWARD "
                     "{\n type filter hook forward priority filter; policy drop;\n counter jump "
                     "DOCKER-USER\n }\n}\n")
    machines.run(one.gate.name, "nft", "-f", rules)
    one.server.start()
    rest.wait_ready(one.server)
    client = connected(one)
    assert seen_as(client) == Beyond.gate
    said = machines.run(one.gate.name, "nft", "list", "chain", "ip", "filter", "DOCKER-USER")
    assert said.count("sally0") == 2
    client.end()
    one.server.stop()
    assert "sally0" not in machines.run(one.gate.name, "nft", "list", "ruleset")


# --- as whom

def test_what_has_anothers_address_is_dropped_and_counted(far):
    one, behind = far()
    client, other = connected(one), connected(one, user="other")
    harness.ip("-n", client.name, "addr", "add", other.inside + "/32", "dev", "tun0")
    harness.ip("-n", client.name, "addr", "add", "fd00::bad/128", "dev", "tun0", "nodad")
    heard = beyond.Capture(one.gate.name, "any", one.directory / "forged.log",
                           f"icmp and src {other.inside} or icmp6 and src fd00::bad")
    for forged, to in ((other.inside, behind.address), (other.inside, "10.86.0.1"),
                       ("fd00::bad", behind.address6)):
        client.run("ping", "-n", "-c", 2, "-i", "0.1", "-W", "1", "-I", forged, to, check=False)
    assert heard.end() == []
    listed = {t["user_name"]: t for t in one.machine.good("GET", "/tunnels")["items"]}
    assert listed["demo"]["foreign"] == 6
    assert listed["other"]["foreign"] == 0
    assert client.ping(behind.address) == 3


def test_clients_reach_each_other_only_where_that_is_on(far):
    one, _ = far()
    first, second = connected(one), connected(one, "tcp", user="other")
    six = inside6(second)
    assert first.ping(second.inside, count=1) == 0
    assert first.ping(six, count=1) == 0
    text = one.server.conf.read_text()
    one.server.conf.write_text(text.replace("vpn {", "vpn {\n    client_to_client on"))
    one.server.reload()
    harness.wait_until(lambda: first.ping(second.inside, count=1) == 1, what="a ping across")
    assert second.ping(first.inside) == 3
    assert first.ping(six) == 3
    assert second.ping(second.inside) == 3  # it is there that it stays
    one.server.conf.write_text(text)
    one.server.reload()
    harness.wait_until(lambda: first.ping(second.inside, count=1) == 0, what="no ping across")


# --- whole

def carry(client, address=Beyond.address, pieces=PIECES):
    """As much in both directions, one after the other; fails unless it comes as it went."""
    expected = beyond.bytes_digest(pieces)
    url = f"http://{address}:{beyond.PORTS[0]}/{pieces}"
    file = client.directory / f"{client.name}.bytes"
    client.run("curl", "-s", "--max-time", 170, "-o", file, url, seconds=180)
    with file.open("rb") as f:
        assert hashlib.file_digest(f, "sha256").hexdigest() == expected
    assert client.run("curl", "-s", "--max-time", 170, "-T", file, url, seconds=180) == expected
    file.unlink()


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_much_is_carried_whole_both_ways(far, protocol):
    one, _ = far()
    carry(connected(one, protocol))


def test_two_clients_carry_at_once(far):
    one, _ = far()
    clients = connected(one), connected(one, "tcp", user="other")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(carry, client, pieces=PIECES // 4) for client in clients]:
            done.result()


@pytest.mark.long
def test_twenty_clients_come_at_once(far):
    one, _ = far()
    ways = (one.udp, "udp"), (one.server.port, "tcp-client")
    clients = [one.client(profile=only(one.profile(f"user{n}", "laptop"), "192.0.2.1", *ways[n % 2]))
               for n in range(20)]
    for client in clients:
        client.connect(up=False)
    for client in clients:
        client.openvpn.wait_log(machines.UP, 60)
    assert len({client.inside for client in clients}) == 20
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pings = [pool.submit(client.ping, Beyond.address, 20) for client in clients]
    assert [p.result() for p in pings] == [20] * 20
    assert len(one.machine.good("GET", "/tunnels?limit=50")["items"]) == 20


def test_without_offloads_all_of_it_is_carried_as_well(far):
    """What the kernel does of it otherwise: both ways, by both versions of IP, and whatever size."""
    one, behind = far(vpn="offload off")
    clients = connected(one), connected(one, "tcp", user="other")
    there = beyond.Capture(behind.name, "spnear", one.directory / "there.log",
                           "tcp[tcpflags] & tcp-syn != 0 and src 203.0.113.1")
    for client in clients:
        carry(client, pieces=160)
        carry(client, f"[{behind.address6}]", pieces=32)
        assert machines.ping(client.name, behind.address, 3, "-s", 8000) == 3
        assert machines.ping(client.name, behind.address6, 3, "-s", 1452, "-M", "do") == 3
    assert {int(mss) for mss in re.findall(r"mss (\d+)", "\n".join(there.end()))} == {1400, 1386}


# --- sizes

@pytest.mark.parametrize("protocol, mss", [("udp", 1400), ("tcp", 1386)])
def test_segments_of_tcp_are_told_to_fit(far, protocol, mss):
    one, behind = far()
    client = connected(one, protocol)
    there = beyond.Capture(behind.name, "spnear", one.directory / "there.log",
                           "tcp[tcpflags] & tcp-syn != 0")
    here = beyond.Capture(client.name, "tun0", one.directory / "here.log",
                          "tcp[tcpflags] & tcp-syn != 0")
    assert seen_as(client) == behind.gate
    sent, came = there.end()[0], here.end()[-1]
    assert f"mss {mss}," in sent, sent
    assert "Flags [S.]" in came and f"mss {mss}," in came, came


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_packets_of_any_size_pass(far, protocol):
    one, behind = far()
    client = connected(one, protocol)

    def passes(size, *more):
        return machines.ping(client.name, behind.address, 2, "-s", size, *more) == 2
    assert passes(1472, "-M", "do")  # 1500 inside, so cut outside
    assert passes(8000)              # cut inside
    # A cable on the way takes less from now on.
    for where, link in ((one.gate.name, f"spw{client.number}"), (client.name, f"spv{client.number}")):
        harness.ip("-n", where, "link", "set", link, "mtu", "1380")
    client.run("ping", "-c", 2, "-W", 1, "-s", 1472, "-M", "do", behind.address, check=False)
    assert passes(1472, "-M", "do")
    carry(client, pieces=160)


def test_who_sends_what_is_too_big_behind_is_told(far):
    one, behind = far(mtu=1300)
    client = connected(one)
    said = client.run("ping", "-n", "-c", 2, "-i", "0.2", "-W", 1, "-s", 1372, "-M", "do",
                      behind.address, check=False)
    assert re.search(r"Frag needed and DF set \(mtu = 1300\)", said), said
    said = client.run("ping", "-n", "-c", 2, "-i", "0.2", "-W", 1, "-s", 1352, "-M", "do",
                      behind.address6, check=False)
    assert re.search(r"Packet too big: mtu=1300", said), said
    assert machines.ping(client.name, behind.address, 2, "-s", 1372, "-M", "dont") == 2
    carry(client, pieces=160)
