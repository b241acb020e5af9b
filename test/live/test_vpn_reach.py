"""What a client is told and given: its address, resolvers and routes; and what it may reach."""
import json
import os
import re
import shutil
from pathlib import Path

import pytest

import beyond
import harness
import rest
import vpn as machines
from beyond import PORTS, Beyond, echoes, seen_as

pytestmark = pytest.mark.root


@pytest.fixture
def far(vpn):
    """Starts a VPN with a machine behind it: far(...) is both."""
    made = []

    def start(**options):
        one = vpn(**options)
        made.append(Beyond(one))
        one.server.reload()  # it looks for ways out every few seconds, and now
        return one, made[-1]

    yield start
    for behind in made:
        behind.remove()


@pytest.fixture
def resolvers(tmp_path):
    """Gives network namespaces an /etc/resolv.conf of their own: resolvers(NAME, TEXT)."""
    made = []

    def give(name, text):
        directory = Path("/etc/netns") / name
        directory.mkdir(parents=True, exist_ok=True)
        made.append(directory)
        (directory / "resolv.conf").write_text(text)

    yield give
    for directory in made:
        shutil.rmtree(directory)
    if made and not os.listdir("/etc/netns"):
        os.rmdir("/etc/netns")


def connected(one, **device):
    client = one.client(**device)
    client.connect()
    return client


def pushed(client):
    """The options that it was told when it came last."""
    return re.findall(r"PUSH: Received control message: 'PUSH_REPLY,(.*)'",
                      client.openvpn.log)[-1].split(",")


def rule(one, action, destination, **more):
    return one.machine.good("POST", "/rules", {"scope": "user", "of": "demo", "action": action,
                                               "destination": destination, **more})["id"]


def soon(condition, what):
    """Within the second that a change may take to be in force, and a ping that is lost."""
    harness.wait_until(condition, 3 if not harness.SANITIZED else 6, what)


# --- what may be reached

def test_rules_say_what_is_reached_and_hold_at_once(far):
    one, behind = far()
    client = connected(one)
    first, second = PORTS
    assert seen_as(client, first) and seen_as(client, second) and echoes(client)

    no_web = rule(one, "deny", behind.address, protocol="tcp", port_from=first)
    soon(lambda: not seen_as(client, first, seconds=0.3), "a refusal")
    assert seen_as(client, second) and echoes(client)
    soon(lambda: client.ping(behind.address) == 3, "an answer to each ping")
    assert seen_as(client, first, address=behind.address6)

    no_echo = rule(one, "deny", "203.0.113.0/24", protocol="udp", port_from=1, port_to=65535)
    soon(lambda: not echoes(client, seconds=0.3), "a refusal of UDP")
    assert seen_as(client, second)
    soon(lambda: client.ping(behind.address) == 3, "an answer to each ping")

    no_ping = rule(one, "deny", behind.address, protocol="icmp")
    soon(lambda: client.ping(behind.address, count=1) == 0, "a refusal of ICMP")
    assert seen_as(client, second)

    (listed,) = one.machine.good("GET", "/tunnels")["items"]
    assert listed["denied"] >= 3 and listed["foreign"] == 0
    for number in (no_web, no_echo, no_ping):
        one.machine.delete(f"/rules/{number}")
    soon(lambda: seen_as(client, first, seconds=0.3) and echoes(client, seconds=0.3) and
         client.ping(behind.address, count=1) == 1, "an end of the refusals")


def test_a_rule_for_one_user_is_not_for_another(far):
    one, behind = far()
    client, other = connected(one), connected(one, user="other")
    rule(one, "deny", "0.0.0.0/0")
    soon(lambda: not seen_as(client, seconds=0.3), "a refusal")
    assert seen_as(other) == behind.gate


def test_the_server_is_reached_unless_a_rule_says_otherwise(far):
    one, _ = far(vpn="route 203.0.113.0/24")
    client = connected(one)
    assert client.ping("10.86.0.1") == 3
    number = rule(one, "deny", "10.86.0.1", protocol="icmp")
    soon(lambda: client.ping("10.86.0.1", count=1) == 0, "a refusal")
    assert seen_as(client)
    one.machine.delete(f"/rules/{number}")
    soon(lambda: client.ping("10.86.0.1", count=1) == 1, "an end of the refusal")


def test_a_route_is_told_once_whatever_rows_there_are_for_it(far):
    one, _ = far(vpn="dns 203.0.113.10\n    route 203.0.113.10/32")
    one.client()
    for port in PORTS:
        rule(one, "allow", "203.0.113.10/32", protocol="tcp", port_from=port, port_to=port)
    one.clients[0].connect()
    assert pushed(one.clients[0]).count("route 203.0.113.10 255.255.255.255") == 1


def test_what_a_rule_allows_has_a_route_and_what_none_does_is_denied(far):
    one, behind = far(vpn="route 198.51.100.0/24")
    one.machine.user("demo")
    rule(one, "allow", behind.address)
    client = connected(one)
    assert f"route {behind.address} 255.255.255.255" in pushed(client)
    assert "route 198.51.100.0 255.255.255.0" in pushed(client)
    assert not any(option.startswith("redirect-gateway") for option in pushed(client))
    assert seen_as(client) == behind.gate
    # By its own doing it sends more this way: that goes nowhere.
    harness.ip("-n", client.name, "route", "add", behind.gate + "/32", "dev", "tun0")
    assert client.ping(behind.gate, count=1) == 0


