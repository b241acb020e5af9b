"""The control channel, as stock clients see it: it comes up by any way and by all that they can
speak, it makes new keys while packets flow, and it outlives what happens to either side."""
import contextlib
import os
import random
import re
import select
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

import harness
import vpn as vpns

pytestmark = pytest.mark.root

GATE = "10.86.0.1"
BOTH = pytest.mark.parametrize("protocol", ["udp", "tcp-client"])
# A client that makes new keys all the time.
OFTEN = "--reneg-sec", "4", "--hand-window", "3"


def device(one, protocol="udp", address="192.0.2.1", name="laptop", **more):
    """A client that goes one way alone."""
    profile = one.profile("demo", name, **more)
    port = one.udp if protocol.startswith("udp") else one.server.port
    return one.client(profile=vpns.only(profile, address, port, protocol))


def times(client, text):
    return len(re.findall(text, client.openvpn.log))


def ups(client):
    return times(client, vpns.UP)


def wait_up(client, count, seconds=30):
    harness.wait_until(lambda: ups(client) >= count, seconds, f"coming up {count} times")


def tunnels(one):
    return one.machine.good("GET", "/tunnels")["items"]


def wait_tunnels(one, count, seconds=harness.DEADLINE):
    harness.wait_until(lambda: len(tunnels(one)) == count, seconds, f"{count} tunnels")
    return tunnels(one)


class Pings:
    """Pings that go on while something happens; none may be lost."""

    def __init__(self, process, client, every="0.02"):
        self.process = process(["ping", "-n", "-i", every, GATE], netns=client.name)
        self.process.wait_log("bytes from")

    def end(self):
        """How many were answered, and which were not."""
        self.process.process.send_signal(signal.SIGINT)
        self.process.process.wait(5)
        answered = {int(number) for number in re.findall(r"icmp_seq=(\d+)", self.process.log)}
        # What was on its way when ping was told to end is not lost.
        return len(answered), sorted(set(range(1, max(answered))) - answered)


# --- the way there

class Way:
    """A way to the server by UDP over which packets get lost, come twice, and overtake each other:
    the same ones each time. It begins at `port` of the server's address."""

    def __init__(self, one, seed=1, loss=0.0, twice=0.0, late=0.0):
        self.random = random.Random(seed)
        self.loss, self.twice, self.late = loss, twice, late
        self.server = ("192.0.2.1", one.udp)
        self.port = harness.free_port()
        self.ends = []  # of now and before
        self.near = harness.socket_in(one.gate.name, socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("192.0.2.1", self.port))
        self.gate = one.gate.name
        self.client = None
        self.going = True
        self.held = []  # (when, how, packet)
        self.far = None
        self.move()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def move(self):
        """Comes out somewhere else from here on; what is on its way back arrives yet."""
        self.far = harness.socket_in(self.gate, socket.AF_INET, socket.SOCK_DGRAM)
        self.ends.append(self.far)

    def good(self):
        """From here on it is like any other."""
        self.loss = self.twice = self.late = 0.0

    def carry(self, send, packet):
        if self.random.random() < self.loss:
            return
        for _ in range(2 if self.random.random() < self.twice else 1):
            delay = 0.05 if self.random.random() < self.late else 0.0
            self.held.append((time.monotonic() + delay, send, packet))

    def deliver(self):
        now = time.monotonic()
        due = [one for one in self.held if one[0] <= now]
        self.held = [one for one in self.held if one[0] > now]
        for _, send, packet in due:
            with contextlib.suppress(OSError):
                send(packet)

    def run(self):
        while self.going:
            ready, _, _ = select.select([self.near, *self.ends], [], [], 0.005)
            for s in ready:
                with contextlib.suppress(OSError):
                    packet, peer = s.recvfrom(65536)
                    if s is self.near:
                        self.client = peer
                        self.carry(lambda p: self.far.sendto(p, self.server), packet)
                    else:
                        self.carry(lambda p: self.near.sendto(p, self.client), packet)
            self.deliver()

    def end(self):
        self.going = False
        self.thread.join()
        for s in (self.near, *self.ends):
            s.close()


@pytest.mark.parametrize("wrong", [{"loss": 0.2}, {"loss": 0.4}, {"late": 0.3}, {"twice": 0.5},
                                   {"loss": 0.1, "late": 0.2, "twice": 0.2}],
                         ids=["loss-20", "loss-40", "reorder", "duplicate", "all"])
