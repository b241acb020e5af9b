"""What a prober learns of the VPN behind the shared port: nothing. The same is sent to a server with
it and to one without, and all that comes back is compared."""
import collections
import contextlib
import functools
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import threading
import time

import pytest

import harness
import probes
from probes import probe

pytestmark = pytest.mark.root

# Short waits, so that what they end can be seen to be ended alike.
CONFIG = """
share {
    first_byte_timeout 2s
    classify_timeout 1s
}
limits { handshake_timeout 2s }
site example.org {
    certificate %s %s
    root %s
}
"""
SKEW = 10
REPEATS = 5 if harness.SANITIZED else 20
TOLERANCE = 0.4  # seconds, of a median; what is timed to the microsecond is compared below


class Both:
    """A server with the VPN, `on`, and one without, `off`, alike in all else; `key` is a device's,
    and `capture` sees what both send."""

    def __init__(self, vpn, office, directory):
        chain, key = directory / "example.crt", directory / "example.key"
        # RSA's signatures all have one length.
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                        "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org",
                        "-keyout", str(key), "-out", str(chain)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        site = directory / "site"
        site.mkdir()
        (site / "index.html").write_text("hello\n")
        config = CONFIG % (chain, key, site)
        self.vpn = vpn(vpn=f"clock_skew {SKEW}s", config=config, site=False)
        self.on = self.vpn.server
        self.address = self.vpn.gate.address
        self.off = office(config, site=False, addresses=(self.address, "192.0.2.1"),
                          netns=self.vpn.gate.name)
        self.profile = self.vpn.profile("demo", "laptop")
        self.key = probes.Key(self.profile)
        self.answered(20)
        self.capture = probes.Capture(self.vpn.gate.outside, self.address)

    def first(self, **options):
        return probes.over_tcp(self.key.first(**options))

    def knock(self, first):
        """Whether the engine answers a first packet: only then is it known to be genuine."""
        with self.on.connect(first) as s:
            said = s.recv(1 << 16)
        return said[2:3] == b"\x40"

    def answered(self, seconds=harness.DEADLINE):
        """A first packet that the engine answered. Where it was too busy to judge one in time, that
        one is a replay from then on: a client comes again with another, and so does this."""
        def come():
            first = self.first()
            return first if self.knock(first) else None
        return harness.wait_until(come, seconds, "an answer to a genuine first packet")

    def look(self, what, server):
        return probes.look_at(self.capture, self.address, server.port, what, 5)

    def looks(self, all_probes):
        """Of each of the probes what is seen at both, in its order: (with the VPN, without)."""
        calls, orders = [], []
        for what in all_probes:
            orders.append(random.sample((0, 1), 2))
            calls += [(self.look, what, (self.on, self.off)[side]) for side in orders[-1]]
        seen = probes.all_at_once(calls)
        return [(seen[2 * i + order.index(0)], seen[2 * i + order.index(1)])
                for i, order in enumerate(orders)]

    def end(self):
        self.capture.end()


@pytest.fixture
def both(vpn, office, tmp_path):
    one = Both(vpn, office, tmp_path)
    yield one
    one.end()


def difference(seen):
    """By what could be told, of pairs of what was seen, who has the VPN; None: by nothing."""
    for part in ("said", "end", "wire"):
        on, off = (collections.Counter(getattr(pair[i], part) for pair in seen) for i in (0, 1))
        if on != off:
            return f"{part}: with the VPN {on}, without {off}"
    return None


def time_difference(seen):
    on, off = (statistics.median(pair[i].seconds for pair in seen) for i in (0, 1))
    return None if abs(on - off) < TOLERANCE else f"{on} s with the VPN, {off} s without"


def assert_alike(both, name, make, seen=None, repeats=REPEATS):
    """Nobody could tell by such probes who has the VPN. What is seen once is chance: where much goes
    on, a segment comes late, and is sent and answered again."""
    seen = seen or both.looks([make() for _ in range(repeats)])
    if difference(seen) or time_difference(seen):
        seen = both.looks([make() for _ in range(repeats)])
    assert not difference(seen), f"{name}: {difference(seen)}"
    assert not time_difference(seen), f"{name}: {time_difference(seen)}"


# --- what comes back