def test_nobody_asks_the_servers_neighbours_on_a_cable(far):
    """Such as the address by which clouds tell a machine its secrets."""
    one, behind = far()
    harness.ip("-n", behind.name, "addr", "add", "169.254.169.254/32", "dev", "spnear")
    harness.ip("-n", one.gate.name, "route", "add", "169.254.169.254/32", "dev", "spfar")
    client = connected(one)
    assert "1 received" in machines.run(one.gate.name, "ping", "-c1", "-W2", "169.254.169.254")
    assert client.ping("169.254.169.254", count=1) == 0


def told(one, to, *words):
    """Whether `reach` says that he may, and why."""
    said = one.server.cli("reach", "demo", to, *words, "--json", check=True)
    answer = json.loads(said.stdout)
    return answer["reached"], answer["why"]


def test_what_is_told_of_reaching_is_what_packets_find(far):
    one, behind = far(network="10.86.0.0/20 off",
                      vpn="route 198.51.100.0/24\n    dns 203.0.113.10")
    client, other = connected(one), connected(one, user="other")
    for to, reached, why in (("10.86.0.1", True, "It is this server"),
                             (other.inside, False, "another device's"),
                             (behind.address, False, "No rule names it")):
        assert (client.ping(to, count=1) == 1) == reached
        there, said = told(one, to)
        assert there == reached and why in said
    assert told(one, behind.address, "--protocol", "udp", "--port", "53")[0]
    assert not told(one, behind.address, "--protocol", "udp", "--port", "54")[0]
    assert "version of IP" in told(one, behind.address6)[1]
    for to in ("169.254.169.254", "224.0.0.1"):
        assert told(one, to) == (False, "It is of no network that anybody routes to.")
    assert told(one, "198.51.100.1") == (
        True, "The configuration routes it for everybody, and no rule says otherwise.")
    number = rule(one, "deny", "10.86.0.1")
    soon(lambda: client.ping("10.86.0.1", count=1) == 0, "a refusal")
    assert told(one, "10.86.0.1") == (False, f"Rule {number} denies 10.86.0.1/32.")
    for user in ("demo", "other"):
        one.machine.patch(f"/users/{user}", {"policy": {"client_to_client": True}})
    harness.wait_until(lambda: client.ping(other.inside, count=1) == 1, what="an answer")
    assert told(one, other.inside)[0]


# --- as whom

def test_rules_say_as_whom_a_client_is_seen(far):
    """Of what is behind the server it reaches one as itself, the other as the server."""
    one, behind = far()
    second = "203.0.113.20"
    harness.ip("-n", behind.name, "addr", "add", second + "/24", "dev", "spnear")
    harness.ip("-n", behind.name, "route", "add", "10.86.0.0/20", "via", behind.gate)
    client, other = connected(one), connected(one, user="other")
    assert seen_as(client) == seen_as(client, address=second) == behind.gate
    # The first that fits decides.
    rules = [rule(one, "allow", second, way="nat"),
             rule(one, "allow", "203.0.113.0/24", protocol="tcp", port_from=PORTS[0], way="route"),
             rule(one, "allow", behind.address6, way="route")]
    soon(lambda: seen_as(client) == client.inside, "its own address")
    assert seen_as(client, address=second) == behind.gate
    assert seen_as(client, PORTS[1]) == behind.gate
    assert echoes(client) and seen_as(other) == behind.gate
    # From its first packet on, also after the tunnel, or the table, was made anew.
    client.end()
    client.connect()
    assert seen_as(client) == client.inside
    machines.run(one.gate.name, "nft", "delete", "table", "inet", "sallyport")
    one.server.reload()
    assert seen_as(client) == client.inside and seen_as(client, address=second) == behind.gate
    for number in rules:
        one.machine.delete(f"/rules/{number}")
    soon(lambda: seen_as(client) == behind.gate, "the server's address")
    soon(lambda: "ways_" not in machines.run(one.gate.name, "nft", "list", "table", "inet",
                                             "sallyport"), "no way of anybody's own")


def test_a_rule_may_hide_a_client_where_the_configuration_does_not(far):
    one, behind = far(vpn="route 203.0.113.0/24 route")
    harness.ip("-n", behind.name, "route", "add", "10.86.0.0/20", "via", behind.gate)
    one.machine.user("demo")
    rule(one, "allow", behind.address, way="nat")
    client, other = connected(one), connected(one, user="other")
    assert seen_as(client) == behind.gate
    assert seen_as(other) == other.inside
    client.end()
    harness.wait_until(lambda: "ways_" not in machines.run(
        one.gate.name, "nft", "list", "table", "inet", "sallyport"), what="an end of its ways")


# --- what it is told

