"""The reverse proxy: between real clients and back ends that do as they like."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

import harness

BIG = 100 << 20
SITE = """
site example.org {
    certificate self-signed
    %s
}
"""


def proxied(server, urls, settings="", more="", words="", **options):
    """A server whose one site is a proxy for `urls`."""
    if not isinstance(urls, str):
        urls = " ".join(urls)
    block = f" {{\n{settings}\n}}" if settings else ""
    return server(SITE % f"proxy {urls}{block}\n{words}" + more, site=False, **options)


def at(backend, scheme="http"):
    return backend.at if backend.path else f"{scheme}://{backend.at}"


def curl(server, path, *options, seconds=60, stdin=subprocess.DEVNULL):
    """What curl got, as bytes."""
    done = subprocess.run(["curl", "-sS", "-k", "--max-time", str(seconds), "--resolve",
                           f"example.org:{server.port}:127.0.0.1",
                           f"https://example.org:{server.port}{path}", *map(str, options)],
                          stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# --- back ends that say each byte themselves

def head_of(s, data=b""):
    """A request's head and what came behind it; None at the end."""
    while b"\r\n\r\n" not in data:
        some = s.recv(1 << 16)
        if not some:
            return None, b""
        data += some
    return data.split(b"\r\n\r\n", 1)


def heads(s):
    """Those of requests without bodies, as they come."""
    head, rest = head_of(s)
    while head is not None:
        yield head
        head, rest = head_of(s, rest)


def field(head, name):
    """All values of a field."""
    lines = head.decode().split("\r\n")[1:]
    return [line.split(":", 1)[1].strip() for line in lines
            if line.lower().startswith(name.lower() + ":")]


def says(*answers):
    """Answers each request without a body with the next of these bytes, or the last of them."""
    given = list(answers)

    def run(s):
        for _ in heads(s):
            s.sendall(given.pop(0) if len(given) > 1 else given[0])
    return run


def text(body, *fields, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", body]).encode()


class App(http.server.ThreadingHTTPServer):
    """An application: says what it was asked, counts what it is given, gives what is wanted."""

    daemon_threads = True
    request_queue_size = 128

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 16

        def log_message(self, *_):
            pass

        def answer(self, body, status=200):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self):
            if self.path.startswith("/big"):
                self.send_response(200)
                self.send_header("Content-Length", str(BIG))
                self.end_headers()
                for _ in range(BIG >> 16):
                    self.wfile.write(b"\0" * (1 << 16))
                return
            fields = [[name.lower(), value] for name, value in self.headers.items()]
            self.answer(json.dumps({"method": self.command, "target": self.path,
                                    "fields": fields, "port": self.server.server_port}).encode())

        do_HEAD = do_OPTIONS = do_GET

        def pieces(self):
            if self.headers.get("Transfer-Encoding") != "chunked":
                left = int(self.headers.get("Content-Length") or 0)
                while left > 0:
                    data = self.rfile.read(min(left, 1 << 16))
                    left -= len(data)
                    yield data
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def do_POST(self):
            count, digest = 0, hashlib.sha256()
            for data in self.pieces():
                count += len(data)
                digest.update(data)
                if self.path.startswith("/slow"):
                    time.sleep(0.002)
            self.answer(f"{count} {digest.hexdigest()}".encode())

        do_PUT = do_POST


@pytest.fixture
def app():
    """Starts applications; they end with the test."""
    started = []

    def start(context=None):
        one = App(("127.0.0.1", harness.free_port()), App.Handler)
        if context:
            one.socket = context.wrap_socket(one.socket, server_side=True)
        one.url = f"http{'s' if context else ''}://127.0.0.1:{one.server_port}"
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


def asked(body):
    """What the application was asked: (method, target, {field: [values]})."""
    said = json.loads(body)
    fields = {}
    for name, value in said["fields"]:
        fields.setdefault(name, []).append(value)
    return said["method"], said["target"], fields


