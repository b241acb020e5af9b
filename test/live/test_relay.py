"""Relays: what goes in comes out, in both directions, whatever either side does."""
import hashlib
import os
import socket
import ssl
import threading
import time

import pytest

import harness

TEN_MB = 10 << 20
RAW = b"\x00raw\n"  # no protocol that is known: goes to `other`


def relayed(server, backend, settings="", **options):
    return server(f"share {{ other {backend.at} {{ {settings} }} }}" if settings
                  else f"share {{ other {backend.at} }}", **options)


def send_in_background(s, data, half_close=False):
    def run():
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


# --- who gets it

def test_tls_is_passed_through_by_name_exact_and_wildcard(server, backend, certificate):
    exact = backend(harness.tls_backend(*certificate("imap.example.net")))
    wildcard = backend(harness.tls_backend(*certificate("*.apps.example.net")))
    s = server(f"""share {{
        sni imap.example.net {exact.at}
        sni *.apps.example.net {wildcard.at}
    }}""")
    for name, served in (("imap.example.net", "imap.example.net"),
                         ("a.apps.example.net", "*.apps.example.net"),
                         ("example.org", "example.org")):
        with s.tls(name) as c:
            assert harness.certificate_names(c) == [served], name
            if name != "example.org":
                c.sendall(b"over and back")
                assert harness.receive_exactly(c, 13) == b"over and back"


def test_a_wildcard_covers_one_label_and_not_its_own_parent(server, backend, certificate):
    there = backend(harness.tls_backend(*certificate("*.apps.example.net")))
    s = server(f"share {{ sni *.apps.example.net {there.at} }}")
    for name in ("apps.example.net", "a.b.apps.example.net"):
        with s.tls(name) as c:
            assert harness.certificate_names(c) == ["example.org"], name


def test_an_exact_rule_goes_before_a_wildcard_site_and_a_site_before_a_rule(server, backend,
                                                                           certificate):
    there = backend(harness.tls_backend(*certificate("rule.example.net")))
    s = server(f"""
        site *.example.net {{ certificate self-signed; root /tmp }}
        share {{ sni rule.example.net {there.at} }}
    """.replace("; ", "\n"))
    with s.tls("rule.example.net") as c:
        assert harness.certificate_names(c) == ["rule.example.net"]
    with s.tls("other.example.net") as c:
        assert harness.certificate_names(c) == ["*.example.net"]


def test_tls_is_passed_through_by_alpn_unless_a_site_has_the_name(server, backend, certificate):
    xmpp = backend(harness.tls_backend(*certificate("chat.example.net"), alpn=["xmpp-client"]))
    s = server(f"share {{ alpn xmpp-client xmpp-server {xmpp.at} }}")
    with s.tls("chat.example.net", alpn=["stun", "xmpp-client"]) as c:
        assert c.selected_alpn_protocol() == "xmpp-client"
        assert harness.certificate_names(c) == ["chat.example.net"]
    with s.tls("chat.example.net", alpn=["http/1.1"]) as c:
        assert harness.certificate_names(c) == ["example.org"]
    assert len(xmpp.peers) == 1


def test_other_tls_goes_to_its_own_back_end_and_sites_stay_ours(server, backend, certificate):
    there = backend(harness.tls_backend(*certificate("anything.example")))
    s = server(f"share {{ tls {there.at} }}")
    for name in ("unknown.example", None):
        with s.tls(name) as c:
            assert harness.certificate_names(c) == ["anything.example"], name
    assert s.get("/", ca=s.certificate)[2] == b"hello\n"
    assert s.wait_relay("tls")["backend"] == there.at