def test_dns_system_is_what_the_machine_asks_and_never_itself(far, resolvers):
    one, _ = far(vpn="dns system\n    domain office.example\n    route 198.51.100.0/24")
    one.server.stop()
    resolvers(one.gate.name, "nameserver 127.0.0.53\nnameserver ::1\nnameserver 203.0.113.10\n"
                             "options edns0\n")
    one.server.start()
    rest.wait_ready(one.server)
    client = connected(one)
    told = [option for option in pushed(client) if option.startswith("dhcp-option")]
    assert told == ["dhcp-option DNS 203.0.113.10", "dhcp-option DOMAIN office.example"]
    # It can be asked, and for nothing else.
    assert "route 203.0.113.10 255.255.255.255" in pushed(client)
    assert client.ping("203.0.113.10", count=1) == 0
    assert seen_as(client, seconds=1) == ""


def test_resolvers_are_those_written_or_the_groups_own(far):
    one, _ = far(vpn="dns 203.0.113.53 2001:db8:ffff::53")
    client = connected(one)
    assert "dhcp-option DNS 203.0.113.53" in pushed(client)
    assert "dhcp-option DNS6 2001:db8:ffff::53" in pushed(client)
    client.end()
    one.machine.good("POST", "/groups", {"name": "staff", "policy": {"dns": ["203.0.113.54"]}})
    assert one.machine.patch("/users/demo", {"group": "staff"}).status == 200
    client.connect()
    told = [option for option in pushed(client) if option.startswith("dhcp-option")]
    assert told == ["dhcp-option DNS 203.0.113.54"]


def test_who_is_in_goes_on_asking_the_resolvers_that_he_was_told_of(far):
    """They change, and his system does not hear of that before he comes again."""
    one, _ = far(vpn="dns 203.0.113.53\n    route 198.51.100.0/24")
    client = connected(one)

    def denied(address):
        """Of one question there."""
        def counted():
            return one.machine.good("GET", "/tunnels")["items"][0]["denied"]
        before = counted()
        client.run("bash", "-c", f"echo > /dev/udp/{address}/53")
        client.ping("10.86.0.1", count=1)  # what was sent before is counted
        return counted() - before

    assert denied("203.0.113.53") == 0
    client.run("ip", "route", "add", "203.0.113.54", "dev", "tun0")
    assert denied("203.0.113.54") == 1
    for another in ("203.0.113.54", "203.0.113.55"):
        client.run("ip", "route", "replace", another, "dev", "tun0")
        one.server.conf.write_text(re.sub("dns .*", f"dns {another}",
                                          one.server.conf.read_text()))
        one.server.reload()
        soon(lambda: denied(another) == 0, "another resolver")
        assert denied("203.0.113.53") == 0


# --- its address

def test_a_device_has_the_same_address_again(vpn):
    one = vpn()
    clients = [one.client(user=f"user{n}") for n in range(3)]
    for client in clients:
        client.connect()
    had = [client.inside for client in clients]
    assert len(set(had)) == 3
    for client in clients:
        client.end()
    for client in reversed(clients):
        client.connect()
    assert [client.inside for client in clients] == had
    for client in clients:
        client.end()
    one.server.stop()
    one.server.start()
    rest.wait_ready(one.server)
    for client in reversed(clients):
        client.connect()
    assert [client.inside for client in clients] == had


def test_an_address_can_be_kept_for_a_device(vpn):
    """Whoever has it when its owner comes, gives way."""
    one = vpn()
    first, second = connected(one), connected(one, user="other")
    wanted = second.inside
    first.end()
    said = one.server.cli("device", "change", "demo", "laptop", "--address", wanted)
    assert said.returncode == 0, said.stderr
    first.connect()
    assert first.inside == wanted
    second.openvpn.wait_log(f"{machines.UP}(.|\\n)*{machines.UP}", 20)
    assert second.inside != wanted
    assert first.ping("10.86.0.1") == 3 and second.ping("10.86.0.1") == 3
    # Nobody else can have it, or what is no client's address.
    said = one.server.cli("device", "change", "other", "laptop", "--address", wanted)
    assert said.returncode != 0 and f"{wanted} is kept for device demo/laptop" in said.stderr
    for address in ("10.86.0.1", "10.86.0.0", "10.86.15.255", "10.87.0.2", "010.86.0.9", "fd00::9"):
        assert one.server.cli("device", "change", "other", "laptop", "--address",
                              address).returncode != 0, address


def test_who_finds_no_address_left_is_told_so(vpn):
    one = vpn(network="10.86.0.0/29")
    clients = [one.client(user=f"user{n}") for n in range(6)]
    for client in clients[:5]:
        client.connect()
    late = clients[5]
    late.connect(up=False)
    late.openvpn.wait_log("AUTH_FAILED,the server has no address left: tell your administrator")
    late.end()
    gone = {t["user_name"]: t["id"] for t in one.machine.good("GET", "/tunnels")["items"]}["user2"]
    one.machine.delete(f"/tunnels/{gone}")
    harness.wait_until(lambda: len(one.machine.good("GET", "/tunnels")["items"]) == 4, what="room")
    late.connect()
    assert late.ping("10.86.0.1") == 3
