"""The servers behind a reverse proxy: which is asked, which is trusted, and what when they fail."""
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

import harness
from test_proxy import (SITE, app, asked, at, curl, head_of, heads, proxied, says,  # noqa: F401
                        text)

NODE = """
const http = require('http');
http.createServer((q, a) => {
  let n = 0;
  q.on('data', (d) => n += d.length);
  q.on('end', () => {
    a.setHeader('Trailer', 'X-Sum');
    a.write(q.method + ' ' + q.url + ' ' + n);
    a.addTrailers({'X-Sum': String(n)});
    a.end();
  });
}).listen(%d, '127.0.0.1');
"""


# --- failures

@pytest.mark.parametrize("says_what, status, why", [
    (lambda s: head_of(s), 502, "closed"),
    (lambda s: (head_of(s), s.sendall(b"nonsense\r\n\r\n")), 502, "."),
    (lambda s: (head_of(s), s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")), 502, "."),
    (lambda s: (head_of(s), s.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000)), 502, "."),
    (lambda s: (head_of(s), time.sleep(3)), 504, "."),
])
def test_a_bad_server_is_told_of_and_why(server, backend, says_what, status, why):
    there = backend(says_what)
    s = proxied(server, at(there), "answer_timeout 1s")
    got, fields, page = s.get("/")
    assert got == status
    assert fields["Content-Type"].startswith("text/html") and str(status).encode() in page
    assert re.search(rf"example\.org /\*: \S*{there.port}\S*: .*{why}", s.log)
    assert s.wait_access(lambda entry: entry["status"] == status)


def test_a_server_that_is_not_there_is_a_503(server):
    port = harness.free_port()
    s = proxied(server, f"http://127.0.0.1:{port}")
    assert s.get("/")[0] == 503
    s.wait_log(rf"example\.org /\*: \S*127\.0\.0\.1:{port}: .*refused")


def test_an_answer_cut_short_is_seen_to_be(server, backend):
    def run(s):
        head_of(s)
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    s = proxied(server, at(backend(run)))
    with pytest.raises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)):
        s.get("/")
    chunked = backend(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz"))
    s.reload(f"site example.org {{\ncertificate self-signed\nproxy {at(chunked)}\n}}")
    with pytest.raises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)):
        s.get("/")


def test_a_client_that_leaves_takes_its_request_along(server, backend):
    ended = threading.Event()

    def run(s):
        head_of(s)
        if s.recv(1) == b"":
            ended.set()
    s = proxied(server, at(backend(run)))
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        time.sleep(0.3)
        harness.reset_on_close(c)
    assert ended.wait(5)


def test_a_stream_that_is_reset_takes_its_request_along_and_no_other(server, backend):
    h2_connection = pytest.importorskip("h2.connection")
    h2_events = pytest.importorskip("h2.events")
    ended = threading.Event()

    def run(s):
        head, _ = head_of(s)
        if head.startswith(b"GET /stay"):
            s.sendall(text("still here"))
        elif s.recv(1) == b"":
            ended.set()
    s = proxied(server, at(backend(run)))
    with s.tls(alpn=["h2"]) as c:
        h2 = h2_connection.H2Connection()
        h2.initiate_connection()
        for stream, path in ((1, "/leave"), (3, "/stay")):
            h2.send_headers(stream, [(":method", "GET"), (":scheme", "https"),
                                     (":authority", "example.org"), (":path", path)],
                            end_stream=True)
        c.sendall(h2.data_to_send())
        time.sleep(0.3)
        h2.reset_stream(1)
        c.sendall(h2.data_to_send())
        assert ended.wait(5)
        got = b""
        while not got:
            for event in h2.receive_data(c.recv(1 << 16)):
                if isinstance(event, h2_events.DataReceived):
                    got += event.data
        assert got == b"still here"


def test_a_body_that_is_too_large_is_refused(server, app):
    s = proxied(server, app().url, words="limit_body 1k")
    with s.tls() as c:
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2000\r\n\r\n")
        assert b" 413 " in harness.receive_until(c, b"\r\n")
    with s.tls() as c:
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"800\r\n" + b"x" * 0x800 + b"\r\n0\r\n\r\n")
        assert b" 413 " in harness.receive_until(c, b"\r\n")