def test_it_comes_up_over_a_bad_path(vpn, wrong):
    one = vpn()
    path = Way(one, **wrong)
    client = one.client(profile=vpns.only(one.profile("demo", "laptop"), "192.0.2.1", path.port,
                                          "udp"))
    try:
        client.connect("--server-poll-timeout", "20", up=False)
        wait_up(client, 1, 100)
        path.good()
        harness.wait_until(lambda: client.ping(GATE) == 3, 30, "an answer to each ping")
    finally:
        path.end()


class Shredder:
    """A way by TCP over which the first packet comes whole, and each byte after it by itself."""

    def __init__(self, client, target):
        self.client, self.target = client, target
        self.listener = harness.socket_in(client.name, socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(4)
        self.port = self.listener.getsockname()[1]
        self.carried = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = harness.socket_in(self.client.name, socket.AF_INET, socket.SOCK_STREAM)
                far.connect(self.target)
                for s in near, far:
                    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                far.sendall(near.recv(65536))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.shred, args=pair, daemon=True).start()

    def shred(self, source, sink):
        with contextlib.suppress(OSError):
            while some := source.recv(65536):
                for byte in some:
                    sink.send(bytes([byte]))
                self.carried += len(some)
        for s in source, sink:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def end(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_packets_may_come_byte_by_byte(vpn):
    one = vpn(vpn="route 203.0.113.0/24")
    client = device(one, "tcp-client")
    way = Shredder(client, ("192.0.2.1", one.server.port))
    profile = vpns.only(client.profile.read_text(), "127.0.0.1", way.port, "tcp-client")
    client.profile.write_text(profile)
    try:
        client.connect()
        assert client.ping(GATE) == 3
        assert way.carried > 3000
    finally:
        way.end()


@BOTH
def test_outside_may_be_ipv6(vpn, protocol):
    one = vpn(vpn6=True)
    client = device(one, protocol.replace("udp", "udp6").replace("tcp-", "tcp6-"), "2001:db8::1")
    client.connect()
    assert client.address6 in tunnels(one)[0]["from"]
    assert client.ping(GATE) == 3
    assert client.ping(one.behind) == 3


# --- what they speak

@BOTH
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_both_versions_of_tls_serve(vpn, version, protocol):
    one = vpn()
    client = device(one, protocol)
    words = ["--tls-version-max", "1.2"] if version == "1.2" else ["--tls-version-min", "1.3"]
    client.connect(*words)
    assert times(client, f"Control Channel: TLSv{version}") == 1
    assert tunnels(one)[0]["tls"] == f"TLSv{version}"
    assert client.ping(GATE) == 3


def test_each_cipher_alone_serves(vpn):
    one = vpn()
    client = device(one)
    for cipher in ("AES-128-GCM", "CHACHA20-POLY1305", "AES-256-GCM"):
        client.connect("--data-ciphers", cipher)
        assert times(client, f"Data Channel: cipher '{cipher}'")
        assert [t["cipher"] for t in wait_tunnels(one, 1)] == [cipher]
        assert client.ping(GATE) == 3
        client.end()
        wait_tunnels(one, 0)


def test_without_a_common_cipher_the_client_is_told(vpn):
    one = vpn()
    client = device(one)
    client.profile.write_text(client.profile.read_text().replace("cipher AES-256-GCM\n", ""))
    client.connect("--data-ciphers", "AES-256-CBC", up=False)
    client.openvpn.wait_log("AUTH_FAILED,no common cipher: the client has none of the server's")
    one.server.wait_log("came to nothing: no common cipher")


def older(directory, proto):
    """The stock client, which says of itself what one of that age does. It takes from us what such
    a one would: the older way to derive data keys, and terms only when it has asked for them."""
    program = Path(harness.tool("openvpn")).read_bytes()
    assert program.count(b"\0IV_PROTO=%d\n\0") == 1
    made = directory / f"openvpn-{proto}"
    made.write_bytes(program.replace(b"\0IV_PROTO=%d\n\0", b"\0IV_PROTO=%02d\n\0" % proto))
    made.chmod(0o755)
    return made


@BOTH
@pytest.mark.parametrize("proto", [2, 6], ids=["2.4", "2.5"])
def test_older_clients_have_the_older_keys(vpn, tmp_path, proto, protocol):
    one = vpn()
    client = device(one, protocol)
    client.program = older(tmp_path, proto)
    client.connect(*OFTEN)
    assert "tls-ekm" not in client.openvpn.log
    assert client.ping(GATE) == 3
    client.openvpn.wait_log("soft reset", 15)
    harness.wait_until(lambda: times(client, "Control Channel: TLS") >= 2, 10, "another key")
    assert client.ping(GATE, 100) == 100


def test_terms_that_are_longer_than_a_message_come_whole(vpn):
    routes = [f"10.{a}.{b}.0/24" for a in (91, 92) for b in range(0, 200, 4)]
    one = vpn(vpn="\n".join("route " + to for to in routes))
    client = device(one)
    client.connect()
    assert times(client, "PUSH: Received control message: 'PUSH_REPLY") > 2
    has = client.run("ip", "-4", "route", "show", "dev", "tun0")
    assert all(to in has for to in routes)
    assert client.ping(GATE) == 3


# --- new keys

@pytest.mark.long
@BOTH
def test_the_client_makes_new_keys_and_no_packet_is_lost(vpn, process, protocol):
    one = vpn()
    client = device(one, protocol)
    client.connect(*OFTEN)
    pings = Pings(process, client, every="0.004")
    harness.wait_until(lambda: times(client, "Control Channel: TLSv1.3") >= 4, 40, "three more keys")
    time.sleep(1)
    sent, lost = pings.end()
    assert sent > 1000 and lost == []
    assert ups(client) == 1
    assert times(client, "soft reset") >= 3


@pytest.mark.long
@BOTH
def test_the_server_makes_new_keys_and_no_packet_is_lost(vpn, process, protocol):
    one = vpn(vpn="rekey 10s")
    client = device(one, protocol)
    client.connect("--verb", "4")
    pings = Pings(process, client, every="0.004")
    harness.wait_until(lambda: times(client, "Control Channel: TLSv1.3") >= 3, 40, "two more keys")
    time.sleep(2)
    sent, lost = pings.end()
    assert sent > 1000 and lost == []
    assert ups(client) == 1
    assert times(client, "dynamic tls-crypt") >= 2


# --- leaving, and coming again

@BOTH
def test_who_leaves_is_gone_at_once(vpn, protocol):
    one = vpn()
    client = device(one, protocol)
    for _ in range(4):  # and may come again as often as he likes
        client.connect()
        assert [t["device_name"] for t in tunnels(one)] == ["laptop"]
        client.openvpn.process.terminate()
        wait_tunnels(one, 0, 2)
        client.end()
    one.server.wait_log("demo/laptop is gone: the client left|it closed the connection")


def test_who_vanishes_is_gone_after_a_while(vpn):
    one = vpn(vpn="ping 1s\n    silence 4s")
    client = device(one)
    client.connect()
    client.openvpn.stop(signal.SIGKILL)
    begun = time.monotonic()
    assert len(tunnels(one)) == 1
    wait_tunnels(one, 0, 10)
    assert time.monotonic() - begun > 2
    one.server.wait_log("demo/laptop is gone: nothing was heard of it")


def test_a_client_that_is_started_again_at_its_port_has_its_place_again(vpn):
    one = vpn()
    client = device(one)
    client.profile.write_text(client.profile.read_text().replace("nobind\n", "lport 5000\n"))
    for _ in range(3):
        begun = time.monotonic()
        client.connect()
        assert time.monotonic() - begun < 8
        assert client.ping(GATE) == 3
        assert len(wait_tunnels(one, 1)) == 1
        client.openvpn.stop(signal.SIGKILL)


# --- moving

@pytest.mark.parametrize("outside", ["{address}:5100", "192.0.2.251:5200"],
                         ids=["port", "address"])
def test_a_client_behind_a_new_nat_goes_on(vpn, process, outside):
    one = vpn()
    client = device(one)
    outside = outside.format(address=client.address)
    client.connect(*OFTEN)
    harness.ip("-n", one.gate.name, "route", "add", "192.0.2.251/32", "via", client.address)
    pings = Pings(process, client)
    # The kernel keeps to what it saw first. It must neither see a packet before it knows of the NAT,
    # nor an answer on its way to the old place.
    client.run("nft", "add table ip moved; add chain ip moved sent { type filter hook output "
               f"priority raw; }}; add rule ip moved sent udp dport {one.udp} notrack; "
               "add chain ip moved came { type filter hook prerouting priority raw; }; "
               f"add rule ip moved came udp sport {one.udp} ip daddr {client.address} "
               f"udp dport != {outside.split(':')[1]} notrack")
    client.run("nft", "add chain ip moved out { type nat hook postrouting priority 100; }; "
               f"add rule ip moved out udp dport {one.udp} snat to {outside}")
    client.run("nft", "flush chain ip moved sent")
    harness.wait_until(lambda: tunnels(one)[0]["from"] == outside, what="moving")
    harness.wait_until(lambda: times(client, "soft reset") >= 2, 20, "a key made there")
    time.sleep(2)
    sent, lost = pings.end()
    assert sent > 100 and lost == []
    assert ups(client) == 1


def test_a_client_may_move_again_and_again(vpn, process):
    one = vpn()
    path = Way(one)
    client = one.client(profile=vpns.only(one.profile("demo", "laptop"), "192.0.2.1", path.port,
                                          "udp"))
    try:
        client.connect()
        pings = Pings(process, client)
        for _ in range(10):
            before = tunnels(one)[0]["from"]
            path.move()
            harness.wait_until(lambda was=before: tunnels(one)[0]["from"] != was, what="moving")
        _, lost = pings.end()
        assert lost == []
        assert ups(client) == 1
    finally:
        path.end()


@pytest.mark.long
@BOTH
def test_a_machine_that_roams_has_its_place_wherever_it_comes_from(vpn, protocol):
    """Of what it leaves behind nobody hears: its former connection seems to be there still."""
    one = vpn(vpn="route 203.0.113.0/24")
    client = device(one, protocol)
    client.connect()
    client.run("nft", "add table ip lost; add chain ip lost out { type filter hook output "
               "priority 0; }")
    far = client.address.rsplit(".", 1)[0] + f".{4 * client.number + 5}"
    was = client.address
    for count, address in enumerate(("192.0.2.251", "192.0.2.252", "192.0.2.253"), 2):
        harness.ip("-n", one.gate.name, "route", "add", address + "/32", "via", client.address)
        client.run("ip", "addr", "add", address + "/32", "dev", "lo")
        client.run("ip", "route", "replace", "default", "via", far, "src", address)
        client.run("nft", "add rule ip lost out ip saddr", was, "drop")
        client.openvpn.process.send_signal(signal.SIGUSR1)
        wait_up(client, count)
        (found,) = wait_tunnels(one, 1)
        assert found["from"].startswith(address + ":")
        assert client.ping(GATE) == 3
        was = address
    assert "AUTH_FAILED" not in client.openvpn.log


# --- what happens to the server

@pytest.mark.long
@BOTH
def test_clients_come_again_to_a_server_that_was_started_again(vpn, protocol):
    one = vpn()
    client = device(one, protocol)
    client.connect()
    one.server.stop()
    one.server.start()
    wait_up(client, 2, 60)
    assert client.ping(GATE) == 3
    assert len(wait_tunnels(one, 1)) == 1


@BOTH
def test_a_reload_drops_no_tunnel(vpn, process, protocol):
    one = vpn()
    client = device(one, protocol)
    client.connect(*OFTEN)
    pings = Pings(process, client)
    for _ in range(3):
        one.server.reload()
        time.sleep(0.5)
    harness.wait_until(lambda: times(client, "soft reset") >= 1, 20, "a key made since")
    time.sleep(2)
    sent, lost = pings.end()
    assert sent > 100 and lost == []
    assert ups(client) == 1


@pytest.mark.parametrize("role", ["control", "edge"])
@BOTH
def test_tunnels_outlive_other_roles(vpn, process, role, protocol):
    one = vpn()
    client = device(one, protocol)
    client.connect(*OFTEN)
    pings = Pings(process, client)
    before = one.server.children(role)
    os.kill(before[0], signal.SIGKILL)
    harness.wait_until(lambda: one.server.children(role) not in ([], before), what="another one")
    harness.wait_until(lambda: times(client, "soft reset") >= 2, 30, "a key made since")
    time.sleep(2)
    sent, lost = pings.end()
    assert sent > 100 and lost == []
    assert ups(client) == 1
    assert len(wait_tunnels(one, 1)) == 1


@BOTH
def test_clients_come_again_when_the_engine_died(vpn, protocol):
    one = vpn(vpn="ping 1s\n    silence 4s")
    client = device(one, protocol)
    client.connect()
    os.kill(one.server.children("tunnel")[0], signal.SIGKILL)
    wait_up(client, 2, 40)
    assert client.ping(GATE) == 3
    assert len(wait_tunnels(one, 1)) == 1
