"""Clients and back ends that mean no good, with a reverse proxy between them."""
import time

import pytest

import harness
from h2peer import DATA, Peer, frame, setting
from test_proxy import app, asked, at, curl, head_of, proxied, says, text  # noqa: F401
from test_routes import basic, hashed

INITIAL_WINDOW = 4


# --- what routes guard

GUARDED = """
site example.org {
    certificate self-signed
    route /admin/* { respond 403 }
    route /* { proxy %s }
}
"""


@pytest.mark.parametrize("path, status", [
    ("/x/..;/admin/y", 400), ("/x/..;a=b/admin/y", 400), ("/admin;x/y", 400),
    ("/x/..%3b/admin/y", 400), ("/x/..%5cadmin/y", 400), ("/x/%2e%2e%5Cadmin/y", 400),
    ("/admin\\y", 400), ("/admin%5Cy", 400), ("/x%5C..%5C..%5Cy", 400), ("/x/.%2e/admin/y", 403),
    ("/%2e/admin/y", 403), ("//admin/y", 403), ("/x/..%2fadmin/y", 400),
    ("/a;b=c/d;e", 200), ("/a%5Cb", 200), ("/..;/..;/y", 400), ("/a/;b/c", 200)])
def test_no_other_reading_of_a_path_gets_by_a_route(server, app, path, status):
    s = server(GUARDED % app().url, site=False)
    assert s.get(path)[0] == status


def test_fields_that_stand_for_a_path_do_not_arrive(server, app):
    s = proxied(server, app().url)
    sent = {"X-Original-URL": "/admin/", "X-Rewrite-URL": "/admin/", "X-Own": "1"}
    names = set(asked(s.get("/", headers=sent)[2])[2])
    assert "x-own" in names
    assert not {"x-original-url", "x-rewrite-url"} & names


# --- passwords

PRIVATE = """
site example.org {
    certificate self-signed
    limit_body 10
    route /private/* { basic_auth "staff" { %(account)s }; proxy %(to)s }
    route /files/* { strip_prefix /files; root %(www)s }
    route /* { proxy %(to)s }
}
"""


def private(server, to):
    s = server(start=False, site=False)
    (s.www / "large").write_bytes(bytes(1 << 20))
    account = hashed("secret").replace("NAME", "me")
    s.write(PRIVATE % {"account": account, "to": to, "www": s.www})
    s.start()
    return s


def test_a_password_for_us_is_not_for_the_server_behind(server, app):
    s = private(server, app().url)
    for path, arrives in (("/private/", False), ("/open", True)):
        status, _, body = s.get(path, headers=basic("me", "secret"))
        assert status == 200
        assert ("authorization" in asked(body)[2]) == arrives, path


def test_a_request_refused_while_its_password_is_compared_stays_refused(server, app):
    s = private(server, app().url)
    edge = s.edge_pid
    for password in ("wrong", "secret"):
        with Peer(s, settings=setting(INITIAL_WINDOW, 0)) as peer:
            # Answers that nobody takes, until none can be kept.
            for stream in range(1, 81, 2):
                peer.ask(stream, path="/files/large")
            time.sleep(0.3)
            name, value = next(iter(basic("me", password).items()))
            peer.ask(101, (name.lower(), value), path="/private/x", method="POST", end=False)
            peer.say(frame(DATA, 0, 101, b"x" * 100))
            peer.say(frame(DATA, 0, 101, b""))
            time.sleep(2)
            assert peer.lives()
    assert s.edge_pid == edge


# --- other protocols

@pytest.mark.parametrize("protocol", ["h2c", "HTTP/2.0", "http/1.1", "TLS/1.0", "h2", "a b"])
def test_http_is_no_protocol_to_switch_to(server, app, protocol):
    s = proxied(server, app().url)
    with Peer(s) as peer:
        peer.say(peer.headers(1, [
            (":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":path", "/"),
            (":authority", "example.org"), ("http2-settings", "AAMAAABkAAQAAP__")], end=False))
        answer = peer.answer(1)
        peer.read_until(lambda: answer.fields is not None or answer.over, 5)
        assert answer.status in (0, 400, 501)
        assert peer.lives()
    assert not s.access or all("upstream" not in entry for entry in s.access)


# --- answers

@pytest.mark.parametrize("size", [10_000, 60_000, 65_000])
@pytest.mark.parametrize("count", [1, 200])
def test_a_large_head_is_an_answer_or_a_502(server, backend, size, count):
    values = ["y" * (size // count - 10)] * count
    there = backend(says(text("ok", *[f"X-F{i:03}: {value}" for i, value in enumerate(values)])))
    s = proxied(server, at(there))
    for version in ("--http1.1", "--http2"):
        said = curl(s, "/", version, "-o", "/dev/null", "-w", "%{http_code}", seconds=5)
        assert said in (b"200", b"502"), version


@pytest.mark.parametrize("wanted", [0, 1000, 200_000, 900_000])
@pytest.mark.parametrize("secured", [False, True])
def test_an_answer_that_comes_before_the_request_is_whole_is_passed_on(server, backend, tmp_path,
                                                                       secured, wanted):
    def run(s):
        head_of(s)
        got = 0
        while got < wanted:
            got += len(s.recv(1 << 16))
        s.sendall(text("no", "Connection: close", status="413 Content Too Large"))
    if secured:
        chain, key = harness.make_certificate(tmp_path, "app.example")
        there = backend(harness.tls_backend(chain, key, run))
        s = proxied(server, at(there, "https"), "verify off", words="limit_body 100m")
    else:
        s = proxied(server, at(backend(run)), words="limit_body 100m")
    (tmp_path / "data").write_bytes(bytes(20 << 20))
    for version in ("--http1.1", "--http2") * 5:
        assert curl(s, "/", version, "-H", "Expect:", "-T", tmp_path / "data", "-o", "/dev/null",
                    "-w", "%{http_code}") == b"413"
