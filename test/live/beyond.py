"""What stands behind a server of the VPN: a machine in a network of its own, which tells by HTTP whom
it sees; and what is heard on a cable."""
import hashlib
import os
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import harness

PIECE = hashlib.sha256(b"any").digest() * 2048  # 64 KiB
PORTS = (7000, 7001)


def bytes_digest(pieces):
    """The SHA-256 of as many pieces, in hexadecimal."""
    digest = hashlib.sha256()
    for _ in range(pieces):
        digest.update(PIECE)
    return digest.hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def head(self, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_GET(self):
        """/ tells the client's address, /N is N pieces."""
        if self.path == "/":
            seen = self.client_address[0].removeprefix("::ffff:").encode()
            self.head(len(seen))
            self.wfile.write(seen)
            return
        pieces = int(self.path[1:])
        self.head(pieces * len(PIECE))
        for _ in range(pieces):
            self.wfile.write(PIECE)

    def do_PUT(self):
        """Tells the SHA-256 of what came."""
        left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
        while left > 0:
            some = self.rfile.read(min(left, len(PIECE)))
            digest.update(some)
            left -= len(some)
        said = digest.hexdigest().encode()
        self.head(len(said))
        self.wfile.write(said)


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET6

    def __init__(self, s, port):
        super().__init__(("::", port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = s
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", port))
        s.listen(64)

    def handle_error(self, request, client_address):
        pass


class Beyond:
    """A machine with a cable to the server's, HTTP on each of PORTS, and an echo by UDP."""
    address, address6 = "203.0.113.10", "2001:db8:ffff::10"
    gate, gate6 = "203.0.113.1", "2001:db8:ffff::1"  # the server's end

    socket = harness.Namespace.socket

    def __init__(self, vpn, mtu=1500):
        self.name = f"spb{os.getpid()}"
        self.vpn, self.servers = vpn, []
        harness.ip("netns", "add", self.name)
        harness.ip("-n", vpn.gate.name, "link", "add", "spfar", "mtu", str(mtu), "type", "veth",
                   "peer", "name", "spnear", "netns", self.name)
        for where, link, four, six in ((vpn.gate.name, "spfar", self.gate, self.gate6),
                                       (self.name, "spnear", self.address, self.address6)):
            harness.ip("-n", where, "addr", "add", four + "/24", "dev", link)
            harness.ip("-n", where, "addr", "add", six + "/64", "dev", link, "nodad")
            harness.ip("-n", where, "link", "set", link, "mtu", str(mtu), "up")
        for port in PORTS:
            self.serve(port)

    def serve(self, port):
        web = _Server(self.socket(socket.AF_INET6, socket.SOCK_STREAM), port)
        self.servers.append(web)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        datagrams = self.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        datagrams.bind(("::", port))
        threading.Thread(target=self.echo, args=(datagrams,), daemon=True).start()

    @staticmethod
    def echo(s):
        while True:
            data, peer = s.recvfrom(65536)
            s.sendto(data, peer)

    def remove(self):
        for web in self.servers:
            web.shutdown()
            web.server_close()
        harness.ip("netns", "del", self.name)


def seen_as(client, port=PORTS[0], address=Beyond.address, seconds=5):
    """As whom the machine behind sees it; empty where it is not reached."""
    host = f"[{address}]" if ":" in address else address
    return client.run("curl", "-sg", "--max-time", seconds, f"http://{host}:{port}/", check=False,
                      seconds=seconds + 10)


def echoes(client, port=PORTS[0], address=Beyond.address, seconds=1.0):
    """Whether a datagram comes back."""
    with harness.Namespace.socket(client, socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        try:
            s.sendto(b"hello", (address, port))
            return s.recv(100) == b"hello"
        except OSError:
            return False


class Capture:
    """What passes a device of a namespace from now on, as tcpdump writes it."""

    def __init__(self, netns, device, log, *words):
        self.process = harness.Process([harness.tool("tcpdump"), "-n", "-l", "-U", "--immediate-mode",
                                        "-i", device, *words], log, name="tcpdump", netns=netns)
        self.process.wait_log("listening on")

    def end(self):
        """The lines of what passed."""
        self.process.stop(seconds=3)
        return [line for line in self.process.log.splitlines() if re.match(r"\d\d:\d\d:\d\d", line)]