def test_large_heads_pass_and_larger_ones_do_not(server, app):
    s = proxied(server, app().url)
    _, _, fields = asked(s.get("/", headers={"Cookie": "x" * 8000})[2])
    assert len(fields["cookie"][0]) == 8000
    assert s.get("/", headers={f"X-{i}": "x" * 8000 for i in range(20)})[0] == 431


# --- connections that are kept

def test_connections_are_kept_for_the_next_request(server, backend):
    there = backend(says(text("x")))
    s = proxied(server, at(there), workers=1)
    for _ in range(10):
        assert s.get("/")[2] == b"x"
    assert len(there.peers) == 1


def test_a_kept_connection_that_proves_dead_is_no_failure(server, backend):
    def run(s):
        head_of(s)
        s.sendall(text("x"))
        if head_of(s)[0] is not None:  # the second request finds nobody
            harness.reset_on_close(s)
    there = backend(run)
    s = proxied(server, at(there), workers=1)
    for _ in range(6):
        status, _, body = s.get("/")
        assert (status, body) == (200, b"x")
    assert "closed" not in s.log


def test_what_is_not_idempotent_is_not_asked_twice(server, backend):
    seen = []

    def run(s):
        for head in heads(s):
            seen.append(head)
            if b"POST" in head:
                return
            s.sendall(text("x"))
    s = proxied(server, at(backend(run)), workers=1)
    assert s.get("/")[0] == 200
    assert s.get("/", method="POST")[0] == 502
    assert sum(head.startswith(b"POST") for head in seen) == 1


def test_a_second_answer_is_nobodys(server, backend):
    there = backend(says(text("one") + text("two")))
    s = proxied(server, at(there), workers=1)
    for _ in range(3):
        assert s.get("/")[2] == b"one"
    assert len(there.peers) == 3


# --- several servers

def test_requests_go_round(server, backend):
    there = [backend(says(text(str(i)))) for i in range(3)]
    s = proxied(server, [at(one) for one in there], workers=1)
    assert sorted(s.get("/")[2] for _ in range(9)) == sorted([b"0", b"1", b"2"] * 3)


def test_a_hash_keeps_a_client_with_its_server(server, backend):
    there = [backend(says(text(str(i)))) for i in range(3)]
    s = proxied(server, [at(one) for one in there], "balance hash X-User", workers=1)
    by_user = {user: {s.get("/", headers={"X-User": user})[2] for _ in range(4)}
               for user in ("a", "b", "c", "d", "e", "f", "g", "h")}
    assert all(len(answers) == 1 for answers in by_user.values())
    assert len(set().union(*by_user.values())) > 1


def test_another_server_stands_in(server, backend):
    there = backend(says(text("here")))
    dead = harness.free_port()
    s = proxied(server, [f"http://127.0.0.1:{dead}", at(there)], "retry_after 1s")
    for _ in range(6):
        assert s.get("/")[2] == b"here"
    with s.tls() as c:
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n")
        assert b" 200 " in harness.receive_until(c, b"\r\n")


def test_a_server_that_is_not_well_is_not_asked(server, backend):
    well = threading.Event()

    def run(s):
        for head in heads(s):
            if head.startswith(b"GET /health"):
                s.sendall(text("", status="200 OK" if well.is_set() else "500 No"))
            else:
                s.sendall(text("sick"))
    sick, fit = backend(run), backend(says(text("fit")))
    s = proxied(server, [at(sick), at(fit)], "check 1s\ncheck_path /health\n"
                "connect_timeout 1s\nanswer_timeout 1s", workers=1)
    s.wait_log(rf"{sick.port}.*(down|fail|not)")
    assert {s.get("/")[2] for _ in range(6)} == {b"fit"}
    well.set()
    harness.wait_until(lambda: s.get("/")[2] == b"sick", what="its return")


def test_a_reload_lets_what_is_under_way_end(server, backend):
    go = threading.Event()

    def run(s):
        head_of(s)
        go.wait(10)
        s.sendall(text("old"))
    s = proxied(server, at(backend(run)))
    new = backend(says(text("new")))
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        time.sleep(0.3)
        s.reload(f"site example.org {{\ncertificate self-signed\nproxy {at(new)}\n}}")
        assert s.get("/")[2] == b"new"
        go.set()
        assert harness.receive_until(c, b"old").endswith(b"old")


# --- trust

@pytest.fixture
def secure(app, certificate):
    """An application with a certificate of its own; `secure.pin` and `secure.chain` tell of it."""
    chain, key = certificate("127.0.0.1")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=app",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:app.example",
                    "-keyout", str(key), "-out", str(chain)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(chain), str(key))
    one = app(context)
    one.chain = chain
    one.pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(chain.read_text())).hexdigest()
    return one


