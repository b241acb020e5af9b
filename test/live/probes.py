"""What probers send to a port, and all that they can see of how it answers."""
import base64
import collections
import concurrent.futures
import contextlib
import hashlib
import hmac
import os
import random
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import harness

# --- first packets of OpenVPN

RESET_V2, RESET_V3 = 0x38, 0x50
CAN_RESEND = 0x0F000001  # the first counter of a client since 2.6
STAMP = slice(13, 17)  # where in a packet the client's clock is


def over_tcp(packet):
    return struct.pack("!H", len(packet)) + packet


def reset_v2(body=14):
    return over_tcp(bytes([RESET_V2]) + os.urandom(8) + bytes(body - 9))


def reset_v3(body=353):
    """Of the right form, down to the length of a wrapped key, and made without a key."""
    return over_tcp(bytes([RESET_V3]) + os.urandom(8) + struct.pack("!II", CAN_RESEND,
                                                                    int(time.time()))
                    + os.urandom(body - 19) + struct.pack("!H", body - 54))


class Key:
    """The tls-crypt-v2 key of a profile: makes first packets as its device does."""

    def __init__(self, profile):
        pem = re.search(r"<tls-crypt-v2>.*?-----\n(.*?)-----END", profile, re.S).group(1)
        key = base64.b64decode(pem)
        self.wrapped = key[256:]
        self.cipher, self.mac = key[128:160], key[192:224]  # the half that clients send with

    def first(self, late=0, counter=CAN_RESEND):
        """A first packet that nobody has seen; the client's clock is `late` seconds behind."""
        head = bytes([RESET_V3]) + os.urandom(8) + struct.pack("!II", counter,
                                                               int(time.time() - late))
        body = bytes(5)  # nothing to acknowledge; message 0
        tag = hmac.digest(self.mac, head + body, hashlib.sha256)
        sealed = subprocess.run(["openssl", "enc", "-aes-256-ctr", "-K", self.cipher.hex(), "-iv",
                                 tag[:16].hex()], input=body, stdout=subprocess.PIPE,
                                check=True).stdout
        return head + tag + sealed + self.wrapped


