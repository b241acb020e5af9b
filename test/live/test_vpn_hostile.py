"""Hostile packets by UDP: they get no answer, leave nothing behind, and disturb nobody."""
import contextlib
import hashlib
import hmac
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

import harness
import probes

pytestmark = pytest.mark.root

THIRD, DATA = 0x58, 0x48  # CONTROL_WKC_V1 and DATA_V2, of the first key
FLOOD = int(os.environ.get("FLOOD", "60000" if harness.SANITIZED else "1000000"))
RATE = 4000 if harness.SANITIZED else 30_000  # a second
KINDS = 4  # of packets in a flood
GROWTH = (32 if harness.SANITIZED else 3) << 20
# The sanitizers keep for a while what was freed: little of it, so that growth can be seen.
KEEP_LITTLE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                               ":quarantine_size_mb=8:thread_local_quarantine_size_kb=256"}


def beginning(one):
    """How many clients there are that are not in yet."""
    metrics = one.machine.raw("GET", "/metrics").body.decode()
    return int(re.search(r"^sallyport_vpn_beginning (\d+)$", metrics, re.M)[1])


def tunnel_of(one):
    return harness.wait_until(lambda: one.server.children("tunnel"), what="the tunnel")[0]


def seconds_of(pid):
    """Of CPU that it has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Between:
    """Stands between a client and the server by UDP, in the client's network: the client's packets
    wait in `heard`, until they are sent on by say(), from one port of its own."""

    def __init__(self, one, client):
        self.to = ("192.0.2.1", one.udp)
        self.port = harness.free_port()
        self.inside = harness.socket_in(client.name, socket.AF_INET, socket.SOCK_DGRAM)
        self.inside.bind(("127.0.0.1", self.port))
        self.outside = harness.socket_in(client.name, socket.AF_INET, socket.SOCK_DGRAM)
        self.outside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.outside.settimeout(0.05)
        self.client = None
        self.heard = queue.Queue()
        self.told = []  # all that the client was sent
        self.ended = False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        self.inside.settimeout(0.1)
        while not self.ended:
            with contextlib.suppress(OSError):
                data, self.client = self.inside.recvfrom(4096)
                self.heard.put(data)

    def say(self, data):
        self.outside.sendto(data, self.to)

    def answers(self, seconds=0.5):
        """All that comes back within that time."""
        found, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                found.append(self.outside.recv(4096))
        return found

    def next_of(self, first):
        """The client's next packet that begins so."""
        while True:
            data = self.heard.get(timeout=harness.DEADLINE)
            if data[0] == first:
                return data

    def tell(self, answers):
        self.told += answers
        for data in answers:
            self.inside.sendto(data, self.client)

    def forward(self, seconds, until=lambda: False):
        """Both ways, as if it were not there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            while not self.heard.empty():
                self.say(self.heard.get())
            self.tell(self.answers(0.02))

    def end(self):
        self.ended = True
        self.thread.join()
        self.inside.close()
        self.outside.close()


@pytest.fixture
def between():
    made = []

    def make(one, client):
        made.append(Between(one, client))
        return made[-1]

    yield make
    for each in made:
        each.end()


def come_up(middle, running, times=1):
    done = "Initialization Sequence Completed"
    middle.forward(40, lambda: running.log.count(done) >= times)
    assert running.log.count(done) == times, running.log


def address_of(one):
    (found,) = one.machine.good("GET", "/tunnels")["items"]
    return found["from"]


def connect_through(client, middle, *words):
    """What goes from there to the server does not go through the tunnel, which leads there."""
    client.profile.write_text(re.sub(r"^remote .*\n", "", client.profile.read_text(), flags=re.M))
    return client.connect("--remote", "127.0.0.1", middle.port, "udp", "--route", "192.0.2.1",
                          "255.255.255.255", "net_gateway", *words, up=False)


def all_flips(data):
    """With a pause from time to time, so that none is lost for want of room."""
    for bit in range(8 * len(data)):
        if bit % 64 == 63:
            time.sleep(0.002)
        yield probes.flipped(data, bit)


def test_no_bit_of_a_handshake_can_be_flipped(vpn, between):
    """Neither of the first packet nor of the third: no answer and no state; and then the genuine
    one is taken."""
    one = vpn()
    client = one.client()
    middle = between(one, client)
    running = connect_through(client, middle)
    first = middle.next_of(probes.RESET_V3)
    for data in all_flips(first):
        middle.say(data)
    assert middle.answers() == []
    assert beginning(one) == 0
    middle.say(first)
    answer = middle.answers()
    assert [data[0] for data in answer] == [0x40] and len(answer[0]) < len(first)
    assert beginning(one) == 0  # answered, and nothing kept
    middle.tell(answer)
    third = middle.next_of(THIRD)
    for data in all_flips(third):
        middle.say(data)
    assert middle.answers() == []
    assert beginning(one) == 0
    middle.say(third)
    answer = middle.answers()
    assert answer and beginning(one) == 1
    middle.tell(answer)
    come_up(middle, running)
    assert beginning(one) == 0


def test_how_far_a_clock_may_be_off_follows_a_reload(vpn, between):
    one = vpn(vpn="clock_skew 10s")
    client = one.client()
    middle = between(one, client)
    connect_through(client, middle)
    first = middle.next_of(probes.RESET_V3)
    time.sleep(12)
    middle.say(first)
    assert middle.answers() == []
    one.server.conf.write_text(one.server.conf.read_text().replace("clock_skew 10s", ""))
    one.server.reload()
    harness.wait_until(lambda: middle.say(first) or middle.answers(0.1), what="an answer")


# --- of those who are in

def test_a_handshake_of_before_takes_nobodys_place(vpn, between):
    """Sent once more from the same address, where its client has begun anew meanwhile."""
    one = vpn(workers=1)  # both of whose sessions are one worker's
    client = one.client()
    middle = between(one, client)
    running = connect_through(client, middle)
    middle.say(middle.next_of(probes.RESET_V3))
    middle.tell(middle.answers())
    third = middle.next_of(THIRD)
    middle.say(third)
    come_up(middle, running)
    running.stop(signal.SIGKILL)
    time.sleep(1)  # stamps are whole seconds
    come_up(middle, connect_through(client, middle))
    taken = "another connection began at its address"
    before = one.server.log.count(taken)  # its own former one's
    middle.say(third)
    middle.forward(1)
    assert one.server.log.count(taken) == before
    assert address_of(one)


def test_an_old_address_is_kept_until_the_new_one_is_authentic(vpn, between):
    """CVE-2020-11810: whose packet it seems to be is told by its number alone."""
    one = vpn()
    client = one.client()
    middle = between(one, client)
    come_up(middle, connect_through(client, middle))
    middle.forward(1)
    ours = "%s:%d" % (client.address, middle.outside.getsockname()[1])
    assert address_of(one) == ours
    elsewhere = harness.socket_in(client.name, socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere.settimeout(0.5)
    pinging = threading.Thread(target=client.ping, args=("10.86.0.1", 1))
    pinging.start()
    packet = middle.next_of(DATA)
    for data in all_flips(packet):
        elsewhere.sendto(data, middle.to)
    for cut in range(1, len(packet)):
        elsewhere.sendto(packet[:cut], middle.to)
    assert address_of(one) == ours
    with pytest.raises(TimeoutError):
        elsewhere.recv(4096)
    middle.say(packet)
    middle.forward(0.5)
    elsewhere.sendto(packet, middle.to)  # as it was before: it is authentic, and a replay
    assert address_of(one) == ours
    pinging.join()
    pinging = threading.Thread(target=client.ping, args=("10.86.0.1", 1))
    pinging.start()
    elsewhere.sendto(middle.next_of(DATA), middle.to)
    theirs = "%s:%d" % (client.address, elsewhere.getsockname()[1])
    harness.wait_until(lambda: address_of(one) == theirs)
    pinging.join()
    elsewhere.close()


@pytest.mark.long
def test_no_number_comes_again_over_new_keys_and_a_restart(vpn, between):
    """The keep-alives, which are alike inside, are all different outside."""
    one = vpn(vpn="ping 1s\n    silence 8s")
    client = one.client()
    middle = between(one, client)
    running = connect_through(client, middle, "--reneg-sec", "5", "--hand-window", "4")
    sealed, keys = set(), 0
    for life in range(2):
        if life > 0:
            os.kill(tunnel_of(one), 9)
        come_up(middle, running, life + 1)
        middle.told = []
        middle.forward(14)
        last = {}
        for data in middle.told:
            if data[0] & 0xF8 == DATA:
                key, number = data[0] & 7, struct.unpack("!I", data[4:8])[0]
                assert number > last.get(key, 0)
                last[key] = number
                assert data[8:] not in sealed
                sealed.add(data[8:])
        keys += len(last)
    assert keys >= 4 and len(sealed) >= 20, (keys, len(sealed))


# --- floods

def addressed(source, port, to, data):
    """The packet with heads of UDP and IP before it; the kernel adds the sum of the latter."""
    udp = struct.pack("!4H", port, to[1], 8 + len(data), 0) + data
    return struct.pack("!2B3H2BH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                       source, socket.inet_aton(to[0])) + udp


def nowhere(i):
    """One of 60,000 addresses, all over the world."""
    return bytes([11 + i % 100, i // 100 % 100, i // 10000 % 6, 1 + i % 200])


class Flood(threading.Thread):
    """Sends packets that `make` makes from made-up addresses, and counts what it sent."""

    def __init__(self, one, client, make, count, rate=None):
        super().__init__(daemon=True)
        self.socket = harness.socket_in(client.name, socket.AF_INET, socket.SOCK_RAW,
                                        socket.IPPROTO_RAW)
        self.to, self.make, self.count, self.rate = ("192.0.2.1", one.udp), make, count, rate
        self.sent = 0

    def run(self):
        began = time.monotonic()
        while self.sent < self.count:
            for i in range(self.sent, min(self.sent + 100, self.count)):
                with contextlib.suppress(OSError):  # no room: as good as lost
                    self.socket.sendto(addressed(nowhere(i), 1024 + i % 60000, self.to,
                                                 self.make(i)), self.to)
            self.sent = min(self.sent + 100, self.count)
            ahead = self.sent / self.rate - (time.monotonic() - began) if self.rate else 0
            time.sleep(max(ahead, 0))
        self.socket.close()


def recorded(one, client, middle):
    """First and third packet of a client that has come up by them."""
    running = connect_through(client, middle)
    middle.say(first := middle.next_of(probes.RESET_V3))
    middle.tell(middle.answers(0.3))
    middle.say(third := middle.next_of(THIRD))
    come_up(middle, running)
    client.end()
    return first, third


@pytest.mark.long
def test_a_million_spoofed_resets_leave_nothing_and_disturb_nobody(vpn, between):
    """Random ones; of the right form, without a key; a recorded first packet; and a genuine third
    one, which answers nothing that was sent to where it comes from."""
    one = vpn(env=KEEP_LITTLE)
    live, thief = one.client(), one.client(device="phone")
    first, third = recorded(one, thief, between(one, thief))
    harness.wait_until(lambda: beginning(one) == 0)
    live.connect()
    noise, shaped = os.urandom(1 << 16), probes.reset_v3()[2:]

    def make(i):
        kind, at = i % KINDS, i * 7 % 60000
        if kind == 0:
            return b"\x50" + noise[at:at + 60 + i % 700]
        if kind == 1:
            return shaped[:1] + noise[at:at + 8] + shaped[9:17] + noise[at:at + 32] + shaped[49:]
        return first if kind == 2 else third

    def flood(count):
        thread = Flood(one, live, make, count, rate=RATE)
        thread.start()
        return thread

    pid = tunnel_of(one)
    flood(FLOOD // 20).join()
    before, used, sent, answered = one.server.memory(pid), seconds_of(pid), 0, 0
    thread = flood(FLOOD)
    while thread.is_alive():
        sent += 20
        answered += live.ping("10.86.0.1", count=20)
    print(f"{answered} of {sent} pings, {one.server.memory(pid) - before} bytes more, "
          f"{1e6 * (seconds_of(pid) - used) / FLOOD:.1f} us each")
    assert answered >= 0.9 * sent  # there is one CPU for it, at worst
    assert tunnel_of(one) == pid
    assert one.server.memory(pid) - before < GROWTH
    assert beginning(one) == 0
    assert "SIGUSR1" not in live.openvpn.log  # it has not begun anew
    late = one.client(device="tablet")
    late.connect()
    assert late.ping("10.86.0.1") == 3


def many_firsts(key, count, counter):
    """First packets that nobody has seen, of as many sessions: enciphered all at once, as a block
    of the counter's cipher is that of the plain one."""
    body, packets = bytes(5), []
    for _ in range(count):
        head = bytes([probes.RESET_V3]) + os.urandom(8) + struct.pack("!II", counter,
                                                                     int(time.time()))
        packets.append((head, hmac.digest(key.mac, head + body, hashlib.sha256)))
    blocks = subprocess.run(["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", key.cipher.hex()],
                            input=b"".join(tag[:16] for _, tag in packets),
                            stdout=subprocess.PIPE, check=True).stdout
    return [head + tag + blocks[16 * i:16 * i + 5] + key.wrapped
            for i, (head, tag) in enumerate(packets)]