def test_a_certificate_of_its_own_is_not_trusted_and_the_log_says_what_to_write(server, secure):
    s = proxied(server, secure.url)
    assert s.get("/")[0] == 502
    s.wait_log(rf"example\.org /\*: https://127\.0\.0\.1:{secure.server_port}: .*self-signed "
               rf"\(SHA-256 {secure.pin}\); .*`verify pin`")


@pytest.mark.parametrize("verify, status", [
    ("verify off", 200),
    ("verify pin {pin}", 200),
    ("verify ca {chain}", 200),
    ("verify ca {chain}\nsni app.example", 200),
    ("verify ca {chain}\nsni other.example", 502),
    ("verify pin {other}", 502),
    ("verify system", 502),
])
def test_who_is_trusted_is_as_the_file_says(server, secure, verify, status):
    words = verify.format(pin=secure.pin, chain=secure.chain, other="00" * 32)
    os.chmod(secure.chain, 0o644)
    s = proxied(server, secure.url, words)
    for _ in range(2):
        assert s.get("/")[0] == status
    if status == 200:
        assert asked(s.get("/")[2])[2]["host"] == ["example.org"]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("host", ["127.0.0.1", "example.org"])
def test_the_port_of_an_application_stays_unseen(server, backend, certificate, host, version):
    """It redirects to itself by the address it knows, with the port that nobody else can reach."""
    def run(s):
        head, _ = head_of(s)
        port = s.getsockname()[1]
        if b"GET /start " in head:
            s.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n"
                      b"Location: https://%s:%d/done\r\n\r\n" % (host.encode(), port))
        else:
            s.sendall(text("done", "Connection: close"))
    there = backend(harness.tls_backend(*certificate("app.example"), serve=run))
    s = server(SITE % f"route /app/* {{\nstrip_prefix /app\nproxy {at(there, 'https')} "
               "{ verify off }\n}", site=False)
    said = curl(s, "/app/start", version, "-L", "-w", " %{url_effective} %{num_redirects}")
    assert said == f"done https://example.org:{s.port}/app/done 1".encode()


# --- real ones

def test_nginx_behind_it(server, nginx, tmp_path):
    www = tmp_path / "nginx-www"
    www.mkdir()
    os.chmod(tmp_path, 0o755)
    large = os.urandom(5 << 20)
    (www / "large").write_bytes(large)
    port = harness.free_port()
    nginx(f"server {{ listen 127.0.0.1:{port}; root {www}; keepalive_requests 5; }}", port)
    s = proxied(server, f"http://127.0.0.1:{port}")
    for version in ("--http1.1", "--http2"):
        for _ in range(12):
            assert curl(s, "/large", version) == large
        assert curl(s, "/large", version, "-r", "1000-1999") == large[1000:2000]
        assert b" 206" in curl(s, "/large", version, "-r", "0-0", "-D", "-", "-o", "/dev/null")
    _, fields, _ = s.get("/large", method="HEAD")
    assert fields["Content-Length"] == str(len(large))
    assert s.get("/large", headers={"If-None-Match": fields["Etag"]})[0] == 304
    assert s.get("/none")[0] == 404


def test_node_behind_it(server, process, tmp_path):
    port = harness.free_port()
    script = tmp_path / "app.js"
    script.write_text(NODE % port)
    process([harness.tool("node"), script]).wait_port(port)
    s = proxied(server, f"http://127.0.0.1:{port}")
    assert curl(s, "/x?y") == b"GET /x?y 0"
    assert curl(s, "/x", "-d", "hello") == b"POST /x 5"
    assert curl(s, "/x", "-H", "Transfer-Encoding: chunked", "--http1.1", "-d", "hello") \
        == b"POST /x 5"


def test_nghttpd_behind_it_and_its_trailers(server, process, tmp_path):
    port = harness.free_port()
    (tmp_path / "index.html").write_text("by HTTP/2\n")
    process([harness.tool("nghttpd"), "--no-tls", "--trailer=x-sum: 42", "-d", tmp_path,
             port]).wait_port(port)
    s = proxied(server, f"http://127.0.0.1:{port}", "http2 on")
    for version in ("--http1.1", "--http2"):
        assert curl(s, "/", version) == b"by HTTP/2\n"
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\nTE: trailers\r\n"
                  b"Connection: TE, close\r\n\r\n")
        assert b"x-sum: 42" in harness.receive_all(c).lower()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("secured", [False, True])
