"""The admin port and access_server, up to what control is asked: control itself is a few lines."""
import contextlib
import http.client
import http.server
import json
import os
import re
import socket
import socketserver
import subprocess
import threading
import time

import pytest

import harness

EVENTS = b"data: one\n\n"


class Control(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers in control's place what it was asked, as JSON; /admin/refused is unknown to it."""

    daemon_threads = True
    request_queue_size = 64

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def address_string(self):
            return "edge"

        def answer(self, body, *fields, status=200):
            self.send_response(status)
            for name, value in fields:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self):
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            self.server.asked.append(self.path)
            if "refused" in self.path:
                self.answer(b"a secret", ("X-Sallyport-Unknown", "1"), status=404)
            elif "events" in self.path:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for _ in range(3):
                    self.wfile.write(EVENTS)
                    self.wfile.flush()
                    time.sleep(0.2)
                self.close_connection = True
            else:
                self.answer(json.dumps({"path": self.path, "fields": self.headers.items(),
                                        "filler": "a" * 4096}).encode(),
                            ("Content-Type", "application/json"))

        do_HEAD = do_POST = do_DELETE = do_PUT = do_OPTIONS = do_GET

    def __init__(self, path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        super().__init__(str(path), self.Handler)
        os.chmod(path, 0o666)
        self.asked = []

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def gate(server):
    """gate(CONFIG, admin=...): a server with an admin port, and `control` behind it."""
    started = []

    def start(config="", admin="", port=True, control=True, **options):
        block, number = "", harness.free_port()
        if port:
            block = f"admin {{\n    listen 127.0.0.1:{number}\n    {admin}\n}}\n"
        one = server(config + block, **options)
        one.admin_port = number
        if control:
            # Warden makes this one last, and none again: the place of the other is free to take.
            harness.wait_until((one.state / "admin.sock").exists, what="control's sockets")
            one.control = Control(one.state / "sockets/edge.sock")
            started.append(one.control)
            threading.Thread(target=one.control.serve_forever, daemon=True).start()
        return one

    yield start
    for control in started:
        control.shutdown()
        control.server_close()


ACCESS_SITE = """
site example.org {
    certificate self-signed
    access_server
    root %s
    error_page 404 /404.html
    header X-Mine yes
}
"""


def with_site(gate, tmp_path, more="", **options):
    """A site that has files and the access server."""
    www = tmp_path / "files"
    www.mkdir()
    (www / "index.html").write_text("hello\n")
    (www / "404.html").write_text("no such page\n" * 100)
    return gate(ACCESS_SITE % www + more, site=False, **options)


def on_admin(s, path="/", name="example.org", **options):
    with s.tls(name, on=socket.create_connection(("127.0.0.1", s.admin_port), timeout=10)) as on:
        return harness.http_get(on, path, name, **options)


def told(body):
    """What control was told, fields in lower case."""
    return {name.lower(): value for name, value in json.loads(body)["fields"]}


def curl(s, path, *options, admin=False, name="example.org"):
    port = s.admin_port if admin else s.port
    done = subprocess.run(["curl", "-sS", "-k", "--max-time", "20", "--resolve",
                           f"{name}:{port}:127.0.0.1", f"https://{name}:{port}{path}", *options],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# --- the port

def test_every_request_on_the_admin_port_is_controls(gate):
    s = gate()
    for path, name in [("/", "example.org"), ("/admin", "nobody.example"), ("/x/..;/y", "a.b"),
                       ("/metrics?x=y", "example.org")]:
        status, _, body = on_admin(s, path, name)
        fields = told(body)
        assert (status, json.loads(body)["path"]) == (200, path)
        assert fields["host"] == name
        assert fields["x-sallyport-client"] == "127.0.0.1"
        assert fields["x-sallyport-door"] == "admin"
        assert fields["x-forwarded-for"] == "127.0.0.1"
        assert fields["x-forwarded-proto"] == "https"
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000000
        assert now - 10000 < int(fields["x-sallyport-accepted"]) <= now


def test_a_connection_was_accepted_once(gate):
    s = gate()
    with s.tls(on=socket.create_connection(("127.0.0.1", s.admin_port), timeout=10)) as on:
        seen = set()
        for _ in range(3):
            on.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            response = http.client.HTTPResponse(on)
            response.begin()
            seen.add(told(response.read())["x-sallyport-accepted"])
            time.sleep(0.05)
    assert len(seen) == 1


def test_what_is_no_tls_gets_what_any_tls_port_says(gate, backend):
    ssh = backend()
    s = gate(f"share {{ ssh {ssh.at}; http {ssh.at}; other {ssh.at}; silent 200ms ssh }}\n"
               .replace("; ", "\n").replace("{ ", "{\n").replace(" }", "\n}"))
    for said, answered in [(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 400 "),
                           (b"SSH-2.0-x\r\n", b"HTTP/1.1 400 "),
                           (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 400 ")]:
        with socket.create_connection(("127.0.0.1", s.admin_port), timeout=10) as on:
            on.sendall(said)
            on.shutdown(socket.SHUT_WR)
            assert harness.receive_all(on).startswith(answered), said
    with socket.create_connection(("127.0.0.1", s.admin_port), timeout=10) as on:
        on.settimeout(0.6)
        with pytest.raises(TimeoutError):
            on.recv(1)
    assert ssh.peers == [] and s.control.asked == []


TWO_SITES = """
site a.example { certificate self-signed
    root /srv
}
site b.example { certificate self-signed
    root /srv
}
"""


def test_the_certificate_is_the_named_sites_or_the_first(gate):
    s = gate(TWO_SITES, site=False)
    for name, shown in [("a.example", "a.example"), ("b.example", "b.example"),
                        ("c.example", "a.example")]:
        with s.tls(name, on=socket.create_connection(("127.0.0.1", s.admin_port))) as on:
            assert harness.certificate_names(on) == [shown]


def test_without_a_site_it_has_a_certificate_of_its_own(gate):
    s = gate("vpn {\n    endpoint vpn.example\n}\n", site=False)
    with s.tls("x", on=socket.create_connection(("127.0.0.1", s.admin_port))) as on:
        assert harness.certificate_names(on) == ["localhost", "vpn.example"]
    assert on_admin(s, "/")[0] == 200
    # The shared port is as it was: there is no site to speak TLS with.
    with s.connect(harness.client_hello()) as on, contextlib.suppress(ConnectionResetError):
        assert harness.receive_all(on) == b""


def test_it_comes_and_goes_with_a_reload(gate):
    s = gate()
    assert on_admin(s)[0] == 200
    with s.tls(on=socket.create_connection(("127.0.0.1", s.admin_port), timeout=10)) as on:
        s.reload("")
        assert harness.http_get(on)[0] == 404
    assert not harness.can_connect("127.0.0.1", s.admin_port)
    s.reload(f"admin {{\n    listen 127.0.0.1:{s.admin_port}\n}}\n")
    harness.wait_until(lambda: harness.can_connect("127.0.0.1", s.admin_port))


# --- who asks

def test_nobody_but_edge_says_who_asks(gate, tmp_path):
    s = with_site(gate, tmp_path)
    spoof = ["-H", "X-Sallyport-Client: 10.0.0.1", "-H", "x-sallyport-door: machine",
             "-H", "X-Sallyport-Accepted: 1", "-H", "X-Sallyport-Level: admin",
             "-H", "X_Sallyport_Client: 10.0.0.1", "-H", "Connection: x-sallyport-door"]
    for version in ("--http1.1", "--http2"):
        for admin, path in [(True, "/"), (False, "/admin")]:
            words = spoof if version == "--http1.1" else spoof[:-2]
            body = curl(s, path, version, *words, admin=admin)
            names = [name.lower() for name, _ in json.loads(body)["fields"]]
            ours = sorted(name for name in names if "sallyport" in name)
            assert ours == ["x-sallyport-accepted", "x-sallyport-client", "x-sallyport-door"]
            fields = told(body)
            assert fields["x-sallyport-client"] == "127.0.0.1"
            assert fields["x-sallyport-door"] == ("admin" if admin else "site")
            assert fields["x-sallyport-accepted"] != "1"


def test_other_back_ends_get_no_such_field_and_no_session(gate, backend, tmp_path):
    seen = []

    def run(on):
        while head := harness.receive_until(on, b"\r\n\r\n"):
            seen.append(head.decode().lower())
            on.sendall(b"HTTP/1.1 200 OK\r\nX-Sallyport-Unknown: 1\r\nContent-Length: 2\r\n\r\nok")
    app = backend(run)
    s = with_site(gate, tmp_path,
                  f"site app.example {{\n    certificate self-signed\n    proxy http://{app.at}\n}}\n")
    for version in ("--http1.1", "--http2"):
        answer = curl(s, "/", version, "-i", "-H", "X-Sallyport-Client: 10.0.0.1",
                      "-b", "a=b; __Host-sallyport=secret; c=d", name="app.example")
        assert b"200" in answer.splitlines()[0] and b"nknown" not in answer
        head = seen.pop()
        assert "sallyport" not in head and "secret" not in head
        assert re.search(r"^cookie: a=b; c=d\r$", head, re.M)
    curl(s, "/", "-b", "__Host-sallyport=secret", name="app.example")
    assert "cookie" not in seen.pop()
    assert told(curl(s, "/admin", "-b", "a=b; __Host-sallyport=s"))["cookie"] == \
        "a=b; __Host-sallyport=s"


@pytest.mark.parametrize("said, is_told", [
    ("::ffff:203.0.113.7", "203.0.113.7"), ("203.0.113.7", "203.0.113.7"),
    ("2001:db8::7", "2001:db8::7"), ("::ffff:127.0.0.1", "127.0.0.1")])
def test_a_mapped_address_is_told_as_ipv4(gate, said, is_told):
    s = gate("trust_proxy loopback\ntrust_forwarded 127.0.0.1 192.0.2.1\n")
    family, ours = ("TCP6", "::1") if ":" in said else ("TCP4", "127.0.0.1")
    on = socket.create_connection(("127.0.0.1", s.admin_port), timeout=10)
    on.sendall(f"PROXY {family} {said} {ours} 5 443\r\n".encode())
    with s.tls(on=on) as secured:
        fields = told(harness.http_get(secured)[2])
    assert fields["x-sallyport-client"] == is_told
    body = on_admin(s, headers={"X-Forwarded-For": said})[2]
    assert told(body)["x-sallyport-client"] == is_told


# --- pages that are not there

def raw(s, request, port):
    """All bytes of the answer, but for the time."""
    with s.tls(on=socket.create_connection(("127.0.0.1", port), timeout=10)) as on:
        on.sendall(request)
        return re.sub(rb"\r\nDate: [^\r]*", b"", harness.receive_all(on))


def request(method, path, body=b"", fields=""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (f"{method} {path} HTTP/1.1\r\nHost: example.org\r\n{length}{fields}"
            "Connection: close\r\n\r\n").encode() + body


def test_a_refused_page_cannot_be_told_from_an_unknown_one(gate, tmp_path):
    s = with_site(gate, tmp_path)
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT"):
        body = b"x" * 100 if method in ("POST", "PUT") else b""
        for fields in ("", "Accept-Encoding: gzip, br\r\n"):
            asked = len(s.control.asked)
            refused = raw(s, request(method, "/admin/refused", body, fields), s.port)
            assert len(s.control.asked) == asked + 1
            assert refused == raw(s, request(method, "/nothing/at-all", body, fields), s.port)
            assert b"secret" not in refused and refused.startswith(b"HTTP/1.1 4" if method !=
                                                                   "OPTIONS" else b"HTTP/1.1 ")
    assert b"no such page" in raw(s, request("GET", "/portal/refused"), s.port)


def test_nor_by_http2(gate, tmp_path):
    s = with_site(gate, tmp_path)

    def seen(path):
        answer = curl(s, path, "--http2", "-i", "-H", "Accept-Encoding: gzip")
        return re.sub(rb"(?i)\r\ndate: [^\r]*", b"", answer)
    assert seen("/api/v1/refused") == seen("/nothing")


def test_on_the_admin_port_it_is_a_plain_404(gate, tmp_path):
    s = with_site(gate, tmp_path)
    status, headers, body = on_admin(s, "/admin/refused")
    assert status == 404 and b"404 Not Found" in body and b"secret" not in body
    assert "X-Mine" not in headers and "X-Sallyport-Unknown" not in headers


def test_where_control_is_down_one_is_told_when_to_come_back(gate, tmp_path):
    s = with_site(gate, tmp_path)
    s.control.shutdown()
    s.control.server_close()
    os.unlink(s.state / "sockets/edge.sock")
    for status, headers, body in (s.get("/admin"), on_admin(s)):
        assert status == 503 and int(headers["Retry-After"]) > 0
        assert b"503 Service Unavailable" in body
    assert s.get("/")[2] == b"hello\n"
    s.control = Control(s.state / "sockets/edge.sock")
    threading.Thread(target=s.control.serve_forever, daemon=True).start()
    assert s.get("/admin")[0] == 200


# --- what control answers

def test_only_its_paths_are_controls_where_a_site_has_files(gate, tmp_path):
    s = with_site(gate, tmp_path)
    for path in ("/admin", "/admin/x", "/portal/", "/api/v1/me", "/link/x", "/setup/x"):
        assert json.loads(s.get(path)[2])["path"] == path
    asked = len(s.control.asked)
    assert s.get("/")[2] == b"hello\n"
    assert s.get("/administrator")[0] == 404
    assert len(s.control.asked) == asked


def test_all_is_controls_where_a_site_has_nothing_else(gate):
    s = gate("site example.org {\n    certificate self-signed\n    access_server\n}\n",
               site=False, port=False)
    assert json.loads(s.get("/")[2])["path"] == "/"
    assert told(s.get("/whatever")[2])["x-sallyport-door"] == "site"


def test_its_answers_are_passed_on_as_they_are(gate, tmp_path):
    s = with_site(gate, tmp_path)
    status, headers, body = s.get("/api/v1/x", headers={"Accept-Encoding": "br, zstd, gzip"})
    assert status == 200 and len(body) > 4096
    assert "Content-Encoding" not in headers and "X-Mine" not in headers
    assert "Strict-Transport-Security" in headers


def test_events_come_as_they_happen(gate, tmp_path):
    s = with_site(gate, tmp_path)
    for port in (s.port, s.admin_port):
        with s.tls(on=socket.create_connection(("127.0.0.1", port), timeout=10)) as on:
            on.sendall(request("GET", "/api/v1/events"))
            began = time.monotonic()
            harness.receive_until(on, b"one")
            assert time.monotonic() - began < 0.5
            assert harness.receive_all(on).count(b"one") == 2


# --- logs

@pytest.mark.parametrize("form", ["json", "combined"])
def test_no_log_shows_a_token(gate, tmp_path, form):
    s = with_site(gate, tmp_path)
    s.conf.write_text(s.conf.read_text().replace("access json", f"access {form}"))
    s.cli("reload", check=True)
    paths = ["/setup/SECRET", "/link/SECRET?x=y", "/api/v1/import/SECRET", "/%73etup/SECRET",
             "/api/v1/links/SECRET/password", "/x/../setup/SECRET", "/setup/SECRETrefused",
             "/%2e/link/SECRET"]
    for path in paths:
        s.get(path)
        on_admin(s, path)
        raw(s, request("GET", "/", fields=f"Referer: https://example.org{path}\r\n"), s.port)
    with s.connect(b"GET /setup/SECRET HTTP/1.1\r\nHost: example.org\r\n\r\n", plain=True) as on:
        on.shutdown(socket.SHUT_WR)
        harness.receive_all(on)
    count = 3 * len(paths) + 1
    harness.wait_until(lambda: s.access_file.read_text().count("\n") >= count)
    assert "/setup/***" in s.access_file.read_text()
    shown = [line for line in s.access_file.read_text().splitlines() if "SECRET" in line]
    # Only what no browser says: a Referer with dots in it.
    assert all("/x/../" in line or "/%2e/" in line for line in shown)
    assert "SECRET" not in s.log


def test_without_an_access_server_paths_are_logged_as_they_are(server):
    s = server()
    s.get("/link/something")
    assert s.wait_access()["target"] == "/link/something"


# --- the configuration

def test_a_store_that_changed_waits_for_a_restart(server):
    s = server()
    s.write("store postgresql://u:SECRET@127.0.0.1/x\n")
    done = s.cli("reload")
    assert "store" in done.stdout + done.stderr + s.log
    assert "SECRET" not in done.stdout + done.stderr + s.log
    assert "SECRET" not in s.cli("config").stdout