def flipped(data, bit):
    flip = bytearray(data)
    flip[bit // 8] ^= 1 << bit % 8
    return bytes(flip)


# --- a prober's connection

Seen = collections.namedtuple("Seen", "said end seconds wire")

Probe = collections.namedtuple("Probe", "pieces pause stays half_closes",
                               defaults=(0.05, 0, False))


def probe(*pieces, **more):
    """Pieces are sent with a pause between; `stays` seconds after the answer, more is said;
    `half_closes`: our FIN follows at once."""
    return Probe(pieces, **more)


def send(address, port, what, wait):
    """Sends a probe and looks on until the server ends it: (what it said, how it ended, after how
    long, our port)."""
    said, end, began = b"", "open", time.monotonic()
    with socket.create_connection((address, port), timeout=wait) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours = s.getsockname()[1]
        try:
            for i, piece in enumerate(what.pieces):
                if i > 0:
                    time.sleep(what.pause)
                s.sendall(piece)
            began = time.monotonic()
            if what.half_closes:
                s.shutdown(socket.SHUT_WR)
            while some := s.recv(1 << 16):
                said += some
            end = "fin"
        except TimeoutError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            end = "reset"
        seconds = time.monotonic() - began
        if what.stays and end == "fin":
            time.sleep(what.stays)
            with contextlib.suppress(OSError):
                s.sendall(b"x")
            time.sleep(0.1)
    return said, end, seconds, ours


class Capture:
    """What comes by a network interface from one address: as `wire`, for each of our ports what
    TCP said in its packets, but for mere acknowledgements."""

    def __init__(self, interface, address):
        self.wire = collections.defaultdict(list)
        self.icmp = []
        self.udp = []
        self.ended = False
        self.address = socket.inet_aton(address)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.settimeout(0.1)
        self.socket.bind((interface, 0x0800))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                packet, where = self.socket.recvfrom(1 << 16)
                if packet[12:16] == self.address and where[2] != socket.PACKET_OUTGOING:
                    self.take(packet[: struct.unpack("!H", packet[2:4])[0]])

    def take(self, packet):
        protocol, ttl, rest = packet[9], packet[8], packet[(packet[0] & 15) * 4:]
        if protocol == socket.IPPROTO_TCP:
            self.take_tcp(ttl, rest)
        elif protocol == socket.IPPROTO_UDP:
            self.udp.append((struct.unpack("!HH", rest[:4]), rest[8:]))
        elif protocol == socket.IPPROTO_ICMP:
            self.icmp.append(rest)

    def take_tcp(self, ttl, rest):
        theirs, ours = struct.unpack("!HH", rest[:4])
        start = (rest[12] >> 4) * 4
        flags = "".join(name for i, name in enumerate("FSRPAU") if rest[13] >> i & 1)
        if flags == "A" and len(rest) == start:
            return
        kinds = tcp_options(rest[20:start]) if "S" in flags else ()
        self.wire[theirs, ours].append((flags, len(rest) - start, ttl, kinds))

    def end(self):
        self.ended = True
        self.thread.join()
        self.socket.close()


def tcp_options(data):
    """Their kinds, with what they say, but for time stamps."""
    found = []
    while data:
        kind = data[0]
        size = data[1] if kind > 1 and len(data) > 1 else 1
        found.append((kind, b"" if kind == 8 else data[2:size]))
        data = data[max(size, 1):]
    return tuple(found)


def without_date(said):
    return re.sub(rb"\r\nDate: [^\r]*", b"", said)


def tls_shape(said):
    """Of TLS records what can be compared: their types and lengths; alerts as they are."""
    shape = []
    while len(said) >= 5 and said[0] in range(20, 24):
        size = struct.unpack("!H", said[3:5])[0]
        shape.append((said[0], size, said[5:7] if said[0] == 21 and size == 2 else b""))
        said = said[5 + size:]
    return tuple(shape), without_date(said)


def look_at(capture, address, port, what, wait):
    """A probe and all that was to be seen of it, but for what differs from second to second."""
    said, end, seconds, ours = send(address, port, what, wait)
    wire = capture.wire[port, ours]
    harness.wait_until(lambda: end == "open" or any(set("FR") & set(one[0]) for one in wire), 2,
                       "the capture of its end")
    return Seen(tls_shape(said), end, seconds, tuple(capture.wire.pop((port, ours))))


def all_at_once(calls, threads=48):
    """Their results, in order."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return [one.result() for one in [pool.submit(*call) for call in calls]]


def inside_tls(address, port, request):
    """What answers within TLS."""
    raw = socket.create_connection((address, port), timeout=harness.DEADLINE)
    with harness.client_context(alpn=["http/1.1"]).wrap_socket(raw,
                                                              server_hostname="example.org") as s:
        s.sendall(request)
        with contextlib.suppress(ssl.SSLError):
            return without_date(harness.receive_all(s))
    return None


# --- time

def took(address, port, data):
    """Seconds to the first byte of the answer, and to its end; of TLS, which would wait for more,
    the first twice."""
    with socket.create_connection((address, port), timeout=harness.DEADLINE) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        s.sendall(data)
        said = s.recv(1 << 16)
        answered = ended = time.perf_counter() - began
        while said and said[0] != 22:
            said = s.recv(1 << 16)
            ended = time.perf_counter() - began
    return answered, ended


def auc(a, b):
    """How often one of `b` is above one of `a`, ties as half: 0.5 where nobody can tell them
    apart."""
    ranked = sorted([(x, 0) for x in a] + [(x, 1) for x in b])
    total = at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += (at + end + 1) / 2 * sum(side for _, side in ranked[at:end])
        at = end
    return (total - len(b) * (len(b) + 1) / 2) / (len(a) * len(b))


def timed(first, second, make, tries):
    """Times of the same probes at both, in turns and who is first by lot: (of one, of the
    other)."""
    times = {first: [], second: []}
    for _ in range(tries):
        data = make()
        for where in random.sample((first, second), 2):
            times[where].append(took(*where, data))
    return times[first], times[second]