def test_20_mb_through_http2_and_back(server, process, certificate, tmp_path, secured, version):
    port = harness.free_port()
    chain, key = certificate("app.example")
    process([harness.tool("nghttpd"), "--echo-upload", port,
             *((key, chain) if secured else ("--no-tls",))]).wait_port(port)
    s = proxied(server, f"http{'s' if secured else ''}://127.0.0.1:{port}",
                "http2 on" + ("\nverify off" if secured else ""), words="limit_body 1g")
    data = tmp_path / "data"
    data.write_bytes(os.urandom(20 << 20))
    got = curl(s, "/", version, "--data-binary", f"@{data}", "-H", "Expect:")
    assert got == data.read_bytes()
    assert harness.SANITIZED or s.memory() < 64 << 20


def test_http2_asked_of_a_server_that_has_none_is_told_of(server, secure):
    s = proxied(server, secure.url, "http2 on\nverify off")
    assert s.get("/")[0] == 502
    s.wait_log(rf"{secure.server_port}: .*HTTP/2")


class Rpc:
    """What gRPC asks of HTTP/2: each message comes back, and the status is in the trailers."""

    def __init__(self, s):
        from h2.config import H2Configuration
        from h2.connection import H2Connection
        self.socket = s
        self.h2 = H2Connection(H2Configuration(client_side=False))

    def run(self):
        from h2 import events
        self.h2.initiate_connection()
        self.flush()
        while data := self.socket.recv(1 << 16):
            for event in self.h2.receive_data(data):
                if isinstance(event, events.RequestReceived):
                    self.begin(event.stream_id, dict(event.headers))
                elif isinstance(event, events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length,
                                                      event.stream_id)
                    if event.data:
                        self.h2.send_data(event.stream_id, event.data)
                elif isinstance(event, events.StreamEnded) and event.stream_id in self.open:
                    self.h2.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
            self.flush()

    open = frozenset()

    def begin(self, stream, fields):
        assert fields[b"te"] == b"trailers" and fields[b"content-type"] == b"application/grpc"
        answer = [(":status", "200"), ("content-type", "application/grpc")]
        if fields[b":path"] == b"/none":
            self.h2.send_headers(stream, [*answer, ("grpc-status", "12")], end_stream=True)
        else:
            self.h2.send_headers(stream, answer)
            self.open |= {stream}

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())


def rpc(c, path, *messages):
    """A call by HTTP/2: (answer's fields, what came, trailers); each message waits for its echo."""
    from h2 import events
    from h2.connection import H2Connection
    h2, out = H2Connection(), [{}, b"", {}]
    h2.initiate_connection()
    h2.send_headers(1, [(":method", "POST"), (":scheme", "https"), (":authority", "example.org"),
                        (":path", path), ("te", "trailers"),
                        ("content-type", "application/grpc")])
    waiting = list(messages)
    sent, ended = 0, False
    while True:
        if len(out[1]) >= sent and not ended:
            ended = not waiting
            message = waiting.pop(0) if waiting else b""
            sent += len(message)
            h2.send_data(1, message, end_stream=ended)
        c.sendall(h2.data_to_send())
        for event in h2.receive_data(c.recv(1 << 16)):
            if isinstance(event, events.ResponseReceived):
                out[0] = dict(event.headers)
            elif isinstance(event, events.DataReceived):
                out[1] += event.data
            elif isinstance(event, events.TrailersReceived):
                out[2] = dict(event.headers)
            elif isinstance(event, events.StreamEnded):
                return out


def test_calls_as_grpc_makes_them(server, backend):
    pytest.importorskip("h2")
    s = proxied(server, at(backend(lambda s: Rpc(s).run())), "http2 on")
    with s.tls(alpn=["h2"]) as c:
        fields, data, trailers = rpc(c, "/echo", b"one", b"two", b"three" * 1000)
    assert fields[b":status"] == b"200" and fields[b"content-type"] == b"application/grpc"
    assert data == b"onetwo" + b"three" * 1000
    assert trailers[b"grpc-status"] == b"0"
    with s.tls(alpn=["h2"]) as c:
        fields, data, trailers = rpc(c, "/none")
    assert (fields[b"grpc-status"], data) == (b"12", b"")