def test_a_stolen_profile_takes_few_places(vpn):
    """Clients before 2.6 send their key once, so that state is made for whoever says he is one:
    from anywhere, since nobody knows whether he receives there."""
    one = vpn()
    live, thief = one.client(), one.client(device="phone")
    key = probes.Key(thief.profile.read_text())
    firsts = many_firsts(key, 900, counter=1)
    Flood(one, thief, lambda i: firsts[i], len(firsts), rate=5000).run()
    harness.wait_until(lambda: beginning(one) > 0)
    assert beginning(one) <= 16
    live.connect()
    assert live.ping("10.86.0.1") == 3


def test_who_claims_anothers_address_does_not_get_it(vpn):
    """A client before 2.6 need not show that he receives where he says he is."""
    one = vpn()
    live, thief = one.client(), one.client(device="phone")
    live.connect()
    before = address_of(one)
    port = int(before.rsplit(":", 1)[1])
    with harness.socket_in(thief.name, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        for data in many_firsts(probes.Key(thief.profile.read_text()), 20, counter=1):
            s.sendto(addressed(socket.inet_aton(live.address), port, ("192.0.2.1", one.udp), data),
                     ("192.0.2.1", one.udp))
    time.sleep(0.5)
    assert live.ping("10.86.0.1") == 3
    assert address_of(one) == before
    assert beginning(one) <= one.server.workers  # with a worker that knows of nobody there
    assert "SIGUSR1" not in live.openvpn.log


def test_who_can_send_his_key_again_is_kept_nowhere(vpn):
    one = vpn()
    thief = one.client()
    key = probes.Key(thief.profile.read_text())
    firsts = many_firsts(key, 900, probes.CAN_RESEND)
    Flood(one, thief, lambda i: firsts[i], len(firsts), rate=5000).run()
    time.sleep(0.3)
    assert beginning(one) == 0


def test_connections_that_say_a_first_packet_and_no_more_take_few_places(vpn):
    """Over TCP they hold a key, and their address is their own."""
    one = vpn()
    client = one.client()
    firsts = many_firsts(probes.Key(client.profile.read_text()), 100, probes.CAN_RESEND)
    with contextlib.ExitStack() as stack:
        for data in firsts:
            s = stack.enter_context(harness.socket_in(client.name, socket.AF_INET,
                                                      socket.SOCK_STREAM))
            s.settimeout(harness.DEADLINE)
            s.connect(("192.0.2.1", one.server.port))
            s.sendall(probes.over_tcp(data))
        harness.wait_until(lambda: beginning(one) > 0)
        time.sleep(0.5)
        assert beginning(one) <= 16
    harness.wait_until(lambda: beginning(one) == 0)
    client.connect("--proto", "tcp-client", "--remote", "192.0.2.1", one.server.port, "tcp-client")
    assert client.ping("10.86.0.1") == 3