# --- what is asked

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_request_arrives_as_it_was_made(server, app, version):
    s = proxied(server, app().url)
    method, target, fields = asked(curl(s, "/a%20b/c;d?x=%2F&y", version, "-H", "X-Own: 1"))
    assert (method, target) == ("GET", "/a%20b/c;d?x=%2F&y")
    assert fields["host"] == [f"example.org:{s.port}"]
    assert fields["x-own"] == ["1"]
    assert fields["x-forwarded-for"] == ["127.0.0.1"]
    assert fields["x-real-ip"] == ["127.0.0.1"]
    assert fields["x-forwarded-proto"] == ["https"]
    assert fields["x-forwarded-host"] == [f"example.org:{s.port}"]
    assert fields["forwarded"] == [f'for=127.0.0.1;host="example.org:{s.port}";proto=https']


FORGED = {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1", "X-Real-IP": "10.0.0.1",
          "X-Forwarded-User": "root", "X_Forwarded_For": "10.0.0.1", "Proxy": "http://evil",
          "X-Hop": "1", "Connection": "close, X-Hop"}


def test_what_a_client_forges_does_not_arrive(server, app):
    s = proxied(server, app().url)
    _, _, fields = asked(s.get("/", headers=FORGED)[2])
    assert fields["x-forwarded-for"] == ["127.0.0.1"]
    assert fields["x-real-ip"] == ["127.0.0.1"]
    assert fields["forwarded"][0].startswith("for=127.0.0.1")
    assert not {"x-forwarded-user", "x_forwarded_for", "proxy", "x-hop"} & set(fields)


def test_what_a_trusted_proxy_says_is_carried_on(server, app):
    s = proxied(server, app().url, more="trust_forwarded 127.0.0.1\n")
    _, _, fields = asked(s.get("/", headers={"X-Forwarded-For": "203.0.113.9",
                                             "X-Forwarded-Proto": "http",
                                             "X-Forwarded-User": "joe"})[2])
    assert fields["x-forwarded-for"] == ["203.0.113.9, 127.0.0.1"]
    assert fields["x-real-ip"] == ["203.0.113.9"]
    assert fields["x-forwarded-proto"] == ["http"]
    assert fields["x-forwarded-user"] == ["joe"]


def test_host_and_fields_are_as_the_file_says(server, app):
    a = app()
    s = proxied(server, a.url, "keep_host off\nheader X-Key abc\nheader -Accept\n")
    _, _, fields = asked(s.get("/", headers={"Accept": "*/*", "X-Key": "mine"})[2])
    assert fields["host"] == [f"127.0.0.1:{a.server_port}"]
    assert fields["x-key"] == ["abc"]
    assert "accept" not in fields


def test_a_prefix_is_stripped(server, app):
    s = server(SITE % f"route /app/* {{\nstrip_prefix /app\nproxy {app().url}\n}}", site=False)
    assert asked(s.get("/app/x?y")[2])[1] == "/x?y"
    assert s.get("/other")[0] == 404


NOWHERE = """
site nowhere.example {
    certificate self-signed
    proxy unix:/no/such/app.sock
}
"""


def test_a_unix_socket_is_asked(server, backend, tmp_path):
    path = tmp_path / "app.sock"
    there = backend(says(text("through it")), path=path)
    os.chmod(tmp_path, 0o755)
    os.chmod(path, 0o777)
    s = proxied(server, at(there))
    assert s.get("/")[2] == b"through it"


def test_a_socket_that_is_not_for_us_is_told_of(server, backend, tmp_path):
    path = tmp_path / "app.sock"
    there = backend(says(text("never")), path=path)
    os.chmod(tmp_path, 0o755)
    os.chmod(path, 0)
    s = proxied(server, at(there), more=NOWHERE)
    assert s.get("/")[0] == 503
    s.wait_log(r"app\.sock: cannot connect: user \d+ has to be let write to the socket")
    assert s.get("/", "nowhere.example")[0] == 503
    s.wait_log(r"unix:/no/such/app\.sock: its name has no address, or its socket no directory")


