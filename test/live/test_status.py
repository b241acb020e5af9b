"""What `sallyport status` says: by what connections speak, and how each back end is."""
import json
import os
import re
import signal
import socket
import ssl
import threading
import time

import harness
from shared import answer, curl, get, request

RAW = b"\x00raw\n"  # no protocol that is known: goes to `other`


def status(server):
    return json.loads(server.cli("status", "--json", check=True).stdout)


def rows(server):
    """The table of back ends: {server: (name, state, under way, served, failures)}."""
    text = server.cli("status", check=True).stdout
    table = text[text.index("\nback end"):].strip().splitlines()[1:]
    split = [re.split(r" {2,}", line) for line in table]
    return {server: (name, state, *map(int, counts)) for name, server, state, *counts in split}


def test_the_status_of_very_many_servers_is_told(server):
    rules = "".join(f"sni host-{n}.example.org 127.0.0.1:{10000 + n}\n" for n in range(2000))
    s = server(f"share {{\n{rules}}}\n")
    assert s.cli("status", check=True).stdout.count("sni host-") == 2000
    told = json.loads(s.cli("status", "--json", check=True).stdout)
    assert len(told["servers"]) == 2000


def test_open_connections_are_counted_by_what_they_speak(server, backend):
    s = server(f"share {{ other {backend().at} }}\n")
    with s.tls() as web, s.connect(RAW) as raw:
        web.sendall(request("/"))
        answer(web)
        assert harness.receive_exactly(raw, len(RAW)) == RAW
        now = status(s)["connections"]
        assert (now["http1"], now["http2"], now["relayed"]) == (1, 0, 1)
        assert now["open"] >= 2
    harness.wait_until(lambda: status(s)["connections"]["open"] == 0, what="their end")
    now = status(s)["connections"]
    assert (now["http1"], now["http2"], now["relayed"]) == (0, 0, 0)


def test_a_back_end_is_shown_with_what_it_does(server, backend):
    there = backend()
    nobody = harness.free_port()
    s = server(f"""share {{
        other {there.at}
        ssh 127.0.0.1:{nobody}
    }}\n""")
    assert rows(s) == {there.at: ("other", "up", 0, 0, 0),
                       f"127.0.0.1:{nobody}": ("ssh", "up", 0, 0, 0)}
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        assert rows(s)[there.at] == ("other", "up", 1, 1, 0)
    with s.connect(b"SSH-2.0-x\r\n") as c:
        try:
            harness.receive_all(c)
        except ConnectionResetError:
            pass
    harness.wait_until(lambda: rows(s)[there.at] == ("other", "up", 0, 1, 0), what="its end")
    name, state, active, served, failures = rows(s)[f"127.0.0.1:{nobody}"]
    assert (name, state, active, served) == ("ssh", "down", 0, 0)
    assert failures >= 1


def test_json_and_text_say_the_same(server, backend):
    there = backend()
    s = server(f"share {{ other {there.at} }}\n")
    for _ in range(3):
        assert get(s)[0] == 200
    said = status(s)
    assert said["configuration"] == str(s.conf)
    assert said["edge_pid"] == s.edge_pid
    assert said["awaits_confirmation"] is False
    assert said["requests"]["total"] == s.counter("HTTP requests") == 3
    assert said["tls"]["handshakes"] == s.counter("TLS handshakes")
    assert said["servers"] == [{"name": "other", "server": there.at, "state": "up", "active": 0,
                                "served": 0, "failures": 0}]


def test_without_back_ends_there_is_no_table(server):
    s = server("")
    assert "back end " not in s.cli("status", check=True).stdout
    assert status(s)["servers"] == []


def test_after_a_reload_the_new_back_ends_are_shown(server, backend):
    there, other = backend(), backend()
    s = server(f"share {{ other {there.at} }}\n")
    assert list(rows(s)) == [there.at]
    s.write(f"share {{ other {other.at} {there.at} }}\n")
    s.cli("reload", check=True)
    assert list(rows(s)) == [other.at, there.at]


def test_many_back_ends_are_all_shown(server):
    many = [f"127.0.0.1:{port}" for port in range(20000, 20600)]
    rules = "\n".join(f"    sni n{i}.example.net {at}" for i, at in enumerate(many))
    s = server(f"share {{\n{rules}\n}}\n")
    assert list(rows(s)) == many
    assert [one["server"] for one in status(s)["servers"]] == many