# The names are those of Xue et al. 2022, table 1, where they have one.
PROBES = {
    "base probe 1": lambda b: probe(b"\0\x0e\x38" + os.urandom(8) + bytes(5)),
    "base probe 2": lambda b: probe(b"\0\x0e\x38" + os.urandom(8) + bytes(4)),
    "tcp generic": lambda b: probe(b"\r\n\r\n"),
    "one zero": lambda b: probe(b"\0"),
    "two zeros": lambda b: probe(b"\0\0"),
    "epmd": lambda b: probe(b"\0\x01\x6e"),
    "ssh": lambda b: probe(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "http": lambda b: probe(b"GET / HTTP/1.0\r\n\r\n"),
    "http/2 in clear": lambda b: probe(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "tls": lambda b: probe(harness.client_hello()),
    "half of a hello": lambda b: probe(harness.client_hello()[:100]),
    "a hello's alert": lambda b: probe(b"\x16\x03\x01\0\x05\x01\0\0\x01\0"),
    "2000 random": lambda b: probe(os.urandom(2000)),
    "500 random": lambda b: probe(os.urandom(500)),
    "20000 random": lambda b: probe(os.urandom(20000)),
    "nothing": lambda b: probe(),
    "nothing and fin": lambda b: probe(half_closes=True),
    "length of a v3 reset": lambda b: probe(probes.reset_v3()[:2]),
    "three bytes of a v3 reset": lambda b: probe(probes.reset_v3()[:3]),
    "v3 reset less a byte": lambda b: probe(probes.reset_v3()[:-1]),
    "v3 reset and a byte": lambda b: probe(probes.reset_v3() + b"\0"),
    "v3 reset without a key": lambda b: probe(probes.reset_v3()),
    "shortest v3 reset": lambda b: probe(probes.reset_v3(344)),
    "longest v3 reset": lambda b: probe(probes.reset_v3(1078)),
    "v3 reset and fin": lambda b: probe(probes.reset_v3(), half_closes=True),
    "v3 reset, and on": lambda b: probe(probes.reset_v3(), os.urandom(100), pause=0.001),
    "v3 reset, then another": lambda b: probe(probes.reset_v3(), probes.reset_v3(), pause=0.02),
    "v3 reset, then a word": lambda b: probe(probes.reset_v3(), stays=0.3),
    "v3 reset, a word later": lambda b: probe(probes.reset_v3(), stays=2.5),
    "v2 reset of tls-crypt": lambda b: probe(probes.reset_v2(54)),
    "v2 reset of tls-auth": lambda b: probe(probes.reset_v2(86)),
    # With a device's key, but not as its client sends it. (A server that is busy for longer than
    # the pause has it in one, and answers it.)
    "genuine in two": lambda b: probe(*halves(b.first(), 100), pause=0.8),
    "genuine in two, by its length": lambda b: probe(*halves(b.first(), 2), pause=0.8),
    "genuine, its last byte late": lambda b: probe(*halves(b.first(), -1), pause=0.8),
    "genuine less a byte": lambda b: probe(b.first()[:-1]),
    "genuine and a byte": lambda b: probe(b.first() + b"\0"),
    "genuine, and once more at once": lambda b: probe(b.first() * 2),
    "genuine, a bit flipped": lambda b: probe(probes.flipped(b.first(), random.randrange(2840))),
    "genuine, too late": lambda b: probe(b.first(late=SKEW + 3)),
    "genuine, a day late": lambda b: probe(b.first(late=86400)),
    "genuine, too early": lambda b: probe(b.first(late=-SKEW - 100)),
    "genuine of the year 2106": lambda b: probe(b.first(late=time.time() - 0xFFFFFFFF)),
    "genuine without its length": lambda b: probe(b.key.first()),
    "genuine, seen before": lambda b: probe(b.answered()),
    "genuine, seen before, and fin": lambda b: probe(b.answered(), half_closes=True),
    "genuine, seen before, in two": lambda b: probe(*halves(b.answered(), 50)),
    "genuine, seen before, a word later": lambda b: probe(b.answered(), stays=2.5),
}


def halves(data, at):
    return data[:at], data[at:]


def test_every_probe_is_answered_as_without_the_vpn(both):
    engine = both.on.children("tunnel")
    made = [(name, make(both)) for name, make in PROBES.items() for _ in range(REPEATS)]
    seen = collections.defaultdict(list)
    for (name, _), pair in zip(made, both.looks([what for _, what in made])):
        seen[name].append(pair)
    for name, pairs in seen.items():
        assert_alike(both, name, functools.partial(PROBES[name], both), pairs)
    assert both.answered() and both.on.children("tunnel") == engine, "it was there all the time"


def flip_and_knock(both, bits):
    """Whether a first packet is answered of which some bits were flipped before, one at a time."""
    first = both.first()
    seen = both.looks([probe(probes.flipped(first, bit)) for bit in bits])
    for bit, pair in zip(bits, seen):
        if difference([pair]):
            pair, = both.looks([probe(probes.flipped(first, bit))])
        assert not difference([pair]), f"bit {bit}: {difference([pair])}"
        off = pair[1]
        assert off.said[1].startswith(b"HTTP/1.1 400 ") or off.end == "fin"
    return both.knock(first)


def test_whatever_bit_of_a_genuine_first_packet_is_flipped(both):
    """The clock's bits are among those flipped: but none of these was taken for another's. (The
    engine may once be too busy to judge in time.)"""
    size = 8 * len(both.first())
    for part in range(20):
        bits = range(5 * part, size, 100)  # every fifth of all in the end, at each place of a byte
        assert any(flip_and_knock(both, bits) for _ in range(3)), "it is a packet that was seen"


INSIDE = {
    "CONNECT": b"CONNECT example.net:443 HTTP/1.1\r\nHost: example.net:443\r\n\r\n",
    "AnyConnect": b"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "SSTP": b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n"
            b"Host: example.org\r\nContent-Length: 18446744073709551615\r\n\r\n",
    "WebSocket": b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade, close\r\n"
                 b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "connect-udp": b"GET /.well-known/masque/udp/192.0.2.6/443/ HTTP/1.1\r\nHost: example.org\r\n"
                   b"Connection: Upgrade, close\r\nUpgrade: connect-udp\r\n\r\n",
    "a page": b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    "an unknown page": b"GET /vpn HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    "the API": b"GET /api/v1/status HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    "a first packet": None,
}


def test_inside_tls_too(both):
    for what, said in INSIDE.items():
        request = said or both.first()
        on, off = (probes.inside_tls(both.address, server.port, request)
                   for server in (both.on, both.off))
        assert on == off, what
        assert on.startswith(b"HTTP/1.1 "), what


# --- what was recorded

class Recorder:
    """A middleman in the server's network: what a client sends first is kept, all is passed on."""

    def __init__(self, both):
        self.both = both
        self.first = b""
        self.listener = both.vpn.gate.socket()
        self.listener.bind(("192.0.2.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = self.both.vpn.gate.connect(self.both.on.port, "192.0.2.1", timeout=None)
                self.first = client.recv(1 << 16)
                server.sendall(self.first)
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self.copy, args=ends, daemon=True).start()

    @staticmethod
    def copy(from_, to):
        with contextlib.suppress(OSError):
            while data := from_.recv(1 << 16):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def end(self):
        self.listener.close()


def by_tcp(profile, port):
    """The profile, with one way to the server."""
    rest = re.sub(r"(?m)^remote .*\n", "", profile)
    return f"remote 192.0.2.1 {port} tcp-client\n{rest}"


def refusals(both, reason):
    return [one for one in both.vpn.machine.get("/refusals").json["items"]
            if re.search(reason, one["reason"])]


@pytest.mark.long
def test_a_stock_clients_first_packet_is_answered_once(both):
    recorder = Recorder(both)
    client = both.vpn.client(profile=by_tcp(both.profile, recorder.port))
    client.connect()
    first = recorder.first
    assert len(first) > 300 and first[2] == probes.RESET_V3
    for wait in (0, 3, SKEW):  # at last its time is over too
        time.sleep(wait)
        for what in (probe(first), probe(first, half_closes=True), probe(*halves(first, 60)),
                     probe(first[:-1]), probe(first + first), probe(first, stays=2.3)):
            assert_alike(both, f"after {wait} s", lambda: what, repeats=3)
    assert client.ping("10.86.0.1") == 3, "the tunnel itself was left alone"
    recorder.end()

    again = harness.wait_until(lambda: refusals(both, "came a second time, \\d+ seconds? after"),
                               what="a refusal of the replay")
    old = harness.wait_until(lambda: refusals(both, "clock is 1\\d seconds behind"),
                             what="a refusal of what is too old")
    for one in (again[0], old[0]):
        assert (one["user"], one["device"], one["where"]) == ("demo", "laptop", "vpn")
        assert one["address"] == both.vpn.gate.gateway
    assert len(again) == 1, "however often it came"
    said = both.on.cli("why", "demo", check=True).stdout
    assert "second time" in said and "clock_skew" in said


def test_a_clock_that_is_off_is_told_to_the_administrator_alone(both):
    assert_alike(both, "late", lambda: probe(both.first(late=3 * 3600)))
    told = harness.wait_until(lambda: refusals(both, "clock is 3 hours behind"), what="a refusal")
    assert [(one["user"], one["device"]) for one in told] == [("demo", "laptop")]


# --- beside the VPN

def test_https_is_untouched_while_clients_come_and_go(both):
    client = both.vpn.client(profile=by_tcp(both.profile, both.on.port))
    wrong, asked, over = [], [0], threading.Event()

    def visit():
        while not over.is_set():
            try:
                answer = both.on.get("/")
                asked[0] += 1
                if (answer[0], answer[2]) != (200, b"hello\n"):
                    wrong.append(answer)
            except OSError as error:
                wrong.append(error)

    with both.on.tls() as kept:
        visitor = threading.Thread(target=visit)
        visitor.start()
        for _ in range(3):
            client.connect()
            assert client.ping("10.86.0.1") == 3
            client.end()
        over.set()
        visitor.join()
        assert harness.http_get(kept)[0] == 200, "a connection from before"
    assert not wrong and asked[0] > 10


def test_while_the_engine_does_not_answer_it_is_as_if_there_were_none(both):
    pid = both.on.children("tunnel")[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert_alike(both, "stopped", lambda: probe(both.first()))
    finally:
        os.kill(pid, signal.SIGCONT)
    both.answered()
    os.kill(pid, signal.SIGKILL)
    assert_alike(both, "dead", lambda: probe(probes.reset_v3()))
    both.answered(30)


# --- by UDP

def datagrams(both):
    """What must not be answered, by name."""
    first = both.key.first()
    for bit in range(0, len(first) * 8, 11):
        yield f"bit {bit}", probes.flipped(first, bit)
    for size in (0, 1, 2, 3, 4, 13, 14, 53, 54, 100, len(first) - 1):
        yield f"{size} bytes of it", first[:size]
    yield "with its length", probes.over_tcp(first)
    yield "and a byte", first + b"\0"
    yield "too late", both.key.first(late=SKEW + 3)
    yield "too early", both.key.first(late=-SKEW - 3)
    for opcode in range(32):
        for size in (14, 54, 353, 1200):
            yield f"opcode {opcode}, {size} bytes", bytes([opcode << 3]) + os.urandom(size - 1)
    yield "v2 reset", probes.reset_v2()[2:]
    yield "v3 reset without a key", probes.reset_v3()[2:]
    yield "an unknown version of QUIC", b"\xc0\x0a\x1a\x2a\x3a\x08" + os.urandom(1300)
    yield "short header of QUIC", b"\x50" + os.urandom(60)
    yield "stun", b"\0\x01\0\0\x21\x12\xa4\x42" + os.urandom(12)
    yield "dtls", b"\x16\xfe\xfd" + bytes(8) + os.urandom(100)
    yield "wireguard", b"\x01\0\0\0" + os.urandom(144)
    for size in (1, 100, 1400):
        yield f"{size} random", os.urandom(size)


def test_by_udp_silence_is_all_that_answers(both):
    def sender():
        s = both.vpn.gate.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("192.0.2.1", both.vpn.udp))
        s.settimeout(3)
        return s

    with sender() as s:
        for _, data in datagrams(both):
            s.send(data)
        s.settimeout(1)
        with pytest.raises(TimeoutError):
            said = s.recv(2000)
            pytest.fail(f"{said.hex()} answers one of them")
    genuine = both.key.first()
    with sender() as s, sender() as other:
        s.send(genuine)
        assert s.recv(2000)[0] == 0x40, "a client's first packet is answered, once"
        for one in (s, other):
            one.send(genuine)
            one.settimeout(1)
            with pytest.raises(TimeoutError):
                one.recv(2000)


# --- time

def flips(first):
    return iter([probes.flipped(first, 8 * 60 + i) for i in range(50)] * 200).__next__


# What edge asks about is answered after some milliseconds, in which others can be measured.
WAITED_FOR = {
    "a first packet without a key": lambda b: probes.reset_v3,
    "a bit flipped": lambda b: flips(b.first()),
    "a replay": lambda b: iter([b.answered()] * 10000).__next__,
}
AT_ONCE = {
    "garbage": lambda b: lambda: b"\x01" + os.urandom(400),
    "a hello": lambda b: iter([harness.client_hello()] * 10000).__next__,
}


def odds(both, what, make):
    """What is wrong: a prober finds out by the times that these probes take."""
    where = [(both.address, server.port) for server in (both.on, both.off)]
    for tries in (150, 450):
        blocks = [probes.timed(*where, make(both), tries) for _ in range(9)]
        figures = [statistics.median(probes.auc([t[i] for t in off], [t[i] for t in on])
                                     for on, off in blocks) for i in (0, 1)]
        print(f"{what}: AUC {figures[0]:.3f} to the first byte, {figures[1]:.3f} to the end")
        if all(0.45 <= figure <= 0.55 for figure in figures):
            return ""
    return f"{what}: {figures}"


@pytest.mark.alone
@pytest.mark.plain_build
def test_time_does_not_tell(both):
    """Of two times, one of each, a prober who knows both distributions can say which is which in
    0.45 to 0.55 of the cases. The median of nine figures is taken, each of 150 tries at either, in
    turns: what runs for a moment on the processor of one of them spoils a few of the nine. Of two
    samples of one distribution it strays by 0.014 (one standard deviation). Outside of the bounds
    it is measured once more, with three times the tries, and that decides."""
    wrong = probes.all_at_once([(odds, both, *what) for what in WAITED_FOR.items()])
    wrong += [odds(both, *what) for what in AT_ONCE.items()]
    assert not any(wrong), wrong