# --- bodies

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_100_mb_up_and_down_in_little_memory(server, app, tmp_path, version):
    s = proxied(server, app().url, words="limit_body 1g")
    data = tmp_path / "data"
    with open(data, "wb") as f:
        f.truncate(BIG)
    digest = hashlib.sha256(b"\0" * BIG).hexdigest()
    assert curl(s, "/", version, "--data-binary", f"@{data}", "-H", "Expect:") \
        == f"{BIG} {digest}".encode()
    with open(data, "rb") as f:
        assert curl(s, "/", version, "-T", "-", "-X", "POST", "-H", "Expect:", stdin=f) \
            == f"{BIG} {digest}".encode()
    down = tmp_path / "down"
    curl(s, "/big", version, "-o", down)
    assert hashlib.sha256(down.read_bytes()).hexdigest() == digest
    assert harness.SANITIZED or s.memory() < 64 << 20


def test_a_slow_client_holds_the_server_back(server, app):
    s = proxied(server, app().url)
    before = s.memory()
    with s.tls() as c:
        c.sendall(b"GET /big HTTP/1.1\r\nHost: example.org\r\n\r\n")
        time.sleep(1)
        assert harness.SANITIZED or s.memory() - before < 16 << 20
        c.settimeout(60)
        got = 0
        while got < BIG:
            got += len(c.recv(1 << 20))


def test_a_slow_server_holds_the_client_back(server, app):
    s = proxied(server, app().url, words="limit_body 1g")
    before = s.memory()
    most = 0
    body = os.urandom(20 << 20)
    with s.tls(timeout=60) as c:
        c.sendall(b"POST /slow HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body))
        for i in range(0, len(body), 1 << 20):
            c.sendall(body[i:i + (1 << 20)])
            most = max(most, s.memory())
        answer = harness.receive_all(c)
    assert answer.endswith(hashlib.sha256(body).hexdigest().encode())
    assert harness.SANITIZED or most - before < 16 << 20


def test_chunks_and_trailers_pass_both_ways(server, backend):
    seen = []

    def run(s):
        head, rest = head_of(s)
        while b"\r\n\r\n" not in rest[rest.find(b"0\r\n"):]:
            rest += s.recv(1 << 16)
        seen.extend((head, rest))
        s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"3\r\none\r\n0\r\nX-Sum: 42\r\n\r\n")
    s = proxied(server, at(backend(run)))
    with s.tls() as c:
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n"
                  b"TE: trailers\r\nConnection: TE, close\r\n\r\n"
                  b"3\r\nabc\r\n0\r\nX-Check: 1\r\nX-Real-IP: 10.0.0.1\r\n\r\n")
        answer = harness.receive_all(c)
    assert answer.lower().endswith(b"0\r\nx-sum: 42\r\n\r\n")
    assert b"3\r\none\r\n" in answer
    assert field(seen[0], "te") == ["trailers"]
    assert seen[1].lower().endswith(b"0\r\nx-check: 1\r\n\r\n")
    assert b"10.0.0.1" not in seen[1]


