"""Connections to the servers behind proxies: whom they trust over time, how swift they are."""
import socket
import time
from statistics import median

import harness
from test_proxy import app, at, heads, proxied, says  # noqa: F401
from test_proxy_servers import secure  # noqa: F401

SITE = """
site example.org {
    certificate self-signed
    proxy %s {
        verify ca %s
    }
}
"""


def test_authorities_that_are_not_there_fail_a_check_and_a_reload(server, secure, tmp_path):
    s = proxied(server, secure.url, f"verify ca {secure.chain}")
    none = tmp_path / "none.pem"
    for said in ("No such file", "holds no certificate"):
        s.write(SITE % (secure.url, none))
        done = s.cli("reload", check=False)
        assert done.returncode != 0
        assert "proxy of example.org /*, `verify ca`: " in done.stdout + done.stderr
        assert said in done.stdout + done.stderr
        none.write_text("no certificate\n")
    assert s.get("/")[0] == 200


def test_new_authorities_are_noticed(server, secure, tmp_path):
    stranger, _ = harness.make_certificate(tmp_path, "stranger.example")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(stranger.read_bytes())
    s = proxied(server, secure.url, f"verify ca {trusted}\nretry_after 1s")
    assert s.get("/")[0] == 502
    s.wait_log("self-signed")
    trusted.write_bytes(secure.chain.read_bytes())
    harness.wait_until(lambda: s.get("/")[0] == 200, 20, "trust")


def test_an_answer_in_pieces_is_not_held_up(server, backend):
    """Nagle's algorithm holds the second piece until the first is acknowledged, which takes 40 ms
    where nothing is done about it. On a busy machine everything takes long, pieces or not."""
    def run(s):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        for head in heads(s):
            pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello"]
            for piece in pieces if b"/pieces" in head else [b"".join(pieces)]:
                s.sendall(piece)

    s = proxied(server, at(backend(run)))
    took = {"/pieces": [], "/whole": []}
    for _ in range(30):
        for path, times in took.items():
            began = time.monotonic()
            assert s.get(path)[2] == b"hello"
            times.append(time.monotonic() - began)
    assert median(took["/pieces"]) - median(took["/whole"]) < 0.03


def test_a_server_that_is_replaced_is_asked_again_at_once(server, backend):
    """Its kept connections end with it: none of them is tried in vain."""
    first = backend(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"))
    s = proxied(server, at(first), "retries 0")
    for _ in range(3):
        assert s.get("/")[2] == b"1"
    first.end()
    assert s.get("/")[0] == 503
    first.serve = says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
    first.open()
    assert s.get("/")[2] == b"2"
