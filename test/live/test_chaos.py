"""Clients and back ends that do anything, by chance, while the configuration changes beneath them.

Edge must neither die nor be told of by a sanitizer, and afterwards serve as if nothing had
been. CHAOS_SECONDS and CHAOS_SEED make it longer, or another.
"""
import contextlib
import os
import random
import ssl
import struct
import threading
import time

import harness
import h2peer
from h2peer import frame, setting
from test_proxy import head_of
from test_routes import basic, hashed

SECONDS = float(os.environ.get("CHAOS_SECONDS", "6"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
CLIENTS = 12

SITE = """
limits {
    body_timeout 1s
    write_timeout 1s
}
site example.org {
    certificate self-signed
    compress all
    error_page 404 /404.html
    error_page 413 /413.html
    error_page 502 /404.html
    limit_body %(body)s
    %(more)s
    route /files/* { strip_prefix /files; root %(www)s; listing on }
    route /private/* { basic_auth "staff" { %(account)s }; proxy http://%(clear)s }
    route /tls/* { proxy https://%(tls)s { verify off; answer_timeout 1s } }
    route /h2/* { proxy http://%(h2)s { http2 on; answer_timeout 1s; idle_connections %(idle)s } }
    route /h2tls/* { proxy https://%(h2tls)s { http2 on; verify off; answer_timeout 1s } }
    route /app/* { proxy http://%(clear)s http://%(dead)s { answer_timeout 1s; balance least_connections } }
    root %(www)s
}
"""

PATHS = ["/", "/large", "/files/", "/files/large", "/files/text.html", "/files/nothing",
         "/private/x", "/tls/x", "/h2/x", "/h2tls/x", "/app/x", "/app/..;/x", "/nothing", "/413.html"]


# --- back ends

def chunks(r, count):
    return b"".join(b"%x\r\n%s\r\n" % (n, b"c" * n)
                    for n in (r.randrange(1, 20000) for _ in range(count)))


def some_answer(r):
    """Bytes that may be an answer."""
    size = r.choice([0, 1, 100, 5000, 100_000, 400_000])
    body = r.choice([b"x", b"<p>abc</p>"]) * size
    fields = r.choice([b"", b"Content-Type: text/html\r\n", b"Connection: close\r\n",
                       b"Set-Cookie: a=b\r\nVary: *\r\n", b"X-F: " + b"y" * 30000 + b"\r\n",
                       b"Trailer: X-T\r\n", b"Content-Type: text/event-stream\r\n"])
    framed = [
        b"Content-Length: %d\r\n%s\r\n%s" % (len(body), fields, body),
        b"Content-Length: %d\r\n%s\r\n%s" % (len(body) + 7, fields, body),
        b"Content-Length: %d\r\n%s\r\n%sHTTP/1.1 200 OK\r\n\r\n" % (len(body), fields, body),
        b"Transfer-Encoding: chunked\r\n%s\r\n%s0\r\n\r\n" % (fields, chunks(r, 5)),
        b"Transfer-Encoding: chunked\r\n%s\r\n%s0\r\nX-T: 1\r\n\r\n" % (fields, chunks(r, 2)),
        b"Transfer-Encoding: chunked\r\n%s\r\n%szz\r\n" % (fields, chunks(r, 2)),
        b"%s\r\n%s" % (fields, body),
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nabc",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]
    status = r.choice([200, 200, 200, 204, 206, 301, 304, 404, 413, 500, 999])
    interim = b"".join(b"HTTP/1.1 %d x\r\nLink: <a>\r\n\r\n" % r.choice([100, 102, 103])
                       for _ in range(r.choice([0, 0, 1, 40])))
    return interim + b"HTTP/1.1 %d x\r\n%s" % (status, r.choice(framed))


def say(s, r, data):
    """In pieces."""
    while data:
        n = r.choice([1, 10, 1000, 100_000, 1_000_000])
        s.sendall(data[:n])
        data = data[n:]
        if r.random() < 0.1:
            time.sleep(r.random() * 0.05)


def switch(s, r):
    s.sendall(b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    for _ in range(r.randrange(20)):
        s.sendall(os.urandom(r.randrange(1, 20000)))
        s.recv(1 << 16)


def act_h1(s, r):
    s.settimeout(3)
    rest = b""
    for _ in range(20):
        head, rest = head_of(s, rest)
        if head is None:
            return
        what = r.random()
        if b"pgrade" in head and what < 0.8:
            switch(s, r)
            return
        if what < 0.1:
            harness.reset_on_close(s)
            return
        if what < 0.15:
            time.sleep(1.5)
        elif what < 0.2:
            s.sendall(os.urandom(r.randrange(1, 100_000)))
            return
        say(s, r, some_answer(r))
        if r.random() < 0.2:
            return


def random_frame(r, encoder):
    """One that may make sense to somebody."""
    stream = r.choice([0, 1, 3, 5, 7, 9, 11, 13, 15, r.randrange(1 << 31)])
    fields = [(":status", r.choice(["200", "200", "204", "100", "103", "404", "x"])),
              *[("x-f", "y" * r.randrange(2000)) for _ in range(r.randrange(4))]]
    if r.random() < 0.3:
        fields.append(("content-length", str(r.randrange(2000))))
    if r.random() < 0.1:
        fields = [("x-trailer", "1")]
    kinds = [
        lambda: frame(h2peer.HEADERS, r.choice([4, 5, 5, 0]), stream, encoder.encode(fields)),
        lambda: frame(h2peer.DATA, r.choice([0, 1]), stream, b"d" * r.randrange(16384)),
        lambda: frame(h2peer.DATA, 8, stream, b"\x05" + b"d" * r.randrange(5, 1000)),
        lambda: h2peer.reset(stream, r.randrange(14)),
        lambda: frame(h2peer.SETTINGS, 0, 0, setting(r.randrange(1, 9), r.choice([0, 1, 1 << 16]))),
        lambda: frame(h2peer.PING, 0, 0, b"12345678"),
        lambda: frame(h2peer.GOAWAY, 0, 0, struct.pack(">II", r.randrange(20), 0)),
        lambda: h2peer.window(r.choice([0, stream]), r.choice([1, 1 << 16, 1 << 20])),
        lambda: frame(h2peer.CONTINUATION, 4, stream, encoder.encode(fields)),
        lambda: frame(r.randrange(256), r.randrange(256), stream, os.urandom(r.randrange(40))),
    ]
    weights = [30, 30, 3, 8, 4, 4, 1, 20, 1, 1]
    return r.choices(kinds, weights)[0]()


class Sink(h2peer.Peer):
    """Hears frames on a socket that is there."""

    def heed(self, kind, flags, stream, payload):
        if kind == h2peer.SETTINGS and not flags & h2peer.ACK:
            self.say(frame(h2peer.SETTINGS, h2peer.ACK))
        elif kind == h2peer.HEADERS:
            self.asked.append(stream)


def act_h2(s, r):
    peer = Sink(None, greet=False, s=s)
    peer.asked = []
    s.settimeout(3)
    peer.buffer = b""
    if harness.receive_exactly(s, 24) != h2peer.PREFACE:
        return
    s.sendall(frame(h2peer.SETTINGS, 0, 0, setting(8, r.choice([0, 1]))))
    for _ in range(200):
        peer.read_frame(0.05 * r.random())
        if peer.ended:
            return
        for stream in peer.asked:
            fields = [(":status", "200"), ("content-type", "text/html")]
            size = r.choice([0, 100, 16384])
            s.sendall(frame(h2peer.HEADERS, 4, stream, peer.encoder.encode(fields)) +
                      frame(h2peer.DATA, r.choice([0, 1, 1]), stream, b"d" * size))
        peer.asked = []
        if r.random() < 0.3:
            s.sendall(random_frame(r, peer.encoder))
        if r.random() < 0.01:
            return


# --- clients

def request_bytes(r):
    path, version = r.choice(PATHS), r.choice([b"1.1", b"1.1", b"1.1", b"1.0"])
    lines = [f"{r.choice(['GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'BREW'])} {path} HTTP/".
             encode() + version, b"Host: example.org"]
    if r.random() < 0.4:
        lines.append(b"Accept-Encoding: " + r.choice([b"gzip", b"br", b"zstd"]))
    if "private" in path:
        name, value = next(iter(basic("me", r.choice(["secret", "wrong"])).items()))
        lines.append(f"{name}: {value}".encode())
    if r.random() < 0.15:
        lines += [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: YQ=="]
    if r.random() < 0.1:
        lines.append(b"Expect: 100-continue")
    if r.random() < 0.1:
        lines.append(b"Range: bytes=0-10,100-")
    if r.random() < 0.1:
        lines.append(r.choice([b"Connection: close", b"TE: trailers", b"X: " + b"y" * 50000, b"\0"]))
    body, kind = b"", r.random()
    if kind < 0.2:
        body = b"b" * r.choice([0, 1, 1000, 200_000])
        lines.append(b"Content-Length: %d" % (len(body) + r.choice([0, 0, 0, 50])))
    elif kind < 0.4:
        lines.append(b"Transfer-Encoding: chunked")
        body = chunks(r, r.randrange(10)) + r.choice([b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n", b"g"])
    return b"\r\n".join([*lines, b"", body])


def client_h1(server, r):
    with server.tls(timeout=2) as s:
        for _ in range(r.randrange(1, 8)):
            say(s, r, request_bytes(r))
            if r.random() < 0.7:
                s.settimeout(0.3)
                with contextlib.suppress(TimeoutError):
                    for _ in range(r.randrange(1, 40)):
                        if not s.recv(r.choice([1, 1000, 1 << 16])):
                            return
                s.settimeout(2)
        if r.random() < 0.5:
            harness.reset_on_close(s)


def client_h2(server, r):
    first = r.choice([b"", setting(4, 0), setting(4, 1 << 20), setting(5, 1 << 20), setting(1, 0)])
    with h2peer.Peer(server, settings=first) as peer:
        stream = 1
        for _ in range(r.randrange(1, 150)):
            what = r.random()
            if what < 0.5:
                path = r.choice(PATHS)
                extra = [("accept-encoding", r.choice(["gzip", "br", "zstd"]))]
                if "private" in path:
                    _, value = next(iter(basic("me", r.choice(["secret", "wrong"])).items()))
                    extra.append(("authorization", value))
                fields = [(":method", r.choice(["GET", "POST", "HEAD", "CONNECT"])),
                          (":scheme", "https"), (":path", path), (":authority", "example.org"),
                          *extra]
                if fields[0][1] == "CONNECT" and r.random() < 0.9:
                    fields.insert(1, (":protocol", r.choice(["websocket", "websocket", "h2c"])))
                peer.say(peer.headers(stream, fields, end=r.random() < 0.5))
                stream += 2
            elif what < 0.8:
                peer.say(frame(h2peer.DATA, r.choice([0, 0, 1]), max(1, stream - 2 * r.randrange(1, 5)),
                               b"b" * r.choice([0, 1, 1000, 16384])))
            elif what < 0.85:
                peer.say(h2peer.reset(max(1, stream - 2 * r.randrange(1, 5))))
            elif what < 0.95:
                peer.say(h2peer.window(r.choice([0, max(1, stream - 2)]), 1 << 16))
            elif what < 0.96:
                peer.say(random_frame(r, peer.encoder))
            else:
                peer.s.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    peer.s.recv(1 << 16)
                peer.s.settimeout(2)


def run_clients(server, number, end):
    r = random.Random(SEED * 1000 + number)
    while time.monotonic() < end:
        with contextlib.suppress(OSError, AssertionError, ValueError):
            r.choice([client_h1, client_h2])(server, r)


def test_whatever_comes_edge_stays(server, backend, tmp_path):
    s = server(start=False, site=False)
    for name, size in (("large", 3_000_000), ("404.html", 200_000), ("413.html", 200_000)):
        (s.www / name).write_bytes(b"x" * size)
    (s.www / "text.html").write_text("<p>text</p>" * 5000)
    chain, key = harness.make_certificate(tmp_path, "app.example")
    seeds = random.Random(SEED)

    def start(act, alpn=None):
        def serve(c):
            with contextlib.suppress(ssl.SSLError):
                act(c, random.Random(seeds.random()))
        return backend(harness.tls_backend(chain, key, serve, alpn) if alpn else serve).at

    words = {"www": s.www, "account": hashed("secret").replace("NAME", "me"),
             "clear": start(act_h1), "tls": start(act_h1, ["http/1.1"]), "h2": start(act_h2),
             "h2tls": start(act_h2, ["h2"]), "dead": f"127.0.0.1:{harness.free_port()}"}
    variants = [SITE % {**words, "body": body, "more": more, "idle": idle} for body, more, idle in
                (("50k", "", 8), ("1m", "limit_rate 100/s burst 200", 0),
                 ("10", "limit_connections 20", 1))]
    s.write(variants[0])
    s.start()
    edge, end = s.edge_pid, time.monotonic() + SECONDS
    threads = [threading.Thread(target=run_clients, args=(s, i, end)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(seeds.random())
        s.reload(seeds.choice(variants))
    for thread in threads:
        thread.join()
    s.reload(variants[0])
    harness.wait_until(lambda: s.get("/files/text.html")[0] == 200)
    assert s.edge_pid == edge, s.log[-4000:]