# --- answers of all kinds

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_answers_without_a_body(server, backend, version):
    there = backend(says(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
                         b"HTTP/1.1 204 No Content\r\n\r\n",
                         b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", text("whole")))
    s = proxied(server, at(there), workers=1)
    assert b"ontent-length: 5000" in curl(s, "/", version, "-I").lower()
    assert b" 204" in curl(s, "/", version, "-D", "-")
    assert b" 304" in curl(s, "/", version, "-D", "-")
    assert curl(s, "/", version) == b"whole"
    assert len(there.peers) == 1


def test_an_answer_that_ends_with_its_connection(server, backend):
    def run(s):
        head_of(s)
        s.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end")
    s = proxied(server, at(backend(run)))
    with s.tls() as c:
        for _ in range(2):
            c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
            assert b"to the end" in harness.receive_until(c, b"0\r\n\r\n")


def test_date_and_server_are_there_once(server, backend):
    there = backend(says(text("x", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Server: theirs",
                              "X-Powered-By: theirs")))
    s = proxied(server, at(there))
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        answer = harness.receive_all(c)
    assert len(field(answer, "date")) == 1 and "1970" not in field(answer, "date")[0]
    assert len(field(answer, "server")) <= 1 and "theirs" not in field(answer, "server")
    assert field(answer, "x-powered-by") == ["theirs"]


def test_100_continue_is_the_servers_to_say(server, backend):
    def run(s):
        head, rest = head_of(s)
        assert field(head, "expect") == ["100-continue"] and not rest
        time.sleep(0.3)
        s.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = harness.receive_exactly(s, 5)
        s.sendall(text(body.decode()))
    s = proxied(server, at(backend(run)))
    with s.tls() as c:
        began = time.monotonic()
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n"
                  b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert harness.receive_until(c, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert 0.25 < time.monotonic() - began < 0.9
        c.sendall(b"hello")
        assert harness.receive_all(c).endswith(b"hello")


def test_a_server_that_keeps_silent_gets_the_body_after_a_second(server, app):
    class Silent(App.Handler):
        def handle_expect_100(self):
            return True
    a = app()
    a.RequestHandlerClass = Silent
    s = proxied(server, a.url)
    with s.tls() as c:
        began = time.monotonic()
        c.sendall(b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n"
                  b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert harness.receive_until(c, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert 0.8 < time.monotonic() - began < 3
        c.sendall(b"hello")
        assert b"5 " in harness.receive_all(c)


def test_early_hints_arrive_early(server, backend):
    def run(s):
        head_of(s)
        s.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
        time.sleep(0.5)
        s.sendall(text("late"))
    s = proxied(server, at(backend(run)))
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        began = time.monotonic()
        first = harness.receive_until(c, b"\r\n\r\n")
        assert time.monotonic() - began < 0.4
        assert first.startswith(b"HTTP/1.1 103 Early Hints\r\n") and b"preload" in first
        assert harness.receive_all(c).endswith(b"late")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_early_hints_arrive_by_either_version(server, backend, version):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    s = proxied(server, at(backend(says(hints + text("late")))))
    lines = curl(s, "/", version, "-D", "-").lower()
    assert b" 103" in lines and b"link: </a.css>" in lines and lines.endswith(b"late")


def events(pause, count):
    """An event at a time, each with the time at which it was sent."""
    def run(s):
        head_of(s)
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for _ in range(count):
            time.sleep(pause)
            s.sendall(b"data: %.6f\n\n" % time.monotonic())
    return run


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("settings", ["", "compress all\ncompress_types text/event-stream"])
def test_events_come_as_they_happen(server, backend, settings, version):
    s = proxied(server, at(backend(events(0.05, 10))), words=settings)
    command = ["curl", "-sSNk", "--compressed", version, "--resolve",
               f"example.org:{s.port}:127.0.0.1", f"https://example.org:{s.port}/"]
    late = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as c:
        for line in c.stdout:
            if line.startswith(b"data: "):
                late.append(time.monotonic() - float(line[6:]))
    assert len(late) == 10 and sorted(late)[5] < 0.05


def test_an_event_stream_may_be_silent_for_longer_than_an_answer(server, backend):
    s = proxied(server, at(backend(events(2.5, 1))), "answer_timeout 1s")
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        assert b"data: " in harness.receive_until(c, b"data: ")


def test_compression_where_asked_for(server, backend):
    there = backend(says(text("x" * 5000, "Content-Type: text/plain")))
    s = proxied(server, at(there), words="compress all")
    head = curl(s, "/", "-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-D", "-").lower()
    assert b"content-encoding: gzip" in head
    assert curl(s, "/", "--compressed") == b"x" * 5000


# --- other protocols

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def websocket_echo(s):
    """Enough of RFC 6455 to answer the handshake; then whatever frame comes goes back unmasked."""
    head, rest = head_of(s)
    if [value.lower() for value in field(head, "upgrade")] != ["websocket"]:
        s.sendall(text("no", status="400 Bad Request"))
        return
    key = field(head, "sec-websocket-key")[0].encode()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
              b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:
        while len(rest) < 2 or len(rest) < frame_size(rest):
            some = s.recv(1 << 16)
            if not some:
                return
            rest += some
        size = frame_size(rest)
        frame, rest = rest[:size], rest[size:]
        s.sendall(unmasked(frame))


def frame_size(data):
    length = data[1] & 127
    extra = 2 if length == 126 else 0
    if extra:
        if len(data) < 4:
            return 4
        length = struct.unpack(">H", data[2:4])[0]
    return 2 + extra + 4 + length


def unmasked(frame):
    extra = 2 if frame[1] & 127 == 126 else 0
    mask, data = frame[2 + extra:6 + extra], frame[6 + extra:]
    return bytes([frame[0], frame[1] & 127]) + frame[2:2 + extra] + \
        bytes(b ^ mask[i % 4] for i, b in enumerate(data))


def masked(data):
    mask = b"\x01\x02\x03\x04"
    return bytes([0x82, 0x80 | len(data)]) + mask + \
        bytes(b ^ mask[i % 4] for i, b in enumerate(data))


def test_a_websocket_over_http1(server, backend):
    websocket = pytest.importorskip("websocket")
    there = backend(websocket_echo)
    s = proxied(server, at(there), "answer_timeout 1s")
    c = websocket.create_connection(f"wss://example.org:{s.port}/ws", socket=s.tls(),
                                    sslopt={"cert_reqs": ssl.CERT_NONE}, timeout=10)
    c.send("hello")
    assert c.recv() == "hello"
    time.sleep(2.5)  # nobody owes an answer here
    for size in (1, 100, 126, 60000):
        c.send_binary(b"x" * size)
        assert c.recv() == b"x" * size
    c.sock.shutdown(socket.SHUT_RDWR)
    harness.wait_until(lambda: there.clients[-1].fileno() == -1, what="the server's end")


def test_a_websocket_over_http2(server, backend):
    """RFC 8441."""
    h2_connection = pytest.importorskip("h2.connection")
    h2_events = pytest.importorskip("h2.events")
    s = proxied(server, at(backend(websocket_echo)))
    with s.tls(alpn=["h2"]) as c:
        h2 = h2_connection.H2Connection()
        h2.initiate_connection()
        c.sendall(h2.data_to_send())

        def until(wanted):
            while True:
                for event in h2.receive_data(c.recv(1 << 16)):
                    if isinstance(event, h2_events.DataReceived):
                        h2.acknowledge_received_data(event.flow_controlled_length, 1)
                    if isinstance(event, wanted):
                        return event
                c.sendall(h2.data_to_send())
        until(h2_events.RemoteSettingsChanged)
        h2.send_headers(1, [(":method", "CONNECT"), (":protocol", "websocket"),
                            (":scheme", "https"), (":authority", "example.org"), (":path", "/ws"),
                            ("sec-websocket-version", "13")])
        c.sendall(h2.data_to_send())
        fields = dict(until(h2_events.ResponseReceived).headers)
        assert fields[b":status"] == b"200"
        assert b"sec-websocket-accept" not in fields
        for word in (b"hello", b"again"):
            h2.send_data(1, masked(word))
            c.sendall(h2.data_to_send())
            assert until(h2_events.DataReceived).data == bytes([0x82, len(word)]) + word
        h2.end_stream(1)
        c.sendall(h2.data_to_send())
        until(h2_events.StreamEnded)


def test_a_switch_that_is_refused_is_an_answer(server, app):
    s = proxied(server, app().url)
    status, _, body = s.get("/x", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert status == 200 and asked(body)[1] == "/x"