def test_http_http2_and_other_have_doors_of_their_own(server, backend):
    doors = {name: backend(lambda s, name=name: s.sendall(name.encode() + b" " + s.recv(4096)))
             for name in ("http", "http2", "other")}
    s = server("share {\n" + "".join(f"{n} {b.at}\n" for n, b in doors.items()) + "}\n")
    for name, said in (("http", b"GET / HTTP/1.1\r\n\r\n"),
                       ("http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                       ("other", RAW)):
        with s.connect(said) as c:
            assert harness.receive_all(c) == name.encode() + b" " + said
        assert s.wait_relay(name)["out"] == len(name) + 1 + len(said)
    assert s.get("/")[0] == 200


# --- the bytes

def test_ten_megabytes_go_over_and_back_unchanged(server, backend):
    s = relayed(server, backend())
    data = RAW + os.urandom(TEN_MB - len(RAW))
    with s.connect(timeout=60) as c:
        send_in_background(c, data)
        back = harness.receive_exactly(c, len(data))
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()
    entry = s.wait_relay("other", 20)
    assert (entry["in"], entry["out"], entry["client"]) == (TEN_MB, TEN_MB, "127.0.0.1")


def test_ten_megabytes_go_over_and_back_inside_tls(server, backend, certificate):
    there = backend(harness.tls_backend(*certificate("big.example")))
    s = server(f"share {{ sni big.example {there.at} }}")
    data = os.urandom(1 << 16)
    with s.tls("big.example", timeout=60) as c:
        for _ in range(TEN_MB // len(data)):  # one thread alone may use a TLS connection
            c.sendall(data)
            assert harness.receive_exactly(c, len(data)) == data
    assert s.wait_relay("sni big.example", 20)["in"] > TEN_MB


def test_a_client_that_half_closes_still_gets_the_whole_answer(server, backend):
    def count(s):
        data = harness.receive_all(s)
        time.sleep(0.2)
        s.sendall(hashlib.sha256(data).hexdigest().encode() + b"." * (1 << 20))
    there = backend(count)
    s = relayed(server, there)
    data = RAW + os.urandom(1 << 20)
    with s.connect() as c:
        send_in_background(c, data, half_close=True)
        answer = harness.receive_all(c)
    assert answer == hashlib.sha256(data).hexdigest().encode() + b"." * (1 << 20)
    assert s.wait_relay("other")["end"] == "finished"


@pytest.mark.parametrize("rule", ["other", "ssh"])
def test_a_client_that_half_closes_at_once_is_served_like_any(server, backend, rule):
    """As `echo ... | nc` does: FIN is there before the back end is."""
    s = server(f"share {{ {rule} {backend().at} }}")
    said = RAW if rule == "other" else b"SSH-2.0-x\r\n"
    for _ in range(20):
        with s.connect(said) as c:
            c.shutdown(socket.SHUT_WR)
            assert harness.receive_all(c) == said


def test_urgent_data_neither_stops_a_relay_nor_is_lost_around_it(server, backend):
    s = relayed(server, backend())
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        c.send(b"!", socket.MSG_OOB)
        c.sendall(b"after")
        c.shutdown(socket.SHUT_WR)
        assert harness.receive_all(c).replace(b"!", b"") == b"after"


def test_a_back_end_that_half_closes_still_gets_the_rest(server, backend):
    got = []

    def greet(s):
        s.recv(1)
        s.sendall(b"bye")
        s.shutdown(socket.SHUT_WR)
        got.append(harness.receive_all(s))
    there = backend(greet)
    s = relayed(server, there)
    with s.connect(RAW) as c:
        assert harness.receive_all(c) == b"bye"
        c.sendall(b"still here")
        c.shutdown(socket.SHUT_WR)
        harness.wait_until(lambda: got)
    assert got[0] == RAW[1:] + b"still here"
    assert s.wait_relay("other")["end"] == "finished"


def test_a_reset_is_passed_on_in_both_directions(server, backend):
    def refuse(s):
        s.recv(100)
        harness.reset_on_close(s)
    seen = []

    def wait_for_the_end(s):
        try:
            seen.append(harness.receive_all(s))
        except ConnectionResetError:
            seen.append("reset")
    s = server("share {\n" f"other {backend(refuse).at}\n"
               f"http {backend(wait_for_the_end).at}\n" "}")
    with s.connect(RAW) as c, pytest.raises(ConnectionResetError):
        harness.receive_all(c)
    assert s.wait_relay("other")["end"] == "reset by the back end"
    c = s.connect(b"GET / HTTP/1.1\r\n")
    time.sleep(0.2)
    harness.reset_on_close(c)
    c.close()
    harness.wait_until(lambda: seen)
    assert seen == ["reset"]
    assert s.wait_relay("http")["end"] == "reset by the client"


def test_a_slow_reader_holds_up_the_sender_and_not_our_memory(server, backend):
    sent = []

    def pour(s):
        s.recv(100)
        block = b"x" * (1 << 20)
        with_time = time.monotonic() + 3
        s.settimeout(0.5)
        try:
            while time.monotonic() < with_time and sum(sent) < 200 << 20:
                sent.append(s.send(block))
        except TimeoutError:
            pass
        s.settimeout(10)
        s.sendall(b"end")
    there = backend(pour)
    s = relayed(server, there)
    with s.connect(RAW) as warm:
        warm.settimeout(20)
        before = s.memory()
        harness.wait_until(lambda: len(there.clients) and sent and time.sleep(1.5) is None)
        # The kernel's own buffers on four sockets and a pipe of 1 MiB, and no more.
        assert sum(sent) < 64 << 20
        assert s.memory() - before < 16 << 20
        total = 0
        tail = b""
        while some := warm.recv(1 << 20):
            total, tail = total + len(some), (tail + some)[-3:]
    assert (total, tail) == (sum(sent) + 3, b"end")


def test_many_relays_at_once_stay_apart(server, backend):
    there = backend()
    s = relayed(server, there)
    clients = [(s.connect(), b"\x00" + os.urandom(5000)) for _ in range(200)]
    for c, data in clients:
        c.sendall(data)
    for c, data in clients:
        assert harness.receive_exactly(c, len(data)) == data
        c.close()
    harness.wait_until(lambda: len(s.access) == 200)


# --- time

def test_an_idle_relay_is_closed_and_a_busy_one_is_not(server, backend):
    s = relayed(server, backend(), "idle_timeout 1s")
    idle, busy = s.connect(RAW), s.connect(RAW)
    for _ in range(6):
        busy.sendall(b"tick")
        time.sleep(0.3)
    idle.settimeout(1)
    assert harness.receive_all(idle) == RAW
    assert harness.receive_exactly(busy, len(RAW) + 24) == RAW + b"tick" * 6
    entry = s.wait_relay("other")
    assert entry["end"] == "idle for too long"
    assert 0.9 < entry["seconds"] < 1.7


def full_backlog():
    """A listener that accepts nobody and has no room: the kernel drops every further SYN."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    kept = []
    for _ in range(3):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(listener.getsockname())
        kept.append(c)
    time.sleep(0.05)
    return listener, kept


def test_a_back_end_that_does_not_answer_costs_its_connect_timeout(server, backend):
    there = backend()
    listener, kept = full_backlog()
    dead = "127.0.0.1:%d" % listener.getsockname()[1]
    s = server(f"share {{ other {dead} {there.at} {{ connect_timeout 500ms; }} }}"
               .replace(";", ""), workers=1)
    began = time.monotonic()
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    assert 0.4 < time.monotonic() - began < 2
    assert "no answer in time" in s.log
    began = time.monotonic()
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    assert time.monotonic() - began < 0.4, "it is passed over from now on"
    for one in (listener, *kept):
        one.close()


# --- several back ends

def test_a_dead_back_end_is_passed_over_and_comes_back(server, backend):
    one, two = backend(), backend()
    s = server(f"share {{ other {one.at} {two.at} {{ retry_after 1s }} }}", workers=1)

    def say(times):
        for _ in range(times):
            with s.connect(RAW) as c:
                assert harness.receive_exactly(c, len(RAW)) == RAW
    say(4)
    assert (len(one.peers), len(two.peers)) == (2, 2), "turn by turn"
    one.close()
    say(6)
    assert len(two.peers) == 8
    assert s.log.count(f"{one.at} cannot be reached") == 1, "and then it was not tried again"
    one.open()
    time.sleep(1.1)
    say(4)
    assert len(one.peers) > 2


def test_check_finds_the_dead_before_a_client_does_and_the_living_again(server, backend):
    one, two = backend(), backend()
    s = server(f"share {{ other {one.at} {two.at} {{\n check 1s\n retry_after 1h\n }} }}")
    one.close()
    s.wait_log(f"{one.at} is down")
    for _ in range(4):
        with s.connect(RAW) as c:
            assert harness.receive_exactly(c, len(RAW)) == RAW
    assert "cannot be reached" not in s.log
    one.open()
    s.wait_log(f"{one.at} is up again")
    before = len(one.peers)
    served = []
    for _ in range(8):
        with s.connect(RAW) as c:
            assert harness.receive_exactly(c, len(RAW)) == RAW
            served.append(c)
    harness.wait_until(lambda: len(one.peers) >= before + 2, what="clients of the living")


def test_a_client_is_closed_when_no_back_end_lives(server):
    dead = [harness.free_port() for _ in range(2)]
    s = server(f"share {{ other 127.0.0.1:{dead[0]} 127.0.0.1:{dead[1]} }}")
    for _ in range(2):
        with s.connect(RAW, timeout=2) as c:
            try:
                assert harness.receive_all(c) == b""
            except ConnectionResetError:
                pass  # what the client had said could not be delivered
    entry = s.wait_relay("other")
    assert (entry["backend"], entry["end"]) == ("-", "no back end can be reached")
    assert s.get("/")[0] == 200


# --- kinds of addresses

def test_a_back_end_on_a_unix_socket(server, backend, tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    there = backend(path=directory / "app.sock")
    os.chmod(there.path, 0o666)
    s = relayed(server, there)
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    assert s.wait_relay("other")["backend"] == there.at
    there.close()
    with s.connect(RAW) as c, pytest.raises(ConnectionResetError):
        if harness.receive_all(c) == b"":
            raise ConnectionResetError
    there.open()
    os.chmod(there.path, 0o666)
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW, "the program behind it was restarted"


def test_a_back_end_by_its_name(server, backend):
    there = backend()
    s = server(f"share {{ other localhost:{there.port} }}")
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    assert s.wait_relay("other")["backend"] == f"localhost:{there.port}"


def test_a_name_that_does_not_resolve_is_no_reason_not_to_serve(server, backend):
    there = backend()
    s = server(f"share {{\n other nowhere.invalid:99 {there.at}\n }}", workers=1)
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    assert "nowhere.invalid" in s.log


def test_a_back_end_at_an_address_of_version_6(server, backend):
    there = backend(address="::1")
    s = relayed(server, there, addresses=("::1",))
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
    entry = s.wait_relay("other")
    assert (entry["client"], entry["backend"]) == ("::1", there.at)


# --- with the rest of the server

def test_a_reload_drops_no_relay_and_new_ones_follow_it(server, backend):
    one, two = backend(lambda s: [s.sendall(b"1" + d) for d in iter(lambda: s.recv(100), b"")]), \
        backend(lambda s: [s.sendall(b"2" + d) for d in iter(lambda: s.recv(100), b"")])
    s = server(f"share {{ other {one.at} }}")
    with s.connect(RAW) as before:
        assert harness.receive_exactly(before, 6) == b"1" + RAW
        s.reload(f"share {{ other {two.at} }}")
        with s.connect(RAW) as after:
            assert harness.receive_exactly(after, 6) == b"2" + RAW
        before.sendall(b"again")
        assert harness.receive_exactly(before, 6) == b"1again"


def test_a_relay_has_the_whole_drain_timeout_and_is_logged_when_that_is_over(server, backend):
    s = relayed(server, backend())
    # On the other worker too, so that one is drained at once and the other is not.
    idle = [s.tls() for _ in range(12)]
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        began = time.monotonic()
        assert s.stop() == 0
        assert 1.5 < time.monotonic() - began < 4
        with pytest.raises(ConnectionError):
            if harness.receive_all(c) == b"":
                raise ConnectionError
    assert s.access[-1]["end"] == "stopped"
    for one in idle:
        one.close()


def test_tls_for_a_dead_back_end_is_closed_and_the_site_still_served(server):
    s = server(f"share {{ sni gone.example 127.0.0.1:{harness.free_port()} }}")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        s.tls("gone.example")
    assert s.get("/")[0] == 200