def test_what_was_asked_wrongly_is_said(server):
    s = server("")
    done = s.cli("status", "--yaml")
    assert done.returncode == 2
    assert "not understood" in done.stderr


def test_an_edge_that_does_not_answer_keeps_nobody_waiting(server):
    s = server("")
    assert get(s)[0] == 200
    assert status(s)["fresh"] is True
    os.kill(s.edge_pid, signal.SIGSTOP)
    try:
        said = status(s)
        assert said["fresh"] is False
        assert said["requests"]["total"] == 1
        assert "edge does not answer" in s.cli("status", check=True).stdout
    finally:
        os.kill(s.edge_pid, signal.SIGCONT)
    harness.wait_until(lambda: status(s)["fresh"], what="edge")


def test_wardens_socket_takes_these_words_alone(server):
    s = server("")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(s.state / "warden.sock"))
        c.sendall(b"status json\n")
        assert harness.receive_all(c).startswith(b"ok\n{")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(s.state / "warden.sock"))
        c.sendall(b"status xml\n")
        assert harness.receive_all(c).startswith(b"error\n")


# --- of proxies

def http_backend(s):
    """Answers each request with its path; "/ws" becomes an echo of raw bytes; "/gone" is cut."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            some = s.recv(65536)
            if not some:
                return
            data += some
        head, data = data.split(b"\r\n\r\n", 1)
        path = head.split(b" ")[1]
        if path == b"/gone":
            return
        if path == b"/ws":
            s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      b"Upgrade: raw\r\n\r\n")
            break
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
    while some := s.recv(65536):
        s.sendall(some)


PROXY = """
site example.org {
    certificate self-signed
    proxy http://%s { retries 0 }
}
"""


def proxied(server, there, more="", **options):
    return server(PROXY % there.at + more, site=False, **options)


def test_requests_for_a_back_end_are_counted_and_logged(server, backend):
    there = backend(http_backend)
    s = proxied(server, there)
    for path in ("/a", "/b"):
        assert get(s, path)[2] == path.encode()
    assert get(s, "/gone")[0] == 502
    now = status(s)
    assert (now["requests"]["total"], now["requests"]["proxied"]) == (3, 3)
    assert now["requests"]["proxy_failed"] == 1
    [one] = now["servers"]
    assert (one["server"], one["active"], one["served"]) == (there.at, 0, 2)
    assert one["failures"] >= 1  # on the connection that was kept, and on another
    harness.wait_until(lambda: len(s.access) == 3, what="the log")
    assert [entry.get("upstream") for entry in s.access] == [there.at] * 3


def test_what_we_answer_ourselves_has_no_upstream(server):
    s = server("")
    assert get(s)[0] == 200
    harness.wait_until(lambda: len(s.access) == 1, what="the log")
    assert "upstream" not in s.access[0]
    assert status(s)["requests"]["proxied"] == 0


def test_what_a_relay_carries_is_counted_while_it_is_open(server, backend):
    s = server(f"share {{ other {backend().at} }}\n")
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        assert status(s)["relays"]["bytes_from_clients"] == len(RAW)
        block = bytes(1 << 20)  # enough to be spliced
        for _ in range(4):
            c.sendall(block)
            assert harness.receive_exactly(c, len(block)) == block
        now = status(s)
        assert now["connections"]["relayed"] == 1
        assert now["relays"]["bytes_from_clients"] == now["relays"]["bytes_to_clients"] \
            == len(RAW) + 4 * len(block)
    harness.wait_until(lambda: status(s)["connections"]["relayed"] == 0, what="its end")
    assert status(s)["relays"] == {**now["relays"]}


def test_bytes_of_requests_and_answers_are_counted_as_they_go(server, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "large").write_bytes(bytes(8 << 20))
    s = server(f"site example.org {{\n certificate self-signed\n root {tmp_path}\n}}\n", site=False)
    assert status(s)["requests"]["bytes_to_clients"] == 0
    with s.tls() as c:
        c.sendall(request("/large"))
        harness.receive_exactly(c, 1 << 20)
        part = harness.wait_until(lambda: status(s)["requests"]["bytes_to_clients"], what="bytes")
        assert 1 << 20 <= part < 8 << 20  # it waits for who reads no further
        c.sendall(b"x")  # of the next request
    before = harness.wait_until(lambda: status(s)["connections"]["open"] == 0 and
                                status(s)["requests"], what="its end")
    assert len(request("/large")) <= before["bytes_from_clients"] <= len(request("/large")) + 1
    for protocol in ("--http1.1", "--http2"):
        curl(s, protocol, "-o", str(tmp_path / "got"), path="/large")
        now = status(s)["requests"]
        carried = now["bytes_to_clients"] - before["bytes_to_clients"]
        assert 8 << 20 < carried < (8 << 20) + 65536
        assert 50 < now["bytes_from_clients"] - before["bytes_from_clients"] < 4096
        before = now


def switched(s):
    c = s.tls()
    c.sendall(request("/ws", "Connection: Upgrade", "Upgrade: raw"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += c.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert b"Upgrade: raw\r\n" in head
    return c


def test_another_protocol_is_open_until_it_ends(server, backend):
    s = proxied(server, backend(http_backend))
    with switched(s) as c:
        c.sendall(b"hello")
        assert harness.receive_exactly(c, 5) == b"hello"
        now = status(s)
        assert (now["requests"]["switched"], now["servers"][0]["active"]) == (1, 1)
    harness.wait_until(lambda: status(s)["requests"]["switched"] == 0, what="its end")
    assert status(s)["servers"][0]["active"] == 0
    harness.wait_until(lambda: len(s.access) == 1, what="the log")
    assert s.access[0]["status"] == 101


# --- deadlines of another protocol

TIMES = "limits {\n    write_timeout 1s\n    idle_timeout 1s\n    body_timeout 1s\n}\n"


def test_another_protocol_may_be_silent_for_longer_than_an_answer(server, backend):
    s = proxied(server, backend(http_backend), TIMES)
    with switched(s) as c:
        for word in (b"one", b"two"):
            time.sleep(1.5)
            c.sendall(word)
            assert harness.receive_exactly(c, 3) == word


def test_who_does_not_read_it_has_a_deadline(server, backend):
    s = proxied(server, backend(http_backend), TIMES)
    with switched(s) as c:
        time.sleep(1.2)
        c.settimeout(3)
        try:
            for _ in range(4000):
                c.sendall(b"x" * 16384)
        except (OSError, TimeoutError):
            pass
        harness.wait_until(lambda: status(s)["requests"]["switched"] == 0, what="its end")


def test_both_may_write_first(server, backend):
    """Neither reads before it has written a megabyte: neither may be waited for."""
    size = 1 << 20
    heard = []

    def run(s):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                  b"Upgrade: raw\r\n\r\n" + b"y" * size)
        heard.append(harness.receive_exactly(s, size))
    s = proxied(server, backend(run))
    with switched(s) as c:
        reader = []
        sender = threading.Thread(target=lambda: c.sendall(b"x" * 65536), daemon=True)
        sender.start()
        time.sleep(0.3)
        reader.append(harness.receive_exactly(c, size))
        sender.join(10)
        c.sendall(b"x" * (size - 65536))
        assert reader == [b"y" * size]
        assert harness.wait_until(lambda: heard, what="the other way") == [b"x" * size]


def test_connections_are_counted_by_rule_and_tls_by_version(server, backend):
    echo = backend()
    one = server(f"share {{ other 127.0.0.1:{echo.port}\n sni imap.example.net "
                 f"127.0.0.1:{echo.port} }}\n")
    one.get()
    one.get(maximum_version=ssl.TLSVersion.TLSv1_2)
    one.connect(RAW).close()
    one.connect(harness.client_hello("imap.example.net")).close()
    one.connect(plain=True, data=b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").close()

    def counted():
        told = status(one)
        rules = told["rules"]
        return (told["tls"]["v12"], told["tls"]["v13"], rules["tls"], rules["other"],
                rules["sni"], rules["plain"], rules["ssh"]) == (1, 1, 2, 1, 1, 1, 0)
    harness.wait_until(counted, what=f"the counters, not {status(one)}")
